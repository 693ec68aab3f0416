package awsapi

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// routeTable finds the operation of a REST request from its method and path: a
// tree of path segments for each method. It is made once, when a service is
// loaded.
type routeTable struct {
	methods map[string]*routeNode
}

type routeNode struct {
	literals map[string]*routeNode
	label    *routeNode // one segment
	greedy   *routeNode // one segment or more
	routes   []*route   // that end here
}

// route is the template of an operation's URI, taken apart.
type route struct {
	op       *Operation
	segments []segment
	literals []literal // of the query: ?list-type=2, ?delete
	// Members that must be there tell apart operations of one template:
	// UploadPart is PutObject with a part number.
	query   []string
	headers []string // canonical
	// rank orders routes by their paths, most specific first.
	rank string
	// slash is set if the template ends in one. Paths match without regard
	// to it, but Bedrock and Lex have operations that only it tells apart.
	slash bool
}

type segment struct {
	kind rune // segLiteral, segLabel or segGreedy
	text string
}

// The kinds of segments, in the order of preference.
const (
	segLiteral = 'a'
	segLabel   = 'b'
	segGreedy  = 'c'
	segEnd     = 'd'
)

type literal struct {
	key, value string
	anyValue   bool
}

func newRouteTable(ops []*Operation) *routeTable {
	t := &routeTable{methods: make(map[string]*routeNode)}
	for _, op := range ops {
		op.route = newRoute(op)
		root := t.methods[op.Method]
		if root == nil {
			root = &routeNode{}
			t.methods[op.Method] = root
		}
		n := root.descend(op.route.segments)
		n.routes = append(n.routes, op.route)
	}
	return t
}

func newRoute(op *Operation) *route {
	path, query, _ := strings.Cut(op.URI, "?")
	r := &route{op: op, slash: len(path) > 1 && strings.HasSuffix(path, "/")}
	for _, text := range splitPath(strings.TrimSuffix(path, "/")) {
		s := segment{kind: segLiteral, text: text}
		if inner, ok := strings.CutPrefix(text, "{"); ok {
			s = segment{kind: segLabel, text: strings.TrimSuffix(inner, "}")}
			if name, ok := strings.CutSuffix(s.text, "+"); ok {
				s = segment{kind: segGreedy, text: name}
			}
		}
		r.segments = append(r.segments, s)
		r.rank += string(s.kind)
	}
	r.rank += string(segEnd)
	for part := range strings.SplitSeq(query, "&") {
		if part != "" {
			key, value, given := strings.Cut(part, "=")
			r.literals = append(r.literals, literal{key: key, value: value, anyValue: !given})
		}
	}
	if op.Input != nil {
		for _, m := range op.Input.Members {
			switch {
			case m.Required && m.Location == InQueryString:
				r.query = append(r.query, m.WireName())
			case m.Required && m.Location == InHeader:
				r.headers = append(r.headers, http.CanonicalHeaderKey(m.WireName()))
			}
		}
	}
	return r
}

func (n *routeNode) descend(segments []segment) *routeNode {
	for _, s := range segments {
		var next **routeNode
		switch s.kind {
		case segLabel:
			next = &n.label
		case segGreedy:
			next = &n.greedy
		default:
			if n.literals == nil {
				n.literals = make(map[string]*routeNode)
			}
			child := n.literals[s.text]
			next = &child
			if child == nil {
				child = &routeNode{}
				n.literals[s.text] = child
			}
		}
		if *next == nil {
			*next = &routeNode{}
		}
		n = *next
	}
	return n
}

