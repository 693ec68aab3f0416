package gateway

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func withIdle(d time.Duration) func(*Options) {
	return func(o *Options) { o.Limits.Idle = d }
}

func TestAClientThatTakesAnAnswerSlowlyGetsAllOfIt(t *testing.T) {
	const idle, size = 100 * time.Millisecond, 24 << 20
	f := behind(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, io.LimitReader(zeros{}, size))
	}, withIdle(idle))
	resp, err := http.DefaultTransport.RoundTrip(f.http(request{service: "ec2", operation: "DescribeVpcs", key: testKey}))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var n int64
	for piece := make([]byte, 64<<10); ; time.Sleep(time.Millisecond) {
		got, err := io.ReadFull(resp.Body, piece)
		n += int64(got)
		if err != nil {
			break
		}
	}
	if n != size {
		t.Errorf("%d bytes of %d arrived", n, size)
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
