package identity

import (
	"errors"
	"testing"
	"time"
)

func TestOnlyTheUsersPasswordIsRight(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	now := time.Unix(1_800_000_000, 0)
	hash, err := d.HashPassword(t.Context(), "Correct-Horse1")
	if err != nil {
		t.Fatal(err)
	}
	err = d.Update(testAccount, func(tx *Tx) error {
		users := tx.Users()
		if _, err := users.Create(User{Entity: NewEntity("Ana", "/", now, nil), Login: &Login{Hash: hash}}); err != nil {
			return err
		}
		_, err := users.Create(User{Entity: NewEntity("robot", "/", now, nil)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, account, user, password string
		known                         bool
		want                          error
	}{
		{"right", testAccount, "Ana", "Correct-Horse1", true, nil},
		{"in another case", testAccount, "aNA", "Correct-Horse1", true, nil},
		{"wrong", testAccount, "Ana", "correct-horse1", true, ErrWrongPassword},
		{"empty", testAccount, "Ana", "", true, ErrWrongPassword},
		{"of a user without one", testAccount, "robot", "", true, ErrWrongPassword},
		{"of nobody", testAccount, "eva", "Correct-Horse1", false, ErrWrongPassword},
		{"in another account", "444455556666", "Ana", "Correct-Horse1", false, ErrWrongPassword},
		{"in no account", "", "Ana", "Correct-Horse1", false, ErrWrongPassword},
	} {
		u, err := d.CheckLogin(t.Context(), test.account, test.user, Try{Password: test.password, Time: now})
		if !errors.Is(err, test.want) || (u.ID != "") != test.known {
			t.Errorf("%s: user %q, error %v; want known %v, %v", test.name, u.ID, err, test.known, test.want)
		}
	}
	// The right password clears wrong tries, and only then.
	for range freeTries {
		if _, err := d.CheckLogin(t.Context(), testAccount, "ANA", Try{Password: "wrong", Time: now}); !errors.Is(err, ErrWrongPassword) {
			t.Fatal(err)
		}
		now = now.Add(time.Millisecond)
	}
	var throttled *ThrottledError
	if _, err := d.CheckLogin(t.Context(), testAccount, "ana", Try{Password: "Correct-Horse1", Time: now}); !errors.As(err, &throttled) {
		t.Errorf("after %d wrong tries: %v", freeTries, err)
	}
	now = now.Add(throttled.After)
	if _, err := d.CheckLogin(t.Context(), testAccount, "ana", Try{Password: "Correct-Horse1", Time: now}); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	if err := d.SignedIn(testAccount, "ana", now); err != nil {
		t.Fatal(err)
	}
	if u, err := d.CheckLogin(t.Context(), testAccount, "ana", Try{Password: "Correct-Horse1", Time: now}); err != nil || !u.Login.LastUsed.Equal(now.Truncate(time.Second)) {
		t.Errorf("the password was last used at %v (%v)", u.Login.LastUsed, err)
	}
}

func TestWrongCodesSlowDownEveryWayToGiveOne(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	now := time.Unix(1_800_000_000, 0)
	seeds, serials := map[string][]byte{}, []string{}
	owner := Principal{Kind: IAMUser, AccountID: testAccount, Name: "ana"}
	err := d.Update(testAccount, func(tx *Tx) error {
		u, err := tx.Users().Create(User{Entity: NewEntity("ana", "/", now, nil)})
		if err != nil {
			return err
		}
		owner.ID = u.ID
		for _, name := range []string{"phone", "tablet"} {
			device, seed, err := tx.CreateDevice(NewEntity(name, "/", now, nil))
			if err != nil {
				return err
			}
			serial := device.Serial(testAccount)
			seeds[serial], serials = seed, append(serials, serial)
			first := stepAt(now) - 2
			if err := tx.EnableDevice("ana", serial, [2]string{code(seed, first), code(seed, first+1)}, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, serial := range serials {
		if got, err := d.CheckAnyCode(owner, serials, code(seeds[serial], stepAt(now)), now); got != serial || err != nil {
			t.Errorf("the code of %s: %q, %v", serial, got, err)
		}
	}
	good := code(seeds[serials[0]], stepAt(now)+1)
	for range freeTries {
		if err := d.CheckCode(owner, serials[0], "no code", now); !errors.Is(err, ErrWrongCode) {
			t.Fatal(err)
		}
	}
	var throttled *ThrottledError
	if _, err := d.CheckAnyCode(owner, serials, good, now); !errors.As(err, &throttled) || !errors.Is(err, ErrWrongCode) {
		t.Errorf("after %d wrong codes: %v", freeTries, err)
	}
	if _, err := d.CheckAnyCode(owner, serials, good, now.Add(throttled.After)); err != nil {
		t.Errorf("a good code after the wait, which had not been looked at before: %v", err)
	}
}
