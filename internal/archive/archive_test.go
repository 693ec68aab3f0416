package archive

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/digest"
)

func (f *fake) options(where string) Options {
	return Options{Archive: where, TrailARN: trailARN, Service: Service{
		EndpointURL: f.URL, S3EndpointURL: f.URL, Region: "us-east-1", AccessKeyID: "test", SecretAccessKey: "test",
	}}
}

func verified(t *testing.T, o Options, want digest.Verdict) (*digest.Report, string) {
	t.Helper()
	report, err := Verify(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := WriteText(&text, report); err != nil {
		t.Fatal(err)
	}
	if report.Verdict != want {
		t.Errorf("the verdict is %v, want %v\n%s", report.Verdict, want, &text)
	}
	return report, text.String()
}

func TestBucketIsVerified(t *testing.T) {
	f := newFake(t)
	_, text := verified(t, f.options("s3://"+bucket+"/"+prefix), digest.Proven)
	want := "Proven: trail main (eu-central-1), account 111122223333, Region eu-central-1, from " +
		f.end.Add(-3*60*60*1e9).Format("2006-01-02T15:04:05Z") + " to " + f.end.Format("2006-01-02T15:04:05Z") + ": 3 digests, 3 log files, 3 records.\n"
	if text != want {
		t.Errorf("the report is %q, want %q", text, want)
	}
	logs := f.keys(digest.KindLog)
	f.put(logs[1], &object{body: pack([]byte(`{"Records":[]}`))})
	f.put(logs[2], nil)
	_, text = verified(t, f.options("s3://"+bucket+"/"+prefix), digest.Tampered)
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[0], "TAMPERED    s3://"+bucket+"/"+logs[1]+": It has been changed") ||
		!strings.HasPrefix(lines[1], "TAMPERED    s3://"+bucket+"/"+logs[2]+": The log file is missing") ||
		!strings.HasPrefix(lines[2], "Tampered: 2 things are wrong. Proven: ") {
		t.Errorf("the report is\n%s", text)
	}
}

func TestStatusTellsOfADeletedNewestDigest(t *testing.T) {
	f := newFake(t)
	newest := f.keys("CloudTrail-Digest")[2]
	f.put(newest, nil)
	report, _ := verified(t, f.options("s3://"+bucket+"/"+prefix), digest.Tampered)
	if report.Findings[0].Kind != digest.ChainEndsEarly {
		t.Errorf("findings %+v", report.Findings)
	}
}

// TestRegionOfWhichNothingIsLeftIsMissed: the fake trail says in all Regions that
// it delivered.
func TestRegionOfWhichNothingIsLeftIsMissed(t *testing.T) {
	f := newFake(t)
	f.everywhere = true
	where := "s3://" + bucket + "/" + prefix
	report, _ := verified(t, f.options(where), digest.Tampered)
	if len(report.Findings) != 16 || report.Findings[0].Kind != digest.NoDigests {
		t.Errorf("findings %+v", report.Findings)
	}
	o := f.options(where)
	o.End = f.end.Add(-time.Minute)
	verified(t, o, digest.Proven)
	f.refused = []string{"GetTrail", "LookupEvents"}
	verified(t, f.options(where), digest.Proven)
	f.refused = nil
	f.now = "elsewhere"
	verified(t, f.options(where), digest.Proven)
}

// TestPlaceOfATrailIsAskedFor, and what may not be asked is not known.
func TestPlaceOfATrailIsAskedFor(t *testing.T) {
	f := newFake(t)
	o := f.options("s3://" + bucket)
	cfg, err := o.load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, refused := range [][]string{nil, {"GetTrail"}, {"LookupEvents"}} {
		f.refused = refused
		s := o.api(cfg).describe(t.Context(), digest.Trail{Account: account, HomeRegion: home, Name: "main"})
		moved := len(s.Moves) == 1 && s.Moves[0] == digest.Move{At: f.end, Bucket: bucket, Prefix: prefix}
		is := s.Bucket == bucket && s.Prefix == prefix && len(s.Regions) == 17
		if moved == slices.Contains(refused, "LookupEvents") || is == slices.Contains(refused, "GetTrail") {
			t.Errorf("without %v: %+v", refused, s)
		}
	}
}

