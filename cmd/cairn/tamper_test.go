package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/cairn-audit/cairn/digest"
)

// tamperedRegion is where the tamperings are, in the middle of several Regions.
const tamperedRegion = "eu-west-1"

// TestEveryTamperingWithABucketIsNamed has a server deliver to its own S3, and
// then changes what lies there, in one way after another. The tests of package
// digest have those that need a private key, or hours.
func TestEveryTamperingWithABucketIsNamed(t *testing.T) {
	p := serve(t, filepath.Join(t.TempDir(), "data"), "--delivery-interval", "1s", "--digest-interval", "2s")
	v := deliverSome(t, p)
	if report, code := p.verify("s3://" + v.bucket); code != 0 || report.Verdict != digest.Proven {
		t.Fatalf("what is untouched: exit code %d, %v", code, report.Findings)
	}
	digests, logs := v.keys("CloudTrail-Digest"), v.keys("CloudTrail")
	if len(digests) < 4 || len(logs) < 2 {
		t.Fatalf("%d digests and %d log files are too few to play with", len(digests), len(logs))
	}
	first, middle, other, newest := digests[0], digests[1], digests[2], digests[len(digests)-1]
	for _, c := range []struct {
		name string
		do   func()
		kind digest.Kind
		key  string
	}{
		{"a byte of a log file is changed", func() { v.rewrite(logs[0], "CreateVpc", "CreateVpC") }, digest.LogChanged, logs[0]},
		{"the middle of a log file is overwritten", func() {
			o := v.objects[logs[0]]
			o.body = slices.Clone(o.body)
			o.body[len(o.body)/2] ^= 0xff
			v.put(logs[0], o)
		}, digest.LogDamaged, logs[0]},
		{"a log file has another's contents", func() { v.put(logs[0], v.objects[logs[1]]) }, digest.LogChanged, logs[0]},
		{"a log file is deleted", func() { v.delete(logs[0]) }, digest.LogMissing, logs[0]},
		{"the first digest is deleted", func() { v.delete(first) }, digest.DigestMissing, first},
		{"a digest in the middle is deleted", func() { v.delete(middle) }, digest.DigestMissing, middle},
		{"the newest digests are deleted", func() { v.delete(digests[1:]...) }, digest.ChainEndsEarly, first},
		{"all digests of a Region are deleted", func() { v.delete(digests...) }, digest.NoDigests, folder(first)},
		{"two digests are swapped", func() { v.put(middle, v.objects[other]); v.put(other, v.objects[middle]) }, digest.DigestMoved, middle},
		{"a digest has an earlier one's contents", func() { v.put(newest, v.objects[middle]) }, digest.DigestMoved, newest},
		{"a digest is rewritten", func() { v.rewrite(middle, `"awsAccountId":"1`, `"awsAccountId":"2`) }, digest.DigestMisnamed, middle},
		{"a digest forgets its log files", func() { v.rewrite(v.naming(logs[0]), logs[0], beside(logs[0])) }, digest.DigestSignature, v.naming(logs[0])},
		{"a signature is another digest's", func() {
			v.sign(middle, v.objects[other].metadata[digest.MetadataSignature], digest.SignatureAlgorithm)
		}, digest.DigestSignature, middle},
		{"a signature is taken away", func() { v.put(newest, object{body: v.objects[newest].body}) }, digest.DigestUnsigned, newest},
		{"an algorithm is downgraded", func() {
			v.sign(middle, v.objects[middle].metadata[digest.MetadataSignature], "SHA1withRSA")
		}, digest.DigestAlgorithm, middle},
		{"an algorithm is downgraded in the digest", func() { v.rewrite(middle, digest.SignatureAlgorithm, "SHA1withRSA") }, digest.DigestAlgorithm, middle},
		{"the hash of the one before is changed", func() {
			v.rewrite(other, `"previousDigestHashValue":"`, `"previousDigestHashValue":"0`)
		}, digest.DigestSignature, other},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := maps.Clone(v.objects)
			defer func() { v.restore(before) }()
			c.do()
			report, code := p.verify("s3://" + v.bucket)
			named := slices.ContainsFunc(report.Findings, func(f digest.Finding) bool {
				return f.Kind == c.kind && f.Verdict == digest.Tampered && f.Key == c.key && f.Region == tamperedRegion
			})
			if code != exitTampered || !named {
				t.Errorf("exit code %d, no %s of %s among %+v", code, c.kind, c.key, report.Findings)
			}
		})
	}
	if _, code := p.verify("s3://" + v.bucket); code != 0 {
		t.Errorf("after all was put back: exit code %d", code)
	}
}

