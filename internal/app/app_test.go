package app

import (
	"context"
	"errors"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/cairn-audit/cairn/internal/gateway"
)

// The built-in S3 allows one server a process, so no test here is parallel.

func start(t *testing.T, o Options) *Server {
	t.Helper()
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func TestAServerStartsAnswersStopsAndStartsAgain(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	before, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	var first string
	for i := range 2 {
		s := start(t, Options{Data: data})
		if made := s.FirstStart() != ""; made != (i == 0) {
			t.Errorf("start %d: keys made: %v", i, made)
		}
		key, err := ReadCredentials(data, false)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = key.AccessKeyID
		}
		client := sts.New(sts.Options{
			Region: s.Endpoint().Region, BaseEndpoint: aws.String(s.Endpoint().URL),
			Credentials: credentials.NewStaticCredentialsProvider(key.AccessKeyID, key.SecretAccessKey, ""),
		})
		out, err := client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		if err != nil {
			t.Fatal(err)
		}
		if aws.ToString(out.Account) != DefaultAccount || key.AccessKeyID != first {
			t.Errorf("account %s, key %s", aws.ToString(out.Account), key.AccessKeyID)
		}
		stop(t, s)
		if _, err := net.Dial("tcp", strings.TrimPrefix(s.Endpoint().URL, "http://")); err == nil {
			t.Error("something answers after the stop")
		}
	}
	if after, err := os.Getwd(); err != nil || after != before {
		t.Errorf("the working directory is %s, was %s", after, before)
	}
}

func TestAStartThatFailsLeavesNothingRunning(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	data := t.TempDir()
	if _, err := Start(t.Context(), Options{Data: data, Listen: taken.Addr().String()}); err == nil {
		t.Fatal("two servers listen at one address")
	}
	if left, err := os.ReadDir(data); err != nil || len(left) > 0 {
		t.Errorf("a start without an address left %v, %v", left, err)
	}
	// The same with all but the last step done: locks are free again.
	if err := os.Mkdir(filepath.Join(data, endpointFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Options{Data: data, Listen: "127.0.0.1:0"}); err == nil {
		t.Fatal("a server starts that cannot say where it is")
	}
	if err := os.Remove(filepath.Join(data, endpointFile)); err != nil {
		t.Fatal(err)
	}
	start(t, Options{Data: data})
}

func TestOptionsThatCannotWorkAreNamed(t *testing.T) {
	for want, o := range map[string]Options{
		"no data directory":            {},
		"listen address":               {Data: "x", Listen: "nonsense"},
		"12 digits":                    {Data: "x", Account: "1"},
		"does not look like us-east-1": {Data: "x", Region: "Frankfurt"},
		"it can be verify or open":     {Data: "x", Auth: "maybe"},
		"both a certificate and a key": {Data: "x", TLSCert: "c"},
		"below zero":                   {Data: "x", LookupTPS: -1},
		"not the URL of an endpoint":   {Data: "x", Upstream: "nonsense"},
		"pace is below zero":           {Data: "x", Config: Config{Sandbox: ConfigSandbox{Pace: -1}}},
		"clock is below zero":          {Data: "x", Config: Config{Sandbox: ConfigSandbox{Clock: math.NaN()}}},
		"retention_days":               {Data: "x", Config: Config{RetentionDays: -1}},
		"route of ec2":                 {Data: "x", Config: Config{Routes: map[string]Route{"ec2": {URL: "ftp://x"}}}},
	} {
		if _, err := Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestConfigurationFiles(t *testing.T) {
	c, err := parseConfig([]byte(`
trusted_proxies: [10.0.0.0/8]
routes:
  dynamodb: http://127.0.0.1:8000
  s3: {url: "https://minio.internal:9000", credentials: {profile: minio}}
retention_days: 30
limits: {idle: 10s}
`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Routes["dynamodb"].URL != "http://127.0.0.1:8000" || c.Routes["s3"].Credentials.Profile != "minio" ||
		c.RetentionDays != 30 || c.Limits.Idle != 10*time.Second || c.TrustedProxies[0].String() != "10.0.0.0/8" {
		t.Errorf("got %+v", c)
	}
	for _, bad := range []string{"retention: 3", "routes: {s3: nonsense}", "trusted_proxies: [everyone]", "{", "limits: {idle: -1s}"} {
		if _, err := parseConfig([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if c, err := parseConfig(nil); err != nil || c.RetentionDays != defaultRetentionDays {
		t.Errorf("an empty file: %+v, %v", c, err)
	}
}

func TestARouteOfTheConfigurationGoesBeforeTheSandbox(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	}))
	defer other.Close()
	s := start(t, Options{
		Data: t.TempDir(), Auth: gateway.AuthOpen,
		Config: Config{Routes: map[string]Route{"elasticloadbalancing": {URL: other.URL}}},
	})
	for service, want := range map[string]int{"elasticloadbalancing": http.StatusTeapot, "ec2": http.StatusOK} {
		version := map[string]string{"elasticloadbalancing": "2015-12-01", "ec2": "2016-11-15"}[service]
		action := map[string]string{"elasticloadbalancing": "DescribeLoadBalancers", "ec2": "DescribeVpcs"}[service]
		r, _ := http.NewRequest("GET", s.Endpoint().URL+"/?Action="+action+"&Version="+version, nil)
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/"+service+
			"/aws4_request, SignedHeaders=host;x-amz-date, Signature="+strings.Repeat("0", 64))
		r.Header.Set("X-Amz-Date", "20261121T000000Z")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", service, resp.StatusCode, want)
		}
	}
}

func TestTLSIsSpokenWithTheGivenCertificate(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writeCertificate(t, cert, key)
	s := start(t, Options{Data: filepath.Join(dir, "data"), TLSCert: cert, TLSKey: key})
	if at := s.Endpoint(); !strings.HasPrefix(at.URL, "https://") || at.CABundle != cert {
		t.Errorf("endpoint %+v", at)
	}
	resp, err := trusting(t, cert).Get(s.Endpoint().URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.TLS == nil || resp.StatusCode < 400 {
		t.Errorf("status %d, TLS %v", resp.StatusCode, resp.TLS)
	}
	if _, err := Start(t.Context(), Options{Data: filepath.Join(dir, "other"), Listen: "127.0.0.1:0", TLSCert: cert, TLSKey: cert}); err == nil {
		t.Error("a certificate without its key is taken")
	}
}

func TestCleanupsRunInReverseOnceAndAllOfThem(t *testing.T) {
	var ran []string
	var c cleanups
	boom := errors.New("boom")
	c.add("first", func(context.Context) error { ran = append(ran, "first"); return nil })
	c.add("second", func(context.Context) error { ran = append(ran, "second"); return boom })
	c.add("third", func(context.Context) error { ran = append(ran, "third"); return nil })
	err := c.run(t.Context())
	if !errors.Is(err, boom) || !strings.Contains(err.Error(), "stop second") {
		t.Errorf("error %v", err)
	}
	if err := c.run(t.Context()); err != nil {
		t.Errorf("again: %v", err)
	}
	if got := strings.Join(ran, " "); got != "third second first" {
		t.Errorf("ran %s", got)
	}
}
