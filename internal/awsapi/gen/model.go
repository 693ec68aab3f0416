package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// model is a botocore service-2.json, as far as the table needs it.
type model struct {
	Metadata struct {
		APIVersion         string            `json:"apiVersion"`
		EndpointPrefix     string            `json:"endpointPrefix"`
		SigningName        string            `json:"signingName"`
		ServiceID          string            `json:"serviceId"`
		ServiceFullName    string            `json:"serviceFullName"`
		Protocol           awsapi.Protocol   `json:"protocol"`
		Protocols          []awsapi.Protocol `json:"protocols"`
		JSONVersion        string            `json:"jsonVersion"`
		TargetPrefix       string            `json:"targetPrefix"`
		XMLNamespace       any               `json:"xmlNamespace"`
		AWSQueryCompatible json.RawMessage   `json:"awsQueryCompatible"`
	} `json:"metadata"`
	Operations map[string]operation `json:"operations"`
	Shapes     map[string]shape     `json:"shapes"`
}

type operation struct {
	HTTP struct {
		Method string `json:"method"`
		URI    string `json:"requestUri"`
		Code   int    `json:"responseCode"`
	} `json:"http"`
	Input  *ref `json:"input"`
	Output *struct {
		Shape   string `json:"shape"`
		Wrapper string `json:"resultWrapper"`
	} `json:"output"`
	Errors     []ref    `json:"errors"`
	AuthType   string   `json:"authtype"`
	Auth       []string `json:"auth"`
	ReadOnly   bool     `json:"readonly"`
	Idempotent bool     `json:"idempotent"`
	Endpoint   struct {
		HostPrefix string `json:"hostPrefix"`
	} `json:"endpoint"`
}

type shape struct {
	Type            awsapi.Kind `json:"type"`
	Members         members     `json:"members"`
	Required        []string    `json:"required"`
	Member          *ref        `json:"member"`
	Key             *ref        `json:"key"`
	Value           *ref        `json:"value"`
	Payload         string      `json:"payload"`
	Enum            []string    `json:"enum"`
	Pattern         string      `json:"pattern"`
	Min             *float64    `json:"min"`
	Max             *float64    `json:"max"`
	LocationName    string      `json:"locationName"`
	TimestampFormat string      `json:"timestampFormat"`
	Flattened       bool        `json:"flattened"`
	Sensitive       bool        `json:"sensitive"`
	Streaming       bool        `json:"streaming"`
	EventStream     bool        `json:"eventstream"`
	Event           bool        `json:"event"`
	Document        bool        `json:"document"`
	Union           bool        `json:"union"`
	Sparse          bool        `json:"sparse"`
	Exception       bool        `json:"exception"`
	Fault           bool        `json:"fault"`
	Error           *struct {
		Code        string `json:"code"`
		Status      int    `json:"httpStatusCode"`
		SenderFault bool   `json:"senderFault"`
	} `json:"error"`
}

type ref struct {
	Shape            string          `json:"shape"`
	Location         awsapi.Location `json:"location"`
	LocationName     string          `json:"locationName"`
	QueryName        string          `json:"queryName"`
	Flattened        bool            `json:"flattened"`
	Streaming        bool            `json:"streaming"`
	XMLAttribute     bool            `json:"xmlAttribute"`
	IdempotencyToken bool            `json:"idempotencyToken"`
	HostLabel        bool            `json:"hostLabel"`
	JSONValue        bool            `json:"jsonvalue"`
	EventPayload     bool            `json:"eventpayload"`
	EventHeader      bool            `json:"eventheader"`
	XMLNamespace     any             `json:"xmlNamespace"`
}

// members keeps the order in which a model lists them.
type members []namedRef

type namedRef struct {
	name string
	ref
}

func (m *members) UnmarshalJSON(b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		r := namedRef{name: name.(string)}
		if err := dec.Decode(&r.ref); err != nil {
			return fmt.Errorf("member %s: %w", r.name, err)
		}
		*m = append(*m, r)
	}
	return nil
}

func convert(id, path string) (*awsapi.TableService, error) {
	m, err := readModel(path)
	if err != nil {
		return nil, err
	}
	md := m.Metadata
	uri, _ := namespace(md.XMLNamespace)
	t := &awsapi.TableService{
		TableEntry: awsapi.TableEntry{
			ID: id, APIVersion: md.APIVersion, EndpointPrefix: md.EndpointPrefix, SigningName: md.SigningName,
			TargetPrefix: md.TargetPrefix, ServiceID: md.ServiceID, Protocols: md.Protocols,
		},
		FullName: md.ServiceFullName, JSONVersion: md.JSONVersion, XMLNamespace: uri,
		QueryCompatible: len(md.AWSQueryCompatible) > 0,
		Shapes:          make(map[string]awsapi.TableShape, len(m.Shapes)),
	}
	if t.SigningName == "" {
		t.SigningName = t.EndpointPrefix
	}
	if len(t.Protocols) == 0 {
		t.Protocols = []awsapi.Protocol{md.Protocol}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Operations)) {
		t.Operations = append(t.Operations, convertOperation(name, m.Operations[name]))
	}
	for name, s := range m.Shapes {
		t.Shapes[name] = convertShape(s)
	}
	return t, nil
}

