package gateway

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// Limits bound what a client can make the gateway hold or wait for. A zero
// value takes the default.
type Limits struct {
	// Body is the largest request body that is read whole, in bytes.
	// Streamed bodies (S3 objects) have no limit of size.
	Body int64
	// Bodies is how many bytes of such bodies, beyond the first 64 KiB of
	// each, the gateway holds at once. A request that would need more is
	// refused.
	Bodies int64
	// Answer is the largest answer that is read whole, to be recorded with
	// its elements. A larger one is passed on and recorded without.
	Answer int64
	// Idle is how long a client may go without sending or taking a byte in
	// the middle of a request or an answer.
	Idle time.Duration
	// Call is how long a backend may take to begin its answer.
	Call time.Duration
}

func (l Limits) withDefaults() Limits {
	if l.Body == 0 {
		l.Body = 16 << 20
	}
	if l.Bodies == 0 {
		l.Bodies = 512 << 20
	}
	if l.Answer == 0 {
		l.Answer = 64 << 20
	}
	if l.Idle == 0 {
		l.Idle = 30 * time.Second
	}
	if l.Call == 0 {
		l.Call = 5 * time.Minute
	}
	return l
}

// errBodyTooLarge is the refusal of a body over Limits.Body.
func errBodyTooLarge() *awsapi.Error {
	return &awsapi.Error{
		Code: "RequestEntityTooLargeException", Status: http.StatusRequestEntityTooLarge,
		Message: "The request body is larger than this endpoint accepts.",
	}
}

// errBodyIncomplete is the refusal of a body that broke off or stalled.
func errBodyIncomplete() *awsapi.Error {
	return &awsapi.Error{
		Code: "IncompleteBody", Status: http.StatusBadRequest,
		Message: "The request body did not arrive whole.",
	}
}

// A patientReader reads a request's body and gives the client a fresh deadline
// for each read, so that a slow upload may go on and a stalled one may not.
type patientReader struct {
	body    io.ReadCloser
	control *http.ResponseController
	idle    time.Duration
	n       int64
}

func (p *patientReader) Read(b []byte) (int, error) {
	if err := p.control.SetReadDeadline(time.Now().Add(p.idle)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	n, err := p.body.Read(b)
	p.n += int64(n)
	return n, err
}

func (p *patientReader) Close() error { return p.body.Close() }

// A patientWriter is the same for the answer. It writes in pieces, each with
// its own deadline.
type patientWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	idle    time.Duration
}

// writePiece is what the slowest client that is put up with takes in the time
// of Limits.Idle, in bytes.
const writePiece = 64 << 10

func (p *patientWriter) Write(b []byte) (n int, err error) {
	for piece := range slices.Chunk(b, writePiece) {
		if err := p.extend(); err != nil {
			return n, err
		}
		written, err := p.ResponseWriter.Write(piece)
		n += written
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// extend gives the client a fresh deadline. net/http takes it off when the
// answer has ended.
func (p *patientWriter) extend() error {
	err := p.control.SetWriteDeadline(time.Now().Add(p.idle))
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}
