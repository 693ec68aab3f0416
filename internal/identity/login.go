package identity

import (
	"context"
	"errors"
	"strings"
	"time"
)

// ErrWrongPassword says that a password is not the user's, that the user has
// none, or that there is no such user or account.
var ErrWrongPassword = errors.New("the password is not valid")

// Try is a try of a password.
type Try struct {
	Password string
	// Source is the address that it comes from; "" is not counted.
	Source string
	Time   time.Time
}

// try counts a try of a holder's password, and compares it.
func (d *Directory) try(ctx context.Context, holder, hash string, t Try) error {
	if err := d.sources.begin(t.Source, t.Time); err != nil {
		return err
	}
	if err := d.passwords.begin(holder, t.Time); err != nil {
		d.sources.giveBack(t.Source) // it is not looked at
		return err
	}
	ok, err := d.MatchPassword(ctx, hash, t.Password)
	if err != nil {
		return err
	}
	if !ok {
		return ErrWrongPassword
	}
	d.passwords.succeed(holder)
	d.sources.giveBack(t.Source)
	return nil
}

// CheckLogin compares a password with the user's. There need not be such an
// account. The error is ErrWrongPassword or, after wrong tries for the same name
// or from the same address, a *ThrottledError, which is one too. The time that it takes does not tell
// whether there is such a user; the user that it returns does, with either error,
// by having an ID.
func (d *Directory) CheckLogin(ctx context.Context, account, userName string, t Try) (User, error) {
	u, err := d.loginUser(account, userName)
	if err != nil {
		return User{}, err
	}
	hash := ""
	if u.Login != nil {
		hash = u.Login.Hash
	}
	return u, d.try(ctx, account+"/"+strings.ToLower(userName), hash, t)
}

// loginUser is the user of a name, or one without an ID.
func (d *Directory) loginUser(account, name string) (u User, err error) {
	err = d.View(account, func(t *Tx) error {
		u, err = t.Users().Get(name)
		return err
	})
	if Refused(err, NoSuchEntity) {
		return User{}, nil
	}
	return u, err
}

// SignedIn notes when a user's password was last used. It does nothing where the
// user has no password any more.
func (d *Directory) SignedIn(account, userName string, now time.Time) error {
	err := d.Update(account, func(t *Tx) error {
		_, err := t.Users().Change(userName, func(u *User) error {
			if u.Login != nil {
				u.Login.LastUsed = now.UTC().Truncate(time.Second)
			}
			return nil
		})
		return err
	})
	if Refused(err, NoSuchEntity) {
		return nil
	}
	return err
}
