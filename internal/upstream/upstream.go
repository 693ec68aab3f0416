// Package upstream says with which credentials the requests of each principal
// are signed at another endpoint. Rules map principals to sources of
// credentials: fixed ones, the sessions of a role, or none.
//
// Credentials of the other endpoint exist here and in the signatures made with
// them, and nowhere else: neither logs nor events nor answers have them.
package upstream

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/cairn-audit/cairn/internal/identity"
)

// Source gives credentials. ok is false where the caller has none; an error says
// that what it has could not be got. It may be used from any goroutine.
type Source interface {
	Credentials(ctx context.Context, caller identity.Credential) (c aws.Credentials, ok bool, err error)
}

// Rule gives the principals that match a pattern a source.
type Rule struct {
	Principal Pattern
	Source    Source
}

// Rules are tried in order: the first that matches a caller says what it has,
// and who matches none has nothing.
type Rules []Rule

// Credentials are the caller's.
func (r Rules) Credentials(ctx context.Context, caller identity.Credential) (c aws.Credentials, ok bool, err error) {
	for _, rule := range r {
		if rule.Principal.Matches(caller) {
			return rule.Source.Credentials(ctx, caller)
		}
	}
	return aws.Credentials{}, false, nil
}

// None is the source of principals who have nothing.
type None struct{}

// Credentials are nobody's.
func (None) Credentials(context.Context, identity.Credential) (c aws.Credentials, ok bool, err error) {
	return aws.Credentials{}, false, nil
}

// Fixed gives every caller the credentials of a provider, which keeps and renews
// them itself.
type Fixed struct{ Provider aws.CredentialsProvider }

// Credentials are the provider's.
func (f Fixed) Credentials(ctx context.Context, _ identity.Credential) (c aws.Credentials, ok bool, err error) {
	c, err = f.Provider.Retrieve(ctx)
	return c, true, err
}
