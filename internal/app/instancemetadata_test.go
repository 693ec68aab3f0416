package app

import (
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"

	"github.com/cairn-audit/cairn/event"
)

// profiled makes a role that trusts EC2, may look at instances and is in a profile
// of the same name.
func profiled(t *testing.T, as aws.Config, name, trust string) {
	t.Helper()
	c := iam.NewFromConfig(as)
	if _, err := c.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("look"), PolicyDocument: aws.String(
		`{"Statement":{"Effect":"Allow","Action":"ec2:Describe*","Resource":"*","Condition":{"NumericGreaterThanEquals":{"ec2:RoleDelivery":"2.0"}}}}`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateInstanceProfile(t.Context(), &iam.CreateInstanceProfileInput{InstanceProfileName: &name}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AddRoleToInstanceProfile(t.Context(), &iam.AddRoleToInstanceProfileInput{InstanceProfileName: &name, RoleName: &name}); err != nil {
		t.Fatal(err)
	}
}

const trustsEC2 = `{"Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`

func launch(t *testing.T, as aws.Config, profile string, tokens ec2types.HttpTokensState) string {
	t.Helper()
	c := ec2.NewFromConfig(as)
	images, err := c.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"amazon"}})
	if err != nil || len(images.Images) == 0 {
		t.Fatal(err, "or no images")
	}
	out, err := c.RunInstances(t.Context(), &ec2.RunInstancesInput{
		ImageId: images.Images[0].ImageId, InstanceType: ec2types.InstanceTypeT3Micro, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		IamInstanceProfile: &ec2types.IamInstanceProfileSpecification{Name: &profile},
		MetadataOptions:    &ec2types.InstanceMetadataOptionsRequest{HttpTokens: tokens},
	})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.Instances[0].InstanceId)
}

// metadataServer has a server with the service, and its administrator.
func metadataServer(t *testing.T) (s *Server, as aws.Config, metadata string) {
	t.Helper()
	s = start(t, Options{Data: t.TempDir(), Config: configured(t, `instance_metadata: {listen: "127.0.0.1:0"}`)})
	key, err := ReadCredentials(s.options.Data, false)
	if err != nil {
		t.Fatal(err)
	}
	at, err := ReadEndpoint(s.options.Data)
	if err != nil || at.InstanceMetadata == "" {
		t.Fatalf("endpoint.json: %+v, %v", at, err)
	}
	return s, awsConfig(at.URL, key), at.InstanceMetadata
}

// get is a request without a token: the service's first version.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

func TestInstancesHaveTheirRolesFromTheMetadataService(t *testing.T) {
	s, admin, metadata := metadataServer(t)
	profiled(t, admin, "web", trustsEC2)
	id := launch(t, admin, "web", ec2types.HttpTokensStateRequired)

	// The SDK puts its own path in the place of the endpoint's.
	client := imds.New(imds.Options{Endpoint: strings.Replace(metadata, "://", "://"+id+"@", 1)})
	where, err := client.GetRegion(t.Context(), nil)
	if err != nil || where.Region != admin.Region {
		t.Fatalf("the instance's Region: %+v, %v", where, err)
	}
	provider := ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = client })
	as := admin
	as.Credentials = aws.NewCredentialsCache(provider)
	if _, err := ec2.NewFromConfig(as).DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{}); err != nil {
		t.Fatal(err)
	}
	first, err := provider.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := provider.Retrieve(t.Context()); err != nil || again.AccessKeyID != first.AccessKeyID {
		t.Errorf("asked again: %v, %v", again.AccessKeyID, err)
	}
	var call, opened *event.Event
	for _, e := range lookup(t, admin, types.EventCategory("")) {
		switch {
		case e.EventName == "AssumeRole":
			opened = &e
		case e.EventName == "DescribeInstances" && e.UserIdentity.Type == event.AssumedRole:
			call = &e
		}
	}
	if call == nil || opened == nil {
		t.Fatalf("the call's event: %v; the session's: %v", call, opened)
	}
	u := call.UserIdentity
	if c := u.SessionContext; u.ARN != "arn:aws:sts::"+DefaultAccount+":assumed-role/web/"+id || u.AccessKeyID != first.AccessKeyID ||
		c.EC2RoleDelivery != "2.0" || c.SessionIssuer.UserName != "web" || c.Attributes.MFAAuthenticated != "false" {
		t.Errorf("the call is by %+v, %+v", u, u.SessionContext)
	}
	if opened.UserIdentity.Type != event.AWSService || opened.UserIdentity.InvokedBy != "ec2.amazonaws.com" || opened.SourceIPAddress != "ec2.amazonaws.com" ||
		opened.SharedEventID == "" || opened.AWSRegion != admin.Region ||
		string(opened.RequestParameters) != `{"roleArn":"arn:aws:iam::`+DefaultAccount+`:role/web","roleSessionName":"`+id+`"}` ||
		!strings.Contains(string(opened.ResponseElements), `"accessKeyId":"`+first.AccessKeyID+`"`) || strings.Contains(string(opened.ResponseElements), first.SecretAccessKey) {
		t.Errorf("the session's event: %+v %s %s", opened.UserIdentity, opened.RequestParameters, opened.ResponseElements)
	}

	if _, err := ec2.NewFromConfig(admin).TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}}); err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Retrieve(t.Context()); err == nil {
		t.Error("a terminated instance gets credentials")
	}
	stop(t, s)
}

