package app

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/cairn-audit/cairn/internal/cairntest"
	"github.com/cairn-audit/cairn/internal/gateway"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/sigv4"
)

// eventually fails the test unless something becomes so. On a busy machine an
// outage lasts longer, and with it the wait before the next try.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(4 * time.Minute); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not come to be so: %s", what)
		}
	}
}

const (
	logsAt   = "arn:aws:logs:us-east-1:" + DefaultAccount + ":log-group:"
	logsRole = "arn:aws:iam::" + DefaultAccount + ":role/logs"
)

func topicAt(name string) string { return "arn:aws:sns:us-east-1:" + DefaultAccount + ":" + name }

// publishers is the policy of a topic that CloudTrail may publish to.
func publishers(topicARN string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},` +
		`"Action":"SNS:Publish","Resource":"` + topicARN + `"}]}`
}

// trailOf asks for a trail that tells the topic and fills the log group of its name.
func trailOf(name string) *cloudtrail.CreateTrailInput {
	return &cloudtrail.CreateTrailInput{
		Name: &name, S3BucketName: aws.String("trails"), S3KeyPrefix: &name, SnsTopicName: &name,
		CloudWatchLogsLogGroupArn: aws.String(logsAt + name + ":*"), CloudWatchLogsRoleArn: aws.String(logsRole),
	}
}

func TestTrailsDeliverToTheTopicsAndLogGroupsOfAnotherEndpoint(t *testing.T) {
	moto := cairntest.StartMoto(t)
	t.Setenv("DELIVERY_SECRET", "secret")
	s := start(t, Options{Data: filepath.Join(t.TempDir(), "data"), DeliveryInterval: time.Second, Config: configured(t, `
delivery:
  sns: {endpoint: "`+moto+`", access_key_id: AKIADELIVERY, secret_access_key_env: DELIVERY_SECRET}
  logs: {endpoint: "`+moto+`", access_key_id: AKIADELIVERY, secret_access_key_env: DELIVERY_SECRET}
  any_bucket_policy: true
