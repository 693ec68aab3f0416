package policy

import (
	"fmt"
	"strings"
	"testing"
)

// The accounts and principals of the tests.
const (
	account = "123456789012"
	other   = "999988887777"
)

func user(name string) Principal {
	return Principal{
		Type: User, ARN: "arn:aws:iam::" + account + ":user/" + name, UniqueID: "AIDAEXAMPLE000000" + name, AccountID: account,
	}
}

func roleSession(role, session string) Principal {
	return Principal{
		Type: AssumedRole, ARN: "arn:aws:sts::" + account + ":assumed-role/" + role + "/" + session,
		UniqueID:  "AROAEXAMPLE000000" + role + ":" + session,
		IssuerARN: "arn:aws:iam::" + account + ":role/" + role, IssuerID: "AROAEXAMPLE000000" + role, AccountID: account,
	}
}

func federated(name string) Principal {
	return Principal{
		Type: FederatedUser, ARN: "arn:aws:sts::" + account + ":federated-user/" + name, UniqueID: account + ":" + name,
		IssuerARN: "arn:aws:iam::" + account + ":user/broker", IssuerID: "AIDAEXAMPLE000000broker", AccountID: account,
	}
}

func accountRoot() Principal {
	return Principal{Type: Root, ARN: "arn:aws:iam::" + account + ":root", UniqueID: account, AccountID: account}
}

func service(name string) Principal { return Principal{Type: AWSService, Service: name} }

func external(provider string) Principal { return Principal{Type: External, Federated: provider} }

// document parses statements, given as JSON objects without their braces, as a
// document of version 2012-10-17.
func document(t testing.TB, statements ...string) *Document {
	t.Helper()
	return parse(t, fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{%s}]}`, strings.Join(statements, "},{")))
}

func parse(t testing.TB, text string) *Document {
	t.Helper()
	d, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return d
}

// keys makes a context of lines "key=value,value"; "key=" is an empty value.
func keys(lines ...string) Context {
	var c Context
	for _, line := range lines {
		key, values, _ := strings.Cut(line, "=")
		c.Set(key, strings.Split(values, ",")...)
	}
	return c
}
