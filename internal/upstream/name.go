package upstream

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/identity"
)

// Template makes a name of a principal, for its sessions at the upstream. It may
// hold variables:
//
//	{userName}     as LookupEvents shows the caller: the user's name, the
//	               session's name, or root
//	{principalId}  the id that the user or role has for ever (AIDA…, AROA…), or
//	               the account of the root user
//	{accountId}    the caller's account
//
// The name of a role's session is its caller's choice, so {userName} alone may
// be the name of somebody else.
type Template struct{ text string }

// variable is what may stand for one.
var variable = regexp.MustCompile(`\{[^{}]*\}`)

// ParseTemplate reads a template.
func ParseTemplate(s string) (Template, error) {
	values := variables(identity.Credential{})
	for _, name := range variable.FindAllString(s, -1) {
		if _, ok := values[name]; !ok {
			return Template{}, fmt.Errorf("%q: there is no variable %s; there are {userName}, {principalId} and {accountId}", s, name)
		}
	}
	if rest := variable.ReplaceAllString(s, ""); strings.ContainsAny(rest, "{}") || unfit.MatchString(rest) || s == "" {
		return Template{}, fmt.Errorf("%q is no name of a session: it may have letters, digits, _+=,.@- and variables like {userName}", s)
	}
	return Template{s}, nil
}

func variables(caller identity.Credential) map[string]string {
	e := event.Event{UserIdentity: &caller.Identity}
	id, _, _ := strings.Cut(caller.Identity.PrincipalID, ":")
	return map[string]string{
		"{userName}": e.Attributes().Username, "{principalId}": id, "{accountId}": caller.AccountID,
	}
}

// What the names of sessions and source identities may be (STS API Reference,
// AssumeRole: [\w+=,.@-]*, 2 to 64 characters).
var unfit = regexp.MustCompile(`[^\w+=,.@-]`)

const shortestName, longestName = 2, 64

// nameHash is how many hexadecimal digits tell apart names that had to be
// changed.
const nameHash = 8

// of is the caller's name. One that STS would not take is changed, and then ends
// in a hash of what it was, so that two callers do not become one.
func (t Template) of(caller identity.Credential) string {
	values := variables(caller)
	name := variable.ReplaceAllStringFunc(t.text, func(v string) string { return values[v] })
	fit := unfit.ReplaceAllString(name, "-")
	if fit == name && len(name) >= shortestName && len(name) <= longestName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	fit = fit[:min(len(fit), longestName-1-nameHash)]
	return fit + "-" + hex.EncodeToString(sum[:])[:nameHash]
}
