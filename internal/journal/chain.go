package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// chain computes the running hash that the package comment defines.
type chain struct {
	sum    Hash
	digest hash.Hash
	prefix [sha256.Size + 1 + 8 + 8]byte
}

func newChain(at Hash) *chain { return &chain{sum: at, digest: sha256.New()} }

func (c *chain) add(r *Record) {
	p := &c.prefix
	n := copy(p[:], c.sum[:])
	p[n] = byte(r.Kind)
	binary.BigEndian.PutUint64(p[n+1:], uint64(r.Settles))
	binary.BigEndian.PutUint64(p[n+9:], uint64(len(r.Data)))
	c.digest.Reset()
	c.digest.Write(p[:])
	c.digest.Write(r.Data)
	c.digest.Sum(c.sum[:0])
}

func (c *chain) addAll(recs []Record) Hash {
	for i := range recs {
		c.add(&recs[i])
	}
	return c.sum
}
