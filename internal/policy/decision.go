package policy

// Reason is why a request is allowed or not.
type Reason string

// The reasons.
const (
	Allows       Reason = "allowed"
	ExplicitDeny Reason = "explicitDeny"
	ImplicitDeny Reason = "implicitDeny"
)

// Source is the type of policy that decided, in AWS's words.
type Source string

// The sources of decisions.
const (
	ByIdentity Source = "identity-based policy"
	ByResource Source = "resource-based policy"
	ByBoundary Source = "permissions boundary"
	BySession  Source = "session policy"
	ByEndpoint Source = "VPC endpoint policy"
)

// Decision is the outcome of a request.
type Decision struct {
	Allowed bool
	Reason  Reason
	// By is the type of policy that allows or denies or, after an implicit
	// deny, the first that would have had to allow.
	By Source
	// Statement is the one that decided, and Document the index of its
	// document among those of its type. Statement is nil for an implicit deny
	// and for what an account's root may do of itself.
	Statement *Statement
	Document  int
}

func implicit(by Source) Decision { return Decision{Reason: ImplicitDeny, By: by} }

// Because is the end of AWS's sentence about a refusal, for the action as the
// caller's service writes it: "because no identity-based policy allows the
// ec2:RunInstances action", "with an explicit deny in a resource-based policy".
// It is "" for a request that is allowed. See troubleshoot_access-denied in the
// IAM User Guide.
func (d Decision) Because(action string) string {
	switch d.Reason {
	case ExplicitDeny:
		article := "a "
		if d.By == ByIdentity {
			article = "an "
		}
		return "with an explicit deny in " + article + string(d.By)
	case ImplicitDeny:
		return "because no " + string(d.By) + " allows the " + action + " action"
	}
	return ""
}
