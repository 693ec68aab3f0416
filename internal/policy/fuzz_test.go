package policy

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// naiveMatch is the definition of a glob, in exponential time.
func naiveMatch(pattern, s []rune) bool {
	if len(pattern) == 0 {
		return len(s) == 0
	}
	switch pattern[0] {
	case '*':
		return naiveMatch(pattern[1:], s) || len(s) > 0 && naiveMatch(pattern, s[1:])
	case '?':
		return len(s) > 0 && naiveMatch(pattern[1:], s[1:])
	}
	return len(s) > 0 && pattern[0] == s[0] && naiveMatch(pattern[1:], s[1:])
}

func FuzzMatch(f *testing.F) {
	for _, seed := range [][2]string{
		{"", ""}, {"*", ""}, {"?", ""}, {"", "a"}, {"a*b*c", "abbcbc"}, {"**a", "ba"}, {"*ab", "aab"}, {"a?c", "aéc"},
		{"*aab*", "aaab"}, {"?*", "x"}, {"*?", "x"}, {"a*", "A"}, {"é*", "éa"}, {"\xff", "\xff"}, {"*a*a*b", "aaaaaaa"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if g := newGlob(pattern); utf8.ValidString(s) && g.match(s) != g.matchWide(s) {
			t.Errorf("%q matches %q: %v one way and not the other", pattern, s, g.match(s))
		}
		// The reference needs short ones.
		if len(pattern) > 12 || len(s) > 16 || !utf8.ValidString(pattern) || !utf8.ValidString(s) {
			newGlob(pattern).match(s)
			return
		}
		if got, want := newGlob(pattern).match(s), naiveMatch([]rune(pattern), []rune(s)); got != want {
			t.Errorf("%q matches %q: %v, want %v", pattern, s, got, want)
		}
	})
}

func addDocuments(add func(string)) {
	for _, c := range conditionCases {
		add(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"*","Resource":"*","Condition":{` + c.condition + `}}}`)
	}
	for _, text := range []string{
		`{"Version":"2008-10-17","Id":"x","Statement":[{"Sid":"a","Effect":"Deny","NotPrincipal":"*","NotAction":[],"NotResource":["arn:aws:s3:::${a"]}]}`,
		`{"Statement":{"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com"]},"Action":"sts:AssumeRole"}}`,
		`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}/*"}]}`,
		`{"Statement":[[[[[[[[[[[[[[`, `{"Statement":{"Effect":"Allow","Effect":"Deny"}}`, "\xff", `"\ud800"`, `{}{}`,
	} {
		add(text)
	}
}

func FuzzParse(f *testing.F) {
	addDocuments(func(text string) { f.Add([]byte(text)) })
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Parse(text)
		var syntax *SyntaxError
		if err != nil {
			if !errors.As(err, &syntax) || syntax.Message == "" || d != nil {
				t.Fatalf("document %v, error %#v", d, err)
			}
			return
		}
		if len(d.Statements) == 0 {
			t.Fatal("a document without statements")
		}
		for i, s := range d.Statements {
			if s.Index != i || s.Effect != Allow && s.Effect != Deny {
				t.Fatalf("statement %d: %+v", i, s)
			}
		}
		for _, kind := range []Kind{Identity, Managed, Boundary, Session, Trust, Resource} {
			if err := d.Check(kind); err != nil && !errors.As(err, &syntax) {
				t.Fatalf("%s: error %#v", kind, err)
			}
		}
	})
}

// FuzzEvaluate asks of any document and request what must hold of all of them.
func FuzzEvaluate(f *testing.F) {
	addDocuments(func(text string) { f.Add(text, "s3:GetObject", object, "aws:username", "ann") })
	f.Add(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, "", "", "", "")
	f.Fuzz(func(t *testing.T, text, action, resource, key, value string) {
		d, err := Parse([]byte(text))
		if err != nil {
			return
		}
		r := Request{Action: action, Resource: resource, Context: keys(key + "=" + value)}
		all, none := document(t, allowAll), document(t, strings.Replace(allowAll, "Allow", "Deny", 1))
		for _, r.Principal = range []Principal{ann, deploy, guest, accountRoot(), service("ec2.amazonaws.com"), {Type: Anonymous}} {
			own := Evaluate(r, Policies{Identity: []*Document{d}, Resource: d})
			if own.Allowed != (own.Reason == Allows) || own.By == "" {
				t.Errorf("%s: %+v", r.Principal.Type, own)
			}
			if own.Reason == ExplicitDeny && (own.Statement == nil || own.Statement.Effect != Deny) {
				t.Errorf("%s: denied by %+v", r.Principal.Type, own.Statement)
			}
			if Evaluate(r, Policies{Identity: []*Document{all, none}, Resource: d}).Allowed && action != "" && resource != "" {
				t.Errorf("%s: a deny in an identity-based policy has no effect", r.Principal.Type)
			}
			across := Policies{Identity: []*Document{d}, Resource: d, ResourceAccount: other}
			if Evaluate(r, across).Allowed && !own.Allowed {
				t.Errorf("%s: allowed across accounts and not in one", r.Principal.Type)
			}
		}
	})
}
