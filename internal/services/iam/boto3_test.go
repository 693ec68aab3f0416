package iam_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/cairn-audit/cairn/internal/app"
	"github.com/cairn-audit/cairn/internal/cairntest"
)

// TestBoto3PlaysItsScenarios plays testdata/scenarios.py: what people, Terraform
// and moto's tests do with IAM and STS.
func TestBoto3PlaysItsScenarios(t *testing.T) {
	cairntest.NeedPython(t, "boto3")
	// The built-in S3 server changes the working directory.
	script, err := filepath.Abs("testdata/scenarios.py")
	if err != nil {
		t.Fatal(err)
	}
	w := start(t, app.Config{})
	key, err := w.Admin.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := cairntest.Python(t, script, w.URL, w.Account, key.AccessKeyID, key.SecretAccessKey)
	if !strings.HasSuffix(strings.TrimSpace(out), "ok hostile") {
		t.Errorf("the script ended early:\n%s", out)
	}
}