`)})
	here, there := awsConfig(s.Endpoint().URL, administrator(t, s)), awsConfig(moto, identity.Credential{AccessKeyID: "test", SecretAccessKey: "test"})
	ctx, trails, topics, groups, queues := t.Context(), cloudtrail.NewFromConfig(here), sns.NewFromConfig(there), cloudwatchlogs.NewFromConfig(there), sqs.NewFromConfig(there)
	if _, err := objectsOf(s, key(t, s, false)).CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("trails")}); err != nil {
		t.Fatal(err)
	}
	create := func(code string) {
		t.Helper()
		_, err := trails.CreateTrail(ctx, trailOf("everything"))
		refusedWith(t, "a trail", err, code)
	}
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	create("InsufficientSnsTopicPolicyException") // there is no topic
	must(topics.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("everything")}))
	create("InsufficientSnsTopicPolicyException") // its policy is the default
	must(topics.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{
		TopicArn: aws.String(topicAt("everything")), AttributeName: aws.String("Policy"), AttributeValue: aws.String(publishers(topicAt("everything"))),
	}))
	create("InvalidCloudWatchLogsLogGroupArnException")
	must(groups.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("everything")}))
	queue, err := queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("files")})
	must(queue, err)
	must(topics.Subscribe(ctx, &sns.SubscribeInput{
		TopicArn: aws.String(topicAt("everything")), Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:us-east-1:" + DefaultAccount + ":files"),
	}))
	create("")
	must(trails.StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: aws.String("everything")}))
	must(ec2.NewFromConfig(here).DescribeVpcs(ctx, &ec2.DescribeVpcsInput{}))

	eventually(t, "the call is in the log group", func() bool {
		out, err := groups.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("everything")})
		must(out, err)
		for _, e := range out.Events {
			if strings.Contains(aws.ToString(e.Message), `"DescribeVpcs"`) {
				return aws.ToString(e.LogStreamName) == DefaultAccount+"_CloudTrail_us-east-1"
			}
		}
		return false
	})
	var message types.Message
	eventually(t, "a file is told of", func() bool {
		out, err := queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl})
		must(out, err)
		if len(out.Messages) > 0 {
			message = out.Messages[0]
		}
		return len(out.Messages) > 0
	})
	var envelope struct{ TopicArn, Message string }
	var files struct {
		Bucket string   `json:"s3Bucket"`
		Keys   []string `json:"s3ObjectKey"`
	}
	if json.Unmarshal([]byte(aws.ToString(message.Body)), &envelope) != nil || json.Unmarshal([]byte(envelope.Message), &files) != nil ||
		envelope.TopicArn != topicAt("everything") || files.Bucket != "trails" || len(files.Keys) == 0 {
		t.Fatalf("the message is %s", aws.ToString(message.Body))
	}
	must(objectsOf(s, key(t, s, false)).HeadObject(ctx, &s3.HeadObjectInput{Bucket: &files.Bucket, Key: &files.Keys[0]}))
	eventually(t, "the status shows both deliveries", func() bool {
		status, err := trails.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: aws.String("everything")})
		must(status, err)
		return status.LatestNotificationTime != nil && aws.ToString(status.LatestNotificationError) == "" &&
			status.LatestCloudWatchLogsDeliveryTime != nil && aws.ToString(status.LatestCloudWatchLogsDeliveryError) == ""
	})
}

// otherAWS is an SNS, a CloudWatch Logs and an S3 that has all buckets. What is done
// with a topic or a log group follows the first part of its name: until it is mended,
// "hang" does not answer, "throttle" and "error" refuse, and "lose" keeps what it is
// given once and breaks the connection.
type otherAWS struct {
	t   *testing.T
	url string

	mu     sync.Mutex
	calls  []string            // "operation key"; guarded by mu
	kept   map[string][]string // messages by topic and log group; guarded by mu
	lost   map[string]bool     // guarded by mu
	mended chan struct{}
}

func startOtherAWS(t *testing.T) *otherAWS {
	t.Helper()
	o := &otherAWS{t: t, kept: map[string][]string{}, lost: map[string]bool{}, mended: make(chan struct{})}
	server := httptest.NewServer(o)
	o.url = server.URL
	t.Cleanup(func() {
		o.mend()
		server.CloseClientConnections()
		server.Close()
	})
	return o
}

// mend may be called again.
func (o *otherAWS) mend() {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case <-o.mended:
	default:
		close(o.mended)
	}
}

func (o *otherAWS) isMended() bool {
	select {
	case <-o.mended:
		return true
	default:
		return false
	}
}

func (o *otherAWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	signature, err := sigv4.Parse(sigv4.FromHTTP(r))
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	form, _ := url.ParseQuery(string(body))
	_, operation, logs := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if !logs {
		operation = form.Get("Action")
	}
	o.mu.Lock()
	o.calls = append(o.calls, operation+" "+signature.AccessKeyID)
	o.mu.Unlock()
	switch {
	case logs:
		o.logs(w, r, operation, body)
	case operation == "AssumeRole":
		o.mu.Lock()
		o.calls[len(o.calls)-1] += " as " + form.Get("RoleSessionName")
		o.mu.Unlock()
		fmt.Fprintf(w, "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASSUMED</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"+
			"<SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
			time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	case operation != "":
		o.topics(w, r, operation, form)
	}
}

// fault answers for what is broken.
func (o *otherAWS) fault(w http.ResponseWriter, r *http.Request, name string, refuse func(status int, kind string)) (faulty bool) {
	kind, _, _ := strings.Cut(name, "-")
	if o.isMended() {
		return false
	}
	switch kind {
	case "hang":
		select {
		case <-r.Context().Done():
			return true
		case <-o.mended:
			return false
		}
	case "throttle":
		refuse(http.StatusBadRequest, kind)
	case "error":
		refuse(http.StatusInternalServerError, kind)
	default:
		return false
	}
	return true
}

// keep keeps messages and reports whether the answer is to be lost.
func (o *otherAWS) keep(name string, messages ...string) (lose bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept[name] = append(o.kept[name], messages...)
	lose = strings.HasPrefix(name, "lose") && !o.lost[name]
	o.lost[name] = true
	return lose
}

func (o *otherAWS) keptOf(name string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.kept[name])
}

func (o *otherAWS) topics(w http.ResponseWriter, r *http.Request, operation string, form url.Values) {
	arn := form.Get("TopicArn")
	name := arn[strings.LastIndexByte(arn, ':')+1:]
	text := ""
	switch operation {
	case "GetTopicAttributes":
		text = "<Attributes><entry><key>Policy</key><value>" + strings.ReplaceAll(publishers(arn), `"`, "&quot;") + "</value></entry></Attributes>"
	case "Publish":
		if o.fault(w, r, name, func(status int, kind string) {
			w.WriteHeader(status)
			code := map[string]string{"throttle": "Throttled", "error": "InternalError"}[kind]
			fmt.Fprintf(w, "<ErrorResponse><Error><Code>%s</Code></Error></ErrorResponse>", code)
		}) {
			return
		}
		if o.keep(name+" topic", form.Get("Message")) {
			panic(http.ErrAbortHandler)
		}
	}
	fmt.Fprintf(w, "<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>", operation, text)
}

