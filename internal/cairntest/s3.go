package cairntest

import (
	"bytes"
	_ "embed"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
)

//go:embed s3_session.py
var s3Session []byte

// PlayS3 plays what a boto3 user does with S3 against an endpoint, in the clear
// and through a proxy that ends TLS before it; the two sign uploads in different
// ways. What emulator names is left out of what it does not do: "moto", or "".
// The test is skipped where boto3 is not installed.
func PlayS3(t testing.TB, endpoint, accessKeyID, secretAccessKey, emulator string) {
	t.Helper()
	NeedPython(t, "boto3")
	u, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	secure := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(u)
		r.Out.Host = r.In.Host // which is signed
	}})
	defer secure.Close()
	cmd := exec.CommandContext(t.Context(), "python3", "-B", "-", endpoint, secure.URL, emulator)
	cmd.Stdin = bytes.NewReader(s3Session)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "AWS_ACCESS_KEY_ID="+accessKeyID, "AWS_SECRET_ACCESS_KEY="+secretAccessKey,
		"AWS_DEFAULT_REGION=eu-west-1", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
		"NO_PROXY=*", "no_proxy=*")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
