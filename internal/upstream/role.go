package upstream

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"

	"github.com/cairn-audit/cairn/internal/identity"
)

// Role is a role at the upstream that is assumed for its callers.
type Role struct {
	ARN string
	// SessionName names the session that a caller gets. Callers of the same
	// name share one.
	SessionName Template
	// SourceIdentity is set where it is not nil.
	SourceIdentity *Template
	// ExternalID is "" for none.
	ExternalID string
	// Duration is from MinDuration to MaxDuration; zero is an hour.
	Duration time.Duration
}

// How long a session of a role may be.
const (
	MinDuration     = 15 * time.Minute
	MaxDuration     = 12 * time.Hour
	defaultDuration = time.Hour
)

const (
	// maxSessions is how many sessions of a role are kept. A caller can open
	// sessions of Cairn's with ever new names, and each has its own here.
	maxSessions = 1000
	// renewBefore is how long before its end a session is replaced, which
	// covers the way of a request and clocks that differ.
	renewBefore = time.Minute
)

var roleARN = regexp.MustCompile(`^arn:[a-z-]+:iam::[0-9]{12}:role/.+$`)

// Sessions are the sessions of a role, a Source. They are kept while they last,
// and renewed when they are needed again.
type Sessions struct {
	role   Role
	client stscreds.AssumeRoleAPIClient

	mu   sync.Mutex
	open map[sessionName]*session // guarded by mu
}

type sessionName struct{ name, sourceIdentity string }

type session struct {
	credentials *aws.CredentialsCache
	used        time.Time // guarded by Sessions.mu
}

// NewSessions makes a source of a role. The client's own credentials assume it.
func NewSessions(r Role, client stscreds.AssumeRoleAPIClient) (*Sessions, error) {
	if !roleARN.MatchString(r.ARN) {
		return nil, fmt.Errorf("%q is not the ARN of a role, like arn:aws:iam::123456789012:role/name", r.ARN)
	}
	if r.SessionName.text == "" {
		return nil, errors.New("no session name is given")
	}
	if r.Duration == 0 {
		r.Duration = defaultDuration
	}
	if r.Duration < MinDuration || r.Duration > MaxDuration {
		return nil, fmt.Errorf("a duration of %s is outside %s to %s", r.Duration, MinDuration, MaxDuration)
	}
	return &Sessions{role: r, client: client, open: map[sessionName]*session{}}, nil
}

// Credentials are those of the caller's session of the role. Callers who need the
// same session at once wait for one answer of STS.
func (s *Sessions) Credentials(ctx context.Context, caller identity.Credential) (c aws.Credentials, ok bool, err error) {
	name := sessionName{name: s.role.SessionName.of(caller)}
	if s.role.SourceIdentity != nil {
		name.sourceIdentity = s.role.SourceIdentity.of(caller)
	}
	c, err = s.session(name).Retrieve(ctx)
	if err != nil {
		err = fmt.Errorf("assume the role %s as %s: %w", s.role.ARN, name.name, err)
	}
	return c, true, err
}

func (s *Sessions) session(name sessionName) *aws.CredentialsCache {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.open[name]
	if found == nil {
		if len(s.open) >= maxSessions {
			s.forgetOldest()
		}
		found = &session{credentials: s.assume(name)}
		s.open[name] = found
	}
	found.used = time.Now()
	return found.credentials
}

// forgetOldest drops the session that was used longest ago. s.mu is held.
func (s *Sessions) forgetOldest() {
	var oldest sessionName
	var since time.Time
	for name, session := range s.open {
		if since.IsZero() || session.used.Before(since) {
			oldest, since = name, session.used
		}
	}
	delete(s.open, oldest)
}

func (s *Sessions) assume(name sessionName) *aws.CredentialsCache {
	provider := stscreds.NewAssumeRoleProvider(s.client, s.role.ARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName, o.Duration = name.name, s.role.Duration
		if name.sourceIdentity != "" {
			o.SourceIdentity = &name.sourceIdentity
		}
		if s.role.ExternalID != "" {
			o.ExternalID = &s.role.ExternalID
		}
	})
	return aws.NewCredentialsCache(provider, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = renewBefore })
}
