package digest

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkVerify verifies a chain of 24 digests with 12 log files each of 500
// records of 1.5 KB, in memory.
func BenchmarkVerify(b *testing.B) {
	w := emptyWorld()
	padding := fmt.Sprintf(`,"requestParameters":{"a":%q}`, strings.Repeat("0123456789abcdef", 84))
	records := make([]string, 500)
	for i := range records {
		records[i] = padding
	}
	for h := range 24 {
		var files []LogFile
		for i := range 12 {
			files = append(files, w.put(owner(home), hour(float64(h)+float64(i)/12), records...))
		}
		w.deliver(owner(home), hour(float64(h)), hour(float64(h+1)), files...)
	}
	for b.Loop() {
		report, err := Verify(b.Context(), w, w, Request{Bucket: bucketName, Now: hour(24.5)})
		if err != nil || report.Verdict != Proven || report.LogFiles != 24*12 {
			b.Fatalf("%+v, %v", report, err)
		}
		b.SetBytes(report.Bytes)
	}
}