func TestTheMetadataServiceOfTheFirstVersionSaysSo(t *testing.T) {
	_, admin, metadata := metadataServer(t)
	profiled(t, admin, "web", trustsEC2)
	profiled(t, admin, "stranger", strings.Replace(trustsEC2, "ec2.", "lambda.", 1))
	strict, lax := launch(t, admin, "web", ec2types.HttpTokensStateRequired), launch(t, admin, "web", ec2types.HttpTokensStateOptional)
	profiled(t, admin, "gone", trustsEC2)
	untrusted, empty := launch(t, admin, "stranger", ec2types.HttpTokensStateOptional), launch(t, admin, "gone", ec2types.HttpTokensStateOptional)
	for _, remove := range []func() error{
		func() error {
			_, err := iam.NewFromConfig(admin).RemoveRoleFromInstanceProfile(t.Context(), &iam.RemoveRoleFromInstanceProfileInput{
				InstanceProfileName: aws.String("gone"), RoleName: aws.String("gone"),
			})
			return err
		},
		func() error {
			_, err := iam.NewFromConfig(admin).DeleteInstanceProfile(t.Context(), &iam.DeleteInstanceProfileInput{InstanceProfileName: aws.String("gone")})
			return err
		},
	} {
		if err := remove(); err != nil {
			t.Fatal(err)
		}
	}
	const roles = "/latest/meta-data/iam/security-credentials/"
	for _, c := range []struct {
		path   string
		status int
		has    string
	}{
		{"/" + strict + "/latest/meta-data/instance-id", 401, ""},
		{"/" + lax + "/latest/meta-data/instance-id", 200, lax},
		{"/" + lax + "/latest/meta-data/placement/availability-zone/", 200, admin.Region},
		{"/" + lax + "/latest/meta-data/", 200, "ami-id\nami-launch-index\nhostname\niam/\ninstance-action\n"},
		{"/" + lax + "/latest/meta-data/iam/info", 200, `"InstanceProfileArn": "arn:aws:iam::` + DefaultAccount + `:instance-profile/web"`},
		{"/" + lax + "/latest/dynamic/instance-identity/document", 200, `"instanceId": "` + lax + `"`},
		{"/" + lax + roles, 200, "web"},
		{"/" + lax + roles + "web", 200, `"Code": "Success"`},
		{"/" + lax + roles + "stranger", 404, ""},
		{"/" + lax + "/latest/meta-data/nothing", 404, ""},
		{"/" + untrusted + roles + "stranger", 200, `"Code": "AssumeRoleUnauthorizedAccess"`},
		{"/" + empty + "/latest/meta-data/iam/info", 200, `"Code": "InstanceProfileNotFound"`},
		{"/" + empty + roles, 404, ""},
		{"/i-00000000000000000/latest/meta-data/instance-id", 404, ""},
		{"/latest/meta-data/instance-id", 404, ""},
	} {
		if status, body := get(t, metadata+c.path); status != c.status || !strings.Contains(body, c.has) {
			t.Errorf("GET %s: %d %s; want %d with %q", c.path, status, body, c.status, c.has)
		}
	}
	if _, err := ec2.NewFromConfig(admin).ModifyInstanceMetadataOptions(t.Context(), &ec2.ModifyInstanceMetadataOptionsInput{
		InstanceId: &lax, HttpTokens: ec2types.HttpTokensStateRequired,
	}); err != nil {
		t.Fatal(err)
	}
	if status, _ := get(t, metadata+"/"+lax+"/latest/meta-data/instance-id"); status != 401 {
		t.Errorf("after tokens are required: %d", status)
	}
	var refused bool
	for _, e := range lookup(t, admin, types.EventCategory("")) {
		refused = refused || e.EventName == "AssumeRole" && e.ErrorCode == "AccessDenied" && e.UserIdentity.InvokedBy == "ec2.amazonaws.com"
	}
	if !refused {
		t.Error("a role that does not trust EC2 leaves no event")
	}
}

