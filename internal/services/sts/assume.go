package sts

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/policy"
)

// roleName reads the account and the name in a role's ARN.
func roleName(arn string) (account, name string, err error) {
	rest, ok := strings.CutPrefix(arn, "arn:aws:iam::")
	account, path, found := strings.Cut(rest, ":role/")
	if !ok || !found || len(account) != 12 {
		return "", "", refuse("ValidationError", "%.128s is invalid", arn)
	}
	return account, path[strings.LastIndex(path, "/")+1:], nil
}

// find looks the role of the call up. Whether there is one is not for those to
// know who may not assume it, so nil is a role that trusts nobody.
func (r *request) find() (account string, role *identity.Role, err error) {
	arn := r.text("RoleArn")
	account, name, err := roleName(arn)
	if err != nil {
		return "", nil, err
	}
	err = r.directory.View(account, func(tx *identity.Tx) error {
		found, err := tx.Roles().Get(name)
		if identity.Refused(err, identity.NoSuchEntity) {
			return nil
		}
		if err == nil && found.ARN(account) == arn {
			role = &found
		}
		return err
	})
	return account, role, err
}

func assumeRole(r *request) (answer, error) {
	if r.caller.Principal.Kind == identity.RootUser && !r.options.Open {
		return nil, denied("Roles may not be assumed by root accounts.")
	}
	if r.caller.Principal.Kind == identity.FederatedUser {
		return nil, denied("Cannot call AssumeRole with federated session credentials")
	}
	account, role, err := r.find()
	if err != nil {
		return nil, err
	}
	mfa, err := r.passedMFA()
	if err != nil {
		return nil, err
	}
	s, err := r.roleSession(role)
	if err != nil {
		return nil, err
	}
	s.MFA = mfa || r.caller.Session != nil && r.caller.Session.MFA
	if err := r.decide(account, role, s); err != nil {
		return nil, err
	}
	length, err := r.roleLength(role, s.Chained)
	if err != nil {
		return nil, err
	}
	out, err := r.assumed(account, *s, length)
	if err == nil && account != r.caller.AccountID {
		r.call.Learned.Shared = []string{account}
	}
	return out, err
}

// roleSession is the session that the call asks for.
func (r *request) roleSession(role *identity.Role) (*identity.Session, error) {
	s := &identity.Session{
		Kind: identity.AssumedRole, Name: r.text("RoleSessionName"), SourceIdentity: r.text("SourceIdentity"),
		Transitive: r.texts("TransitiveTagKeys"), Tags: r.tags(),
	}
	if role != nil {
		s.PrincipalName, s.PrincipalID = role.Name, role.ID
	}
	if err := r.limit(s); err != nil {
		return nil, err
	}
	if err := checkTransitive(s); err != nil {
		return nil, err
	}
	if err := r.inherit(s); err != nil {
		return nil, err
	}
	if err := checkSize(s); err != nil {
		return nil, err
	}
	return s, nil
}

// checkSize holds the session to the limits of its tags, and of all that is packed
// into its token.
func checkSize(s *identity.Session) error {
	if err := identity.CheckTags(s.Tags); err != nil {
		return err
	}
	if packed := s.PackedSize(); packed > 100 {
		return tooLarge(packed)
	}
	return nil
}

// checkTransitive refuses to hand on tags that the session does not have.
func checkTransitive(s *identity.Session) error {
	for _, key := range s.Transitive {
		if !slices.ContainsFunc(s.Tags, func(t identity.Tag) bool { return strings.EqualFold(t.Key, key) }) {
			return refuse("InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.")
		}
	}
	return nil
}

// inherit carries on what a session hands to those that are opened with it: the
// source identity, which cannot be changed, and transitive tags, which cannot be
// set anew.
func (r *request) inherit(s *identity.Session) error {
	from := r.caller.Session
	if from == nil {
		return nil
	}
	s.Chained = from.Kind == identity.AssumedRole
	if from.SourceIdentity != "" {
		if s.SourceIdentity != "" && s.SourceIdentity != from.SourceIdentity {
			return denied("The source identity of a session cannot be changed.")
		}
		s.SourceIdentity = from.SourceIdentity
	}
	incoming := map[string]any{}
	for _, t := range from.Tags {
		if !slices.ContainsFunc(from.Transitive, func(key string) bool { return strings.EqualFold(key, t.Key) }) {
			continue
		}
		if slices.ContainsFunc(s.Tags, func(given identity.Tag) bool { return strings.EqualFold(given.Key, t.Key) }) {
			return refuse("InvalidParameterValue", "One of the specified transitive tag keys can't be set because it "+
				"conflicts with a transitive tag key from the calling session.")
		}
		s.Tags = append(s.Tags, t)
		s.Transitive = append(s.Transitive, t.Key)
		incoming[t.Key] = t.Value
	}
	if len(incoming) > 0 {
		r.call.Learned.Parameters = []awsapi.Parameter{{Name: "incomingTransitiveTags", Value: incoming}}
	}
	return nil
}

