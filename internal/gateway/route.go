package gateway

// Routes says which destination answers a service. Keys are service ids as the
// AWS CLI names them ("elbv2") or signing names ("elasticloadbalancing"), which
// then stand for every service that signs so.
type Routes struct {
	// Own are the services that Cairn is, whatever else is configured.
	Own map[string]Destination
	// Configured are the operator's routes.
	Configured map[string]Destination
	// Upstream answers everything else; nil where there is none.
	Upstream Destination
	// BuiltIn are the services that Cairn can stand in for; they answer
	// where no upstream is given.
	BuiltIn map[string]Destination
}

// To returns the destination of a service: its own, a configured one, the
// upstream, a built-in one, or a refusal, in this order.
func (r Routes) To(id, signingName string) Destination {
	for _, table := range []map[string]Destination{r.Own, r.Configured} {
		if d := table[id]; d != nil {
			return d
		}
		if d := table[signingName]; d != nil {
			return d
		}
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
