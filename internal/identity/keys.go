package identity

import (
	"errors"
	"slices"
	"time"

	"github.com/cairn-audit/cairn/internal/state"
)

// accessKey is a key as it is kept. Its secret is sealed for its own id.
type accessKey struct {
	AccountID string    `json:"accountId"`
	Root      bool      `json:"root,omitempty"`
	UserName  string    `json:"userName,omitempty"`
	UserID    string    `json:"userId,omitempty"`
	Secret    []byte    `json:"secret"`
	Inactive  bool      `json:"inactive,omitempty"`
	Created   time.Time `json:"created"`
}

const accessKeys state.Kind[accessKey] = "access-key"

func sealContext(accessKeyID string) []byte { return []byte("access-key/" + accessKeyID) }

// Key is an access key. Secret is known only when the key is made.
type Key struct {
	ID       string
	Secret   string
	UserName string
	Inactive bool
	Created  time.Time
}

// maxKeys is IAM's quota of access keys for one user.
const maxKeys = 2

// CreateKey makes an access key of a user.
func (t *Tx) CreateKey(userName string, now time.Time) (Key, error) {
	var made Key
	_, err := t.Users().Change(userName, func(u *User) error {
		if len(u.Keys) >= maxKeys {
			return Refuse(LimitExceeded, "Cannot exceed quota for AccessKeysPerUser: %d", maxKeys)
		}
		var err error
		made, err = t.createKey(accessKey{AccountID: t.account, UserName: u.Name, UserID: u.ID}, now)
		u.Keys = append(u.Keys, made.ID)
		return err
	})
	return made, err
}

func (t *Tx) createKey(k accessKey, now time.Time) (Key, error) {
	id, secret := uniqueID(prefixAccessKey, k.AccountID, keyIDLength), newSecret()
	k.Created = now.UTC().Truncate(time.Second)
	k.Secret = t.directory.key.Seal([]byte(secret), sealContext(id))
	_, err := accessKeys.Create(t.tx, id, k)
	return Key{ID: id, Secret: secret, UserName: k.UserName, Created: k.Created}, err
}

func (t *Tx) changeKey(id string, f func(*accessKey)) error {
	k, version, err := accessKeys.Get(t.tx, id)
	if err != nil {
		return err
	}
	f(&k)
	_, err = accessKeys.Update(t.tx, id, version, k)
	return err
}

// Keys are a user's access keys, oldest first.
func (t *Tx) Keys(userName string) ([]Key, error) {
	u, err := t.Users().Get(userName)
	if err != nil {
		return nil, err
	}
	keys := make([]Key, 0, len(u.Keys))
	for _, id := range u.Keys {
		k, _, err := accessKeys.Get(t.tx, id)
		if err != nil {
			return nil, err
		}
		keys = append(keys, Key{ID: id, UserName: k.UserName, Inactive: k.Inactive, Created: k.Created})
	}
	return keys, nil
}

// SetKeyActive makes a user's key usable, or not.
func (t *Tx) SetKeyActive(userName, id string, active bool) error {
	if err := t.hasKey(userName, id); err != nil {
		return err
	}
	return t.changeKey(id, func(k *accessKey) { k.Inactive = !active })
}

// DeleteKey deletes a user's key.
func (t *Tx) DeleteKey(userName, id string) error {
	if err := t.hasKey(userName, id); err != nil {
		return err
	}
	_, err := t.Users().Change(userName, func(u *User) error {
		u.Keys = slices.DeleteFunc(u.Keys, func(k string) bool { return k == id })
		return nil
	})
	if err != nil {
		return err
	}
	_, version, err := accessKeys.Get(t.tx, id)
	if err != nil {
		return err
	}
	return accessKeys.Delete(t.tx, id, version)
}

func (t *Tx) hasKey(userName, id string) error {
	u, err := t.Users().Get(userName)
	if err == nil && !slices.Contains(u.Keys, id) {
		err = noKey(id)
	}
	return err
}

// KeyOwner says whose key it is: the account, and the user's name, which is ""
// for the root user's. It finds the keys of every account.
func (t *Tx) KeyOwner(id string) (account, userName string, err error) {
	k, _, err := accessKeys.Get(t.tx, id)
	if errors.Is(err, state.ErrNotFound) {
		return "", "", noKey(id)
	}
	return k.AccountID, k.UserName, err
}

func noKey(id string) error {
	return Refuse(NoSuchEntity, "The Access Key with id %s cannot be found.", id)
}
