package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/state"
)

// SAMLProvider is a SAML identity provider whose users may assume roles.
type SAMLProvider struct {
	Entity
	// Metadata is its document.
	Metadata string `json:"metadata"`
	// ValidUntil is when the document or its last key is over.
	ValidUntil time.Time `json:"validUntil"`
}

// ARN is the provider's ARN in its account.
func (p *SAMLProvider) ARN(account string) string { return p.arn(account, "saml-provider") }

// SAMLProviders are the account's SAML identity providers.
func (t *Tx) SAMLProviders() Book[SAMLProvider, *SAMLProvider] {
	return Book[SAMLProvider, *SAMLProvider]{t, "iam-saml-provider", "", "SAML provider", "SAMLProvider"}
}

// SAMLProvider finds a provider by its ARN, or refuses with NoSuchEntity.
func (t *Tx) SAMLProvider(arn string) (SAMLProvider, error) {
	name, ok := strings.CutPrefix(arn, "arn:aws:iam::"+t.account+":saml-provider/")
	if !ok {
		return SAMLProvider{}, noSAMLProvider(arn)
	}
	p, err := t.SAMLProviders().Get(name)
	// Names are found in any case, but an ARN is of one: that by which
	// assertions and trust policies know the provider.
	if err == nil && p.ARN(t.account) != arn || Refused(err, NoSuchEntity) {
		return SAMLProvider{}, noSAMLProvider(arn)
	}
	return p, err
}

// ChangeSAMLProvider changes a provider that is named by its ARN.
func (t *Tx) ChangeSAMLProvider(arn string, f func(*SAMLProvider) error) (SAMLProvider, error) {
	p, err := t.SAMLProvider(arn)
	if err != nil {
		return p, err
	}
	return t.SAMLProviders().Change(p.Name, f)
}

// DeleteSAMLProvider deletes a provider that is named by its ARN.
func (t *Tx) DeleteSAMLProvider(arn string) error {
	p, err := t.SAMLProvider(arn)
	if err != nil {
		return err
	}
	return t.SAMLProviders().remove(p.Name, func(*SAMLProvider) error { return nil })
}

func noSAMLProvider(arn string) error {
	return Refuse(NoSuchEntity, "SAMLProvider %s does not exist.", arn)
}

// usedAssertions are when assertions that were taken are over, by account and a
// hash of provider and id.
const usedAssertions state.Kind[time.Time] = "saml-assertion"

// ErrUsedAssertion says that an assertion was taken before.
var ErrUsedAssertion = errors.New("the assertion was used before")

// UseAssertion notes that an assertion of a provider is taken: it works once.
// Until is when it cannot be taken any more for its age, and is forgotten.
func (t *Tx) UseAssertion(provider, id string, now, until time.Time) error {
	for used, err := range usedAssertions.List(t.tx, t.account+"/") {
		if err != nil {
			return err
		}
		if !now.Before(used.Value) {
			if err := usedAssertions.Delete(t.tx, used.Key, used.Version); err != nil {
				return err
			}
		}
	}
	sum := sha256.Sum256([]byte(provider + "\x00" + id))
	_, err := usedAssertions.Create(t.tx, t.account+"/"+hex.EncodeToString(sum[:]), until)
	if errors.Is(err, state.ErrExists) {
		return ErrUsedAssertion
	}
	return err
}
