package history

import "sort"

// fileCursor walks the postings of a value from the newest position to the
// oldest.
type fileCursor struct {
	x      *file
	prefix uint64
	in     span

	block    int      // the posting block that is open, -1 before the first
	postings []uint64 // what is left of it, of this value and below the span's end
	ordered  int      // the order block that is open, -1 for none
	order    []position
}

// newFileCursor needs a prefix that was made with the file's key.
func newFileCursor(x *file, prefix uint64, in span) (*fileCursor, error) {
	c := &fileCursor{x: x, prefix: prefix, in: in, ordered: -1}
	if x.events == 0 || x.maxTime < in.from {
		return c, nil
	}
	end, err := x.rankOf(in.before)
	if err != nil || end == 0 {
		return c, err
	}
	// The last block that begins with a posting of the value below the end, or
	// with less and so may contain one.
	limit := prefix | uint64(end-1)
	c.block = sort.Search(len(x.postings), func(i int) bool { return x.postings[i].first > limit })
	return c, c.previousBlock(limit)
}

// previousBlock opens the block before the one that is open and keeps of it the
// postings up to the limit.
func (c *fileCursor) previousBlock(limit uint64) error {
	c.block--
	if c.block < 0 {
		return nil
	}
	all, err := c.x.readPostings(c.block)
	if err != nil {
		return err
	}
	n := sort.Search(len(all), func(i int) bool { return all[i] > limit })
	c.postings = all[:n]
	return nil
}

func (c *fileCursor) next() (position, bool, error) {
	for {
		p, ok, err := c.nextPosting()
		if !ok || err != nil {
			return position{}, false, err
		}
		at, err := c.position(uint32(p & rankMask))
		if err != nil {
			return position{}, false, err
		}
		if at.time < c.in.from {
			return position{}, false, nil
		}
		if c.in.contains(at) {
			return at, true, nil
		}
	}
}

func (c *fileCursor) nextPosting() (uint64, bool, error) {
	if len(c.postings) == 0 {
		if c.block <= 0 {
			return 0, false, nil
		}
		if err := c.previousBlock(c.prefix | rankMask); err != nil {
			return 0, false, err
		}
	}
	if len(c.postings) == 0 {
		return 0, false, nil
	}
	p := c.postings[len(c.postings)-1]
	if p&^rankMask != c.prefix {
		c.postings, c.block = nil, 0 // of a smaller value: there are no more of this
		return 0, false, nil
	}
	c.postings = c.postings[:len(c.postings)-1]
	return p, true, nil
}

func (c *fileCursor) position(rank uint32) (position, error) {
	block := int(rank / blockLen)
	if block != c.ordered {
		order, err := c.x.readOrder(block)
		if err != nil {
			return position{}, err
		}
		c.order, c.ordered = order, block
	}
	return c.order[rank%blockLen], nil
}
