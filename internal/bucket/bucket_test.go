package bucket

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/sigv4"
	"github.com/cairn-audit/cairn/internal/state"
)

const account = "123456789012"

// start starts a server over a new directory and ends it with the test.
func start(t *testing.T) *Server {
	t.Helper()
	return startAt(t, filepath.Join(t.TempDir(), "s3"))
}

// store opens a state file of its own.
func store(t testing.TB) *state.Store {
	t.Helper()
	s, err := state.Open(filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func startAt(t *testing.T, dir string) *Server {
	t.Helper()
	s, err := Start(t.Context(), Options{Dir: dir, Account: account, Store: store(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// front is a gateway that lets everybody in: it decodes aws-chunked, forwards,
// and checks nothing.
func front(t *testing.T, s *Server) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.Clone(r.Context()) // whose body is net/http's to close
		r.Header, r.URL.RawQuery = sigv4.Unpresign(r.Header, r.URL.RawQuery)
		if strings.HasPrefix(r.Header.Get(hashHeader), "STREAMING-") {
			n, err := strconv.ParseInt(r.Header.Get(lengthHeader), 10, 64)
			if err != nil {
				n = -1
			}
			r.ContentLength = n
			r.Trailer = http.Header{}
			r.Body = io.NopCloser(&unchunked{r: bufio.NewReader(r.Body), trailer: r.Trailer})
		}
		res, err := s.Forward(r.Context(), account, r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer res.Body.Close()
		for name, values := range res.Header {
			if strings.HasPrefix(name, "X-Amz-Meta-") {
				name = strings.ToLower(name)
			}
			w.Header()[name] = values
		}
		w.WriteHeader(res.StatusCode)
		if _, err := io.Copy(w, res.Body); err != nil {
			t.Errorf("%s %s: copy the answer: %v", r.Method, r.URL, err)
		}
	})
}

// serve lets clients reach a server through front, in the clear or over TLS.
func serve(t *testing.T, s *Server) (plain, secure *httptest.Server) {
	t.Helper()
	plain, secure = httptest.NewServer(front(t, s)), httptest.NewTLSServer(front(t, s))
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	return plain, secure
}

// unchunked decodes aws-chunked without looking at signatures.
type unchunked struct {
	r       *bufio.Reader
	left    int64
	trailer http.Header
	end     bool
}

func (u *unchunked) Read(p []byte) (int, error) {
	if u.end {
		return 0, io.EOF
	}
	if u.left == 0 {
		line, err := u.r.ReadString('\n')
		if err != nil {
			return 0, unexpected(err)
		}
		size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		if u.left, err = strconv.ParseInt(size, 16, 64); err != nil {
			return 0, err
		}
		if u.left == 0 {
			u.end = true
			return 0, u.readTrailers()
		}
	}
	n, err := u.r.Read(p[:min(int64(len(p)), u.left)])
	if u.left -= int64(n); u.left == 0 && err == nil {
		_, err = u.r.Discard(len("\r\n"))
	}
	return n, unexpected(err)
}

func (u *unchunked) readTrailers() error {
	for {
		line, err := u.r.ReadString('\n')
		name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if ok {
			u.trailer.Set(name, value)
		}
		switch {
		case errors.Is(err, io.EOF), err == nil && !ok:
			return io.EOF
		case err != nil:
			return err
		}
	}
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// do sends a request through Forward and returns the answer's status, headers
// and body.
func do(t *testing.T, s *Server, r *http.Request) (int, http.Header, string) {
	t.Helper()
	res, err := s.Forward(t.Context(), account, r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	return res.StatusCode, res.Header, string(body)
}

// userMeta is an object's user metadata.
func userMeta(h http.Header, name string) string {
	return h.Get("X-Amz-Meta-" + name)
}

func request(method, target, body string) *http.Request {
	return httptest.NewRequest(method, "http://localhost"+target, strings.NewReader(body))
}

// must sends a request that has to succeed.
func must(t *testing.T, s *Server, r *http.Request) (http.Header, string) {
	t.Helper()
	status, header, body := do(t, s, r)
	if status >= 300 {
		t.Fatalf("%s %s: %d %s", r.Method, r.URL, status, body)
	}
	return header, body
}

func TestServerStartsAgainAndKeepsItsObjects(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "s3")
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		s := startAt(t, dir)
		if i == 0 {
			must(t, s, request("PUT", "/logs", ""))
		}
		must(t, s, request("PUT", fmt.Sprintf("/logs/n%d", i), "x"))
		_, body := must(t, s, request("GET", "/logs/n0", ""))
		if body != "x" {
			t.Errorf("start %d: body = %q", i, body)
		}
		stop(t, s)
		if now, _ := os.Getwd(); now != wd {
			t.Errorf("after Close the working directory is %s, was %s", now, wd)
		}
		if left, _ := os.ReadDir(filepath.Join(dir, "run")); len(left) > 0 {
			t.Errorf("after Close %s is left in run", left[0].Name())
		}
	}
}

func TestSecondServerOfAProcessIsRefused(t *testing.T) {
	s := start(t)
	if _, err := Start(t.Context(), Options{Dir: t.TempDir(), Account: account, Store: store(t)}); !errors.Is(err, ErrRunning) {
		t.Errorf("second Start: %v, want ErrRunning", err)
	}
	must(t, s, request("PUT", "/still-there", ""))
}

func TestStartThatFailsLeavesTheProcessAsItWas(t *testing.T) {
	wd, _ := os.Getwd()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Options{Dir: file, Account: account, Store: store(t)}); err == nil {
		t.Fatal("Start over a file succeeded")
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := Start(cancelled, Options{Dir: filepath.Join(t.TempDir(), "s3"), Account: account, Store: store(t)}); err == nil {
		stop(t, s) // it was faster
	}
	if now, _ := os.Getwd(); now != wd {
		t.Errorf("the working directory is %s, was %s", now, wd)
	}
	start(t)
}

func TestStaleSocketIsReplaced(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "s3")
	s := startAt(t, dir)
	path := s.socket.path
	stop(t, s)
	// What a killed process leaves: a socket that nobody listens on.
	killed, err := listenUnlinked(path)
	if err != nil {
		t.Fatal(err)
	}
	killed.Close()
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	must(t, startAt(t, dir), request("PUT", "/again", ""))
}

func TestDirectoryOfAnyLengthWorks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 40), "s3")
	s := startAt(t, dir)
	must(t, s, request("PUT", "/deep", ""))
	if s.socket.temp == "" {
		t.Fatalf("socket path %s is not too long", s.socket.path)
	}
	if info, err := os.Stat(s.socket.temp); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the socket's directory: %v, %v, want mode 0700", info, err)
	}
	stop(t, s)
	if _, err := os.Stat(s.socket.temp); !os.IsNotExist(err) {
		t.Errorf("after Close, Stat(%s) = %v", s.socket.temp, err)
	}
}

