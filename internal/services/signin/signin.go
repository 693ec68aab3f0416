// Package signin lets IAM users and root users sign in to the console: with a name
// or an email address, a password and an MFA code they get a session's credentials. Handler is its HTTP form,
// Service what it does.
//
// Every attempt that is judged is an event, ConsoleLogin or CheckMfa, and durable
// before its outcome is told. Where it cannot be recorded, nobody signs in.
// What is refused before that is no attempt and has no event: a request that is
// not one, and one that comes while too many others are being judged.
package signin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/record"
)

// Recorder commits an event: when it returns nil, the event is durable and can
// be looked up.
type Recorder interface {
	Record(ctx context.Context, e *event.Event) error
}

// Why nobody is signed in, beside a *ThrottledError of package identity. The
// first two are the answers to an attempt.
var (
	// ErrFailed: account, name, password or MFA code are wrong; which of
	// them is not told.
	ErrFailed = errors.New("the sign-in failed")
	// ErrMFARequired: the password is right, and an MFA code is needed too.
	ErrMFARequired = errors.New("an MFA code is needed")
	// ErrBusy: too many attempts are being judged.
	ErrBusy = errors.New("too many sign-ins at once")
	// ErrNotRecorded: the event could not be made durable.
	ErrNotRecorded = errors.New("the sign-in cannot be recorded")
)

// Lengths of sessions.
const (
	ShortestSession = 15 * time.Minute
	LongestSession  = 12 * time.Hour
)

// maxJudged is how many attempts are judged at once. Passwords are hashed two at
// a time in some 30 ms each, so the last of them waits for about a second.
const maxJudged = 64

// Client is where an attempt comes from, as its event shows it.
type Client struct {
	SourceIP, UserAgent string
	TLS                 *event.TLSDetails
}

// Attempt is what somebody who wants to sign in gives.
type Attempt struct {
	// Account is an id or an alias; "" is the server's own account, or for a
	// root user the one that the email address is of.
	Account string
	// UserName is an IAM user's, Email a root user's: one of them is given.
	UserName, Email string
	Password        string
	// MFACode is a code of any of the user's devices; "" is none.
	MFACode string
	// Length is that of the session, from ShortestSession to LongestSession.
	Length time.Duration
	// LoginTo is the address to which the user goes on. It is only recorded.
	LoginTo string
	Client  Client
}

// Session is what who has signed in gets.
type Session struct {
	identity.Temporary
	// ResetRequired: the password has to be changed, and the session may do
	// nothing else.
	ResetRequired bool
}

// Service signs users in. It may be used from any goroutine.
type Service struct {
	directory *identity.Directory
	recorder  Recorder
	account   string
	logger    *slog.Logger
	// judging holds a token for each attempt that is being judged.
	judging chan struct{}
}

// New makes the service for a server whose own account is given.
func New(d *identity.Directory, r Recorder, account string, logger *slog.Logger) *Service {
	return &Service{directory: d, recorder: r, account: account, logger: logger, judging: make(chan struct{}, maxJudged)}
}

// SignIn judges an attempt, commits its event and returns the session. Other
// errors than those above are faults. An attempt that has begun is seen through
// when its context ends.
func (s *Service) SignIn(ctx context.Context, a Attempt) (*Session, error) {
	select {
	case s.judging <- struct{}{}:
		defer func() { <-s.judging }()
	default:
		return nil, ErrBusy
	}
	ctx = context.WithoutCancel(ctx)
	seen := record.SignIn{
		EventID: uuid.NewString(), Recipient: s.account, LoginTo: a.LoginTo,
		SourceIP: a.Client.SourceIP, UserAgent: a.Client.UserAgent, TLS: a.Client.TLS,
	}
	judge := s.judge
	if a.Email != "" {
		judge = s.judgeRoot
	}
	session, err := judge(ctx, &a, &seen)
	seen.Outcome, seen.Time = outcome(err), time.Now()
	if err := s.recorder.Record(ctx, seen.Event()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotRecorded, err)
	}
	if err != nil {
		return nil, err
	}
	if seen.Root {
		return session, nil
	}
	if err := s.directory.SignedIn(seen.AccountID, seen.UserName, seen.Time); err != nil {
		s.logger.ErrorContext(ctx, "the last use of a password could not be kept", "error", err)
	}
	return session, nil
}

