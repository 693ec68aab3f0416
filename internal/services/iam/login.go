package iam

import (
	"errors"
	"time"

	"github.com/cairn-audit/cairn/internal/identity"
)

var loginOperations = map[string]operation{
	"CreateLoginProfile": {apart, createLoginProfile},
	"GetLoginProfile":    {reads, getLoginProfile},
	"UpdateLoginProfile": {apart, updateLoginProfile},
	"DeleteLoginProfile": {writes, deleteLoginProfile},
	"ChangePassword":     {apart, changePassword},
}

func describeLogin(u *identity.User) answer {
	return answer{"LoginProfile": answer{
		"UserName": u.Name, "CreateDate": u.Login.Created, "PasswordResetRequired": u.Login.ResetRequired,
	}}
}

func noLogin(name string) error {
	return identity.Refuse(identity.NoSuchEntity, "Login Profile for User %s cannot be found.", name)
}

// hashed checks and hashes the password that a call gives.
func (r *request) hashed(param string) (string, error) {
	password := r.text(param)
	if err := identity.CheckPassword(password); err != nil {
		return "", err
	}
	return r.directory.HashPassword(r.ctx, password)
}

// changeUser changes a user in a transaction of its own.
func (r *request) changeUser(name string, f func(*identity.User) error) (u identity.User, err error) {
	err = r.directory.Update(r.call.AccountID, func(tx *identity.Tx) error {
		u, err = tx.Users().Change(name, f)
		return err
	})
	return u, err
}

func createLoginProfile(r *request) (answer, error) {
	name, err := r.userName()
	if err != nil {
		return nil, err
	}
	hash, err := r.hashed("Password")
	if err != nil {
		return nil, err
	}
	u, err := r.changeUser(name, func(u *identity.User) error {
		if u.Login != nil {
			return identity.Refuse(identity.EntityAlreadyExists, "Login Profile for user %s already exists.", u.Name)
		}
		u.Login = &identity.Login{
			Hash: hash, Created: r.call.Time.UTC().Truncate(time.Second), ResetRequired: r.flag("PasswordResetRequired"),
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return describeLogin(&u), nil
}

func getLoginProfile(r *request) (answer, error) {
	name, err := r.userName()
	if err != nil {
		return nil, err
	}
	u, err := r.tx.Users().Get(name)
	if err != nil {
		return nil, err
	}
	if u.Login == nil {
		return nil, noLogin(name)
	}
	return describeLogin(&u), nil
}

func updateLoginProfile(r *request) (answer, error) {
	hash := ""
	if r.text("Password") != "" {
		var err error
		if hash, err = r.hashed("Password"); err != nil {
			return nil, err
		}
	}
	_, err := r.changeUser(r.text("UserName"), func(u *identity.User) error {
		if u.Login == nil {
			return noLogin(u.Name)
		}
		if hash != "" {
			u.Login.Hash = hash
		}
		if reset, ok := r.call.Params["PasswordResetRequired"].(bool); ok {
			u.Login.ResetRequired = reset
		}
		return nil
	})
	return nil, err
}

func deleteLoginProfile(r *request) (answer, error) {
	name, err := r.userName()
	if err != nil {
		return nil, err
	}
	_, err = r.tx.Users().Change(name, func(u *identity.User) error {
		if u.Login == nil {
			return noLogin(u.Name)
		}
		u.Login = nil
		return nil
	})
	return nil, err
}

// changePassword changes the caller's own password. The old one is compared
// before the transaction, so the hash must still be the same in it.
func changePassword(r *request) (answer, error) {
	if r.caller.Principal.Kind != identity.IAMUser {
		return nil, identity.Refuse("InvalidUserTypeException", "Only IAM Users can change their own password")
	}
	name := r.caller.Principal.Name
	wrong := identity.Refuse("AccessDenied", "The old password was incorrect.")
	u, err := r.directory.CheckLogin(r.ctx, r.call.AccountID, name, identity.Try{
		Password: r.text("OldPassword"), Source: r.call.SourceIP, Time: r.call.Time,
	})
	switch {
	case u.ID != "" && u.Login == nil:
		return nil, noLogin(name)
	case errors.Is(err, identity.ErrWrongPassword):
		return nil, wrong
	case err != nil:
		return nil, err
	}
	old := u.Login.Hash
	hash, err := r.hashed("NewPassword")
	if err != nil {
		return nil, err
	}
	_, err = r.changeUser(name, func(u *identity.User) error {
		if u.Login == nil || u.Login.Hash != old {
			return wrong
		}
		u.Login.Hash, u.Login.ResetRequired = hash, false
		return nil
	})
	return nil, err
}
