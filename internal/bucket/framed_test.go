package bucket

import (
	"bufio"
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"
	"testing/iotest"
)

func TestFramedBodyDecodesToItsSource(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	sizes := []int{0, 1, 8191, chunkSize - 1, chunkSize, chunkSize + 1, 3*chunkSize + 17}
	for _, size := range sizes {
		for _, trailer := range []string{"", "x-amz-checksum-crc32", "X-Amz-Checksum-SHA256"} {
			src := make([]byte, size)
			for i := range src {
				src[i] = byte(random.Uint32())
			}
			values := map[string]string{
				"x-amz-checksum-crc32":  "AAAAAA==",
				"x-amz-checksum-sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
			}
			f := newFramed(iotest.HalfReader(bytes.NewReader(src)), int64(size), trailer,
				func(name string) string { return values[name] })
			coded, err := io.ReadAll(iotest.OneByteReader(f))
			if err != nil {
				t.Fatalf("%d bytes, trailer %q: %v", size, trailer, err)
			}
			if int64(len(coded)) != f.Len() {
				t.Errorf("%d bytes, trailer %q: coded in %d bytes, announced %d", size, trailer, len(coded), f.Len())
			}
			got := http.Header{}
			back, err := io.ReadAll(&unchunked{r: bufio.NewReader(bytes.NewReader(coded)), trailer: got})
			if err != nil || !bytes.Equal(back, src) {
				t.Errorf("%d bytes, trailer %q: decoded %d bytes, %v", size, trailer, len(back), err)
			}
			if trailer != "" && got.Get(trailer) == "" {
				t.Errorf("%d bytes: trailer %q is missing in %v", size, trailer, got)
			}
		}
	}
}

func TestFramedBodyEndsOnlyIfItsSourceDoes(t *testing.T) {
	broken := errors.New("signature of the last chunk does not match")
	tests := map[string]io.Reader{
		"shorter":          bytes.NewReader(make([]byte, 99)),
		"longer":           bytes.NewReader(make([]byte, 101)),
		"error":            io.MultiReader(bytes.NewReader(make([]byte, 50)), iotest.ErrReader(broken)),
		"error at its end": io.MultiReader(bytes.NewReader(make([]byte, 100)), iotest.ErrReader(broken)),
	}
	for name, src := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFramed(src, 100, "", nil)
			coded, err := io.ReadAll(f)
			if err == nil || bytes.HasSuffix(coded, []byte("\r\n0\r\n\r\n")) {
				t.Errorf("coded %q, %v; want an error before the end", coded, err)
			}
		})
	}
}

func TestFramedBodyKeepsItsLengthWhateverTheTrailer(t *testing.T) {
	for _, value := range []string{"", "AAAA", "AAAA\r\nA=", "a much longer value than a CRC32 has"} {
		f := newFramed(bytes.NewReader(nil), 0, "x-amz-checksum-crc32", func(string) string { return value })
		coded, err := io.ReadAll(f)
		want := "0\r\nx-amz-checksum-crc32:========\r\n\r\n"
		if err != nil || string(coded) != want {
			t.Errorf("value %q: %q, %v; want %q", value, coded, err, want)
		}
	}
}

func FuzzFramed(f *testing.F) {
	f.Add([]byte("hello"), int64(5), "x-amz-checksum-crc32", "AAAAAA==")
	f.Add([]byte(""), int64(0), "", "")
	f.Add([]byte("short"), int64(9), "x-amz-nonsense", "\r\n0\r\n\r\n")
	f.Add(bytes.Repeat([]byte("x"), chunkSize+1), int64(chunkSize+1), "x-amz-checksum-crc64nvme", "AAAAAAAAAAA=")
	f.Fuzz(func(t *testing.T, src []byte, length int64, trailer, value string) {
		if length < 0 || length > maxUpload {
			return
		}
		fr := newFramed(bytes.NewReader(src), length, trailer, func(string) string { return value })
		coded, err := io.ReadAll(fr)
		if whole := int64(len(src)) == length; whole != (err == nil) {
			t.Fatalf("%d bytes announced as %d: %v", len(src), length, err)
		}
		if err != nil {
			return
		}
		if int64(len(coded)) != fr.Len() {
			t.Fatalf("coded in %d bytes, announced %d", len(coded), fr.Len())
		}
		back, err := io.ReadAll(&unchunked{r: bufio.NewReader(bytes.NewReader(coded)), trailer: http.Header{}})
		if err != nil || crc32.ChecksumIEEE(back) != crc32.ChecksumIEEE(src) {
			t.Fatalf("decoded %d of %d bytes: %v", len(back), len(src), err)
		}
	})
}
