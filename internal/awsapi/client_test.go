package awsapi

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// clientJob is a line for testdata/http_botocore.py: a call to make, if it has a
// value, else an answer to read.
type clientJob struct {
	Service   string            `json:"service"`
	Operation string            `json:"operation"`
	Endpoint  string            `json:"endpoint,omitempty"`
	Protocol  Protocol          `json:"protocol,omitempty"`
	Value     any               `json:"value,omitempty"`
	Status    int               `json:"status,omitempty"`
	Headers   map[string]string `json:"headers,omitempty"`
	Body      []byte            `json:"body,omitempty"`

	op   *Operation
	want map[string]any
	sent *Error
}

type clientResult struct {
	Error string `json:"error"`
	// of a call
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body"`
	// of an answer
	Value     any    `json:"value"`
	Code      string `json:"code"`
	Shape     string `json:"shape"`
	Message   string `json:"message"`
	RequestID string `json:"requestId"`
}

// always are services tried every time: all protocols and whatever is special.
var always = []string{"apigateway", "autoscaling", "cloudfront", "cloudtrail", "cloudwatch", "dynamodb", "ec2",
	"ec2-instance-connect", "ecs", "elb", "elbv2", "glacier", "iam", "kms", "lambda", "logs", "rds", "route53", "s3",
	"s3control", "sdb", "sns", "sqs", "sts"}

// sample picks operations of many services. With CAIRN_BOTOCORE=all it picks all
// of all services, which takes minutes.
func sample(t *testing.T, perService int) []*Operation {
	t.Helper()
	all := os.Getenv("CAIRN_BOTOCORE") == "all"
	if testing.Short() || raceDetector {
		perService = 1
	}
	var ops []*Operation
	catalog := sharedCatalog(t)
	for i, id := range catalog.Services() {
		if i%10 != 0 && !slices.Contains(always, id) && !all {
			continue
		}
		svc, err := catalog.Service(id)
		if err != nil {
			t.Fatal(err)
		}
		step := max(1, len(svc.Operations)/perService)
		if all {
			step = 1
		}
		for n := (i * 7) % step; n < len(svc.Operations); n += step {
			ops = append(ops, svc.Operations[n])
		}
	}
	return ops
}

func TestBotocoresClientsAreUnderstood(t *testing.T) {
	var jobs []*clientJob
	for i, op := range sample(t, 4) {
		job := &clientJob{Service: op.Service.ID, Operation: op.Name, op: op, want: map[string]any{}}
		if op.Input != nil {
			job.want = generateStructure(seed(op, "client"), op.Input, 3)
			job.want = sendable(op, job.want)
		}
		if i%2 == 0 {
			job.Endpoint = "http://localhost:4566"
		}
		job.Value = toPython(job.want)
		jobs = append(jobs, job)
	}
	services := map[string]bool{}
	for i, result := range runBotocore[clientResult](t, "testdata/http_botocore.py", jobs) {
		services[jobs[i].Service] = true
		checkClient(t, jobs[i], result)
	}
	t.Logf("%d calls of %d services", len(jobs), len(services))
}

func checkClient(t *testing.T, job *clientJob, result clientResult) {
	t.Helper()
	what := job.Service + "." + job.Operation
	if result.Error != "" {
		if !refusedByClient(result.Error) {
			t.Errorf("%s: botocore: %s", what, result.Error)
		}
		return
	}
	u, err := url.Parse(result.URL)
	if err != nil {
		t.Fatal(err)
	}
	r := &Request{Method: result.Method, Host: u.Host, Path: u.EscapedPath(), RawQuery: u.RawQuery, Header: http.Header{}, Body: result.Body}
	for name, value := range result.Headers {
		r.Header.Set(name, value)
	}
	found, err := sharedCatalog(t).Find(signingName(r), r)
	if err != nil {
		t.Errorf("%s: %s %s: %v", what, r.Method, result.URL, err)
		return
	}
	if found.Operation != job.op {
		if found.Operation.Name == "DescribeEndpoints" {
			return // the client asks where to send the call
		}
		if !mayBeTaken(job.op, found.Operation) {
			t.Errorf("%s: %s %s: found %s.%s", what, r.Method, result.URL, found.Service.ID, found.Operation.Name)
		}
		found.Service, found.Operation = job.op.Service, job.op
	}
	got, err := found.Decode(r)
	if err != nil {
		t.Errorf("%s: %v\n%s %s\n%.300s", what, err, r.Method, result.URL, r.Body)
		return
	}
	wantClient(t, what, found, got, job.want)
}