// verify runs `cairn verify`.
func (p *process) verify(args ...string) (*digest.Report, int) {
	p.t.Helper()
	var out, errs bytes.Buffer
	command := exec.Command(p.Path, append([]string{"verify", "--data", p.data, "--json"}, args...)...)
	command.Stdout, command.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := command.Run(); err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	report := new(digest.Report)
	if err := json.Unmarshal(out.Bytes(), report); err != nil {
		p.t.Fatalf("the report: %v\n%s%s", err, &out, &errs)
	}
	return report, command.ProcessState.ExitCode()
}

type object struct {
	body     []byte
	metadata map[string]string
}

// vault is a trail's bucket, and what lies in it.
type vault struct {
	t       *testing.T
	s3      *s3.Client
	bucket  string
	objects map[string]object
}

// deliverSome makes a trail and calls in three Regions, in several digests' time,
// and stops the trail.
func deliverSome(t *testing.T, p *process) *vault {
	t.Helper()
	ctx, config := t.Context(), p.client()
	v := &vault{t: t, bucket: "trail-logs", s3: s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })}
	policy, err := os.ReadFile(filepath.Join("testdata", "trail-policy.json"))
	if err != nil {
		t.Fatal(err)
	}
	trails, name := cloudtrail.NewFromConfig(config), aws.String("everything")
	for _, step := range []func() error{
		func() error { _, err := v.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &v.bucket}); return err },
		func() error {
			_, err := v.s3.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &v.bucket, Policy: aws.String(string(policy))})
			return err
		},
		func() error {
			_, err := trails.CreateTrail(ctx, &cloudtrail.CreateTrailInput{
				Name: name, S3BucketName: &v.bucket, IsMultiRegionTrail: aws.Bool(true), EnableLogFileValidation: aws.Bool(true),
			})
			return err
		},
		func() error {
			_, err := trails.StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: name})
			return err
		},
		func() error { return v.callUntilDigests(ctx, config, 3) },
		func() error { _, err := trails.StopLogging(ctx, &cloudtrail.StopLoggingInput{Name: name}); return err },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	v.awaitProof(p)
	v.read()
	return v
}

// callUntilDigests makes a call in each of three Regions whenever there is one
// digest more.
func (v *vault) callUntilDigests(ctx context.Context, config aws.Config, digests int) error {
	networks := ec2.NewFromConfig(config)
	for n := range digests {
		for _, region := range []string{"us-east-1", tamperedRegion, "ap-northeast-1"} {
			_, err := networks.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")}, func(o *ec2.Options) { o.Region = region })
			if err != nil {
				return err
			}
		}
		v.await("a digest", func() bool { v.read(); return len(v.keys("CloudTrail-Digest")) > n })
	}
	return nil
}

// awaitProof returns when the stopped trail has delivered all it has.
func (v *vault) awaitProof(p *process) {
	v.await("what is proven", func() bool { _, code := p.verify("s3://" + v.bucket); return code == 0 })
}

func (v *vault) await(what string, done func() bool) {
	v.t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(300 * time.Millisecond) {
		if time.Now().After(deadline) {
			v.t.Fatalf("%s does not come", what)
		}
	}
}

