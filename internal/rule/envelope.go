package rule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/internal/history"
)

// maxRecord is the size of the largest record that is sent ("Records over 256 KB
// are not sent", CloudTrail User Guide).
const maxRecord = 256 << 10

// envelope is an event as EventBridge shows it ("EventBridge event structure
// reference").
type envelope struct {
	Version    string          `json:"version"`
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       string          `json:"time"`
	Region     string          `json:"region"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail,omitempty"`

	// decoded is the detail as patterns look at it.
	decoded map[string]any
}

// object is the event as patterns look at it.
func (e *envelope) object() map[string]any {
	resources := make([]any, len(e.Resources))
	for i, r := range e.Resources {
		resources[i] = r
	}
	return map[string]any{
		"version": e.Version, "id": e.ID, "detail-type": e.DetailType, "source": e.Source, "account": e.Account,
		"time": e.Time, "region": e.Region, "resources": resources, "detail": e.decoded,
	}
}

// decodeObject reads a JSON object, whose numbers stay as they are written.
func decodeObject(text []byte) (object map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&object); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF || object == nil {
		return nil, errors.New("it is no JSON object")
	}
	return object, nil
}

// detailTypes are what the types of records are called. User guides say both
// "Console Signin" and "Console Sign In"; the latter is in the events themselves.
var detailTypes = map[string]string{
	"AwsApiCall":           "AWS API Call via CloudTrail",
	"AwsServiceEvent":      "AWS Service Event via CloudTrail",
	"AwsConsoleSignIn":     "AWS Console Sign In via CloudTrail",
	"AwsConsoleAction":     "AWS Console Action via CloudTrail",
	"AwsCloudTrailInsight": "AWS Insight via CloudTrail",
	"AwsVpceEvent":         "AWS Network Activity Event via CloudTrail",
}

// head is what of a record decides how it is shown.
type head struct{ eventType, eventSource, eventName string }

func headOf(record map[string]any) head {
	member := func(name string) string {
		s, _ := record[name].(string)
		return s
	}
	return head{member("eventType"), member("eventSource"), member("eventName")}
}

// namespace is that of the ids that are made from records' ids.
var namespace = uuid.MustParse("5a0f5b52-6a0c-5b0e-9d1b-0f2f1c6f6f0e")

// fromRecord is the event for a recorded one. Its id is always the same. ok is
// false for records that EventBridge does not get.
func fromRecord(e *history.Entry) (event *envelope, h head, ok bool, err error) {
	if len(e.JSON) > maxRecord {
		return nil, h, false, nil
	}
	record, err := decodeObject(e.JSON)
	if err != nil {
		return nil, h, false, fmt.Errorf("read the record: %w", err)
	}
	h = headOf(record)
	detailType, ok := detailTypes[h.eventType]
	if !ok {
		return nil, h, false, nil
	}
	scope := Scope{Account: e.Account, Region: e.Region}
	id := e.EventID
	if id == "" {
		id = fmt.Sprint(e.Seq)
	}
	return &envelope{
		Version: "0", ID: uuid.NewSHA1(namespace, []byte(scope.BusARN()+" "+id)).String(),
		DetailType: detailType, Source: source(h), Account: e.Account, Region: e.Region,
		Time: e.Time.UTC().Format(time.RFC3339), Resources: []string{}, Detail: e.JSON, decoded: record,
	}, h, true, nil
}

// source is "aws." and the service. Insights are CloudTrail's own.
func source(h head) string {
	if h.eventSource == "" {
		return "aws.cloudtrail"
	}
	stem, _ := strings.CutSuffix(h.eventSource, ".amazonaws.com")
	return "aws." + stem
}

// readOnly reports whether an event is one that rules get only in the state
// EnabledForAll: a read-only management event whose name begins as those do
// ("Receiving read-only management events from AWS services", EventBridge User
// Guide). STS's below are mutating events to EventBridge, says the same page.
func readOnly(e *history.Entry, h head) bool {
	if e.Category != history.Management || h.eventType != "AwsApiCall" || e.ReadOnly != "true" {
		return false
	}
	if h.eventSource == "sts.amazonaws.com" && (h.eventName == "GetFederationToken" || h.eventName == "GetSessionToken") {
		return false
	}
	for _, verb := range []string{"Describe", "Get", "List"} {
		if strings.HasPrefix(h.eventName, verb) {
			return true
		}
	}
	return false
}

// marshal writes JSON as it is, without the escapes for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// withoutDetail is an event without its detail, nil where it cannot be read.
func withoutDetail(event json.RawMessage) json.RawMessage {
	var e envelope
	if json.Unmarshal(event, &e) != nil {
		return nil
	}
	e.Detail = nil
	b, err := marshal(&e)
	if err != nil {
		return nil
	}
	return b
}
