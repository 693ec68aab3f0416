package awsapi

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Find tells which operation a request is for. The signing name is the service
// of its signature's credential scope, or empty if it has no signature; then the
// headers, the host and the path must do.
//
// The error is an *Error, as AWS's front end would give it. Found then has what
// is known all the same: always a protocol to answer in, and the service and the
// operation's name if the request gave them.
func (c *Catalog) Find(signingName string, r *Request) (Found, error) {
	s := &search{catalog: c, r: r, signing: signingName}
	s.found = Found{
		head:        r.Method == http.MethodHead,
		QueryMode:   strings.EqualFold(r.Header.Get("X-Amzn-Query-Mode"), "true"),
		JSONVersion: jsonVersion(r.Header.Get("Content-Type")),
	}
	if err := s.run(); err != nil {
		return s.found, err
	}
	return s.found, nil
}

// search is one run of Find.
type search struct {
	catalog  *Catalog
	r        *Request
	signing  string
	services []*Service // that the signature allows; nil if there is none
	found    Found
}

func (s *search) run() error {
	r := s.r
	s.found.Protocol = guessProtocol(r)
	if s.signing != "" {
		var err error
		if s.services, err = s.catalog.load(s.catalog.signedIDs(s.signing)); err != nil {
			return internalError(err)
		}
		if len(s.services) == 0 {
			return s.unknownService()
		}
		s.suppose(s.services)
	}
	if err := s.checkSigns(); err != nil {
		return err
	}
	if strings.EqualFold(r.Header.Get("Smithy-Protocol"), smithyProtocol) {
		return s.rpc()
	}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return s.target(target)
	}
	if mayBeForm(r) && s.allows(Query, EC2) {
		form, err := readForm(r)
		if err != nil {
			s.found.Protocol, s.found.Unclear = s.protocolOf(Query, EC2), true
			return &Error{Code: "MalformedQueryString", Message: err.Error(), Status: http.StatusBadRequest}
		}
		if action := form.Get("Action"); action != "" {
			return s.action(action, form)
		}
	}
	if s.signing != "" && !s.allows(RestJSON, RestXML) {
		return s.nothingNamed()
	}
	return s.route()
}

// suppose takes the service, and its protocol, that an answer must go by if
// nothing better is found.
func (s *search) suppose(services []*Service) {
	if len(services) > 0 && s.found.Service == nil {
		s.found.Service = services[0]
		if !services[0].Speaks(s.found.Protocol) {
			s.found.Protocol = services[0].Protocols[0]
		}
	}
}

// allows reports whether a service that may be meant speaks one of the
// protocols.
func (s *search) allows(protocols ...Protocol) bool {
	return s.signing == "" || s.protocolOf(protocols...) != ""
}

func (s *search) protocolOf(protocols ...Protocol) Protocol {
	for _, svc := range s.services {
		for _, p := range protocols {
			if svc.Speaks(p) {
				return p
			}
		}
	}
	if s.signing == "" {
		return protocols[0]
	}
	return ""
}

func (s *search) take(op *Operation, p Protocol) error {
	s.found.Service, s.found.Operation, s.found.Protocol, s.found.Name = op.Service, op, p, op.Name
	return nil
}

// named looks for an operation in the services with the target prefix, of those
// that the signature allows.
func (s *search) named(prefix, name string, p Protocol) (*Operation, error) {
	services := s.services
	if s.signing == "" {
		var err error
		if services, err = s.catalog.load(s.catalog.byTarget[prefix]); err != nil {
			return nil, internalError(err)
		}
	}
	services = slices.DeleteFunc(slices.Clone(services), func(svc *Service) bool {
		return shapeName(svc.TargetPrefix) != shapeName(prefix) || !svc.Speaks(p)
	})
	s.found.Protocol, s.found.Name = p, name
	if len(services) == 0 {
		return nil, unknownOperation(p, "No service has the operation "+printable(prefix+"."+name)+".")
	}
	slices.SortStableFunc(services, s.byHost)
	s.found.Service = services[0]
	for _, svc := range services {
		if op := svc.Operation(name); op != nil {
			return op, nil
		}
	}
	return nil, unknownOperation(p, services[0].FullName+" has no operation "+printable(name)+".")
}

