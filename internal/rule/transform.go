package rule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// What a template can name beside the paths ("Predefined variables", EventBridge
// User Guide).
const (
	varRuleARN   = "aws.events.rule-arn"
	varRuleName  = "aws.events.rule-name"
	varIngestion = "aws.events.event.ingestion-time"
	varEvent     = "aws.events.event"      // without its detail
	varEventJSON = "aws.events.event.json" // all of it
)

// maxInputBytes bounds what is made of an event: a template could otherwise repeat
// it a thousand times.
const maxInputBytes = 1 << 20

var (
	errTooLarge = fmt.Errorf("%w: what is made of it exceeds %d KB", ErrFinal, maxInputBytes>>10)
	errTemplate = errors.New("it names what is not defined")

	variable = regexp.MustCompile(`<([A-Za-z0-9_.\-]+)>`)
	pathName = regexp.MustCompile(`^[A-Za-z0-9_\-]{1,256}$`)
)

// template is a parsed Transformer.
type template struct {
	paths map[string]path
	parts []part
}

// part is a text, and then the value of a variable unless it is the last.
type part struct {
	text, name string
	// quoted: the variable stands inside of a JSON string.
	quoted bool
}

func parseTransformer(t *Transformer) (*template, error) {
	if t.Template == "" || utf8.RuneCountInString(t.Template) > maxInput || len(t.Paths) > maxPaths {
		return nil, fmt.Errorf("a template has 1 to %d characters and at most %d paths", maxInput, maxPaths)
	}
	parsed := &template{paths: map[string]path{}}
	for name, text := range t.Paths {
		p, err := parsePath(text)
		if err == nil && !pathName.MatchString(name) {
			err = errors.New("no path can have this name")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		parsed.paths[name] = p
	}
	quoted, from := false, 0
	for _, at := range variable.FindAllStringSubmatchIndex(t.Template, -1) {
		text, name := t.Template[from:at[0]], t.Template[at[2]:at[3]]
		if _, ok := parsed.paths[name]; !ok && !predefined(name) {
			return nil, fmt.Errorf("%w: <%s>", errTemplate, name)
		}
		quoted, from = endsQuoted(text, quoted), at[1]
		parsed.parts = append(parsed.parts, part{text, name, quoted})
	}
	parsed.parts = append(parsed.parts, part{text: t.Template[from:]})
	return parsed, nil
}

func predefined(name string) bool {
	switch name {
	case varRuleARN, varRuleName, varIngestion, varEvent, varEventJSON:
		return true
	}
	return false
}

// endsQuoted reports whether a text ends inside of a JSON string, if it begins so
// or not.
func endsQuoted(text string, quoted bool) bool {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quoted:
			i++
		case text[i] == '"':
			quoted = !quoted
		}
	}
	return quoted
}

// occasion is what is known of an event on its way to a target.
type occasion struct {
	ruleARN, ruleName string
	taken             time.Time // when the event came
	event             json.RawMessage
	root              *node // the event, once a path was asked for in it
}

// at returns what a path leads to in the event.
func (o *occasion) at(p path) (value json.RawMessage, found bool) {
	if o.root == nil {
		root, err := parseNode(o.event)
		if err != nil {
			return nil, false
		}
		o.root = &root
	}
	return p.in(o.event, o.root)
}

// input is what a target gets of an event. The error is ErrFinal where nothing can
// be made of it. Much can be asked of a large event, so the context may end it.
func (t *Target) input(ctx context.Context, o *occasion) ([]byte, error) {
	switch {
	case t.Input != "":
		return []byte(t.Input), nil
	case t.InputPath != "":
		p, err := parsePath(t.InputPath)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFinal, err)
		}
		if value, found := o.at(p); found {
			return value, nil
		}
		return []byte("null"), nil
	case t.Transformer != nil:
		parsed, err := parseTransformer(t.Transformer)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFinal, err)
		}
		return parsed.render(ctx, o)
	default:
		return o.event, nil
	}
}

// render fills in the template. A value is written as JSON, and inside of a string
// as its text; what is missing is an empty string.
func (t *template) render(ctx context.Context, o *occasion) ([]byte, error) {
	values := map[string]json.RawMessage{}
	var out []byte
	for _, p := range t.parts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out = append(out, p.text...)
		if p.name != "" {
			value, known := values[p.name]
			if !known {
				value = t.value(p.name, o)
				values[p.name] = value
			}
			switch {
			case p.quoted:
				out = append(out, inString(value)...)
			case value == nil:
				out = append(out, `""`...)
			default:
				out = append(out, value...)
			}
		}
		if len(out) > maxInputBytes {
			return nil, errTooLarge
		}
	}
	return out, nil
}

// value is a variable's, nil where there is none.
func (t *template) value(name string, o *occasion) json.RawMessage {
	switch name {
	case varRuleARN:
		return text(o.ruleARN)
	case varRuleName:
		return text(o.ruleName)
	case varIngestion:
		return text(o.taken.UTC().Format("2006-01-02T15:04:05Z"))
	case varEvent:
		return withoutDetail(o.event)
	case varEventJSON:
		return o.event
	}
	value, _ := o.at(t.paths[name])
	return value
}

// text is a string as JSON.
func text(s string) json.RawMessage {
	b, err := marshal(s)
	if err != nil {
		return nil // not of a string
	}
	return b
}

// inString is a value as it stands inside of a JSON string. Of objects and lists,
// "EventBridge removes any internal quotes to ensure a valid string".
func inString(value json.RawMessage) string {
	s := string(value)
	if strings.HasPrefix(s, `"`) {
		return s[1 : len(s)-1]
	}
	if !strings.HasPrefix(s, "{") && !strings.HasPrefix(s, "[") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
		case s[i] == '\\' && s[i+1] == '"':
			i++
		case s[i] == '\\':
			b.WriteString(s[i : i+2])
			i++
		case s[i] != '\n' && s[i] != '\r' && s[i] != '\t':
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
