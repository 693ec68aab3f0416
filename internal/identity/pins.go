package identity

import (
	"errors"
	"strings"

	"github.com/cairn-audit/cairn/internal/policy"
	"github.com/cairn-audit/cairn/internal/state"
)

// pin is where the user or role with an id is that a policy names.
type pin struct {
	Account string `json:"account"`
	Kind    string `json:"kind"` // "user" or "role"
	Name    string `json:"name"`
}

// pins are found by id. They follow names that change, and stay when the entity
// is deleted.
const pins state.Kind[pin] = "iam-pin"

// isPinnable reports whether a principal of a policy is written as the id of a
// user or a role.
func isPinnable(id string) bool {
	return len(id) == idLength && (strings.HasPrefix(id, prefixUser) || strings.HasPrefix(id, prefixRole))
}

// pinOne returns the id for an entry of a policy, or the entry where it means no
// user or role of an account that is here.
func (t *Tx) pinOne(p policy.PrincipalID) (string, error) {
	if isPinnable(p.ID) {
		return p.ID, t.checkPinned(p)
	}
	rest, ok := strings.CutPrefix(p.ID, "arn:aws:iam::")
	account, resource, found := strings.Cut(rest, ":")
	if !ok || !found || resource == "root" {
		return p.ID, nil
	}
	if here, err := t.hasAccount(account); err != nil || !here {
		return p.ID, err
	}
	kind, path, _ := strings.Cut(resource, "/")
	at := pin{account, kind, path[strings.LastIndexByte(path, '/')+1:]}
	id, arn, err := t.pinned(at)
	if err != nil {
		return "", err
	}
	if arn != p.ID {
		return "", &policy.UnknownPrincipalError{Principal: p}
	}
	_, err = pins.Put(t.tx, id, at)
	return id, err
}

// checkPinned refuses an id that an account here would have given and that nobody
// has.
func (t *Tx) checkPinned(p policy.PrincipalID) error {
	account, ok := AccountInID(p.ID)
	if !ok {
		return nil
	}
	if here, err := t.hasAccount(account); err != nil || !here {
		return err
	}
	if arn, err := t.arnOf(p.ID); err != nil || arn != "" {
		return err
	}
	at, err := (&Tx{t.tx, t.directory, account}).whoHas(p.ID)
	switch {
	case err != nil:
		return err
	case at.Kind == "":
		return &policy.UnknownPrincipalError{Principal: p}
	}
	_, err = pins.Put(t.tx, p.ID, at)
	return err
}

// whoHas looks through the account for the user or role with an id.
func (t *Tx) whoHas(id string) (at pin, err error) {
	users, err := t.Users().Select(func(u *User) bool { return u.ID == id })
	if err != nil || len(users) > 0 {
		for _, u := range users {
			at = pin{t.account, "user", u.Name}
		}
		return at, err
	}
	roles, err := t.Roles().Select(func(r *Role) bool { return r.ID == id })
	for _, r := range roles {
		at = pin{t.account, "role", r.Name}
	}
	return at, err
}

// arnOf is the ARN that the user or role with an id has now, "" where it is
// deleted or was never pinned.
func (t *Tx) arnOf(id string) (string, error) {
	at, _, err := pins.Get(t.tx, id)
	if errors.Is(err, state.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	has, arn, err := t.pinned(at)
	if has != id {
		return "", err
	}
	return arn, err
}

// pinned is the id and the ARN of the user or role at a place, "" where there is
// none.
func (t *Tx) pinned(at pin) (id, arn string, err error) {
	in := &Tx{t.tx, t.directory, at.Account}
	switch at.Kind {
	case "user":
		var u User
		u, err = in.Users().Get(at.Name)
		id, arn = u.ID, u.ARN(at.Account)
	case "role":
		var r Role
		r, err = in.Roles().Get(at.Name)
		id, arn = r.ID, r.ARN(at.Account)
	}
	if id == "" || err != nil {
		id, arn = "", ""
	}
	if Refused(err, NoSuchEntity) {
		err = nil
	}
	return id, arn, err
}

// followPin keeps an entity's pin, if it has one, at the name that it has now.
func (t *Tx) followPin(e *Entity) error {
	at, version, err := pins.Get(t.tx, e.ID)
	if errors.Is(err, state.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	at.Name = e.Name
	_, err = pins.Update(t.tx, e.ID, version, at)
	return err
}
