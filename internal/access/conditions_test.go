package access

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// A misspelt member would leave a condition without a value for ever.
func TestConditionKeysAreOfMembersThatRequestsHave(t *testing.T) {
	catalog, err := awsapi.Open()
	if err != nil {
		t.Fatal(err)
	}
	for prefix, keys := range requestKeys {
		service, err := catalog.Service(prefix)
		if err != nil {
			t.Fatal(err)
		}
		for key, member := range keys {
			first, _, _ := strings.Cut(member, ".")
			if !slices.ContainsFunc(service.Operations, func(op *awsapi.Operation) bool {
				return op.Input != nil && slices.ContainsFunc(op.Input.Members, func(m *awsapi.Member) bool { return m.Name == first })
			}) {
				t.Errorf("%s: no operation has %s", key, member)
			}
			if key != strings.ToLower(key) || !HasKey(strings.ToUpper(key)) {
				t.Errorf("%s is not found", key)
			}
		}
	}
	for _, key := range []string{"s3:ExistingObjectTag/a", "s3:", "", "sqs:Protocol", "s3:dataAccessPointArn"} {
		if HasKey(key) {
			t.Errorf("%q is known", key)
		}
	}
}

func TestConditionKeysHaveTheValuesOfTheRequest(t *testing.T) {
	got := maps.Collect(Keys("s3", map[string]any{
		"Bucket": "b", "Prefix": "", "MaxKeys": int64(7), "ACL": "private",
		"CreateBucketConfiguration": map[string]any{"LocationConstraint": "eu-west-1"},
	}))
	want := map[string]string{"s3:prefix": "", "s3:max-keys": "7", "s3:x-amz-acl": "private", "s3:locationconstraint": "eu-west-1"}
	if !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	subscription := maps.Collect(Keys("sns", map[string]any{"TopicArn": "t", "Protocol": "https", "Endpoint": "https://example.com/"}))
	if !maps.Equal(subscription, map[string]string{"sns:protocol": "https", "sns:endpoint": "https://example.com/"}) {
		t.Errorf("got %v", subscription)
	}
	if got := maps.Collect(Keys("ecs", map[string]any{"Prefix": "x"})); len(got) > 0 {
		t.Errorf("of another service: %v", got)
	}
}
