package policy

import (
	"errors"
	"strings"
)

// PrincipalKind is the kind of an entry of a Principal element.
type PrincipalKind string

// The kinds of entries. Everyone is "Principal": "*".
const (
	Everyone      PrincipalKind = "*"
	AWS           PrincipalKind = "AWS"
	Service       PrincipalKind = "Service"
	Federated     PrincipalKind = "Federated"
	CanonicalUser PrincipalKind = "CanonicalUser"
)

// PrincipalID is an entry of a Principal or NotPrincipal element.
type PrincipalID struct {
	Kind PrincipalKind
	ID   string // as written
}

// readPrincipals reads an element. The result is not nil.
func readPrincipals(n node) ([]PrincipalID, error) {
	if n.kind == stringNode && n.text == "*" {
		return []PrincipalID{{Everyone, "*"}}, nil
	}
	if n.kind != objectNode || len(n.fields) == 0 {
		return nil, malformed("Principal: neither \"*\" nor an object with members")
	}
	var ids []PrincipalID
	for _, f := range n.fields {
		kind := PrincipalKind(f.name)
		switch kind {
		case AWS, Service, Federated, CanonicalUser:
		default:
			return nil, malformed("Principal: no kind %q", f.name)
		}
		list, err := f.value.strings()
		if err == nil && len(list) == 0 {
			err = errors.New("an empty list")
		}
		if err != nil {
			return nil, malformed("Principal: %s: %v", f.name, err)
		}
		for _, id := range list {
			ids = append(ids, PrincipalID{kind, id})
		}
	}
	return ids, nil
}

// PrincipalType says what kind of identity makes a request.
type PrincipalType string

// The types of principals.
const (
	Anonymous     PrincipalType = "Anonymous"
	Root          PrincipalType = "Root"
	User          PrincipalType = "User"          // with its own keys, or a session of GetSessionToken
	AssumedRole   PrincipalType = "AssumedRole"   // a role's session
	FederatedUser PrincipalType = "FederatedUser" // a session of GetFederationToken
	AWSService    PrincipalType = "AWSService"
	External      PrincipalType = "External" // known to an identity provider only, before it has a session
)

// Principal is who makes a request.
type Principal struct {
	Type PrincipalType
	// ARN is that of the user, the session or the account's root; "" for the
	// other types. UniqueID is what AWS calls the principal's id ("AIDA…").
	ARN, UniqueID string
	// IssuerARN and IssuerID are those of the role of a session, or of the
	// user of a federated one.
	IssuerARN, IssuerID string
	AccountID           string
	// Service is the name of a service ("cloudtrail.amazonaws.com").
	Service string
	// Federated is the provider of an external identity, as trust policies
	// name it: an ARN or "accounts.google.com".
	Federated string
	// CanonicalUser is the account's id in S3.
	CanonicalUser string
}

// hasIdentity reports whether policies can be attached to the principal.
func (p *Principal) hasIdentity() bool {
	switch p.Type {
	case Root, User, AssumedRole, FederatedUser:
		return true
	}
	return false
}

// grant says how a Principal element names a principal, the most general first.
type grant byte

const (
	notNamed    grant = iota
	byAccount         // leaves the decision to the account
	byIssuer          // names the session's role or user
	directGrant       // names the principal, or everybody
)

// names reports how the entry names the principal.
func (id PrincipalID) names(p *Principal) grant {
	direct := false
	switch id.Kind {
	case Everyone:
		direct = true
	case Service:
		direct = p.Type == AWSService && strings.EqualFold(id.ID, p.Service)
	case Federated:
		direct = p.Type == External && id.ID == p.Federated
	case CanonicalUser:
		if p.CanonicalUser != "" && id.ID == p.CanonicalUser {
			return byAccount
		}
	case AWS:
		return id.namesAWS(p)
	}
	if direct {
		return directGrant
	}
	return notNamed
}

func (id PrincipalID) namesAWS(p *Principal) grant {
	switch {
	case id.ID == "*", same(id.ID, p.ARN), same(id.ID, p.UniqueID):
		return directGrant
	case same(id.ID, p.IssuerARN), same(id.ID, p.IssuerID):
		return byIssuer
	case p.hasIdentity() && same(accountOf(id.ID), p.AccountID):
		return byAccount
	}
	return notNamed
}

func same(id, own string) bool { return own != "" && id == own }

// accountOf returns the account that an entry names, by its number or by its
// root's ARN, else "".
func accountOf(id string) string {
	if isAccount(id) {
		return id
	}
	parts := strings.SplitN(id, ":", arnParts)
	if len(parts) == arnParts && parts[0] == "arn" && parts[2] == "iam" && parts[5] == "root" {
		return parts[4]
	}
	return ""
}

func isAccount(s string) bool { return len(s) == 12 && isDigits(s) }

// grants reports how a statement of a resource-based policy names the principal.
// A statement without the element, which Check refuses, allows nobody and denies
// everybody.
func (s *Statement) grants(p *Principal) grant {
	if s.NotPrincipals == nil && s.Principals == nil && s.Effect == Deny {
		return directGrant
	}
	if s.NotPrincipals != nil {
		if s.excepts(p) {
			return notNamed
		}
		return directGrant
	}
	best := notNamed
	for _, id := range s.Principals {
		best = max(best, id.names(p))
	}
	return best
}

// excepts reports whether NotPrincipal takes the principal out. AWS may look at
// the account, the role and the session one after the other
// (reference_policies_elements_notprincipal), so a deny spares a principal if
// each of them is listed, and an allow leaves one out if any of them is: in
// doubt there is no access.
func (s *Statement) excepts(p *Principal) bool {
	var listed [directGrant + 1]bool
	for _, id := range s.NotPrincipals {
		listed[id.names(p)] = true
	}
	if s.Effect == Allow {
		return listed[byAccount] || listed[byIssuer] || listed[directGrant]
	}
	switch {
	case !p.hasIdentity():
		return listed[directGrant]
	case p.Type == Root:
		return listed[byAccount] || listed[directGrant]
	case p.IssuerARN != "":
		return listed[byAccount] && listed[byIssuer] && listed[directGrant]
	}
	return listed[byAccount] && listed[directGrant]
}