// read gets all that is in the bucket.
func (v *vault) read() {
	v.t.Helper()
	v.objects = make(map[string]object)
	pages := s3.NewListObjectsV2Paginator(v.s3, &s3.ListObjectsV2Input{Bucket: &v.bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(v.t.Context())
		if err != nil {
			v.t.Fatal(err)
		}
		for _, o := range page.Contents {
			got, err := v.s3.GetObject(v.t.Context(), &s3.GetObjectInput{Bucket: &v.bucket, Key: o.Key})
			if err != nil {
				v.t.Fatal(err)
			}
			body, err := io.ReadAll(got.Body)
			if err := errors.Join(err, got.Body.Close()); err != nil {
				v.t.Fatal(err)
			}
			v.objects[*o.Key] = object{body, got.Metadata}
		}
	}
}

// keys are those of a kind of file in the Region that is tampered with, in order.
func (v *vault) keys(kind string) []string {
	var keys []string
	for key := range v.objects {
		if strings.Contains(key, "/"+kind+"/"+tamperedRegion+"/") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// naming is the digest that names a log file.
func (v *vault) naming(log string) string {
	for _, key := range v.keys("CloudTrail-Digest") {
		if raw := v.unpack(key); strings.Contains(raw, log) {
			return key
		}
	}
	v.t.Fatalf("no digest names %s", log)
	return ""
}

func (v *vault) unpack(key string) string {
	v.t.Helper()
	raw, err := digest.ReadAll(bytes.NewReader(v.objects[key].body), digest.MaxLogFile)
	if err != nil {
		v.t.Fatal(err)
	}
	return string(raw)
}

// rewrite changes one place of a file, and leaves its metadata.
func (v *vault) rewrite(key, from, to string) {
	v.t.Helper()
	raw := v.unpack(key)
	if !strings.Contains(raw, from) {
		v.t.Fatalf("there is no %s in %s: %s", from, key, raw)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := io.WriteString(z, strings.Replace(raw, from, to, 1))
	if err := errors.Join(err, z.Close()); err != nil {
		v.t.Fatal(err)
	}
	v.put(key, object{packed.Bytes(), v.objects[key].metadata})
}

func (v *vault) sign(key, signature, algorithm string) {
	v.put(key, object{v.objects[key].body, map[string]string{
		digest.MetadataSignature: signature, digest.MetadataSignatureAlgorithm: algorithm,
	}})
}

func (v *vault) put(key string, o object) {
	v.t.Helper()
	_, err := v.s3.PutObject(v.t.Context(), &s3.PutObjectInput{
		Bucket: &v.bucket, Key: &key, Body: bytes.NewReader(o.body), Metadata: o.metadata,
	})
	if err != nil {
		v.t.Fatal(err)
	}
}

func (v *vault) delete(keys ...string) {
	v.t.Helper()
	for _, key := range keys {
		if _, err := v.s3.DeleteObject(v.t.Context(), &s3.DeleteObjectInput{Bucket: &v.bucket, Key: &key}); err != nil {
			v.t.Fatal(err)
		}
	}
}

// restore puts back what is not as it was.
func (v *vault) restore(was map[string]object) {
	v.t.Helper()
	v.read()
	for key := range v.objects {
		if _, ok := was[key]; !ok {
			v.delete(key)
		}
	}
	for key, o := range was {
		now, ok := v.objects[key]
		if !ok || !bytes.Equal(now.body, o.body) || !maps.Equal(now.metadata, o.metadata) {
			v.put(key, o)
		}
	}
	v.objects = was
}

// folder is the part of a digest's key that is the same for all of its Region.
func folder(key string) string {
	return key[:strings.Index(key, "/"+tamperedRegion+"/")] + "/" + tamperedRegion + "/"
}

// beside is the name of a log file with the same time and another ending.
func beside(log string) string {
	return log[:len(log)-len("XXXXXXXXXXXXXXXX.json.gz")] + "AAAAAAAAAAAAAAAA.json.gz"
}