func convertOperation(name string, o operation) awsapi.TableOperation {
	t := awsapi.TableOperation{
		Name: name, ReadOnly: o.ReadOnly, Idempotent: o.Idempotent, HostPrefix: o.Endpoint.HostPrefix,
		NoAuth: o.AuthType == "none" || slices.Contains(o.Auth, "smithy.api#noAuth"),
	}
	if o.HTTP.Method != "POST" {
		t.Method = o.HTTP.Method
	}
	if o.HTTP.URI != "/" {
		t.URI = o.HTTP.URI
	}
	if o.HTTP.Code != 200 {
		t.Code = o.HTTP.Code
	}
	if o.Input != nil {
		t.Input = convertRef("", *o.Input, false)
	}
	if o.Output != nil {
		t.Output, t.OutputWrapper = o.Output.Shape, o.Output.Wrapper
	}
	for _, e := range o.Errors {
		t.Errors = append(t.Errors, e.Shape)
	}
	return t
}

func convertShape(s shape) awsapi.TableShape {
	t := awsapi.TableShape{
		Kind: s.Type, Payload: s.Payload, Enum: s.Enum, Pattern: s.Pattern, Min: s.Min, Max: s.Max,
		LocationName: s.LocationName, TimestampFormat: s.TimestampFormat,
		Flags: flags(map[rune]bool{
			awsapi.FlagFlattened: s.Flattened, awsapi.FlagSensitive: s.Sensitive, awsapi.FlagStreaming: s.Streaming,
			awsapi.FlagEventStream: s.EventStream, awsapi.FlagEvent: s.Event, awsapi.FlagDocument: s.Document,
			awsapi.FlagUnion: s.Union, awsapi.FlagSparse: s.Sparse,
		}),
	}
	for _, m := range s.Members {
		t.Members = append(t.Members, *convertRef(m.name, m.ref, slices.Contains(s.Required, m.name)))
	}
	if s.Member != nil {
		t.Elem = convertRef("", *s.Member, false)
	}
	if s.Key != nil {
		t.Key = convertRef("", *s.Key, false)
	}
	if s.Value != nil {
		t.Value = convertRef("", *s.Value, false)
	}
	if s.Exception || s.Error != nil || s.Fault {
		t.Error = &awsapi.TableError{}
		if s.Error != nil {
			*t.Error = awsapi.TableError{Code: s.Error.Code, Status: s.Error.Status, SenderFault: s.Error.SenderFault}
		}
		if s.Fault && t.Error.Status == 0 {
			t.Error.Status = 500
		}
	}
	return t
}

func convertRef(name string, r ref, required bool) *awsapi.TableRef {
	uri, prefix := namespace(r.XMLNamespace)
	return &awsapi.TableRef{
		Name: name, Shape: r.Shape, Location: r.Location, LocationName: r.LocationName, QueryName: r.QueryName,
		NamespaceURI: uri, NamespacePrefix: prefix,
		Flags: flags(map[rune]bool{
			awsapi.FlagRequired: required, awsapi.FlagFlattened: r.Flattened, awsapi.FlagStreaming: r.Streaming,
			awsapi.FlagXMLAttribute: r.XMLAttribute, awsapi.FlagToken: r.IdempotencyToken,
			awsapi.FlagHostLabel: r.HostLabel, awsapi.FlagJSONValue: r.JSONValue,
			awsapi.FlagEventPayload: r.EventPayload, awsapi.FlagEventHeader: r.EventHeader,
		}),
	}
}

func flags(set map[rune]bool) string {
	var s []rune
	for _, flag := range slices.Sorted(maps.Keys(set)) {
		if set[flag] {
			s = append(s, flag)
		}
	}
	return string(s)
}

// namespace reads an xmlNamespace, which models give as a string or an object.
func namespace(v any) (uri, prefix string) {
	switch v := v.(type) {
	case string:
		return v, ""
	case map[string]any:
		uri, _ = v["uri"].(string)
		prefix, _ = v["prefix"].(string)
	}
	return uri, prefix
}