// rpc reads /service/NAME/operation/NAME, which may stand behind another path.
func (s *search) rpc() error {
	segments := splitPath(s.r.Path)
	n := len(segments)
	if n < 4 || segments[n-4] != "service" || segments[n-2] != "operation" {
		s.found.Protocol = RPCv2
		return unknownOperation(RPCv2, "The path does not end in /service/NAME/operation/NAME.")
	}
	op, err := s.named(segments[n-3], segments[n-1], RPCv2)
	if err != nil {
		return err
	}
	return s.take(op, RPCv2)
}

func (s *search) target(target string) error {
	prefix, name := "", target
	if dot := strings.LastIndexByte(target, '.'); dot >= 0 {
		prefix, name = target[:dot], target[dot+1:]
	}
	op, err := s.named(prefix, name, JSON)
	if err != nil {
		return err
	}
	return s.take(op, JSON)
}

// action finds the operation of a Query request. Several services may sign with
// one name; then the version of the API tells which is meant.
func (s *search) action(action string, form url.Values) error {
	version := form.Get("Version")
	s.found.form, s.found.Name = form, action
	if name := firstTwin(form, "Action", "Version"); name != "" {
		s.found.Protocol = s.protocolOf(Query, EC2)
		return s.unclear(name + " is given more than once")
	}
	services := s.services
	if s.signing == "" {
		var err error
		if services, err = s.catalog.load(s.catalog.queryIDs(s.r.Host, version)); err != nil {
			return internalError(err)
		}
	}
	services = slices.DeleteFunc(slices.Clone(services), func(svc *Service) bool { return svc.queryProtocol() == "" })
	slices.SortStableFunc(services, func(a, b *Service) int {
		return cmp.Or(compareVersions(version, a.APIVersion, b.APIVersion), s.byHost(a, b), byPreference(a, b))
	})
	for _, svc := range services {
		if op := svc.Operation(action); op != nil {
			return s.take(op, svc.queryProtocol())
		}
	}
	s.found.Protocol = Query
	if len(services) > 0 {
		s.found.Service, s.found.Protocol = services[0], services[0].queryProtocol()
	}
	return unknownAction(s.found.Protocol, printable(action), printable(version))
}

// route finds the operation of a REST request.
func (s *search) route() error {
	query, err := parseQuery(s.r.RawQuery)
	if err != nil {
		return s.unreadable(err)
	}
	if s.signing != "" {
		return s.routeIn(s.services, query, nil)
	}
	byHost, err := s.catalog.load(s.catalog.hostIDs(s.r.Host))
	if err != nil {
		return internalError(err)
	}
	if len(byHost) > 0 {
		return s.routeIn(byHost, query, nil)
	}
	open, err := s.catalog.load(unsignedREST)
	if err != nil {
		return internalError(err)
	}
	kept := s.found
	unsigned := func(r *route, c *restCall) bool { return r.op.Unauthenticated && r.complete(c) }
	if s.routeIn(open, query, unsigned) == nil {
		return nil
	}
	s.found = kept
	s3, err := s.catalog.load([]string{"s3"})
	if err != nil {
		return internalError(err)
	}
	return s.routeIn(s3, query, nil)
}

// routeIn takes the route that fits best of all the services'.
func (s *search) routeIn(services []*Service, query url.Values, only func(*route, *restCall) bool) error {
	s.suppose(services)
	call := &restCall{header: s.r.Header, only: only}
	var best *route
	var err error
	for _, svc := range services {
		if svc.routes == nil {
			continue
		}
		f := Found{Service: svc}
		call.segments = splitPath(f.path(s.r))
		call.method, call.query = s.r.Method, query
		if asked := f.asked(s.r); asked != s.r {
			call.method = asked.Method
			if call.query, err = parseQuery(asked.RawQuery); err != nil {
				return s.unreadable(err)
			}
		}
		r := svc.routes.find(call)
		if r != nil && (best == nil || s.compare(r, best, call) < 0) {
			best = r
		}
	}
	if best != nil {
		if err := s.checkRoute(best, call.query); err != nil {
			return err
		}
		return s.take(s.express(best.op), best.op.Service.restProtocol())
	}
	if s.found.isS3() {
		return methodNotAllowed(s.r.Method)
	}
	return unknownOperation(s.found.Protocol, "No operation is at "+printable(s.r.Method)+" "+printable(s.r.Path)+".")
}