// signingName is the service of a signature's scope.
func signingName(r *Request) string {
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	scope, _, _ = strings.Cut(scope, ",")
	if parts := strings.Split(scope, "/"); len(parts) == 5 {
		return parts[3]
	}
	return ""
}

// wantClient compares what was decoded with what the client was given, apart
// from what the client adds by itself.
func wantClient(t *testing.T, what string, found Found, got, want map[string]any) {
	t.Helper()
	var sent any = want
	switch found.Protocol {
	case Query, EC2:
		sent, _ = pruned(want, found.Protocol == EC2)
	default:
		if found.Operation.Input != nil {
			sent = carried(found.Operation.Input, found.Protocol, found.Protocol == RestXML, want)
		}
	}
	if sent == nil {
		sent = map[string]any{}
	}
	for name := range got {
		m := found.Operation.Input.Member(name)
		if _, given := sent.(map[string]any)[name]; !given && addedByClient(m, got[name]) {
			delete(got, name)
		}
	}
	wantEqual(t, what, got, sent)
}

// addedByClient reports whether botocore sends a member that its caller did not
// give: tokens, headers of the body, what its handlers for a service add.
func addedByClient(m *Member, v any) bool {
	switch m.Name {
	case "EncodingType", // S3's lists
		"PreSignedUrl", "PresignedUrl", "DestinationRegion", // copies between Regions
		"accountId": // Glacier's "-"
		return true
	}
	empty, isMap := v.(map[string]any)
	return m.IdempotencyToken || m.Location == InHeader || m.Location == InHeaders || isMap && len(empty) == 0
}

// refusedByClient reports whether botocore would not send the call, for reasons
// of its own.
func refusedByClient(text string) bool {
	for _, known := range []string{
		"EndpointResolutionError",                             // wants true ARNs and accounts
		"NoAuthTokenError",                                    // CodeCatalyst's are no keys
		"MissingDependencyException", "FlexibleChecksumError", // checksums that need more than Python
		"Invalid timestamp",        // S3's Expires, which it parses
		"has no attribute 'split'", // Machine Learning's Predict, which wants a URL
	} {
		if strings.Contains(text, known) {
			return true
		}
	}
	return false
}

// rewritten are members that botocore's handlers change on the way.
var rewritten = map[string]bool{
	"UserData":       true,                                   // base64 of it is sent
	"SSECustomerKey": true, "CopySourceSSECustomerKey": true, // base64, and its MD5
}

// sendable is what of the parameters botocore sends as it is.
func sendable(op *Operation, v map[string]any) map[string]any {
	maps.DeleteFunc(v, func(name string, value any) bool {
		m := op.Input.Member(name)
		return m.JSONValue || rewritten[name] || value == nil
	})
	if v["CopySource"] != nil {
		v["CopySource"] = "bucket/key"
	}
	v = without(&Member{Shape: op.Input}, v, isShadowed).(map[string]any)
	return changed(v, func(v any) any {
		switch v := v.(type) {
		case time.Time:
			return v.Truncate(time.Second)
		case string:
			return strings.ReplaceAll(v, "\r", "r")
		}
		return v
	}).(map[string]any)
}

