package parity

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cairn-audit/cairn/internal/cairntest"
)

func TestAClientGetsTheSameAnswersThroughCairnAndEachCallItsEvent(t *testing.T) {
	cairntest.NeedPython(t, "boto3")
	behind := newTee(t, cairntest.StartMoto(t))
	cairn := cairntest.Start(t, "--auth", "open", "--upstream", behind.server.URL)
	before := newTee(t, cairn.URL)

	calls := makeCalls(t, before.server.URL)
	services := map[string]bool{}
	for _, c := range calls {
		services[c.Service] = true
	}
	if len(calls) < 300 || len(services) < 12 {
		t.Errorf("only %d calls of %d services", len(calls), len(services))
	}
	events := lookUp(t, cairn, "all")
	management := lookUp(t, cairn, "")
	for _, c := range calls {
		number := strconv.Itoa(c.Number)
		client, emulator := before.call(number), behind.call(number)
		if len(client) != 1 || len(emulator) != 1 {
			t.Errorf("%v: %d requests came to Cairn, %d left it", c, len(client), len(emulator))
			continue
		}
		compare(t, c, client[0], emulator[0])
		checkEvent(t, c, client[0], events, management)
	}
	if len(events) != len(calls) {
		t.Errorf("%d events for %d calls", len(events), len(calls))
	}
	t.Logf("%d calls of %d services, %d events, of them %d of management", len(calls), len(services), len(events), len(management))
}

// compare asserts that Cairn changed nothing: client is what passed on its
// client's side, emulator what passed behind it.
func compare(t *testing.T, c call, client, emulator message) {
	t.Helper()
	if client.err != nil || emulator.err != nil {
		t.Errorf("%v: %v, %v", c, client.err, emulator.err)
		return
	}
	if client.status != emulator.status || client.status != c.Status {
		t.Errorf("%v: status %d behind Cairn, %d before it, %d at the client", c, emulator.status, client.status, c.Status)
	}
	if !bytes.Equal(client.gotBody, emulator.gotBody) {
		t.Errorf("%v: body behind Cairn\n%.500q, before it\n%.500q", c, emulator.gotBody, client.gotBody)
	}
	if sum := sha256.Sum256(client.gotBody); c.BodySHA256 != "" && c.BodySHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("%v: the client read another body", c)
	}
	compareHeaders(t, c, "answer", emulator.got, client.got)
	if client.method != emulator.method || client.target != emulator.target || client.host != emulator.host {
		t.Errorf("%v: request %s %s to %s became %s %s to %s", c, client.method, client.target, client.host,
			emulator.method, emulator.target, emulator.host)
	}
	if !bytes.Equal(client.sentBody, emulator.sentBody) {
		t.Errorf("%v: request body\n%.500q became\n%.500q", c, client.sentBody, emulator.sentBody)
	}
	client.sent.Del("Expect") // Cairn has said 100 Continue itself
	compareHeaders(t, c, "request", client.sent, emulator.sent)
}

func compareHeaders(t *testing.T, c call, what string, in, out http.Header) {
	t.Helper()
	names := slices.Sorted(maps.Keys(in))
	for name := range out {
		if _, ok := in[name]; !ok {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if name == "Content-Length" && (len(in[name]) == 0 || len(out[name]) == 0) {
			continue // one hop knows the length and the other uses chunks
		}
		if !slices.Equal(in[name], out[name]) {
			t.Errorf("%v: %s header %s: %q became %q", c, what, name, in[name], out[name])
		}
	}
}

// event is what the test reads of a CloudTrail event.
type event struct {
	RequestID     string `json:"requestID"`
	EventName     string `json:"eventName"`
	EventSource   string `json:"eventSource"`
	EventCategory string `json:"eventCategory"`
	ErrorCode     string `json:"errorCode"`
	UserIdentity  struct {
		AccessKeyID string `json:"accessKeyId"`
	} `json:"userIdentity"`
}

// lookUp returns all events of a category: AWS's none, or Cairn's "all".
func lookUp(t *testing.T, cairn *cairntest.Server, category string) map[string]event {
	t.Helper()
	events := map[string]event{}
	for _, raw := range cairn.Events(t, "us-east-1", category) {
		var e event
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatalf("%v: %s", err, raw)
		}
		if e.EventSource == "cloudtrail.amazonaws.com" {
			continue // a page of this or an earlier look-up
		}
		if _, twice := events[e.RequestID]; twice {
			t.Errorf("two events of request %s", e.RequestID)
		}
		events[e.RequestID] = e
	}
	return events
}

// otherNames are the operations that CloudTrail knows by another name than the
// SDKs: Lambda's bear the date of their API, and some of S3's the name that
// their first version had.
var otherNames = map[string]string{
	"lambda ListFunctions":               "ListFunctions20150331",
	"lambda GetFunction":                 "GetFunction20150331v2",
	"lambda ListLayers":                  "ListLayers20181031",
	"lambda ListEventSourceMappings":     "ListEventSourceMappings20150331",
	"s3 ListObjectsV2":                   "ListObjects",
	"s3 PutBucketLifecycleConfiguration": "PutBucketLifecycle",
	"s3 GetBucketLifecycleConfiguration": "GetBucketLifecycle",
	"s3 PutPublicAccessBlock":            "PutBucketPublicAccessBlock",
	"s3 GetPublicAccessBlock":            "GetBucketPublicAccessBlock",
}

var requestIDElement = regexp.MustCompile(`<[Rr]equestI[dD]>([^<]+)<`)

func checkEvent(t *testing.T, c call, m message, events, management map[string]event) {
	t.Helper()
	id := m.got.Get("X-Amzn-Requestid")
	if id == "" {
		id = m.got.Get("X-Amz-Request-Id")
	}
	if found := requestIDElement.FindSubmatch(m.gotBody); id == "" && found != nil {
		id = string(found[1])
	}
	e, ok := events[id]
	if !ok {
		t.Errorf("%v: no event of request %q", c, id)
		return
	}
	want := c.Operation
	if other := otherNames[c.Service+" "+c.Operation]; other != "" {
		want = other
	}
	if e.EventName != want || e.UserIdentity.AccessKeyID != "test" && !strings.HasSuffix(c.Operation, "WithWebIdentity") {
		t.Errorf("%v: event %+v", c, e)
	}
	if (e.ErrorCode != "") != (c.Status >= 300) {
		t.Errorf("%v: status %d, event's error %q", c, c.Status, e.ErrorCode)
	}
	if _, shown := management[id]; shown != (e.EventCategory == "Management") {
		t.Errorf("%v: category %s, shown by LookupEvents: %v", c, e.EventCategory, shown)
	}
}
