package cloudtrail

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/services/channel"
	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/trail"
)

// Accounts of the tests. The first manages the organization.
const (
	own    = "111122223333"
	member = "444455556666"
)

// world is all that the service asks.
type world struct {
	status   trail.Status
	asked    [2]string // trail and Region of the last question for a status
	keys     []PublicKey
	from, to time.Time // of the last question for keys
	refusal  error     // of every destination
	checked  []string  // the destinations that were checked
	accounts []string  // that the bucket was checked for
}

func (w *world) Status(id, region string) (trail.Status, error) {
	w.asked = [2]string{id, region}
	return w.status, nil
}

func (w *world) PublicKeys(_ string, from, to time.Time) ([]PublicKey, error) {
	w.from, w.to = from, to
	return w.keys, nil
}

func (w *world) CheckBucket(_ context.Context, t trail.Trail, accounts []string) error {
	w.checked, w.accounts = append(w.checked, t.Bucket), accounts
	return w.refusal
}

func (w *world) CheckTopic(_ context.Context, t trail.Trail) error {
	w.checked = append(w.checked, t.TopicARN)
	return w.refusal
}

func (w *world) CheckLogGroup(_ context.Context, t trail.Trail) error {
	w.checked = append(w.checked, t.LogGroupARN)
	return w.refusal
}

func (*world) Account() (string, error) { return own, nil }

func (*world) Accounts() ([]string, error) { return []string{own, member}, nil }

func newTrailDesk(t *testing.T) (*desk, *world) {
	t.Helper()
	catalog, err := awsapi.Open()
	if err != nil {
		t.Fatal(err)
	}
	model, err := catalog.Service("cloudtrail")
	if err != nil {
		t.Fatal(err)
	}
	disk, err := state.Open(filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { disk.Close() })
	w := &world{}
	trails := Trails{
		Store:    trail.NewStore(disk, func() journal.Seq { return 7 }),
		Statuses: w, Keys: w, Destinations: w, Accounts: w,
	}
	channels := channel.NewStore(disk)
	return &desk{
		t: t, model: model, channels: channels, service: New(&oneQuery{}, channels, trails, Options{}),
		account: own, region: "eu-west-1",
	}, w
}

// as is the desk of another caller.
func (d *desk) as(account, region string) *desk {
	other := *d
	other.account, other.region = account, region
	return &other
}

func (d *desk) trail(name string, settings object) object {
	d.t.Helper()
	params := object{"Name": name, "S3BucketName": "logs"}
	maps.Copy(params, settings)
	return d.must("CreateTrail", params)
}

func arnOf(region, name string) string {
	return "arn:aws:cloudtrail:" + region + ":" + own + ":trail/" + name
}

