package identity

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cairn-audit/cairn/internal/state"
)

// account is an account as it is kept.
type account struct {
	Created time.Time `json:"created"`
	// Home marks the server's own account, the first one made.
	Home bool `json:"home,omitempty"`
	// Alias stands for the account's id in sign-in addresses, and is the
	// name of its root user in events.
	Alias string `json:"alias,omitempty"`
}

const accounts state.Kind[account] = "account"

// aliases are the account ids by alias: an alias is of one account only.
const aliases state.Kind[string] = "account-alias"

// AccessRole is the role with which the home account's principals enter another
// account: the one that AWS Organizations makes in accounts that it creates.
const AccessRole = "OrganizationAccountAccessRole"

// AdministratorAccess is the ARN of AWS's policy that allows everything.
const AdministratorAccess = "arn:aws:iam::aws:policy/AdministratorAccess"

// Account returns the id of the account that Bootstrap made, or "".
func (d *Directory) Account() (string, error) {
	var id string
	err := d.store.View(func(tx *state.Tx) error {
		for a, err := range accounts.List(tx, "") {
			if err != nil {
				return err
			}
			if id == "" || a.Value.Home {
				id = a.Key
			}
			if a.Value.Home {
				return nil
			}
		}
		return nil
	})
	return id, err
}

// Accounts returns the ids of all accounts, in order.
func (d *Directory) Accounts() ([]string, error) {
	var ids []string
	err := d.store.View(func(tx *state.Tx) error {
		for a, err := range accounts.List(tx, "") {
			if err != nil {
				return err
			}
			ids = append(ids, a.Key)
		}
		return nil
	})
	return ids, err
}

// HasAccount reports whether there is an account.
func (d *Directory) HasAccount(id string) (exists bool, err error) {
	err = d.View(id, func(t *Tx) error {
		exists, err = t.hasAccount(id)
		return err
	})
	return exists, err
}

func (t *Tx) hasAccount(id string) (bool, error) {
	_, _, err := accounts.Get(t.tx, id)
	if errors.Is(err, state.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// AddAccount makes another account, with a role that lets principals of the home
// account administer it (AccessRole) and without any key. It does nothing where
// the account exists.
func (d *Directory) AddAccount(id, home string, now time.Time) error {
	err := d.Update(id, func(tx *Tx) error {
		_, err := accounts.Create(tx.tx, id, account{Created: now})
		if errors.Is(err, state.ErrExists) {
			return nil
		}
		if err != nil {
			return err
		}
		_, err = tx.CreateRole(Role{
			Entity: NewEntity(AccessRole, "/", now, nil),
			Grants: Grants{Attached: []string{AdministratorAccess}},
			Trust: fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"}]}`,
				rootARN(home)),
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("make account %s: %w", id, err)
	}
	return nil
}

// Bootstrap makes an account with a key of its root user and one of an
// administrator, and hands both to keep before they can be used: if the process
// dies in between, the account does not exist and the next Bootstrap makes other
// keys. made is false, and nothing is done, where an account exists already.
func (d *Directory) Bootstrap(id string, now time.Time, keep func(root, administrator Credential) error) (made bool, err error) {
	var root, administrator Credential
	err = d.Update(id, func(tx *Tx) error {
		for range accounts.List(tx.tx, "") {
			return nil
		}
		if _, err := accounts.Create(tx.tx, id, account{Created: now, Home: true}); err != nil {
			return err
		}
		key, err := tx.createKey(accessKey{AccountID: id, Root: true}, now)
		if err != nil {
			return err
		}
		root = Credential{
			AccessKeyID: key.ID, SecretAccessKey: key.Secret, AccountID: id, Identity: Root(id, key.ID),
			Principal: Principal{Kind: RootUser, AccountID: id, ID: id},
		}
		u, err := tx.Users().Create(User{
			Entity: NewEntity(AdministratorName, "/", now, nil),
			Grants: Grants{Attached: []string{AdministratorAccess}},
		})
		if err != nil {
			return err
		}
		if key, err = tx.CreateKey(u.Name, now); err != nil {
			return err
		}
		administrator = Credential{
			AccessKeyID: key.ID, SecretAccessKey: key.Secret, AccountID: id, Identity: user(id, &u, key.ID),
			Principal: Principal{Kind: IAMUser, AccountID: id, Name: u.Name, ID: u.ID},
		}
		made = true
		return keep(root, administrator)
	})
	if err != nil {
		return false, fmt.Errorf("make account %s: %w", id, err)
	}
	return made, nil
}

// Alias is the account's alias, or "".
func (t *Tx) Alias() (string, error) {
	a, _, err := accounts.Get(t.tx, t.account)
	if errors.Is(err, state.ErrNotFound) {
		return "", nil
	}
	return a.Alias, err
}

// SetAlias gives the account another alias; "" takes it away.
func (t *Tx) SetAlias(alias string) error {
	a, version, err := accounts.Get(t.tx, t.account)
	if err != nil {
		return err
	}
	if alias != "" {
		_, err := aliases.Create(t.tx, alias, t.account)
		if errors.Is(err, state.ErrExists) && alias != a.Alias {
			return Refuse(EntityAlreadyExists, "The account alias %s already exists.", alias)
		}
		if err != nil && !errors.Is(err, state.ErrExists) {
			return err
		}
	}
	if a.Alias != "" && a.Alias != alias {
		_, old, err := aliases.Get(t.tx, a.Alias)
		if err != nil {
			return err
		}
		if err := aliases.Delete(t.tx, a.Alias, old); err != nil {
			return err
		}
	}
	a.Alias = alias
	_, err = accounts.Update(t.tx, t.account, version, a)
	return err
}

// AccountOf is the account with an id or an alias.
func (d *Directory) AccountOf(idOrAlias string) (id string, found bool, err error) {
	ids, err := d.Accounts()
	if err != nil {
		return "", false, err
	}
	if slices.Contains(ids, idOrAlias) {
		return idOrAlias, true, nil
	}
	err = d.store.View(func(tx *state.Tx) error {
		id, _, err = aliases.Get(tx, idOrAlias)
		return err
	})
	if errors.Is(err, state.ErrNotFound) {
		return "", false, nil
	}
	return id, err == nil, err
}
