package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strings"
)

type hashingReader struct {
	body     io.ReadCloser
	sum      hash.Hash
	declared string
	err      error // what every further Read returns
}

// NewHashingReader passes body through and fails instead of io.EOF if its
// SHA-256 is not declared, a hex string. Close closes body.
func NewHashingReader(body io.ReadCloser, declared string) io.ReadCloser {
	return &hashingReader{body: body, sum: sha256.New(), declared: strings.ToLower(declared)}
}

func (r *hashingReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.body.Read(p)
	r.sum.Write(p[:n])
	if err == io.EOF {
		got := hex.EncodeToString(r.sum.Sum(nil))
		if got != r.declared {
			err = errPayload(r.declared, got)
		}
	}
	r.err = err
	return n, err
}

func (r *hashingReader) Close() error { return r.body.Close() }

// HashHex is the SHA-256 of a body in the form that Verify takes.
func HashHex(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
