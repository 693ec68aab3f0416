package sigv4

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"
)

func readChunks(sig *Signature, body string, length int64) ([]byte, error) {
	return io.ReadAll(NewChunkedReader(strings.NewReader(body), sig, docsSecret, length))
}

func TestChunkedReaderRefusesEveryChange(t *testing.T) {
	for name, c := range map[string]struct {
		trailer  bool
		old, new string
		want     Failure
	}{
		"data":                  {false, "\r\naaaa", "\r\nbaaa", Mismatch},
		"last byte of a chunk":  {false, "a\r\n400", "b\r\n400", Mismatch},
		"chunk signature":       {false, "=ad80", "=ad81", Mismatch},
		"final signature":       {false, "=b6c6", "=b6c7", Mismatch},
		"no signature":          {false, ";chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497", "", BadBody},
		"short signature":       {false, "f5497\r\n", "f549\r\n", BadBody},
		"other extension":       {false, "chunk-signature", "chunk-signatura", BadBody},
		"size too big":          {false, "400;", "401;", BadBody},
		"size too small":        {false, "400;", "3ff;", BadBody},
		"size over the length":  {false, "10000;", "fffffffffffffff;", BadBody},
		"size negative":         {false, "10000;", "-10000;", BadBody},
		"size of 17 digits":     {false, "10000;", "00000000000010000;", BadBody},
		"no size":               {false, "10000;", ";", BadBody},
		"long header":           {false, "10000;", strings.Repeat("0", 5000) + "10000;", BadBody},
		"no end of the body":    {false, "9df9\r\n\r\n", "9df9\r\n", BadBody},
		"more after the end":    {false, "9df9\r\n\r\n", "9df9\r\n\r\nmore", BadBody},
		"trailer unasked":       {false, "9df9\r\n\r\n", "9df9\r\nx-amz-checksum-crc32c:sOO8/Q==\r\n\r\n", BadBody},
		"checksum":              {true, "sOO8", "sOO9", Mismatch},
		"trailer signature":     {true, "ture:d81f", "ture:d81e", Mismatch},
		"trailer name":          {true, "checksum-crc32c", "checksum-crc32", BadBody},
		"trailer missing":       {true, "x-amz-checksum-crc32c:sOO8/Q==\r\n", "", BadBody},
		"trailer twice":         {true, "x-amz-checksum-crc32c:", "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-checksum-crc32c:", BadBody},
		"trailer not announced": {true, "x-amz-checksum-crc32c:", "x-amz-meta-a:b\r\nx-amz-checksum-crc32c:", BadBody},
		"trailer not signed":    {true, "x-amz-trailer-signature:" + trailerSig + "\r\n", "", BadBody},
		"trailer long":          {true, "sOO8/Q==", strings.Repeat("x", 2000), BadBody},
		"more after a trailer":  {true, trailerSig + "\r\n\r\n", trailerSig + "\r\n\r\nmore", BadBody},
	} {
		t.Run(name, func(t *testing.T) {
			body := chunksBody
			if c.trailer {
				body = trailerBody
			}
			changed := strings.Replace(body, c.old, c.new, 1)
			if changed == body {
				t.Fatal("nothing changed")
			}
			got, err := readChunks(chunksSignature(t, c.trailer), changed, 66560)
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if len(got) > 66560 {
				t.Errorf("%d bytes came out", len(got))
			}
		})
	}
}