// keys are the keys of a kind, in order.
func (f *fake) keys(kind string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var keys []string
	for key := range f.objects {
		if strings.Contains(key, "/"+kind+"/") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func TestCopyOfABucketIsVerifiedWithoutANetwork(t *testing.T) {
	f := newFake(t)
	keys := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(keys, f.keysJSON(), 0o644); err != nil {
		t.Fatal(err)
	}
	saved := filepath.Join(t.TempDir(), "signatures.json")
	o := f.options("s3://" + bucket + "/" + prefix)
	o.SaveSignatures = saved
	verified(t, o, digest.Proven)
	f.Close()
	for _, left := range []string{"", prefix + "/"} {
		o := Options{Archive: f.copyTo(t, left), TrailARN: trailARN, Keys: []string{home + "=" + keys}}
		report, text := verified(t, o, digest.Incomplete)
		if len(report.Findings) != 1 || report.Findings[0].Kind != digest.SignatureNotCopied || !strings.Contains(text, "2 digests, 2 log files") {
			t.Errorf("without %q: %s", left, text)
		}
		o.Signatures = saved
		if report, _ = verified(t, o, digest.Proven); report.Bucket != bucket || report.Prefix != prefix || report.Digests != 3 {
			t.Errorf("without %q: %+v", left, report)
		}
		o.Bucket = "another"
		verified(t, o, digest.Tampered)
	}
}

func TestCopyIsNotLeft(t *testing.T) {
	f := newFake(t)
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	dir, err := OpenDir(f.copyTo(t, ""), "")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := dir.root.Symlink(outside, "link"); err != nil {
		t.Fatal(err)
	}
	up := strings.Repeat("../", 20) + strings.TrimPrefix(outside, "/")
	for _, key := range []string{outside, up, "link", "team", prefix + "/../../" + up} {
		if content, err := dir.Open(t.Context(), bucket, key); err == nil {
			content.Body.Close()
			t.Errorf("%s was opened", key)
		}
	}
	if _, err := dir.Open(t.Context(), bucket, "team/none"); !errors.Is(err, digest.ErrNotFound) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := dir.Open(t.Context(), "another", f.keys(digest.KindLog)[0]); err == nil || errors.Is(err, digest.ErrNotFound) {
		t.Errorf("a file of another bucket: %v", err)
	}
}

func TestWhatIsNoArchiveIsRefused(t *testing.T) {
	f := newFake(t)
	for _, where := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none"), "s3://", "s3://" + bucket} {
		if report, err := Verify(t.Context(), f.options(where)); err == nil {
			t.Errorf("%s: %+v", where, report)
		}
	}
	o := f.options("s3://" + bucket)
	o.Start = f.end.AddDate(1, 0, 0)
	if _, err := Verify(t.Context(), o); !errors.Is(err, ErrUsage) {
		t.Errorf("a start in the future: %v", err)
	}
}

func TestReportShowsNoControlCharacters(t *testing.T) {
	var text strings.Builder
	err := WriteText(&text, &digest.Report{Findings: []digest.Finding{{Key: "a\x1b[2Jb\nc", Message: "\u0085\rx\u202e\u2066\u2028", Verdict: digest.Tampered}}})
	if err != nil || strings.ContainsAny(text.String(), "\x1b\r\u0085\u202e\u2066\u2028") || strings.Count(text.String(), "\n") != 2 {
		t.Errorf("%q, %v", &text, err)
	}
}

// TestReportTellsANoteOnceAndEveryFault: what is wrong is named file by file.
func TestReportTellsANoteOnceAndEveryFault(t *testing.T) {
	var findings []digest.Finding
	for _, region := range []string{"eu-west-1", "us-east-1", "us-west-2"} {
		findings = append(findings,
			digest.Finding{Kind: digest.DigestMissing, Trail: "main", Region: region, Key: region, Message: "Logging ended.", Verdict: digest.Proven},
			digest.Finding{Kind: digest.DigestMissing, Trail: "main", Region: region, Key: region, Message: "It is missing.", Verdict: digest.Tampered},
			digest.Finding{Kind: digest.SignatureNotCopied, Trail: "main", Region: region, Key: region, Message: "It is unsigned.", Verdict: digest.Incomplete})
	}
	findings = append(findings, digest.Finding{Kind: digest.DigestMissing, Trail: "other", Key: "k", Message: "Logging ended.", Verdict: digest.Proven})
	var text strings.Builder
	if err := WriteText(&text, &digest.Report{Verdict: digest.Tampered, Findings: findings}); err != nil {
		t.Fatal(err)
	}
	want := `NOTE        s3:///eu-west-1 and 2 more: Logging ended.
TAMPERED    s3:///eu-west-1: It is missing.
INCOMPLETE  s3:///eu-west-1 and 2 more: It is unsigned.
TAMPERED    s3:///us-east-1: It is missing.
TAMPERED    s3:///us-west-2: It is missing.
NOTE        s3:///k: Logging ended.
Tampered: 3 things are wrong. Nothing is proven.
`
	if text.String() != want {
		t.Errorf("the report is\n%s", &text)
	}
}

// TestReportLeavesOutOfWhatIsProvenTheChainsOfWhichNothingIs, which would leave no
// time that is proven in all.
func TestReportLeavesOutOfWhatIsProvenTheChainsOfWhichNothingIs(t *testing.T) {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	chain := func(region string, proven ...digest.Interval) digest.Chain {
		return digest.Chain{Trail: "main", HomeRegion: "us-east-1", Account: "111122223333", Region: region, Proven: proven}
	}
	var text strings.Builder
	err := WriteText(&text, &digest.Report{Verdict: digest.Proven, Counts: digest.Counts{Digests: 1}, Chains: []digest.Chain{
		chain("eu-west-1"), chain("us-east-1", digest.Interval{From: from, To: from.Add(time.Hour)}),
	}})
	want := "Proven: trail main (us-east-1), account 111122223333, Region us-east-1, from 2026-03-01T00:00:00Z to 2026-03-01T01:00:00Z: " +
		"1 digest, 0 log files, 0 records. Of 1 of 2 chains nothing is proven.\n"
	if err != nil || text.String() != want {
		t.Errorf("the report is %q, %v", &text, err)
	}
}

// TestAWSCLIAcceptsTheDigests has the AWS CLI's own validator read them.
func TestAWSCLIAcceptsTheDigests(t *testing.T) {
	aws, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("the AWS CLI is not installed")
	}
	f := newFake(t)
	out := validateLogs(t, aws, f)
	for _, want := range []string{"3/3 digest files valid", "3/3 log files valid"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	newest := f.keys("CloudTrail-Digest")[2]
	f.put(newest, &object{body: f.objects[newest].body, metadata: map[string]string{
		digest.MetadataSignature: strings.Repeat("0", 512), digest.MetadataSignatureAlgorithm: digest.SignatureAlgorithm,
	}})
	if out := validateLogs(t, aws, f); !strings.Contains(out, "signature verification failed") {
		t.Errorf("a false signature:\n%s", out)
	}
}

func validateLogs(t *testing.T, aws string, f *fake) string {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), aws, "cloudtrail", "validate-logs", "--verbose", "--trail-arn", trailARN,
		"--start-time", f.end.Add(-4*60*60*1e9).Format("2006-01-02T15:04:05Z"), "--region", home)
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+f.URL, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_CONFIG_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true")
	out, _ := cmd.CombinedOutput() // its code says what the text says
	return string(out)
}
