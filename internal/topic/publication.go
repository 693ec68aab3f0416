package topic

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxMessage is the largest publication in bytes: its message and attributes.
const MaxMessage = 256 << 10

const maxSubject = 100 // in characters

// Publication is what is published to a topic.
type Publication struct {
	TopicARN string
	Subject  string // may be empty
	Message  string
	// PerProtocol: the message is a JSON object with a message for each
	// protocol and one for all others, under "default"
	// (MessageStructure=json).
	PerProtocol bool
	Attributes  map[string]Attribute
}

// Attribute is a message's attribute. The value of type Binary is in base64.
type Attribute struct{ Type, Value string }

var (
	attributeName = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
	attributeType = regexp.MustCompile(`^(String|Number|Binary)(\..*)?$`)
)

// Check holds a publication to SNS's rules. The error is a *Refusal.
func (p *Publication) Check() error {
	switch {
	case p.Message == "":
		return invalid("Empty message")
	case !utf8.ValidString(p.Message) || !utf8.ValidString(p.Subject):
		return invalid("Message is not valid UTF-8")
	case p.Size() > MaxMessage:
		return invalid("Message too long")
	case p.Subject != "" && !subject(p.Subject):
		return invalid("Subject")
	}
	for name, a := range p.Attributes {
		if err := a.check(name); err != nil {
			return err
		}
	}
	if !p.PerProtocol {
		return nil
	}
	var messages map[string]any
	if json.Unmarshal([]byte(p.Message), &messages) != nil {
		return invalid("Message Structure - JSON message body failed to parse")
	}
	if s, ok := messages["default"].(string); !ok || s == "" {
		return invalid("Message Structure - No default entry in JSON message body")
	}
	return nil
}

// subject reports whether a subject is one: "ASCII text that begins with a
// letter, number, or punctuation mark; must not include line breaks or control
// characters; and must be less than 100 characters long". SNS takes other
// letters and exactly 100 as well.
func subject(s string) bool {
	return utf8.RuneCountInString(s) <= maxSubject && s[0] != ' ' && !strings.ContainsFunc(s, unicode.IsControl)
}

// Size is what counts of a publication towards MaxMessage, in bytes.
func (p *Publication) Size() int {
	n := len(p.Message)
	for name, a := range p.Attributes {
		n += len(name) + len(a.Type) + len(a.Value)
	}
	return n
}

func (a Attribute) check(name string) error {
	lower := strings.ToLower(name)
	if len(name) > 256 || !attributeName.MatchString(name) || strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon.") {
		return refuse(ParameterValueInvalid, "Invalid parameter: MessageAttributes Reason: The message attribute name %q is not one", name)
	}
	if len(a.Type) > 256 || !attributeType.MatchString(a.Type) {
		return refuse(ParameterValueInvalid, "The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
	}
	if a.Value == "" {
		return refuse(ParameterValueInvalid, "The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.", name, a.Type)
	}
	switch kind, _, _ := strings.Cut(a.Type, "."); kind {
	case "Number":
		// big.Float takes no more than a number's characters, which are few.
		if _, _, err := big.ParseFloat(a.Value, 10, 64, big.ToNearestEven); err != nil || !json.Valid([]byte(a.Value)) {
			return refuse(ParameterValueInvalid, "Could not cast message attribute '%s' value to number.", name)
		}
	case "Binary":
		if _, err := base64.StdEncoding.DecodeString(a.Value); err != nil {
			return refuse(ParameterValueInvalid, "The message attribute '%s' is not in base64.", name)
		}
	default:
		if !utf8.ValidString(a.Value) {
			return refuse(ParameterValueInvalid, "The message attribute '%s' is not valid UTF-8.", name)
		}
	}
	return nil
}

// body is the message for a protocol.
func (p *Publication) body(protocol string) string {
	if !p.PerProtocol {
		return p.Message
	}
	var messages map[string]any
	// It was read before the publication was taken.
	_ = json.Unmarshal([]byte(p.Message), &messages)
	if s, ok := messages[protocol].(string); ok {
		return s
	}
	s, _ := messages["default"].(string)
	return s
}