func (o *otherAWS) logs(w http.ResponseWriter, r *http.Request, operation string, body []byte) {
	var in struct {
		LogGroupName, LogGroupNamePrefix string
		LogEvents                        []struct{ Message string }
	}
	if err := json.Unmarshal(body, &in); err != nil {
		o.t.Error(err)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	switch operation {
	case "DescribeLogGroups":
		fmt.Fprintf(w, `{"logGroups":[{"logGroupName":%q,"arn":%q}]}`, in.LogGroupNamePrefix, logsAt+in.LogGroupNamePrefix+":*")
		return
	case "PutLogEvents":
		if o.fault(w, r, in.LogGroupName, func(status int, kind string) {
			w.WriteHeader(status)
			code := map[string]string{"throttle": "ThrottlingException", "error": "ServiceUnavailableException"}[kind]
			fmt.Fprintf(w, `{"__type":%q}`, code)
		}) {
			return
		}
		var messages []string
		for _, e := range in.LogEvents {
			messages = append(messages, e.Message)
		}
		if o.keep(in.LogGroupName+" group", messages...) {
			panic(http.ErrAbortHandler)
		}
	}
	io.WriteString(w, "{}")
}

// vpcs are the ids of the DescribeVpcs events in a log group, without repetitions.
func (o *otherAWS) vpcs(name string) []string {
	var ids []string
	for _, m := range o.keptOf(name + " group") {
		var e struct{ EventID, EventName string }
		if err := json.Unmarshal([]byte(m), &e); err != nil {
			o.t.Error(err)
		}
		if e.EventName == "DescribeVpcs" && !slices.Contains(ids, e.EventID) {
			ids = append(ids, e.EventID)
		}
	}
	return ids
}

// files are the keys that a topic was told of.
func (o *otherAWS) files(name string) []string {
	var keys []string
	for _, m := range o.keptOf(name + " topic") {
		var files struct {
			Keys []string `json:"s3ObjectKey"`
		}
		if err := json.Unmarshal([]byte(m), &files); err != nil {
			o.t.Error(err)
		}
		keys = append(keys, files.Keys...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func TestAnOutageOfOneTrailsTopicAndLogGroupHoldsUpNoOther(t *testing.T) {
	other := startOtherAWS(t)
	t.Setenv("DELIVERY_SECRET", "secret")
	credentials := `{endpoint: "` + other.url + `", access_key_id: KEY, secret_access_key_env: DELIVERY_SECRET}`
	s := start(t, Options{
		Data: filepath.Join(t.TempDir(), "data"), DeliveryInterval: time.Second,
		Config: configured(t, "delivery: {any_bucket_policy: true, sns: "+credentials+", logs: "+credentials+"}"),
	})
	here := awsConfig(s.Endpoint().URL, administrator(t, s))
	ctx, trails, objects := t.Context(), cloudtrail.NewFromConfig(here), objectsOf(s, key(t, s, false))
	if _, err := objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("trails")}); err != nil {
		t.Fatal(err)
	}
	names := []string{"hang-it", "throttle-it", "error-it", "lose-it", "good-it"}
	for _, name := range names {
		if _, err := trails.CreateTrail(ctx, trailOf(name)); err != nil {
			t.Fatal(err)
		}
		if _, err := trails.StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: &name}); err != nil {
			t.Fatal(err)
		}
	}
	const calls = 10
	for range calls {
		if _, err := ec2.NewFromConfig(here).DescribeVpcs(ctx, &ec2.DescribeVpcsInput{}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the others go on", func() bool {
		return len(other.vpcs("good-it")) == calls && len(other.vpcs("lose-it")) == calls && len(other.files("good-it")) > 0 && len(other.files("lose-it")) > 0
	})
	for name, codes := range map[string][2]string{
		"throttle-it": {"Throttled", "ThrottlingException"}, "error-it": {"InternalError", "ServiceUnavailableException"}, "good-it": {},
	} {
		eventually(t, "the status of "+name+" shows its codes", func() bool {
			status, err := trails.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: &name})
			if err != nil {
				t.Fatal(err)
			}
			return aws.ToString(status.LatestNotificationError) == codes[0] && aws.ToString(status.LatestCloudWatchLogsDeliveryError) == codes[1]
		})
	}
	for _, name := range []string{"hang-it", "throttle-it", "error-it"} {
		if got := len(other.keptOf(name+" topic")) + len(other.keptOf(name+" group")); got > 0 {
			t.Errorf("%s got %d messages", name, got)
		}
	}
	// What these trails want ends here.
	const deleted = "error-it"
	for _, name := range []string{"hang-it", "throttle-it"} {
		if _, err := trails.StopLogging(ctx, &cloudtrail.StopLoggingInput{Name: &name}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := trails.DeleteTrail(ctx, &cloudtrail.DeleteTrailInput{Name: aws.String(deleted)}); err != nil {
		t.Fatal(err)
	}
	other.mend()
	eventually(t, "a deleted trail's log group has the deletion", func() bool {
		return slices.ContainsFunc(other.keptOf(deleted+" group"), func(m string) bool { return strings.Contains(m, `"DeleteTrail"`) })
	})
	want := other.vpcs("good-it")
	for _, name := range []string{"hang-it", "throttle-it", "error-it"} {
		eventually(t, name+" has all events, in order, and is told of all files", func() bool {
			out, err := objects.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("trails"), Prefix: &name})
			if err != nil {
				t.Fatal(err)
			}
			var stored []string
			for _, object := range out.Contents {
				stored = append(stored, aws.ToString(object.Key))
			}
			return slices.Equal(other.vpcs(name), want) && len(stored) > 0 && slices.Equal(other.files(name), stored)
		})
	}
}

