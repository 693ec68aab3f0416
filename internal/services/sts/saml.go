package sts

import (
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/policy"
	"github.com/cairn-audit/cairn/internal/saml"
)

// samlIdentity is what an assertion proves, and of which provider it is.
type samlIdentity struct {
	*saml.Assertion
	providerARN, qualifier, doc string
}

// assumeRoleWithSAML opens a role's session for who has an assertion of a SAML
// identity provider of the role's account. The call needs no signature: the
// assertion has one, and works once.
func assumeRoleWithSAML(r *request) (answer, error) {
	unproven := identity.Unproven("")
	r.call.Learned.Caller = &unproven
	account, role, err := r.find()
	if err != nil {
		return nil, err
	}
	who, err := r.asserted(account)
	if who == nil {
		return nil, err
	}
	r.identified(account, &event.UserIdentity{
		Type: event.SAMLUser, PrincipalID: who.qualifier + ":" + who.Subject, UserName: who.Subject, IdentityProvider: who.qualifier,
	})
	if err != nil {
		return nil, err
	}
	s, err := r.samlSession(role, who)
	if err != nil {
		return nil, err
	}
	r.showTags(s)
	if role == nil || !who.offers(r.text("RoleArn")) || !r.trustsSAML(role, s, who) {
		return nil, denied("Not authorized to perform sts:AssumeRoleWithSAML")
	}
	length, err := r.samlLength(role, who)
	if err != nil {
		return nil, err
	}
	if err := r.redeem(account, who); err != nil {
		return nil, err
	}
	out, err := r.assumed(account, *s, length)
	if err != nil {
		return nil, err
	}
	out["Subject"], out["SubjectType"], out["Issuer"] = who.Subject, who.SubjectType, who.Issuer
	out["Audience"], out["NameQualifier"] = who.Recipient, who.qualifier
	return out, nil
}

// asserted reads the assertion of the call. Who is in it is returned with the
// error where the provider did sign it.
func (r *request) asserted(account string) (*samlIdentity, error) {
	arn := r.text("PrincipalArn")
	var kept identity.SAMLProvider
	err := r.directory.View(account, func(tx *identity.Tx) (err error) {
		kept, err = tx.SAMLProvider(arn)
		return err
	})
	if identity.Refused(err, identity.NoSuchEntity) {
		return nil, invalidToken("Specified provider doesn't exist")
	}
	if err != nil {
		return nil, err
	}
	provider, err := saml.ParseMetadata([]byte(kept.Metadata))
	if err != nil {
		return nil, err
	}
	response, err := base64.StdEncoding.DecodeString(r.text("SAMLAssertion"))
	if err != nil {
		return nil, invalidToken("Invalid base64 SAMLResponse")
	}
	a, err := provider.Verify(response, r.call.Time)
	err = samlRefusal(err)
	if a == nil {
		return nil, err
	}
	who := &samlIdentity{Assertion: a, providerARN: arn, doc: account + "/" + kept.Name}
	sum := sha1.Sum([]byte(a.Issuer + account + "/" + kept.Name)) // the API reference's formula
	who.qualifier = base64.StdEncoding.EncodeToString(sum[:])
	r.call.Learned.Parameters = append(r.call.Learned.Parameters,
		awsapi.Parameter{Name: "sAMLAssertionID", Value: a.ID},
		awsapi.Parameter{Name: "roleSessionName", Value: who.value(saml.SessionNameAttribute)})
	return who, err
}

// showTags notes for the event what the assertion asks for beside the session's
// name ("Viewing session tags in CloudTrail", IAM User Guide).
func (r *request) showTags(s *identity.Session) {
	show := func(name string, value any) {
		r.call.Learned.Parameters = append(r.call.Learned.Parameters, awsapi.Parameter{Name: name, Value: value})
	}
	if len(s.Tags) > 0 {
		tags := map[string]any{}
		for _, t := range s.Tags {
			tags[t.Key] = t.Value
		}
		show("principalTags", tags)
	}
	if len(s.Transitive) > 0 {
		keys := make([]any, len(s.Transitive))
		for i, key := range s.Transitive {
			keys[i] = key
		}
		show("transitiveTagKeys", keys)
	}
	if s.SourceIdentity != "" {
		show("sourceIdentity", s.SourceIdentity)
	}
}

// samlRefusal says in STS's words why an assertion is not taken ("Troubleshoot
// SAML federation", IAM User Guide).
func samlRefusal(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, saml.ErrExpired):
		return refuse("ExpiredTokenException", "Response has expired")
	case errors.Is(err, saml.ErrAudience):
		return invalidToken("Response does not contain the required audience.")
	case errors.Is(err, saml.ErrIssuer):
		return invalidToken("Issuer not present in specified provider")
	case errors.Is(err, saml.ErrSignature):
		return invalidToken("Response signature invalid")
	}
	return invalidToken("Invalid SAML response")
}

