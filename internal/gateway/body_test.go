package gateway

import (
	"io"
	"net/http"
	"testing"

	"github.com/cairn-audit/cairn/event"
)

// Nobody is proven by a request that cannot be read, but its event has a caller
// as every event has.
func TestABodyThatIsTooLargeHasAnEventWithACaller(t *testing.T) {
	f := behind(t, nil, func(o *Options) { o.Limits.Body = 1000 })
	req, err := http.NewRequest("POST", f.server.URL, io.LimitReader(zeros{}, 1001))
	if err != nil {
		t.Fatal(err)
	}
	f.sign(req, nil, "ec2", testKey)
	f.do(req).mustHave(t, http.StatusRequestEntityTooLarge, "")
	if e := f.journal.only(); e.UserIdentity == nil || e.UserIdentity.Type != event.Unknown || e.UserIdentity.AccessKeyID != testKey.AccessKeyID {
		t.Errorf("the caller is %+v", e.UserIdentity)
	}
}
