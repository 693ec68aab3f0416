package identity

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestCodesAreThoseOfTheRFC has the vectors of RFC 6238, appendix B, for SHA-1,
// cut to six digits.
func TestCodesAreThoseOfTheRFC(t *testing.T) {
	seed := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := code(seed, stepAt(time.Unix(at, 0))); got != want {
			t.Errorf("code at %d: %s, want %s", at, got, want)
		}
	}
}

func TestACodeWorksOnceAndNearItsTime(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	now := time.Unix(1_800_000_000, 0)
	var seed []byte
	var u User
	var serial string
	err := d.Update(testAccount, func(tx *Tx) (err error) {
		if u, err = tx.Users().Create(User{Entity: NewEntity("alice", "/", now, nil)}); err != nil {
			return err
		}
		var device Device
		device, seed, err = tx.CreateDevice(NewEntity("phone", "/", now, nil))
		serial = device.Serial(testAccount)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	enable := func(first, second int64) error {
		return d.Update(testAccount, func(tx *Tx) error {
			return tx.EnableDevice("alice", serial, [2]string{code(seed, stepAt(now)+first), code(seed, stepAt(now)+second)}, now)
		})
	}
	owner := Principal{Kind: IAMUser, AccountID: testAccount, Name: u.Name, ID: u.ID}
	if err := d.CheckCode(owner, serial, code(seed, stepAt(now)), now); !errors.Is(err, ErrWrongCode) {
		t.Errorf("a code of a device that nobody has: %v", err)
	}
	for _, wrong := range [][2]int64{{0, -1}, {0, 0}, {-10, -9}, {0, 2}} {
		if err := enable(wrong[0], wrong[1]); !Refused(err, InvalidCode) {
			t.Errorf("enabled with the codes of steps %v: %v", wrong, err)
		}
	}
	if err := enable(-1, 0); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		who  Principal
		step int64
		want error
	}{
		{"used to enable", owner, 0, ErrWrongCode},
		{"of the future", owner, 2, ErrWrongCode},
		{"another user's", Principal{Kind: IAMUser, AccountID: testAccount, ID: "AIDAOTHER"}, 1, ErrWrongCode},
		{"good", owner, 1, nil},
		{"used", owner, 1, ErrWrongCode},
	} {
		if err := d.CheckCode(test.who, serial, code(seed, stepAt(now)+test.step), now); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestAPasswordMatchesItsHashOnly(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	hash, err := d.HashPassword(t.Context(), "Correct-Horse1")
	if err != nil {
		t.Fatal(err)
	}
	again, err := d.HashPassword(t.Context(), "Correct-Horse1")
	if err != nil || again == hash {
		t.Errorf("two hashes of a password are equal (%v)", err)
	}
	for _, test := range []struct {
		hash, password string
		want           bool
	}{
		{hash, "Correct-Horse1", true}, {again, "Correct-Horse1", true}, {hash, "Correct-Horse2", false}, {hash, "", false},
		{"", "", false}, {"$argon2id$v=19$m=1,t=1,p=1$$", "", false}, {"$argon2id$$$$", "x", false},
	} {
		if got, err := d.MatchPassword(t.Context(), test.hash, test.password); got != test.want || err != nil {
			t.Errorf("%q against %.20q: %v, %v", test.password, test.hash, got, err)
		}
	}
}

func TestLastUsesAreWrittenByTheMinuteAndAtTheEnd(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	one, two := bootstrap(t, d)
	// what is written, without what is still to be.
	written := func(id string) bool {
		var ok bool
		fresh := New(d.store, d.key)
		if err := fresh.View(testAccount, func(tx *Tx) (err error) {
			_, ok, err = tx.LastUse(id)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return ok
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			d.KeepUses(ctx, func(err error) { t.Error(err) })
		}()
		d.Used(one, Use{Time: time.Now(), Service: "ec2", Region: "eu-west-1"})
		d.Used(Credential{AccessKeyID: "ASIAROLE", Session: &Session{}, Principal: Principal{Kind: AssumedRole, ID: "AROAONE"}}, Use{Time: time.Now()})
		synctest.Wait()
		if written(one.AccessKeyID) {
			t.Error("a use is written at once")
		}
		time.Sleep(useInterval + time.Second)
		synctest.Wait()
		if !written(one.AccessKeyID) || !written("AROAONE") || written("ASIAROLE") {
			t.Error("after a minute the uses of the key and of the role are not there, or that of the session is")
		}
		d.Used(two, Use{Time: time.Now()})
		cancel()
		<-ended
		if !written(two.AccessKeyID) {
			t.Error("a use of the last minute is lost in a clean stop")
		}
	})
}
