package rule

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func put(t *testing.T, s *Store, name string, targets ...Target) {
	t.Helper()
	_, err := s.Put(Rule{Scope: testScope, Name: name, Pattern: anyCall, State: Enabled})
	if err == nil && len(targets) > 0 {
		err = s.PutTargets(testScope, name, targets...)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestPuttingARuleAgainReplacesItButForTargetsAndTags(t *testing.T) {
	s := openStore(t)
	made, err := s.Put(Rule{
		Scope: testScope, Name: "r", Description: "first", Pattern: anyCall, State: Enabled, RoleARN: "arn:role", By: "arn:me",
		Tags: []Tag{{"a", "1"}}, Targets: []Target{topicTarget()},
	})
	if err != nil || made.ARN() != "arn:aws:events:eu-west-1:123456789012:rule/r" || len(made.Targets) != 0 {
		t.Fatalf("%+v, %v", made, err)
	}
	if err := s.PutTargets(testScope, "r", topicTarget()); err != nil {
		t.Fatal(err)
	}
	again, err := s.Put(Rule{Scope: testScope, Name: "r", Pattern: `{"source":["a"]}`, State: Disabled, Tags: []Tag{{"b", "2"}}})
	if err != nil || again.Description != "" || again.RoleARN != "" || again.State != Disabled || again.By != "arn:me" ||
		!again.Created.Equal(made.Created) || len(again.Targets) != 1 || !slices.Equal(again.Tags, made.Tags) {
		t.Errorf("%+v, %v", again, err)
	}
	if at, name, ok := ParseARN(again.ARN()); !ok || at != testScope || name != "r" {
		t.Errorf("%v, %s, %v", at, name, ok)
	}
	for _, arn := range []string{"", "arn:aws:events:eu-west-1:123456789012:event-bus/default", "arn:aws:sns:eu-west-1:123456789012:rule/r", "arn:aws:events:eu-west-1:1:rule/other/r"} {
		if _, _, ok := ParseARN(arn); ok {
			t.Errorf("%q is no rule's", arn)
		}
	}
}

func TestRulesThatCannotBe(t *testing.T) {
	s := openStore(t)
	good := Rule{Scope: testScope, Name: "r", Pattern: anyCall, State: Enabled}
	for name, test := range map[string]struct {
		change func(*Rule)
		want   error
	}{
		"a name with a slash":      {func(r *Rule) { r.Name = "a/b" }, ErrInvalid},
		"a long name":              {func(r *Rule) { r.Name = strings.Repeat("x", 65) }, ErrInvalid},
		"a state":                  {func(r *Rule) { r.State = "ON" }, ErrInvalid},
		"a description":            {func(r *Rule) { r.Description = strings.Repeat("x", 513) }, ErrInvalid},
		"nothing to match":         {func(r *Rule) { r.Pattern = "" }, ErrInvalid},
		"a pattern that is none":   {func(r *Rule) { r.Pattern = `{"source":"a"}` }, ErrPattern},
		"a pattern that is long":   {func(r *Rule) { r.Pattern = `{"source":["` + strings.Repeat("x", 2048) + `"]}` }, ErrLimit},
		"a tag of AWS's":           {func(r *Rule) { r.Tags = []Tag{{"aws:x", ""}} }, ErrInvalid},
		"a tag twice":              {func(r *Rule) { r.Tags = []Tag{{"x", ""}, {"x", ""}} }, ErrInvalid},
		"a tag with a long value":  {func(r *Rule) { r.Tags = []Tag{{"x", strings.Repeat("x", 257)}} }, ErrInvalid},
		"more tags than there are": {func(r *Rule) { r.Tags = make([]Tag, MaxTags+1) }, ErrLimit},
	} {
		r := good
		test.change(&r)
		if _, err := s.Put(r); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Put(good); err != nil {
		t.Error(err)
	}
}

func TestThereAreAsManyRulesAndTargetsAsInEventBridge(t *testing.T) {
	s := openStore(t)
	for i := range MaxRules {
		put(t, s, fmt.Sprintf("r%03d", i))
	}
	if _, err := s.Put(Rule{Scope: testScope, Name: "more", Pattern: anyCall, State: Enabled}); !errors.Is(err, ErrLimit) {
		t.Errorf("one more: %v", err)
	}
	put(t, s, "r000") // is there already
	if _, err := s.Put(Rule{Scope: Scope{"123456789012", "us-east-1"}, Name: "more", Pattern: anyCall, State: Enabled}); err != nil {
		t.Errorf("another Region: %v", err)
	}
	var targets []Target
	for i := range MaxTargets + 1 {
		targets = append(targets, Target{ID: fmt.Sprint(i), ARN: testTopic})
	}
	if err := s.PutTargets(testScope, "r000", targets...); !errors.Is(err, ErrLimit) {
		t.Errorf("%d targets: %v", len(targets), err)
	}
	if r, err := s.Get(testScope, "r000"); err != nil || len(r.Targets) != 0 {
		t.Errorf("%d targets were added, %v", len(r.Targets), err)
	}
	if err := s.PutTargets(testScope, "r000", targets[1:]...); err != nil {
		t.Error(err)
	}
	if err := s.PutTargets(testScope, "r000", targets[1:]...); err != nil {
		t.Errorf("the same again: %v", err)
	}
}

func TestListsComeInPages(t *testing.T) {
	s := openStore(t)
	for _, name := range []string{"b2", "a", "b1", "b3", "c"} {
		put(t, s, name, Target{ID: "x", ARN: testTopic + name[:1]})
	}
	for _, test := range []struct {
		prefix, after string
		limit         int
		want          string
		more          bool
	}{
		{"", "", 10, "a b1 b2 b3 c", false},
		{"", "", 5, "a b1 b2 b3 c", false},
		{"", "", 2, "a b1", true},
		{"", "b1", 2, "b2 b3", true},
		{"b", "", 2, "b1 b2", true},
		{"b", "b2", 2, "b3", false},
		{"b", "c", 2, "", false},
		{"d", "", 2, "", false},
	} {
		found, more, err := s.List(testScope, test.prefix, test.after, test.limit)
		if got := namesOf(found); err != nil || got != test.want || more != test.more {
			t.Errorf("%+v: %q, %v, %v", test, got, more, err)
		}
	}
	found, more, err := s.ListByTarget(testScope, testTopic+"b", "b1", 1)
	if got := namesOf(found); err != nil || got != "b2" || !more {
		t.Errorf("by target: %q, %v, %v", got, more, err)
	}
	if found, _, err := s.List(Scope{"123456789012", "eu-west-11"}, "", "", 10); err != nil || len(found) != 0 {
		t.Errorf("another Region: %v, %v", found, err)
	}
}

func namesOf(rules []Rule) string {
	var all []string
	for _, r := range rules {
		all = append(all, r.Name)
	}
	return strings.Join(all, " ")
}

func TestARuleGoesWithoutTargetsOnly(t *testing.T) {
	s := openStore(t)
	put(t, s, "r", topicTarget())
	if err := s.Delete(testScope, "r"); !errors.Is(err, ErrInvalid) {
		t.Errorf("with a target: %v", err)
	}
	if missing, err := s.RemoveTargets(testScope, "r", "topic", "nothing"); err != nil || !slices.Equal(missing, []string{"nothing"}) {
		t.Errorf("%v, %v", missing, err)
	}
	if err := s.Delete(testScope, "r"); err != nil {
		t.Error(err)
	}
	_, err := s.RemoveTargets(testScope, "r", "topic")
	_, gone := s.Get(testScope, "r")
	for _, err := range []error{
		err, gone, s.Delete(testScope, "r"), s.SetState(testScope, "r", Enabled), s.PutTargets(testScope, "r", topicTarget()),
		s.Tag(testScope, "r", Tag{"a", "b"}), s.Untag(testScope, "r", "a"),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("of a rule that is gone: %v", err)
		}
	}
}

func TestTags(t *testing.T) {
	s := openStore(t)
	put(t, s, "r")
	if err := errors.Join(
		s.Tag(testScope, "r", Tag{"a", "1"}, Tag{"b", "1"}), s.Tag(testScope, "r", Tag{"a", "2"}), s.Untag(testScope, "r", "b", "c"),
	); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Get(testScope, "r"); err != nil || !slices.Equal(r.Tags, []Tag{{"a", "2"}}) {
		t.Errorf("%v, %v", r.Tags, err)
	}
}

func TestConnectionsThatCannotBe(t *testing.T) {
	s := openStore(t)
	for name, c := range map[string]Connection{
		"no name":              {Auth: apiKey},
		"no kind":              {Name: "c", Auth: Auth{Name: "a", Secret: "b"}},
		"no secret":            {Name: "c", Auth: Auth{Kind: Basic, Name: "a"}},
		"a line in the secret": {Name: "c", Auth: Auth{Kind: Basic, Name: "a", Secret: "a\nb"}},
		"a key with a space":   {Name: "c", Auth: Auth{Kind: APIKey, Name: "a b", Secret: "b"}},
		"no URL":               {Name: "c", Auth: Auth{Kind: OAuth, Name: "a", Secret: "b", TokenMethod: "POST"}},
		"a URL of a file":      {Name: "c", Auth: Auth{Kind: OAuth, Name: "a", Secret: "b", TokenURL: "file:///etc/passwd", TokenMethod: "POST"}},
		"no method":            {Name: "c", Auth: Auth{Kind: OAuth, Name: "a", Secret: "b", TokenURL: "https://a.example"}},
		"a header of lines":    {Name: "c", Auth: Auth{Kind: APIKey, Name: "a", Secret: "b", Invocation: Parameters{Headers: []Parameter{{"a", "b\r\nc", false}}}}},
		"a parameter unnamed":  {Name: "c", Auth: Auth{Kind: APIKey, Name: "a", Secret: "b", Invocation: Parameters{Query: []Parameter{{"", "b", false}}}}},
		"many parameters":      {Name: "c", Auth: Auth{Kind: APIKey, Name: "a", Secret: "b", Invocation: Parameters{Body: make([]Parameter, 101)}}},
	} {
		c.Scope = testScope
		if _, err := s.CreateConnection(c); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDestinationsUseConnectionsThatAreThere(t *testing.T) {
	s := openStore(t)
	c, err := s.CreateConnection(Connection{Scope: testScope, Name: "c", Auth: apiKey})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateConnection(Connection{Scope: testScope, Name: "c", Auth: apiKey}); !errors.Is(err, ErrExists) {
		t.Errorf("the same again: %v", err)
	}
	good := Destination{Scope: testScope, Name: "d", ConnectionARN: c.ARN(), Endpoint: "https://a.example/*", Method: "POST"}
	for name, test := range map[string]struct {
		change func(*Destination)
		want   error
	}{
		"no method":                 {func(d *Destination) { d.Method = "CONNECT" }, ErrInvalid},
		"no URL":                    {func(d *Destination) { d.Endpoint = "a.example" }, ErrInvalid},
		"any host":                  {func(d *Destination) { d.Endpoint = "https://*.example/" }, ErrInvalid},
		"a password":                {func(d *Destination) { d.Endpoint = "https://a:b@a.example/" }, ErrInvalid},
		"a fragment":                {func(d *Destination) { d.Endpoint = "https://a.example/#a" }, ErrInvalid},
		"a rate":                    {func(d *Destination) { d.Rate = -1 }, ErrInvalid},
		"no connection":             {func(d *Destination) { d.ConnectionARN = "c" }, ErrInvalid},
		"another Region's":          {func(d *Destination) { d.ConnectionARN = strings.Replace(c.ARN(), "eu-west-1", "eu-west-2", 1) }, ErrInvalid},
		"an unknown connection":     {func(d *Destination) { d.ConnectionARN = strings.Replace(c.ARN(), "/c/", "/x/", 1) }, ErrNotFound},
		"a connection that is gone": {func(d *Destination) { d.ConnectionARN = c.ARN() + "0" }, ErrNotFound},
	} {
		d := good
		test.change(&d)
		if _, err := s.CreateDestination(d); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	made, err := s.CreateDestination(good)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateDestination(good); !errors.Is(err, ErrExists) {
		t.Errorf("the same again: %v", err)
	}
	changed, err := s.ChangeDestination(testScope, "d", func(d *Destination) error { d.Rate, d.ID = 5, "other"; return nil })
	if err != nil || changed.Rate != 5 || changed.ARN() != made.ARN() {
		t.Errorf("%+v, %v", changed, err)
	}
	if _, err := s.ChangeDestination(testScope, "d", func(d *Destination) error { d.Method = ""; return nil }); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	if all, _, err := s.Destinations(testScope, "", c.ARN()+"0", "", 10); err != nil || len(all) != 0 {
		t.Errorf("of another connection: %v, %v", all, err)
	}
	if all, _, err := s.Destinations(testScope, "d", c.ARN(), "", 10); err != nil || len(all) != 1 || all[0].Rate != 5 {
		t.Errorf("%v, %v", all, err)
	}
	active := func(want bool) {
		t.Helper()
		if is, err := s.Active(&made); err != nil || is != want {
			t.Errorf("active is %v, %v", is, err)
		}
	}
	active(true)
	if _, err := s.Deauthorize(testScope, "c"); err != nil {
		t.Fatal(err)
	}
	active(false)
	if _, err := s.ChangeConnection(testScope, "c", func(c *Connection) error { c.Auth = apiKey; return nil }); err != nil {
		t.Fatal(err)
	}
	active(true)
	if was, err := s.DeleteConnection(testScope, "c"); err != nil || was.ARN() != c.ARN() || was.Auth.Secret != "" {
		t.Errorf("%+v, %v", was, err)
	}
	active(false)
	if err := s.DeleteDestination(testScope, "x"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}
