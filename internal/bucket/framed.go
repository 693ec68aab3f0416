package bucket

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// chunkSize is the size of all chunks but the last. S3 asks for 8 KiB at
// least.
const chunkSize = 64 << 10

// checksumLengths are the lengths of trailing checksums, in base64.
var checksumLengths = map[string]int{
	"x-amz-checksum-crc32":     8,
	"x-amz-checksum-crc32c":    8,
	"x-amz-checksum-crc64nvme": 12,
	"x-amz-checksum-md5":       24,
	"x-amz-checksum-sha1":      28,
	"x-amz-checksum-sha256":    44,
	"x-amz-checksum-sha512":    88,
	"x-amz-checksum-xxhash128": 24,
	"x-amz-checksum-xxhash3":   12,
	"x-amz-checksum-xxhash64":  12,
}

// framed codes a body of known length as aws-chunked with an unsigned trailer:
//
//	10000\r\n ...64 KiB... \r\n ... 0\r\n x-amz-checksum-crc32:AAAAAA==\r\n \r\n
//
// Its end is written only after the source has ended, without an error and at
// the length that was announced. So whoever reads a whole framed body knows
// that the source was whole.
type framed struct {
	src     io.Reader
	left    int64 // bytes of src that are not in a chunk yet
	size    int64 // of the coded body
	trailer string
	value   func(name string) string // the trailer's value, once src has ended

	head bytes.Buffer // what of the current frame goes before the data
	data []byte       // what of the current chunk is not yet read
	tail string       // what goes after the data
	buf  []byte
	end  bool
	err  error
}

// newFramed codes length bytes of src. The trailer is the value of
// x-amz-trailer; one that is not a known checksum is left out, for the server
// refuses it by its name.
func newFramed(src io.Reader, length int64, trailer string, value func(string) string) *framed {
	f := &framed{src: src, left: length, trailer: strings.ToLower(strings.TrimSpace(trailer)), value: value}
	if checksumLengths[f.trailer] == 0 {
		f.trailer = ""
	}
	full, rest := length/chunkSize, length%chunkSize
	f.size = full * frameSize(chunkSize)
	if rest > 0 {
		f.size += frameSize(rest)
	}
	f.size += int64(len("0\r\n\r\n"))
	if f.trailer != "" {
		f.size += int64(len(f.trailer) + len(":") + checksumLengths[f.trailer] + len("\r\n"))
	}
	return f
}

func frameSize(n int64) int64 {
	return int64(len(fmt.Sprintf("%x\r\n", n))) + n + int64(len("\r\n"))
}

// Len is the number of bytes that Read yields in all.
func (f *framed) Len() int64 { return f.size }

// Read implements io.Reader.
func (f *framed) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if n := f.drain(p); n > 0 {
			return n, nil
		}
		if f.err == nil {
			f.err = f.next()
		}
		if f.err != nil {
			return 0, f.err
		}
	}
}

// drain copies what is ready.
func (f *framed) drain(p []byte) (n int) {
	if f.head.Len() > 0 {
		n, _ = f.head.Read(p)
	}
	c := copy(p[n:], f.data)
	f.data = f.data[c:]
	n += c
	if len(f.data) == 0 {
		c = copy(p[n:], f.tail)
		f.tail = f.tail[c:]
		n += c
	}
	return n
}

// next makes the next frame ready.
func (f *framed) next() error {
	switch {
	case f.end:
		return io.EOF
	case f.left == 0:
		return f.finish()
	}
	if f.buf == nil {
		f.buf = make([]byte, min(chunkSize, f.left))
	}
	chunk := f.buf[:min(chunkSize, f.left)]
	if _, err := io.ReadFull(f.src, chunk); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("read the body: %w", err)
	}
	f.left -= int64(len(chunk))
	fmt.Fprintf(&f.head, "%x\r\n", len(chunk))
	f.data, f.tail = chunk, "\r\n"
	return nil
}

// finish writes the end, if the source agrees that it is one.
func (f *framed) finish() error {
	var extra [1]byte
	switch n, err := io.ReadFull(f.src, extra[:]); {
	case n > 0:
		return errors.New("the body is longer than announced")
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("read the end of the body: %w", err)
	}
	f.end = true
	f.head.WriteString("0\r\n")
	if f.trailer != "" {
		f.head.WriteString(f.trailer + ":" + f.checksum() + "\r\n")
	}
	f.head.WriteString("\r\n")
	return nil
}

// checksum is the trailer's value, in the length that was announced. One of
// another length, or with a line end in it, is replaced by one that the server
// refuses as malformed.
func (f *framed) checksum() string {
	v, want := strings.TrimSpace(f.value(f.trailer)), checksumLengths[f.trailer]
	if len(v) != want || strings.ContainsAny(v, "\r\n") {
		return strings.Repeat("=", want)
	}
	return v
}
