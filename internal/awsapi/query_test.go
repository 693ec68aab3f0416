package awsapi

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestQueryCarriesEveryInput(t *testing.T) {
	forEachOperation(t, Query, func(t *testing.T, r *rand.Rand, op *Operation) {
		carryForm(t, r, op, encodeQuery, decodeQuery)
	})
}

func TestEC2QueryCarriesEveryInput(t *testing.T) {
	forEachOperation(t, EC2, func(t *testing.T, r *rand.Rand, op *Operation) {
		carryForm(t, r, op, encodeEC2Query, decodeEC2Query)
	})
}

func carryForm(t *testing.T, r *rand.Rand, op *Operation,
	encode func(*Operation, map[string]any) (url.Values, error),
	decode func(*Operation, url.Values) (map[string]any, error)) {
	t.Helper()
	if op.Input == nil {
		return
	}
	params := generateValue(r, op.Input, 5).(map[string]any)
	form, err := encode(op, params)
	if err != nil {
		t.Fatalf("%s: %v", op.Name, err)
	}
	got, err := decode(op, form)
	if err != nil {
		t.Fatalf("%s: %v\nof %v", op.Name, err, form)
	}
	wantEqual(t, op.Name, got, params)
}

func TestDecodeQuery(t *testing.T) {
	type list = []any
	type object = map[string]any
	for _, test := range []struct {
		name, service, operation, form string
		want                           object
	}{
		{"scalars", "iam", "CreateUser", "UserName=ann&Path=/a/&Action=CreateUser&Version=2010-05-08",
			object{"UserName": "ann", "Path": "/a/"}},
		{"an empty string", "iam", "CreateUser", "UserName=", object{"UserName": ""}},
		{"an integer", "sts", "AssumeRole", "DurationSeconds=900", object{"DurationSeconds": int64(900)}},
		{"a list of structures", "iam", "TagUser", "Tags.member.2.Key=b&Tags.member.2.Value=&Tags.member.1.Key=a&Tags.member.1.Value=1",
			object{"Tags": list{object{"Key": "a", "Value": "1"}, object{"Key": "b", "Value": ""}}}},
		{"numbers, not texts, order a list", "autoscaling", "DescribeAutoScalingGroups",
			"AutoScalingGroupNames.member.10=j&AutoScalingGroupNames.member.9=i", object{"AutoScalingGroupNames": list{"i", "j"}}},
		{"gaps are closed", "autoscaling", "DescribeAutoScalingGroups",
			"AutoScalingGroupNames.member.999999999=z&AutoScalingGroupNames.member.1=a", object{"AutoScalingGroupNames": list{"a", "z"}}},
		{"an empty list", "iam", "TagUser", "Tags=", object{"Tags": list{}}},
		{"a list with a name for its elements", "rds", "DescribeDBInstances", "Filters.Filter.1.Name=n&Filters.Filter.1.Values.Value.1=v",
			object{"Filters": list{object{"Name": "n", "Values": list{"v"}}}}},
		{"the same list by its old name", "rds", "DescribeDBInstances", "Filters.member.1.Name=n&Filters.member.1.Values.member.1=v",
			object{"Filters": list{object{"Name": "n", "Values": list{"v"}}}}},
		{"a flattened list", "sdb", "PutAttributes", "Attribute.1.Name=n&Attribute.1.Value=v&Attribute.2.Name=m&Attribute.2.Value=w&Attribute.2.Replace=true",
			object{"Attributes": list{object{"Name": "n", "Value": "v"}, object{"Name": "m", "Value": "w", "Replace": true}}}},
		{"an empty flattened list", "sdb", "PutAttributes", "Attributes=", object{"Attributes": list{}}},
		{"a map", "sns", "CreateTopic", "Attributes.entry.1.key=k&Attributes.entry.1.value=v", object{"Attributes": object{"k": "v"}}},
		{"a map with names of its own and a blob", "sns", "Publish",
			"MessageAttributes.entry.1.Name=k&MessageAttributes.entry.1.Value.DataType=Binary&MessageAttributes.entry.1.Value.BinaryValue=AAEC",
			object{"MessageAttributes": object{"k": object{"DataType": "Binary", "BinaryValue": []byte{0, 1, 2}}}}},
		{"what the operation does not have", "iam", "CreateUser", "UserName=ann&Nope.member.1=x&UserNamee=y&.=&..a=b", object{"UserName": "ann"}},
		{"names that sort between a name and its parts", "iam", "TagUser", "Tags-=x&Tags.member.1.Key=a&Tags!.a=y",
			object{"Tags": list{object{"Key": "a"}}}},
		{"the same value twice", "iam", "CreateUser", "UserName=ann&UserName=ann", object{"UserName": "ann"}},
		{"a timestamp", "cloudwatch", "GetMetricStatistics", "StartTime=2021-04-19T08:57:16.5%2B02:00&EndTime=2021-04-19",
			object{"StartTime": time.Date(2021, 4, 19, 6, 57, 16, 5e8, time.UTC), "EndTime": time.Date(2021, 4, 19, 0, 0, 0, 0, time.UTC)}},
		{"nothing", "iam", "CreateUser", "", object{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			form, err := url.ParseQuery(test.form)
			if err != nil {
				t.Fatal(err)
			}
			got, err := decodeQuery(operation(t, test.service, test.operation), form)
			if err != nil {
				t.Fatal(err)
			}
			wantEqual(t, test.form, got, test.want)
		})
	}
}