func (r *request) roleLength(role *identity.Role, chained bool) (time.Duration, error) {
	length := r.duration(defaultRoleSession)
	switch {
	case chained && length > longestChained:
		return 0, refuse("ValidationError",
			"The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	case length > role.MaxSession:
		return 0, refuse("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return length, nil
}

// decide asks the policies of the caller and of the role. What else a session has,
// tags and a source identity, the role has to allow as well, also what the caller's
// session brings along (IAM User Guide,
// id_credentials_temp_control-access_monitor, "role chaining").
func (r *request) decide(account string, role *identity.Role, s *identity.Session) error {
	if role == nil {
		return r.notAuthorized("sts:AssumeRole", "")
	}
	if r.options.Open {
		return nil
	}
	actions := []string{"sts:AssumeRole"}
	if len(s.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if s.SourceIdentity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	permissions, err := r.directory.Permissions(r.ctx, r.caller)
	if err != nil {
		return err
	}
	policies, err := permissions.Policies()
	if err != nil {
		return err
	}
	if policies.Resource, err = policy.Parse([]byte(role.Trust)); err != nil {
		return err
	}
	policies.ResourceAccount, policies.ResourceMustAllow = account, true
	conditions := r.conditions(s)
	r.caller.SetContext(&conditions, permissions.Tags, r.call.Time)
	if s.MFA {
		conditions.Set("aws:MultiFactorAuthPresent", "true")
	}
	for _, tag := range role.Tags {
		conditions.Set("aws:ResourceTag/"+tag.Key, tag.Value)
		conditions.Set("iam:ResourceTag/"+tag.Key, tag.Value)
	}
	for _, action := range actions {
		d := policy.Evaluate(policy.Request{
			Action: action, Resource: r.text("RoleArn"), Principal: r.caller.PolicyPrincipal(), Context: conditions,
		}, policies)
		if !d.Allowed {
			because := ""
			if d.By != policy.ByResource {
				because = " " + d.Because(action)
			}
			return r.notAuthorized(action, because)
		}
	}
	return nil
}

func (r *request) notAuthorized(action, because string) error {
	return denied("User: %s is not authorized to perform: %s on resource: %s%s", r.call.Caller.ARN, action, r.text("RoleArn"), because)
}

// conditions are the condition keys of the request itself.
func (r *request) conditions(s *identity.Session) policy.Context {
	var c policy.Context
	set := func(key, value string) {
		if value != "" {
			c.Set(key, value)
		}
	}
	if e := r.call.VPCEndpoint; e != nil {
		set("aws:VpcSourceIp", r.call.SourceIP)
		set("aws:SourceVpce", e.ID)
		set("aws:VpceAccount", e.AccountID)
		set("aws:SourceVpc", e.VPC)
	} else {
		set("aws:SourceIp", r.call.SourceIP)
	}
	set("aws:UserAgent", r.call.UserAgent)
	set("aws:RequestedRegion", r.call.Region)
	set("sts:RoleSessionName", s.Name)
	set("sts:SourceIdentity", s.SourceIdentity)
	set("sts:ExternalId", r.text("ExternalId"))
	c.Set("aws:ViaAWSService", "false")
	c.Set("aws:CurrentTime", r.call.Time.UTC().Format(time.RFC3339))
	c.Set("aws:EpochTime", strconv.FormatInt(r.call.Time.Unix(), 10))
	secure := "false"
	if r.call.Secure {
		secure = "true"
	}
	c.Set("aws:SecureTransport", secure)
	var keys []string
	for _, t := range r.tags() {
		c.Set("aws:RequestTag/"+t.Key, t.Value)
		keys = append(keys, t.Key)
	}
	if len(keys) > 0 {
		c.Set("aws:TagKeys", keys...)
	}
	if len(s.Transitive) > 0 {
		c.Set("sts:TransitiveTagKeys", s.Transitive...)
	}
	return c
}

// assumed opens the session and words the answer.
func (r *request) assumed(account string, s identity.Session, length time.Duration) (answer, error) {
	t, err := r.open(account, s, length)
	if err != nil {
		return nil, err
	}
	out := answer{
		"Credentials":     credentials(t),
		"AssumedRoleUser": answer{"AssumedRoleId": t.Identity.PrincipalID, "Arn": t.Identity.ARN},
	}
	if packed := s.PackedSize(); packed > 0 {
		out["PackedPolicySize"] = int64(packed)
	}
	if s.SourceIdentity != "" {
		out["SourceIdentity"] = s.SourceIdentity
	}
	return out, nil
}
