package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/event"
)

// serviceRole is a role under which a service acts in an account, and the
// session that it opens; a length of 0 is one that the service does not ask for.
type serviceRole struct {
	role, session string
	length        time.Duration
}

// serviceRoles are those of published records (AutoScaling: AssumeRole of 2019
// and 2020, DescribeInstanceStatus of 2026; ECS: PutRetentionPolicy of 2021 for
// the role, the ECS guide for the scheduler's session).
var serviceRoles = map[string]serviceRole{
	"autoscaling.amazonaws.com": {"AWSServiceRoleForAutoScaling", "AutoScaling", 30 * time.Minute},
	"ecs.amazonaws.com":         {"AWSServiceRoleForECS", "ecs-service-scheduler", 0},
}

// ServiceSession is a service's session in an account, under its service-linked
// role. Nothing opens with it: a service's calls are not signed.
type ServiceSession struct {
	RoleARN, Name string
	// Length is what the service asked for, 0 where it did not.
	Length  time.Duration
	Expires time.Time
	// SessionToken has the form of one.
	SessionToken string
	// Identity is the session as the events of its calls show it.
	Identity event.UserIdentity
}

// OpenServiceSession opens a session of a service, named by its principal
// ("autoscaling.amazonaws.com").
func OpenServiceSession(account, principal string, now time.Time) ServiceSession {
	r, ok := serviceRoles[principal]
	if !ok {
		name, _, _ := strings.Cut(principal, ".")
		r.role, r.session = "AWSServiceRoleFor"+name, name
	}
	length := r.length
	if length == 0 {
		length = DefaultMaxSession
	}
	began := now.UTC().Truncate(time.Second)
	roleID := serviceRoleID(account, r.role)
	s := ServiceSession{
		RoleARN: "arn:aws:iam::" + account + ":role" + serviceLinkedPath + principal + "/" + r.role,
		Name:    r.session, Length: r.length, Expires: began.Add(length), SessionToken: opaqueToken(),
	}
	s.Identity = event.UserIdentity{
		Type:        event.AssumedRole,
		PrincipalID: roleID + ":" + r.session,
		ARN:         fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/%s", account, r.role, r.session),
		AccountID:   account,
		AccessKeyID: uniqueID(prefixSession, account, keyIDLength),
		SessionContext: &event.SessionContext{
			SessionIssuer: &event.SessionIssuer{
				Type: event.Role, PrincipalID: roleID, AccountID: account, UserName: r.role, ARN: s.RoleARN,
			},
			Attributes: &event.SessionAttributes{CreationDate: event.Time{Time: began}, MFAAuthenticated: "false"},
		},
	}
	return s
}

// opaqueToken is a token that means nothing.
func opaqueToken() string {
	b := make([]byte, 384)
	rand.Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

// serviceRoleID is the id of a service-linked role. It is the same whenever it is
// asked for, since a service acts under its role before anybody has made it.
func serviceRoleID(account, role string) string {
	sum := sha256.Sum256([]byte(account + "\x00" + role))
	return formID(prefixRole, account, idLength, sum[:])
}
