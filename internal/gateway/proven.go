package gateway

import (
	"bufio"
	"errors"
	"io"
)

// provenReader keeps back the last bytes of a body until the body has ended
// without an error. A body's proof, its hash or its trailer, may come only after
// its last byte, and an upstream that has all the bytes it was told of acts on
// them; so it does not get them all before.
type provenReader struct{ body *bufio.Reader }

func newProvenReader(body io.Reader) *provenReader {
	return &provenReader{bufio.NewReaderSize(body, 64<<10)}
}

func (p *provenReader) Read(b []byte) (int, error) {
	n, err := p.body.Read(b)
	if err != nil {
		return 0, err
	}
	if _, err := p.body.Peek(1); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	return n, nil
}