// compare orders the best routes of two services, the better one first. S3
// Control's paths could be those of S3's objects, were it not for its headers.
func (s *search) compare(a, b *route, c *restCall) int {
	return cmp.Or(
		-compareBool(a.hasHeaders(c), b.hasHeaders(c)),
		a.compare(b, c),
		s.byHost(a.op.Service, b.op.Service),
		byPreference(a.op.Service, b.op.Service),
	)
}

// express knows the one operation that only the signature tells from another:
// the list of S3's directory buckets is at the path of that of all buckets.
func (s *search) express(op *Operation) *Operation {
	if s.signing == "s3express" && op.Service.ID == "s3" && op.Name == "ListBuckets" {
		return op.Service.Operation("ListDirectoryBuckets")
	}
	return op
}

// nothingNamed refuses a request without any of the signs of a protocol that
// the service speaks. Whoever takes it all the same has read something that
// cannot be seen here.
func (s *search) nothingNamed() error {
	s.found.Unclear = true
	if p := s.protocolOf(Query, EC2); p != "" && s.protocolOf(JSON, RPCv2) == "" {
		s.found.Protocol = p
		return missingAction()
	}
	return unknownOperation(s.found.Protocol, "The request names no operation.")
}

// shapeName is the name of a service's shape in a target prefix. Some models
// put its namespace before it ("com.amazonaws.cloudtrail.v20131101."), and SDKs
// made of Smithy models leave that out.
func shapeName(prefix string) string { return prefix[strings.LastIndexByte(prefix, '.')+1:] }

func (s *search) unknownService() error {
	what := fmt.Sprintf("No AWS service signs requests with the name %s.", printable(s.signing))
	if target := s.r.Header.Get("X-Amz-Target"); target != "" {
		s.found.Name = target[strings.LastIndexByte(target, '.')+1:]
	}
	if s.found.Protocol == Query {
		return &Error{Code: "InvalidAction", Message: what, Status: http.StatusBadRequest}
	}
	return unknownOperation(s.found.Protocol, what)
}

// byHost orders services: first those whose endpoint's name the host has.
func (s *search) byHost(a, b *Service) int {
	return compareBool(!isEndpoint(s.r.Host, a.EndpointPrefix), !isEndpoint(s.r.Host, b.EndpointPrefix))
}

func isEndpoint(host, prefix string) bool {
	return len(host) > len(prefix) && host[len(prefix)] == '.' && strings.EqualFold(host[:len(prefix)], prefix)
}

// compareVersions orders the versions of two APIs by how well they serve a
// client that asks for one: the very version, then the newest that is older,
// then the oldest that is newer. Versions are dates.
func compareVersions(asked, a, b string) int {
	if aNewer, bNewer := a > asked, b > asked; aNewer != bNewer {
		return compareBool(aNewer, bNewer)
	} else if aNewer {
		return strings.Compare(a, b)
	}
	return strings.Compare(b, a)
}

func (s *Service) queryProtocol() Protocol {
	switch {
	case s.Speaks(Query):
		return Query
	case s.Speaks(EC2):
		return EC2
	}
	return ""
}

func (s *Service) restProtocol() Protocol {
	if s.Speaks(RestXML) {
		return RestXML
	}
	return RestJSON
}

func internalError(err error) *Error {
	return &Error{Code: "InternalFailure", Message: err.Error(), Status: http.StatusInternalServerError, ServerFault: true}
}