func TestDeliveriesGoWhereTheConfigurationSaysElseWhereCallsGo(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "ENVIRONMENT")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("DELIVERY_SECRET", "secret")
	keyed := func(id string) string { return "access_key_id: " + id + ", secret_access_key_env: DELIVERY_SECRET" }
	other := startOtherAWS(t)
	for name, test := range map[string]struct {
		upstream string
		auth     gateway.Auth
		config   string // URL stands for a stub
		want     string // where, and with which key
	}{
		"nothing is said":    {"", "", "", "built in"},
		"for deliveries":     {"", "", "delivery: {sns: {endpoint: 'http://d:1', " + keyed("D") + "}}", "http://d:1 D"},
		"of AWS":             {"", "", "delivery: {sns: {}}", "AWS ENVIRONMENT"},
		"before the others":  {"http://u:1", "", "routes: {sns: 'http://r:1'}\ndelivery: {sns: {endpoint: 'http://d:1', " + keyed("D") + "}}", "http://d:1 D"},
		"a role":             {"", "", "delivery: {sns: {endpoint: 'URL', role_arn: 'arn:aws:iam::999988887777:role/c', " + keyed("D") + "}}", other.url + " ASSUMED"},
		"a route":            {"http://u:1", "", "routes: {sns: {url: 'http://r:1', credentials: {" + keyed("R") + "}}}", "http://r:1 R"},
		"a route's upstream": {"http://u:1", "", "routes: {sns: 'http://r:1'}\nupstream_credentials: {" + keyed("U") + "}", "http://r:1 U"},
		"an upstream":        {"http://u:1", "", "upstream_credentials: {" + keyed("U") + "}", "http://u:1 U"},
		"the usual places":   {"http://u:1", "", "", "http://u:1 ENVIRONMENT"},
		"callers' own keys":  {"http://u:1", "", "upstream_principals: [{principal: '*', credentials: {" + keyed("P") + "}}]", "http://u:1 ENVIRONMENT"},
		"none":               {"http://u:1", "", "upstream_credentials: none", "http://u:1 "},
		"open to everybody":  {"http://u:1", gateway.AuthOpen, "upstream_credentials: {" + keyed("U") + "}", "http://u:1 cairn"},
	} {
		o := Options{Data: "x", Upstream: test.upstream, Auth: test.auth, Config: configured(t, strings.ReplaceAll(test.config, "URL", other.url))}
		if err := o.validate(); err != nil {
			t.Fatal(err)
		}
		s := &Server{options: o}
		at, ok, err := s.outside(t.Context(), "sns", o.Config.Delivery.SNS)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := "built in"
		if ok {
			key, err := at.credentials.Retrieve(t.Context())
			if (err != nil) != strings.HasSuffix(test.want, " ") {
				t.Errorf("%s: %v", name, err)
			}
			got = cmp.Or(at.endpoint, "AWS") + " " + key.AccessKeyID
		}
		if got != test.want || ok != s.isOutside("sns", o.Config.Delivery.SNS) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	if want := []string{"AssumeRole D as cairn"}; !slices.Equal(other.calls, want) {
		t.Errorf("called %v, want %v", other.calls, want)
	}
}

