package identity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/state"
)

// accessKey is a key as it is kept. Its secret is sealed for its own id.
type accessKey struct {
	AccountID string             `json:"accountId"`
	Secret    []byte             `json:"secret"`
	Identity  event.UserIdentity `json:"identity"`
	Inactive  bool               `json:"inactive,omitempty"`
	Created   time.Time          `json:"created"`
}

// account is an account as it is kept. The first one made is the server's own.
type account struct {
	Created time.Time `json:"created"`
}

const (
	accessKeys state.Kind[accessKey] = "access-key"
	accounts   state.Kind[account]   = "account"
)

// AdministratorName is the IAM user that is made with an account.
const AdministratorName = "administrator"

// Directory keeps accounts and keys. It may be used from any goroutine.
type Directory struct {
	store *state.Store
	key   *seal.Key
}

// New opens the directory that is kept in a store, with secrets sealed by key.
func New(store *state.Store, key *seal.Key) *Directory {
	return &Directory{store: store, key: key}
}

// Account returns the id of the account that Bootstrap made, or "".
func (d *Directory) Account() (string, error) {
	var id string
	err := d.store.View(func(tx *state.Tx) error {
		for a, err := range accounts.List(tx, "") {
			id = a.Key
			return err
		}
		return nil
	})
	return id, err
}

// Bootstrap makes an account with a key of its root user and one of an
// administrator, and hands both to keep before they can be used: if the process
// dies in between, the account does not exist and the next Bootstrap makes other
// keys. made is false, and nothing is done, where an account exists already.
func (d *Directory) Bootstrap(id string, now time.Time, keep func(root, administrator Credential) error) (made bool, err error) {
	rootKey, adminKey := uniqueID(prefixAccessKey, 20), uniqueID(prefixAccessKey, 20)
	root := Credential{
		AccessKeyID: rootKey, SecretAccessKey: newSecret(), AccountID: id, Identity: Root(id, rootKey),
	}
	administrator := Credential{
		AccessKeyID: adminKey, SecretAccessKey: newSecret(), AccountID: id,
		Identity: user(id, AdministratorName, uniqueID(prefixUser, 21), adminKey),
	}
	err = d.store.Update(func(tx *state.Tx) error {
		for range accounts.List(tx, "") {
			return nil
		}
		if _, err := accounts.Create(tx, id, account{Created: now}); err != nil {
			return err
		}
		for _, c := range []Credential{root, administrator} {
			if err := d.create(tx, c, now); err != nil {
				return err
			}
		}
		made = true
		return keep(root, administrator)
	})
	if err != nil {
		return false, fmt.Errorf("make account %s: %w", id, err)
	}
	return made, nil
}

func (d *Directory) create(tx *state.Tx, c Credential, now time.Time) error {
	_, err := accessKeys.Create(tx, c.AccessKeyID, accessKey{
		AccountID: c.AccountID, Identity: c.Identity, Created: now,
		Secret: d.key.Seal([]byte(c.SecretAccessKey), sealContext(c.AccessKeyID)),
	})
	return err
}

func sealContext(accessKeyID string) []byte { return []byte("access-key/" + accessKeyID) }

// Credential returns what a key proves. The error is ErrUnknownKey where there
// is no such key.
func (d *Directory) Credential(_ context.Context, accessKeyID string) (Credential, error) {
	var kept accessKey
	err := d.store.View(func(tx *state.Tx) error {
		var err error
		kept, _, err = accessKeys.Get(tx, accessKeyID)
		return err
	})
	if errors.Is(err, state.ErrNotFound) {
		return Credential{}, ErrUnknownKey
	}
	if err != nil {
		return Credential{}, fmt.Errorf("read access key %s: %w", accessKeyID, err)
	}
	secret, err := d.key.Open(kept.Secret, sealContext(accessKeyID))
	if err != nil {
		return Credential{}, fmt.Errorf("unseal access key %s: %w", accessKeyID, err)
	}
	return Credential{
		AccessKeyID: accessKeyID, SecretAccessKey: string(secret), AccountID: kept.AccountID,
		Inactive: kept.Inactive, Identity: kept.Identity,
	}, nil
}
