package app

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/identity"
)

const firstEndpoint, secondEndpoint = "vpce-0123456789abcdef0", "vpce-0123456789abcdef1"

// configured reads a configuration in YAML.
func configured(t *testing.T, text string) Config {
	t.Helper()
	c, err := parseConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func awsConfig(url string, key identity.Credential) aws.Config {
	return aws.Config{
		Region: DefaultRegion, BaseEndpoint: &url, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(key.AccessKeyID, key.SecretAccessKey, ""),
	}
}

// lookup returns the events of a category, newest first.
func lookup(t *testing.T, as aws.Config, category types.EventCategory) []event.Event {
	t.Helper()
	out, err := cloudtrail.NewFromConfig(as).LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{EventCategory: category})
	if err != nil {
		t.Fatal(err)
	}
	var events []event.Event
	for _, e := range out.Events {
		var parsed event.Event
		if err := json.Unmarshal([]byte(aws.ToString(e.CloudTrailEvent)), &parsed); err != nil {
			t.Fatal(err)
		}
		events = append(events, parsed)
	}
	return events
}

func TestVPCEndpointsAreListenersWithPoliciesOfTheirOwn(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "endpoint.json")
	if err := os.WriteFile(file, []byte(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:*","Resource":"*"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{Data: filepath.Join(dir, "data"), Config: configured(t, `
vpc_endpoints:
  - {listen: "127.0.0.1:0", id: `+firstEndpoint+`, policy_file: `+file+`}
  - listen: 127.0.0.1:0
    id: `+secondEndpoint+`
    account: "444455556666"
    network_activity: all
    policy:
      Version: 2012-10-17
      Statement:
        - {Effect: Allow, Principal: "*", Action: "ec2:*", Resource: "*"}
`)})
	at, err := ReadEndpoint(s.options.Data)
	if err != nil {
		t.Fatal(err)
	}
	if len(at.VPCEndpoints) != 2 || at.VPCEndpoints[0].ID != firstEndpoint || at.VPCEndpoints[1].ID != secondEndpoint {
		t.Fatalf("endpoint.json has %+v", at)
	}
	key := administrator(t, s)
	direct := awsConfig(at.URL, key)
	first, second := awsConfig(at.VPCEndpoints[0].URL, key), awsConfig(at.VPCEndpoints[1].URL, key)
	if _, err := sts.NewFromConfig(first).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if _, err := ec2.NewFromConfig(second).DescribeVpcs(t.Context(), nil); err != nil {
		t.Error(err)
	}
	_, err = ec2.NewFromConfig(first).DescribeInstances(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "because no VPC endpoint policy allows the ec2:DescribeInstances action") {
		t.Errorf("got %v", err)
	}
	var through []string
	for _, e := range lookup(t, direct, "") {
		through = append(through, e.EventName+" "+e.VPCEndpointID+" "+e.VPCEndpointAccountID)
	}
	if got, want := strings.Join(through, ", "), "DescribeVpcs "+secondEndpoint+" 444455556666, GetCallerIdentity "+firstEndpoint+" "+DefaultAccount; got != want {
		t.Errorf("the history has %s, want %s", got, want)
	}
	if events := lookup(t, direct, "networkactivity"); len(events) != 1 || events[0].EventName != "DescribeInstances" ||
		events[0].ErrorCode != "VpceAccessDenied" || events[0].VPCEndpointAccountID != DefaultAccount {
		t.Errorf("network activity %+v", events)
	}
	if owner := enter(t, s, key, "444455556666"); len(lookup(t, owner, "networkactivity")) != 1 {
		t.Error("the other owner has not got the activity of its endpoint")
	}
	stop(t, s)
	for _, e := range at.VPCEndpoints {
		if _, err := net.Dial("tcp", strings.TrimPrefix(e.URL, "http://")); err == nil {
			t.Error("a VPC endpoint answers after the stop")
		}
	}
}

func TestAVPCEndpointSpeaksTLSAsTheServerDoes(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writeCertificate(t, cert, key)
	s := start(t, Options{Data: filepath.Join(dir, "data"), TLSCert: cert, TLSKey: key, Config: Config{
		VPCEndpoints: []VPCEndpoint{{Listen: "127.0.0.1:0", ID: firstEndpoint}},
	}})
	resp, err := trusting(t, cert).Get(s.Endpoint().VPCEndpoints[0].URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.TLS == nil {
		t.Error("the endpoint speaks no TLS")
	}
}

func TestVPCEndpointsThatCannotWorkAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"{listen: '127.0.0.1:0', id: vpce-1}":                                                                                "does not look like vpce-",
		"{id: vpce-0123456789abcdef0}":                                                                                       "listen address",
		"{listen: ':0', id: vpce-01234567, account: x}":                                                                      "12 digits",
		"{listen: ':0', id: vpce-01234567, vpc: mine}":                                                                       "does not look like vpc-",
		"{listen: ':0', id: vpce-01234567, network_activity: some}":                                                          "it can be denied or all",
		"{listen: ':0', id: vpce-01234567, policy_file: /nowhere/at/all}":                                                    "no such file",
		"{listen: ':0', id: vpce-01234567, policy: '{}', policy_file: x}":                                                    "give one",
		"{listen: ':0', id: vpce-01234567, policy: {Statement: {Effect: Allow, Action: '*', Resource: '*'}}}":                "Missing required field Principal",
		"{listen: ':0', id: vpce-01234567, policy: {Statement: [], Statement: []}}":                                          "already defined",
		"{listen: ':0', id: vpce-01234567}, {listen: ':0', id: vpce-01234567}":                                               "there twice",
		"{listen: ':0', id: vpce-01234567, policy: {Statement: {Efect: Allow, Action: '*', Principal: '*', Resource: '*'}}}": "Efect",
	} {
		if _, err := parseConfig([]byte("vpc_endpoints: [" + text + "]")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

// enter is the administrator's session in another account.
func enter(t *testing.T, s *Server, key identity.Credential, account string) aws.Config {
	t.Helper()
	out, err := sts.NewFromConfig(awsConfig(s.Endpoint().URL, key)).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + account + ":role/" + identity.AccessRole), RoleSessionName: aws.String("me"),
	})
	if err != nil {
		t.Fatal(err)
	}
	c := out.Credentials
	config := awsConfig(s.Endpoint().URL, key)
	config.Credentials = credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	return config
}
