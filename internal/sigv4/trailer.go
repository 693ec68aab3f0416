package sigv4

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"slices"
	"strings"
)

const (
	checksumPrefix   = "x-amz-checksum-"
	trailerSignature = "x-amz-trailer-signature"
	maxTrailerLines  = 16
)

// checksum is the sum that a body's trailer will hold.
type checksum struct {
	names []string // what x-amz-trailer announces, in lower case
	name  string   // the one that is a checksum
	sum   hash.Hash
}

// The checksums of S3. CRC64NVME is the reflected polynomial of the NVMe
// specification.
var sums = map[string]func() hash.Hash{
	"crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"crc64nvme": func() hash.Hash { return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5)) },
	"sha1":      sha1.New,
	"sha256":    sha256.New,
}

func newChecksum(announced string) checksum {
	var c checksum
	for name := range strings.SplitSeq(strings.ToLower(announced), ",") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		c.names = append(c.names, name)
		if algorithm, ok := strings.CutPrefix(name, checksumPrefix); ok && c.sum == nil && sums[algorithm] != nil {
			c.name, c.sum = name, sums[algorithm]()
		}
	}
	return c
}

func (c *checksum) write(p []byte) {
	if c.sum != nil {
		c.sum.Write(p)
	}
}

func (c *checksum) verify(trailer http.Header) error {
	if c.sum == nil {
		return nil
	}
	if trailer.Get(c.name) != base64.StdEncoding.EncodeToString(c.sum.Sum(nil)) {
		return errChecksum(c.name)
	}
	return nil
}

// end reads what follows the last chunk: an empty line, or the trailer.
func (r *ChunkedReader) end() error {
	if r.sig.Payload == PayloadChunks {
		line, err := r.line()
		if err != nil {
			return cutShort(err)
		}
		if len(line) != 0 {
			return errCutShort()
		}
		return r.drained()
	}
	signature, signed, err := r.readTrailer()
	if err != nil {
		return err
	}
	if r.key != nil {
		sum := sha256.Sum256(signed)
		text := "AWS4-HMAC-SHA256-TRAILER\n" + r.sig.stamp + "\n" + r.sig.scope() + "\n" + r.prev + "\n" + hex.EncodeToString(sum[:])
		if err := r.link(text, signature); err != nil {
			return err
		}
	}
	if err := r.check.verify(r.trailer); err != nil {
		return err
	}
	return r.drained()
}

// readTrailer reads the trailer's lines and returns its signature and what
// that covers: "name:value\n" for each line before it. The names must be those
// that were announced, each once.
func (r *ChunkedReader) readTrailer() (signature string, signed []byte, err error) {
	r.trailer = http.Header{}
	want := slices.Clone(r.check.names)
	if len(want) == 0 {
		return "", nil, errTrailer()
	}
	for range maxTrailerLines {
		line, err := r.line()
		if err != nil && err != io.EOF {
			return "", nil, err
		}
		if len(line) == 0 {
			if len(want) == 0 && (signature != "" || !r.signed()) {
				return signature, signed, nil
			}
			if err == io.EOF || !r.signed() {
				return "", nil, errTrailer()
			}
			// Some clients send an empty line before the signature.
			continue
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		lower, text := strings.ToLower(string(name)), strings.TrimSpace(string(value))
		i := slices.Index(want, lower)
		switch {
		case ok && lower == trailerSignature && r.signed() && signature == "" && isHash(text):
			signature = text
		case ok && i >= 0 && signature == "":
			want = slices.Delete(want, i, i+1)
			r.trailer.Set(lower, text)
			signed = append(signed, lower+":"+text+"\n"...)
		default:
			return "", nil, errTrailer()
		}
	}
	return "", nil, errTrailer()
}

// drained refuses a body that goes on after its end.
func (r *ChunkedReader) drained() error {
	switch _, err := r.src.ReadByte(); err {
	case io.EOF:
		return nil
	case nil:
		return errLength()
	default:
		return err
	}
}
