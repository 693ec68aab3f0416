package sigv4

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"strconv"
)

const (
	// maxChunkLine bounds a chunk's header and a line of the trailer. A
	// signed header has 83 bytes beside the size.
	maxChunkLine = 1024
	// minChunk is the smallest chunk that may have another after it.
	minChunk = 8192

	emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// ChunkedReader decodes a body in the aws-chunked encoding and verifies the
// signature of each chunk, that of the trailer, and the checksum in the
// trailer, each where the payload has one.
type ChunkedReader struct {
	src     *bufio.Reader
	close   func() error
	sig     *Signature
	key     []byte // nil if no signatures are to be verified
	prev    string // the signature before the next one in the chain
	left    int64  // declared bytes that are still to come
	chunk   int64  // bytes left of this chunk
	size    int64  // size of this chunk; negative before the first
	given   string // signature of this chunk
	sum     hash.Hash
	check   checksum
	trailer http.Header
	err     error // what every further Read returns
}

// NewChunkedReader reads the aws-chunked body of a request that sig.Verify
// found good with secret. decodedLength, from x-amz-decoded-content-length, is
// the exact length of what comes out; a body that decodes to another is refused
// before a byte too many is returned. Close closes body if it is an io.Closer.
func NewChunkedReader(body io.Reader, sig *Signature, secret string, decodedLength int64) *ChunkedReader {
	r := &ChunkedReader{
		// The buffer must hold a whole line; bigger reads bypass it.
		src:   bufio.NewReaderSize(body, 4*maxChunkLine),
		close: func() error { return nil },
		sig:   sig,
		prev:  sig.given,
		left:  decodedLength,
		size:  -1,
		check: newChecksum(sig.req.Header.Get("X-Amz-Trailer")),
	}
	if c, ok := body.(io.Closer); ok {
		r.close = c.Close
	}
	if r.signed() && !sig.unproven {
		r.key = sig.signingKey(secret)
		r.sum = sha256.New()
	}
	return r
}

// Trailer returns the trailer once Read has returned io.EOF: the checksums that
// x-amz-trailer announced, which were verified.
func (r *ChunkedReader) Trailer() http.Header { return r.trailer }

// Close closes the body.
func (r *ChunkedReader) Close() error { return r.close() }

func (r *ChunkedReader) signed() bool { return r.sig.Payload != PayloadUnsignedTrailer }

func (r *ChunkedReader) Read(p []byte) (int, error) {
	if r.err != nil || len(p) == 0 {
		return 0, r.err
	}
	for r.chunk == 0 {
		if r.err = r.next(); r.err != nil {
			return 0, r.err
		}
	}
	n, err := r.src.Read(p[:min(int64(len(p)), r.chunk)])
	r.chunk -= int64(n)
	r.left -= int64(n)
	if r.sum != nil {
		r.sum.Write(p[:n])
	}
	r.check.write(p[:n])
	if err == nil && r.chunk == 0 {
		// At once, so that a chunk's last bytes come only when it is proven.
		err = r.endChunk()
	}
	if err != nil {
		r.err = cutShort(err)
		return 0, r.err
	}
	return n, nil
}

// next reads the header of a chunk, and the end of the body after the last. It
// returns io.EOF then.
func (r *ChunkedReader) next() error {
	line, err := r.line()
	if err != nil {
		return cutShort(err)
	}
	last := r.size
	if r.size, r.given, err = r.parseHeader(line); err != nil {
		return err
	}
	switch {
	case r.size > r.left:
		return errLength()
	case r.size > 0 && last >= 0 && last < minChunk:
		return errChunkSize()
	case r.size > 0:
		r.chunk = r.size
		return nil
	case r.left != 0:
		return errLength()
	}
	if err := r.verifyChunk(); err != nil {
		return err
	}
	if err := r.end(); err != nil {
		return err
	}
	return io.EOF
}

// parseHeader reads "size" or "size;chunk-signature=hex".
func (r *ChunkedReader) parseHeader(line []byte) (size int64, signature string, err error) {
	digits, extension, found := bytes.Cut(line, []byte(";"))
	if found != r.signed() || len(digits) == 0 || len(digits) > 16 {
		return 0, "", errCutShort()
	}
	n, err := strconv.ParseUint(string(digits), 16, 63)
	if err != nil {
		return 0, "", errCutShort()
	}
	if found {
		value, ok := bytes.CutPrefix(extension, []byte("chunk-signature="))
		if !ok || !isHash(string(value)) {
			return 0, "", errCutShort()
		}
		signature = string(value)
	}
	return int64(n), signature, nil
}

func (r *ChunkedReader) endChunk() error {
	line, err := r.line()
	if err != nil {
		return err
	}
	if len(line) != 0 {
		return errCutShort()
	}
	return r.verifyChunk()
}

func (r *ChunkedReader) verifyChunk() error {
	if r.key == nil {
		return nil
	}
	text := "AWS4-HMAC-SHA256-PAYLOAD\n" + r.sig.stamp + "\n" + r.sig.scope() + "\n" + r.prev + "\n" +
		emptyHash + "\n" + hex.EncodeToString(r.sum.Sum(nil))
	r.sum.Reset()
	return r.link(text, r.given)
}

// link verifies a signature of the chain and makes it the previous one.
func (r *ChunkedReader) link(text, given string) error {
	want := signHex(r.key, text)
	if subtle.ConstantTimeCompare([]byte(want), []byte(given)) != 1 {
		return errSignature(r.sig)
	}
	r.prev = want
	return nil
}

// line reads a line and returns it without its end. It is valid until the next
// read. The error is io.EOF if the body ends before the line begins.
func (r *ChunkedReader) line() ([]byte, error) {
	line, err := r.src.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull), len(line) > maxChunkLine:
		return nil, errCutShort()
	case err == io.EOF && len(line) > 0:
		return nil, errCutShort()
	case err != nil:
		return nil, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}

// cutShort makes the end of the body, where none may be, a refusal; an error of
// the connection stays what it is.
func cutShort(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errCutShort()
	}
	return err
}
