// Package identity is IAM's state: accounts, users, groups, roles, policies,
// access keys and MFA devices, the sessions that STS gives, and which principal
// a key proves.
//
// Names of users, groups, roles, policies and instance profiles are unique in
// an account whatever their case, as IAM has them, and found in any case.
//
// Secrets (access keys, seeds of MFA devices) are sealed before they are stored,
// passwords hashed. Temporary credentials are not stored at all: a session token
// is the session itself, its secret included, sealed. Secrets exist in the clear
// only in what is returned to be handed to their owner. A Credential must not be
// logged; its String and LogValue say the key id only.
package identity

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/cairn-audit/cairn/event"
)

// Errors of Credential.
var (
	// ErrUnknownKey says that no such access key exists.
	ErrUnknownKey = errors.New("the access key is not known")
	// ErrInvalidToken says that the session token is not one of Cairn's,
	// does not belong to the key, or that its principal is no more.
	ErrInvalidToken = errors.New("the session token is not valid")
	// ErrExpiredToken says that the session is over.
	ErrExpiredToken = errors.New("the session token has expired")
)

// Credential is an access key with what it proves.
type Credential struct {
	AccessKeyID     string
	SecretAccessKey string
	AccountID       string
	// Inactive keys are kept but sign nothing.
	Inactive bool
	// Identity is the principal as events show it.
	Identity event.UserIdentity
	// Principal is whose policies apply.
	Principal Principal
	// Session is that of a temporary key, else nil.
	Session *Session
}

// PrincipalKind says what a principal is; it is the type that events show.
type PrincipalKind string

// Kinds of principals.
const (
	RootUser      PrincipalKind = event.Root
	IAMUser       PrincipalKind = event.IAMUser
	AssumedRole   PrincipalKind = event.AssumedRole
	FederatedUser PrincipalKind = event.FederatedUser
)

// Principal is who holds a credential. Name and ID are those of the user or of
// the role; those of a federated user are of the user that it has its session
// from. The root user has no name, and the account's id.
type Principal struct {
	Kind      PrincipalKind
	AccountID string
	Name, ID  string
}

// String names the key without its secret.
func (c Credential) String() string { return c.AccessKeyID }

// GoString is String: no verb prints the secret.
func (c Credential) GoString() string { return c.AccessKeyID }

// LogValue names the key without its secret.
func (c Credential) LogValue() slog.Value { return slog.StringValue(c.AccessKeyID) }

// uniqueID makes an id as IAM forms them: the prefix, then capital letters and
// digits of base 32 to a length of 20 (keys) or 21 (principals). The first 48
// bits after the prefix are a one, the number of the account, and the beginning
// of what is random: so it is with AWS's ids (AROATZY6AEXH… is of account
// 261519058382), and programs read the account from a key.
func uniqueID(prefix, account string, length int) string {
	random := make([]byte, 16)
	rand.Read(random)
	return formID(prefix, account, length, random)
}

func formID(prefix, account string, length int, random []byte) string {
	n, err := strconv.ParseUint(account, 10, 40)
	if err == nil {
		head := uint64(random[5]&accountShiftMask) | n<<accountShift | 1<<47
		for i := range 6 {
			random[i] = byte(head >> (8 * (5 - i)))
		}
	}
	id := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random)
	return prefix + id[:length-len(prefix)]
}

// accountShift is how many random bits follow an account's number in the first
// 48 bits of an id.
const (
	accountShift     = 7
	accountShiftMask = 1<<accountShift - 1
)

// AccountInID is the account that an id made by AWS, or here, tells of.
func AccountInID(id string) (account string, ok bool) {
	if len(id) < keyIDLength {
		return "", false
	}
	b, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(id[4:keyIDLength])
	if err != nil || b[0]&0x80 == 0 {
		return "", false
	}
	var head uint64
	for _, v := range b[:6] {
		head = head<<8 | uint64(v)
	}
	n := head &^ (1 << 47) >> accountShift
	return fmt.Sprintf("%012d", n), n < 1_000_000_000_000
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
		Type: event.Root, PrincipalID: account, ARN: rootARN(account),
		AccountID: account, AccessKeyID: accessKeyID,
	}
}

// user is an IAM user.
func user(account string, u *User, accessKeyID string) event.UserIdentity {
	return event.UserIdentity{
		Type: event.IAMUser, PrincipalID: u.ID, ARN: u.ARN(account),
		AccountID: account, AccessKeyID: accessKeyID, UserName: u.Name,
	}
}

// Foreign is a caller as the events of another account than its own show it.
func Foreign(u event.UserIdentity) event.UserIdentity {
	return event.UserIdentity{Type: event.AWSAccount, PrincipalID: u.PrincipalID, AccountID: u.AccountID}
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
