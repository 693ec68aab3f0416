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

// CheckLogin compares a password with the user's. There need not be such an
// account. The error is ErrWrongPassword or, after wrong tries for the same name,
// a *ThrottledError, which is one too. The time that it takes does not tell
// whether there is such a user; the user that it returns does, with either error,
// by having an ID.
func (d *Directory) CheckLogin(ctx context.Context, account, userName, password string, now time.Time) (User, error) {
	u, err := d.loginUser(account, userName)
	if err != nil {
		return User{}, err
	}
	holder := account + "/" + strings.ToLower(userName)
	if err := d.passwords.begin(holder, now); err != nil {
		return u, err
	}
	hash := ""
	if u.Login != nil {
		hash = u.Login.Hash
	}
	ok, err := d.MatchPassword(ctx, hash, password)
	if err != nil {
		return u, err
	}
	if !ok {
		return u, ErrWrongPassword
	}
	d.passwords.succeed(holder)
	return u, nil
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
