package policy

import (
	"errors"
	"strings"
	"testing"
)

func TestOnlyPrincipalsAreRewritten(t *testing.T) {
	const document = ` { "Version":"2012-10-17", "Statement" : [
	{"Sid":"a","Principal":{"AWS":[ "a" ,"b","\u0061"],"Service":"a"},"Resource":"a","Condition":{"StringEquals":{"aws:PrincipalArn":"a"}}},
	{"Principal":"*","Action":"a"}, {"NotPrincipal":{"Federated":"f","AWS":"a"}} ] }`
	var seen []string
	got, err := RewritePrincipals([]byte(document), func(id PrincipalID) (string, error) {
		seen = append(seen, string(id.Kind)+" "+id.ID)
		if id.Kind == AWS && id.ID == "a" {
			return `A"`, nil
		}
		return id.ID, nil
	})
	want := strings.NewReplacer(`[ "a"`, `[ "A\""`, `"\u0061"`, `"A\""`, `"AWS":"a"`, `"AWS":"A\""`).Replace(document)
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
	if s := strings.Join(seen, ","); s != "AWS a,AWS b,AWS a,Service a,Federated f,AWS a" {
		t.Errorf("seen: %s", s)
	}
	one, err := RewritePrincipals([]byte(`{"Statement":{"Principal":{"AWS":"a"}}}`), func(PrincipalID) (string, error) { return "b", nil })
	if err != nil || string(one) != `{"Statement":{"Principal":{"AWS":"b"}}}` {
		t.Errorf("%s, %v", one, err)
	}
	stop := &UnknownPrincipalError{PrincipalID{AWS, "a"}}
	if _, err := RewritePrincipals([]byte(document), func(PrincipalID) (string, error) { return "", stop }); !errors.Is(err, stop) ||
		err.Error() != `Invalid principal in policy: "AWS":"a"` {
		t.Errorf("refused: %v", err)
	}
}

func FuzzRewritePrincipals(f *testing.F) {
	f.Add([]byte(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":["x","\"\\"]},"Action":"s3:*","Resource":"*"}]}`))
	f.Add([]byte(`{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS" : "x","Service":"y"},"Action":"s3:*","Resource":"*"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		before, err := Parse(b)
		if err != nil {
			return
		}
		rewritten, err := RewritePrincipals(b, func(id PrincipalID) (string, error) { return "<" + id.ID, nil })
		if err != nil {
			t.Fatal(err)
		}
		after, err := Parse(rewritten)
		if err != nil {
			t.Fatalf("%s becomes %s: %v", b, rewritten, err)
		}
		for i, s := range before.Statements {
			for j, id := range s.Principals {
				if got := after.Statements[i].Principals[j]; id.Kind != Everyone && (got.Kind != id.Kind || got.ID != "<"+id.ID) {
					t.Errorf("%s becomes %s: %v", b, rewritten, got)
				}
			}
		}
		back, err := RewritePrincipals(rewritten, func(id PrincipalID) (string, error) { return id.ID[1:], nil })
		if err != nil || len(before.Statements) != len(after.Statements) {
			t.Fatal(err)
		}
		if again, err := Parse(back); err != nil || len(again.Statements) != len(before.Statements) {
			t.Errorf("%s comes back as %s: %v", b, back, err)
		}
	})
}
