package identity

import (
	"fmt"
	"strconv"
	"time"

	"github.com/cairn-audit/cairn/internal/policy"
)

// Policies parses the permissions for a decision.
func (p *Permissions) Policies() (policy.Policies, error) {
	out := policy.Policies{HasSession: p.Limited}
	read := func(list []Document) (docs []*policy.Document, err error) {
		for _, d := range list {
			doc, err := p.parsed.parse(d.Text)
			if err != nil {
				return nil, fmt.Errorf("read the policy %s: %w", d.Source, err)
			}
			docs = append(docs, doc)
		}
		return docs, nil
	}
	var err error
	if out.Identity, err = read(p.Identity); err != nil {
		return out, err
	}
	if out.Session, err = read(p.Session); err != nil {
		return out, err
	}
	if p.Boundary != nil {
		boundary, err := read([]Document{*p.Boundary})
		if err != nil {
			return out, err
		}
		out.Boundary = boundary[0]
	}
	return out, nil
}

// PolicyPrincipal is the credential's holder as policies name it.
func (c Credential) PolicyPrincipal() policy.Principal {
	p := policy.Principal{ARN: c.Identity.ARN, UniqueID: c.Identity.PrincipalID, AccountID: c.AccountID}
	switch c.Principal.Kind {
	case RootUser:
		p.Type = policy.Root
	case IAMUser:
		p.Type = policy.User
	case AssumedRole:
		p.Type = policy.AssumedRole
	case FederatedUser:
		p.Type = policy.FederatedUser
	default:
		return policy.Principal{Type: policy.Anonymous}
	}
	if s := c.Identity.SessionContext; s != nil && s.SessionIssuer != nil {
		p.IssuerARN, p.IssuerID = s.SessionIssuer.ARN, s.SessionIssuer.PrincipalID
	}
	return p
}

// principalTypes are the values of aws:PrincipalType.
var principalTypes = map[PrincipalKind]string{
	RootUser: "Account", IAMUser: "User", AssumedRole: "AssumedRole", FederatedUser: "FederatedUser",
}

// SetContext sets the condition keys that say who calls ("Properties of the
// principal" and "of a role session" in "AWS global condition context keys").
// tags are those of Permissions.
func (c Credential) SetContext(to *policy.Context, tags []Tag, now time.Time) {
	set := func(key, value string) {
		if value != "" {
			to.Set(key, value)
		}
	}
	if c.Principal.Kind == "" {
		// What the keys are for requests without credentials.
		to.Set("aws:PrincipalAccount", "anonymous")
		to.Set("aws:PrincipalType", "Anonymous")
		to.Set("aws:userid", "anonymous")
		return
	}
	to.Set("aws:PrincipalIsAWSService", "false")
	set("aws:PrincipalAccount", c.AccountID)
	set("aws:PrincipalType", principalTypes[c.Principal.Kind])
	set("aws:userid", c.Identity.PrincipalID)
	principalARN := c.Identity.ARN
	if s := c.Identity.SessionContext; c.Principal.Kind == AssumedRole && s != nil && s.SessionIssuer != nil {
		principalARN = s.SessionIssuer.ARN
	}
	set("aws:PrincipalArn", principalARN)
	if c.Principal.Kind == IAMUser {
		set("aws:username", c.Principal.Name)
	}
	for _, t := range tags {
		to.Set("aws:PrincipalTag/"+t.Key, t.Value)
	}
	s := c.Session
	if s == nil {
		return
	}
	// Keys of long-lived credentials do not have these two at all.
	to.Set("aws:MultiFactorAuthPresent", strconv.FormatBool(s.MFA))
	if s.MFA {
		to.Set("aws:MultiFactorAuthAge", strconv.FormatInt(now.Unix()-s.Began, 10))
	}
	to.Set("aws:TokenIssueTime", time.Unix(s.Began, 0).UTC().Format(time.RFC3339))
	set("aws:SourceIdentity", s.SourceIdentity)
	set("aws:FederatedProvider", s.Provider)
	if i := s.Instance; i != nil {
		set("ec2:RoleDelivery", i.Delivery)
		set("ec2:SourceInstanceARN", i.ARN)
		set("aws:Ec2InstanceSourceVpc", i.VPC)
		set("aws:Ec2InstanceSourcePrivateIPv4", i.PrivateIP)
	}
}
