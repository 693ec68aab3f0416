package topic

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/cairn-audit/cairn/internal/egress"
)

// endpointOf is a server that counts requests for a path.
func endpointOf(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s.URL
}

func TestPublicOnlyKeepsToPublicAddresses(t *testing.T) {
	reached := false
	url := endpointOf(t, func(http.ResponseWriter, *http.Request) { reached = true })
	err := newPoster(Options{PublicOnly: true}).send(t.Context(), &parcel{url: strings.Replace(url, "127.0.0.1", "localhost", 1), header: http.Header{}})
	if !errors.Is(err, egress.ErrForbidden) || !final(err) || reached {
		t.Errorf("%v, reached %v", err, reached)
	}
	if err := newPoster(Options{}).send(t.Context(), &parcel{url: url, header: http.Header{}}); err != nil || !reached {
		t.Errorf("%v, reached %v", err, reached)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	reached := false
	there := endpointOf(t, func(http.ResponseWriter, *http.Request) { reached = true })
	url := endpointOf(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, there, http.StatusTemporaryRedirect) })
	err := newPoster(Options{}).send(t.Context(), &parcel{url: url, header: http.Header{}})
	if !final(err) || reached {
		t.Errorf("%v, reached %v", err, reached)
	}
}

// TestEndpointsCannotMakeItReadWithoutEnd: the answer would otherwise hold the
// delivery, and the memory, as long as the endpoint likes.
func TestEndpointsCannotMakeItReadWithoutEnd(t *testing.T) {
	sent := make(chan int, 1)
	url := endpointOf(t, func(w http.ResponseWriter, _ *http.Request) {
		n, line := 0, []byte(strings.Repeat("x", 1<<16))
		for range 1 << 12 { // 256 MB
			m, err := w.Write(line)
			if n += m; err != nil {
				break
			}
		}
		sent <- n
	})
	if err := newPoster(Options{}).send(t.Context(), &parcel{url: url, header: http.Header{}}); err != nil {
		t.Error(err)
	}
	if n := <-sent; n > 64<<20 {
		t.Errorf("%d bytes were taken", n)
	}
}

func TestURLsPasswordsAreSentAsBasicAuthentication(t *testing.T) {
	var user, password string
	url := endpointOf(t, func(_ http.ResponseWriter, r *http.Request) {
		user, password, _ = r.BasicAuth()
		_, _ = io.Copy(io.Discard, r.Body)
	})
	out := &parcel{url: strings.Replace(url, "http://", "http://u:p@", 1), header: http.Header{}}
	if err := newPoster(Options{}).send(t.Context(), out); err != nil || user != "u" || password != "p" {
		t.Errorf("%v, %q, %q", err, user, password)
	}
}

func TestReasonsDoNotTellTheURL(t *testing.T) {
	own := egress.Own{netip.MustParseAddrPort("127.0.0.1:9")}
	for _, to := range []string{"http://169.254.169.254/?token=hush", "http://127.0.0.1:9/hush", "http://127.0.0.1:0/hush", "http://hush\x00/"} {
		err := newPoster(Options{Own: own}).send(t.Context(), &parcel{url: to, header: http.Header{}})
		if err == nil || strings.Contains(reason(err), "hush") {
			t.Errorf("%s: %q", to, reason(err))
		}
	}
}
