package gateway

import (
	"context"
	"fmt"
	"maps"

	"github.com/cairn-audit/cairn/internal/access"
)

// asked is a call that policies decide on: the one that was made, or another that
// its caller must be allowed to make for it.
type asked struct {
	service, operation string
	params             map[string]any
	needs              []access.Access
	// own says that it is the call that was made.
	own bool
}

// launchers are the operations that launch instances with launch templates, or
// have them launched later, and where they name the templates.
//
// Whoever uses a template needs the permissions to create and use what is in it
// (EC2 User Guide, permissions-for-launch-templates). Auto Scaling asks for them,
// with ec2:RunInstances, when a group gets a template (its User Guide,
// ec2-auto-scaling-api-permissions), and not when the group launches.
var launchers = map[string]map[string][][]string{
	"ec2": {"RunInstances": {{"LaunchTemplate"}}},
	"autoscaling": {
		"CreateAutoScalingGroup": groupTemplates,
		"UpdateAutoScalingGroup": groupTemplates,
	},
}

var groupTemplates = [][]string{
	{"LaunchTemplate"},
	{"MixedInstancesPolicy", "LaunchTemplate", "LaunchTemplateSpecification"},
	{"MixedInstancesPolicy", "LaunchTemplate", "Overrides", "LaunchTemplateSpecification"},
}

// asks are the calls that policies decide on, with the permissions that each
// needs.
func (x *exchange) asks(ctx context.Context) ([]asked, error) {
	op := x.request.Found.Operation
	first := asked{service: x.serviceID(), operation: x.call.EventName, params: x.subject.params, own: true}
	if op == nil {
		id := first.service
		if id == "" {
			id = x.call.SigningName
		}
		first.needs = []access.Access{{Action: x.gateway.Access.Prefix(id) + ":" + x.call.EventName, Resource: "*"}}
		return []asked{first}, nil
	}
	first.operation = op.Name
	calls := []asked{first}
	for _, place := range launchers[op.Service.ID][op.Name] {
		for _, specification := range structures(x.call.Params, place) {
			launch, err := x.launch(ctx, specification)
			if err != nil {
				return nil, err
			}
			if op.Service.ID == "ec2" {
				calls[0].params, calls[0].needs = launch.params, launch.needs
				continue
			}
			calls = append(calls, launch)
		}
	}
	total := 0
	for i := range calls {
		c := &calls[i]
		c.needs = append(c.needs, x.gateway.Access.Of(c.service, c.operation, c.params, x.call.AccountID, x.requestedRegion())...)
		if total += len(c.needs); total > maxNeeds {
			return nil, x.tooMuch()
		}
	}
	return calls, nil
}

// launch is the launch that a launch template stands for, with what a call of EC2
// says itself. What a template holds that cannot be looked into is not known: with
// it, any role may come to be passed.
func (x *exchange) launch(ctx context.Context, specification map[string]any) (asked, error) {
	params := map[string]any{"LaunchTemplate": specification}
	if x.serviceID() == "ec2" {
		params = maps.Clone(x.call.Params)
	}
	l := asked{service: "ec2", operation: "RunInstances", params: params}
	known := false
	if templates, ok := x.inventory("ec2", "ec2").(Templates); ok {
		var data map[string]any
		var err error
		if data, known, err = templates.Template(ctx, x.call.AccountID, x.requestedRegion(), specification); err != nil {
			return l, fmt.Errorf("look into a launch template: %w", err)
		}
		complete(params, data)
	}
	if _, given := params["IamInstanceProfile"]; !known && !given {
		l.needs = []access.Access{{Action: passRole, Resource: "arn:aws:iam::" + x.call.AccountID + ":role/*"}}
	}
	return l, nil
}

// complete adds to the parameters of a launch what its template holds beside them.
// Tags of both are put on what is launched.
func complete(params, data map[string]any) {
	for member, value := range data {
		have, given := params[member]
		tags, both := have.([]any)
		switch more, _ := value.([]any); {
		case !given:
			params[member] = value
		case member == "TagSpecifications" && both:
			params[member] = append(append([]any{}, tags...), more...)
		}
	}
}

// structures are those at a place of a call's parameters, through every element of
// a list on the way.
func structures(value any, place []string) []map[string]any {
	switch v := value.(type) {
	case map[string]any:
		if len(place) == 0 {
			return []map[string]any{v}
		}
		return structures(v[place[0]], place[1:])
	case []any:
		var all []map[string]any
		for _, element := range v {
			all = append(all, structures(element, place)...)
		}
		return all
	}
	return nil
}
