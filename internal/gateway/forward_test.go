package gateway

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/sigv4"
)

// behind starts an endpoint and a gateway in --auth open before it.
func behind(t *testing.T, h http.HandlerFunc, change ...func(*Options)) *front {
	t.Helper()
	upstream := httptest.NewServer(h)
	t.Cleanup(upstream.Close)
	u, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := NewTransport(Limits{})
	t.Cleanup(transport.CloseIdleConnections)
	change = append([]func(*Options){func(o *Options) { o.Auth = AuthOpen }}, change...)
	return newFront(t, &Upstream{URL: u, Transport: transport}, change...)
}

func TestAnUpstreamsAnswersArriveByteForByte(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	blob := make([]byte, 1<<20)
	for i := range blob {
		blob[i] = byte(random.Uint32())
	}
	for _, test := range []struct {
		name   string
		status int
		header http.Header
		body   []byte
	}{
		{"an answer", 200, http.Header{"Content-Type": {"text/xml;charset=UTF-8"}, "X-Odd": {"a", "b"}}, []byte("<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>")},
		{"an error", 400, http.Header{"Content-Type": {"text/xml"}}, []byte("<Response><Errors><Error><Code>X</Code></Error></Errors></Response>")},
		{"not XML", 200, http.Header{"Content-Type": {"text/plain"}}, []byte("\x00\xff <&>")},
		{"no content type", 200, http.Header{}, []byte("<html>")},
		{"empty", 204, http.Header{}, nil},
		{"large", 200, http.Header{}, blob},
		{"compressed", 200, http.Header{"Content-Encoding": {"gzip"}}, gzipped("<DescribeVpcsResponse/>")},
		{"not what it says", 200, http.Header{"Content-Encoding": {"gzip"}}, []byte("no gzip")},
		{"a redirect", 307, http.Header{"Location": {"http://elsewhere.example/"}}, []byte("gone")},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := behind(t, func(w http.ResponseWriter, r *http.Request) {
				for name, values := range test.header {
					w.Header()[name] = values
				}
				if w.Header()["Content-Type"] == nil {
					w.Header()["Content-Type"] = nil
				}
				w.Header()["Date"] = []string{"Mon, 02 Jan 2006 15:04:05 GMT"}
				w.WriteHeader(test.status)
				w.Write(test.body)
			})
			a := f.call("ec2", "DescribeVpcs", nil)
			if a.status != test.status || a.body != string(test.body) {
				t.Errorf("status %d, %d bytes; want %d, %d bytes", a.status, len(a.body), test.status, len(test.body))
			}
			for name, values := range test.header {
				if fmt.Sprint(a.header[name]) != fmt.Sprint(values) {
					t.Errorf("header %s is %q, want %q", name, a.header[name], values)
				}
			}
			if got := a.header["Content-Type"]; test.header["Content-Type"] == nil && got != nil {
				t.Errorf("a content type was made up: %q", got)
			}
			f.journal.only()
		})
	}
}

func gzipped(s string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.Bytes()
}

func TestARequestGoesOnAsItCameButForHopByHopHeaders(t *testing.T) {
	var got *http.Request
	var body []byte
	f := behind(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(t.Context())
		body, _ = io.ReadAll(r.Body)
	})
	req := f.http(request{service: "ec2", operation: "CreateKeyPair", params: createKey, key: testKey})
	req.Header.Set("Connection", "X-Hop")
	req.Header.Set("X-Hop", "1")
	req.Header.Set("Proxy-Authorization", "secret")
	req.Header.Set("X-Custom", "kept")
	sent, _ := io.ReadAll(req.Body)
	req.Body = io.NopCloser(bytes.NewReader(sent))
	f.do(req)
	if !bytes.Equal(body, sent) {
		t.Errorf("body %q, sent %q", body, sent)
	}
	for _, name := range []string{"Authorization", "X-Amz-Date", "Content-Type", "X-Custom", "User-Agent"} {
		want := req.Header.Get(name)
		if name == "User-Agent" {
			want = "Go-http-client/1.1"
		}
		if got.Header.Get(name) != want {
			t.Errorf("%s is %q, was %q", name, got.Header.Get(name), want)
		}
	}
	for _, name := range []string{"X-Hop", "Proxy-Authorization", "X-Forwarded-For", "Accept-Encoding"} {
		if v := got.Header.Get(name); v != "" && v != req.Header.Get(name) || name == "X-Hop" && v != "" || strings.HasPrefix(name, "Proxy") && v != "" {
			t.Errorf("%s: %q goes on", name, v)
		}
	}
	if got.Host != req.URL.Host {
		t.Errorf("host %q, was %q", got.Host, req.URL.Host)
	}
}