// value is an attribute's only value, or "".
func (who *samlIdentity) value(attribute string) string {
	if values := who.Attributes[attribute]; len(values) == 1 {
		return strings.TrimSpace(values[0])
	}
	return ""
}

// offers reports whether the provider lets its user have a role: an attribute
// names the role and the provider, in either order.
func (who *samlIdentity) offers(role string) bool {
	return slices.ContainsFunc(who.Attributes[saml.RoleAttribute], func(pair string) bool {
		one, two, _ := strings.Cut(pair, ",")
		one, two = strings.TrimSpace(one), strings.TrimSpace(two)
		return one == role && two == who.providerARN || two == role && one == who.providerARN
	})
}

// samlSession is the session that the assertion asks for.
func (r *request) samlSession(role *identity.Role, who *samlIdentity) (*identity.Session, error) {
	s := &identity.Session{
		Kind: identity.AssumedRole, Name: who.value(saml.SessionNameAttribute),
		SourceIdentity: who.value(saml.SourceIdentityAttribute), Provider: who.providerARN,
	}
	if !sessionName(s.Name) {
		return nil, invalidToken("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
	}
	if s.SourceIdentity != "" && !sessionName(s.SourceIdentity) {
		return nil, invalidToken("Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with aws:")
	}
	for name := range who.Attributes {
		if key, ok := strings.CutPrefix(name, saml.TagAttribute); ok {
			s.Tags = append(s.Tags, identity.Tag{Key: key, Value: who.value(name)})
		}
	}
	slices.SortFunc(s.Tags, func(a, b identity.Tag) int { return strings.Compare(a.Key, b.Key) })
	s.Transitive = who.Attributes[saml.TransitiveTagAttribute]
	if role != nil {
		s.PrincipalName, s.PrincipalID = role.Name, role.ID
	}
	if err := checkTransitive(s); err != nil {
		return nil, err
	}
	if err := r.limit(s); err != nil {
		return nil, err
	}
	if err := checkSize(s); err != nil {
		return nil, err
	}
	return s, nil
}

// sessionName reports whether a name is one that the model of AssumeRole would
// take.
func sessionName(name string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-"
	return len(name) >= 2 && len(name) <= 64 && strings.Trim(name, allowed) == ""
}

// trustsSAML asks the role's trust policy alone, also about tags and a source
// identity where there are some.
func (r *request) trustsSAML(role *identity.Role, s *identity.Session, who *samlIdentity) bool {
	trust, err := policy.Parse([]byte(role.Trust))
	if err != nil {
		return false
	}
	conditions := r.conditions(s)
	for key, value := range map[string]string{
		"aws:FederatedProvider": who.providerARN, "saml:aud": who.Recipient, "saml:iss": who.Issuer, "saml:sub": who.Subject,
		"saml:sub_type": who.SubjectType, "saml:namequalifier": who.qualifier, "saml:doc": who.doc,
	} {
		conditions.Set(key, value)
	}
	actions := []string{"sts:AssumeRoleWithSAML"}
	if len(s.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	var keys []string
	for _, t := range s.Tags {
		conditions.Set("aws:RequestTag/"+t.Key, t.Value)
		keys = append(keys, t.Key)
	}
	if len(keys) > 0 {
		conditions.Set("aws:TagKeys", keys...)
	}
	if s.SourceIdentity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	return !slices.ContainsFunc(actions, func(action string) bool {
		return !policy.Evaluate(policy.Request{
			Action: action, Resource: r.text("RoleArn"), Context: conditions,
			Principal: policy.Principal{Type: policy.External, Federated: who.providerARN},
		}, policy.Policies{Resource: trust}).Allowed
	})
}

// samlLength is the shortest of what the call and the assertion say.
func (r *request) samlLength(role *identity.Role, who *samlIdentity) (time.Duration, error) {
	length, err := r.roleLength(role, false)
	if err != nil {
		return 0, err
	}
	if n, err := strconv.Atoi(who.value(saml.DurationAttribute)); err == nil && n >= shortestSAML && n <= longestSAML {
		length = min(length, time.Duration(n)*time.Second)
	}
	if !who.SessionEnds.IsZero() {
		length = min(length, who.SessionEnds.Sub(r.call.Time))
	}
	return max(length, time.Second), nil
}

// Bounds of the attribute SessionDuration, in seconds.
const (
	shortestSAML = 900
	longestSAML  = 43200
)

// assertionAge is longer than any assertion is taken.
const assertionAge = 15 * time.Minute

// redeem uses the assertion up.
func (r *request) redeem(account string, who *samlIdentity) error {
	err := r.directory.Update(account, func(tx *identity.Tx) error {
		return tx.UseAssertion(who.providerARN, who.ID, r.call.Time, r.call.Time.Add(assertionAge))
	})
	if errors.Is(err, identity.ErrUsedAssertion) {
		return invalidToken("The assertion has been used before")
	}
	return err
}
