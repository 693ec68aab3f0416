package awsapi

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A request can say in several places what it asks: in X-Amz-Target, in the
// Action of its query and of its body, in its path. Servers differ in which they
// look at first, so a request that says two things is one operation to whoever
// records it and another to whoever carries it out. Clients send no such
// requests, and none is taken.

// signHeaders tell the operation and how to read its parameters.
var signHeaders = []string{"Content-Type", "X-Amz-Target", "Smithy-Protocol"}

// unclear refuses a request that can be read in several ways.
func (s *search) unclear(why string) error { return s.unreadable(errors.New(why)) }

func (s *search) unreadable(err error) error {
	s.found.Unclear = true
	return malformed(&s.found, err)
}

// checkSigns refuses a request that names its operation more than once.
func (s *search) checkSigns() error {
	h := s.r.Header
	for _, name := range signHeaders {
		if len(h.Values(name)) > 1 {
			return s.unclear(name + " is given more than once")
		}
	}
	target, rpc := h.Get("X-Amz-Target"), h.Get("Smithy-Protocol")
	if target == "" && rpc == "" {
		return nil
	}
	s.found.Name = target[strings.LastIndexByte(target, '.')+1:]
	if target != "" && rpc != "" {
		return s.unclear("both X-Amz-Target and Smithy-Protocol are given")
	}
	if !mayBeForm(s.r) {
		return nil
	}
	form, err := readForm(s.r)
	switch {
	case err != nil && saysForm(s.r):
		return s.unreadable(err)
	case err == nil && form.Has("Action"):
		return s.unclear("the operation is named both by a header and by an Action")
	}
	return nil
}

// firstTwin returns the first of the names that is given with several values.
func firstTwin(values url.Values, names ...string) string {
	for _, name := range names {
		if slices.ContainsFunc(values[name], func(v string) bool { return v != values[name][0] }) {
			return name
		}
	}
	return ""
}

// checkRoute refuses a REST request that is another operation, too: by an
// Action, or by the sub-resources that tell S3's operations apart.
func (s *search) checkRoute(best *route, query url.Values) error {
	if query.Has("Action") && !best.asks("Action") {
		return s.unclear("the operation is named both by the path and by an Action")
	}
	if best.op.Service.ID != "s3" || len(query) < 2 {
		return nil
	}
	names := best.conflicts(query)
	if len(names) == 0 {
		return nil
	}
	s.found.Unclear, s.found.Service, s.found.Protocol = true, best.op.Service, RestXML
	// S3's own words.
	return &Error{Code: "InvalidArgument", Status: http.StatusBadRequest,
		Message: "Conflicting query string parameters: " + strings.Join(names, ", "),
		Fields:  map[string]any{"ArgumentName": "ResourceType", "ArgumentValue": names[0]}}
}

// asks reports whether the operation has a parameter of the query.
func (r *route) asks(name string) bool {
	return r.op.Input != nil && slices.ContainsFunc(r.op.Input.Members, func(m *Member) bool {
		return m.Location == InQueryString && m.WireName() == name
	})
}

// marks are the parameters of the query that tell the route from others of the
// same path.
func (r *route) marks() []string {
	names := slices.Clone(r.query)
	for _, l := range r.literals {
		names = append(names, l.key)
	}
	return names
}

// conflicts returns the marks of the route and of all the others that the query
// has in full, if there are others that the route itself does not have.
func (r *route) conflicts(query url.Values) []string {
	own := r.marks()
	all := own
	for _, op := range r.op.Service.Operations {
		marks := op.route.marks()
		if op.Method != r.op.Method || op.route.rank != r.rank || !op.route.fits(&restCall{query: query}) ||
			slices.ContainsFunc(marks, func(name string) bool { return !query.Has(name) }) {
			continue
		}
		for _, name := range marks {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	if len(all) == len(own) {
		return nil
	}
	slices.Sort(all)
	return all
}
