package selector

import (
	"strings"
	"testing"
)

// BenchmarkWants measures the decision about an event of usual length.
func BenchmarkWants(b *testing.B) {
	pad := `{"pad":"` + strings.Repeat("requestParameters and the like; ", 40) + `",`
	for _, bench := range []struct{ name, event, selectors string }{
		{"default", "run", `[]`},
		{"advanced management", "run", `[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"eventSource","NotEquals":["kms.amazonaws.com"]}]}]`},
		{"data, decided by the name", "get", s3("eventName", `"Equals":["PutObject"]`)},
		{"data, decided by the record", "get", s3("resources.ARN", `"StartsWith":["arn:aws:s3:::b1/"]`)},
		{"250 buckets", "get", basicData("AWS::S3::Object", repeat(250, "arn:aws:s3:::bucket-%d/"))},
	} {
		b.Run(bench.name, func(b *testing.B) {
			set := parse(b, bench.selectors)
			entry := record(b, pad+events()[bench.event][1:])
			b.ReportAllocs()
			for b.Loop() {
				set.Wants(Of(entry))
			}
		})
	}
}
