package sigv4

import (
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Payload says how a signature covers the body.
type Payload int

const (
	// PayloadHash covers the SHA-256 of the body.
	PayloadHash Payload = iota
	// PayloadUnsigned covers nothing of the body.
	PayloadUnsigned
	// PayloadChunks is an aws-chunked body whose chunks are each signed.
	PayloadChunks
	// PayloadChunksTrailer is that with a signed trailer.
	PayloadChunksTrailer
	// PayloadUnsignedTrailer is an aws-chunked body without signatures, with
	// a checksum in its trailer.
	PayloadUnsignedTrailer
	// PayloadEvents is a stream of events that are each signed. The package
	// does not verify those.
	PayloadEvents
)

// The values of x-amz-content-sha256 that are no hash.
const (
	unsignedPayload = "UNSIGNED-PAYLOAD"
	chunksPayload   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	chunksTrailer   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	unsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	eventsPayload   = "STREAMING-AWS4-HMAC-SHA256-EVENTS"
)

var payloads = map[string]Payload{
	unsignedPayload: PayloadUnsigned,
	chunksPayload:   PayloadChunks,
	chunksTrailer:   PayloadChunksTrailer,
	unsignedTrailer: PayloadUnsignedTrailer,
	eventsPayload:   PayloadEvents,
}

// Chunked reports whether the body is in the aws-chunked encoding.
func (p Payload) Chunked() bool {
	return p == PayloadChunks || p == PayloadChunksTrailer || p == PayloadUnsignedTrailer
}

// readPayload takes the declared payload from the request.
func (s *Signature) readPayload() error {
	declared, once := s.req.one("x-amz-content-sha256")
	if !once {
		return errPayloadHeader(declared)
	}
	if s.Presigned {
		// A presigned URL may carry it as a parameter, and does not depend on
		// a header that it does not cover.
		if v, ok := s.param(queryContentHash); ok {
			declared = v
		} else if !s.covers("x-amz-content-sha256") {
			declared = ""
		}
	}
	s3 := s3Services[s.Service]
	if declared == "" && s3 {
		if !s.Presigned {
			return errPayloadMissing()
		}
		declared = unsignedPayload
	}
	s.DeclaredHash = declared
	mode, special := payloads[declared]
	s.Payload = mode
	if s3 && !special && !isHash(declared) {
		return errPayloadHeader(declared)
	}
	return nil
}

// NeedsBody reports whether Verify needs the hash of the body: the signature
// covers it, and the request does not say what it is.
func (s *Signature) NeedsBody() bool {
	return s.Payload == PayloadHash && s.DeclaredHash == ""
}

// payloadLine is the last line of the canonical request. bodyHash is the
// body's SHA-256 in lower-case hex, or empty if the body was not read.
func (s *Signature) payloadLine(bodyHash string) (string, error) {
	switch {
	case s.Payload != PayloadHash:
		return s.DeclaredHash, nil
	case bodyHash == "" && s.DeclaredHash == "":
		return "", errNeedsBody
	case bodyHash == "":
		return s.DeclaredHash, nil
	case s3Services[s.Service]:
		// S3 signs what the header says, and says which of the two is wrong.
		if !strings.EqualFold(bodyHash, s.DeclaredHash) {
			return "", errPayload(s.DeclaredHash, bodyHash)
		}
		return s.DeclaredHash, nil
	}
	return bodyHash, nil
}

// Body wraps a body that Verify has not seen, so that reading it proves what
// the signature covers: the declared hash, or each chunk. Chunked bodies come
// out decoded. Closing the result closes body.
func (s *Signature) Body(body io.ReadCloser, secret string) (io.ReadCloser, error) {
	switch {
	case s.Payload.Chunked():
		length, once := s.req.one("x-amz-decoded-content-length")
		n, err := strconv.ParseInt(length, 10, 64)
		if err != nil || n < 0 || !once {
			return nil, errDecodedLength()
		}
		return NewChunkedReader(body, s, secret, n), nil
	case s.Payload == PayloadHash && s.DeclaredHash != "":
		return NewHashingReader(body, s.DeclaredHash), nil
	}
	return body, nil
}

// Unproven returns the signature as a server takes it that verifies none: its
// Body still decodes chunks, and compares the hashes and checksums that need no
// secret, but takes the chunks' signatures for good.
func (s *Signature) Unproven() Signature {
	c := *s
	c.unproven = true
	return c
}

func isHash(v string) bool {
	_, err := hex.DecodeString(v)
	return err == nil && len(v) == 64
}

// Unchunk takes aws-chunked from the codings of a body that has been decoded.
func Unchunk(h http.Header) {
	var codings []string
	for _, value := range h.Values("Content-Encoding") {
		for coding := range strings.SplitSeq(value, ",") {
			if coding = strings.TrimSpace(coding); coding != "" && !strings.EqualFold(coding, "aws-chunked") {
				codings = append(codings, coding)
			}
		}
	}
	h.Del("Content-Encoding")
	if len(codings) > 0 {
		h.Set("Content-Encoding", strings.Join(codings, ","))
	}
}
