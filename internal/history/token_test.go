package history

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var tokenKey = []byte("0123456789abcdef0123456789abcdef")

func tokenQuery() Query {
	return Query{
		Account: "111122223333", Region: "us-east-1", Attribute: EventName, Value: "RunInstances",
		From: epoch, To: epoch.Add(time.Hour), Limit: 50,
	}
}

var tokenPosition = Position{Time: epoch, Seq: 17, Newest: 1 << 40}

func TestTokenReadsBackAfterARestart(t *testing.T) {
	token := NewTokens(tokenKey).Seal(tokenQuery(), tokenPosition)
	got, err := NewTokens(tokenKey).Open(tokenQuery(), token)
	if err != nil || got != tokenPosition {
		t.Fatalf("got %+v, %v", got, err)
	}
	old := tokenPosition
	old.Time = time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC)
	got, err = NewTokens(tokenKey).Open(Query{}, NewTokens(tokenKey).Seal(Query{}, old))
	if err != nil || got != old {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestTokenIsBoundToItsQuery(t *testing.T) {
	tokens := NewTokens(tokenKey)
	token := tokens.Seal(tokenQuery(), tokenPosition)
	for name, change := range map[string]func(*Query){
		"account":      func(q *Query) { q.Account = "444455556666" },
		"region":       func(q *Query) { q.Region = "eu-west-1" },
		"moved border": func(q *Query) { q.Account, q.Region = q.Account+q.Region[:1], q.Region[1:] },
		"attribute":    func(q *Query) { q.Attribute = Username },
		"value":        func(q *Query) { q.Value = "runinstances" },
		"categories":   func(q *Query) { q.Categories = In(Data) },
		"from":         func(q *Query) { q.From = q.From.Add(1) },
		"no from":      func(q *Query) { q.From = time.Time{} },
		"to":           func(q *Query) { q.To = q.To.Add(time.Second) },
		"no to":        func(q *Query) { q.To = time.Time{} },
		"swapped":      func(q *Query) { q.From, q.To = q.To, q.From },
	} {
		q := tokenQuery()
		change(&q)
		if _, err := tokens.Open(q, token); !errors.Is(err, ErrToken) {
			t.Errorf("%s: got %v, want ErrToken", name, err)
		}
	}
	for name, change := range map[string]func(*Query){
		"limit":             func(q *Query) { q.Limit = 7 },
		"zone of a time":    func(q *Query) { q.From = q.From.In(time.FixedZone("", 3600)) },
		"default, in words": func(q *Query) { q.Categories = In(Management) },
	} {
		q := tokenQuery()
		change(&q)
		if _, err := tokens.Open(q, token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestForgedTokensAreRefused(t *testing.T) {
	tokens := NewTokens(tokenKey)
	token := tokens.Seal(tokenQuery(), tokenPosition)
	refused := func(what, token string) {
		t.Helper()
		if _, err := tokens.Open(tokenQuery(), token); !errors.Is(err, ErrToken) {
			t.Errorf("%s: got %v, want ErrToken", what, err)
		}
	}
	refused("other key", NewTokens([]byte(strings.Repeat("k", 32))).Seal(tokenQuery(), tokenPosition))
	for i := range token {
		refused("cut", token[:i])
		for _, c := range []string{"A", "B", "_", "=", "\n", "é"} {
			if token[i:i+1] != c {
				refused("changed", token[:i]+c+token[i+1:])
			}
		}
	}
	refused("longer", token+"A")
	refused("padded", token+"=")
	refused("broken line", token[:4]+"\n"+token[4:])
}

func FuzzOpenToken(f *testing.F) {
	tokens := NewTokens(tokenKey)
	f.Add("", "EventName")
	f.Add(NewTokens([]byte("another")).Seal(tokenQuery(), tokenPosition), "RunInstances")
	f.Fuzz(func(t *testing.T, token, value string) {
		q := tokenQuery()
		q.Value = value
		p, err := tokens.Open(q, token)
		if err == nil && tokens.Seal(q, p) != token {
			t.Fatalf("%q was opened as %+v", token, p)
		}
		if got, err := tokens.Open(q, tokens.Seal(q, tokenPosition)); err != nil || got != tokenPosition {
			t.Fatalf("own token: %+v, %v", got, err)
		}
	})
}
