package iam_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/app"
)

// iamCall is a call of IAM with parameters by name and value in turn.
func iamCall(operation string, parameters ...string) knock {
	return call("iam", "2010-05-08", operation, parameters)
}

func stsCall(operation string, parameters ...string) knock {
	return call("sts", "2011-06-15", operation, parameters)
}

func call(service, version, operation string, parameters []string) knock {
	v := url.Values{"Action": {operation}, "Version": {version}}
	for i := 0; i < len(parameters); i += 2 {
		v.Add(parameters[i], parameters[i+1])
	}
	return form(service, v)
}

// tags are n tags as a form has them.
func tags(n int) []string {
	var parameters []string
	for i := range n {
		parameters = append(parameters,
			fmt.Sprintf("Tags.member.%d.Key", i+1), fmt.Sprintf("k%d", i), fmt.Sprintf("Tags.member.%d.Value", i+1), "v")
	}
	return parameters
}

// statement is a policy whose condition is given.
func statement(condition string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":` + condition + `}]}`
}

// TestHostileParametersAreRefusedAndRecorded: what is too large, too deep or of
// no sense gets an error in the service's words, which is short, and an event of
// who sent it; and the server goes on.
func TestHostileParametersAreRefusedAndRecorded(t *testing.T) {
	w := start(t, app.Config{})
	key := keyOf(t, w.Admin)
	role := w.role("r", `{"AWS":"`+w.Account+`"}`, anySession)
	deep := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	for name, test := range map[string]struct {
		knock knock
		code  string // "" where the call is good
		// recorded is the event's code, where it differs.
		recorded string
	}{
		"a policy of 1 MB":           {iamCall("CreatePolicy", "PolicyName", "p", "PolicyDocument", strings.Repeat("x", 1<<20)), "ValidationError", "ValidationException"},
		"a valid policy of 6 MB":     {iamCall("CreatePolicy", "PolicyName", "p", "PolicyDocument", statement(`{"StringEquals":{"aws:a":"`+strings.Repeat("x", 6<<20)+`"}}`)), "ValidationError", "ValidationException"},
		"a trust policy of 1 MB":     {iamCall("CreateRole", "RoleName", "x", "AssumeRolePolicyDocument", strings.Repeat(" ", 1<<20)), "ValidationError", "ValidationException"},
		"a session policy of 1 MB":   {stsCall("AssumeRole", "RoleArn", role, "RoleSessionName", "ss", "Policy", strings.Repeat("x", 1<<20)), "MalformedPolicyDocument", "MalformedPolicyDocumentException"},
		"a valid one of 20 KB":       {stsCall("AssumeRole", "RoleArn", role, "RoleSessionName", "ss", "Policy", statement(`{"StringEquals":{"aws:a":["a"`+strings.Repeat(`,"x"`, 5<<10)+`]}}`)), "PackedPolicyTooLarge", "PackedPolicyTooLargeException"},
		"a million-character name":   {stsCall("AssumeRole", "RoleArn", role, "RoleSessionName", strings.Repeat("s", 1_000_000)), "ValidationError", "ValidationException"},
		"a million-character ARN":    {stsCall("AssumeRole", "RoleArn", role+strings.Repeat("s", 1_000_000), "RoleSessionName", "ss"), "ValidationError", "ValidationException"},
		"a million-character user":   {iamCall("CreateUser", "UserName", strings.Repeat("u", 1_000_000)), "ValidationError", "ValidationException"},
		"a million-character action": {iamCall(strings.Repeat("A", 1_000_000)), "InvalidAction", ""},
		"a million-character token":  {stsCall("DecodeAuthorizationMessage", "EncodedMessage", strings.Repeat("A", 1_000_000)), "ValidationError", "ValidationException"},
		"SQL in a name":              {iamCall("CreateUser", "UserName", `x'; DROP TABLE users; --`), "ValidationError", "ValidationException"},
		"SQL that is a good name":    {iamCall("GetUser", "UserName", "x--"), "NoSuchEntity", "NoSuchEntityException"},
		"a path in a name":           {iamCall("CreateUser", "UserName", "../../etc/passwd"), "ValidationError", "ValidationException"},
		"markup in a name":           {iamCall("CreateUser", "UserName", "<script>alert(1)</script>"), "ValidationError", "ValidationException"},
		"Unicode in a name":          {iamCall("CreateUser", "UserName", "Ünïcødé\u202e\U0001f512"), "ValidationError", "ValidationException"},
		"a NUL in a name":            {iamCall("CreateUser", "UserName", "a\x00b"), "ValidationError", "ValidationException"},
		"no UTF-8 in a name":         {iamCall("CreateUser", "UserName", "a\xff\xfeb"), "ValidationError", "ValidationException"},
		"a line break in a name":     {stsCall("AssumeRole", "RoleArn", role, "RoleSessionName", "a\r\nX-Evil: 1"), "ValidationError", "ValidationException"},
		"an account in a name":       {iamCall("GetUser", "UserName", "444455556666/administrator"), "ValidationError", "ValidationException"},
		"10,000 tags of a user":      {iamCall("CreateUser", append([]string{"UserName", "u"}, tags(10_000)...)...), "ValidationError", "ValidationException"},
		"10,000 tags of a session":   {stsCall("AssumeRole", append([]string{"RoleArn", role, "RoleSessionName", "ss"}, tags(10_000)...)...), "ValidationError", "ValidationException"},
		"a far element of a list":    {iamCall("CreateUser", "UserName", "u", "Tags.member.1000000000.Key", "k", "Tags.member.1000000000.Value", "v"), "", ""},
		"a policy of 100,000 levels": {iamCall("SimulateCustomPolicy", "PolicyInputList.member.1", deep, "ActionNames.member.1", "s3:GetObject"), "ValidationError", "ValidationException"},
		"a deep condition":           {iamCall("CreatePolicy", "PolicyName", "p", "PolicyDocument", statement(strings.Repeat(`{"a":`, 5000)+"1"+strings.Repeat("}", 5000))), "MalformedPolicyDocument", "MalformedPolicyDocumentException"},
		"a policy of wildcards":      {iamCall("SimulateCustomPolicy", "PolicyInputList.member.1", strings.Replace(statement(`{}`), "s3:*", "s3:"+strings.Repeat("*a", 2000)+"b", 1), "ActionNames.member.1", "s3:"+strings.Repeat("a", 100)), "", ""},
		"a negative page":            {iamCall("ListUsers", "MaxItems", "-1"), "ValidationError", "ValidationException"},
		"a page of no number":        {iamCall("ListUsers", "MaxItems", "many"), "MalformedInput", ""},
		"a page beyond integers":     {iamCall("ListUsers", "MaxItems", strings.Repeat("9", 400)), "MalformedInput", ""},
		"another's marker":           {iamCall("ListUsers", "Marker", "L3VzZXJz\x01"), "ValidationError", "ValidationException"},
		"a long query string": {
			knock{service: "sts", method: http.MethodGet, target: "/?Action=GetCallerIdentity&Version=2011-06-15&x=" + strings.Repeat("y", 50_000)}, "", ""},
		"a query string of 5,000 parameters": {
			knock{service: "sts", method: http.MethodGet, target: "/?Action=GetCallerIdentity&Version=2011-06-15" + strings.Repeat("&a=b", 5_000)}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := *w
			w.t = t
			a := w.send(w.signed(test.knock, key, time.Now()))
			switch {
			case test.code == "" && a.status != http.StatusOK:
				t.Errorf("answer %d: %.1000s", a.status, a.body)
			case test.code != "" && (a.status/100 != 4 || !strings.Contains(a.body, "<Code>"+test.code+"</Code>")):
				t.Errorf("answer %d: %.1000s, want %s", a.status, a.body, test.code)
			case len(a.body) > 8<<10:
				t.Errorf("the answer is %d bytes long", len(a.body))
			}
			e := w.eventOf(a, key.AccessKeyID)
			want := test.recorded
			if want == "" {
				want = test.code
			}
			if e.ErrorCode != want || len(e.ErrorMessage) > 1024 || len(e.EventName) > 1024 {
				t.Errorf("event: error %s: %.1000s, want %s", e.ErrorCode, e.ErrorMessage, want)
			}
			if e.UserIdentity.Type != event.IAMUser || e.UserIdentity.UserName != "administrator" {
				t.Errorf("event: identity %+v", e.UserIdentity)
			}
		})
	}
	if a := w.send(w.signed(getCallerIdentity(), key, time.Now())); a.status != http.StatusOK {
		t.Errorf("afterwards a good call gets %d: %s", a.status, a.body)
	}
}

// TestHeadersThatAreTooLargeEndTheRequest: what net/http refuses never was a
// call; it says so itself.
func TestHeadersThatAreTooLargeEndTheRequest(t *testing.T) {
	w := start(t, app.Config{})
	key := keyOf(t, w.Admin)
	req := w.signed(knock{service: "sts", method: http.MethodGet, target: "/?" + strings.Repeat("y", 200_000)}, key, time.Now())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %s", resp.Status)
	}
	if a := w.send(w.signed(getCallerIdentity(), key, time.Now())); a.status != http.StatusOK {
		t.Errorf("afterwards a good call gets %d: %s", a.status, a.body)
	}
}
