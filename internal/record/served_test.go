package record

import (
	"bufio"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/cairntest"
)

// servedAccount is the account of the server. No record has it, so that it can
// be told from the accounts that are in answers.
const servedAccount = "210987654321"

// ownServices are answered by Cairn, whatever is behind it: no answer can be fed
// to them, and a refusal may be Cairn's own.
var ownServices = map[string]bool{"cloudtrail": true}

// served is a genuine record that is made to happen again.
type served struct {
	*genuine
	number int
	op     *awsapi.Operation
	params map[string]any
	answer *Call // Output, Error and RequestID of the stub's answer
	event  *servedEvent
	client clientResult
}

// servedEvent is what the test reads of an event that Cairn recorded.
type servedEvent struct {
	RequestID  string          `json:"requestID"`
	Source     string          `json:"eventSource"`
	Name       string          `json:"eventName"`
	ErrorCode  string          `json:"errorCode"`
	Message    string          `json:"errorMessage"`
	APIVersion string          `json:"apiVersion"`
	Category   string          `json:"eventCategory"`
	Management *bool           `json:"managementEvent"`
	ReadOnly   *bool           `json:"readOnly"`
	Request    json.RawMessage `json:"requestParameters"`
	Answer     json.RawMessage `json:"responseElements"`
	Resources  []event.Resource
}

// clientResult is how a call ended for the client: with an error code, without
// one, or not at all.
type clientResult struct {
	Number    int    `json:"number"`
	RequestID string `json:"requestID"`
	Error     string `json:"error"`
	Failed    string `json:"failed"`
}

// TestGenuineRecordsComeBackThroughARunningServer makes the calls that genuine
// records tell of, with botocore, through a running Cairn to an endpoint that
// gives the answers of the records, and compares the events. The scores are
// committed; a change that loses a record fails.
func TestGenuineRecordsComeBackThroughARunningServer(t *testing.T) {
	records := corpus(t)
	cairntest.NeedPython(t, "botocore")
	calls := prepare(t, records)
	stub := newStub(t, calls)
	server := cairntest.Start(t, "--auth", "open", "--account", servedAccount, "--upstream", stub.URL)
	makeCalls(t, server, calls)
	readEvents(t, server, calls)

	var want map[string]score
	readJSON(t, "testdata/served_scores.json", &want)
	var reasons map[string]string
	readJSON(t, "testdata/exceptions.json", &reasons)
	got := make(map[string]score)
	for _, r := range calls {
		got[r.Source] = r.count(t, got[r.Source], reasons)
	}
	for id := range reasons {
		t.Errorf("exception %q: no such record differs", id)
	}
	compareScores(t, got, want)
	writeScores(t, got, "CAIRN_SERVED_SCORES")
}

// prepare works out the calls. A record whose call cannot be worked out is one
// that TestGenuineRecordsComeBack counts as lost.
func prepare(t *testing.T, records []*genuine) []*served {
	t.Helper()
	b, catalog := newBuilder(t)
	var calls []*served
	for _, r := range records {
		op, err := r.operation(catalog)
		if err != nil {
			continue
		}
		c := &served{genuine: r, number: len(calls) + 1, op: op, answer: r.call(op)}
		if c.params, err = invertRequest(b, op, r.request); err != nil {
			t.Logf("%s %s %s: no call: %v", r.EventID[:8], r.Source, r.Name, err)
			continue
		}
		if c.answer.Output, err = invertAnswer(b, c.answer, r.out); err != nil {
			t.Logf("%s %s %s: no answer: %v", r.EventID[:8], r.Source, r.Name, err)
			c.answer.Output = nil
		}
		c.complete()
		calls = append(calls, c)
	}
	return calls
}

// complete puts into a call what a client sends and no record shows.
func (c *served) complete() {
	c.op = c.twin()
	if c.params == nil {
		c.params = map[string]any{}
	}
	if c.op.Input != nil {
		for _, m := range c.op.Input.Members {
			v := c.params[m.Name]
			switch {
			case v == nil && m.Required && m.Name == "AccountId":
				c.params[m.Name] = cmp.Or(c.Account, servedAccount)
			case v == nil && m.Required && m.Location == awsapi.InURI:
				c.params[m.Name] = "unrecorded"
			case v == string(removed) && m.Shape.Kind == awsapi.Structure:
				// It stands for the structure that the secret was in.
				c.params[m.Name] = map[string]any{m.Shape.Members[0].Name: v}
			}
		}
	}
	if c.answer.Output["RequestId"] == c.answer.RequestID { // a member of the answer
		c.answer.Output["RequestId"] = c.requestID()
	}
}

// twin is the operation that can be called with the parameters, of those that
// have the same event name: S3's GetBucketInventoryConfiguration is recorded of
// ListBucketInventoryConfigurations as well, which has no Id.
func (c *served) twin() *awsapi.Operation {
	callable := func(op *awsapi.Operation) bool {
		return op.Input == nil || !slices.ContainsFunc(op.Input.Members, func(m *awsapi.Member) bool {
			return m.Required && m.Location == awsapi.InQueryString && c.params[m.Name] == nil
		})
	}
	if callable(c.op) {
		return c.op
	}
	for name, recorded := range services[c.op.Service.ID].names {
		if op := c.op.Service.Operation(name); op != nil && recorded == c.Name && callable(op) {
			return op
		}
	}
	return c.op
}

