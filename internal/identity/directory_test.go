package identity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/state"
)

func openForFuzz(f *testing.F) (*Directory, func()) { return open(f, f.TempDir()) }

func open(t testing.TB, dir string) (*Directory, func()) {
	t.Helper()
	store, err := state.Open(filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := seal.LoadKey(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	return New(store, key), func() { store.Close() }
}

// bootstrap makes an account and returns its keys.
func bootstrap(t *testing.T, d *Directory) (root, admin Credential) {
	t.Helper()
	made, err := d.Bootstrap("111122223333", time.Now(), func(r, a Credential) error {
		root, admin = r, a
		return nil
	})
	if err != nil || !made {
		t.Fatalf("Bootstrap: made %v, err %v", made, err)
	}
	return root, admin
}

func TestBootstrapMakesOneAccountAndItsKeysSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	d, done := open(t, dir)
	root, admin := bootstrap(t, d)
	done()

	d, done = open(t, dir)
	defer done()
	for _, want := range []Credential{root, admin} {
		got, err := d.Credential(t.Context(), want.AccessKeyID, "")
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("credential after a restart: got %+v, want %+v", got, want)
		}
	}
	again := func(Credential, Credential) error { t.Error("a second account's keys are handed out"); return nil }
	if made, err := d.Bootstrap("444455556666", time.Now(), again); made || err != nil {
		t.Errorf("second Bootstrap: made %v, err %v; want neither", made, err)
	}
	if id, err := d.Account(); id != "111122223333" || err != nil {
		t.Errorf("Account: %q, %v", id, err)
	}
}

func TestAnAccountWhoseKeysCouldNotBeKeptDoesNotExist(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	full := errors.New("disk full")
	var lost Credential
	_, err := d.Bootstrap("111122223333", time.Now(), func(root, _ Credential) error {
		lost = root
		return full
	})
	if !errors.Is(err, full) {
		t.Fatalf("Bootstrap: %v", err)
	}
	if _, err := d.Credential(t.Context(), lost.AccessKeyID, ""); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("the lost key: %v", err)
	}
	bootstrap(t, d)
}

func TestIdentitiesAreFormedAsIAMFormsThem(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	root, admin := bootstrap(t, d)
	for _, c := range []Credential{root, admin} {
		if !regexp.MustCompile(`^AKIA[A-Z2-7]{16}$`).MatchString(c.AccessKeyID) {
			t.Errorf("access key id %s", c.AccessKeyID)
		}
		if len(c.SecretAccessKey) != 40 {
			t.Errorf("a secret of %d characters", len(c.SecretAccessKey))
		}
	}
	if id := root.Identity; id.Type != event.Root || id.ARN != "arn:aws:iam::111122223333:root" || id.PrincipalID != "111122223333" {
		t.Errorf("root: %+v", id)
	}
	if id := admin.Identity; id.Type != event.IAMUser || id.UserName != AdministratorName ||
		id.ARN != "arn:aws:iam::111122223333:user/administrator" || !regexp.MustCompile(`^AIDA[A-Z2-7]{17}$`).MatchString(id.PrincipalID) {
		t.Errorf("administrator: %+v", id)
	}
}

func TestUnknownKeyIsSaidToBeUnknown(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	if _, err := d.Credential(context.Background(), "AKIAUNKNOWN", ""); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("got %v", err)
	}
}

func TestSecretsAreNeitherStoredNorPrintedInTheClear(t *testing.T) {
	dir := t.TempDir()
	d, done := open(t, dir)
	root, admin := bootstrap(t, d)
	done()
	b, err := os.ReadFile(filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Credential{root, admin} {
		if bytes.Contains(b, []byte(c.SecretAccessKey)) {
			t.Errorf("the secret of %s stands in the state file", c.AccessKeyID)
		}
		if s := fmt.Sprintf("%v %+v %s", c, c, c); bytes.Contains([]byte(s), []byte(c.SecretAccessKey)) {
			t.Errorf("a printed credential shows its secret: %s", s)
		}
	}
}

func TestAClaimedKeyIsBoundedAndValidText(t *testing.T) {
	id := Unproven(string(bytes.Repeat([]byte{0xff}, 4096)))
	if id.Type != event.Unknown || len(id.AccessKeyID) > 512 {
		t.Errorf("%d bytes of a claimed key are kept", len(id.AccessKeyID))
	}
}
