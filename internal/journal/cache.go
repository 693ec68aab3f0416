package journal

import (
	"container/list"
	"sync"
)

// frameKey names a frame. A segment that is sealed becomes another *segment, so
// the frames of the old packing are never mistaken for those of the new.
type frameKey struct {
	seg *segment
	off int64
}

// frameCache keeps the frames that were unpacked last.
type frameCache struct {
	maxBytes int

	mu    sync.Mutex
	bytes int
	order *list.List // of *cachedFrame, the one used last in front
	byKey map[frameKey]*list.Element
	// unpacking are the frames that somebody is unpacking for all who ask.
	unpacking map[frameKey]*unpacking
}

// unpacking is a frame that is being unpacked. recs and err are set before done
// is closed.
type unpacking struct {
	done chan struct{}
	recs []Record
	err  error
}

type cachedFrame struct {
	key   frameKey
	recs  []Record
	bytes int
}

func newFrameCache(maxBytes int) *frameCache {
	return &frameCache{
		maxBytes: maxBytes, order: list.New(),
		byKey: make(map[frameKey]*list.Element), unpacking: make(map[frameKey]*unpacking),
	}
}

// load returns the records of a frame. If it is not kept, read unpacks it, once
// for all who ask at about the same time.
func (c *frameCache) load(k frameKey, read func() ([]Record, error)) ([]Record, error) {
	c.mu.Lock()
	if e, ok := c.byKey[k]; ok {
		c.order.MoveToFront(e)
		c.mu.Unlock()
		return e.Value.(*cachedFrame).recs, nil
	}
	if u, ok := c.unpacking[k]; ok {
		c.mu.Unlock()
		<-u.done
		return u.recs, u.err
	}
	u := &unpacking{done: make(chan struct{})}
	c.unpacking[k] = u
	c.mu.Unlock()
	u.recs, u.err = read()
	c.mu.Lock()
	delete(c.unpacking, k)
	if u.err == nil {
		c.putLocked(k, u.recs)
	}
	c.mu.Unlock()
	close(u.done)
	return u.recs, u.err
}

func (c *frameCache) putLocked(k frameKey, recs []Record) {
	f := &cachedFrame{key: k, recs: recs}
	for i := range recs {
		f.bytes += len(recs[i].Data) + recordOverhead
	}
	if f.bytes > c.maxBytes/4 {
		return
	}
	c.byKey[k] = c.order.PushFront(f)
	c.bytes += f.bytes
	for c.bytes > c.maxBytes {
		c.removeLocked(c.order.Back())
	}
}

func (c *frameCache) removeLocked(e *list.Element) {
	f := c.order.Remove(e).(*cachedFrame)
	delete(c.byKey, f.key)
	c.bytes -= f.bytes
}

// drop forgets the frames of a segment.
func (c *frameCache) drop(s *segment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, e := range c.byKey {
		if k.seg == s {
			c.removeLocked(e)
		}
	}
}
