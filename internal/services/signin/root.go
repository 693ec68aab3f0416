package signin

import (
	"context"
	"fmt"

	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/record"
)

// judgeRoot is judge for an account's root user, who is known by an email address.
func (s *Service) judgeRoot(ctx context.Context, a *Attempt, seen *record.SignIn) (*Session, error) {
	of := ""
	if a.Account != "" {
		var err error
		if of, err = s.accountOf(a.Account); err != nil {
			return nil, fmt.Errorf("find the account: %w", err)
		}
		if of == "" {
			of = "?" + a.Account // nobody's
		}
	}
	account, wrong := s.directory.CheckRootLogin(ctx, of, a.Email, a.try())
	if account == "" {
		return nil, judged(wrong, "check the root user's password")
	}
	var devices []string
	alias := ""
	err := s.directory.View(account, func(tx *identity.Tx) (err error) {
		if devices, err = tx.RootDevices(); err != nil {
			return err
		}
		alias, err = tx.Alias()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find the root user of %s: %w", account, err)
	}
	root := identity.Root(account, "")
	seen.Root, seen.AccountID, seen.Recipient = true, account, account
	seen.UserID, seen.UserARN, seen.UserName = root.PrincipalID, root.ARN, alias
	if wrong != nil {
		return nil, judged(wrong, "check the root user's password")
	}
	p := identity.Principal{Kind: identity.RootUser, AccountID: account, ID: account}
	if err := s.secondFactor(p, devices, a.MFACode, seen); err != nil {
		return nil, err
	}
	return s.open(account, identity.Session{Kind: identity.RootUser, PrincipalID: account}, seen.MFAUsed, a.Length)
}
