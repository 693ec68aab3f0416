package record

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// xmlText writes parameters and answers as org.json's XML-to-JSON does, which
// is how AWS records what it carried as XML: EC2's wrapped operations and S3's
// bodies. It writes the JSON of the XML that the values would have had.
type xmlText struct {
	buffer
	rules *serviceRules
	// memberName is the element of a member.
	memberName func(*awsapi.Member) string
	// elementName is the element around each element of a list that is not
	// flattened.
	elementName func(list *awsapi.Shape) string
	// flat reports whether a member's list has no element of its own around
	// its elements.
	flat func(*awsapi.Member) bool
	// indexed lists give each element its position from 1 as "tag".
	indexed bool
	stamp   stamp
}

// structure writes a structure; one without members is an empty element, which
// is "".
func (x *xmlText) structure(shape *awsapi.Shape, value map[string]any, tag int) {
	start := len(x.buffer)
	x.open('{')
	x.members(shape, value)
	if tag > 0 {
		x.name("tag")
		x.int(int64(tag))
	}
	if x.buffer[len(x.buffer)-1] == '{' {
		x.buffer = append(x.buffer[:start], `""`...)
		return
	}
	x.close('}')
}

func (x *xmlText) members(shape *awsapi.Shape, value map[string]any) {
	for _, m := range shape.Members {
		v, ok := value[m.Name]
		if !ok || m.Location != "" {
			continue
		}
		x.declare(m)
		x.member(m, v)
	}
}

// xmlPrefixes are the namespaces of attributes that AWS uses.
var xmlPrefixes = map[string]string{"xsi": "http://www.w3.org/2001/XMLSchema-instance"}

// declare writes the declaration of an attribute's prefix, which is an
// attribute of the same element (e1bf3b8d).
func (x *xmlText) declare(m *awsapi.Member) {
	if !m.XMLAttribute {
		return
	}
	prefix, _, _ := strings.Cut(m.WireName(), ":")
	if uri, ok := xmlPrefixes[prefix]; ok {
		x.name("xmlns:" + prefix)
		x.str(uri)
	}
}

func (x *xmlText) member(m *awsapi.Member, v any) {
	secret := x.rules.secret(m)
	list, isList := v.([]any)
	if secret == dropped || isList && x.flat(m) && len(list) == 0 {
		return
	}
	x.name(x.memberName(m))
	switch {
	case secret != kept:
		x.str(string(secret))
	case !isList:
		x.value(m.Shape, v, 0)
	case x.flat(m):
		x.repeat(m.Shape, list)
	case len(list) == 0:
		x.raw(`""`)
	default:
		x.open('{')
		x.name(x.elementName(m.Shape))
		x.repeat(m.Shape, list)
		x.close('}')
	}
}

// repeat writes an element that occurs once as itself and one that occurs more
// often as an array.
func (x *xmlText) repeat(list *awsapi.Shape, values []any) {
	if len(values) == 1 && !x.rules.alwaysArray[list.Name] {
		x.element(list, values[0], 1)
		return
	}
	x.open('[')
	for i, v := range values {
		x.separate()
		x.element(list, v, i+1)
	}
	x.close(']')
}

func (x *xmlText) element(list *awsapi.Shape, v any, position int) {
	if !x.indexed {
		position = 0
	}
	if list.Kind != awsapi.List {
		x.any(v)
		return
	}
	x.value(list.Elem.Shape, v, position)
}

func (x *xmlText) value(shape *awsapi.Shape, v any, tag int) {
	switch v := v.(type) {
	case map[string]any:
		if shape.Kind == awsapi.Structure {
			x.structure(shape, v, tag)
			return
		}
		x.any(v)
	case []any:
		x.any(v)
	default:
		x.tagged(v, tag)
	}
}

// tagged writes a scalar that is an element of an indexed list: its text is
// the member "content" beside the index, unless it is empty.
func (x *xmlText) tagged(v any, tag int) {
	if tag == 0 {
		x.scalar(v)
		return
	}
	x.open('{')
	if s, ok := v.(string); !ok || strings.TrimSpace(s) != "" {
		x.name("content")
		x.scalar(v)
	}
	x.name("tag")
	x.int(int64(tag))
	x.close('}')
}

func (x *xmlText) scalar(v any) {
	switch v := v.(type) {
	case string:
		x.retyped(v)
	case time.Time:
		x.buffer = x.stamp(x.buffer, v)
	default:
		x.any(v)
	}
}

// retyped writes text as the type that it looks like: org.json has only the
// text to go by.
func (x *xmlText) retyped(s string) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		x.raw(`""`)
	case strings.EqualFold(s, "true"):
		x.raw("true")
	case strings.EqualFold(s, "false"):
		x.raw("false")
	case strings.EqualFold(s, "null"):
		x.raw("null")
	case s[0] == '-' || '0' <= s[0] && s[0] <= '9':
		x.number(s)
	default:
		x.str(s)
	}
}

// number writes s as a number if Java reads it as one and, for a whole number,
// writes it back the same: "012" stays a string.
func (x *xmlText) number(s string) {
	if s == "-0" || strings.ContainsAny(s, ".eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) || strings.ContainsAny(s, "xX_") {
			x.str(s)
			return
		}
		x.float(f)
		return
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != s {
		x.str(s)
		return
	}
	x.int(n)
}