func TestOthersCannotReachTheSocket(t *testing.T) {
	s := start(t)
	info, err := os.Stat(filepath.Dir(s.socket.path))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the socket's directory has mode %v, want 0700", info.Mode().Perm())
	}
	// And who reaches it has to know the secret.
	res, err := (&http.Client{Transport: s.Transport()}).Get("http://s3/")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("an unsigned request: %s, want 403", res.Status)
	}
}

func TestServerHasNoAdminAPI(t *testing.T) {
	s := start(t)
	for _, path := range []string{
		"/create-user", "/delete-user", "/update-user", "/list-users", "/change-bucket-owner", "/list-buckets",
		"/bucket/create",
	} {
		if status, _, body := do(t, s, request("PATCH", path, "")); status < 400 {
			t.Errorf("PATCH %s: %d %s", path, status, body)
		}
	}
}

func TestServerSaysNothingOnStandardOutput(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = w, w
	s := start(t)
	must(t, s, request("PUT", "/quiet", ""))
	do(t, s, request("GET", "/none/such", ""))
	do(t, s, request("POST", "/quiet/x?uploads=%zz", "<broken"))
	stop(t, s)
	os.Stdout, os.Stderr = stdout, stderr
	w.Close()
	if said, _ := io.ReadAll(r); len(said) > 0 {
		t.Errorf("the server said %q", said)
	}
}

// TestAServerThatWasNeverUsedLeavesNothingRunning can fail only with the race
// detector: what the first server still did would read os.Stdout while the next
// one changes it.
func TestAServerThatWasNeverUsedLeavesNothingRunning(t *testing.T) {
	for range 5 {
		stop(t, start(t))
	}
}

func TestObjectsWorkWithoutExtendedAttributes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "s3")
	// The directory's presence decides.
	if err := os.MkdirAll(filepath.Join(dir, "meta"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := startAt(t, dir)
	must(t, s, request("PUT", "/plain", `<CreateBucketConfiguration><LocationConstraint>eu-west-3</LocationConstraint></CreateBucketConfiguration>`))
	put := request("PUT", "/plain/a/b", "body")
	put.Header.Set("X-Amz-Meta-Colour", "blue")
	put.Header.Set("Content-Type", "text/x-cairn")
	sent, _ := must(t, s, put)
	got, body := must(t, s, request("GET", "/plain/a/b", ""))
	if body != "body" || got.Get("Etag") != sent.Get("Etag") || userMeta(got, "colour") != "blue" ||
		got.Get("Content-Type") != "text/x-cairn" {
		t.Errorf("GET: %v %q", got, body)
	}
	head, _ := must(t, s, request("HEAD", "/plain", ""))
	if head.Get("X-Amz-Bucket-Region") != "eu-west-3" {
		t.Errorf("HEAD: %v", head)
	}
	must(t, s, request("DELETE", "/plain/a/b", ""))
	must(t, s, request("DELETE", "/plain", ""))
}
