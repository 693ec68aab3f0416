// Package identity knows accounts and access keys, and says which principal a
// key proves.
//
// Secrets are sealed before they are stored and exist in the clear only in a
// Credential. A Credential must not be logged; its String and LogValue say the
// key id only.
package identity

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/cairn-audit/cairn/event"
)

// ErrUnknownKey says that no such access key exists.
var ErrUnknownKey = errors.New("the access key is not known")

// Credential is an access key with what it proves.
type Credential struct {
	AccessKeyID     string
	SecretAccessKey string
	AccountID       string
	// Inactive keys are kept but sign nothing.
	Inactive bool
	Identity event.UserIdentity
}

// String names the key without its secret.
func (c Credential) String() string { return c.AccessKeyID }

// LogValue names the key without its secret.
func (c Credential) LogValue() slog.Value { return slog.StringValue(c.AccessKeyID) }

// Prefixes of the unique ids that IAM gives, from the IAM user guide's
// "Understanding unique ID prefixes".
const (
	prefixAccessKey = "AKIA"
	prefixUser      = "AIDA"
)

// uniqueID makes an id as IAM forms them: the prefix, then capital letters and
// digits of base 32 to a length of 20 (keys) or 21 (principals).
func uniqueID(prefix string, length int) string {
	b := make([]byte, 16)
	rand.Read(b)
	id := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)
	return prefix + id[:length-len(prefix)]
}

// newSecret makes a secret of 40 characters, as AWS's are.
func newSecret() string {
	b := make([]byte, 30)
	rand.Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

// Root is the root user of an account.
func Root(account, accessKeyID string) event.UserIdentity {
	return event.UserIdentity{
		Type: event.Root, PrincipalID: account, ARN: fmt.Sprintf("arn:aws:iam::%s:root", account),
		AccountID: account, AccessKeyID: accessKeyID,
	}
}

// user is an IAM user.
func user(account, name, id, accessKeyID string) event.UserIdentity {
	return event.UserIdentity{
		Type: event.IAMUser, PrincipalID: id, ARN: fmt.Sprintf("arn:aws:iam::%s:user/%s", account, name),
		AccountID: account, AccessKeyID: accessKeyID, UserName: name,
	}
}

// Anonymous is a caller who gave no credentials, as CloudTrail names one.
func Anonymous() event.UserIdentity {
	return event.UserIdentity{Type: event.AWSAccount, AccountID: "ANONYMOUS_PRINCIPAL"}
}

// Unproven is a caller whose credentials were refused: all that is known is the
// key that was claimed.
func Unproven(accessKeyID string) event.UserIdentity {
	return event.UserIdentity{Type: event.Unknown, AccessKeyID: clip(accessKeyID)}
}

// clip bounds a claimed key id: real ones have 16 to 128 characters.
func clip(id string) string {
	const longest = 128
	if len(id) > longest {
		id = id[:longest]
	}
	return strings.ToValidUTF8(id, "�")
}
