package awsapi

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// Validate checks parameters against the constraints of the model: what must be
// there, how long, how large, of what form. Values of an enum are not checked,
// for services add some without notice. The error is an *Error in the words of
// the service's front end; it names every violation where that one does.
func Validate(op *Operation, params map[string]any) error {
	if op.Input == nil {
		return nil
	}
	v := &validator{words: wordsOf(op.Service)}
	v.structure(op.Input, params, "")
	if len(v.found) == 0 {
		return nil
	}
	return v.words.refuse(v.found)
}

// maxViolations bounds how many are looked for and named.
const maxViolations = 10

// violation is a constraint that a value does not satisfy.
type violation struct {
	member *Member
	path   string // in the form of the service's words
	value  any
	rule   string // "Member must not be null"
}

type validator struct {
	words *words
	found []violation
}

func (v *validator) add(m *Member, path string, value any, rule string) {
	if len(v.found) < maxViolations {
		v.found = append(v.found, violation{m, path, value, rule})
	}
}

func (v *validator) structure(s *Shape, value map[string]any, path string) {
	for _, m := range s.Members {
		member, ok := value[m.Name]
		at := v.words.join(path, m)
		switch {
		case ok && member != nil:
			v.value(m, member, at)
		case m.Required && !m.Streaming && !m.Shape.Streaming && !m.Shape.EventStream && !m.Shape.Document:
			v.add(m, at, nil, "Member must not be null")
		}
	}
}

func (v *validator) value(m *Member, value any, path string) {
	s := m.Shape
	if s.Document {
		return
	}
	switch value := value.(type) {
	case map[string]any:
		if s.Kind == Structure {
			v.structure(s, value, path)
			return
		}
		v.length(m, value, len(value), path)
		for _, key := range slices.Sorted(maps.Keys(value)) {
			v.value(s.Key, key, path)
			if value[key] != nil {
				v.value(s.Value, value[key], path+"."+key+".member")
			}
		}
	case []any:
		v.length(m, value, len(value), path)
		for i, item := range value {
			if item != nil {
				v.value(s.Elem, item, v.words.element(path, i+1))
			}
		}
	case string:
		v.length(m, value, utf8.RuneCountInString(value), path)
		if re := s.matcher(); re != nil && !re.MatchString(value) {
			v.add(m, path, value, "Member must satisfy regular expression pattern: "+s.Pattern)
		}
	case []byte:
		v.length(m, value, len(value), path)
	case int64:
		v.bounds(m, value, float64(value), "value", path)
		if s.Kind == Integer && int64(int32(value)) != value {
			v.add(m, path, value, "Member must fit 32 bits")
		}
	case float64:
		v.bounds(m, value, value, "value", path)
	}
}

func (v *validator) length(m *Member, value any, n int, path string) {
	v.bounds(m, value, float64(n), "length", path)
}

