package history

import (
	"crypto/rand"
	"encoding/binary"

	"github.com/dchest/siphash"
)

// A posting says that an event has a value. It is a number of 64 bits: the upper
// 40 are a hash of the account, the Region, the category, the attribute and the
// value, the lower 24 are the event's rank in its segment, by (time, sequence).
// Sorted, the postings of one value stand together, oldest event first, and
// that sorted row is the whole index.
//
// Two values may share a hash (one lookup in three million meets such a pair in
// a segment of 250,000 events), so whoever reads an event looks whether it does
// have the value. The hash is keyed with a secret of the segment, lest
// somebody choose names that collide to make lookups slow.
const (
	rankBits = 24
	rankMask = 1<<rankBits - 1

	// maxEvents is how many events the index of a segment can tell apart.
	maxEvents = 1 << rankBits
)

// hashKey is the secret of a segment's hashes.
type hashKey [16]byte

func newHashKey() hashKey {
	var k hashKey
	rand.Read(k[:]) // never fails: the program ends instead
	return k
}

// hasher makes the upper parts of postings. It belongs to one goroutine.
type hasher struct {
	k0, k1 uint64
	buf    []byte
	scope  int // length of the scope in buf
}

func newHasher(k hashKey) *hasher {
	return &hasher{
		k0: binary.LittleEndian.Uint64(k[:8]),
		k1: binary.LittleEndian.Uint64(k[8:]),
	}
}

// setScope says to what the values that follow belong. It is written so that no
// two scopes and values make the same bytes.
func (h *hasher) setScope(c Category, account, region []byte) {
	h.buf = append(h.buf[:0], byte(c), byte(len(account)))
	h.buf = append(h.buf, account...)
	h.buf = append(h.buf, byte(len(region)))
	h.buf = append(h.buf, region...)
	h.scope = len(h.buf)
}

// prefix returns the posting of a value with rank 0.
func (h *hasher) prefix(a Attribute, value []byte) uint64 {
	h.buf = append(h.buf[:h.scope], byte(a))
	h.buf = append(h.buf, value...)
	return siphash.Hash(h.k0, h.k1, h.buf) &^ rankMask
}

// prefixes appends the postings, with rank 0, of an event's values.
func (h *hasher) prefixes(dst []uint64, e *header) []uint64 {
	h.setScope(e.category, e.account, e.region)
	dst = append(dst, h.prefix(Any, nil))
	for _, v := range [...]struct {
		attribute Attribute
		value     []byte
	}{
		{EventID, e.eventID}, {EventName, e.eventName}, {ReadOnly, []byte(e.readOnly)},
		{Username, e.username}, {EventSource, e.eventSource}, {AccessKeyID, e.accessKeyID},
	} {
		if len(v.value) > 0 {
			dst = append(dst, h.prefix(v.attribute, v.value))
		}
	}
	var last []byte
	for _, r := range e.resources {
		if len(r.kind) > 0 && string(r.kind) != string(last) {
			dst = append(dst, h.prefix(ResourceType, r.kind))
			last = r.kind
		}
		if len(r.name) > 0 {
			dst = append(dst, h.prefix(ResourceName, r.name))
		}
	}
	return dst
}
