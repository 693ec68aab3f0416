package awsapi

import "regexp"

// Kind is the type of a shape, as the API models name it.
type Kind string

// The kinds that a model uses. Byte, short and character do not occur in any
// model.
const (
	Structure Kind = "structure"
	List      Kind = "list"
	Map       Kind = "map"
	String    Kind = "string"
	Blob      Kind = "blob"
	Boolean   Kind = "boolean"
	Integer   Kind = "integer"
	Long      Kind = "long"
	Float     Kind = "float"
	Double    Kind = "double"
	Timestamp Kind = "timestamp"
)

// Protocol is the wire protocol of a request, by the name that the API models
// use.
type Protocol string

// The protocols that AWS's services speak. A service may speak several.
const (
	Query    Protocol = "query"
	EC2      Protocol = "ec2"
	JSON     Protocol = "json"
	RestJSON Protocol = "rest-json"
	RestXML  Protocol = "rest-xml"
	RPCv2    Protocol = "smithy-rpc-v2-cbor"
)

// Location says where in an HTTP message a top-level member travels. The empty
// location is the body.
type Location string

// The locations outside the body.
const (
	InURI         Location = "uri"
	InQueryString Location = "querystring"
	InHeader      Location = "header"
	InHeaders     Location = "headers"
	InStatusCode  Location = "statusCode"
)

// Service is one API of AWS at one version. It is immutable once loaded and may
// be shared by goroutines.
type Service struct {
	// ID is the service's name in the AWS CLI, for example "elbv2".
	ID string
	// ServiceID is the model's own name, for example
	// "Elastic Load Balancing v2"; FullName is the one used in prose.
	ServiceID, FullName string
	APIVersion          string
	// EndpointPrefix is the first label of the service's host names;
	// SigningName is the service in the credential scope of a signature.
	EndpointPrefix, SigningName string
	// Protocols lists what the service speaks, preferred first.
	Protocols []Protocol
	// JSONVersion is "1.0" or "1.1", and TargetPrefix the part of
	// X-Amz-Target before the operation, for services that speak JSON.
	JSONVersion, TargetPrefix string
	XMLNamespace              string
	// QueryCompatible services moved from Query to another protocol and keep
	// their old error codes in the x-amzn-query-error header.
	QueryCompatible bool

	// Operations is sorted by name.
	Operations []*Operation
	shapes     map[string]*Shape
	byName     map[string]*Operation
	routes     *routeTable // of the REST protocols; nil for the others
}

// Operation returns the operation of that name, or nil.
func (s *Service) Operation(name string) *Operation { return s.byName[name] }

// Shape returns the shape of that name, or nil.
func (s *Service) Shape(name string) *Shape { return s.shapes[name] }

// Speaks reports whether the service has the protocol.
func (s *Service) Speaks(p Protocol) bool {
	for _, have := range s.Protocols {
		if have == p {
			return true
		}
	}
	return false
}

// Operation is one call of a service.
type Operation struct {
	Service *Service
	Name    string
	// Method, URI and Code are those of the REST protocols; the others use
	// POST / and 200. URI may hold labels ({Bucket}, {Key+}) and a query.
	Method, URI string
	Code        int
	// Input and Output are nil where the operation has none. OutputWrapper
	// is the element that Query services put around the output.
	Input, Output *Shape
	OutputWrapper string
	InputRoot     Member // the root element of a rest-xml body, if the model names one
	Errors        []*Shape
	// Unauthenticated operations need no signature (AssumeRoleWithSAML …).
	Unauthenticated bool
	// ReadOnly and Idempotent are the model's traits; most models do not
	// give them, so their absence says nothing.
	ReadOnly, Idempotent bool
	// HostPrefix is put before the endpoint's host by clients ("api.").
	HostPrefix string

	route *route // of the REST protocols; nil for the others
}

// Shape is a type of a service's model.
type Shape struct {
	Name string
	Kind Kind

	// Members are those of a structure, in the model's order.
	Members []*Member
	byName  map[string]*Member
	byWire  map[string]*Member    // nil if every member has its own name on the wire
	pattern func() *regexp.Regexp // Pattern, compiled; nil if it has none
	bound   *bindings             // of REST messages; nil for other structures
	// Elem is the element of a list; Key and Value are those of a map.
	Elem, Key, Value *Member

	// Payload names the member that is the whole body of a REST message.
	Payload string
	// Enum lists a string's values. Services add values without notice, so
	// it constrains only what a service itself checks.
	Enum    []string
	Pattern string
	// Min and Max bound a number's value, or the length of a string, blob,
	// list or map; nil is unbounded.
	Min, Max *float64

	// LocationName is the element of a structure's root, where it has one.
	LocationName    string
	TimestampFormat string // "", iso8601, rfc822 or unixTimestamp
	Flattened       bool
	Sensitive       bool
	Streaming       bool
	EventStream     bool
	Event           bool
	Document        bool // any JSON value
	Union           bool
	Sparse          bool

	// Error is set for exceptions.
	Error *ErrorTrait
}

// Member returns the member of a structure by its model name, or nil.
func (s *Shape) Member(name string) *Member {
	if s == nil {
		return nil
	}
	return s.byName[name]
}

// memberOnWire returns the member of a structure by its name on the wire, or nil.
func (s *Shape) memberOnWire(name string) *Member {
	if s.byWire != nil {
		return s.byWire[name]
	}
	return s.byName[name]
}

// Member is a use of a shape: as member of a structure, element of a list, or
// key or value of a map.
type Member struct {
	Name  string // empty for elements, keys and values
	Shape *Shape

	Location     Location
	LocationName string // name on the wire, where it differs from Name
	QueryName    string // name in an EC2 request, where the model gives one

	Required         bool
	Flattened        bool
	Streaming        bool
	XMLAttribute     bool
	IdempotencyToken bool
	HostLabel        bool
	JSONValue        bool // a header whose value is base64 of JSON
	EventPayload     bool
	EventHeader      bool
	NamespacePrefix  string // of the XML namespace
	NamespaceURI     string
}

// WireName is the member's name on the wire.
func (m *Member) WireName() string {
	if m.LocationName != "" {
		return m.LocationName
	}
	return m.Name
}

// ErrorTrait is what the model says of an exception's form on the wire.
type ErrorTrait struct {
	Code        string // empty: the shape's name is the code
	Status      int    // 0: not given
	SenderFault bool
}