func (v *validator) bounds(m *Member, value any, n float64, what, path string) {
	if low := m.Shape.Min; low != nil && n < *low {
		v.add(m, path, value, fmt.Sprintf("Member must have %s greater than or equal to %s", what, number(*low)))
	}
	if high := m.Shape.Max; high != nil && n > *high {
		v.add(m, path, value, fmt.Sprintf("Member must have %s less than or equal to %s", what, number(*high)))
	}
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// words are how a kind of front end speaks of violations.
type words struct {
	code string
	// missing is the code for what is not there, if it has another.
	missing string
	// one names the first violation only, in a sentence of its own.
	one func(violation) string
	// asSent has paths in the names of the request, not the members'.
	asSent bool
}

var (
	// Observed with Athena, DynamoDB and Lambda (JSON), IAM and Auto Scaling
	// (Query): "1 validation error detected: Value null at 'roleName' failed
	// to satisfy constraint: Member must not be null".
	jsonWords  = words{code: "ValidationException"}
	queryWords = words{code: "ValidationError"}
	// Route 53 and CloudFront have InvalidInput for it.
	xmlWords = words{code: "InvalidInput"}
	// EC2's list of error codes: MissingParameter, InvalidParameterValue.
	ec2Words = words{code: "InvalidParameterValue", missing: "MissingParameter", one: ec2Sentence, asSent: true}
	// S3's list of error codes: InvalidArgument, InvalidRequest.
	s3Words = words{code: "InvalidArgument", missing: "InvalidRequest", one: s3Sentence, asSent: true}
)

// codes of services whose front end has another for the same message.
var validationCodes = map[string]string{
	"athena": "InvalidRequestException", // observed
}

func wordsOf(s *Service) *words {
	switch {
	case s.Speaks(EC2):
		return &ec2Words
	case s.ID == "s3":
		return &s3Words
	case s.Speaks(RestXML):
		return &xmlWords
	case s.ID == "sqs":
		return &ec2Words // its list of error codes has the same two
	case s.Protocols[0] == Query || s.QueryCompatible:
		return &queryWords
	}
	if code := validationCodes[s.ID]; code != "" {
		return &words{code: code}
	}
	return &jsonWords
}

func (w *words) join(path string, m *Member) string {
	name := m.Name
	switch {
	case w == &ec2Words:
		name = ec2Name(m)
	case w.asSent:
		name = m.WireName()
	case name != "":
		name = strings.ToLower(name[:1]) + name[1:]
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

func (w *words) element(path string, n int) string {
	if w.asSent {
		return fmt.Sprintf("%s.%d", path, n)
	}
	return fmt.Sprintf("%s.%d.member", path, n)
}

func (w *words) refuse(found []violation) *Error {
	e := &Error{Code: w.code, Status: http.StatusBadRequest}
	if w.one != nil {
		if found[0].value == nil && w.missing != "" {
			e.Code = w.missing
		}
		e.Message = w.one(found[0])
		return e
	}
	texts := make([]string, len(found))
	for i, v := range found {
		texts[i] = fmt.Sprintf("Value%s at '%s' failed to satisfy constraint: %s", v.shown(), v.path, v.rule)
	}
	errors := "errors"
	if len(found) == 1 {
		errors = "error"
	}
	e.Message = fmt.Sprintf("%d validation %s detected: %s", len(found), errors, strings.Join(texts, "; "))
	return e
}

// shown is the value as the message has it. A secret is not shown.
func (v violation) shown() string {
	if v.value == nil {
		return " null"
	}
	if v.member.Shape.Sensitive {
		return ""
	}
	switch value := v.value.(type) {
	case string, int64, float64:
		const longest = 256
		text := fmt.Sprint(value)
		if len(text) > longest {
			text = strings.ToValidUTF8(text[:longest], "") + "…"
		}
		return " '" + text + "'"
	}
	return ""
}

func ec2Sentence(v violation) string {
	if v.value == nil {
		return "The request must contain the parameter " + v.path
	}
	return fmt.Sprintf("Value (%s) for parameter %s is invalid. %s.", strings.Trim(v.shown(), " '"), v.path, v.rule)
}

func s3Sentence(v violation) string {
	switch {
	case v.value != nil:
		return fmt.Sprintf("%s: %s", v.path, v.rule)
	case v.member.Location == InHeader:
		return "Missing required header for this request: " + v.path
	}
	return "Missing required parameter for this request: " + v.path
}

// matcher returns the compiled pattern, or nil if none constrains the shape.
func (s *Shape) matcher() *regexp.Regexp {
	if s.pattern == nil {
		return nil
	}
	return s.pattern()
}

// compileOnce compiles a pattern when it is first asked for. AWS's front ends
// want the whole of a value to match: "[\w+=,.@-]*" keeps a space out of a
// session's name. Patterns are Java's; those that Go does not know (look-ahead,
// intersections, more than 1,000 repetitions) constrain nothing.
func compileOnce(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp {
		pattern = codeUnit.ReplaceAllString(strings.ReplaceAll(pattern, astral, `\x{10000}-\x{10FFFF}`), `\x{$1}`)
		if surrogate.MatchString(pattern) || strings.Contains(pattern, "&&") {
			return nil
		}
		re, err := regexp.Compile("^(?:" + pattern + ")$")
		if err != nil {
			return nil
		}
		return re
	})
}

// Java writes characters as code units of UTF-16, and so those beyond the first
// 65,536 as two.
var (
	codeUnit  = regexp.MustCompile(`\\u([0-9a-fA-F]{4})`)
	surrogate = regexp.MustCompile(`\\x\{[dD][89a-fA-F]`)
)

const astral = `\uD800\uDC00-\uDBFF\uDFFF`
