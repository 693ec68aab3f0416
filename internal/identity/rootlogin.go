package identity

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"
)

// RootLogin is with what an account's root user signs in to the console.
type RootLogin struct {
	AccountID string
	// Email is in place of a user's name, in any case.
	Email string
	// Hash is the password's, of HashPassword.
	Hash string
	// Seed is that of the MFA device, nil for none.
	Seed []byte
}

// rootDevice is the name of a root user's MFA device, as AWS has it. No other has
// it.
const rootDevice = "root-account-mfa-device"

// SetRootLogins lets root users sign in: those whose logins are given, and no
// others, whose MFA devices are gone. It must be called before anybody signs in.
func (d *Directory) SetRootLogins(now time.Time, logins ...RootLogin) error {
	d.roots = map[string]RootLogin{}
	seeds := map[string][]byte{}
	for _, l := range logins {
		email := strings.ToLower(l.Email)
		if _, twice := d.roots[email]; twice {
			return fmt.Errorf("%s is the root user of two accounts", l.Email)
		}
		exists, err := d.HasAccount(l.AccountID)
		if err != nil {
			return err
		}
		if !exists {
			return fmt.Errorf("there is no account %s, of which %s is to be the root user", l.AccountID, l.Email)
		}
		d.roots[email], seeds[l.AccountID] = l, l.Seed
	}
	all, err := d.Accounts()
	if err != nil {
		return err
	}
	for _, account := range all {
		if err := d.Update(account, func(t *Tx) error { return t.setRootDevice(seeds[account], now) }); err != nil {
			return fmt.Errorf("set the MFA device of the root user of %s: %w", account, err)
		}
	}
	return nil
}

// setRootDevice gives the root user a device with the seed in place of the one
// that it has, or takes it away. The same seed stays: its codes work once.
func (t *Tx) setRootDevice(seed []byte, now time.Time) error {
	root := Device{Entity: NewEntity(rootDevice, "/", now, nil), UserID: t.account, Enabled: now.UTC().Truncate(time.Second)}
	serial := root.Serial(t.account)
	old, err := t.Devices().Get(rootDevice)
	switch {
	case Refused(err, NoSuchEntity):
	case err != nil:
		return err
	case old.UserID != t.account:
		return nil // a user's, of before the name was root's alone
	default:
		had, err := t.directory.key.Open(old.Seed, seedContext(old.Serial(t.account)))
		if err != nil {
			return err
		}
		if bytes.Equal(had, seed) {
			return nil
		}
		if err := t.Devices().remove(rootDevice, func(*Device) error { return nil }); err != nil {
			return err
		}
	}
	if seed == nil {
		return nil
	}
	root.Seed = t.directory.key.Seal(seed, seedContext(serial))
	_, err = t.Devices().Create(root)
	return err
}

// CheckRootLogin compares a password with that of the root user with an email
// address, of the account if one is given. It returns the root user's account, ""
// where nobody has the address; the error is as CheckLogin's, and the time that
// it takes does not tell either.
func (d *Directory) CheckRootLogin(ctx context.Context, account, email string, t Try) (string, error) {
	l := d.roots[strings.ToLower(email)]
	if account != "" && l.AccountID != account {
		l = RootLogin{}
	}
	return l.AccountID, d.try(ctx, account+"/root/"+strings.ToLower(email), l.Hash, t)
}

// RootSignsIn reports whether an account's root user has a password.
func (d *Directory) RootSignsIn(account string) bool {
	for _, l := range d.roots {
		if l.AccountID == account {
			return true
		}
	}
	return false
}

// RootDevices are the serial numbers of the root user's MFA devices.
func (t *Tx) RootDevices() (serials []string, err error) {
	all, err := t.Devices().Select(func(d *Device) bool { return d.UserID == t.account })
	for i := range all {
		serials = append(serials, all[i].Serial(t.account))
	}
	return serials, err
}
