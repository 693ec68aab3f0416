package selector

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// reference decides as the API's documentation reads, on the whole record and
// without regard for speed.
func reference(set Set, body string) bool {
	var r map[string]any
	if json.Unmarshal([]byte(body), &r) != nil {
		panic(body)
	}
	for _, a := range set.Advanced {
		if referenceAdvanced(a, r) {
			return true
		}
	}
	for _, b := range set.Basic {
		if referenceBasic(b, r) {
			return true
		}
	}
	return len(set.Advanced) == 0 && len(set.Basic) == 0 && r["eventCategory"] == "Management"
}

func referenceBasic(b Basic, r map[string]any) bool {
	reads := r["readOnly"] == true
	if b.ReadWriteType == "ReadOnly" && !reads || b.ReadWriteType == "WriteOnly" && reads {
		return false
	}
	if r["eventCategory"] == "Management" {
		if !b.IncludeManagementEvents {
			return false
		}
		for _, source := range b.ExcludeManagementSources {
			if r["eventSource"] == source {
				return false
			}
		}
		return true
	}
	if r["eventCategory"] != "Data" {
		return false
	}
	for _, res := range referenceResources(r) {
		for _, d := range b.DataResources {
			for _, v := range d.Values {
				wild := v == "arn:aws:s3" || v == "arn:aws:s3:::" || v == "arn:aws:lambda" || v == "arn:aws:dynamodb"
				prefix := wild || d.Type == "AWS::S3::Object"
				if res["type"] == d.Type && (prefix && strings.HasPrefix(res["arn"], v) || res["arn"] == v) {
					return true
				}
			}
		}
	}
	return false
}

func referenceResources(r map[string]any) []map[string]string {
	list, _ := r["resources"].([]any)
	var out []map[string]string
	for _, item := range list {
		m := item.(map[string]any)
		arn, ok := m["ARN"]
		if !ok {
			arn = m["ARNPrefix"]
		}
		out = append(out, map[string]string{"type": fmt.Sprint(m["type"]), "arn": fmt.Sprint(arn)})
	}
	return out
}

func referenceAdvanced(a Advanced, r map[string]any) bool {
	var plain, kinds, arn []Field
	for _, f := range a.Fields {
		switch f.Field {
		case "resources.type":
			kinds = append(kinds, f)
		case "resources.ARN":
			arn = append(arn, f)
		default:
			plain = append(plain, f)
		}
	}
	for _, f := range plain {
		if !referenceField(f, referenceValue(r, f.Field)) {
			return false
		}
	}
	if len(kinds)+len(arn) == 0 {
		return true
	}
resources:
	for _, res := range referenceResources(r) {
		for _, f := range kinds {
			if !referenceField(f, res["type"]) {
				continue resources
			}
		}
		for _, f := range arn {
			if !referenceField(f, res["arn"]) {
				continue resources
			}
		}
		return true
	}
	return false
}

