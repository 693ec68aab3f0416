package imds

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/sandbox"
	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/state"
)

const (
	account = "111122223333"
	here    = "i-0123456789abcdef0"
	other   = "i-0123456789abcdef1"
	role    = "/latest/meta-data/iam/security-credentials/web"
)

// bench is a metadata service with instances and a recorder of the test's own.
type bench struct {
	*Server
	t         *testing.T
	instances map[string]sandbox.Instance
	recorded  []string // the key ids of sessions, "" for a refusal
	broken    error    // what the recorder answers
}

func newBench(t *testing.T) *bench {
	t.Helper()
	store, err := state.Open(filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	key, err := seal.NewKey(bytes.Repeat([]byte{1}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	d := identity.New(store, key)
	if err := d.Update(account, func(tx *identity.Tx) error {
		if _, err := tx.CreateRole(identity.Role{
			Entity: identity.NewEntity("web", "/", time.Now(), nil),
			Trust:  `{"Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`,
		}); err != nil {
			return err
		}
		if _, err := tx.Profiles().Create(identity.Profile{Entity: identity.NewEntity("web", "/", time.Now(), nil)}); err != nil {
			return err
		}
		return tx.AddToProfile("web", "web")
	}); err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, instances: map[string]sandbox.Instance{}}
	for _, id := range []string{here, other} {
		b.instances[id] = sandbox.Instance{
			ID: id, AccountID: account, Region: "eu-west-1", ProfileARN: "arn:aws:iam::" + account + ":instance-profile/web", TokenRequired: true,
		}
	}
	b.Server = New(b, d, b, Options{TokenKey: []byte("key"), Logger: slog.New(slog.DiscardHandler)})
	return b
}

func (b *bench) Instance(_ context.Context, id string) (sandbox.Instance, error) {
	i, ok := b.instances[id]
	if !ok {
		return i, sandbox.ErrNoInstance
	}
	return i, nil
}

func (b *bench) HandOut(_ context.Context, _ *sandbox.Instance, _ string, t identity.Temporary, _ error) error {
	if b.broken == nil {
		b.recorded = append(b.recorded, t.AccessKeyID)
	}
	return b.broken
}

// do makes a request, with headers in pairs.
func (b *bench) do(method, url string, headers ...string) (int, string) {
	b.t.Helper()
	r := httptest.NewRequest(method, url, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// tokenFor gets a token that lasts for some seconds.
func (b *bench) tokenFor(id, seconds string) string {
	b.t.Helper()
	status, token := b.do(http.MethodPut, "/"+id+"/latest/api/token", ttlHeader, seconds)
	if status != 200 {
		b.t.Fatalf("no token: %d %s", status, token)
	}
	return token
}

func TestTokensAreGivenByTheRules(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		headers []string
		status  int
	}{
		{nil, 400},
		{[]string{ttlHeader, ""}, 400},
		{[]string{ttlHeader, "0"}, 400},
		{[]string{ttlHeader, "-1"}, 400},
		{[]string{ttlHeader, "21601"}, 400},
		{[]string{ttlHeader, "99999999999999999999"}, 400},
		{[]string{ttlHeader, "1"}, 200},
		{[]string{ttlHeader, "21600"}, 200},
		{[]string{ttlHeader, "60", "X-Forwarded-For", "10.0.0.1"}, 403},
		{[]string{ttlHeader, "60", "Origin", "http://rebound.test"}, 403},
	} {
		if status, body := b.do(http.MethodPut, "/"+here+"/latest/api/token", c.headers...); status != c.status {
			t.Errorf("%v: %d %s, want %d", c.headers, status, body, c.status)
		}
	}
	for _, method := range []string{http.MethodPut, http.MethodPost, http.MethodDelete} {
		if status, _ := b.do(method, "/"+here+"/latest/meta-data/instance-id"); status != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, status)
		}
	}
}

func TestATokenIsGoodForItsInstanceAndItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		token := b.tokenFor(here, "60")
		get := func(id, token string) int {
			status, _ := b.do(http.MethodGet, "/"+id+"/latest/meta-data/instance-id", tokenHeader, token)
			return status
		}
		lax := b.instances[other]
		lax.TokenRequired = false
		b.instances[other] = lax
		forged := "A" + token[1:]
		if token[0] == 'A' {
			forged = "B" + token[1:]
		}
		for _, c := range []struct {
			id, token string
			status    int
		}{
			{here, token, 200}, {here, forged, 401}, {here, "", 401}, {here, "ÿ", 401}, {here, strings.Repeat("A", 1<<16), 401},
			{other, token, 401}, // another's, even where none is needed
		} {
			if status := get(c.id, c.token); status != c.status {
				t.Errorf("%s with %.20q: %d, want %d", c.id, c.token, status, c.status)
			}
		}
		time.Sleep(60*time.Second - 1)
		if status := get(here, token); status != 200 {
			t.Errorf("before its end: %d", status)
		}
		time.Sleep(time.Nanosecond)
		if status := get(here, token); status != 401 {
			t.Errorf("after its end: %d", status)
		}
	})
}