// splitPath cuts an escaped path into its segments. The root has none.
func splitPath(path string) []string {
	path = strings.TrimPrefix(path, "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// restCall is what routes are matched against.
type restCall struct {
	method   string
	segments []string
	query    url.Values
	header   http.Header
	// only, if set, restricts the routes.
	only func(*route, *restCall) bool
}

func (c *restCall) slash() bool {
	return len(c.segments) > 0 && c.segments[len(c.segments)-1] == ""
}

// find returns the route that fits best, or nil.
func (t *routeTable) find(c *restCall) *route {
	root := t.methods[c.method]
	if root == nil {
		return nil
	}
	var best *route
	root.search(c, c.segments, &best)
	return best
}

// search visits every place in the tree that the path leads to. Templates have
// one greedy label at most, so a path of n segments has at most n places for
// each template.
func (n *routeNode) search(c *restCall, rest []string, best **route) {
	if len(rest) == 0 || len(rest) == 1 && rest[0] == "" {
		for _, r := range n.routes {
			if r.fits(c) && (*best == nil || cmp.Or(r.compare(*best, c), compareTwins(r.op, (*best).op)) < 0) {
				*best = r
			}
		}
	}
	if len(rest) == 0 {
		return
	}
	if next := n.literals[rest[0]]; next != nil {
		next.search(c, rest[1:], best)
	}
	if n.label != nil && rest[0] != "" {
		n.label.search(c, rest[1:], best)
	}
	if n.greedy != nil && !(len(rest) == 1 && rest[0] == "") {
		n.greedy.searchAfter(c, rest, best)
	}
}

// searchAfter lets a greedy label take one segment, two, and so on.
func (n *routeNode) searchAfter(c *restCall, rest []string, best **route) {
	if n.literals == nil && n.label == nil && n.greedy == nil { // the usual case: it takes all
		n.search(c, nil, best)
		return
	}
	for taken := 1; taken <= len(rest); taken++ {
		n.search(c, rest[taken:], best)
	}
}

// fits reports whether the query has what the template says.
func (r *route) fits(c *restCall) bool {
	for _, l := range r.literals {
		values, ok := c.query[l.key]
		if !ok || !l.anyValue && !slices.Contains(values, l.value) {
			return false
		}
	}
	return c.only == nil || c.only(r, c)
}

// complete reports whether every required parameter of the query is there.
func (r *route) complete(c *restCall) bool {
	for _, name := range r.query {
		if _, ok := c.query[name]; !ok {
			return false
		}
	}
	return r.hasHeaders(c)
}

// hasHeaders reports whether every required header is there.
func (r *route) hasHeaders(c *restCall) bool {
	for _, key := range r.headers {
		if _, ok := c.header[key]; !ok {
			return false
		}
	}
	return true
}

// compare orders routes that fit, the better one first: the more specific path,
// the more specific query, nothing missing, more requirements met, the same
// slash at the end.
func (r *route) compare(o *route, c *restCall) int {
	return cmp.Or(
		strings.Compare(r.rank, o.rank),
		cmp.Compare(len(o.literals), len(r.literals)),
		-compareBool(r.complete(c), o.complete(c)),
		cmp.Compare(len(o.query)+len(o.headers), len(r.query)+len(r.headers)),
		compareBool(r.slash != c.slash(), o.slash != c.slash()),
	)
}

// compareTwins orders operations of a service that a request does not tell
// apart.
func compareTwins(a, b *Operation) int {
	return cmp.Or(compareBool(isLesserTwin(a), isLesserTwin(b)), strings.Compare(a.Name, b.Name))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// values returns what a path has for the template's labels, unescaped. It
// reports false for a path that is not of the template.
func (r *route) values(segments []string) (map[string]string, bool) {
	if r == nil {
		return nil, false
	}
	values := make(map[string]string, len(r.segments))
	for i, s := range r.segments {
		if len(segments) == 0 {
			return nil, false
		}
		taken := 1
		if s.kind == segGreedy {
			taken = max(len(segments)-(len(r.segments)-i-1), 1)
		}
		text := segments[0]
		if taken > 1 {
			text = strings.Join(segments[:taken], "/")
		}
		segments = segments[taken:]
		if s.kind == segLiteral {
			continue
		}
		value, err := url.PathUnescape(text)
		if err != nil {
			return nil, false
		}
		values[s.text] = value
	}
	return values, true
}
