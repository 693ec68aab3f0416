package iam_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/cairn-audit/cairn/event"
)

// TestNoSecretIsStoredOrRecorded looks for every secret that is handed out, or
// given, in all that the server keeps and in all events. The credentials file of
// the first start is there to hold the first keys.
func TestNoSecretIsStoredOrRecorded(t *testing.T) {
	issuer := newIssuer(t)
	w := start(t, issuer.config())
	client := w.iam(w.Admin)
	const password, next = "Correct-Horse-1", "Battery-Staple-2"
	secrets := map[string]string{"password": password, "new password": next}
	user := aws.String("alice")
	must(client.CreateUser(t.Context(), &iam.CreateUserInput{UserName: user}))(t)
	key := must(client.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: user}))(t).AccessKey
	secrets["access key"] = *key.SecretAccessKey
	must(client.CreateLoginProfile(t.Context(), &iam.CreateLoginProfileInput{UserName: user, Password: aws.String(password)}))(t)
	must(client.UpdateLoginProfile(t.Context(), &iam.UpdateLoginProfileInput{UserName: user, Password: aws.String(next)}))(t)
	device := must(client.CreateVirtualMFADevice(t.Context(), &iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: user}))(t)
	secrets["seed"] = string(device.VirtualMFADevice.Base32StringSeed)
	c := must(w.sts(w.Admin).GetSessionToken(t.Context(), &sts.GetSessionTokenInput{}))(t).Credentials
	secrets["session"] = *c.SecretAccessKey
	role := w.role("r", `{"AWS":"`+w.Account+`"}`, anySession)
	c = must(w.sts(w.Admin).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("ss")}))(t).Credentials
	secrets["role's session"] = *c.SecretAccessKey
	token := issuer.token(t, claims())
	secrets["web identity token"] = token
	_, err := w.sts(nil).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &role, RoleSessionName: aws.String("ss"), WebIdentityToken: &token,
	})
	mustRefuse(t, err, "AccessDenied")

	var all []*event.Event
	for _, name := range []string{
		"CreateUser", "CreateAccessKey", "CreateLoginProfile", "UpdateLoginProfile", "CreateVirtualMFADevice",
		"GetSessionToken", "AssumeRole", "AssumeRoleWithWebIdentity",
	} {
		found := w.events(w.Admin, "EventName", name)
		if len(found) == 0 {
			t.Errorf("no event of %s", name)
		}
		all = append(all, found...)
	}
	for _, e := range all {
		for what, secret := range secrets {
			if bytes.Contains(e.AppendJSON(nil), []byte(secret)) {
				t.Errorf("the event of %s shows the %s", e.EventName, what)
			}
		}
	}
	err = filepath.WalkDir(w.Data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() == "credentials" {
			return err
		}
		b, err := os.ReadFile(path)
		for what, secret := range secrets {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("%s holds the %s", d.Name(), what)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
