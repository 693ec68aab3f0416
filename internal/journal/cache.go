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

// frameCache keeps the frames that Get unpacked last.
type frameCache struct {
	maxBytes int

	mu    sync.Mutex
	bytes int
	order *list.List // of *cachedFrame, the one used last in front
	byKey map[frameKey]*list.Element
}

type cachedFrame struct {
	key   frameKey
	recs  []Record
	bytes int
}

func newFrameCache(maxBytes int) *frameCache {
	return &frameCache{maxBytes: maxBytes, order: list.New(), byKey: make(map[frameKey]*list.Element)}
}

func (c *frameCache) get(k frameKey) ([]Record, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[k]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*cachedFrame).recs, true
}

func (c *frameCache) put(k frameKey, recs []Record) {
	f := &cachedFrame{key: k, recs: recs}
	for i := range recs {
		f.bytes += len(recs[i].Data) + recordOverhead
	}
	if f.bytes > c.maxBytes/4 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byKey[k]; ok {
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
