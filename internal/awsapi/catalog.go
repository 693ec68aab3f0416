package awsapi

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:embed models.zip
var table []byte

// Catalog gives the services of AWS. A service's model is read from the table
// when it is first asked for and then kept. A Catalog may be shared by
// goroutines.
type Catalog struct {
	entries   []TableEntry
	files     map[string]*zip.File
	bySigning map[string][]string
	byTarget  map[string][]string

	// models load on first use, each once, and none waits for another's.
	models map[string]func() (*Service, error)
}

// Open reads the index of the table that is built into the program.
func Open() (*Catalog, error) {
	archive, err := zip.NewReader(bytes.NewReader(table), int64(len(table)))
	if err != nil {
		return nil, fmt.Errorf("open the table of API models: %w", err)
	}
	c := &Catalog{
		files:     make(map[string]*zip.File),
		bySigning: make(map[string][]string),
		byTarget:  make(map[string][]string),
		models:    make(map[string]func() (*Service, error)),
	}
	for _, f := range archive.File {
		c.files[f.Name] = f
	}
	var index TableIndex
	if err := c.read("index.json", &index); err != nil {
		return nil, err
	}
	c.entries = index.Services
	for _, e := range c.entries {
		c.models[e.ID] = sync.OnceValues(func() (*Service, error) { return c.readService(e.ID) })
		if e.Historic {
			continue
		}
		c.bySigning[e.SigningName] = append(c.bySigning[e.SigningName], e.ID)
		if e.TargetPrefix != "" {
			c.byTarget[e.TargetPrefix] = append(c.byTarget[e.TargetPrefix], e.ID)
		}
	}
	return c, nil
}

