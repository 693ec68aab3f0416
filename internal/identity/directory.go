package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/state"
)

// AdministratorName is the IAM user that is made with the home account.
const AdministratorName = "administrator"

// Directory keeps accounts and all that is in them. It may be used from any
// goroutine.
type Directory struct {
	store *state.Store
	key   *seal.Key
	// tokens seals sessions.
	tokens  *seal.Key
	aws     AWSPolicies
	uses    uses
	parsed  parsed
	learned learned
	// hashing holds a token for each password that is being hashed.
	hashing chan struct{}
	// passwords and codes count wrong tries.
	passwords, codes attempts
	sources          sources
	// roots are the logins of root users by email address in lower case. They
	// are set before anybody signs in.
	roots map[string]RootLogin
}

// Option changes a Directory that New makes.
type Option func(*Directory)

// WithAWSPolicies gives the directory AWS's managed policies. Without it there
// is only AdministratorAccess.
func WithAWSPolicies(p AWSPolicies) Option { return func(d *Directory) { d.aws = p } }

// New opens the directory that is kept in a store, with secrets sealed by key.
func New(store *state.Store, key *seal.Key, options ...Option) *Directory {
	tokens, err := seal.NewKey(key.Derive("session tokens"))
	if err != nil {
		panic("identity: " + err.Error()) // a derived key has the length of a key
	}
	d := &Directory{store: store, key: key, tokens: tokens, aws: onlyAdministrator{}, hashing: make(chan struct{}, hashers)}
	for _, o := range options {
		o(d)
	}
	return d
}

// Credential returns what a key proves, together with the session token that
// came with it, "" where none did. The error is ErrUnknownKey, ErrInvalidToken
// or ErrExpiredToken where the key proves nothing; with the last of them, the
// Credential is what it was.
func (d *Directory) Credential(_ context.Context, accessKeyID, sessionToken string) (Credential, error) {
	if sessionToken != "" {
		return d.temporary(accessKeyID, sessionToken)
	}
	var c Credential
	err := d.store.View(func(tx *state.Tx) error {
		k, _, err := accessKeys.Get(tx, accessKeyID)
		if errors.Is(err, state.ErrNotFound) {
			return ErrUnknownKey
		}
		if err != nil {
			return fmt.Errorf("read access key %s: %w", accessKeyID, err)
		}
		c, err = d.longLived(&Tx{tx, d, k.AccountID}, accessKeyID, &k)
		return err
	})
	return c, err
}

// CheckKey returns an error where the secrets that are kept were sealed with
// another master key. It looks at one of them.
func (d *Directory) CheckKey() error {
	return d.store.View(func(tx *state.Tx) error {
		for k, err := range accessKeys.List(tx, "") {
			if err != nil {
				return fmt.Errorf("read an access key: %w", err)
			}
			if _, err := d.key.Open(k.Value.Secret, sealContext(k.Key)); err != nil {
				return fmt.Errorf("unseal access key %s: %w", k.Key, err)
			}
			return nil
		}
		return nil
	})
}

func (d *Directory) longLived(tx *Tx, id string, k *accessKey) (Credential, error) {
	secret, err := d.key.Open(k.Secret, sealContext(id))
	if err != nil {
		return Credential{}, fmt.Errorf("unseal access key %s: %w", id, err)
	}
	c := Credential{AccessKeyID: id, SecretAccessKey: string(secret), AccountID: k.AccountID, Inactive: k.Inactive}
	if k.Root {
		c.Principal = Principal{Kind: RootUser, AccountID: k.AccountID, ID: k.AccountID}
		c.Identity, err = tx.root(id)
		return c, err
	}
	u, err := tx.Users().Get(k.UserName)
	if err != nil {
		return Credential{}, fmt.Errorf("read the user of access key %s: %w", id, err)
	}
	c.Principal = Principal{Kind: IAMUser, AccountID: k.AccountID, Name: u.Name, ID: u.ID}
	c.Identity = user(k.AccountID, &u, id)
	return c, nil
}

// root is the account's root user, whose name is the account's alias.
func (t *Tx) root(accessKeyID string) (event.UserIdentity, error) {
	alias, err := t.Alias()
	id := Root(t.account, accessKeyID)
	id.UserName = alias
	return id, err
}

// temporary reads a session token.
func (d *Directory) temporary(accessKeyID, token string) (Credential, error) {
	s, err := d.openToken(token)
	if err != nil {
		return Credential{}, err
	}
	if s.AccessKeyID != accessKeyID {
		return Credential{}, ErrInvalidToken
	}
	c := Credential{
		AccessKeyID: accessKeyID, SecretAccessKey: s.Secret, AccountID: s.AccountID, Session: s, Principal: s.principal(),
	}
	s.Secret = ""
	err = d.View(s.AccountID, func(tx *Tx) error {
		c.Identity, err = tx.sessionIdentity(s)
		return err
	})
	if Refused(err, NoSuchEntity) {
		return Credential{}, ErrInvalidToken
	}
	if err == nil && !time.Now().Before(s.Expires()) {
		err = ErrExpiredToken
	}
	return c, err
}

// onlyAdministrator are AWS's policies where no others are given.
type onlyAdministrator struct{}

func (o onlyAdministrator) Policy(arn string) (ManagedPolicy, bool) {
	if arn != AdministratorAccess {
		return ManagedPolicy{}, false
	}
	return o.Policies()[0], true
}

func (onlyAdministrator) Policies() []ManagedPolicy {
	created := time.Date(2015, 2, 6, 18, 39, 46, 0, time.UTC)
	return []ManagedPolicy{{
		Entity: Entity{Name: "AdministratorAccess", ID: "ANPAIWMBCKSKIEE64ZLYK", Path: "/", Created: created}, AWS: true,
		Description: "Provides full access to AWS services and resources.", Updated: created, Default: "v1", Made: 1,
		Versions: []PolicyVersion{{ID: "v1", Created: created, Document: strings.TrimSpace(`
{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)}},
	}}
}
