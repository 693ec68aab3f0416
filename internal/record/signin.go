package record

import (
	"encoding/json"
	"time"

	"github.com/cairn-audit/cairn/event"
)

// SignInOutcome is what came of an attempt to sign in to the console.
type SignInOutcome int

// Outcomes of a sign-in.
const (
	// SignInFailed: the password or the MFA code was wrong, or there is no
	// such user or account. It is the zero value.
	SignInFailed SignInOutcome = iota
	// SignInBroken: the attempt could not be judged.
	SignInBroken
	// MFARequested: the password was right, and an MFA code is needed too.
	MFARequested
	SignedIn
)

// SignIn is an attempt to sign in to the console, once it is over.
type SignIn struct {
	Outcome SignInOutcome
	EventID string
	// Time is when the attempt was judged.
	Time time.Time
	// Recipient is the account that the event belongs to, and AccountID the
	// one that was to be entered, empty where there is no such account.
	Recipient, AccountID string
	// Root says that it is the account's root user, whose name is the
	// account's alias.
	Root bool
	// UserID, UserARN and UserName are those of the user, empty where there
	// is none with the name that was given.
	UserID, UserARN, UserName string
	// MFAUsed says that an MFA code was given after the right password, and
	// MFASerial whose device's it was.
	MFAUsed   bool
	MFASerial string
	// LoginTo is the address to which the user goes on.
	LoginTo             string
	SourceIP, UserAgent string
	TLS                 *event.TLSDetails
}

// SignInRegion is the Region of sign-ins at the endpoint that all Regions share
// ("AWS Management Console sign-in events", CloudTrail User Guide).
const SignInRegion = "us-east-1"

// hiddenName stands for a name that is no user's: people type their password
// there ("Example sign-in failure event caused by incorrect user name",
// userIdentity element, CloudTrail User Guide).
const hiddenName = "HIDDEN_DUE_TO_SECURITY_REASONS"

// Event writes the event, as the guide's examples and published records have it
// (CheckMfa: 74b4a7d6, ConsoleLogin: 1d5670bf).
func (s *SignIn) Event() *event.Event {
	readOnly, management := false, true
	e := &event.Event{
		EventVersion: event.Version, EventTime: event.Time{Time: s.Time},
		UserIdentity: s.identity(),
		EventSource:  "signin.amazonaws.com", EventName: "ConsoleLogin", AWSRegion: SignInRegion,
		SourceIPAddress: s.SourceIP, UserAgent: truncate(s.UserAgent, shortLimit), TLSDetails: s.TLS,
		RequestParameters: null, EventID: s.EventID,
		ReadOnly: &readOnly, EventType: event.TypeConsoleSignIn, ManagementEvent: &management,
		RecipientAccountID: s.Recipient, EventCategory: event.CategoryManagement,
	}
	if s.Outcome == MFARequested {
		e.EventName = "CheckMfa"
		e.ResponseElements = json.RawMessage(`{"CheckMfa":"Success"}`)
		e.AdditionalEventData = json.RawMessage(`{"MfaType":"Virtual MFA"}`)
		return e
	}
	e.AdditionalEventData = s.additional()
	if s.Outcome == SignedIn {
		e.ResponseElements = json.RawMessage(`{"ConsoleLogin":"Success"}`)
		return e
	}
	e.ResponseElements = json.RawMessage(`{"ConsoleLogin":"Failure"}`)
	e.ErrorMessage = s.errorMessage()
	return e
}

// identity is that of who signs in. Of a user only a success shows the ARN, and
// only what is none shows an access key, an empty one; root's always show both
// ("AWS Management Console sign-in events", CloudTrail User Guide).
func (s *SignIn) identity() *event.UserIdentity {
	if s.Root {
		return &event.UserIdentity{
			Type: event.Root, PrincipalID: s.UserID, ARN: s.UserARN, AccountID: s.AccountID, UserName: s.UserName, EmptyAccessKey: true,
		}
	}
	u := &event.UserIdentity{Type: event.IAMUser, PrincipalID: s.UserID, AccountID: s.AccountID, UserName: s.UserName}
	if s.Outcome == SignedIn {
		u.ARN = s.UserARN
		return u
	}
	u.EmptyAccessKey = true
	if u.UserName == "" {
		u.UserName = hiddenName
	}
	return u
}

// errorMessage says why a sign-in failed; there is no errorCode. Of accounts
// that do not exist nothing is published.
func (s *SignIn) errorMessage() string {
	switch {
	case s.Outcome == SignInBroken:
		return "Internal failure"
	case s.UserID == "" && s.AccountID != "":
		return "No username found in supplied account"
	default:
		return "Failed authentication"
	}
}

// additional writes additionalEventData. The device is told of a success only.
func (s *SignIn) additional() json.RawMessage {
	b := event.AppendString([]byte(`{"LoginTo":`), truncate(s.LoginTo, maxLoginTo))
	b = append(b, `,"MobileVersion":"No"`...)
	if s.Outcome == SignedIn && s.MFASerial != "" {
		b = event.AppendString(append(b, `,"MFAIdentifier":`...), s.MFASerial)
	}
	if s.MFAUsed {
		return append(b, `,"MFAUsed":"Yes"}`...)
	}
	return append(b, `,"MFAUsed":"No"}`...)
}

// maxLoginTo keeps additionalEventData far below the 28 KB at which CloudTrail
// leaves it out, in bytes.
const maxLoginTo = 4 << 10
