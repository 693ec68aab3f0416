package bucket

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// BenchmarkForwardPut stores objects, each synced before its answer, from
// several callers at once.
func BenchmarkForwardPut(b *testing.B) {
	for _, size := range []int{4 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			s, err := Start(b.Context(), Options{Dir: filepath.Join(b.TempDir(), "s3"), Account: account, Store: store(b)})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close(b.Context())
			if _, err := s.Forward(b.Context(), account, httptest.NewRequest("PUT", "/bench", strings.NewReader(""))); err != nil {
				b.Fatal(err)
			}
			body := bytes.Repeat([]byte("x"), size)
			var n atomic.Int64
			b.SetBytes(int64(size))
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r := httptest.NewRequest("PUT", fmt.Sprintf("/bench/%d", n.Add(1)), bytes.NewReader(body))
					res, err := s.Forward(b.Context(), account, r)
					if err != nil {
						b.Error(err)
						return
					}
					res.Body.Close()
					if res.StatusCode != 200 {
						b.Error(res.Status)
						return
					}
				}
			})
		})
	}
}
