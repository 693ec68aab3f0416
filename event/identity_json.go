package event

import (
	"maps"
	"slices"
)

func (u *UserIdentity) appendJSON(b []byte) []byte {
	b = append(b, '{')
	b = appendOptional(b, "type", u.Type)
	b = appendOptional(b, "principalId", u.PrincipalID)
	b = appendOptional(b, "arn", u.ARN)
	b = appendOptional(b, "accountId", u.AccountID)
	if u.AccessKeyID != "" || u.EmptyAccessKey {
		b = appendMember(b, "accessKeyId", u.AccessKeyID)
	}
	b = appendOptional(b, "userName", u.UserName)
	if u.SessionContext != nil {
		b = u.SessionContext.appendJSON(appendName(b, "sessionContext"))
	}
	b = appendOptional(b, "invokedBy", u.InvokedBy)
	b = appendOptional(b, "identityProvider", u.IdentityProvider)
	b = appendOptionalRaw(b, "onBehalfOf", u.OnBehalfOf)
	b = appendOptional(b, "credentialId", u.CredentialID)
	b = appendOptionalRaw(b, "inScopeOf", u.InScopeOf)
	b = appendOptionalRaw(b, "invokedByDelegate", u.InvokedByDelegate)
	return append(b, '}')
}

func (c *SessionContext) appendJSON(b []byte) []byte {
	b = append(b, '{')
	if c.SessionIssuer != nil {
		b = c.SessionIssuer.appendJSON(appendName(b, "sessionIssuer"))
	}
	if c.WebIDFederationData != nil {
		b = c.WebIDFederationData.appendJSON(appendName(b, "webIdFederationData"))
	}
	if a := c.Attributes; a != nil {
		b = append(appendName(b, "attributes"), '{')
		b = a.CreationDate.appendJSON(appendName(b, "creationDate"))
		b = appendMember(b, "mfaAuthenticated", a.MFAAuthenticated)
		b = append(b, '}')
	}
	b = appendOptional(b, "sourceIdentity", c.SourceIdentity)
	b = appendOptional(b, "ec2RoleDelivery", c.EC2RoleDelivery)
	b = appendOptional(b, "assumedRoot", c.AssumedRoot)
	b = appendOptional(b, "signInSessionArn", c.SignInSessionARN)
	return append(b, '}')
}

func (s *SessionIssuer) appendJSON(b []byte) []byte {
	b = append(b, '{')
	b = appendOptional(b, "type", s.Type)
	b = appendOptional(b, "principalId", s.PrincipalID)
	b = appendOptional(b, "arn", s.ARN)
	b = appendOptional(b, "accountId", s.AccountID)
	b = appendOptional(b, "userName", s.UserName)
	return append(b, '}')
}

func (d *WebIDFederationData) appendJSON(b []byte) []byte {
	b = append(b, '{')
	b = appendOptional(b, "federatedProvider", d.FederatedProvider)
	if len(d.Attributes) > 0 {
		b = append(appendName(b, "attributes"), '{')
		for _, k := range slices.Sorted(maps.Keys(d.Attributes)) {
			if b[len(b)-1] != '{' {
				b = append(b, ',')
			}
			b = append(AppendString(b, k), ':')
			b = AppendString(b, d.Attributes[k])
		}
		b = append(b, '}')
	}
	return append(b, '}')
}
