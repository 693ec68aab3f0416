package record

import (
	"cmp"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/event"
)

// resourceRow says where a call names a resource that its event lists.
type resourceRow struct {
	// ops are the operations; nil is all of the service.
	ops map[string]bool
	// from are members of the parameters, or of the answer when answer is
	// set, outermost first. A list on the way gives a resource an element.
	from   []string
	answer bool
	kind   string
	// missing is the name that stands for one that is not given.
	missing string
	// ownerless resources have no accountId.
	ownerless bool
	// arn is the resource's ARN where the call gives only its name, with
	// {region}, {account} and {name}; empty takes nothing but ARNs.
	arn string
}

const kmsKey = "kms:{region}:{account}:key/{name}"

var (
	roleRow     = resourceRow{ops: set("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"), from: []string{"RoleArn"}, kind: "AWS::IAM::Role"} // 522949b1
	providerRow = resourceRow{ops: set("AssumeRoleWithSAML"), from: []string{"PrincipalArn"}, kind: "AWS::IAM::SAMLProvider"}                               // 423fa918
	tableRow    = resourceRow{from: []string{"TableName"}, kind: "AWS::DynamoDB::Table", arn: "dynamodb:{region}:{account}:table/{name}"}
)

// serviceResources are the rows by service id, in the order of the record. A
// resource that several rows find is listed once.
var serviceResources = map[string][]resourceRow{
	"sts": {roleRow, providerRow},
	// doc: KMS guide, samples of every operation; of ReEncrypt the source comes first.
	"kms": {
		{ops: set("ReEncrypt"), from: []string{"SourceKeyId"}, answer: true, kind: "AWS::KMS::Key"},
		{from: []string{"KeyId"}, answer: true, kind: "AWS::KMS::Key"},
		{from: []string{"KeyMetadata", "Arn"}, answer: true, kind: "AWS::KMS::Key"},
		{from: []string{"SourceKeyId"}, kind: "AWS::KMS::Key", arn: kmsKey},
		{from: []string{"KeyId"}, kind: "AWS::KMS::Key", arn: kmsKey},
		{from: []string{"TargetKeyId"}, kind: "AWS::KMS::Key", arn: kmsKey},
		{from: []string{"DestinationKeyId"}, kind: "AWS::KMS::Key", arn: kmsKey},
	},
	"lambda": {
		{ops: dataEvents["lambda"], from: []string{"FunctionName"}, kind: "AWS::Lambda::Function", arn: "lambda:{region}:{account}:function:{name}"}, // doc: Lambda guide
	},
	"dynamodb": {tableRow}, // doc: DynamoDB guide, data events
	"dynamodbstreams": {
		{ops: dataEvents["dynamodbstreams"], from: []string{"StreamArn"}, kind: "AWS::DynamoDB::Stream"},
	},
	"sqs": {
		{ops: dataEvents["sqs"], from: []string{"QueueUrl"}, kind: "AWS::SQS::Queue", arn: "sqs:{region}:{account}:{name}"}, // doc: SQS guide
	},
	"sns": {
		{ops: dataEvents["sns"], from: []string{"TopicArn"}, kind: "AWS::SNS::Topic"}, // doc: SNS guide
	},
	// doc: EventBridge guide, a sample of each
	"events": {
		{
			ops: set("PutEvents"), from: []string{"Entries", "EventBusName"}, kind: "AWS::Events::EventBus",
			arn: "events:{region}:{account}:event-bus/{name}", missing: "default", ownerless: true,
		},
		{
			ops: set("PutPartnerEvents"), from: []string{"Entries", "Source"}, kind: "AWS::Events::EventSource",
			arn: "events:{region}::event-source/{name}", ownerless: true,
		},
	},
	"kinesis": {
		{ops: dataEvents["kinesis"], from: []string{"StreamARN"}, kind: "AWS::Kinesis::Stream"},
		{ops: dataEvents["kinesis"], from: []string{"StreamName"}, kind: "AWS::Kinesis::Stream", arn: "kinesis:{region}:{account}:stream/{name}"},
	},
	"ebs": {
		{ops: dataEvents["ebs"], from: []string{"SnapshotId"}, kind: "AWS::EC2::Snapshot", arn: "ec2:{region}::snapshot/{name}"},
	},
	"cloudtrail-data": {
		{from: []string{"channelArn"}, kind: "AWS::CloudTrail::Channel"},
	},
}

