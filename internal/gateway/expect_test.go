package gateway

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAnExpectationIsMetWithAndWithoutABody(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		continueEmpty(w, r)
		r.Body.Read(make([]byte, 1))
	}))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for _, body := range []string{"", "x", ""} {
		fmt.Fprintf(conn, "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(body))
		var lines []string
		for len(lines) < 2 || lines[len(lines)-1] != "" {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, strings.TrimSpace(line))
			if len(lines) == 1 {
				fmt.Fprint(conn, body)
			}
		}
		if lines[0] != "HTTP/1.1 100 Continue" {
			t.Errorf("body %q: %q", body, lines)
			return
		}
		answer, err := http.ReadResponse(in, nil)
		if err != nil || answer.StatusCode != 200 {
			t.Fatalf("body %q: %v, %v", body, answer, err)
		}
		answer.Body.Close()
	}
}