func TestAnUnknownOperationIsTheUpstreamsToJudge(t *testing.T) {
	f := behind(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "fine") })
	body := "Action=InventedYesterday&Version=2016-11-15&X=1"
	req, _ := http.NewRequest("POST", f.server.URL, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	f.sign(req, []byte(body), "ec2", testKey)
	f.do(req).mustHave(t, 200, "fine")
	e := f.journal.only()
	if e.EventName != "InventedYesterday" || e.EventSource != "ec2.amazonaws.com" || string(e.RequestParameters) != "null" || *e.ReadOnly {
		t.Errorf("event %s of %s, parameters %s, readOnly %v", e.EventName, e.EventSource, e.RequestParameters, *e.ReadOnly)
	}
}

func TestALostAnswerIsRecordedAsAnUnknownOutcome(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"reset": func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			conn, _, _ := http.NewResponseController(w).Hijack()
			conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		},
		"cut short": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, "<Creat")
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := behind(t, h)
			f.call("ec2", "CreateKeyPair", createKey).mustHave(t, 502, "OutcomeUnknown")
			if e := f.journal.only(); e.ErrorCode != "OutcomeUnknown" {
				t.Errorf("error code %q", e.ErrorCode)
			}
		})
	}
}

func TestAnUpstreamThatCannotBeReachedHasDoneNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	f := newFront(t, &Upstream{URL: &url.URL{Scheme: "http", Host: l.Addr().String()}, Transport: NewTransport(Limits{})})
	f.call("ec2", "CreateKeyPair", createKey).mustHave(t, 503, "<Code>Unavailable</Code>")
	if e := f.journal.only(); e.ErrorCode == "OutcomeUnknown" || e.ErrorCode == "" {
		t.Errorf("error code %q", e.ErrorCode)
	}
}

func TestAnUpstreamGetsASignatureOfItsOwn(t *testing.T) {
	const id, secret = "AKIAUPSTREAM00000000", "upstream secret"
	var problem error
	var seen *sigv4.Signature
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if seen, problem = sigv4.Parse(sigv4.FromHTTP(r)); problem == nil {
			problem = seen.Verify(secret, time.Now(), sigv4.HashHex(body))
		}
	}))
	defer upstream.Close()
	u, _ := url.Parse(upstream.URL)
	f := newFront(t, &Upstream{
		URL: u, Transport: NewTransport(Limits{}),
		Credentials: signAs{AccessKeyID: id, SecretAccessKey: secret, SessionToken: "token"},
	})
	for _, call := range []request{
		{service: "ec2", operation: "CreateKeyPair", params: createKey},
		{service: "ecs", operation: "ListClusters"},
		{service: "lambda", operation: "GetFunction", params: map[string]any{"FunctionName": "a:b c/ü"}},
		{service: "s3", operation: "GetObject", params: map[string]any{"Bucket": "bucket", "Key": "a b//c+ü/../d"}},
	} {
		call.key = testKey
		f.do(f.http(call))
		if problem != nil {
			t.Errorf("%s %s: %v", call.service, call.operation, problem)
		}
		if seen.AccessKeyID != id || seen.Region != testRegion || seen.SessionToken != "token" {
			t.Errorf("signed by %s for %s", seen.AccessKeyID, seen.Region)
		}
	}
}

