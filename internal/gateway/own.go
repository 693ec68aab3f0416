package gateway

import (
	"maps"
	"strings"

	"github.com/cairn-audit/cairn/internal/identity"
)

// decidedOn are the parameters of the call as its policies see them. IAM takes
// the caller's own name for one that is missing, so a user's right to manage "my
// own" keys or password is one to a resource.
func (x *exchange) decidedOn() map[string]any {
	_, own, found := strings.Cut(x.caller.Identity.ARN, ":user/")
	_, given := x.call.Params["UserName"]
	if x.serviceID() != "iam" || x.caller.Principal.Kind != identity.IAMUser || !found || given {
		return x.call.Params
	}
	params := maps.Clone(x.call.Params)
	if params == nil {
		params = map[string]any{}
	}
	params["UserName"] = own
	return params
}