func referenceValue(r map[string]any, field string) string {
	var v any = r
	for name := range strings.SplitSeq(field, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	if field == "readOnly" {
		return fmt.Sprint(v == true)
	}
	s, _ := v.(string)
	return s
}

func referenceField(f Field, value string) bool {
	including, included := 0, false
	for _, v := range f.Equals {
		including, included = including+1, included || v == value
	}
	for _, v := range f.StartsWith {
		including, included = including+1, included || strings.Index(value, v) == 0
	}
	for _, v := range f.EndsWith {
		including, included = including+1, included || len(value) >= len(v) && value[len(value)-len(v):] == v
	}
	if including > 0 && !included {
		return false
	}
	for _, v := range f.NotEquals {
		if v == value {
			return false
		}
	}
	for _, v := range f.NotStartsWith {
		if strings.Index(value, v) == 0 {
			return false
		}
	}
	for _, v := range f.NotEndsWith {
		if len(value) >= len(v) && value[len(value)-len(v):] == v {
			return false
		}
	}
	return true
}

// words are what random events and selectors are made of, few enough to meet.
var words = []string{
	"kms.amazonaws.com", "s3.amazonaws.com", "GetObject", "PutObject", "Get", "Object", "AwsApiCall",
	"arn:aws:s3:::b1/a", "arn:aws:s3:::b1/", "arn:aws:s3", "arn:aws:s3:::", "arn:aws:lambda", "arn:aws:lambda:r:1:function:f",
	"AWS::S3::Object", "AWS::Lambda::Function", "AWS::S3::Bucket", "true", "vpce-1", "VpceAccessDenied", "a", "ü",
}

func randomWord(r *rand.Rand) string { return words[r.IntN(len(words))] }

func randomWords(r *rand.Rand) []string {
	var list []string
	for range r.IntN(3) {
		list = append(list, randomWord(r))
	}
	return list
}

func randomEvent(r *rand.Rand) string {
	event := map[string]any{
		"eventCategory": []string{"Management", "Data", "Data", "NetworkActivity"}[r.IntN(4)],
		"eventSource":   words[r.IntN(2)], "eventName": words[2+r.IntN(3)], "awsRegion": "us-east-1",
	}
	for _, name := range []string{"eventType", "errorCode", "vpcEndpointId", "sessionCredentialFromConsole"} {
		if r.IntN(2) == 0 {
			event[name] = randomWord(r)
		}
	}
	if n := r.IntN(3); n < 2 {
		event["readOnly"] = n == 0
	}
	if r.IntN(2) == 0 {
		event["userIdentity"] = map[string]any{"arn": randomWord(r)}
	}
	var resources []any
	for range r.IntN(4) {
		resource := map[string]any{"type": words[13+r.IntN(3)]}
		resource[[]string{"ARN", "ARNPrefix"}[r.IntN(2)]] = words[7+r.IntN(6)]
		resources = append(resources, resource)
	}
	if resources != nil {
		event["resources"] = resources
	}
	body, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	return string(body)
}

func randomSet(r *rand.Rand) (set Set) {
	fields := []string{
		"eventCategory", "readOnly", "eventSource", "eventName", "eventType", "errorCode", "userIdentity.arn",
		"vpcEndpointId", "sessionCredentialFromConsole", "resources.type", "resources.ARN",
	}
	for range r.IntN(3) {
		var a Advanced
		for range 1 + r.IntN(3) {
			f := Field{Field: fields[r.IntN(len(fields))]}
			for _, values := range f.Operators() {
				if r.IntN(4) == 0 {
					*values = randomWords(r)
				}
			}
			a.Fields = append(a.Fields, f)
		}
		set.Advanced = append(set.Advanced, a)
	}
	for range r.IntN(3) {
		b := Basic{ReadWriteType: []string{All, ReadOnly, WriteOnly}[r.IntN(3)], IncludeManagementEvents: r.IntN(2) == 0}
		b.ExcludeManagementSources = words[:r.IntN(2)]
		for range r.IntN(3) {
			b.DataResources = append(b.DataResources, DataResource{Type: words[13+r.IntN(2)], Values: words[7+r.IntN(3) : 10+r.IntN(3)]})
		}
		set.Basic = append(set.Basic, b)
	}
	return set
}

func FuzzWantsAsTheReferenceDoes(f *testing.F) {
	for seed := range uint64(2000) {
		f.Add(seed, seed*7)
	}
	f.Fuzz(func(t *testing.T, a, b uint64) {
		r := rand.New(rand.NewPCG(a, b))
		set, body := randomSet(r), randomEvent(r)
		if got, want := set.Wants(Of(record(t, body))), reference(set, body); got != want {
			t.Errorf("wants is %t, the reference says %t, of\n%s\nwith\n%+v", got, want, body, set)
		}
	})
}

// TestTheReferenceDecidesBothWays shows that the events and selectors above meet.
func TestTheReferenceDecidesBothWays(t *testing.T) {
	wanted := 0
	const n = 2000
	for seed := range uint64(n) {
		r := rand.New(rand.NewPCG(seed, seed*7))
		if set, body := randomSet(r), randomEvent(r); reference(set, body) {
			wanted++
		}
	}
	if wanted < n/10 || wanted > n*9/10 {
		t.Errorf("of %d random pairs, %d are wanted", n, wanted)
	}
}