func TestChunkedReaderRefusesEveryCut(t *testing.T) {
	sig := chunksSignature(t, true)
	// Each cut near a boundary, and some within the data.
	for n := 0; n < len(trailerBody)-2; n++ {
		if n > 100 && n < 65500 && n%4999 != 0 {
			continue
		}
		_, err := readChunks(sig, trailerBody[:n], 66560)
		var refusal *Error
		if !errors.As(err, &refusal) {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
}

func TestChunkedReaderEnforcesTheDecodedLength(t *testing.T) {
	sig := chunksSignature(t, false)
	for _, length := range []int64{0, 1, 66559, 66561, 1 << 40} {
		got, err := readChunks(sig, chunksBody, length)
		if !errors.Is(err, BadBody) || int64(len(got)) > length {
			t.Errorf("length %d: %d bytes, %v", length, len(got), err)
		}
	}
}

func TestChunkedReaderPassesAConnectionsErrorOn(t *testing.T) {
	broken := errors.New("connection reset")
	body := io.MultiReader(strings.NewReader(chunksBody[:500]), errorReader{broken})
	r := NewChunkedReader(body, chunksSignature(t, false), docsSecret, 66560)
	if _, err := io.ReadAll(r); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, broken) {
		t.Errorf("read again: %v", err)
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

func unsignedSignature(trailer string) *Signature {
	return &Signature{Payload: PayloadUnsignedTrailer, Service: "s3",
		req: &Request{Header: map[string][]string{"X-Amz-Trailer": {trailer}}}}
}

func TestChunkedReaderVerifiesTheChecksumsOfS3(t *testing.T) {
	data := "123456789"
	// Check values of the CRC catalogue; the hashes are those of the standards.
	for name, sum := range map[string][]byte{
		"crc32":     binary.BigEndian.AppendUint32(nil, 0xCBF43926),
		"crc32c":    binary.BigEndian.AppendUint32(nil, 0xE3069283),
		"crc64nvme": binary.BigEndian.AppendUint64(nil, 0xAE8B14860A799888),
		"sha1":      mustBase64("98O8HYCOBHMq32eZZczDTKeuNEE="),
		"sha256":    mustBase64("FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
	} {
		value := base64.StdEncoding.EncodeToString(sum)
		body := "9\r\n" + data + "\r\n0\r\nX-Amz-Checksum-" + strings.ToUpper(name) + ": " + value + "\r\n\r\n"
		r := NewChunkedReader(strings.NewReader(body), unsignedSignature("x-amz-checksum-"+name), "", 9)
		got, err := io.ReadAll(r)
		if err != nil || string(got) != data || r.Trailer().Get("X-Amz-Checksum-"+name) != value {
			t.Errorf("%s: %q, %v, %v", name, got, r.Trailer(), err)
		}
		_, err = readChunks(unsignedSignature("x-amz-checksum-"+name), strings.Replace(body, data, "123456780", 1), 9)
		if !errors.Is(err, ChecksumMismatch) {
			t.Errorf("%s of other data: %v", name, err)
		}
	}
}

func TestChunkedReaderWantsTheTrailerItWasPromised(t *testing.T) {
	for name, c := range map[string]struct{ announced, body string }{
		"none announced": {"", "1\r\na\r\n0\r\n\r\n"},
		"none sent":      {"x-amz-checksum-crc32", "1\r\na\r\n0\r\n\r\n"},
		"signature sent": {"x-amz-checksum-crc32", "1\r\na\r\n0\r\nx-amz-trailer-signature:" + trailerSig + "\r\n\r\n"},
		"chunks signed":  {"x-amz-checksum-crc32", "1;chunk-signature=" + trailerSig + "\r\na\r\n0\r\nx-amz-checksum-crc32:6Le+Qw==\r\n\r\n"},
		"small chunks":   {"x-amz-checksum-crc32", "1\r\na\r\n1\r\na\r\n0\r\nx-amz-checksum-crc32:6Le+Qw==\r\n\r\n"},
	} {
		if _, err := readChunks(unsignedSignature(c.announced), c.body, int64(strings.Count(c.body, "\r\na\r\n"))); !errors.Is(err, BadBody) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := readChunks(unsignedSignature("x-amz-checksum-crc32"), "1\r\na\r\n0\r\nx-amz-checksum-crc32:6Le+Qw==\r\n\r\n", 1); err != nil {
		t.Errorf("the sound one: %v", err)
	}
}

func TestHashingReaderFailsAtTheEndOfAnotherBody(t *testing.T) {
	read := func(body string) error {
		_, err := io.ReadAll(NewHashingReader(io.NopCloser(strings.NewReader(body)), strings.ToUpper(HashHex([]byte("body")))))
		return err
	}
	if err := read("body"); err != nil {
		t.Error(err)
	}
	for _, other := range []string{"", "bod", "body2"} {
		if err := read(other); !errors.Is(err, PayloadMismatch) {
			t.Errorf("%q: %v", other, err)
		}
	}
}

func mustBase64(s string) []byte {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// unsignedBody encodes data as an aws-chunked body with a CRC-32 trailer.
func unsignedBody(data []byte, chunk int) string {
	var b bytes.Buffer
	sum := crc32.ChecksumIEEE(data)
	for len(data) > 0 {
		n := min(chunk, len(data))
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, data[:n])
		data = data[n:]
	}
	fmt.Fprintf(&b, "0\r\nx-amz-checksum-crc32:%s\r\n\r\n", base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum)))
	return b.String()
}