// names are those of the trails that an answer lists.
func names(out object, list string) []string {
	found := []string{}
	for _, item := range out[list].([]any) {
		found = append(found, item.(object)["Name"].(string))
	}
	return found
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

func TestCreateTrailAnswersWithTheSettings(t *testing.T) {
	d, w := newTrailDesk(t)
	equal(t, "the least", d.trail("least", nil), object{
		"Name": "least", "S3BucketName": "logs", "TrailARN": arnOf("eu-west-1", "least"),
		"IncludeGlobalServiceEvents": true, "IsMultiRegionTrail": false, "IsOrganizationTrail": false, "LogFileValidationEnabled": false,
	})
	group, role := "arn:aws:logs:eu-west-1:"+own+":log-group:CloudTrail/Logs:*", "arn:aws:iam::"+own+":role/logs"
	all := object{
		"Name": "all", "S3BucketName": "logs", "S3KeyPrefix": "prefix", "SnsTopicName": "topic", "IsMultiRegionTrail": true,
		"IncludeGlobalServiceEvents": true, "EnableLogFileValidation": true, "KmsKeyId": "alias/key",
		"CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": role,
		"TagsList": []any{object{"Key": "k", "Value": "v"}},
	}
	want := object{
		"Name": "all", "S3BucketName": "logs", "S3KeyPrefix": "prefix", "TrailARN": arnOf("eu-west-1", "all"),
		"SnsTopicName": "topic", "SnsTopicARN": "arn:aws:sns:eu-west-1:" + own + ":topic",
		"IncludeGlobalServiceEvents": true, "IsMultiRegionTrail": true, "IsOrganizationTrail": false, "LogFileValidationEnabled": true,
		"KmsKeyId": "arn:aws:kms:eu-west-1:" + own + ":alias/key", "CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": role,
	}
	w.checked = nil
	equal(t, "all", d.must("CreateTrail", all), want)
	equal(t, "the destinations that were checked", w.checked, []string{"logs", "arn:aws:sns:eu-west-1:" + own + ":topic", group})
	equal(t, "the accounts that the bucket was checked for", w.accounts, []string{own})
	want["HomeRegion"], want["HasCustomEventSelectors"], want["HasInsightSelectors"] = "eu-west-1", false, false
	for _, name := range []string{"all", arnOf("eu-west-1", "all")} {
		equal(t, "GetTrail "+name, d.must("GetTrail", object{"Name": name}), object{"Trail": want})
	}
	equal(t, "GetTrailStatus", d.must("GetTrailStatus", object{"Name": "all"})["IsLogging"], false)
}

func TestTrailsRefuseWhatAWSRefuses(t *testing.T) {
	d, _ := newTrailDesk(t)
	d.trail("there", object{"IsMultiRegionTrail": true})
	group, role := "arn:aws:logs:eu-west-1:"+own+":log-group:g:*", "arn:aws:iam::"+own+":role/r"
	var tags []any
	for i := range 51 {
		tags = append(tags, object{"Key": fmt.Sprint(i)})
	}
	for _, test := range []struct {
		name   string
		params object
		code   string // "" is no refusal
	}{
		{"a key ID", object{"KmsKeyId": "12345678-1234-1234-1234-123456789012"}, ""},
		{"a multi-Region key", object{"KmsKeyId": "mrk-1234abcd12ab34cd56ef1234567890ab"}, ""},
		{"a key's ARN", object{"KmsKeyId": "arn:aws:kms:us-east-2:123456789012:key/12345678-1234-1234-1234-123456789012"}, ""},
		{"an alias' ARN", object{"KmsKeyId": "arn:aws:kms:us-east-2:123456789012:alias/MyAliasName"}, ""},
		{"no key", object{"KmsKeyId": "key"}, "InvalidKmsKeyIdException"},
		{"an alias of nothing", object{"KmsKeyId": "alias/"}, "InvalidKmsKeyIdException"},
		{"no name of a bucket", object{"S3BucketName": "A_Bucket"}, "InvalidS3BucketNameException"},
		{"an address as bucket", object{"S3BucketName": "192.168.5.4"}, "InvalidS3BucketNameException"},
		{"two dots in a bucket", object{"S3BucketName": "a..b"}, "InvalidS3BucketNameException"},
		{"a bucket of 2 letters", object{"S3BucketName": "ab"}, "InvalidS3BucketNameException"},
		{"a bucket of 64 letters", object{"S3BucketName": strings.Repeat("a", 64)}, "InvalidS3BucketNameException"},
		{"no bucket", object{"S3BucketName": ""}, "InvalidS3BucketNameException"},
		{"a prefix of 200 characters", object{"S3KeyPrefix": strings.Repeat("ü", 200)}, ""},
		{"a prefix of 201 characters", object{"S3KeyPrefix": strings.Repeat("p", 201)}, "InvalidS3PrefixException"},
		{"a prefix of two lines", object{"S3KeyPrefix": "a\nb"}, "InvalidS3PrefixException"},
		{"a topic's ARN", object{"SnsTopicName": "arn:aws:sns:us-east-1:" + member + ":topic"}, ""},
		{"a topic of no name", object{"SnsTopicName": "a topic"}, "InvalidSnsTopicNameException"},
		{"a queue as topic", object{"SnsTopicName": "arn:aws:sqs:us-east-1:" + own + ":topic"}, "InvalidSnsTopicNameException"},
		{"a topic of 257 characters", object{"SnsTopicName": strings.Repeat("t", 257)}, "InvalidSnsTopicNameException"},
		{"a log group and a role", object{"CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": role}, ""},
		{"a log group alone", object{"CloudWatchLogsLogGroupArn": group}, "InvalidCloudWatchLogsRoleArnException"},
		{"a role alone", object{"CloudWatchLogsRoleArn": role}, "InvalidCloudWatchLogsLogGroupArnException"},
		{"a log group without a star", object{"CloudWatchLogsLogGroupArn": strings.TrimSuffix(group, ":*"), "CloudWatchLogsRoleArn": role}, "InvalidCloudWatchLogsLogGroupArnException"},
		{"a log group elsewhere", object{"CloudWatchLogsLogGroupArn": strings.Replace(group, "eu-west-1", "eu-west-2", 1), "CloudWatchLogsRoleArn": role}, "InvalidCloudWatchLogsLogGroupArnException"},
		{"a foreign log group", object{"CloudWatchLogsLogGroupArn": strings.Replace(group, own, member, 1), "CloudWatchLogsRoleArn": role}, "InvalidCloudWatchLogsLogGroupArnException"},
		{"a foreign role", object{"CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": strings.Replace(role, own, member, 1)}, "InvalidCloudWatchLogsRoleArnException"},
		{"no role", object{"CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": "r"}, "InvalidCloudWatchLogsRoleArnException"},
		{"not global", object{"IncludeGlobalServiceEvents": false}, ""},
		{"multi-Region and not global", object{"IncludeGlobalServiceEvents": false, "IsMultiRegionTrail": true}, "InvalidParameterCombinationException"},
	} {
		for operation, name := range map[string]string{"CreateTrail": "one", "UpdateTrail": "there"} {
			params := object{"Name": name, "S3BucketName": "logs"}
			if operation == "UpdateTrail" && test.params["IncludeGlobalServiceEvents"] == false {
				continue // its own test is below
			}
			maps.Copy(params, test.params)
			if test.code != "" {
				d.refused(operation, params, test.code)
				continue
			}
			d.must(operation, params)
			if operation == "CreateTrail" {
				d.must("DeleteTrail", object{"Name": name})
			} else {
				d.must("UpdateTrail", object{"Name": name, "CloudWatchLogsLogGroupArn": "", "CloudWatchLogsRoleArn": ""})
			}
		}
	}
	for name, bad := range map[string][]any{
		"TagsLimitExceededException":   tags,
		"InvalidTagParameterException": {object{"Key": "aws:mine"}},
	} {
		d.refused("CreateTrail", object{"Name": "one", "S3BucketName": "logs", "TagsList": bad}, name)
	}
	d.refused("CreateTrail", object{"Name": "there", "S3BucketName": "logs"}, "TrailAlreadyExistsException")
	d.as(own, "us-east-1").refused("CreateTrail", object{"Name": "there", "S3BucketName": "logs"}, "TrailAlreadyExistsException")
	d.as(member, "eu-west-1").trail("there", nil)
}

func TestNamesOfTrails(t *testing.T) {
	d, _ := newTrailDesk(t)
	onTrails := []string{
		"UpdateTrail", "DeleteTrail", "GetTrail", "GetTrailStatus", "StartLogging", "StopLogging",
		"PutEventSelectors", "GetEventSelectors", "PutInsightSelectors", "GetInsightSelectors",
		"PutEventConfiguration", "GetEventConfiguration",
	}
	call := func(operation, name string) object {
		return object{
			"Name": name, "TrailName": name, "S3BucketName": "logs", "EventSelectors": []any{object{}}, "InsightSelectors": []any{},
		}
	}
	for name, fault := range map[string]string{
		"":                       "too short",
		"ab":                     "too short",
		strings.Repeat("n", 129): "too long",
		"-abc":                   "starts with a letter or number",
		"abc_":                   "ends with a letter or number",
		"a b":                    "can only contain",
		"käse":                   "can only contain",
		"my-_namespace":          "adjacent",
		"my--namespace":          "adjacent",
		"192.168.5.4":            "IP address",
	} {
		for _, operation := range append(onTrails, "CreateTrail") {
			d.refused(operation, call(operation, name), "InvalidTrailNameException")
		}
		if _, err := d.call("GetTrail", object{"Name": name}); !strings.Contains(err.Error(), fault) {
			t.Errorf("%q: %v, want one with %q", name, err, fault)
		}
		d.refused("DescribeTrails", object{"trailNameList": []any{name}}, "InvalidTrailNameException")
	}
	for _, arn := range []string{
		"arn:aws:cloudtrail:eu-west-1:" + own + ":channel/abc", "arn:aws:s3:::bucket", "arn:", arnOf("cn-north-1", "abc"),
	} {
		for _, operation := range onTrails {
			d.refused(operation, call(operation, arn), "CloudTrailARNInvalidException")
		}
		d.refused("DescribeTrails", object{"trailNameList": []any{arn}}, "CloudTrailARNInvalidException")
	}
	for _, operation := range onTrails {
		d.refused(operation, call(operation, "nobody"), "TrailNotFoundException")
		d.refused(operation, call(operation, arnOf("us-east-2", "nobody")), "TrailNotFoundException")
	}
	_, err := d.as(own, "us-east-2").call("GetTrail", object{"Name": "nobody"})
	equal(t, "the message", err.Error(), "TrailNotFoundException: Unknown trail: "+arnOf("us-east-2", "nobody")+" for the user: "+own)
	for _, name := range []string{"abc", strings.Repeat("n", 128), "a.b-c_d", "1.2.3.4.5", "My-Trail-1"} {
		d.trail(name, nil)
		d.must("DeleteTrail", object{"Name": name})
	}
}

func TestDestinationsAreCheckedFirst(t *testing.T) {
	d, w := newTrailDesk(t)
	d.trail("there", nil)
	for refusal, want := range map[error]string{
		ErrNoBucket:      "S3BucketDoesNotExistException: S3 bucket logs does not exist!",
		ErrBucketPolicy:  "InsufficientS3BucketPolicyException: Incorrect S3 bucket policy is detected for bucket: logs",
		ErrTopic:         "InsufficientSnsTopicPolicyException: SNS Topic does not exist or the topic policy is incorrect!",
		ErrLogGroup:      "InvalidCloudWatchLogsLogGroupArnException: CloudTrail cannot validate the specified log group ARN.",
		ErrLogsRole:      "InvalidCloudWatchLogsRoleArnException: Access denied. Check the trust relationships for your role.",
		ErrLogsRoleGrant: "InvalidCloudWatchLogsLogGroupArnException: Access denied. Check the permissions for your role.",
		ErrNoKey:         "KmsKeyNotFoundException: The KMS key arn:aws:kms:eu-west-1:" + own + ":alias/k was not found.",
		ErrKeyPolicy:     "InsufficientEncryptionPolicyException: Insufficient permissions to access S3 bucket logs or KMS key arn:aws:kms:eu-west-1:" + own + ":alias/k.",
	} {
		w.refusal = fmt.Errorf("checking: %w", refusal)
		for operation, name := range map[string]string{"CreateTrail": "new", "UpdateTrail": "there"} {
			params := object{"Name": name, "S3BucketName": "logs", "KmsKeyId": "alias/k"}
			if _, err := d.call(operation, params); err == nil || err.Error() != want {
				t.Errorf("%s: %v, want %s", operation, err, want)
			}
			code, _, _ := strings.Cut(want, ":")
			d.refused(operation, params, code)
		}
	}
	w.refusal = errors.New("the network is down")
	if _, err := d.call("CreateTrail", object{"Name": "new", "S3BucketName": "logs"}); !errors.Is(err, w.refusal) {
		t.Errorf("a check that failed was answered with %v", err)
	}
	w.refusal = nil
	d.refused("GetTrail", object{"Name": "new"}, "TrailNotFoundException")
	equal(t, "the key of the trail that was not updated", d.must("GetTrail", object{"Name": "there"})["Trail"].(object)["KmsKeyId"], nil)
}

func TestUpdateTrailChangesWhatItNames(t *testing.T) {
	d, _ := newTrailDesk(t)
	d.trail("name", object{"S3KeyPrefix": "p", "SnsTopicName": "t", "KmsKeyId": "alias/k", "EnableLogFileValidation": true})
	before := d.must("UpdateTrail", object{"Name": "name"})
	equal(t, "nothing named", before["S3KeyPrefix"], "p")
	out := d.must("UpdateTrail", object{
		"Name": arnOf("eu-west-1", "name"), "S3BucketName": "other", "S3KeyPrefix": "", "SnsTopicName": "", "KmsKeyId": "",
		"EnableLogFileValidation": false, "IsMultiRegionTrail": true,
	})
	equal(t, "all named", out, object{
		"Name": "name", "S3BucketName": "other", "TrailARN": arnOf("eu-west-1", "name"), "IncludeGlobalServiceEvents": true,
		"IsMultiRegionTrail": true, "IsOrganizationTrail": false, "LogFileValidationEnabled": false,
	})
	d.refused("UpdateTrail", object{"Name": "name", "IncludeGlobalServiceEvents": false}, "InvalidParameterCombinationException")
	single := d.must("UpdateTrail", object{"Name": "name", "IsMultiRegionTrail": false, "IncludeGlobalServiceEvents": false})
	equal(t, "a single Region", single["IncludeGlobalServiceEvents"], false)
	d.refused("UpdateTrail", object{"Name": "name", "IsMultiRegionTrail": true}, "InvalidParameterCombinationException")
	d.as(own, "us-east-1").trail("name", nil)
	d.refused("UpdateTrail", object{"Name": "name", "IsMultiRegionTrail": true, "IncludeGlobalServiceEvents": true}, "ConflictException")
}

func TestARegionHasFiveTrails(t *testing.T) {
	d, _ := newTrailDesk(t)
	for i := range 5 {
		d.trail(fmt.Sprint("multi-", i), object{"IsMultiRegionTrail": true})
	}
	elsewhere := d.as(own, "sa-east-1")
	elsewhere.refused("CreateTrail", object{"Name": "sixth", "S3BucketName": "logs"}, "MaximumNumberOfTrailsExceededException")
	_, err := elsewhere.call("CreateTrail", object{"Name": "sixth", "S3BucketName": "logs"})
	equal(t, "the message", err.Error(), "MaximumNumberOfTrailsExceededException: User: "+own+" already has 5 trails in sa-east-1.")
}

func TestTrailsAreChangedAtHomeAndSeenEverywhere(t *testing.T) {
	d, w := newTrailDesk(t)
	d.trail("multi", object{"IsMultiRegionTrail": true})
	d.trail("single", nil)
	away := d.as(own, "us-east-1")
	changes := []string{"UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging", "PutEventSelectors", "PutInsightSelectors", "PutEventConfiguration"}
	for _, name := range []string{"multi", arnOf("eu-west-1", "multi"), arnOf("eu-west-1", "single")} {
		for _, operation := range changes {
			away.refused(operation, object{
				"Name": name, "TrailName": name, "EventSelectors": []any{object{}}, "InsightSelectors": []any{},
			}, "InvalidHomeRegionException")
		}
	}
	for _, operation := range changes {
		away.refused(operation, object{"Name": "single", "TrailName": "single", "EventSelectors": []any{object{}}, "InsightSelectors": []any{}}, "TrailNotFoundException")
	}
	for _, operation := range []string{"GetTrail", "GetTrailStatus", "GetEventSelectors", "GetEventConfiguration"} {
		away.refused(operation, object{"Name": "multi", "TrailName": "multi"}, "TrailNotFoundException")
		away.must(operation, object{"Name": arnOf("eu-west-1", "multi"), "TrailName": arnOf("eu-west-1", "multi")})
	}
	equal(t, "the Region whose status was asked", w.asked[1], "us-east-1")

	described := func(d *desk, params object) []string { return names(d.must("DescribeTrails", params), "trailList") }
	list := func(names ...string) object { return object{"trailNameList": anys(names)} }
	no := func(params object) object { params["includeShadowTrails"] = false; return params }
	equal(t, "all here", described(d, nil), []string{"multi", "single"})
	equal(t, "all here but shadows", described(d, no(object{})), []string{"multi", "single"})
	equal(t, "all there", described(away, nil), []string{"multi"})
	equal(t, "all there, asked for", described(away, object{"includeShadowTrails": true}), []string{"multi"})
	equal(t, "all there but shadows", described(away, no(object{})), []string{})
	equal(t, "by name here", described(d, list("single", "nobody")), []string{"single"})
	equal(t, "by name there", described(away, list("multi", "single")), []string{})
	equal(t, "by ARN there", described(away, list(arnOf("eu-west-1", "multi"), arnOf("eu-west-1", "single"))), []string{"multi", "single"})
	equal(t, "by ARN there but shadows", described(away, no(list(arnOf("eu-west-1", "multi"), arnOf("eu-west-1", "single")))), []string{"single"})
	equal(t, "an empty list", described(d, list()), []string{"multi", "single"})
	equal(t, "ListTrails there", away.must("ListTrails", nil), object{"Trails": []any{
		object{"Name": "multi", "TrailARN": arnOf("eu-west-1", "multi"), "HomeRegion": "eu-west-1"},
		object{"Name": "single", "TrailARN": arnOf("eu-west-1", "single"), "HomeRegion": "eu-west-1"},
	}})
}

func TestTrailsOfOtherAccountsAreNotSeen(t *testing.T) {
	d, _ := newTrailDesk(t)
	d.trail("name", object{"IsMultiRegionTrail": true})
	foreign := d.as(member, "eu-west-1")
	arn := arnOf("eu-west-1", "name")
	for _, operation := range []string{
		"GetTrail", "GetTrailStatus", "GetEventSelectors", "GetInsightSelectors", "GetEventConfiguration",
		"UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging", "PutEventSelectors", "PutInsightSelectors", "PutEventConfiguration",
	} {
		foreign.refused(operation, object{"Name": arn, "TrailName": arn, "EventSelectors": []any{object{}}, "InsightSelectors": []any{}}, "TrailNotFoundException")
	}
	for _, operation := range []string{"AddTags", "RemoveTags"} {
		foreign.refused(operation, object{"ResourceId": arn, "TagsList": []any{object{"Key": "k"}}}, "ResourceNotFoundException")
	}
	foreign.refused("ListTags", object{"ResourceIdList": []any{arn}}, "ResourceNotFoundException")
	equal(t, "DescribeTrails", foreign.must("DescribeTrails", object{"trailNameList": []any{arn}}), object{"trailList": []any{}})
	equal(t, "ListTrails", foreign.must("ListTrails", nil), object{"Trails": []any{}})
}

func TestTrailsOfTheOrganization(t *testing.T) {
	d, w := newTrailDesk(t)
	foreign := d.as(member, "eu-west-1")
	foreign.refused("CreateTrail", object{"Name": "org", "S3BucketName": "logs", "IsOrganizationTrail": true}, "NotOrganizationMasterAccountException")
	out := d.trail("org", object{"IsOrganizationTrail": true})
	equal(t, "IsOrganizationTrail", out["IsOrganizationTrail"], true)
	equal(t, "the accounts that the bucket was checked for", w.accounts, []string{own, member})
	arn := arnOf("eu-west-1", "org")
	stored, err := d.service.trails.Store.Get(trail.Ref{AccountID: own, HomeRegion: "eu-west-1", Name: "org"})
	if err != nil || !strings.HasPrefix(stored.OrganizationID, "o-") || len(stored.OrganizationID) != 12 {
		t.Errorf("the organization is %q, %v", stored.OrganizationID, err)
	}
	foreign.refused("GetTrail", object{"Name": "org"}, "TrailNotFoundException")
	foreign.must("GetTrail", object{"Name": arn})
	foreign.must("GetTrailStatus", object{"Name": arn})
	equal(t, "DescribeTrails of a member", names(foreign.must("DescribeTrails", nil), "trailList"), []string{"org"})
	equal(t, "without shadows", names(foreign.must("DescribeTrails", object{"includeShadowTrails": false}), "trailList"), []string{})
	equal(t, "elsewhere", names(foreign.as(member, "us-east-1").must("DescribeTrails", nil), "trailList"), []string{})
	for _, name := range []string{"org", arn} {
		for _, operation := range []string{"UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging", "PutEventSelectors", "PutInsightSelectors", "PutEventConfiguration"} {
			foreign.refused(operation, object{"Name": name, "TrailName": name, "EventSelectors": []any{object{}}, "InsightSelectors": []any{}}, "NotOrganizationMasterAccountException")
		}
	}
	foreign.refused("AddTags", object{"ResourceId": arn, "TagsList": []any{object{"Key": "k"}}}, "NotOrganizationMasterAccountException")
	d.must("UpdateTrail", object{"Name": "org", "IsOrganizationTrail": false})
	foreign.refused("GetTrail", object{"Name": arn}, "TrailNotFoundException")
	foreign.trail("mine", nil)
	foreign.refused("UpdateTrail", object{"Name": "mine", "IsOrganizationTrail": true}, "NotOrganizationMasterAccountException")
}

func TestGetTrailStatusTellsWhatBecameOfATrail(t *testing.T) {
	d, w := newTrailDesk(t)
	d.trail("name", nil)
	obsolete := []string{
		"LatestDeliveryAttemptTime", "LatestDeliveryAttemptSucceeded", "LatestNotificationAttemptTime",
		"LatestNotificationAttemptSucceeded", "TimeLoggingStarted", "TimeLoggingStopped",
	}
	fresh := object{"IsLogging": false}
	for _, name := range obsolete {
		fresh[name] = ""
	}
	equal(t, "a new trail", d.must("GetTrailStatus", object{"Name": "name"}), fresh)
	d.must("StartLogging", object{"Name": "name"})
	d.must("StartLogging", object{"Name": "name"})
	at := func(minutes int) time.Time { return now.Add(time.Duration(minutes) * time.Minute) }
	w.status = trail.Status{
		Delivery: at(1), DeliveryAttempt: at(2), Notification: at(3), NotificationAttempt: at(4), Digest: at(5), Logs: at(6),
		DeliveryError: "AccessDenied", NotificationError: "AuthorizationError", DigestError: "NoSuchBucket", LogsError: "Throttled",
	}
	equal(t, "one that delivers", d.must("GetTrailStatus", object{"Name": "name"}), object{
		"IsLogging": true, "StartLoggingTime": now, "TimeLoggingStarted": "2026-11-21T12:00:00Z", "TimeLoggingStopped": "",
		"LatestDeliveryTime": at(1), "LatestDeliveryAttemptTime": "2026-11-21T12:02:00Z", "LatestDeliveryAttemptSucceeded": "2026-11-21T12:01:00Z",
		"LatestNotificationTime": at(3), "LatestNotificationAttemptTime": "2026-11-21T12:04:00Z", "LatestNotificationAttemptSucceeded": "2026-11-21T12:03:00Z",
		"LatestDigestDeliveryTime": at(5), "LatestCloudWatchLogsDeliveryTime": at(6),
		"LatestDeliveryError": "AccessDenied", "LatestNotificationError": "AuthorizationError",
		"LatestDigestDeliveryError": "NoSuchBucket", "LatestCloudWatchLogsDeliveryError": "Throttled",
	})
	d.must("StopLogging", object{"Name": "name"})
	out := d.must("GetTrailStatus", object{"Name": "name"})
	equal(t, "StopLoggingTime", out["StopLoggingTime"], now)
	equal(t, "TimeLoggingStopped", out["TimeLoggingStopped"], "2026-11-21T12:00:00Z")
}

func TestListPublicKeysAsksForTheRange(t *testing.T) {
	d, w := newTrailDesk(t)
	w.keys = []PublicKey{{DER: []byte("der"), Fingerprint: "f", From: now, To: now.Add(time.Hour)}}
	equal(t, "the answer", d.must("ListPublicKeys", nil), object{"PublicKeyList": []any{
		object{"Value": []byte("der"), "Fingerprint": "f", "ValidityStartTime": now, "ValidityEndTime": now.Add(time.Hour)},
	}})
	day := 24 * time.Hour
	for _, test := range []struct {
		params   object
		from, to time.Time
	}{
		{nil, now, now},
		{object{"StartTime": now.Add(-day)}, now.Add(-day), now},
		{object{"EndTime": now.Add(-day)}, now.Add(-day), now.Add(-day)},
		{object{"StartTime": now.Add(-2 * day), "EndTime": now.Add(-day)}, now.Add(-2 * day), now.Add(-day)},
	} {
		d.must("ListPublicKeys", test.params)
		if !w.from.Equal(test.from) || !w.to.Equal(test.to) {
			t.Errorf("%v asks for %v to %v", test.params, w.from, w.to)
		}
	}
	d.refused("ListPublicKeys", object{"StartTime": now, "EndTime": now.Add(-time.Second)}, "InvalidTimeRangeException")
	d.refused("ListPublicKeys", object{"NextToken": "x"}, "InvalidTokenException")
}

// TestEveryOperationIsAnswered calls each without parameters: none may panic or
// be unknown.
func TestEveryOperationIsAnswered(t *testing.T) {
	d, _ := newTrailDesk(t)
	for _, operation := range slices.Sorted(maps.Keys(d.service.handlers)) {
		if d.model.Operation(operation) == nil {
			t.Errorf("CloudTrail has no operation %s", operation)
		}
	}
	for _, operation := range d.model.Operations {
		out, err := d.call(operation.Name, nil)
		var refusal *awsapi.Error
		switch {
		case err != nil && !errors.As(err, &refusal):
			t.Errorf("%s: %v", operation.Name, err)
		case err != nil && strings.Contains(refusal.Message, "does not have"):
			t.Errorf("%s: %v", operation.Name, err)
		case err != nil:
			d.refused(operation.Name, nil, refusal.Code)
		case out == nil:
			t.Errorf("%s has no answer", operation.Name)
		}
	}
}