func outcome(err error) record.SignInOutcome {
	var throttled *identity.ThrottledError
	switch {
	case err == nil:
		return record.SignedIn
	case errors.Is(err, ErrMFARequired):
		return record.MFARequested
	case errors.Is(err, ErrFailed) || errors.As(err, &throttled):
		return record.SignInFailed
	default:
		return record.SignInBroken
	}
}

// judge finds out who it is and opens the session. It notes in seen what the
// event tells.
func (s *Service) judge(ctx context.Context, a *Attempt, seen *record.SignIn) (*Session, error) {
	account, err := s.accountOf(a.Account)
	if err != nil {
		return nil, fmt.Errorf("find the account: %w", err)
	}
	holder := account
	if account == "" {
		holder = "?" + a.Account // the tries of each have their own count
	} else {
		seen.AccountID, seen.Recipient = account, account
	}
	u, err := s.directory.CheckLogin(ctx, holder, a.UserName, a.try())
	if u.ID != "" {
		seen.UserID, seen.UserName, seen.UserARN = u.ID, u.Name, u.ARN(account)
	}
	if err != nil {
		return nil, judged(err, "check the password")
	}
	p := identity.Principal{Kind: identity.IAMUser, AccountID: account, Name: u.Name, ID: u.ID}
	if err := s.secondFactor(p, u.Devices, a.MFACode, seen); err != nil {
		return nil, err
	}
	of := identity.Session{Kind: identity.IAMUser, PrincipalName: u.Name, PrincipalID: u.ID}
	if u.Login.ResetRequired {
		of.Policy = onlyChange
	}
	return s.open(account, of, seen.MFAUsed, a.Length)
}

func (a *Attempt) try() identity.Try {
	return identity.Try{Password: a.Password, Source: a.Client.SourceIP, Time: time.Now()}
}

// secondFactor takes a code of one of the devices, if there are any.
func (s *Service) secondFactor(p identity.Principal, devices []string, code string, seen *record.SignIn) error {
	if len(devices) == 0 {
		return nil
	}
	if code == "" {
		return ErrMFARequired
	}
	seen.MFAUsed = true
	var err error
	if seen.MFASerial, err = s.directory.CheckAnyCode(p, devices, code, time.Now()); err != nil {
		return judged(err, "check the MFA code")
	}
	return nil
}

// judged makes a wrong secret the failure of the attempt.
func judged(err error, doing string) error {
	var throttled *identity.ThrottledError
	switch {
	case errors.As(err, &throttled):
		return throttled
	case errors.Is(err, identity.ErrWrongPassword) || errors.Is(err, identity.ErrWrongCode):
		return ErrFailed
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}

// accountOf is the id of an account, or "" if there is none.
func (s *Service) accountOf(idOrAlias string) (string, error) {
	if idOrAlias == "" {
		return s.account, nil
	}
	id, _, err := s.directory.AccountOf(idOrAlias)
	return id, err
}

// onlyChange is the policy of a session that is there to change the password.
const onlyChange = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:ChangePassword","iam:GetAccountPasswordPolicy"],"Resource":"*"}]}`

func (s *Service) open(account string, of identity.Session, mfa bool, length time.Duration) (*Session, error) {
	of.MFA, of.Console = mfa, true
	opened := &Session{ResetRequired: of.Policy == onlyChange}
	err := s.directory.View(account, func(tx *identity.Tx) (err error) {
		opened.Temporary, err = tx.Open(of, time.Now(), length)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open the session of %s: %w", of.PrincipalID, err)
	}
	return opened, nil
}
