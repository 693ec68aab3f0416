package awsapi

import (
	"net/http"
	"strings"
)

// bindings sort the members of a structure by where they travel in a REST
// message. They are made once, when a service is loaded.
type bindings struct {
	labels   map[string]*Member // of the URI's template, by name on the wire
	query    []*Member
	queryMap *Member // takes the parameters that nothing else takes
	headers  []boundHeader
	prefixed []*Member // maps of headers with a common prefix
	status   *Member
	payload  *Member // the whole body; nil if the body is made of members
	hasBody  bool    // some member is of the body
	// contentType is set if the type of the body is a member itself, which
	// then is sent only if the caller gives it.
	contentType bool
}

type boundHeader struct {
	*Member
	key string // canonical
}

// noBindings are those of an operation without parameters.
var noBindings = &bindings{}

// bindREST makes what the REST protocols need to know of a service whose shapes
// are all there.
func (s *Service) bindREST() {
	for _, op := range s.Operations {
		for _, shape := range append([]*Shape{op.Input, op.Output}, op.Errors...) {
			if shape != nil && shape.bound == nil {
				shape.bound = bind(shape)
			}
		}
	}
	s.routes = newRouteTable(s.Operations)
}

func bind(s *Shape) *bindings {
	b := &bindings{payload: s.byName[s.Payload]}
	for _, m := range s.Members {
		switch m.Location {
		case InURI:
			if b.labels == nil {
				b.labels = make(map[string]*Member)
			}
			b.labels[m.WireName()] = m
		case InQueryString:
			if m.Shape.Kind == Map {
				b.queryMap = m
			} else {
				b.query = append(b.query, m)
			}
		case InHeader:
			key := http.CanonicalHeaderKey(m.WireName())
			b.headers = append(b.headers, boundHeader{m, key})
			b.contentType = b.contentType || key == "Content-Type"
		case InHeaders:
			b.prefixed = append(b.prefixed, m)
		case InStatusCode:
			b.status = m
		default:
			b.hasBody = true
		}
	}
	return b
}

// bindingsOf returns the bindings of an operation's input or output.
func bindingsOf(s *Shape) *bindings {
	if s == nil {
		return noBindings
	}
	if s.bound == nil { // an error that no operation names
		return bind(s)
	}
	return s.bound
}

// streamed reports whether the body is not a value: an object, or a stream of
// events.
func (b *bindings) streamed() bool {
	p := b.payload
	return p != nil && (p.Streaming || p.Shape.Streaming || p.Shape.EventStream)
}

// isQuery reports whether a parameter of the URI belongs to a member, to the
// template or to the signature, and so is none of a map's.
func (b *bindings) isQuery(name string, literal []literal) bool {
	for _, m := range b.query {
		if m.WireName() == name {
			return true
		}
	}
	for _, l := range literal {
		if l.key == name {
			return true
		}
	}
	return len(name) > 6 && strings.EqualFold(name[:6], "x-amz-")
}
