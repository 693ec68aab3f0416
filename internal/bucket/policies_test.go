package bucket

import (
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/cairn-audit/cairn/internal/policy"
)

const other = "210987654321"

// ask sends a request of an account and returns the answer's status and body.
func ask(t *testing.T, s *Server, account string, r *http.Request) (int, string) {
	t.Helper()
	res, err := s.Forward(t.Context(), account, r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer res.Body.Close()
	var body strings.Builder
	if _, err := io.Copy(&body, res.Body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, body.String()
}

func TestABucketBelongsToTheAccountThatMadeIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "s3")
	s := startAt(t, dir)
	for _, step := range []struct {
		account, method, target string
		status                  int
		text                    string
	}{
		{other, "PUT", "/theirs", 200, ""},
		{account, "PUT", "/mine?x-id=CreateBucket", 200, ""},
		{account, "PUT", "/theirs", 409, "<Code>BucketAlreadyExists</Code>"},
		{account, "PUT", "/mine?nothing", 409, "<Code>BucketAlreadyOwnedByYou</Code>"},
		{account, "GET", "/", 200, "<Name>mine</Name>"},
		{other, "GET", "/", 200, "<ID>" + other + "</ID>"},
		{other, "GET", "/theirs?acl", 200, "<ID>" + other + "</ID>"},
		{account, "DELETE", "/theirs/none", 204, ""}, // decided before
		{"", "GET", "/", 403, ""},
		{"", "PUT", "/nobodys", 403, ""},
		{"cairn", "GET", "/theirs?policy", 405, ""},
	} {
		status, body := ask(t, s, step.account, request(step.method, step.target, ""))
		if status != step.status || !strings.Contains(body, step.text) {
			t.Errorf("%s %s of %q: %d %s", step.method, step.target, step.account, status, body)
		}
		if step.target == "/" && step.account != "" && strings.Count(body, "<Name>") != 1 {
			t.Errorf("the buckets of %s: %s", step.account, body)
		}
	}
	if _, err := s.Client().CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("cairns")}); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Client().ListBuckets(t.Context(), &s3.ListBucketsInput{}); err != nil || len(list.Buckets) != 3 {
		t.Errorf("Cairn itself sees %v, %v", list, err)
	}
	stop(t, s)
	s = startAt(t, dir)
	for name, want := range map[string]string{"mine": account, "theirs": other, "cairns": account} {
		if owner, err := s.Owner(t.Context(), name); err != nil || owner != want {
			t.Errorf("the owner of %s is %q, %v", name, owner, err)
		}
	}
	for _, name := range []string{"none", "", "..", ".", "mine/..", "../buckets", "MINE"} {
		if owner, err := s.Owner(t.Context(), name); !errors.Is(err, ErrNoBucket) {
			t.Errorf("the owner of %q is %q, %v", name, owner, err)
		}
	}
}

func TestExpectedBucketOwnerIsTheOneWhoMadeIt(t *testing.T) {
	s := start(t)
	ask(t, s, other, request("PUT", "/theirs", ""))
	must(t, s, request("PUT", "/mine", ""))
	must(t, s, request("PUT", "/mine/key", "x"))
	put(t, s, other, "theirs", everybody("theirs"))
	for _, target := range []string{"/theirs?list-type=2", "/theirs?policy"} {
		for owner, want := range map[string]int{other: http.StatusOK, account: http.StatusForbidden} {
			r := request("GET", target, "")
			r.Header.Set("X-Amz-Expected-Bucket-Owner", owner)
			if status, body := ask(t, s, other, r); status != want {
				t.Errorf("%s of %s: %d %s", target, owner, status, body)
			}
		}
	}
}

