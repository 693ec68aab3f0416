package gateway

// Routes says which destination answers a service. Keys are service ids as the
// AWS CLI names them ("elbv2") or signing names ("elasticloadbalancing"), which
// then stand for every service that signs so.
type Routes struct {
	// Own are the services that Cairn is, whatever else is configured.
	Own map[string]Destination
	// Preferred are the ids of services whose built-in destination answers
	// before the upstream does.
	Preferred map[string]bool
	// Configured are the operator's routes.
	Configured map[string]Destination
	// Upstream answers everything else; nil where there is none.
	Upstream Destination
	// BuiltIn are the services that Cairn can stand in for; they answer
	// where no upstream is given. Keys are service ids.
	BuiltIn map[string]Destination
}

// StandsIn reports whether a service that is built in answers, and not another in
// its place, whose resources are its own to decide about.
func (r Routes) StandsIn(id string) bool {
	return r.Preferred[id] || r.Upstream == nil && r.Configured[id] == nil
}

// To returns the destination of a service: its own, a preferred built-in one, a
// configured one, the upstream, a built-in one, or a refusal, in this order.
func (r Routes) To(id, signingName string) Destination {
	if d := either(r.Own, id, signingName); d != nil {
		return d
	}
	if d := r.BuiltIn[id]; d != nil && r.Preferred[id] {
		return d
	}
	if d := either(r.Configured, id, signingName); d != nil {
		return d
	}
	if r.Upstream != nil {
		return r.Upstream
	}
	if d := r.BuiltIn[id]; d != nil {
		return d
	}
	if id == "" {
		id = signingName
	}
	return NoBackend(id)
}

// either finds a service by its id or else by its signing name.
func either(table map[string]Destination, id, signingName string) Destination {
	if d := table[id]; d != nil {
		return d
	}
	return table[signingName]
}
