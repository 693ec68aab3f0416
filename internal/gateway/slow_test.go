package gateway

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// roundTrips is a transport without a network.
type roundTrips func(*http.Request) (*http.Response, error)

func (f roundTrips) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// oneConn is a listener with one connection, which it has until it is closed.
type oneConn struct {
	net.Listener // none
	conns        chan net.Conn
}

func (l oneConn) Accept() (net.Conn, error) {
	if c, ok := <-l.conns; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (l oneConn) Close() error { return nil }

func (l oneConn) Addr() net.Addr { return &net.TCPAddr{} }

// TestAClientMayTakeAnAnswerSlowlyAndMayNotStop: the connection keeps nothing by
// itself, and its time is not the machine's.
func TestAClientMayTakeAnAnswerSlowlyAndMayNotStop(t *testing.T) {
	const idle, size = time.Minute, 4 << 20
	for pause, whole := range map[time.Duration]bool{idle/2 - 1: true, idle + 1: false} {
		f := newFront(t, &Upstream{
			URL: &url.URL{Scheme: "http", Host: "upstream"},
			Transport: roundTrips(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, ContentLength: size, Body: io.NopCloser(io.LimitReader(zeros{}, size))}, nil
			}),
		}, func(o *Options) { o.Auth, o.Limits.Idle = AuthOpen, idle })
		req := f.http(request{service: "ec2", operation: "DescribeVpcs", key: testKey})
		synctest.Test(t, func(t *testing.T) {
			client, served := net.Pipe()
			l := oneConn{conns: make(chan net.Conn, 1)}
			l.conns <- served
			server := &http.Server{Handler: f.server.Config.Handler}
			var running sync.WaitGroup
			running.Go(func() { _ = server.Serve(l) })
			if err := req.Write(client); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(client), req)
			if err != nil {
				t.Fatal(err)
			}
			var n int64
			for piece := make([]byte, writePiece/2); err == nil; time.Sleep(pause) {
				var got int
				got, err = io.ReadFull(resp.Body, piece)
				n += int64(got)
			}
			if (n == size) != whole {
				t.Errorf("with %v between %d bytes: %d of %d bytes arrived", pause, writePiece/2, n, size)
			}
			client.Close()
			close(l.conns)
			server.Close()
			running.Wait()
		})
	}
}

func TestAnUpstreamsAnswerWithoutAStatusIsNone(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		http.ReadRequest(bufio.NewReader(conn))
		io.WriteString(conn, "HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n")
	}()
	f := behind(t, nil)
	f.upstream().URL.Host = l.Addr().String()
	f.call("ec2", "CreateKeyPair", createKey).mustHave(t, 502, "OutcomeUnknown")
	if e := f.journal.only(); !strings.Contains(e.ErrorCode, "OutcomeUnknown") {
		t.Errorf("error code %q", e.ErrorCode)
	}
}
