package policy

import "strings"

// Request is one action on one resource. A call that touches several resources
// is several requests, all of which have to be allowed.
type Request struct {
	Action string // "ec2:RunInstances"
	// Resource is an ARN, or "*" where the action has none; then only
	// statements about "*" apply.
	Resource  string
	Principal Principal
	Context   Context
}

// Policies are those that bear on a request. A missing one is nil.
type Policies struct {
	// Identity are the policies of the user and its groups, or of the role.
	// Those of a federated user are its user's; if the account's root made
	// the session, one that allows everything.
	Identity []*Document
	Boundary *Document
	// Session are the policies given for a session. HasSession is set even if
	// there are none of them left, for then they allow nothing.
	Session    []*Document
	HasSession bool
	// Resource is the policy of the resource, ResourceAccount the account
	// that it belongs to; "" is the caller's own.
	Resource        *Document
	ResourceAccount string
	// ResourceMustAllow is set where an identity-based policy alone is not
	// enough even in the same account: trust policies and KMS's key policies.
	ResourceMustAllow bool
	// Endpoint is the policy of the VPC endpoint that the request came through.
	Endpoint *Document
}

// evaluation is the work on one request.
type evaluation struct {
	request  *Request
	policies *Policies
	action   string // in lower case
}

// Evaluate decides a request. Its time is bounded by the size of the documents
// times the length of the request's values.
func Evaluate(r Request, p Policies) Decision {
	e := &evaluation{&r, &p, strings.ToLower(r.Action)}
	if d, denied := e.explicitDeny(); denied {
		return d
	}
	if p.Endpoint != nil {
		if statement, _ := e.named(p.Endpoint, Allow); statement == nil {
			return implicit(ByEndpoint)
		}
	}
	granting, how := e.named(p.Resource, Allow)
	byResource := Decision{Allowed: true, Reason: Allows, By: ByResource, Statement: granting}
	if !r.Principal.hasIdentity() {
		if granting == nil {
			return implicit(ByResource)
		}
		return byResource
	}
	own := e.identity()
	if p.ResourceAccount != "" && p.ResourceAccount != r.Principal.AccountID {
		if own.Allowed && granting == nil {
			return implicit(ByResource)
		}
		return own
	}
	switch {
	case how == directGrant:
		return byResource
	case p.ResourceMustAllow && granting == nil:
		return implicit(ByResource)
	case how == byIssuer && !own.Allowed:
		if by, limited := e.limited(); limited {
			return implicit(by)
		}
		return byResource
	}
	return own
}

// explicitDeny looks for a deny in every policy, in the order in which AWS tells
// of them.
func (e *evaluation) explicitDeny() (Decision, bool) {
	p := e.policies
	for _, look := range []struct {
		by        Source
		documents []*Document
	}{
		{ByEndpoint, []*Document{p.Endpoint}},
		{ByResource, []*Document{p.Resource}},
		{ByIdentity, p.Identity},
		{ByBoundary, []*Document{p.Boundary}},
		{BySession, p.Session},
	} {
		for i, d := range look.documents {
			var s *Statement
			if look.by == ByEndpoint || look.by == ByResource {
				s, _ = e.named(d, Deny)
			} else {
				s = e.find(d, Deny)
			}
			if s != nil {
				return Decision{Reason: ExplicitDeny, By: look.by, Document: i, Statement: s}, true
			}
		}
	}
	return Decision{}, false
}

// find returns the first statement of the effect that covers the request.
func (e *evaluation) find(d *Document, effect Effect) *Statement {
	if d == nil {
		return nil
	}
	for _, s := range d.Statements {
		if s.Effect == effect && s.covers(e.request, e.action) {
			return s
		}
	}
	return nil
}

// named is find for policies that name principals. It returns the statement that
// names the caller most directly, and how.
func (e *evaluation) named(d *Document, effect Effect) (*Statement, grant) {
	var best *Statement
	how := notNamed
	if d == nil {
		return nil, notNamed
	}
	for _, s := range d.Statements {
		if s.Effect != effect {
			continue
		}
		if g := s.grants(&e.request.Principal); g > how && s.covers(e.request, e.action) {
			best, how = s, g
		}
	}
	return best, how
}

// identity decides the caller's side: what its own policies allow, within the
// limits of boundary and session.
func (e *evaluation) identity() Decision {
	allowed := Decision{Allowed: true, Reason: Allows, By: ByIdentity}
	if e.request.Principal.Type != Root {
		for i, d := range e.policies.Identity {
			if s := e.find(d, Allow); s != nil {
				allowed.Document, allowed.Statement = i, s
				break
			}
		}
		if allowed.Statement == nil {
			return implicit(ByIdentity)
		}
	}
	if by, limited := e.limited(); limited {
		return implicit(by)
	}
	return allowed
}

// limited reports whether the boundary or the session's policies leave the
// request out. A federated user has no permissions but those that its session
// policies share with its user ("If there is no session policy, … the request is
// implicitly denied").
func (e *evaluation) limited() (Source, bool) {
	p := e.policies
	if p.Boundary != nil && e.find(p.Boundary, Allow) == nil {
		return ByBoundary, true
	}
	if !p.HasSession && len(p.Session) == 0 && e.request.Principal.Type != FederatedUser {
		return "", false
	}
	for _, d := range p.Session {
		if e.find(d, Allow) != nil {
			return "", false
		}
	}
	return BySession, true
}