// maxElements bounds the resources that a list of parameters names. No list that
// a row looks into may be as long in a call that AWS takes.
const maxElements = 100

// resources lists what the call touched. A call that was refused before its
// parameters were looked at touched nothing.
func resources(rules *serviceRules, c *Call, code string) []event.Resource {
	if c.Operation == nil || !rules.keepsRefused && refusedEarly(rules, c) {
		return nil
	}
	if rules.id == "s3" {
		return s3Resources(c, code)
	}
	var found []event.Resource
	for _, row := range rules.resources {
		if row.ops != nil && !row.ops[c.Operation.Name] {
			continue
		}
		value := c.Params
		if row.answer {
			value = c.Output
		}
		for _, name := range row.named(value, row.from) {
			arn := row.resource(c, name)
			if arn == "" || slices.ContainsFunc(found, func(r event.Resource) bool { return r.ARN == arn }) {
				continue
			}
			r := event.Resource{Type: row.kind, ARN: arn}
			if !row.ownerless {
				r.AccountID = arnAccount(arn, c.AccountID)
			}
			found = append(found, r)
		}
	}
	return found
}

// named are the names that the row's members have below a value.
func (row *resourceRow) named(value any, path []string) []string {
	switch v := value.(type) {
	case []any:
		var all []string
		for _, element := range v[:min(len(v), maxElements)] {
			all = append(all, row.named(element, path)...)
		}
		return all
	case map[string]any:
		if len(path) > 1 {
			return row.named(v[path[0]], path[1:])
		}
		name, _ := v[path[0]].(string)
		return []string{cmp.Or(name, row.missing)}
	}
	return nil
}

// resource returns the ARN of a resource that the row's member names, or "".
func (row *resourceRow) resource(c *Call, name string) string {
	switch {
	case strings.HasPrefix(name, "arn:"):
		return name
	case name == "" || row.arn == "" || strings.HasPrefix(name, "alias/"):
		return ""
	case strings.Contains(name, "://"):
		u, err := url.Parse(name)
		if err != nil {
			return ""
		}
		name = path.Base(u.Path)
	}
	return "arn:" + partition(c.Region) + ":" + strings.NewReplacer(
		"{region}", c.Region, "{account}", c.AccountID, "{name}", name).Replace(row.arn)
}

// s3Resources lists the object and the bucket of an S3 call, and the source's
// of a copy. A call that found no bucket has none, nor has one that makes it
// (16ab98c7) or names none.
func s3Resources(c *Call, code string) []event.Resource {
	bucket, _ := c.Params["Bucket"].(string)
	if bucket == "" || code == "NoSuchBucket" || c.Operation.Name == "CreateBucket" {
		return nil
	}
	prefix := "arn:" + partition(c.Region) + ":s3:::"
	var found []event.Resource
	if dataEvents["s3"][c.Operation.Name] {
		object := event.Resource{Type: "AWS::S3::Object", ARNPrefix: prefix + bucket + "/"}
		if key, ok := c.Params["Key"].(string); ok {
			object.ARN, object.ARNPrefix = object.ARNPrefix+key, ""
		}
		found = append(found, object)
	}
	found = append(found, event.Resource{AccountID: c.AccountID, Type: "AWS::S3::Bucket", ARN: prefix + bucket})
	return append(found, s3Source(c, prefix)...)
}

// s3Source lists the bucket that a copy reads, and the object when it is read
// whole (a6b19ef7; not so 3edccb97, UploadPartCopy).
func s3Source(c *Call, prefix string) []event.Resource {
	source, _ := c.Params["CopySource"].(string)
	source, _, _ = strings.Cut(strings.TrimPrefix(source, "/"), "?versionId=")
	if unescaped, err := url.PathUnescape(source); err == nil {
		source = unescaped
	}
	bucket, key, ok := strings.Cut(source, "/")
	if !ok {
		return nil
	}
	found := []event.Resource{{AccountID: c.AccountID, Type: "AWS::S3::Bucket", ARN: prefix + bucket}}
	if _, part := c.Params["PartNumber"]; !part {
		found = append(found, event.Resource{Type: "AWS::S3::Object", ARN: prefix + bucket + "/" + key})
	}
	return found
}

// partition is the first part of ARNs in a Region.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	default:
		return "aws"
	}
}

// arnAccount is the account that an ARN names, else the given one.
func arnAccount(arn, otherwise string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[4] == "" {
		return otherwise
	}
	return parts[4]
}
