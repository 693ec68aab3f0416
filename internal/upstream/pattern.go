package upstream

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/cairn-audit/cairn/internal/identity"
)

// Pattern matches principals: "*" everybody, the number of an account all of its
// principals, and an ARN those whose own ARN, as events show it, is like it. In
// an ARN a * stands for any characters within its part; the parts end at the
// first five colons, so that no name or path can make one account's principal
// look like another's.
type Pattern struct {
	everybody bool
	account   string
	parts     []*regexp.Regexp
}

// Everybody matches all principals.
func Everybody() Pattern { return Pattern{everybody: true} }

var accountNumber = regexp.MustCompile(`^[0-9]{12}$`)

// arnParts is how many parts an ARN has.
const arnParts = 6

// ParsePattern reads a pattern.
func ParsePattern(s string) (Pattern, error) {
	switch {
	case s == "*":
		return Everybody(), nil
	case accountNumber.MatchString(s):
		return Pattern{account: s}, nil
	}
	parts := strings.SplitN(s, ":", arnParts)
	if len(parts) < arnParts || parts[0] != "arn" {
		return Pattern{}, fmt.Errorf("%q is no pattern of principals, like arn:aws:iam::123456789012:user/ci-*, an account's number, or *", s)
	}
	var p Pattern
	for _, part := range parts {
		re, err := regexp.Compile("^(?s:" + strings.ReplaceAll(regexp.QuoteMeta(part), `\*`, ".*") + ")$")
		if err != nil {
			return Pattern{}, fmt.Errorf("%q: %w", s, err)
		}
		p.parts = append(p.parts, re)
	}
	return p, nil
}

// Matches reports whether the pattern is one of the caller.
func (p Pattern) Matches(caller identity.Credential) bool {
	switch {
	case p.everybody:
		return true
	case p.account != "":
		return p.account == caller.AccountID
	}
	parts := strings.SplitN(caller.Identity.ARN, ":", arnParts)
	if len(p.parts) == 0 || len(parts) != len(p.parts) {
		return false
	}
	for i, part := range p.parts {
		if !part.MatchString(parts[i]) {
			return false
		}
	}
	return true
}