func TestCredentialsAreKeptAndRenewedBeforeTheyEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		get := func() (c struct {
			AccessKeyID string `json:"AccessKeyId"`
			Code        string
			Expiration  time.Time
			LastUpdated time.Time
		}) {
			status, body := b.do(http.MethodGet, "/"+here+role, tokenHeader, b.tokenFor(here, "60"))
			if err := json.Unmarshal([]byte(body), &c); status != 200 || err != nil {
				t.Fatalf("%d %s: %v", status, body, err)
			}
			return c
		}
		first := get()
		if left := time.Until(first.Expiration); first.Code != "Success" || left != 6*time.Hour || !first.LastUpdated.Equal(time.Now()) {
			t.Errorf("%+v, %v are left", first, left)
		}
		time.Sleep(5*time.Hour - 1)
		if again := get(); again != first {
			t.Errorf("%+v, then %+v", first, again)
		}
		time.Sleep(time.Nanosecond)
		if again := get(); again.AccessKeyID == first.AccessKeyID || !again.Expiration.After(first.Expiration) {
			t.Errorf("an hour before the end: %+v", again)
		}
		if len(b.recorded) != 2 || b.recorded[0] != first.AccessKeyID {
			t.Errorf("recorded: %v", b.recorded)
		}
	})
}

func TestEachVersionHasItsOwnSession(t *testing.T) {
	b := newBench(t)
	lax := b.instances[here]
	lax.TokenRequired = false
	b.instances[here] = lax
	for range 2 {
		b.do(http.MethodGet, "/"+here+role)
		b.do(http.MethodGet, "/"+here+role, tokenHeader, b.tokenFor(here, "60"))
	}
	if len(b.recorded) != 2 || b.recorded[0] == b.recorded[1] {
		t.Errorf("recorded: %v", b.recorded)
	}
}

func TestWhatIsNotRecordedIsNotHandedOut(t *testing.T) {
	b := newBench(t)
	b.broken = errors.New("the disk is full")
	if status, body := b.do(http.MethodGet, "/"+here+role, tokenHeader, b.tokenFor(here, "60")); status != http.StatusServiceUnavailable || strings.Contains(body, "Secret") {
		t.Errorf("%d %s", status, body)
	}
	b.broken = nil
	if status, _ := b.do(http.MethodGet, "/"+here+role, tokenHeader, b.tokenFor(here, "60")); status != 200 {
		t.Errorf("later: %d", status)
	}
}

func TestARoleThatDoesNotTrustEC2IsAskedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		if err := b.directory.Update(account, func(tx *identity.Tx) error {
			_, err := tx.ChangeRole("web", func(r *identity.Role) error {
				r.Trust = strings.Replace(r.Trust, "Allow", "Deny", 1)
				return nil
			})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for range 120 {
			if status, body := b.do(http.MethodGet, "/"+here+role, tokenHeader, b.tokenFor(here, "60")); status != 200 || !strings.Contains(body, "AssumeRoleUnauthorizedAccess") || strings.Contains(body, "AccessKeyId") {
				t.Fatalf("%d %s", status, body)
			}
			time.Sleep(time.Second)
		}
		if len(b.recorded) != 2 || b.recorded[0] != "" {
			t.Errorf("recorded: %v", b.recorded)
		}
	})
}

func TestTheURLNamesTheInstance(t *testing.T) {
	b := newBench(t)
	token := b.tokenFor(here, "60")
	for url, status := range map[string]int{
		"http://x/" + here + "/latest/meta-data/instance-id":     200,
		"http://x/" + here + "/2021-07-15/meta-data/instance-id": 200,
		"http://" + here + ".localhost:1/latest/meta-data/":      200,
		"http://x/latest/meta-data/instance-id":                  404,
		"http://x/" + here + "/meta-data/instance-id":            404,
		"http://x/" + here + "/latest/meta-data/iam/none":        404,
		"http://x/i-0123456789ABCDEF0/latest/meta-data/":         404,
		"http://x//" + here + "/latest/meta-data/instance-id":    404,
	} {
		if got, body := b.do(http.MethodGet, url, tokenHeader, token); got != status {
			t.Errorf("%s: %d %s, want %d", url, got, body, status)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/latest/meta-data/instance-id", nil)
	r.SetBasicAuth(here, "")
	r.Header.Set(tokenHeader, token)
	w := httptest.NewRecorder()
	if b.ServeHTTP(w, r); w.Code != 200 || w.Body.String() != here {
		t.Errorf("by the name of the user: %d %s", w.Code, w.Body)
	}
	off := b.instances[here]
	off.MetadataOff = true
	b.instances[here] = off
	if status, _ := b.do(http.MethodGet, "/"+here+"/latest/meta-data/", tokenHeader, token); status != 403 {
		t.Errorf("switched off: %d", status)
	}
}

func FuzzTarget(f *testing.F) {
	for _, s := range []string{"/" + here + role, "/latest/api/token", "//", "/" + here, "/" + here + "/latest", "/%2e%2e/latest/", "/latest//a//"} {
		f.Add(s, here+".localhost", "Basic aS0wMTIzNDU2Nzo=")
	}
	f.Fuzz(func(t *testing.T, path, host, authorization string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path, r.Host = path, host
		r.Header.Set("Authorization", authorization)
		if id, rest := target(r); id != "" && !isID(id) || id == "" && rest != "" || strings.HasPrefix(rest, "/") {
			t.Errorf("%q of %q is %q and %q", path, host, id, rest)
		}
	})
}
