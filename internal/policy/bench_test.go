package policy

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkEvaluate decides a request against policies of the usual sizes; the
// hostile ones are the most that a document may cost.
func BenchmarkEvaluate(b *testing.B) {
	var list []string
	for i := range 200 {
		list = append(list, fmt.Sprintf(`"service%d:Get*","service%d:List*","service%d:Describe*"`, i, i, i))
	}
	hostile := `"` + strings.Repeat("*"+strings.Repeat("a", maxPattern-2)+`c","`, MaxBytes/maxPattern-2) + `x"`
	for _, c := range []struct{ name, statement string }{
		{"administrator", allowAll},
		{"600 actions", `"Effect":"Allow","Action":[` + strings.Join(list, ",") + `],"Resource":"*"`},
		{"variables", `"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}/*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`},
		{"hostile", `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:UserAgent":[` + hostile + `]}}`},
	} {
		b.Run(c.name, func(b *testing.B) {
			p := Policies{Identity: []*Document{document(b, c.statement)}}
			r := Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/ann/k", Principal: ann,
				Context: keys("aws:username=ann", "aws:SourceIp=10.1.1.1", "aws:UserAgent="+strings.Repeat("a", 8<<10)+"b")}
			b.ReportAllocs()
			for b.Loop() {
				Evaluate(r, p)
			}
		})
	}
}