func TestAStreamedAnswerArrivesWhileItIsMadeAndAfterItsEvent(t *testing.T) {
	next := make(chan string)
	f := behind(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		for part := range next {
			io.WriteString(w, part)
			http.NewResponseController(w).Flush()
		}
	})
	req := f.http(request{service: "s3", operation: "GetObject", params: map[string]any{"Bucket": "bucket", "Key": "k"}, key: testKey})
	go func() { next <- "first" }()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	part := make([]byte, 5)
	if _, err := io.ReadFull(resp.Body, part); err != nil || string(part) != "first" {
		t.Fatalf("%q, %v", part, err)
	}
	e := f.journal.only()
	if e.EventName != "GetObject" || !strings.Contains(string(e.AdditionalEventData), `"bytesTransferredOut":10`) {
		t.Errorf("event %s, %s", e.EventName, e.AdditionalEventData)
	}
	next <- "other"
	close(next)
	if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "other" {
		t.Errorf("the rest is %q, %v", rest, err)
	}
}

func TestAnAnswerThatBreaksOffDoesNotLookWhole(t *testing.T) {
	f := behind(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "part")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	_, err := f.try(f.http(request{service: "s3", operation: "GetObject", params: map[string]any{"Bucket": "bucket", "Key": "k"}, key: testKey}))
	if err == nil {
		t.Error("the client takes a part for the whole")
	}
}

func TestALargeUploadIsPassedOnWhileItComesIn(t *testing.T) {
	const size = 40 << 20
	got := make(chan int64, 1)
	f := behind(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		got <- n
	})
	req, _ := http.NewRequest("PUT", f.server.URL+"/bucket/large", io.LimitReader(zeros{}, size))
	req.ContentLength = size
	f.sign(req, nil, "s3", testKey)
	f.do(req).mustHave(t, 200, "")
	if n := <-got; n != size {
		t.Errorf("%d bytes arrived", n)
	}
	if e := f.journal.only(); !strings.Contains(string(e.AdditionalEventData), fmt.Sprintf(`"bytesTransferredIn":%d`, size)) {
		t.Errorf("event %s", e.AdditionalEventData)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func TestAnEmptyUploadSaysItsLength(t *testing.T) {
	for _, auth := range []Auth{AuthOpen, AuthVerify} {
		var got *http.Request
		f := behind(t, func(w http.ResponseWriter, r *http.Request) { got = r }, func(o *Options) { o.Auth = auth })
		if auth == AuthVerify {
			f.upstream().Credentials = staticCredentials
		}
		f.call("s3", "PutObject", map[string]any{"Bucket": "bucket", "Key": "k"}).mustHave(t, 200, "")
		if got.ContentLength != 0 || len(got.TransferEncoding) > 0 || got.Header.Get("Content-Length") != "0" {
			t.Errorf("auth %s: length %d, coding %v, %v", auth, got.ContentLength, got.TransferEncoding, got.Header)
		}
	}
}

func TestNamesOfMetadataArriveInLowerCase(t *testing.T) {
	f := behind(t, func(w http.ResponseWriter, r *http.Request) { w.Header()["x-amz-meta-colour"] = []string{"red"} })
	req := f.http(request{service: "s3", operation: "HeadObject", params: map[string]any{"Bucket": "bucket", "Key": "k"}, key: testKey})
	conn, err := net.Dial("tcp", req.URL.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	req.Close = true
	if err := req.Write(conn); err != nil {
		t.Fatal(err)
	}
	// As it comes, for net/http would change it.
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.Contains(string(answer), "\r\nx-amz-meta-colour: red\r\n") {
		t.Errorf("%v, %s", err, answer)
	}
}