func TestATrailFindsTheTopicsAndLogGroupsOfTheUpstream(t *testing.T) {
	other := startOtherAWS(t)
	s := start(t, Options{
		Data: filepath.Join(t.TempDir(), "data"), Auth: gateway.AuthOpen, Upstream: other.url,
		Config: configured(t, "delivery: {any_bucket_policy: true}"),
	})
	// The group and the role are of an account that is not the server's.
	in := trailOf("everything")
	in.CloudWatchLogsLogGroupArn = aws.String("arn:aws:logs:us-east-1:999988887777:log-group:everything:*")
	in.CloudWatchLogsRoleArn = aws.String("arn:aws:iam::999988887777:role/logs")
	trails := cloudtrail.NewFromConfig(awsConfig(s.Endpoint().URL, administrator(t, s)))
	_, err := trails.CreateTrail(t.Context(), in)
	refusedWith(t, "a group of the same name in another account", err, "InvalidCloudWatchLogsLogGroupArnException")
	in.CloudWatchLogsLogGroupArn = aws.String(logsAt + "everything:*")
	_, err = trails.CreateTrail(t.Context(), in)
	refusedWith(t, "a trail", err, "")
	other.mu.Lock()
	defer other.mu.Unlock()
	got := slices.DeleteFunc(slices.Clone(other.calls), func(c string) bool { return strings.HasPrefix(c, " ") }) // of S3
	check := []string{"GetTopicAttributes cairn", "DescribeLogGroups cairn"}
	if want := slices.Concat(check, check); !slices.Equal(got, want) {
		t.Errorf("called %v, want %v", got, want)
	}
}

func TestPlacesForDeliveriesThatCannotWorkAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"sns: {endpoint: nonsense}":                       "delivery's sns: endpoint",
		"logs: {region: Frankfurt}":                       "delivery's logs: region",
		"logs: {profile: a, access_key_id: b}":            "give one",
		"sns: {access_key_id: b}":                         "needs its secret",
		"sns: {role_arn: nobody}":                         "not the ARN of a role",
		"s3: {role_arn: nobody}":                          "not the ARN of a role",
		"sns: {endpoint: 'http://127.0.0.1:1', topic: x}": "topic",
		"logs: {path_style: true}":                        "path_style",
		"sns: none":                                       "none",
	} {
		if _, err := parseConfig([]byte("delivery: {" + text + "}")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	c := configured(t, `
delivery:
  s3: {endpoint: "http://127.0.0.1:1", region: eu-west-1, profile: audit, path_style: true}
  sns: {role_arn: "arn:aws:iam::999988887777:role/cairn", profile: audit, external_id: x, duration: 30m}
  logs: {}
`).Delivery
	if c.S3.Endpoint != "http://127.0.0.1:1" || c.S3.Region != "eu-west-1" || c.S3.Credentials.Profile != "audit" || !c.S3.PathStyle ||
		c.SNS.Credentials.RoleARN == "" || c.SNS.Credentials.Duration != 30*time.Minute || c.Logs == nil {
		t.Errorf("got %+v", c)
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	_, err := Start(t.Context(), Options{Data: t.TempDir(), Listen: "127.0.0.1:0", Config: configured(t, "delivery: {sns: {profile: nobodys}}")})
	if err == nil || !strings.Contains(err.Error(), "SNS of trails") || !strings.Contains(err.Error(), "nobodys") {
		t.Errorf("a profile that is not there: %v", err)
	}
}
