package sts

import (
	"errors"
	"strings"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/policy"
)

// assumeRoleWithWebIdentity opens a role's session for who has a token of an
// OpenID Connect issuer. The call needs no signature: the token is the proof.
func assumeRoleWithWebIdentity(r *request) (answer, error) {
	unproven := identity.Unproven("")
	r.call.Learned.Caller = &unproven
	account, role, err := r.find()
	if err != nil {
		return nil, err
	}
	web, err := r.verified(r.text("WebIdentityToken"))
	if web == nil {
		return nil, err
	}
	provider := "arn:aws:iam::" + account + ":oidc-provider/" + web.Provider
	r.identified(account, &event.UserIdentity{
		Type: event.WebIdentityUser, PrincipalID: provider + ":" + web.Audience + ":" + web.Subject,
		UserName: web.Subject, IdentityProvider: provider,
	})
	if err != nil {
		return nil, err
	}
	s, err := r.roleSession(role)
	if err != nil {
		return nil, err
	}
	s.Provider = provider
	if s.SourceIdentity = web.SourceIdentity; s.SourceIdentity == "" {
		s.SourceIdentity = r.text("SourceIdentity")
	}
	if role == nil || !r.trustsWeb(role, s, web) {
		return nil, denied("Not authorized to perform sts:AssumeRoleWithWebIdentity")
	}
	length, err := r.roleLength(role, false)
	if err != nil {
		return nil, err
	}
	out, err := r.assumed(account, *s, length)
	if err != nil {
		return nil, err
	}
	out["Provider"], out["Audience"], out["SubjectFromWebIdentityToken"] = provider, web.Audience, web.Subject
	return out, nil
}

// identified notes who makes a call that has no signature, as its token proves,
// and whose account the event belongs to. In an account that there is not nobody
// would see it.
func (r *request) identified(account string, caller *event.UserIdentity) {
	r.call.Learned.Caller = caller
	if exists, err := r.directory.HasAccount(account); err == nil && exists {
		r.call.Learned.AccountID = account
	}
}

// trustsWeb asks the role's trust policy alone: who has a token has no policies.
func (r *request) trustsWeb(role *identity.Role, s *identity.Session, web *webIdentity) bool {
	trust, err := policy.Parse([]byte(role.Trust))
	if err != nil {
		return false
	}
	conditions := r.conditions(s)
	conditions.Set("aws:FederatedProvider", s.Provider)
	for claim, values := range web.Claims {
		conditions.Set(web.Provider+":"+claim, values...)
	}
	return policy.Evaluate(policy.Request{
		Action: "sts:AssumeRoleWithWebIdentity", Resource: r.text("RoleArn"), Context: conditions,
		Principal: policy.Principal{Type: policy.External, Federated: s.Provider},
	}, policy.Policies{Resource: trust}).Allowed
}

// verified finds the token's issuer among those that are configured, and asks
// it. Who has a token that the issuer signed is returned even if the token is
// refused: a forged one must not put a name into the event.
func (r *request) verified(token string) (*webIdentity, error) {
	claimed, err := unverifiedIssuer(token)
	if err != nil {
		return nil, invalidToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	for _, issuer := range r.options.Issuers {
		if issuer.URL != claimed {
			continue
		}
		web, err := issuer.verify(r.ctx, token, r.call.Time)
		switch {
		case errors.Is(err, errExpired):
			return web, refuse("ExpiredTokenException", "Token expired: current date/time must be before the expiration date/time")
		case errors.Is(err, errAudience):
			return web, invalidToken("Incorrect token audience")
		case errors.Is(err, errNoKeys):
			return nil, invalidToken("Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements")
		case err != nil:
			return nil, invalidToken("Provided Token is not a valid OpenID Connect token of " + issuer.URL)
		}
		return web, nil
	}
	return nil, invalidToken("No OpenIDConnect provider found in your account for " + strings.ToValidUTF8(claimed[:min(len(claimed), 255)], ""))
}

func invalidToken(message string) error {
	return refuse("InvalidIdentityTokenException", "%s", message)
}
