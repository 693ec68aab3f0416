package signin_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/app"
	"github.com/cairn-audit/cairn/internal/apptest"
)

// world is a running server.
type world struct {
	*apptest.Server
	t *testing.T
}

func start(t *testing.T) *world {
	t.Helper()
	// Sign-ins are recorded in us-east-1, wherever the server is.
	return &world{apptest.Start(t, app.Options{Region: "eu-central-1"}), t}
}

func (w *world) iam(c aws.CredentialsProvider) *iam.Client {
	return iam.NewFromConfig(w.Config(w.Region, c))
}

func (w *world) whoAmI(c aws.CredentialsProvider) error {
	_, err := sts.NewFromConfig(w.Config(w.Region, c)).GetCallerIdentity(w.t.Context(), &sts.GetCallerIdentityInput{})
	return err
}

type answer struct {
	Code        string
	Credentials struct{ AccessKeyID, SecretAccessKey, SessionToken string }
	Identity    struct{ ARN string }

	PasswordResetRequired bool
}

func (a *answer) session() aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(a.Credentials.AccessKeyID, a.Credentials.SecretAccessKey, a.Credentials.SessionToken)
}

func (w *world) signIn(user, password string) (a answer, status int) {
	w.t.Helper()
	body, err := json.Marshal(map[string]string{"userName": user, "password": password})
	if err != nil {
		w.t.Fatal(err)
	}
	resp, err := http.Post(w.URL+"/_cairn/signin", "application/json", bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		w.t.Fatal(err)
	}
	return a, resp.StatusCode
}

// events looks events of a Region up by one attribute, newest first.
func (w *world) events(region, key, value string) []*event.Event {
	w.t.Helper()
	return apptest.Events(w.t, w.Config(region, w.Admin), &cloudtrail.LookupEventsInput{
		LookupAttributes: []cttypes.LookupAttribute{{AttributeKey: cttypes.LookupAttributeKey(key), AttributeValue: &value}},
	})
}

func (w *world) makeUser(name, password string) {
	w.t.Helper()
	client, ctx := w.iam(w.Admin), w.t.Context()
	if _, err := client.CreateUser(ctx, &iam.CreateUserInput{UserName: &name}); err != nil {
		w.t.Fatal(err)
	}
	if _, err := client.CreateLoginProfile(ctx, &iam.CreateLoginProfileInput{
		UserName: &name, Password: &password, PasswordResetRequired: true,
	}); err != nil {
		w.t.Fatal(err)
	}
	for _, policy := range []string{"arn:aws:iam::aws:policy/IAMUserChangePassword", "arn:aws:iam::aws:policy/ReadOnlyAccess"} {
		if _, err := client.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: &name, PolicyArn: &policy}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestAUserSignsInChangesThePasswordAndWorks is the way of a new user, from the
// password that an administrator gave, to a call that shows where its session is
// from.
func TestAUserSignsInChangesThePasswordAndWorks(t *testing.T) {
	w := start(t)
	const given, own = "Given-Word-1", "My-0wn-Word"
	w.makeUser("ana", given)

	if a, status := w.signIn("ana", own); status != http.StatusUnauthorized || a.Code != "AuthenticationFailed" {
		t.Errorf("with the wrong password: %d %s", status, a.Code)
	}
	first, status := w.signIn("ana", given)
	if status != http.StatusOK || !first.PasswordResetRequired {
		t.Fatalf("with the given password: %d %+v", status, first)
	}
	// The user's other policies notwithstanding, this session may do one thing.
	limited := w.iam(first.session())
	_, err := limited.ListUsers(t.Context(), &iam.ListUsersInput{})
	var denied smithy.APIError
	if !errors.As(err, &denied) || denied.ErrorCode() != "AccessDenied" {
		t.Errorf("a call before the password is changed: %v", err)
	}
	if _, err := limited.ChangePassword(t.Context(), &iam.ChangePasswordInput{OldPassword: aws.String(given), NewPassword: aws.String(own)}); err != nil {
		t.Fatal(err)
	}
	second, status := w.signIn("ana", own)
	if status != http.StatusOK || second.PasswordResetRequired {
		t.Fatalf("with the new password: %d %+v", status, second)
	}
	if err := w.whoAmI(second.session()); err != nil {
		t.Fatal(err)
	}
	if err := w.whoAmI(w.Admin); err != nil {
		t.Fatal(err)
	}

	calls := w.events("eu-central-1", "AccessKeyId", second.Credentials.AccessKeyID)
	if len(calls) != 1 {
		t.Fatalf("%d calls of the session are found, want 1", len(calls))
	}
	e := calls[0]
	if e.SessionCredentialFromConsole != "true" || e.UserIdentity.Type != "IAMUser" || e.UserIdentity.ARN != second.Identity.ARN ||
		e.UserIdentity.SessionContext == nil || e.UserIdentity.SessionContext.Attributes.MFAAuthenticated != "false" {
		t.Errorf("a call of the session: %s", e.AppendJSON(nil))
	}
	for _, e := range w.events("eu-central-1", "EventName", "GetCallerIdentity") {
		if (e.SessionCredentialFromConsole == "true") != (e.EventID == calls[0].EventID) {
			t.Errorf("a call of a key: %s", e.AppendJSON(nil))
		}
	}
	var answers []string
	for _, e := range w.events("us-east-1", "EventSource", "signin.amazonaws.com") {
		if e.UserIdentity.UserName != "ana" || e.SourceIPAddress != "127.0.0.1" || e.UserAgent != "Go-http-client/1.1" {
			t.Errorf("a sign-in: %s", e.AppendJSON(nil))
		}
		answers = append(answers, string(e.ResponseElements))
	}
	if len(answers) != 3 || answers[0] != `{"ConsoleLogin":"Success"}` || answers[2] != `{"ConsoleLogin":"Failure"}` {
		t.Errorf("the sign-ins that are found, newest first: %v", answers)
	}
	out, err := w.iam(w.Admin).GetUser(t.Context(), &iam.GetUserInput{UserName: aws.String("ana")})
	if err != nil || out.User.PasswordLastUsed == nil {
		t.Errorf("the password's last use is not shown (%v)", err)
	}
}

// TestOnlyUnsignedRequestsAreTheSignIns: a path must be no way around the record.
func TestOnlyUnsignedRequestsAreTheSignIns(t *testing.T) {
	w := start(t)
	for _, test := range []struct {
		path, authorization string
		status              int
	}{
		{"/_cairn/", "", http.StatusNotFound},
		{"/_cairn/signin/", "", http.StatusNotFound},
		{"/_cairn/other", "", http.StatusNotFound},
		{"/_cairn/signin", "", http.StatusUnsupportedMediaType},
		{"/_cairn/signin", "Basic YTpi", http.StatusUnsupportedMediaType},
		{"/_cairn/signin", "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=00", http.StatusForbidden},
		{"/_cairn/x?X-Amz-Signature=00", "", 0},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if test.authorization != "" {
			r.Header.Set("Authorization", test.authorization)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		isOwn := resp.Header.Get("Content-Type") == "application/json" && json.Valid(body)
		if wantOwn := test.status == 404 || test.status == 415; wantOwn != isOwn || wantOwn && resp.StatusCode != test.status || !wantOwn && resp.StatusCode < 400 {
			t.Errorf("%s with %.4s: %d %s, want %d", test.path, test.authorization, resp.StatusCode, body, test.status)
		}
	}
	if found := w.events("us-east-1", "AccessKeyId", "AKIAEXAMPLE"); len(found) != 1 {
		t.Errorf("the signed request has %d events, want 1", len(found))
	}
}