func TestDecodeEC2Query(t *testing.T) {
	type list = []any
	type object = map[string]any
	for _, test := range []struct {
		name, operation, form string
		want                  object
	}{
		{"lists are flattened", "DescribeInstances", "InstanceId.1=i-1&InstanceId.2=i-2&Filter.1.Name=n&Filter.1.Value.1=v",
			object{"InstanceIds": list{"i-1", "i-2"}, "Filters": list{object{"Name": "n", "Values": list{"v"}}}}},
		{"a name from the answer, with a capital", "RunInstances", "DryRun=true&MinCount=1&Monitoring.Enabled=false",
			object{"DryRun": true, "MinCount": int64(1), "Monitoring": object{"Enabled": false}}},
		{"a name for requests only", "RunInstances", "NetworkInterface.1.PrivateIpAddresses.1.PrivateIpAddress=10.0.0.1&NetworkInterface.1.PrivateIpAddresses.1.Primary=true",
			object{"NetworkInterfaces": list{object{"PrivateIpAddresses": list{object{"PrivateIpAddress": "10.0.0.1", "Primary": true}}}}}},
		{"tags", "CreateTags", "ResourceId.1=i-1&Tag.1.Key=k&Tag.1.Value=v",
			object{"Resources": list{"i-1"}, "Tags": list{object{"Key": "k", "Value": "v"}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			form, err := url.ParseQuery(test.form)
			if err != nil {
				t.Fatal(err)
			}
			got, err := decodeEC2Query(operation(t, "ec2", test.operation), form)
			if err != nil {
				t.Fatal(err)
			}
			wantEqual(t, test.form, got, test.want)
		})
	}
}

func TestMalformedFormsAreRefused(t *testing.T) {
	deep := "Tags.member.1.Key" + strings.Repeat(".x", 100_000)
	many := url.Values{}
	for i := range maxFormFields + 1 {
		many.Set(fmt.Sprint("x", i), "")
	}
	parse := func(s string) url.Values {
		form, err := url.ParseQuery(s)
		if err != nil {
			t.Fatal(err)
		}
		return form
	}
	for _, test := range []struct {
		name, service, operation string
		form                     url.Values
		code, says               string
	}{
		{"parts of a value", "iam", "CreateUser", parse("UserName.member.1=x"), "MalformedInput", `"UserName"`},
		{"a value and parts", "iam", "CreateUser", parse("UserName=x&UserName.a=y"), "MalformedInput", `"UserName"`},
		{"a value for a list", "iam", "TagUser", parse("Tags=x"), "MalformedInput", `"Tags"`},
		{"an empty value and parts", "iam", "TagUser", parse("Tags=&Tags.member.1.Key=k"), "MalformedInput", `"Tags"`},
		{"a value for a structure", "iam", "TagUser", parse("Tags.member.1=x"), "MalformedInput", `"Tags.member.1"`},
		{"two values", "iam", "CreateUser", parse("UserName=x&UserName=y"), "MalformedInput", "more than once"},
		{"an element without a number", "iam", "TagUser", parse("Tags.member.Key=x"), "MalformedInput", "expected a number"},
		{"a list without its level", "iam", "TagUser", parse("Tags.1.Key=x"), "MalformedInput", `expected "member" alone`},
		{"a list under two names", "rds", "DescribeDBInstances", parse("Filters.Filter.1.Name=a&Filters.member.2.Name=b"), "MalformedInput", "alone"},
		{"a huge number", "iam", "TagUser", parse("Tags.member.99999999999999999999.Key=x"), "MalformedInput", "expected a number"},
		{"one number, written twice", "iam", "TagUser", parse("Tags.member.1.Key=x&Tags.member.01.Key=y"), "MalformedInput", "expected a number"},
		{"a negative number", "iam", "TagUser", parse("Tags.member.-1.Key=x"), "MalformedInput", "expected a number"},
		{"deep names", "iam", "TagUser", parse(deep + "=x"), "MalformedInput", "Tags.member.1.Key"},
		{"many names", "iam", "TagUser", many, "MalformedInput", "at most 100000 parameters"},
		{"no integer", "sts", "AssumeRole", parse("DurationSeconds=x"), "MalformedInput", `"DurationSeconds"`},
		{"no boolean", "iam", "UpdateAccountPasswordPolicy", parse("RequireNumbers=maybe"), "MalformedInput", `"RequireNumbers"`},
		{"no base64", "sns", "Publish", parse("MessageAttributes.entry.1.Name=k&MessageAttributes.entry.1.Value.BinaryValue=!"), "MalformedInput", "BinaryValue"},
		{"no timestamp", "cloudwatch", "GetMetricStatistics", parse("StartTime=soon"), "MalformedInput", "StartTime"},
		{"an entry without a value", "sns", "CreateTopic", parse("Attributes.entry.1.key=k"), "MalformedInput", "a key and a value"},
		{"a key twice", "sns", "CreateTopic", parse("Attributes.entry.1.key=k&Attributes.entry.1.value=v&Attributes.entry.2.key=k&Attributes.entry.2.value=w"),
			"MalformedInput", "second time"},
		{"EC2: parts of a value", "ec2", "CreateTags", parse("Tag.1.Key.Item=x"), "UnknownParameter", `"Tag.1.Key"`},
		{"EC2: a list with a level too many", "ec2", "CreateTags", parse("Tag.Item.1.Key=x"), "UnknownParameter", `"Tag.Item"`},
		{"EC2: no integer", "ec2", "DescribeInstances", parse("MaxResults=x"), "InvalidParameterValue", `"MaxResults"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			decode := decodeQuery
			if test.service == "ec2" {
				decode = decodeEC2Query
			}
			got, err := decode(operation(t, test.service, test.operation), test.form)
			var refusal *Error
			if !errors.As(err, &refusal) {
				t.Fatalf("got %v and the error %v, want an *Error", got, err)
			}
			if refusal.Code != test.code || !strings.Contains(refusal.Message, test.says) || refusal.Status != 400 {
				t.Errorf("got %d %v, want 400 %s that says %q", refusal.Status, refusal, test.code, test.says)
			}
			if len(refusal.Message) > 500 {
				t.Errorf("the message has %d bytes", len(refusal.Message))
			}
		})
	}
}

func TestEncodeQueryRefusesWhatTheModelDoesNotHave(t *testing.T) {
	op := operation(t, "iam", "TagUser")
	for _, params := range []map[string]any{
		{"Nope": "x"},
		{"UserName": 7},
		{"UserName": []any{"x"}},
		{"Tags": "x"},
		{"Tags": []any{map[string]any{"Nope": "x"}}},
		{"Tags": map[string]any{}},
	} {
		if form, err := encodeQuery(op, params); err == nil {
			t.Errorf("%v became %v", params, form)
		}
	}
}

func FuzzDecodeQuery(f *testing.F) {
	ops := []*Operation{operation(f, "sns", "Publish"), operation(f, "rds", "CreateDBInstance"), operation(f, "sdb", "BatchPutAttributes")}
	ec2 := operation(f, "ec2", "RunInstances")
	f.Add("TopicArn=a&MessageAttributes.entry.1.Name=k&MessageAttributes.entry.1.Value.DataType=String")
	f.Add("Item.1.ItemName=a&Item.1.Attribute.1.Name=b&Items=")
	f.Add("MinCount=1&NetworkInterface.1.PrivateIpAddresses.1.Primary=true&TagSpecification.1.Tag.2.Key=k&TagSpecification.1.Tag.0.Key=l")
	f.Add("Tags.Tag.1.Key=&Tags.member.1.Key=&Tags=&.=&..=&Tags.=")
	f.Fuzz(func(t *testing.T, query string) {
		form, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		for _, op := range ops {
			checkDecodedForm(t, op, form, decodeQuery, encodeQuery)
		}
		checkDecodedForm(t, ec2, form, decodeEC2Query, encodeEC2Query)
	})
}

// checkDecodedForm checks that what was understood can be said again and is then
// understood alike.
func checkDecodedForm(t *testing.T, op *Operation, form url.Values,
	decode func(*Operation, url.Values) (map[string]any, error),
	encode func(*Operation, map[string]any) (url.Values, error)) {
	params, err := decode(op, form)
	if err != nil {
		var refusal *Error
		if !errors.As(err, &refusal) {
			t.Fatalf("%v is not an *Error", err)
		}
		return
	}
	again, err := encode(op, params)
	if err != nil {
		t.Fatalf("%v cannot be encoded: %v", params, err)
	}
	got, err := decode(op, again)
	if err != nil {
		t.Fatalf("%v is refused: %v", again, err)
	}
	if fmt.Sprint(got) != fmt.Sprint(cutToMillis(params)) {
		t.Fatalf("got %v, want %v", got, params)
	}
}

// cutToMillis cuts times as encoders do.
func cutToMillis(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			v[name] = cutToMillis(v[name])
		}
	case []any:
		for i := range v {
			v[i] = cutToMillis(v[i])
		}
	case time.Time:
		return v.Truncate(time.Millisecond)
	}
	return v
}
