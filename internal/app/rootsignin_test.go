package app

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/cairn-audit/cairn/internal/services/signin"
)

func TestTheConfigurationLetsRootSignIn(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	password, seed := file("password", "Correct-Horse1\n"), file("mfa", "jbsw y3dp ehpk 3pxp jbsw y3dp ehpk 3pxp\n")
	s := start(t, Options{Data: filepath.Join(dir, "data"), Config: configured(t, `
accounts: ["444455556666"]
root_sign_in:
  - {email: root@example.com, password_file: `+password+`}
  - {email: zoe@example.com, password_file: `+password+`, mfa_secret_file: `+seed+`, account: "444455556666"}
`)})
	for email, status := range map[string]int{"root@example.com": 200, "zoe@example.com": 401, "eva@example.com": 401} {
		r, err := http.Post(s.Endpoint().URL+signin.Path, "application/json", strings.NewReader(`{"email": "`+email+`", "password": "Correct-Horse1"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != status {
			t.Errorf("%s: %s, want %d", email, r.Status, status)
		}
	}
	key, err := ReadCredentials(s.options.Data, false)
	if err != nil {
		t.Fatal(err)
	}
	summary, err := iam.NewFromConfig(awsConfig(s.Endpoint().URL, key)).GetAccountSummary(t.Context(), &iam.GetAccountSummaryInput{})
	if err != nil || summary.SummaryMap["AccountPasswordPresent"] != 1 || summary.SummaryMap["AccountMFAEnabled"] != 0 {
		t.Errorf("%v, %v", summary, err)
	}
	stop(t, s)

	for name, text := range map[string]string{
		"weak":    "{email: r@example.com, password_file: " + file("weak", "root") + "}",
		"lines":   "{email: r@example.com, password_file: " + file("lines", "Correct-Horse1\nmore") + "}",
		"seed":    "{email: r@example.com, password_file: " + password + ", mfa_secret_file: " + file("short", "JBSWY3DP") + "}",
		"account": "{email: r@example.com, password_file: " + password + ", account: \"111122223333\"}",
		"missing": "{email: r@example.com, password_file: " + filepath.Join(dir, "none") + "}",
		"no file": "{email: r@example.com}",
		"twice":   "{email: r@example.com, password_file: " + password + "}, {email: R@example.com, password_file: " + password + "}",
	} {
		c, err := parseConfig([]byte("root_sign_in: [" + text + "]"))
		if err == nil {
			var refused *Server
			if refused, err = Start(t.Context(), Options{Data: filepath.Join(dir, "data"), Listen: "127.0.0.1:0", Config: c}); err == nil {
				stop(t, refused)
			}
		}
		if err == nil {
			t.Errorf("%s is taken", name)
		} else if strings.Contains(err.Error(), "JBSW") || strings.Contains(err.Error(), "Correct") {
			t.Errorf("%s: the error tells of the secret: %v", name, err)
		}
	}
}
