package sts

import (
	"errors"
	"time"

	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/policy"
)

// Lengths of sessions (API Reference of each operation; the model bounds what a
// call may ask for).
const (
	defaultSession     = 12 * time.Hour
	defaultRoleSession = time.Hour
	longestRootSession = time.Hour
	longestChained     = time.Hour
)

func (r *request) duration(otherwise time.Duration) time.Duration {
	if n, ok := r.call.Params["DurationSeconds"].(int64); ok {
		return time.Duration(n) * time.Second
	}
	return otherwise
}

// longLived refuses a caller that is a session itself.
func (r *request) longLived() error {
	kind := r.caller.Principal.Kind
	if r.caller.Session != nil || kind != identity.IAMUser && kind != identity.RootUser {
		return denied("Cannot call %s with session credentials", r.call.Operation.Name)
	}
	return nil
}

// passedMFA takes the MFA code that came with the call, if one did.
func (r *request) passedMFA() (bool, error) {
	serial, code := r.text("SerialNumber"), r.text("TokenCode")
	if serial == "" && code == "" {
		return false, nil
	}
	wrong := denied("MultiFactorAuthentication failed with invalid MFA one time pass code.")
	if serial == "" || code == "" {
		return false, wrong
	}
	if r.caller.Principal.Kind == identity.AssumedRole || r.caller.Principal.Kind == identity.FederatedUser {
		return false, denied("MultiFactorAuthentication failed, unable to validate MFA code. Please verify your MFA serial number is valid and associated with this user.")
	}
	err := r.directory.CheckCode(r.caller.Principal, serial, code, r.call.Time)
	if errors.Is(err, identity.ErrWrongCode) {
		return false, wrong
	}
	return err == nil, err
}

// own is a session of the caller's own.
func (r *request) own(kind identity.PrincipalKind) identity.Session {
	p := r.caller.Principal
	return identity.Session{Kind: kind, PrincipalName: p.Name, PrincipalID: p.ID}
}

// open opens a session in an account.
func (r *request) open(account string, s identity.Session, length time.Duration) (t identity.Temporary, err error) {
	err = r.directory.View(account, func(tx *identity.Tx) error {
		t, err = tx.Open(s, r.call.Time, length)
		return err
	})
	return t, err
}

func credentials(t identity.Temporary) answer {
	return answer{
		"AccessKeyId": t.AccessKeyID, "SecretAccessKey": t.SecretAccessKey, "SessionToken": t.SessionToken, "Expiration": t.Expires,
	}
}

// rootLength cuts the session of the root user's.
func (r *request) rootLength(length time.Duration) time.Duration {
	if r.caller.Principal.Kind == identity.RootUser {
		return min(length, longestRootSession)
	}
	return length
}

func getSessionToken(r *request) (answer, error) {
	if err := r.longLived(); err != nil {
		return nil, err
	}
	mfa, err := r.passedMFA()
	if err != nil {
		return nil, err
	}
	s := r.own(r.caller.Principal.Kind)
	s.MFA = mfa
	t, err := r.open(r.caller.AccountID, s, r.rootLength(r.duration(defaultSession)))
	if err != nil {
		return nil, err
	}
	return answer{"Credentials": credentials(t)}, nil
}

func getFederationToken(r *request) (answer, error) {
	if err := r.longLived(); err != nil {
		return nil, err
	}
	s := r.own(identity.FederatedUser)
	s.Name = r.text("Name")
	if err := r.limit(&s); err != nil {
		return nil, err
	}
	if s.Tags = r.tags(); s.Tags != nil {
		if err := identity.CheckTags(s.Tags); err != nil {
			return nil, err
		}
	}
	packed := s.PackedSize()
	if packed > 100 {
		return nil, tooLarge(packed)
	}
	t, err := r.open(r.caller.AccountID, s, r.rootLength(r.duration(defaultSession)))
	if err != nil {
		return nil, err
	}
	return answer{
		"Credentials":      credentials(t),
		"FederatedUser":    answer{"FederatedUserId": t.Identity.PrincipalID, "Arn": t.Identity.ARN},
		"PackedPolicySize": int64(packed),
	}, nil
}

func tooLarge(percent int) error {
	return refuse("PackedPolicyTooLargeException",
		"Packed size of session tags and policies exceeds the limit: it is %d%% of what is allowed", percent)
}

// maxSessionPolicies is how many managed policies may limit a session (API
// Reference, AssumeRole).
const maxSessionPolicies = 10

// limit puts the session policies of the call on a session.
func (r *request) limit(s *identity.Session) error {
	if s.Policy = r.text("Policy"); s.Policy != "" {
		if _, err := policy.ParseAs(policy.Session, []byte(s.Policy)); err != nil {
			return err
		}
	}
	list, _ := r.call.Params["PolicyArns"].([]any)
	if len(list) > maxSessionPolicies {
		return refuse("ValidationError", "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: "+
			"Member must have length less than or equal to %d", maxSessionPolicies)
	}
	for _, v := range list {
		m, _ := v.(map[string]any)
		arn, _ := m["arn"].(string)
		s.PolicyARNs = append(s.PolicyARNs, arn)
	}
	return nil
}

func (r *request) tags() []identity.Tag {
	list, _ := r.call.Params["Tags"].([]any)
	var tags []identity.Tag
	for _, v := range list {
		m, _ := v.(map[string]any)
		key, _ := m["Key"].(string)
		value, _ := m["Value"].(string)
		tags = append(tags, identity.Tag{Key: key, Value: value})
	}
	return tags
}
