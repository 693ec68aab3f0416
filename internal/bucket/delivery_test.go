package bucket

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/cairn-audit/cairn/internal/policy"
)

const trailARN = "arn:aws:cloudtrail:eu-west-1:" + account + ":trail/audit"

// documented is the bucket policy of the CloudTrail User Guide, "Amazon S3 bucket
// policy for CloudTrail"; FOLDER is what stands below the bucket.
const documented = `{"Version": "2012-10-17", "Statement": [
	{
		"Sid": "AWSCloudTrailAclCheck20150319", "Effect": "Allow",
		"Principal": {"Service": "cloudtrail.amazonaws.com"},
		"Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::logs",
		"Condition": {"StringEquals": {"aws:SourceArn": "` + trailARN + `"}}
	}, {
		"Sid": "AWSCloudTrailWrite20150319", "Effect": "Allow",
		"Principal": {"Service": "cloudtrail.amazonaws.com"},
		"Action": "s3:PutObject", "Resource": "arn:aws:s3:::logs/FOLDER/*",
		"Condition": {"StringEquals": {
			"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": "` + trailARN + `"
		}}
	}
]}`

// ofOrganization is the guide's third statement, for an organization's trail.
const ofOrganization = `{
	"Sid": "AWSCloudTrailOrganizationWrite20150319", "Effect": "Allow",
	"Principal": {"Service": ["cloudtrail.amazonaws.com"]},
	"Action": "s3:PutObject", "Resource": "arn:aws:s3:::logs/AWSLogs/o-exampleorgid/*",
	"Condition": {"StringEquals": {
		"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": "` + trailARN + `"
	}}
}`

func documentedFor(folder string) string { return strings.Replace(documented, "FOLDER", folder, 1) }

// with adds a statement to a document.
func with(document, statement string) string {
	return strings.TrimSuffix(document, "]}") + "," + statement + "]}"
}

var (
	single       = Delivery{Bucket: "logs", Accounts: []string{account}, TrailARN: trailARN}
	prefixedOne  = Delivery{Bucket: "logs", Prefix: "a/b", Accounts: []string{account}, TrailARN: trailARN}
	twoAccounts  = Delivery{Bucket: "logs", Accounts: []string{account, "210987654321"}, TrailARN: trailARN}
	organization = Delivery{
		Bucket: "logs", Accounts: []string{account, "210987654321"}, OrganizationID: "o-exampleorgid", TrailARN: trailARN,
	}
	withKey = Delivery{
		Bucket: "logs", Accounts: []string{account}, TrailARN: trailARN,
		KMSKeyARN: "arn:aws:kms:eu-west-1:" + account + ":key/1234abcd-12ab-34cd-56ef-1234567890ab",
	}
)

func TestABucketsPolicyDecidesAboutATrailsDeliveries(t *testing.T) {
	own := documentedFor("AWSLogs/" + account)
	allows := func(action, resource, more string) string {
		return `{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"` + action + `","Resource":"` + resource + `"` + more + `}`
	}
	acl := allows("s3:GetBucketAcl", "arn:aws:s3:::logs", "")
	only := func(statements ...string) string {
		return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	}
	for _, test := range []struct {
		name     string
		delivery Delivery
		document string
		denied   string // in the error; empty where the delivery is allowed
	}{
		{"the guide's", single, own, ""},
		{"the guide's, with a prefix", prefixedOne, documentedFor("a/b/AWSLogs/" + account), ""},
		{"the guide's, without the prefix", prefixedOne, own, "s3:PutObject"},
		{"the guide's, of an organization", organization, with(own, ofOrganization), ""},
		{"of an organization, without its folder", organization, own, "AWSLogs/o-exampleorgid/"},
		{"of an organization, without the account's own folder", organization, only(acl, ofOrganization), "AWSLogs/" + account},
		{"another account's folder is missing", twoAccounts, own, "AWSLogs/210987654321"},
		{"all accounts", twoAccounts, documentedFor("AWSLogs"), ""},
		{"without conditions", single, only(acl, allows("s3:PutObject", "arn:aws:s3:::logs/*", "")), ""},
		{"by the source's account", single, only(acl, allows("s3:PutObject", "arn:aws:s3:::logs/*",
			`,"Condition":{"StringEquals":{"aws:SourceAccount":"`+account+`"}}`)), ""},
		{"by another source's account", single, only(acl, allows("s3:PutObject", "arn:aws:s3:::logs/*",
			`,"Condition":{"StringEquals":{"aws:SourceAccount":"210987654321"}}`)), "s3:PutObject"},
		{"by the organization of the source", organization, only(acl, allows("s3:PutObject", "arn:aws:s3:::logs/*",
			`,"Condition":{"StringEquals":{"aws:SourceOrgID":"o-exampleorgid"}}`)), ""},
		{"another trail's", single, strings.ReplaceAll(own, ":trail/audit", ":trail/other"), "s3:GetBucketAcl"},
		{"another bucket's", single, strings.ReplaceAll(own, ":::logs", ":::other"), "s3:GetBucketAcl"},
		{"another service's", single, strings.ReplaceAll(own, "cloudtrail.", "config."), "s3:GetBucketAcl"},
		{"no ACL check", single, only(allows("s3:PutObject", "arn:aws:s3:::logs/*", "")), "s3:GetBucketAcl"},
		{"no write", single, only(acl), "s3:PutObject"},
		{"another ACL", single, strings.ReplaceAll(own, "bucket-owner-full-control", "private"), "s3:PutObject"},
		{"logs but no digests", single, documentedFor("AWSLogs/" + account + "/CloudTrail"), "CloudTrail-Digest"},
		{"everybody", single, only(`{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::logs","arn:aws:s3:::logs/*"]}`), ""},
		{"the account, which is no service", single, only(`{"Effect":"Allow","Principal":{"AWS":"` + account + `"},"Action":"s3:*","Resource":["arn:aws:s3:::logs","arn:aws:s3:::logs/*"]}`), "s3:GetBucketAcl"},
		{"an explicit deny", single, with(own, `{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/*"}`), "explicit deny"},
		{"a deny in the clear", single, with(own, `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::logs/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`), ""},
		{"a deny of all but services", single, with(own, `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::logs/*","Condition":{"Bool":{"aws:PrincipalIsAWSService":"false"}}}`), ""},
		{"a deny of what no key encrypts", single, with(own, `{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/*","Condition":{"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}}`), "explicit deny"},
		{"a deny of what no key encrypts, and a key", withKey, with(own, `{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/*","Condition":{"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}}`), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			document, err := policy.ParseAs(policy.Resource, []byte(test.document))
			if err != nil {
				t.Fatal(err)
			}
			err = test.delivery.allowedBy(document, time.Now())
			switch {
			case test.denied == "" && err != nil:
				t.Error(err)
			case test.denied != "" && (!errors.Is(err, ErrPolicy) || !strings.Contains(err.Error(), test.denied)):
				t.Errorf("got %v, want %q", err, test.denied)
			}
		})
	}
}