// Services returns the ids of all services, sorted.
func (c *Catalog) Services() []string {
	var ids []string
	for _, e := range c.entries {
		if !e.Historic {
			ids = append(ids, e.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// Signed returns the ids of the services that sign with the name, for example
// elb and elbv2 for "elasticloadbalancing".
func (c *Catalog) Signed(signingName string) []string { return c.bySigning[signingName] }

// Service returns the model of a service by its id. A historic version is asked
// for as "id-version" ("ec2-2014-10-01").
func (c *Catalog) Service(id string) (*Service, error) {
	load := c.models[id]
	if load == nil {
		return nil, &UnknownServiceError{ID: id}
	}
	return load()
}

func (c *Catalog) readService(id string) (*Service, error) {
	var t TableService
	if err := c.read(id+".json", &t); err != nil {
		return nil, err
	}
	s, err := build(&t)
	if err != nil {
		return nil, fmt.Errorf("build the model of %s: %w", id, err)
	}
	return s, nil
}

// UnknownServiceError says that the table has no such service.
type UnknownServiceError struct{ ID string }

func (e *UnknownServiceError) Error() string { return fmt.Sprintf("no AWS service %q is known", e.ID) }

func (c *Catalog) read(name string, into any) error {
	f := c.files[name]
	if f == nil {
		return &UnknownServiceError{ID: strings.TrimSuffix(name, ".json")}
	}
	r, err := f.Open()
	if err != nil {
		return fmt.Errorf("open %s of the table of API models: %w", name, err)
	}
	defer r.Close()
	if err := json.NewDecoder(r).Decode(into); err != nil {
		return fmt.Errorf("read %s of the table of API models: %w", name, err)
	}
	return nil
}

// build turns a service's file into its model, resolving every reference.
func build(t *TableService) (*Service, error) {
	s := &Service{
		ID: t.ID, ServiceID: t.ServiceID, FullName: t.FullName, APIVersion: t.APIVersion,
		EndpointPrefix: t.EndpointPrefix, SigningName: t.SigningName, Protocols: t.Protocols,
		JSONVersion: t.JSONVersion, TargetPrefix: t.TargetPrefix, XMLNamespace: t.XMLNamespace,
		QueryCompatible: t.QueryCompatible,
		shapes:          make(map[string]*Shape, len(t.Shapes)),
		byName:          make(map[string]*Operation, len(t.Operations)),
	}
	for name := range t.Shapes {
		s.shapes[name] = &Shape{Name: name}
	}
	for name, ts := range t.Shapes {
		if err := s.fill(s.shapes[name], &ts); err != nil {
			return nil, fmt.Errorf("shape %s: %w", name, err)
		}
	}
	for i := range t.Operations {
		op, err := s.operation(&t.Operations[i])
		if err != nil {
			return nil, fmt.Errorf("operation %s: %w", t.Operations[i].Name, err)
		}
		s.Operations = append(s.Operations, op)
		s.byName[op.Name] = op
	}
	slices.SortFunc(s.Operations, func(a, b *Operation) int { return strings.Compare(a.Name, b.Name) })
	s.keepQuery()
	if s.Speaks(RestXML) && s.XMLNamespace == "" {
		s.XMLNamespace = s.rootNamespace()
	}
	if s.Speaks(RestJSON) || s.Speaks(RestXML) {
		s.bindREST()
	}
	return s, nil
}

func (s *Service) operation(t *TableOperation) (*Operation, error) {
	op := &Operation{
		Service: s, Name: t.Name, Method: t.Method, URI: t.URI, Code: t.Code,
		OutputWrapper: t.OutputWrapper, Unauthenticated: t.NoAuth,
		ReadOnly: t.ReadOnly, Idempotent: t.Idempotent, HostPrefix: t.HostPrefix,
	}
	if op.Method == "" {
		op.Method = "POST"
	}
	if op.URI == "" {
		op.URI = "/"
	}
	if op.Code == 0 {
		op.Code = 200
	}
	if t.Input != nil {
		m, err := s.ref(t.Input)
		if err != nil {
			return nil, err
		}
		op.Input, op.InputRoot = m.Shape, *m
	}
	if t.Output != "" {
		if op.Output = s.shapes[t.Output]; op.Output == nil {
			return nil, fmt.Errorf("no output shape %q", t.Output)
		}
	}
	for _, name := range t.Errors {
		shape := s.shapes[name]
		if shape == nil {
			return nil, fmt.Errorf("no error shape %q", name)
		}
		op.Errors = append(op.Errors, shape)
	}
	return op, nil
}

func (s *Service) fill(shape *Shape, t *TableShape) error {
	has := func(flag rune) bool { return strings.ContainsRune(t.Flags, flag) }
	shape.Kind, shape.Payload, shape.Enum, shape.Pattern = t.Kind, t.Payload, t.Enum, t.Pattern
	shape.Min, shape.Max = t.Min, t.Max
	shape.LocationName, shape.TimestampFormat = t.LocationName, t.TimestampFormat
	shape.Flattened, shape.Sensitive, shape.Streaming = has(FlagFlattened), has(FlagSensitive), has(FlagStreaming)
	shape.EventStream, shape.Event, shape.Document = has(FlagEventStream), has(FlagEvent), has(FlagDocument)
	shape.Union, shape.Sparse = has(FlagUnion), has(FlagSparse)
	if t.Error != nil {
		shape.Error = &ErrorTrait{Code: t.Error.Code, Status: t.Error.Status, SenderFault: t.Error.SenderFault}
	}
	if t.Pattern != "" {
		shape.pattern = compileOnce(t.Pattern)
	}
	shape.byName = make(map[string]*Member, len(t.Members))
	for i := range t.Members {
		m, err := s.ref(&t.Members[i])
		if err != nil {
			return err
		}
		shape.Members = append(shape.Members, m)
		shape.byName[m.Name] = m
	}
	if slices.ContainsFunc(shape.Members, func(m *Member) bool { return m.WireName() != m.Name }) {
		shape.byWire = make(map[string]*Member, len(shape.Members))
		for _, m := range shape.Members {
			shape.byWire[m.WireName()] = m
		}
	}
	for _, part := range []struct {
		from *TableRef
		to   **Member
	}{{t.Elem, &shape.Elem}, {t.Key, &shape.Key}, {t.Value, &shape.Value}} {
		if part.from == nil {
			continue
		}
		m, err := s.ref(part.from)
		if err != nil {
			return err
		}
		*part.to = m
	}
	return nil
}

func (s *Service) ref(t *TableRef) (*Member, error) {
	shape := s.shapes[t.Shape]
	if shape == nil {
		return nil, fmt.Errorf("no shape %q", t.Shape)
	}
	has := func(flag rune) bool { return strings.ContainsRune(t.Flags, flag) }
	return &Member{
		Name: t.Name, Shape: shape, Location: t.Location, LocationName: t.LocationName, QueryName: t.QueryName,
		Required: has(FlagRequired), Flattened: has(FlagFlattened), Streaming: has(FlagStreaming),
		XMLAttribute: has(FlagXMLAttribute), IdempotencyToken: has(FlagToken), HostLabel: has(FlagHostLabel),
		JSONValue: has(FlagJSONValue), EventPayload: has(FlagEventPayload), EventHeader: has(FlagEventHeader),
		NamespacePrefix: t.NamespacePrefix, NamespaceURI: t.NamespaceURI,
	}, nil
}

// rootNamespace is the XML namespace of a REST service: its model gives it at
// the roots of requests only, and the service puts its answers there too.
func (s *Service) rootNamespace() string {
	for _, op := range s.Operations {
		if op.Input == nil {
			continue
		}
		if op.InputRoot.NamespaceURI != "" {
			return op.InputRoot.NamespaceURI
		}
		if payload := op.Input.Member(op.Input.Payload); payload != nil && payload.NamespaceURI != "" {
			return payload.NamespaceURI
		}
	}
	return ""
}
