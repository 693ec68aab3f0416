// Package autoscaling is the sandbox's EC2 Auto Scaling. Its groups launch and
// terminate instances by calls of Amazon EC2, as AWS's do.
package autoscaling

import (
	"slices"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

const arn = "arn:aws:autoscaling:{region}:{account}:"

// Service returns the table of EC2 Auto Scaling.
func Service() *engine.Service {
	return &engine.Service{
		ID:    "autoscaling",
		Kinds: slices.Concat(configurationKinds(), groupKinds(), policyKinds(), scheduleKinds(), hookKinds(), activityKinds(), tagKinds()),
		Ops:   slices.Concat(configurationOps(), groupOps(), policyOps(), scheduleOps(), hookOps(), activityOps(), tagOps()),
		Paging: engine.Paging{
			Size: "MaxRecords", In: "NextToken", Out: "NextToken", Default: 50,
			BadToken: engine.Refuse("InvalidNextToken", "The token '{token}' is invalid."),
		},
		Filters: engine.Filtering{
			Param: "Filters", Name: "Name", Values: "Values", Unknown: invalid("Filter type {name} is not correct."),
		},
		Tagging: engine.Tagging{Key: "Key", Value: "Value"},
		Lacks:   engine.Refuse("UnsupportedOperation", "The sandbox does not have the operation {name} of EC2 Auto Scaling."),
		Settle:  settle,
	}
}

// invalid is what Auto Scaling answers nearly everything that it refuses.
func invalid(text string) engine.Fault { return engine.Refuse("ValidationError", text) }
