package identity

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/event"
)

// serviceRoles are the roles under which services act in an account, and the
// names of the sessions that they open, as published records have them
// (AutoScaling: DescribeInstanceStatus of 2026; ECS: PutRetentionPolicy of 2021
// for the role, the ECS guide for the scheduler's session).
var serviceRoles = map[string]struct{ role, session string }{
	"autoscaling.amazonaws.com": {"AWSServiceRoleForAutoScaling", "AutoScaling"},
	"ecs.amazonaws.com":         {"AWSServiceRoleForECS", "ecs-service-scheduler"},
}

// sessionLength is how long a service keeps a session before it opens another.
const sessionLength = time.Hour

// ServiceLinked is the identity of a service that acts in an account under its
// service-linked role. The same account, service and hour give the same one.
func ServiceLinked(account, principal string, now time.Time) event.UserIdentity {
	r, ok := serviceRoles[principal]
	if !ok {
		name, _, _ := strings.Cut(principal, ".")
		r.role, r.session = "AWSServiceRoleFor"+name, name
	}
	began := now.UTC().Truncate(sessionLength)
	roleID := derivedID("AROA", 21, account, r.role)
	return event.UserIdentity{
		Type:        event.AssumedRole,
		PrincipalID: roleID + ":" + r.session,
		ARN:         fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/%s", account, r.role, r.session),
		AccountID:   account,
		AccessKeyID: derivedID("ASIA", 20, account, r.role, began.Format(time.RFC3339)),
		SessionContext: &event.SessionContext{
			SessionIssuer: &event.SessionIssuer{
				Type: event.Role, PrincipalID: roleID, AccountID: account, UserName: r.role,
				ARN: fmt.Sprintf("arn:aws:iam::%s:role/aws-service-role/%s/%s", account, principal, r.role),
			},
			Attributes: &event.SessionAttributes{CreationDate: event.Time{Time: began}, MFAAuthenticated: "false"},
		},
	}
}

// derivedID is an id in the form of uniqueID that follows from parts, of which
// the first is the account.
func derivedID(prefix string, length int, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return formID(prefix, parts[0], length, sum[:])
}