func TestBotocoresParsersUnderstandAnswers(t *testing.T) {
	var jobs []*clientJob
	for _, op := range sample(t, 4) {
		for _, p := range op.Service.Protocols {
			if op.Output == nil || hasStream(op.Output) || unreadable(op, p) {
				continue
			}
			out := generateStructure(seed(op, "parser"), op.Output, 3)
			out = carried(op.Output, p, p != RestJSON, out)
			out = without(&Member{Shape: op.Output}, out, isShadowed).(map[string]any)
			out = changed(out, finite).(map[string]any)
			job := &clientJob{Service: op.Service.ID, Operation: op.Name, Protocol: p, op: op, want: out}
			r, err := Found{Service: op.Service, Operation: op, Protocol: p}.EncodeAnswer(out, "id-1")
			if err != nil {
				t.Errorf("%s.%s: %v", op.Service.ID, op.Name, err)
				continue
			}
			job.answer(r)
			jobs = append(jobs, job)
		}
	}
	for i, result := range runBotocore[clientResult](t, "testdata/http_botocore.py", jobs) {
		job := jobs[i]
		what := fmt.Sprintf("%s.%s (%s)", job.Service, job.Operation, job.Protocol)
		if result.Error != "" {
			t.Errorf("%s: botocore: %s\n%s", what, result.Error, job.Body)
			continue
		}
		got := fromPython(result.Value).(map[string]any)
		for name, v := range got { // botocore makes empty values of nothing
			if _, given := job.want[name]; !given && isNothing(v) {
				delete(got, name)
			}
		}
		wantEqual(t, what, got, job.want)
		if result.RequestID != "id-1" {
			t.Errorf("%s: botocore has the request id %q", what, result.RequestID)
		}
	}
	t.Logf("%d answers", len(jobs))
}

// unreadable reports whether botocore alone cannot read an answer: bytes as the
// whole body, which its client reads as a stream; SQS's Query, which it has
// forgotten; members that are the same element, and headers that are all a
// member's.
func unreadable(op *Operation, p Protocol) bool {
	if op.Name == "GetBucketNotification" || op.Name == "SendApiAsset" {
		return true
	}
	payload := bindingsOf(op.Output).payload
	return payload != nil && payload.Shape.Kind == Blob || op.Service.ID == "sqs" && p == Query
}

// finite replaces what botocore does not read from JSON: nulls, and numbers for
// which it leaves a text.
func finite(v any) any {
	if f, ok := v.(float64); ok && math.IsInf(f, 0) || v == nil {
		return 1.5
	}
	return v
}

func (job *clientJob) answer(r *Response) {
	job.Status, job.Body, job.Headers = r.Status, r.Body, map[string]string{}
	for name := range r.Header {
		job.Headers[name] = r.Header.Get(name)
	}
}

func isNothing(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return len(v) == 0
	case string:
		return v == ""
	case int64: // the status
		return true
	}
	return v == nil
}

func TestBotocoresParsersUnderstandErrors(t *testing.T) {
	var jobs []*clientJob
	for _, op := range sample(t, 4) {
		for _, p := range op.Service.Protocols {
			errs := []*Error{{Code: "ThrottlingException", Message: "Rate <exceeded> & \"so\""}}
			for _, shape := range op.Errors[:min(2, len(op.Errors))] {
				errs = append(errs, &Error{Code: shape.Name, Message: "No \u00e9"})
			}
			for _, e := range errs {
				if op.Method == "HEAD" {
					continue
				}
				f := Found{Service: op.Service, Operation: op, Protocol: p, QueryMode: true}
				job := &clientJob{Service: op.Service.ID, Operation: op.Name, Protocol: p, op: op, sent: e}
				job.answer(f.EncodeError(e, "id-1"))
				jobs = append(jobs, job)
			}
		}
	}
	for i, result := range runBotocore[clientResult](t, "testdata/http_botocore.py", jobs) {
		job := jobs[i]
		what := fmt.Sprintf("%s.%s (%s) %s", job.Service, job.Operation, job.Protocol, job.sent.Code)
		if result.Error != "" {
			t.Errorf("%s: botocore: %s\n%s", what, result.Error, job.Body)
			continue
		}
		f := Found{Service: job.op.Service, Operation: job.op}
		shape := f.errorShape(job.sent.Code)
		if want := wireCode(shape, job.sent.Code); result.Code != want || result.Message != job.sent.Message {
			t.Errorf("%s: botocore has %s: %s, want %s\n%s", what, result.Code, result.Message, want, job.Body)
		}
		if result.RequestID != "id-1" && job.Service != "sdb" {
			t.Errorf("%s: botocore has the request id %q", what, result.RequestID)
		}
	}
	t.Logf("%d errors", len(jobs))
}