// makeCalls has a real client make the calls.
func makeCalls(t *testing.T, server *cairntest.Server, calls []*served) {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "calls"), filepath.Join(dir, "results")
	var lines []byte
	for _, c := range calls {
		line, err := json.Marshal(map[string]any{
			"number": c.number, "service": c.op.Service.ID, "operation": c.op.Name,
			"region": c.Region, "params": forPython(c.params), "host": c.answer.HTTP.Host,
		})
		if err != nil {
			t.Fatal(err)
		}
		lines = append(append(lines, line...), '\n')
	}
	if err := os.WriteFile(in, lines, 0o600); err != nil {
		t.Fatal(err)
	}
	cairntest.Python(t, "testdata/client.py", strings.TrimPrefix(server.URL, "http://"), in, out)
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for results := bufio.NewScanner(f); results.Scan(); {
		var r clientResult
		if err := json.Unmarshal(results.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		calls[r.Number-1].client = r
	}
}

func forPython(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = forPython(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = forPython(e)
		}
		return out
	case []byte:
		return map[string]any{"__bytes__": base64.StdEncoding.EncodeToString(v)}
	default:
		return v
	}
}

// readEvents finds the event of each call, through LookupEvents.
func readEvents(t *testing.T, server *cairntest.Server, calls []*served) {
	t.Helper()
	regions := map[string]bool{}
	for _, c := range calls {
		regions[c.Region] = true
	}
	events := map[string]*servedEvent{}
	for region := range regions {
		for _, raw := range server.Events(t, region, "all") {
			e := &servedEvent{}
			if err := json.Unmarshal(raw, e); err != nil {
				t.Fatal(err)
			}
			events[e.RequestID] = e
		}
	}
	for _, c := range calls {
		c.event = events[c.client.RequestID]
		if c.event == nil {
			continue
		}
		for i := range c.event.Resources {
			r := &c.event.Resources[i]
			r.AccountID = strings.ReplaceAll(r.AccountID, servedAccount, c.Account)
			r.ARN = strings.ReplaceAll(r.ARN, servedAccount, c.Account)
		}
	}
}

// requestID is that of the stub's answer.
func (c *served) requestID() string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", c.number) }

// count compares what the record shows with the event, and adds to a score. It
// removes the reasons that it has used.
func (c *served) count(t *testing.T, s score, reasons map[string]string) score {
	t.Helper()
	for _, check := range []struct {
		what   string
		of, ok *int
		run    func() error
	}{
		{"requestParameters", &s.Requests, &s.RequestsRight, c.checkRequest},
		{"responseElements", &s.Answers, &s.AnswersRight, c.checkAnswer},
		{"envelope", &s.Envelopes, &s.EnvelopesRight, c.checkEnvelope},
	} {
		err := check.run()
		if errors.Is(err, errNotShown) {
			continue
		}
		*check.of++
		if err == nil {
			*check.ok++
			continue
		}
		id := c.EventID[:8] + " " + check.what
		if reasons[id] == "" {
			t.Errorf("%s %s %s: %v", id, c.Source, c.Name, err)
			continue
		}
		t.Logf("%s %s %s: %v\n\t(%s)", id, c.Source, c.Name, err, reasons[id])
		delete(reasons, id)
	}
	return s
}

// happened reports whether the call was made and recorded, and whether its
// client got the answer of the record.
func (c *served) happened() error {
	switch {
	case c.client.Failed != "":
		return fmt.Errorf("the client did not make it: %s", c.client.Failed)
	case c.event == nil:
		return errors.New("there is no event of it")
	case ownServices[c.op.Service.ID]:
		return nil
	}
	if (c.client.Error != "") != (c.answer.Error != nil) {
		return fmt.Errorf("the client got the error %q, the record has %q", c.client.Error, c.ErrorCode)
	}
	return nil
}

func (c *served) checkRequest() error {
	if err := c.happened(); err != nil {
		return err
	}
	return c.same(c.event.Request, c.request, newerDefaults(c.op))
}

func (c *served) checkAnswer() error {
	if ownServices[c.op.Service.ID] {
		return errNotShown
	}
	if err := c.happened(); err != nil {
		return err
	}
	return c.same(c.event.Answer, withRequestID(c.out, c.answer.RequestID, c.requestID()), nil)
}

func (c *served) checkEnvelope() error {
	if c.Class == "genuine-reduced" {
		return errNotShown
	}
	if err := c.happened(); err != nil {
		return err
	}
	var wrong []error
	differ := func(what string, got, want any) {
		if !reflect.DeepEqual(got, want) {
			wrong = append(wrong, fmt.Errorf("%s is %v, not %v", what, got, want))
		}
	}
	e := c.event
	differ("eventSource", e.Source, c.Source)
	differ("eventName", e.Name, c.Name)
	if !ownServices[c.op.Service.ID] {
		differ("errorCode", e.ErrorCode, c.ErrorCode)
		differ("errorMessage", e.Message, c.ErrorMessage)
	}
	if c.ReadOnly != nil {
		differ("readOnly", *e.ReadOnly, *c.ReadOnly)
	}
	if c.Category != "" {
		differ("eventCategory", e.Category, c.Category)
		differ("managementEvent", *e.Management, c.Category == "Management")
	}
	if c.Version >= "1.08" {
		differ("apiVersion", e.APIVersion, c.APIVersion)
	}
	differ("resources", e.Resources, c.Resources)
	return errors.Join(wrong...)
}
