package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// faultyS3 stands before an S3 and does to its callers what networks and services
// under load do.
type faultyS3 struct {
	*httptest.Server
	t      *testing.T
	client http.Client
	late   sync.WaitGroup // what is stored after its answer

	mu     sync.Mutex
	target string // the S3's host and port
	random *rand.Rand
	rate   float64 // of requests that meet a fault
	met    map[string]int
	puts   int
	// first is the hash of what was first put under a key, with its metadata.
	first map[string][sha256.Size]byte
	trap  *trap
}

// trap holds a request until its client is gone.
type trap struct {
	digest bool // a digest, and not a log file
	stored bool // when it is stored, and not when it has arrived
	sprung chan struct{}
}

// The faults. Each is as likely as any other.
const (
	internalError = "answers 500"
	slowDown      = "answers 503"
	accessDenied  = "answers 403"
	resetAtOnce   = "resets the connection"
	resetHalfway  = "resets the connection in the middle of the request"
	stalls        = "stalls and resets"
	stallsStored  = "stalls, stores and resets"
	losesAnswer   = "stores and resets"
	cutsAnswer    = "stores and cuts the answer off"
	storedAnd500  = "stores and answers 500"
	storesLate    = "answers 503 and stores later"
	cutsRequest   = "gives the S3 half of the request"
	isSlow        = "is slow"
)

func newFaultyS3(t *testing.T, random *rand.Rand) *faultyS3 {
	f := &faultyS3{t: t, random: random, met: map[string]int{}, first: map[string][sha256.Size]byte{}}
	f.client.Transport = &http.Transport{DisableCompression: true}
	f.Server = httptest.NewServer(f)
	t.Cleanup(func() {
		f.CloseClientConnections()
		f.Close()
		f.late.Wait()
	})
	return f
}

// before says which S3 it stands before.
func (f *faultyS3) before(url string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.target = strings.TrimPrefix(url, "http://")
}

// fail sets how many of the requests meet a fault; 0 ends the faults.
func (f *faultyS3) fail(rate float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rate = rate
}

// catch sets a trap, whose channel is closed when a request is in it.
func (f *faultyS3) catch(digest, stored bool) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trap = &trap{digest, stored, make(chan struct{})}
	return f.trap.sprung
}

// release takes the trap away.
func (f *faultyS3) release() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trap = nil
}

func (f *faultyS3) caught(r *http.Request, stored bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Method != http.MethodPut || f.trap == nil || f.trap.stored != stored ||
		f.trap.digest != strings.Contains(r.URL.Path, "/CloudTrail-Digest/") {
		return false
	}
	close(f.trap.sprung)
	f.trap = nil
	return true
}

// draw decides what fault a request meets, and how long what is slow takes.
func (f *faultyS3) draw() (fault string, pause time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	pause = time.Duration(f.random.IntN(2000)) * time.Millisecond
	if f.random.Float64() >= f.rate {
		return "", pause
	}
	all := []string{
		internalError, slowDown, accessDenied, resetAtOnce, resetHalfway, stalls, stallsStored,
		losesAnswer, cutsAnswer, storedAnd500, storesLate, cutsRequest, isSlow,
	}
	fault = all[f.random.IntN(len(all))]
	f.met[fault]++
	return fault, pause
}

func (f *faultyS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault, pause := f.draw()
	switch fault {
	case resetAtOnce:
		reset(w)
		return
	case resetHalfway:
		_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2)
		reset(w)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client was killed
	}
	f.remember(r, body)
	if f.caught(r, false) {
		<-r.Context().Done()
		return
	}
	f.meet(fault, pause, w, r, body)
}

// meet answers a request with a fault, or without one.
func (f *faultyS3) meet(fault string, pause time.Duration, w http.ResponseWriter, r *http.Request, body []byte) {
	switch fault {
	case internalError:
		refuse(w, http.StatusInternalServerError, "InternalError")
	case slowDown:
		refuse(w, http.StatusServiceUnavailable, "SlowDown")
	case accessDenied:
		refuse(w, http.StatusForbidden, "AccessDenied")
	case stalls:
		wait(r.Context(), pause)
		reset(w)
	case stallsStored:
		wait(r.Context(), pause)
		_, _, _ = f.forward(context.WithoutCancel(r.Context()), r, body)
		reset(w)
	case storesLate:
		again := r.Clone(context.WithoutCancel(r.Context()))
		f.late.Go(func() {
			wait(again.Context(), pause)
			_, _, _ = f.forward(again.Context(), again, body)
		})
		refuse(w, http.StatusServiceUnavailable, "SlowDown")
	case cutsRequest:
		_, _, _ = f.forward(r.Context(), r, body[:len(body)/2])
		reset(w)
	default:
		f.pass(fault, pause, w, r, body)
	}
}

// pass lets the S3 do what it was asked, and answers as the fault says.
func (f *faultyS3) pass(fault string, pause time.Duration, w http.ResponseWriter, r *http.Request, body []byte) {
	answer, text, err := f.forward(context.WithoutCancel(r.Context()), r, body)
	if err != nil {
		reset(w) // the S3 was killed
		return
	}
	if f.caught(r, true) {
		<-r.Context().Done()
		return
	}
	switch fault {
	case isSlow:
		wait(r.Context(), pause)
	case losesAnswer:
		reset(w)
		return
	case storedAnd500:
		refuse(w, http.StatusInternalServerError, "InternalError")
		return
	case cutsAnswer:
		hijacked(w, func(c *net.TCPConn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nETag: \"0") })
		return
	}
	maps.Copy(w.Header(), answer.Header)
	w.WriteHeader(answer.StatusCode)
	_, _ = w.Write(text)
}

// forward sends a request, with some of its body, to the S3.
func (f *faultyS3) forward(ctx context.Context, r *http.Request, body []byte) (*http.Response, []byte, error) {
	f.mu.Lock()
	target := f.target
	f.mu.Unlock()
	out := r.Clone(ctx)
	out.URL.Scheme, out.URL.Host, out.RequestURI = "http", target, ""
	out.Body = io.NopCloser(bytes.NewReader(body))
	answer, err := f.client.Do(out)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer, text, err
}

// remember holds each key to what was first put there.
func (f *faultyS3) remember(r *http.Request, body []byte) {
	if r.Method != http.MethodPut {
		return
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		if strings.HasPrefix(name, "X-Amz-Meta-") {
			fmt.Fprintf(sum, "%s: %s\n", name, r.Header.Get(name))
		}
	}
	sum.Write(body)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.puts++
	now := [sha256.Size]byte(sum.Sum(nil))
	if was, ok := f.first[r.URL.Path]; ok && was != now {
		f.t.Errorf("%s was put with other contents than before", r.URL.Path)
	}
	f.first[r.URL.Path] = now
}

// wait takes a time, or less if the client goes.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// refuse answers with an error of S3's.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, code)
}

func reset(w http.ResponseWriter) {
	hijacked(w, func(c *net.TCPConn) { _ = c.SetLinger(0) })
}

// hijacked ends a connection after something was done with it.
func hijacked(w http.ResponseWriter, do func(*net.TCPConn)) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	do(c.(*net.TCPConn))
	c.Close()
}
