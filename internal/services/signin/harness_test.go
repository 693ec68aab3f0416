package signin

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/state"
)

const (
	home     = "111122223333"
	other    = "444455556666"
	alias    = "the-other-one"
	password = "Correct-Horse1"
)

// desk is a sign-in over a directory with these users, who all have the same
// password: ana; mia, who has two MFA devices; ned, whose password must be
// reset; rob, who has none; zoe of the other account.
type desk struct {
	t         *testing.T
	directory *identity.Directory
	service   *Service
	handler   *Handler
	ids       map[string]string // by user name
	seeds     map[string][]byte // by device's serial number
	// events are what was recorded; fail, if not nil, is why nothing is.
	events []*event.Event
	fail   error
}

// Record implements Recorder.
func (d *desk) Record(ctx context.Context, e *event.Event) error {
	if ctx.Err() != nil {
		d.t.Error("an attempt is recorded in a context that has ended")
	}
	if d.fail == nil {
		d.events = append(d.events, e)
	}
	return d.fail
}

func open(t *testing.T) *desk {
	t.Helper()
	dir := t.TempDir()
	store, err := state.Open(filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	key, err := seal.LoadKey(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, directory: identity.New(store, key), ids: map[string]string{}, seeds: map[string][]byte{}}
	if _, err := d.directory.Bootstrap(home, time.Now(), func(_, _ identity.Credential) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := d.directory.AddAccount(other, home, time.Now()); err != nil {
		t.Fatal(err)
	}
	hash, err := d.directory.HashPassword(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	for account, users := range map[string]map[string]*identity.Login{
		home:  {"ana": {Hash: hash}, "mia": {Hash: hash}, "ned": {Hash: hash, ResetRequired: true}, "rob": nil},
		other: {"zoe": {Hash: hash}},
	} {
		err := d.directory.Update(account, func(tx *identity.Tx) error {
			for name, login := range users {
				u, err := tx.Users().Create(identity.User{Entity: identity.NewEntity(name, "/", time.Now(), nil), Login: login})
				if err != nil {
					return err
				}
				d.ids[name] = u.ID
			}
			if account == other {
				return tx.SetAlias(alias)
			}
			return d.giveDevices(tx, "mia", "tablet", "phone")
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	d.service = New(d.directory, d, home, slog.New(slog.DiscardHandler))
	client := func(r *http.Request) Client { return Client{SourceIP: "192.0.2.7", UserAgent: r.UserAgent()} }
	d.handler = NewHandler(d.service, client, slog.New(slog.DiscardHandler))
	return d
}

// giveDevices gives a user MFA devices, with codes of a while ago.
func (d *desk) giveDevices(tx *identity.Tx, user string, names ...string) error {
	then := time.Now().Add(-time.Hour)
	for _, name := range names {
		device, seed, err := tx.CreateDevice(identity.NewEntity(name, "/", then, nil))
		if err != nil {
			return err
		}
		serial := device.Serial(home)
		d.seeds[serial] = seed
		codes := [2]string{code(seed, then), code(seed, then.Add(30*time.Second))}
		if err := tx.EnableDevice(user, serial, codes, then); err != nil {
			return err
		}
	}
	return nil
}

const phone = "arn:aws:iam::" + home + ":mfa/phone"

// code is a device's code (RFC 6238).
func code(seed []byte, at time.Time) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(at.Unix()/30))
	h := hmac.New(sha1.New, seed)
	h.Write(counter[:])
	sum := h.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[19]&0xf:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}

// post sends a sign-in as a program does.
func (d *desk) post(body string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(d.t.Context(), http.MethodPost, "http://cairn.test"+Path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "browser/1.0")
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w
}

// signIn sends a sign-in of a user with further members.
func (d *desk) signIn(user, pass string, more ...string) *httptest.ResponseRecorder {
	members := map[string]string{"userName": user, "password": pass}
	for i := 0; i < len(more); i += 2 {
		members[more[i]] = more[i+1]
	}
	body, err := json.Marshal(members)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.post(string(body))
}

// last is the one event that was recorded since the last call.
func (d *desk) last() *event.Event {
	d.t.Helper()
	if len(d.events) != 1 {
		d.t.Fatalf("%d events were recorded, want 1", len(d.events))
	}
	e := d.events[0]
	d.events = nil
	return e
}

// refusal is the code of an answer that is not a success.
func refusal(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var f struct{ Code, Message string }
	if err := json.Unmarshal(w.Body.Bytes(), &f); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	return f.Code
}
