package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/cairn-audit/cairn/internal/sigv4"
	"github.com/cairn-audit/cairn/internal/trail"
)

// call is a request that came to a stub.
type call struct {
	operation, region, key string
	params                 map[string]any
}

// answer is what a stub answers: an error's code and its status, a body, or nothing
// and the connection is broken.
type answer struct {
	status     int
	code, body string
	broken     bool
	hang       bool
}

// stub is an SNS and a CloudWatch Logs. It gives its answers in order, and the last
// again and again.
type stub struct {
	t   *testing.T
	url string
	end chan struct{} // closed at the end of the test

	mu      sync.Mutex
	answers []answer // guarded by mu
	calls   []call   // guarded by mu
}

func startStub(t *testing.T, answers ...answer) *stub {
	t.Helper()
	s := &stub{t: t, answers: answers, end: make(chan struct{})}
	server := httptest.NewServer(s)
	s.url = server.URL
	t.Cleanup(func() {
		close(s.end)
		server.CloseClientConnections()
		server.Close()
	})
	return s
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	signature, err := sigv4.Parse(sigv4.FromHTTP(r))
	if err != nil {
		s.t.Errorf("a request is not signed: %v", err)
		return
	}
	c := call{region: signature.Region, key: signature.AccessKeyID, params: map[string]any{}}
	_, c.operation, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	xml := c.operation == ""
	if xml {
		form, _ := url.ParseQuery(string(body))
		for name := range form {
			c.params[name] = form.Get(name)
		}
		c.operation = form.Get("Action")
	} else if err := json.Unmarshal(body, &c.params); err != nil {
		s.t.Errorf("%s: %v", c.operation, err)
	}
	s.mu.Lock()
	s.calls = append(s.calls, c)
	a := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	s.mu.Unlock()
	a.write(w, r, xml, s.end)
}

func (a *answer) write(w http.ResponseWriter, r *http.Request, xml bool, end chan struct{}) {
	switch {
	case a.broken:
		panic(http.ErrAbortHandler)
	case a.hang:
		select {
		case <-r.Context().Done():
		case <-end:
		}
	case a.code != "" && xml:
		w.WriteHeader(a.status)
		fmt.Fprintf(w, `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>%s</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>`, a.code)
	case a.code != "":
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(a.status)
		fmt.Fprintf(w, `{"__type":%q,"message":"no"}`, a.code)
	default:
		if a.status != 0 {
			w.WriteHeader(a.status)
		}
		io.WriteString(w, a.body)
	}
}

func (s *stub) operations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, c := range s.calls {
		all = append(all, c.operation)
	}
	return all
}

func (s *stub) service(region string) Service {
	return Service{Endpoint: s.url, Region: region, Credentials: credentials.NewStaticCredentialsProvider("KEY", "secret", "")}
}

func (s *stub) groups(region string) *LogGroups {
	s.t.Helper()
	g, err := NewLogGroups(s.t.Context(), s.service(region))
	if err != nil {
		s.t.Fatal(err)
	}
	return g
}

func (s *stub) topics(region string) *Topics {
	s.t.Helper()
	topics, err := NewTopics(s.t.Context(), s.service(region))
	if err != nil {
		s.t.Fatal(err)
	}
	return topics
}

const (
	topicARN = "arn:aws:sns:eu-west-1:999988887777:files"
	groupARN = "arn:aws:logs:eu-west-1:999988887777:log-group:trails:*"
	stream   = "123456789012_CloudTrail_us-east-1"
)

func someTrail() *trail.Trail {
	return &trail.Trail{
		AccountID: "123456789012", HomeRegion: "eu-west-1", Name: "everything", TopicARN: topicARN, LogGroupARN: groupARN,
	}
}

func ok(body string) answer               { return answer{body: body} }
func refusal(status int, c string) answer { return answer{status: status, code: c} }

const published = `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>`

func TestATopicIsToldInItsRegionOrTheConfiguredOne(t *testing.T) {
	// An endpoint of the environment may be Cairn's own.
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	for configured, want := range map[string]string{"": "eu-west-1", "us-gov-west-1": "us-gov-west-1"} {
		s := startStub(t, ok(published))
		if err := s.topics(configured).Publish(t.Context(), someTrail(), topicARN, `{"s3Bucket":"b"}`); err != nil {
			t.Fatal(err)
		}
		c := s.calls[0]
		if c.operation != "Publish" || c.region != want || c.key != "KEY" || c.params["TopicArn"] != topicARN || c.params["Message"] != `{"s3Bucket":"b"}` {
			t.Errorf("with region %q: %+v", configured, c)
		}
	}
}

