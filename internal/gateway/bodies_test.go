package gateway

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Large bodies that arrive and do not end must not take all memory.
func TestLargeBodiesAreHeldToALimitTogether(t *testing.T) {
	const size = 200 << 10
	f := behind(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "done") },
		func(o *Options) { o.Limits.Bodies = size })
	post := func(body io.Reader) answer {
		t.Helper()
		req, err := http.NewRequest("POST", f.server.URL, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		f.sign(req, nil, "ec2", testKey)
		return f.do(req)
	}
	large := "Action=DescribeVpcs&Version=2016-11-15&X=" + strings.Repeat("x", size)
	ends, first := make(chan struct{}), make(chan int)
	go func() {
		first <- post(io.MultiReader(strings.NewReader(large), whenRead(func() { <-ends }))).status
	}()
	for g := f.server.Config.Handler.(*Gateway); g.bodies.Load() > freeBody+1<<10; {
		time.Sleep(time.Millisecond)
	}
	post(strings.NewReader(large)).mustHave(t, http.StatusServiceUnavailable, "RequestLimitExceeded")
	post(strings.NewReader("Action=DescribeVpcs&Version=2016-11-15")).mustHave(t, 200, "done")
	close(ends)
	if status := <-first; status != 200 {
		t.Errorf("the first is answered with %d", status)
	}
	post(strings.NewReader(large)).mustHave(t, 200, "done")
}

// whenRead is the end of a body.
type whenRead func()

func (f whenRead) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}
