package rule

import (
	"bytes"
	"encoding/json"
	"fmt"
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
type head struct {
	EventType   string `json:"eventType"`
	EventSource string `json:"eventSource"`
	EventName   string `json:"eventName"`
}

// namespace is that of the ids that are made from records' ids.
var namespace = uuid.MustParse("5a0f5b52-6a0c-5b0e-9d1b-0f2f1c6f6f0e")

// fromRecord is the event for a recorded one. Its id is always the same. ok is
// false for records that EventBridge does not get.
func fromRecord(e *history.Entry) (event *envelope, h head, ok bool, err error) {
	if len(e.JSON) > maxRecord {
		return nil, h, false, nil
	}
	if err := json.Unmarshal(e.JSON, &h); err != nil {
		return nil, h, false, fmt.Errorf("read the record: %w", err)
	}
	detailType, ok := detailTypes[h.EventType]
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
		Time: e.Time.UTC().Format(time.RFC3339), Resources: []string{}, Detail: e.JSON,
	}, h, true, nil
}

// source is "aws." and the service. Insights are CloudTrail's own.
func source(h head) string {
	if h.EventSource == "" {
		return "aws.cloudtrail"
	}
	stem, _ := strings.CutSuffix(h.EventSource, ".amazonaws.com")
	return "aws." + stem
}

// readOnly reports whether an event is one that rules get only in the state
// EnabledForAll: a read-only management event whose name begins as those do
// ("Receiving read-only management events from AWS services", EventBridge User
// Guide). STS's below are mutating events to EventBridge, says the same page.
func readOnly(e *history.Entry, h head) bool {
	if e.Category != history.Management || h.EventType != "AwsApiCall" || e.ReadOnly != "true" {
		return false
	}
	if h.EventSource == "sts.amazonaws.com" && (h.EventName == "GetFederationToken" || h.EventName == "GetSessionToken") {
		return false
	}
	for _, verb := range []string{"Describe", "Get", "List"} {
		if strings.HasPrefix(h.EventName, verb) {
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
