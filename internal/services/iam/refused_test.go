package iam_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/app"
	"github.com/cairn-audit/cairn/internal/apptest"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/state"
)

// endedSession makes a data directory and, in it, the credentials of an
// administrator's session that ended an hour ago.
func endedSession(t *testing.T) (data string, ended aws.Credentials) {
	t.Helper()
	s := apptest.Start(t, app.Options{})
	s.Stop()
	data = s.Data
	key, err := seal.LoadKey(filepath.Join(data, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := state.Open(filepath.Join(data, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	err = identity.New(store, key).View(s.Account, func(tx *identity.Tx) error {
		u, err := tx.Users().Get(identity.AdministratorName)
		if err != nil {
			return err
		}
		c, err := tx.Open(identity.Session{Kind: identity.IAMUser, PrincipalName: u.Name, PrincipalID: u.ID},
			time.Now().Add(-2*time.Hour), time.Hour)
		ended = aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return data, ended
}

// inactiveKey is a key of the administrator's that was switched off.
func (w *world) inactiveKey() aws.Credentials {
	w.t.Helper()
	made := must(w.iam(w.Admin).CreateAccessKey(w.t.Context(), &iam.CreateAccessKeyInput{}))(w.t).AccessKey
	must(w.iam(w.Admin).UpdateAccessKey(w.t.Context(), &iam.UpdateAccessKeyInput{
		AccessKeyId: made.AccessKeyId, Status: iamtypes.StatusTypeInactive,
	}))(w.t)
	return aws.Credentials{AccessKeyID: *made.AccessKeyId, SecretAccessKey: *made.SecretAccessKey}
}

// TestARefusedSignatureIsAnsweredInItsProtocolAndRecorded: what is refused, by
// each family of protocols. AWS itself records none of these calls.
func TestARefusedSignatureIsAnsweredInItsProtocolAndRecorded(t *testing.T) {
	data, ended := endedSession(t)
	w := startIn(t, data, app.Config{})
	good, inactive := keyOf(t, w.Admin), w.inactiveKey()
	wrong := good
	wrong.SecretAccessKey = "wrong" + good.SecretAccessKey[5:]
	calls := []struct {
		family string
		knock  knock
	}{
		{"query", getCallerIdentity()},
		{"ec2", form("ec2", url.Values{"Action": {"DescribeVpcs"}, "Version": {"2016-11-15"}})},
		{"json", knock{service: "ecs", method: http.MethodPost, target: "/", body: "{}", header: map[string]string{
			"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonEC2ContainerServiceV20141113.ListClusters",
		}}},
		{"rest-json", knock{service: "lambda", method: http.MethodGet, target: "/2015-03-31/functions"}},
		{"s3", knock{service: "s3", method: http.MethodGet, target: "/"}},
	}
	for name, test := range map[string]struct {
		key  aws.Credentials
		late time.Duration // how long after it was signed the request comes
		// codes are the answers' in the order of calls.
		codes [5]string
	}{
		"the wrong secret": {wrong, 0, [5]string{
			"SignatureDoesNotMatch", "AuthFailure", "InvalidSignatureException", "InvalidSignatureException", "SignatureDoesNotMatch"}},
		"an inactive key": {inactive, 0, [5]string{
			"InvalidClientTokenId", "AuthFailure", "UnrecognizedClientException", "UnrecognizedClientException", "InvalidAccessKeyId"}},
		"a session that is over": {ended, 0, [5]string{
			"ExpiredToken", "RequestExpired", "ExpiredTokenException", "ExpiredTokenException", "ExpiredToken"}},
		"a signature 20 minutes old": {good, 20 * time.Minute, [5]string{
			"SignatureDoesNotMatch", "RequestExpired", "InvalidSignatureException", "InvalidSignatureException", "RequestTimeTooSkewed"}},
		"a clock 20 minutes ahead": {good, -20 * time.Minute, [5]string{
			"SignatureDoesNotMatch", "AuthFailure", "InvalidSignatureException", "InvalidSignatureException", "RequestTimeTooSkewed"}},
	} {
		for i, call := range calls {
			t.Run(name+"/"+call.family, func(t *testing.T) {
				w := *w
				w.t = t
				a := w.send(w.signed(call.knock, test.key, time.Now().Add(-test.late)))
				if a.status/100 != 4 || !a.has(test.codes[i]) {
					t.Errorf("answer %d: %s, want %s", a.status, a.body, test.codes[i])
				}
				e := w.eventOf(a, test.key.AccessKeyID)
				if got := strings.TrimPrefix(e.ErrorCode, "Client."); got != test.codes[i] || e.ErrorMessage == "" {
					t.Errorf("event: error %s: %s, want %s", e.ErrorCode, e.ErrorMessage, test.codes[i])
				}
				if want := (event.UserIdentity{Type: event.Unknown, AccessKeyID: test.key.AccessKeyID}); !reflect.DeepEqual(*e.UserIdentity, want) {
					t.Errorf("event: identity %+v", e.UserIdentity)
				}
				if e.RecipientAccountID != w.Account || string(e.ResponseElements) != "null" {
					t.Errorf("event: account %s, answer %s", e.RecipientAccountID, e.ResponseElements)
				}
			})
		}
	}
	if a := w.send(w.signed(getCallerIdentity(), good, time.Now())); a.status != http.StatusOK {
		t.Errorf("afterwards a good call gets %d: %s", a.status, a.body)
	}
}

// TestClocksMayDifferByFifteenMinutes is what holds of the time of a signature,
// and so of a replay: within these minutes a request that somebody has recorded
// is as good as the first time, as it is for AWS. TLS is what keeps it from
// being recorded. Each time is a call of its own, with its own event.
func TestClocksMayDifferByFifteenMinutes(t *testing.T) {
	w := start(t, app.Config{})
	key := keyOf(t, w.Admin)
	for _, late := range []time.Duration{14 * time.Minute, -14 * time.Minute} {
		if a := w.send(w.signed(getCallerIdentity(), key, time.Now().Add(-late))); a.status != http.StatusOK {
			t.Errorf("%v late: %d: %s", late, a.status, a.body)
		}
	}
	again := w.signed(getCallerIdentity(), key, time.Now())
	first, second := w.send(again), w.send(again)
	if first.status != http.StatusOK || second.status != http.StatusOK {
		t.Fatalf("answers %d, %d", first.status, second.status)
	}
	a, b := w.eventOf(first, key.AccessKeyID), w.eventOf(second, key.AccessKeyID)
	if a.EventID == b.EventID || a.RequestID == b.RequestID {
		t.Errorf("two calls have the ids %s, %s and %s, %s", a.EventID, a.RequestID, b.EventID, b.RequestID)
	}
}

// TestAnswersOfSTSHaveASecondID, which their events repeat.
func TestAnswersOfSTSHaveASecondID(t *testing.T) {
	w := start(t, app.Config{})
	key := keyOf(t, w.Admin)
	for name, call := range map[string]knock{"answered": getCallerIdentity(), "refused": stsCall("AssumeRole")} {
		a := w.send(w.signed(call, key, time.Now()))
		id := a.header.Get("X-Amz-Sts-Extended-Request-Id")
		plain, err := base64.StdEncoding.DecodeString(id)
		if err != nil || !strings.HasPrefix(string(plain), "1:"+region+":S:") {
			t.Errorf("%s: id %q: %q, %v", name, id, plain, err)
		}
		want := `{"ExtendedRequestId":"` + id + `","RequestDetails":{"awsServingRegion":"` + region + `","endpointType":"regional"}}`
		if got := string(w.eventOf(a, key.AccessKeyID).AdditionalEventData); got != want {
			t.Errorf("%s: additionalEventData %s, want %s", name, got, want)
		}
	}
}

// TestWhatIsSignedCannotBeChanged replays a good signature with another body,
// path, query or header.
func TestWhatIsSignedCannotBeChanged(t *testing.T) {
	w := start(t, app.Config{})
	key := keyOf(t, w.Admin)
	for name, change := range map[string]func(*http.Request){
		"body": func(r *http.Request) {
			other := form("sts", url.Values{"Action": {"GetSessionToken"}, "Version": {"2011-06-15"}})
			*r = *r.Clone(r.Context())
			r.GetBody = w.signed(other, key, time.Now()).GetBody
			r.ContentLength = int64(len(other.body))
		},
		"path":  func(r *http.Request) { r.URL.Path = "/elsewhere" },
		"query": func(r *http.Request) { r.URL.RawQuery = "X=1" },
		"header": func(r *http.Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		},
		"Region": func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), region, "eu-west-1", 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := *w
			w.t = t
			req := w.signed(getCallerIdentity(), key, time.Now())
			change(req)
			a := w.send(req)
			if a.status != http.StatusForbidden || !a.has("SignatureDoesNotMatch") {
				t.Errorf("answer %d: %s", a.status, a.body)
			}
		})
	}
}