func everybody(bucket string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::` + bucket + `/*"}}`
}

func put(t *testing.T, s *Server, account, bucket, document string) {
	t.Helper()
	if status, body := ask(t, s, account, request("PUT", "/"+bucket+"?policy", document)); status != http.StatusNoContent {
		t.Fatalf("PutBucketPolicy: %d %s", status, body)
	}
}

func TestAPolicyIsKeptWithItsBucketAndNoLonger(t *testing.T) {
	kept := store(t)
	dir := filepath.Join(t.TempDir(), "s3")
	again := func() *Server {
		s, err := Start(t.Context(), Options{Dir: dir, Account: account, Store: kept})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { stop(t, s) })
		return s
	}
	s := again()
	ask(t, s, other, request("PUT", "/theirs", ""))
	if status, body := ask(t, s, other, request("GET", "/theirs?policy", "")); status != 404 || !strings.Contains(body, "<Code>NoSuchBucketPolicy</Code>") {
		t.Errorf("before: %d %s", status, body)
	}
	// White space and all: clients compare what they read with what they wrote.
	document := strings.Replace(everybody("theirs"), ",", ",\n  ", 1)
	put(t, s, other, "theirs", document)
	stop(t, s)
	s = again()
	if status, body := ask(t, s, other, request("GET", "/theirs?policy", "")); status != 200 || body != document {
		t.Errorf("kept: %d %s", status, body)
	}
	if status, body := ask(t, s, other, request("GET", "/theirs?policyStatus", "")); status != 200 || !strings.Contains(body, "<IsPublic>true</IsPublic>") {
		t.Errorf("its status: %d %s", status, body)
	}
	ask(t, s, other, request("DELETE", "/theirs?policy", ""))
	if s.policies.of("theirs") != nil {
		t.Error("a policy that was deleted is still in force")
	}
	put(t, s, other, "theirs", document)
	if status, body := ask(t, s, other, request("DELETE", "/theirs", "")); status != 204 {
		t.Fatalf("DeleteBucket: %d %s", status, body)
	}
	must(t, s, request("PUT", "/theirs", ""))
	if status, body := ask(t, s, account, request("GET", "/theirs?policy", "")); status != 404 {
		t.Errorf("of the next bucket of the name: %d %s", status, body)
	}
}

// TestAPolicyThatOutlivedItsBucketIsNotTheNextOnes: the process may end after a
// bucket is deleted and before its policy is.
func TestAPolicyThatOutlivedItsBucketIsNotTheNextOnes(t *testing.T) {
	s := start(t)
	document, err := policy.Parse([]byte(everybody("gone")))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.policies.put("gone", everybody("gone"), document); err != nil {
		t.Fatal(err)
	}
	must(t, s, request("PUT", "/gone", ""))
	if s.policies.of("gone") != nil {
		t.Error("the policy is in force")
	}
	if _, ok, err := s.policies.text("gone"); ok || err != nil {
		t.Errorf("the policy is kept: %v", err)
	}
}

func TestOnlyTheOwnersAccountHandlesAPolicy(t *testing.T) {
	s := start(t)
	ask(t, s, other, request("PUT", "/theirs", ""))
	for _, who := range []string{account, ""} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			if status, body := ask(t, s, who, request(method, "/theirs?policy", everybody("theirs"))); status != http.StatusMethodNotAllowed {
				t.Errorf("%s by %q: %d %s", method, who, status, body)
			}
		}
	}
	if status, _ := ask(t, s, other, request("GET", "/none?policy", "")); status != http.StatusNotFound {
		t.Errorf("of no bucket: %d", status)
	}
}

func TestAResourcePolicyIsThatOfTheBucket(t *testing.T) {
	s := start(t)
	ask(t, s, other, request("PUT", "/theirs", ""))
	put(t, s, other, "theirs", everybody("theirs"))
	must(t, s, request("PUT", "/mine", ""))
	root := policy.Principal{Type: policy.Root, AccountID: other}
	user := policy.Principal{Type: policy.User, AccountID: other}
	for _, test := range []struct {
		name, action, resource string
		principal              policy.Principal
		owner                  string
		has                    bool
	}{
		{"of a bucket", "s3:ListBucket", "arn:aws:s3:::theirs", user, other, true},
		{"of an object", "s3:GetObject", "arn:aws:s3:::theirs/a/b", user, other, true},
		{"without one", "s3:ListBucket", "arn:aws:s3:::mine", user, account, false},
		{"of no bucket", "s3:ListBucket", "arn:aws:s3:::none", user, "", false},
		{"of everything", "s3:ListAllMyBuckets", "*", user, "", false},
		{"of an access point", "s3:GetObject", "arn:aws:s3:eu-west-1:" + other + ":accesspoint/x/object/y", user, "", false},
		{"of a name that is to be made", "s3:CreateBucket", "arn:aws:s3:::theirs", user, "", false},
		{"the policy itself, for the root", "s3:PutBucketPolicy", "arn:aws:s3:::theirs", root, other, false},
		{"the policy itself, for a user", "s3:PutBucketPolicy", "arn:aws:s3:::theirs", user, other, true},
		{"the policy itself, for another's root", "s3:PutBucketPolicy", "arn:aws:s3:::theirs", policy.Principal{Type: policy.Root, AccountID: account}, other, true},
		{"the rest, for the root", "s3:GetObject", "arn:aws:s3:::theirs/k", root, other, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			document, owner, err := s.ResourcePolicy(t.Context(), policy.Request{Action: test.action, Resource: test.resource, Principal: test.principal})
			if err != nil || owner != test.owner || (document != nil) != test.has {
				t.Errorf("policy %v of %q, %v", document, owner, err)
			}
		})
	}
}

func TestAPolicyThatS3RefusesIsRefused(t *testing.T) {
	statement := func(more string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` + more + `}]}`
	}
	const who, what, where = `"Principal":{"AWS":"111122223333"}`, `"Action":"s3:GetObject"`, `"Resource":"arn:aws:s3:::logs/*"`
	good := func(more ...string) string {
		return statement(strings.Join(append([]string{who, what, where}, more...), ","))
	}
	for _, test := range []struct{ name, document, why string }{
		{"good", good(), ""},
		{"a service", statement(`"Principal":{"Service":"cloudtrail.amazonaws.com"},` + what + "," + where), ""},
		{"bucket and objects by a pattern", statement(who + "," + what + `,"Resource":"arn:aws:s3:::logs*"`), ""},
		{"every action", statement(who + `,"Action":"*",` + where), ""},
		{"a condition", good(`"Condition":{"StringEquals":{"s3:x-amz-acl":"private","aws:SourceVpce":"vpce-1"}}`), ""},
		{"empty", "", "first byte"},
		{"no object", `"x"`, "first byte"},
		{"no JSON", "{", "invalid Json"},
		{"too long", good(`"Sid":"` + strings.Repeat("x", maxPolicy) + `"`), "maximum allowed document size"},
		{"no statement", `{"Version":"2012-10-17"}`, "no Statement"},
		{"no principal", statement(what + "," + where), "Missing required field Principal"},
		{"a principal that is none", statement(`"Principal":{"AWS":"alice"},` + what + "," + where), "Invalid principal in policy"},
		{"no action", statement(who + "," + where), "Missing required field Action"},
		{"another service's action", statement(who + `,"Action":"sns:Publish",` + where), "invalid action"},
		{"no resource", statement(who + "," + what), "Missing required field Resource"},
		{"everything", statement(who + "," + what + `,"Resource":"*"`), "invalid resource"},
		{"another bucket", statement(who + "," + what + `,"Resource":["arn:aws:s3:::logs/*","arn:aws:s3:::other/*"]`), "invalid resource"},
		{"a bucket whose name begins so", statement(who + "," + what + `,"Resource":"arn:aws:s3:::logs-2/*"`), "invalid resource"},
		{"a key that nobody knows", good(`"Condition":{"StringEquals":{"s3:ExistingObjectTag/a":"b"}}`), "invalid condition key"},
	} {
		t.Run(test.name, func(t *testing.T) {
			document, err := checkPolicy("logs", []byte(test.document))
			switch {
			case test.why == "" && err != nil:
				t.Error(err)
			case test.why != "" && (err == nil || !strings.Contains(err.Error(), test.why)):
				t.Errorf("got %v, want %q", err, test.why)
			case test.why == "" && document == nil:
				t.Error("no document")
			}
		})
	}
	s := start(t)
	must(t, s, request("PUT", "/logs", ""))
	if status, body := ask(t, s, account, request("PUT", "/logs?policy", "{")); status != 400 || !strings.Contains(body, "<Code>MalformedPolicy</Code>") {
		t.Errorf("%d %s", status, body)
	}
}

func TestPublicIsWhatAnybodyMayUse(t *testing.T) {
	for statement, want := range map[string]bool{
		`"Effect":"Allow","Principal":"*"`:                                                                  true,
		`"Effect":"Allow","Principal":{"AWS":["111122223333","*"]}`:                                         true,
		`"Effect":"Allow","Principal":{"AWS":"111122223333"}`:                                               false,
		`"Effect":"Deny","Principal":"*"`:                                                                   false,
		`"Effect":"Allow","Principal":"*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1"}}`:         false,
		`"Effect":"Allow","Principal":"*","Condition":{"StringLike":{"aws:SourceVpce":"*"}}`:                true,
		`"Effect":"Allow","Principal":"*","Condition":{"StringEquals":{"aws:UserAgent":"x"}}`:               true,
		`"Effect":"Allow","Principal":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-example1"}}`: false,
	} {
		document, err := checkPolicy("logs", []byte(`{"Version":"2012-10-17","Statement":{`+statement+`,"Action":"s3:*","Resource":"arn:aws:s3:::logs"}}`))
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		if got := isPublic(document); got != want {
			t.Errorf("%s: public %v", statement, got)
		}
	}
}

// FuzzCheckPolicy: what is taken can be read again at the next start, and has a
// say about its own bucket alone.
func FuzzCheckPolicy(f *testing.F) {
	f.Add(everybody("logs"))
	f.Add(documentedFor("AWSLogs"))
	f.Add(`{"Statement":[]}`)
	f.Add(`{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"*"},"NotAction":"s3:*","NotResource":"arn:aws:s3:::logs?*"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		document, err := checkPolicy("logs", []byte(text))
		if err != nil {
			return
		}
		if _, err := policy.Parse([]byte(text)); err != nil {
			t.Errorf("%q is taken and cannot be read: %v", text, err)
		}
		isPublic(document)
		for _, s := range document.Statements {
			for _, resource := range s.Resources {
				if !strings.HasPrefix(resource, "arn:aws") || !strings.Contains(resource, ":s3:::logs") {
					t.Errorf("%q has a say about %s", text, resource)
				}
			}
		}
	})
}

// people are Principals: ana has an id, and the others are not there.
type people struct{}

func (people) Pin(document string) (string, error) {
	if strings.Contains(document, "user/bob") {
		return "", &policy.UnknownPrincipalError{}
	}
	return strings.ReplaceAll(document, "arn:aws:iam::"+account+":user/ana", "AIDAANA00000000000000"), nil
}

func (people) Unpin(document string) (string, error) {
	return strings.ReplaceAll(document, "AIDAANA00000000000000", "arn:aws:iam::"+account+":user/ana"), nil
}

func TestAPolicyIsKeptWithTheIDsOfThoseItNames(t *testing.T) {
	s := startAt(t, filepath.Join(t.TempDir(), "s3"))
	s.principals = people{}
	ask(t, s, account, request("PUT", "/bucket", ""))
	allow := func(who string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + account + `:user/` + who +
			`"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}]}`
	}
	if status, body := ask(t, s, account, request("PUT", "/bucket?policy", allow("ana"))); status != 204 {
		t.Fatal(status, body)
	}
	if status, body := ask(t, s, account, request("PUT", "/bucket?policy", allow("bob"))); status != 400 ||
		!strings.Contains(body, "<Code>MalformedPolicy</Code><Message>Invalid principal in policy</Message>") {
		t.Errorf("a policy for nobody: %d %s", status, body)
	}
	if _, body := ask(t, s, account, request("GET", "/bucket?policy", "")); body != allow("ana") {
		t.Errorf("shown as %s", body)
	}
	document, owner, err := s.ResourcePolicy(t.Context(), policy.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::bucket/k"})
	if err != nil || owner != account || document.Statements[0].Principals[0].ID != "AIDAANA00000000000000" {
		t.Errorf("decided on %+v of %s, %v", document, owner, err)
	}
}
