package gateway

import (
	"errors"
	"io"
	"sync/atomic"

	"github.com/cairn-audit/cairn/internal/sigv4"
)

// freeBody is the part of each body that counts for nothing: nearly every call
// fits in it, and is never refused for the sake of large ones.
const freeBody = 64 << 10

// errBodiesFull says that the bodies which are held have reached Limits.Bodies.
var errBodiesFull = errors.New("too many large bodies are being read")

// A bodyReader counts what is read of a body and held.
type bodyReader struct {
	io.Reader
	left *atomic.Int64 // of Limits.Bodies, shared by all requests
	n    int64         // read so far
	held int64         // taken from left
}

func (r *bodyReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	r.n += int64(n)
	if more := r.n - freeBody - r.held; more > 0 {
		r.held += more
		if r.left.Add(-more) < 0 {
			return n, errBodiesFull
		}
	}
	return n, err
}

// readWhole reads a body of at most Limits.Body bytes, which is held until the
// exchange ends. The error is a *sigv4.Error where the body is not what was
// signed, errBodiesFull, or an *awsapi.Error.
func (x *exchange) readWhole(from io.Reader) ([]byte, error) {
	r := &bodyReader{Reader: from, left: &x.gateway.bodies}
	most := x.gateway.Limits.Body
	body, err := io.ReadAll(io.LimitReader(r, most+1))
	x.held += r.held
	refused := (*sigv4.Error)(nil)
	switch {
	case errors.As(err, &refused), errors.Is(err, errBodiesFull):
		return nil, err
	case err != nil:
		return nil, errBodyIncomplete()
	case int64(len(body)) > most:
		return nil, errBodyTooLarge()
	}
	return body, nil
}

// release gives back what the exchange holds of Limits.Bodies.
func (x *exchange) release() { x.gateway.bodies.Add(x.held) }
