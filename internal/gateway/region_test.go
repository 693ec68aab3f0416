package gateway

import (
	"bytes"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/sigv4"
)

func TestACallSignedForARegionThatIsNoneIsNotHiddenThere(t *testing.T) {
	for signed, want := range map[string]string{
		"zz-zz-1": testRegion, "us-west-9": testRegion, "../../x": testRegion, "": testRegion,
		"us-west-2": "us-west-2", "eu-central-1": "eu-central-1",
	} {
		var calls atomic.Int64
		f := newFront(t, keys(&calls, nil))
		req := f.http(request{service: "ec2", operation: "DescribeKeyPairs"})
		body := new(bytes.Buffer)
		body.ReadFrom(req.Body)
		req.Body.Close()
		req = f.http(request{service: "ec2", operation: "DescribeKeyPairs"})
		err := sigv4.NewSigner().Sign(t.Context(), req, sigv4.Key{
			AccessKeyID: testKey.AccessKeyID, Secret: testKey.SecretAccessKey, Region: signed, Service: "ec2",
		}, sigv4.HashHex(body.Bytes()), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		f.do(req)
		if e := f.journal.only(); e.AWSRegion != want {
			t.Errorf("signed for %q, recorded in %s, want %s", signed, e.AWSRegion, want)
		}
	}
}
