package upstream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

func failing(err error) func(context.Context) (aws.Credentials, error) {
	return func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, err }
}

// fakeSTS gives a new key for each call, in its own time.
type fakeSTS struct {
	takes time.Duration

	mu     sync.Mutex
	calls  []*sts.AssumeRoleInput
	broken error
}

func (f *fakeSTS) AssumeRole(_ context.Context, in *sts.AssumeRoleInput, _ ...func(*sts.Options)) (*sts.AssumeRoleOutput, error) {
	time.Sleep(f.takes)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, in)
	if f.broken != nil {
		return nil, f.broken
	}
	return &sts.AssumeRoleOutput{Credentials: &types.Credentials{
		AccessKeyId: aws.String(fmt.Sprintf("ASIA%d", len(f.calls))), SecretAccessKey: aws.String("s"), SessionToken: aws.String("t"),
		Expiration: aws.Time(time.Now().Add(time.Duration(*in.DurationSeconds) * time.Second)),
	}}, nil
}

func sessions(t *testing.T, f *fakeSTS, r Role) *Sessions {
	t.Helper()
	r.ARN = "arn:aws:iam::999988887777:role/ci"
	if r.SessionName.text == "" {
		r.SessionName = template(t, "{userName}")
	}
	s, err := NewSessions(r, f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestASessionIsKeptWhileItLastsAndRenewedBeforeItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSTS{}
		s := sessions(t, f, Role{Duration: 30 * time.Minute})
		for _, step := range []struct {
			after time.Duration
			name  string
			want  string
		}{
			{0, "ci-1", "ASIA1"},
			{28 * time.Minute, "ci-1", "ASIA1"},
			{0, "ci-2", "ASIA2"},
			{90 * time.Second, "ci-1", "ASIA3"}, // it would end in half a minute
			{0, "ci-2", "ASIA2"},
		} {
			time.Sleep(step.after)
			c, ok, err := s.Credentials(t.Context(), user(step.name))
			if c.AccessKeyID != step.want || !ok || err != nil {
				t.Errorf("%s has %s, want %s (%v, %v)", step.name, c.AccessKeyID, step.want, ok, err)
			}
		}
	})
}

func TestARoleIsAssumedWithWhatIsConfigured(t *testing.T) {
	f := &fakeSTS{}
	source := template(t, "cairn-{userName}")
	s := sessions(t, f, Role{SessionName: template(t, "{accountId}.{userName}"), SourceIdentity: &source, ExternalID: "x-1"})
	if _, _, err := s.Credentials(t.Context(), user("bob")); err != nil {
		t.Fatal(err)
	}
	in := f.calls[0]
	if aws.ToString(in.RoleSessionName) != "123456789012.bob" || aws.ToString(in.SourceIdentity) != "cairn-bob" ||
		aws.ToString(in.ExternalId) != "x-1" || aws.ToInt32(in.DurationSeconds) != 3600 || aws.ToString(in.RoleArn) != s.role.ARN {
		t.Errorf("asked for %+v", in)
	}
}

func TestCallersWhoNeedTheSameSessionWaitForOneAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSTS{takes: time.Second}
		s := sessions(t, f, Role{})
		var callers sync.WaitGroup
		for range 50 {
			callers.Go(func() {
				if c, _, err := s.Credentials(t.Context(), user("bob")); err != nil || c.AccessKeyID != "ASIA1" {
					t.Errorf("%s, %v", c.AccessKeyID, err)
				}
			})
		}
		callers.Wait()
		if len(f.calls) != 1 {
			t.Errorf("STS was called %d times", len(f.calls))
		}
	})
}

func TestAnSTSThatFailsIsAskedAgainAndNamedWithTheRole(t *testing.T) {
	f := &fakeSTS{broken: errors.New("AccessDenied")}
	s := sessions(t, f, Role{})
	if _, _, err := s.Credentials(t.Context(), user("bob")); !errors.Is(err, f.broken) || !strings.Contains(err.Error(), "role/ci as bob") {
		t.Errorf("got %v", err)
	}
	f.broken = nil
	if c, ok, err := s.Credentials(t.Context(), user("bob")); c.AccessKeyID != "ASIA2" || !ok || err != nil {
		t.Errorf("%s, %v, %v", c.AccessKeyID, ok, err)
	}
}

func TestACallerCannotMakeMoreSessionsThanAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSTS{}
		s := sessions(t, f, Role{})
		for i := range maxSessions + 20 {
			time.Sleep(time.Millisecond)
			for _, name := range []string{"kept", fmt.Sprintf("name-%d", i)} {
				if _, _, err := s.Credentials(t.Context(), roleSession("agent", name)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if len(s.open) != maxSessions || len(f.calls) != maxSessions+21 {
			t.Errorf("%d sessions after %d calls of STS", len(s.open), len(f.calls))
		}
	})
}

func TestRolesThatCannotWorkAreNamed(t *testing.T) {
	name := template(t, "{userName}")
	for want, r := range map[string]Role{
		"not the ARN of a role": {ARN: "arn:aws:iam::1:user/x", SessionName: name},
		"no session name":       {ARN: "arn:aws:iam::999988887777:role/ci"},
		"outside":               {ARN: "arn:aws:iam::999988887777:role/ci", SessionName: name, Duration: time.Minute},
	} {
		if _, err := NewSessions(r, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
