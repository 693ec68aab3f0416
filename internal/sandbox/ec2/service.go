// Package ec2 is the sandbox's Amazon EC2, with EBS and Capacity Blocks: its
// tables, and the few steps that a table does not say well.
package ec2

import (
	"slices"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// Service returns the table of Amazon EC2.
func Service() *engine.Service {
	return &engine.Service{
		ID: "ec2",
		Kinds: slices.Concat(
			regionKinds(), vpcKinds(), routeKinds(), aclKinds(), natKinds(), endpointKinds(), peeringKinds(), securityGroupKinds(),
			imageKinds(), typeKinds(), keyKinds(), volumeKinds(), interfaceKinds(),
			templateKinds(), instanceKinds(), profileKinds(), capacityKinds(), blockKinds(), tagKinds(),
		),
		Ops: slices.Concat(
			regionOps(), vpcOps(), routeOps(), aclOps(), natOps(), endpointOps(), peeringOps(), securityGroupOps(),
			imageOps(), typeOps(), keyOps(), volumeOps(), interfaceOps(),
			templateOps(), instanceOps(), profileOps(), capacityOps(), blockOps(), tagOps(),
		),
		Paging: engine.Paging{
			Size: "MaxResults", In: "NextToken", Out: "NextToken", Default: 1000,
			BadToken: engine.Refuse("InvalidParameterValue", "Unable to parse pagination token"),
		},
		Filters: engine.Filtering{
			Param: "Filters", Name: "Name", Values: "Values",
			Unknown: engine.Refuse("InvalidParameterValue", "The filter '{name}' is invalid"),
		},
		Tagging: engine.Tagging{Param: "TagSpecifications", ByType: true, Key: "Key", Value: "Value"},
		Refs: map[string]string{
			"KeyName": "key-pair", "SecurityGroupIds": "security-group", "Groups": "security-group",
		},
		Settle: settle,
		Lacks:  engine.Refuse("UnsupportedOperation", "The sandbox does not have the operation {name} of Amazon EC2."),
		TokenReused: engine.Refuse("IdempotentParameterMismatch",
			"Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."),
		DryRun: engine.Fault{
			Code: "DryRunOperation", Status: 412,
			Text: "Request would have succeeded, but DryRun flag is set.",
		},
	}
}

func invalidValue(text string) engine.Fault { return engine.Refuse("InvalidParameterValue", text) }

func missing(member string) engine.Fault {
	return engine.Refuse("MissingParameter", "The request must contain the parameter "+member)
}

// malformedID is what most operations answer an id of the wrong form.
func malformedID(code, what string) engine.Fault {
	return engine.Refuse(code, `Invalid id: "{id}" (expecting "`+what+`...")`)
}

func dependencies(what string) engine.Fault {
	return engine.Refuse("DependencyViolation", "The "+what+" '{id}' has dependencies and cannot be deleted.")
}
