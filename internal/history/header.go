package history

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// An encoded entry is
//
//	version, category, readOnly      a byte each
//	seconds                          signed varint
//	account, Region                  text
//	EventId, EventName, Username,
//	EventSource, AccessKeyId         text
//	number of resources              varint
//	type, name                       text, of each resource
//	record                           the rest
//
// where a text is its length, a varint, and its bytes. Every text but the two of
// a resource's type also stands in the record, so that the journal's compression
// leaves little of the header.
const entryVersion = 1

var readOnlyValues = [...]string{"", "true", "false"}

func encodeReadOnly(value string) (byte, error) {
	for i, v := range readOnlyValues {
		if v == value {
			return byte(i), nil
		}
	}
	return 0, fmt.Errorf("readOnly is %q", value)
}

// header is an entry whose texts are still parts of the encoded form: what the
// index needs, without an allocation per text.
type header struct {
	category                                               Category
	seconds                                                int64
	account, region                                        []byte
	eventID, eventName, username, eventSource, accessKeyID []byte
	readOnly                                               string
	resources                                              []rawResource
	json                                                   []byte
}

type rawResource struct{ kind, name []byte }

// parse fills the header from an encoded entry; it uses the memory of the
// resources that the header has.
func (h *header) parse(data []byte) error {
	r := reader{b: data}
	if v := r.byte(); r.err == nil && v != entryVersion {
		return fmt.Errorf("version %d is unknown", v)
	}
	h.category = Category(r.byte())
	if r.err == nil && !h.category.valid() {
		return fmt.Errorf("category %d is unknown", h.category)
	}
	readOnly := r.byte()
	if int(readOnly) >= len(readOnlyValues) {
		return fmt.Errorf("readOnly is %d", readOnly)
	}
	h.readOnly = readOnlyValues[readOnly]
	h.seconds = r.varint()
	if h.seconds < minSeconds || h.seconds > maxSeconds {
		return fmt.Errorf("time %d is outside the years 0 to 9999", h.seconds)
	}
	h.account, h.region = r.text(maxScope), r.text(maxScope)
	for _, field := range []*[]byte{&h.eventID, &h.eventName, &h.username, &h.eventSource, &h.accessKeyID} {
		*field = r.text(MaxValue)
	}
	n := r.uvarint()
	if n > MaxResources {
		return fmt.Errorf("%d resources", n)
	}
	h.resources = h.resources[:0]
	for range n {
		kind := r.text(MaxValue)
		name := r.text(MaxValue)
		if r.err != nil {
			break
		}
		h.resources = append(h.resources, rawResource{kind, name})
	}
	h.json = r.b
	return r.err
}

var (
	errShort  = errors.New("cut short")
	errVarint = errors.New("a number is too large or not in its shortest form")
)

// reader takes values from the front of b until the first error, after which all
// are zero.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(err error) {
	r.err = err
	r.b = nil
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		if r.err == nil {
			r.fail(errShort)
		}
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) uvarint() uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.b)
	switch {
	case n == 0:
		r.fail(errShort)
		return 0
	case n < 0 || n > 1 && r.b[n-1] == 0:
		r.fail(errVarint)
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *reader) text(limit int) []byte {
	n := r.uvarint()
	switch {
	case r.err != nil:
		return nil
	case n > uint64(limit):
		r.fail(fmt.Errorf("a text of %d bytes, more than %d", n, limit))
		return nil
	case n > uint64(len(r.b)):
		r.fail(errShort)
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

// writer is the reverse of reader.
type writer struct{ b []byte }

func (w *writer) byte(v byte)      { w.b = append(w.b, v) }
func (w *writer) uvarint(v uint64) { w.b = binary.AppendUvarint(w.b, v) }
func (w *writer) varint(v int64)   { w.b = binary.AppendVarint(w.b, v) }

func (w *writer) text(v string) {
	w.uvarint(uint64(len(v)))
	w.b = append(w.b, v...)
}

// value writes a text, empty where it is too long.
func (w *writer) value(v string, limit int) {
	if len(v) > limit {
		v = ""
	}
	w.text(v)
}