func TestCheckDeliveryAsksTheBucket(t *testing.T) {
	s := start(t)
	client := s.Client()
	check := func() error { return CheckDelivery(t.Context(), client, single) }
	if err := check(); !errors.Is(err, ErrNoBucket) {
		t.Errorf("without a bucket: %v", err)
	}
	must(t, s, request("PUT", "/logs", ""))
	if err := check(); !errors.Is(err, ErrPolicy) {
		t.Errorf("without a policy: %v", err)
	}
	put := func(document string) {
		t.Helper()
		if _, err := client.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("logs"), Policy: &document}); err != nil {
			t.Fatal(err)
		}
	}
	put(documentedFor("AWSLogs/" + account))
	if err := check(); err != nil {
		t.Error(err)
	}
	put(documentedFor("AWSLogs/210987654321"))
	if err := check(); !errors.Is(err, ErrPolicy) {
		t.Errorf("with another account's policy: %v", err)
	}
}

func TestCheckDeliveryTellsAnUnreachableServiceFromABadBucket(t *testing.T) {
	for name, test := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		want   error // nil is any other error
	}{
		"may not be looked at": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, ErrPolicy},
		"policy may not be read": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Has("policy") {
				w.WriteHeader(http.StatusForbidden)
			}
		}, ErrPolicy},
		"policy that is none": {func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("{")) }, ErrPolicy},
		"broken":              {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }, nil},
		"gone since": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Has("policy") {
				w.WriteHeader(http.StatusNotFound)
				w.Write([]byte("<Error><Code>NoSuchBucket</Code></Error>"))
			}
		}, ErrNoBucket},
	} {
		t.Run(name, func(t *testing.T) {
			err := CheckDelivery(t.Context(), answering(t, test.answer), single)
			if err == nil || test.want != nil && !errors.Is(err, test.want) ||
				test.want == nil && (errors.Is(err, ErrPolicy) || errors.Is(err, ErrNoBucket)) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestCheckDeliveryFindsABucketOfAnotherRegion(t *testing.T) {
	client := answering(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amz-Bucket-Region", "eu-west-3")
		switch {
		case !strings.Contains(r.Header.Get("Authorization"), "/eu-west-3/s3/"):
			w.WriteHeader(http.StatusMovedPermanently)
		case r.URL.Query().Has("policy"):
			w.Write([]byte(documentedFor("AWSLogs/" + account)))
		}
	})
	if err := CheckDelivery(t.Context(), client, single); err != nil {
		t.Error(err)
	}
}

// answering makes a client of a service that answers so.
func answering(t *testing.T, answer http.HandlerFunc) *s3.Client {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	client, err := NewClient(t.Context(), Config{
		Endpoint: server.URL, PathStyle: true, AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "secret",
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}
