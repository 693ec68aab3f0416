package iam

import "github.com/cairn-audit/cairn/internal/identity"

// tagged is a kind of entity that has tags; its operations are Tag…, Untag…
// and List…Tags.
type tagged struct {
	title, param string
	get          func(tx *identity.Tx, id string) (identity.Entity, error)
	change       func(tx *identity.Tx, id string, f func(*identity.Entity) error) error
}

var taggedKinds = []tagged{
	{"User", "UserName", func(tx *identity.Tx, id string) (identity.Entity, error) {
		u, err := tx.Users().Get(id)
		return u.Entity, err
	}, func(tx *identity.Tx, id string, f func(*identity.Entity) error) error {
		_, err := tx.Users().Change(id, func(u *identity.User) error { return f(&u.Entity) })
		return err
	}},
	{"Role", "RoleName", func(tx *identity.Tx, id string) (identity.Entity, error) {
		r, err := tx.Roles().Get(id)
		return r.Entity, err
	}, func(tx *identity.Tx, id string, f func(*identity.Entity) error) error {
		_, err := tx.ChangeRole(id, func(r *identity.Role) error { return f(&r.Entity) })
		return err
	}},
	{"Policy", "PolicyArn", func(tx *identity.Tx, id string) (identity.Entity, error) {
		p, err := tx.ManagedPolicy(id)
		return p.Entity, err
	}, func(tx *identity.Tx, id string, f func(*identity.Entity) error) error {
		_, err := tx.ChangePolicy(id, func(p *identity.ManagedPolicy) error { return f(&p.Entity) })
		return err
	}},
	{"InstanceProfile", "InstanceProfileName", func(tx *identity.Tx, id string) (identity.Entity, error) {
		p, err := tx.Profiles().Get(id)
		return p.Entity, err
	}, func(tx *identity.Tx, id string, f func(*identity.Entity) error) error {
		_, err := tx.Profiles().Change(id, func(p *identity.Profile) error { return f(&p.Entity) })
		return err
	}},
	{"SAMLProvider", "SAMLProviderArn", func(tx *identity.Tx, id string) (identity.Entity, error) {
		p, err := tx.SAMLProvider(id)
		return p.Entity, err
	}, func(tx *identity.Tx, id string, f func(*identity.Entity) error) error {
		_, err := tx.ChangeSAMLProvider(id, func(p *identity.SAMLProvider) error { return f(&p.Entity) })
		return err
	}},
	{"MFADevice", "SerialNumber", func(tx *identity.Tx, id string) (identity.Entity, error) {
		d, err := tx.Device(id)
		return d.Entity, err
	}, func(tx *identity.Tx, id string, f func(*identity.Entity) error) error {
		return tx.ChangeDevice(id, func(d *identity.Device) error { return f(&d.Entity) })
	}},
}

func tagOperations() map[string]operation {
	table := map[string]operation{}
	for _, k := range taggedKinds {
		table["Tag"+k.title] = operation{writes, func(r *request) (answer, error) {
			return nil, k.change(r.tx, r.text(k.param), func(e *identity.Entity) error { return e.Tag(r.tags()) })
		}}
		table["Untag"+k.title] = operation{writes, func(r *request) (answer, error) {
			return nil, k.change(r.tx, r.text(k.param), func(e *identity.Entity) error {
				e.Untag(r.texts("TagKeys"))
				return nil
			})
		}}
		table["List"+k.title+"Tags"] = operation{reads, func(r *request) (answer, error) {
			e, err := k.get(r.tx, r.text(k.param))
			if err != nil {
				return nil, err
			}
			return page(r, "Tags", e.Tags, tagKey, describeTag)
		}}
	}
	return table
}
