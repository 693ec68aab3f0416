package history

const chunkLen = 1 << 12

// chunked is a list that only grows and whose elements never move: a copy of it
// is a snapshot that stays readable while the original grows, provided that the
// copy and the growth are ordered by a lock.
type chunked[T any] struct {
	chunks []*[chunkLen]T
	n      uint32
}

func (c *chunked[T]) append(v T) {
	at := c.n % chunkLen
	if at == 0 {
		c.chunks = append(c.chunks, new([chunkLen]T))
	}
	c.chunks[len(c.chunks)-1][at] = v
	c.n++
}

func (c *chunked[T]) at(i uint32) *T { return &c.chunks[i/chunkLen][i%chunkLen] }
