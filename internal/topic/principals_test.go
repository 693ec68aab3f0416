package topic

import (
	"errors"
	"strings"
	"testing"

	"github.com/cairn-audit/cairn/internal/policy"
)

// people are Principals: ana has an id, and bob is not there.
type people struct{}

const ana = "arn:aws:iam::" + account + ":user/ana"

func (people) Pin(document string) (string, error) {
	if strings.Contains(document, "user/bob") {
		return "", &policy.UnknownPrincipalError{}
	}
	return strings.ReplaceAll(document, ana, "AIDAANA00000000000000"), nil
}

func (people) Unpin(document string) (string, error) {
	return strings.ReplaceAll(document, "AIDAANA00000000000000", ana), nil
}

func TestATopicsPolicyIsKeptWithTheIDsOfThoseItNames(t *testing.T) {
	b := newBench(t)
	b.options.Principals = people{}
	text := `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":"` + ana + `"},"Action":"SNS:Publish","Resource":"` + testTopic.String() + `"}]}`
	attributes := map[string]string{"Policy": text}
	for range 2 { // the second finds the same
		if err := b.CreateTopic(testTopic, attributes, nil); err != nil || attributes["Policy"] != text {
			t.Fatal(err, attributes)
		}
	}
	check := func() {
		t.Helper()
		shown, err := b.TopicAttributes(testTopic)
		if err != nil || !strings.Contains(shown["Policy"], ana) || strings.Contains(shown["Policy"], "AIDAANA00000000000000") {
			t.Errorf("shown as %s, %v", shown["Policy"], err)
		}
		doc, _, err := b.Policy(t.Context(), testTopic.String())
		if err != nil || doc.Statements[0].Principals[0].ID != "AIDAANA00000000000000" {
			t.Errorf("decided on %+v, %v", doc, err)
		}
	}
	check()
	if err := b.AddPermission(testTopic, "b", []string{"444455556666"}, []string{"Publish"}); err != nil {
		t.Fatal(err)
	}
	check()
	var refused *Refusal
	nobody := strings.Replace(text, "user/ana", "user/bob", 1)
	if err := b.SetTopicAttribute(testTopic, "Policy", nobody); !errors.As(err, &refused) || refused.Reason != InvalidParameter ||
		!strings.Contains(refused.Message, "PrincipalNotFound") {
		t.Errorf("a policy for nobody: %v", err)
	}
	if err := b.SetTopicAttribute(testTopic, "Policy", text); err != nil {
		t.Fatal(err)
	}
	check()
}