func TestOnlyWhoMayPassARoleGivesItToAnInstance(t *testing.T) {
	_, admin, _ := metadataServer(t)
	profiled(t, admin, "boss", trustsEC2)
	c := iam.NewFromConfig(admin)
	if _, err := c.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("dev")}); err != nil {
		t.Fatal(err)
	}
	key, err := c.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("dev")})
	if err != nil {
		t.Fatal(err)
	}
	may := func(more string) {
		t.Helper()
		if _, err := c.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: aws.String("dev"), PolicyName: aws.String("p"), PolicyDocument: aws.String(
			`{"Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*"}` + more + `]}`)}); err != nil {
			t.Fatal(err)
		}
	}
	may("")
	dev := ec2.NewFromConfig(admin, func(o *ec2.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
	})
	run := func(profile string) error {
		_, err := dev.RunInstances(t.Context(), &ec2.RunInstancesInput{
			ImageId: aws.String("ami-00000000"), MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
			IamInstanceProfile: &ec2types.IamInstanceProfileSpecification{Name: &profile},
		})
		return err
	}
	refused := func(err error) string {
		var api smithy.APIError
		if !errors.As(err, &api) {
			t.Fatalf("no error of the API: %v", err)
		}
		return api.ErrorCode() + " " + api.ErrorMessage()
	}
	passing := "UnauthorizedOperation You are not authorized to perform this operation. User: arn:aws:iam::" + DefaultAccount + ":user/dev is not authorized to perform: iam:PassRole on resource: arn:aws:iam::" + DefaultAccount + ":role/"
	if got := refused(run("boss")); !strings.HasPrefix(got, passing+"boss ") {
		t.Error(got)
	}
	if got := refused(run("yet-to-come")); !strings.HasPrefix(got, passing+"* ") {
		t.Error(got)
	}
	may(`,{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}}`)
	if got := refused(run("boss")); !strings.HasPrefix(got, "InvalidAMIID") {
		t.Error(got)
	}
}

func TestTheCLIFindsAnInstancesRoleByAnEnvironmentVariable(t *testing.T) {
	cli, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("the AWS CLI is not installed")
	}
	s, admin, metadata := metadataServer(t)
	profiled(t, admin, "web", trustsEC2)
	id := launch(t, admin, "web", ec2types.HttpTokensStateRequired)
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), cli, "sts", "get-caller-identity", "--query", "Arn", "--output", "text")
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "AWS_CONFIG_FILE=" + filepath.Join(t.TempDir(), "none"), "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(t.TempDir(), "none"),
		"AWS_EC2_METADATA_SERVICE_ENDPOINT=" + metadata + "/" + id, "AWS_ENDPOINT_URL=" + s.Endpoint().URL, "AWS_DEFAULT_REGION=" + admin.Region,
	}
	out, err := cmd.CombinedOutput()
	if want := "arn:aws:sts::" + DefaultAccount + ":assumed-role/web/" + id; err != nil || strings.TrimSpace(string(out)) != want {
		t.Fatalf("%s, %v; want %s", out, err, want)
	}
	for _, e := range lookup(t, admin, types.EventCategory("")) {
		if e.EventName == "GetCallerIdentity" {
			if e.UserIdentity.SessionContext.EC2RoleDelivery != "2.0" || e.UserIdentity.PrincipalID == "" {
				t.Errorf("%+v", e.UserIdentity)
			}
			return
		}
	}
	t.Error("the call has no event")
}
