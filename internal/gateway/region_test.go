package gateway

import (
	"bytes"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/access"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/sigv4"
)

// signedFor is a call that is signed for a Region.
func (f *front) signedFor(region string, key identity.Credential) *http.Request {
	f.t.Helper()
	body := new(bytes.Buffer)
	req := f.http(request{service: "ec2", operation: "DeleteKeyPair", params: map[string]any{"KeyName": "k"}})
	body.ReadFrom(req.Body)
	req.Body.Close()
	req = f.http(request{service: "ec2", operation: "DeleteKeyPair", params: map[string]any{"KeyName": "k"}})
	err := sigv4.NewSigner().Sign(f.t.Context(), req, sigv4.Key{
		AccessKeyID: key.AccessKeyID, Secret: key.SecretAccessKey, Region: region, Service: "ec2",
	}, sigv4.HashHex(body.Bytes()), time.Now())
	if err != nil {
		f.t.Fatal(err)
	}
	return req
}

// elsewhere is a destination that Cairn does not have built in.
type elsewhere struct{ Destination }

// An upstream gets the Region that was signed for, also one that is newer than
// this program.
func TestPoliciesDecideOnTheRegionThatIsCalled(t *testing.T) {
	table, err := access.Open()
	if err != nil {
		t.Fatal(err)
	}
	const home = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},` +
		`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"` + testRegion + `"}}}]}`
	for _, test := range []struct {
		policy, region string
		status         int
	}{
		{home, testRegion, 200},
		{home, "us-west-2", 403},
		{home, "us-west-9", 403},
		{statement("Allow", "ec2:*", "arn:aws:ec2:"+testRegion+":*:*"), "us-west-9", 403},
		{statement("Allow", "ec2:*", "arn:aws:ec2:us-west-9:*:key-pair/mine*"), "us-west-9:" + testAccount + ":key-pair|mine", 403},
	} {
		var calls atomic.Int64
		f := newFront(t, elsewhere{keys(&calls, nil)}, func(o *Options) {
			o.Identities = knownKeys{alice.AccessKeyID: alice}
			o.Permissions, o.Access = granted{policy: test.policy}, table
		})
		if a := f.do(f.signedFor(test.region, alice)); a.status != test.status {
			t.Errorf("signed for %s: %d %s", test.region, a.status, a.body)
		}
	}
}

func TestACallSignedForARegionThatIsNoneIsNotHiddenThere(t *testing.T) {
	for signed, want := range map[string]string{
		"zz-zz-1": testRegion, "us-west-9": testRegion, "../../x": testRegion, "": testRegion,
		"us-west-2": "us-west-2", "eu-central-1": "eu-central-1",
	} {
		var calls atomic.Int64
		f := newFront(t, keys(&calls, nil))
		f.do(f.signedFor(signed, testKey))
		if e := f.journal.only(); e.AWSRegion != want {
			t.Errorf("signed for %q, recorded in %s, want %s", signed, e.AWSRegion, want)
		}
	}
}
