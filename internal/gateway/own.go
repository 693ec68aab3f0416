package gateway

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/cairn-audit/cairn/internal/identity"
)

// entityParameters name entities of IAM in its API.
var entityParameters = []string{"UserName", "GroupName", "RoleName", "InstanceProfileName"}

// subject is what a call of IAM is about, as policies see it: the parameters, in
// which entities have their paths and the case of their names, and the entities
// by ARN. IAM finds them by name alone, in any case, so what a caller writes of a
// name must not choose the resource that is decided on.
type subject struct {
	params map[string]any
	named  map[string]identity.Named
}

// findSubject looks the entities of a call of IAM up. It takes the caller's own
// name for one that is missing, as IAM does, so a user's right to manage "my own"
// keys or password is one to a resource.
func (x *exchange) findSubject(ctx context.Context) error {
	x.subject.params = x.call.Params
	if x.serviceID() != "iam" || x.gateway.Permissions == nil {
		return nil
	}
	params := maps.Clone(x.call.Params)
	if params == nil {
		params = map[string]any{}
	}
	if _, given := params["UserName"]; !given && x.caller.Principal.Kind == identity.IAMUser {
		params["UserName"] = x.caller.Principal.Name
	}
	x.subject = subject{params, map[string]identity.Named{}}
	for _, parameter := range entityParameters {
		name, _ := params[parameter].(string)
		made := x.call.EventName == "Create"+strings.TrimSuffix(parameter, "Name")
		if name == "" || made {
			continue
		}
		entity, ok, err := x.gateway.Permissions.Named(ctx, x.call.AccountID, parameter, name)
		if err != nil {
			return fmt.Errorf("find %s %q: %w", parameter, name, err)
		}
		if ok {
			x.subject.named[entity.ARN] = entity
			params[parameter] = entity.End()
			completeTarget(params, "New"+parameter, entity.End())
		}
	}
	return nil
}

// completeTarget adds what an Update keeps of an entity's path and name to those
// that it changes, so that both are there if one is.
func completeTarget(params map[string]any, newName, end string) {
	_, renamed := params[newName]
	_, moved := params["NewPath"]
	if !renamed && !moved {
		return
	}
	slash := strings.LastIndexByte(end, '/') + 1
	if !renamed {
		params[newName] = end[slash:]
	}
	if !moved {
		params["NewPath"] = "/" + end[:slash]
	}
}
