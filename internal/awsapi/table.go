package awsapi

// The types below are the form of the table in models.zip: one JSON file a
// service, and index.json. Only this package and its generator use them; they
// are exported so that the generator can be a program of its own.

// TableIndex is index.json.
type TableIndex struct {
	// Source names what the table was generated from.
	Source   string       `json:"source"`
	Services []TableEntry `json:"services"`
}

// TableEntry says of a service what must be known to find it.
type TableEntry struct {
	ID             string     `json:"id"`
	APIVersion     string     `json:"apiVersion"`
	EndpointPrefix string     `json:"endpointPrefix"`
	SigningName    string     `json:"signingName"`
	TargetPrefix   string     `json:"targetPrefix,omitempty"`
	ServiceID      string     `json:"serviceId"`
	Protocols      []Protocol `json:"protocols"`
	// Historic versions are kept for their names only; no client speaks them.
	Historic bool `json:"historic,omitempty"`
}

// TableService is a service's file.
type TableService struct {
	TableEntry
	FullName        string                `json:"name"`
	JSONVersion     string                `json:"jsonVersion,omitempty"`
	XMLNamespace    string                `json:"xmlNamespace,omitempty"`
	QueryCompatible bool                  `json:"queryCompatible,omitempty"`
	Operations      []TableOperation      `json:"operations"`
	Shapes          map[string]TableShape `json:"shapes"`
}

// TableOperation is an operation; absent values are the protocol's defaults.
type TableOperation struct {
	Name          string    `json:"n"`
	Method        string    `json:"m,omitempty"`
	URI           string    `json:"u,omitempty"`
	Code          int       `json:"c,omitempty"`
	Input         *TableRef `json:"in,omitempty"`
	Output        string    `json:"out,omitempty"`
	OutputWrapper string    `json:"w,omitempty"`
	Errors        []string  `json:"e,omitempty"`
	NoAuth        bool      `json:"na,omitempty"`
	ReadOnly      bool      `json:"ro,omitempty"`
	Idempotent    bool      `json:"i,omitempty"`
	HostPrefix    string    `json:"h,omitempty"`
}

// TableShape is a shape.
type TableShape struct {
	Kind            Kind        `json:"t"`
	Members         []TableRef  `json:"m,omitempty"`
	Elem            *TableRef   `json:"e,omitempty"`
	Key             *TableRef   `json:"k,omitempty"`
	Value           *TableRef   `json:"v,omitempty"`
	Payload         string      `json:"p,omitempty"`
	Enum            []string    `json:"en,omitempty"`
	Pattern         string      `json:"re,omitempty"`
	Min             *float64    `json:"min,omitempty"`
	Max             *float64    `json:"max,omitempty"`
	LocationName    string      `json:"ln,omitempty"`
	TimestampFormat string      `json:"tf,omitempty"`
	Flags           string      `json:"f,omitempty"` // see shapeFlags
	Error           *TableError `json:"err,omitempty"`
}

// TableRef is a use of a shape.
type TableRef struct {
	Name            string   `json:"n,omitempty"`
	Shape           string   `json:"s"`
	Location        Location `json:"l,omitempty"`
	LocationName    string   `json:"ln,omitempty"`
	QueryName       string   `json:"q,omitempty"`
	Flags           string   `json:"f,omitempty"` // see refFlags
	NamespacePrefix string   `json:"np,omitempty"`
	NamespaceURI    string   `json:"nu,omitempty"`
}

// TableError is the form of an exception.
type TableError struct {
	Code        string `json:"c,omitempty"`
	Status      int    `json:"s,omitempty"`
	SenderFault bool   `json:"f,omitempty"`
}

// Flags of TableShape.Flags, one letter each.
const (
	FlagFlattened   = 'F'
	FlagSensitive   = 'S'
	FlagStreaming   = 'T'
	FlagEventStream = 'V'
	FlagEvent       = 'E'
	FlagDocument    = 'D'
	FlagUnion       = 'U'
	FlagSparse      = 'P'
)

// Flags of TableRef.Flags, beside FlagFlattened and FlagStreaming.
const (
	FlagRequired     = 'R'
	FlagXMLAttribute = 'A'
	FlagToken        = 'I'
	FlagHostLabel    = 'H'
	FlagJSONValue    = 'J'
	FlagEventPayload = 'Y'
	FlagEventHeader  = 'X'
)