func TestWithoutAnEndpointItIsAWSsOwnWhateverTheEnvironmentSays(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	t.Setenv("AWS_ENDPOINT_URL_SNS", "http://127.0.0.1:1")
	s := Service{Credentials: credentials.NewStaticCredentialsProvider("KEY", "secret", "")}
	topics, err := NewTopics(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := NewLogGroups(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := topics.client.Options().BaseEndpoint, groups.client.Options().BaseEndpoint; a != nil || b != nil {
		t.Errorf("the endpoints are %v and %v", a, b)
	}
}

func TestRefusalsKeepTheirCodes(t *testing.T) {
	for _, test := range []struct {
		answer answer
		want   string
	}{
		{refusal(404, "NotFound"), "NotFound"},
		{refusal(403, "AuthorizationError"), "AuthorizationError"},
		{refusal(400, "Throttled"), "Throttled"},
		{refusal(500, "InternalError"), "InternalError"},
		{answer{broken: true}, ""},
	} {
		s := startStub(t, test.answer)
		err := s.topics("").Publish(t.Context(), someTrail(), topicARN, "m")
		if err == nil || codeOf(err) != test.want {
			t.Errorf("%+v: %v with code %q", test.answer, err, codeOf(err))
		}
	}
	for _, code := range []string{"ThrottlingException", "ServiceUnavailableException", "AccessDeniedException", "ResourceNotFoundException"} {
		s := startStub(t, refusal(400, code))
		if err := s.groups("").Put(t.Context(), someTrail(), stream, []string{"{}"}); codeOf(err) != code {
			t.Errorf("%s: %v with code %q", code, err, codeOf(err))
		}
	}
}

func TestAStreamThatIsNotThereIsMade(t *testing.T) {
	absent := refusal(400, "ResourceNotFoundException")
	for name, test := range map[string]struct {
		answers []answer
		want    []string
		code    string
	}{
		"there":             {[]answer{ok("{}")}, []string{"PutLogEvents"}, ""},
		"not there":         {[]answer{absent, ok(""), ok("{}")}, []string{"PutLogEvents", "CreateLogStream", "PutLogEvents"}, ""},
		"made by another":   {[]answer{absent, refusal(400, "ResourceAlreadyExistsException"), ok("{}")}, []string{"PutLogEvents", "CreateLogStream", "PutLogEvents"}, ""},
		"without a group":   {[]answer{absent}, []string{"PutLogEvents", "CreateLogStream"}, "ResourceNotFoundException"},
		"may not be made":   {[]answer{absent, refusal(400, "AccessDeniedException")}, []string{"PutLogEvents", "CreateLogStream"}, "AccessDeniedException"},
		"an answer is lost": {[]answer{{broken: true}, ok("{}")}, []string{"PutLogEvents", "PutLogEvents"}, ""},
	} {
		s := startStub(t, test.answers...)
		before := time.Now().UnixMilli()
		err := s.groups("").Put(t.Context(), someTrail(), stream, []string{`{"a":1}`, `{"b":2}`})
		if codeOf(err) != test.code || (err != nil) != (test.code != "") || !slices.Equal(s.operations(), test.want) {
			t.Errorf("%s: %v after %v", name, err, s.operations())
		}
		put := s.calls[0]
		events, _ := put.params["logEvents"].([]any)
		if put.region != "eu-west-1" || put.params["logGroupName"] != "trails" || put.params["logStreamName"] != stream || len(events) != 2 {
			t.Fatalf("%s: put %+v", name, put)
		}
		first, second := events[0].(map[string]any), events[1].(map[string]any)
		if first["message"] != `{"a":1}` || second["message"] != `{"b":2}` || first["timestamp"] != second["timestamp"] || first["timestamp"].(float64) < float64(before) {
			t.Errorf("%s: the log events are %v", name, events)
		}
	}
}

func TestLogEventsThatAreLeftOutAreAnError(t *testing.T) {
	for body, want := range map[string]string{
		`{"nextSequenceToken":"1"}`:                                "",
		`{"rejectedLogEventsInfo":{}}`:                             "",
		`{"rejectedLogEventsInfo":{"tooOldLogEventEndIndex":0}}`:   "",
		`{"rejectedLogEventsInfo":{"tooNewLogEventStartIndex":1}}`: "",
		`{"rejectedLogEventsInfo":{"tooNewLogEventStartIndex":0}}`: "too new",
		`{"rejectedLogEventsInfo":{"tooOldLogEventEndIndex":1}}`:   "too old",
		`{"rejectedLogEventsInfo":{"expiredLogEventEndIndex":1}}`:  "retention",
	} {
		err := startStub(t, ok(body)).groups("").Put(t.Context(), someTrail(), stream, []string{"{}"})
		if want == "" && err == nil {
			continue
		}
		var rejected *RejectedError
		if !errors.As(err, &rejected) || !strings.Contains(err.Error(), want) || want == "" || codeOf(err) != "RejectedLogEventsInfo" {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestAnEndpointThatHangsHoldsACallOnlyAsLongAsItsContext(t *testing.T) {
	s := startStub(t, answer{hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.groups("").Put(ctx, someTrail(), stream, []string{"{}"}); !errors.Is(err, context.DeadlineExceeded) || codeOf(err) != "" {
		t.Errorf("put: %v", err)
	}
	if err := s.topics("").Publish(ctx, someTrail(), topicARN, "m"); err == nil {
		t.Error("published")
	}
}

// attributes is an answer of GetTopicAttributes.
func attributes(policy string) answer {
	var text strings.Builder
	text.WriteString(`<GetTopicAttributesResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><GetTopicAttributesResult><Attributes>`)
	if policy != "" {
		fmt.Fprintf(&text, `<entry><key>Policy</key><value>%s</value></entry>`, strings.ReplaceAll(policy, `"`, "&quot;"))
	}
	text.WriteString(`<entry><key>TopicArn</key><value>x</value></entry></Attributes></GetTopicAttributesResult></GetTopicAttributesResponse>`)
	return ok(text.String())
}

func statement(principal, condition string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal +
		`,"Action":"SNS:Publish","Resource":"` + topicARN + `","Condition":` + condition + `}]}`
}

func TestTopicsAreCheckedAsFarAsTheyCanBe(t *testing.T) {
	const service = `{"Service":"cloudtrail.amazonaws.com"}`
	unsure := errors.New("nobody can tell")
	for name, test := range map[string]struct {
		answer answer
		want   error
	}{
		"a policy":             {attributes(statement(service, "{}")), nil},
		"for this trail":       {attributes(statement(service, `{"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:eu-west-1:123456789012:trail/everything"}}`)), nil},
		"for another trail":    {attributes(statement(service, `{"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:eu-west-1:123456789012:trail/other"}}`)), ErrPolicy},
		"for another service":  {attributes(statement(`{"Service":"s3.amazonaws.com"}`, "{}")), ErrPolicy},
		"AWS's default policy": {attributes(statement(`{"AWS":"*"}`, `{"StringEquals":{"AWS:SourceOwner":"999988887777"}}`)), ErrPolicy},
		"no JSON":              {attributes("nonsense"), ErrPolicy},
		"no topic":             {refusal(404, "NotFound"), ErrNoTopic},
		"no policy is shown":   {attributes(""), unsure},
		"may not be looked at": {refusal(403, "AuthorizationError"), unsure},
		"unknown there":        {refusal(400, "InvalidAction"), unsure},
		"no answer":            {answer{broken: true}, unsure},
	} {
		err := startStub(t, test.answer).topics("").Check(t.Context(), someTrail())
		known := errors.Is(err, ErrNoTopic) || errors.Is(err, ErrPolicy)
		if test.want == nil && err != nil || test.want == unsure && (err == nil || known) || test.want != unsure && !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func TestLogGroupsAreLookedForByTheirWholeName(t *testing.T) {
	unsure := errors.New("nobody can tell")
	page := func(next string, arns ...string) answer {
		var groups []map[string]string
		for _, a := range arns {
			_, name, _ := strings.Cut(a, ":log-group:")
			groups = append(groups, map[string]string{"logGroupName": strings.TrimSuffix(name, ":*"), "arn": a})
		}
		out := map[string]any{"logGroups": groups}
		if next != "" {
			out["nextToken"] = next
		}
		b, _ := json.Marshal(out)
		return ok(string(b))
	}
	other := strings.Replace(groupARN, "trails", "trails-other", 1)
	endless := make([]answer, maxPages+1)
	for i := range endless {
		endless[i] = page(fmt.Sprint(i), other)
	}
	for name, test := range map[string]struct {
		answers []answer
		want    error
	}{
		"there":             {[]answer{page("", groupARN, other)}, nil},
		"on a later page":   {[]answer{page("1", other), page("", groupARN)}, nil},
		"another":           {[]answer{page("", other)}, ErrNoGroup},
		"none":              {[]answer{page("")}, ErrNoGroup},
		"another account's": {[]answer{page("", strings.Replace(groupARN, "9999", "1111", 1))}, ErrNoGroup},
		"too many":          {endless, unsure},
		"may not be listed": {[]answer{refusal(400, "AccessDeniedException")}, unsure},
		"unknown operation": {[]answer{refusal(400, "UnknownOperationException")}, unsure},
	} {
		err := startStub(t, test.answers...).groups("").Check(t.Context(), someTrail())
		if test.want == nil && err != nil || test.want == unsure && (err == nil || errors.Is(err, ErrNoGroup)) || test.want != unsure && !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func TestWhatIsNoARNIsRefused(t *testing.T) {
	s := startStub(t, ok("{}"))
	broken := someTrail()
	broken.TopicARN, broken.LogGroupARN = "files", "trails"
	for what, err := range map[string]error{
		"publish":     s.topics("").Publish(t.Context(), broken, broken.TopicARN, "m"),
		"put":         s.groups("").Put(t.Context(), broken, stream, []string{"{}"}),
		"check topic": s.topics("").Check(t.Context(), broken),
		"check group": s.groups("").Check(t.Context(), broken),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if calls := s.operations(); len(calls) > 0 {
		t.Errorf("called %v", calls)
	}
}
