package history

import (
	"fmt"
	"math"

	"github.com/cairn-audit/cairn/internal/journal"
)

// memory is the index of a segment that is being written, or is not yet sealed.
// The events of a value form a chain from the newest in the journal to the
// oldest. It takes about 150 bytes an event.
//
// add is for one goroutine; add and view are ordered by a lock of the owner's.
type memory struct {
	key    hashKey
	first  journal.Seq
	next   journal.Seq // the number after the last record
	events chunked[event]
	nodes  chunked[node]
	heads  map[uint64]uint32 // prefix → 1 + the newest node of its chain
}

// event is an event in the order of the journal.
type event struct {
	time   int64  // seconds
	newest int64  // the latest time among this and all earlier events
	offset uint32 // from the first record of the segment
}

// node is a link of a chain.
type node struct {
	event uint32
	prev  uint32 // 1 + the next older node; 0 ends the chain
}

func newMemory(first journal.Seq) *memory {
	return &memory{key: newHashKey(), first: first, next: first, heads: map[uint64]uint32{}}
}

// add takes in an event and its prefixes. Sequence numbers only grow.
func (m *memory) add(seq journal.Seq, seconds int64, prefixes []uint64) error {
	if m.events.n == maxEvents || seq-m.first > math.MaxUint32 {
		return fmt.Errorf("indexing event %d: its segment has more than %d events", seq, maxEvents)
	}
	at := m.events.n
	newest := seconds
	if before, ok := m.newest(); ok {
		newest = max(newest, before)
	}
	m.events.append(event{time: seconds, newest: newest, offset: uint32(seq - m.first)})
	for _, p := range prefixes {
		head := m.heads[p]
		if head != 0 && m.nodes.at(head-1).event == at {
			continue // the same value twice
		}
		m.nodes.append(node{event: at, prev: head})
		m.heads[p] = m.nodes.n
	}
	return nil
}

// newest returns the latest time of an event, if there is one.
func (m *memory) newest() (int64, bool) {
	if m.events.n == 0 {
		return 0, false
	}
	return m.events.at(m.events.n - 1).newest, true
}

// view returns the chain of a prefix as it is now. The chain stays readable
// while events are added.
func (m *memory) view(prefix uint64) chain {
	return chain{first: m.first, events: m.events, nodes: m.nodes, head: m.heads[prefix]}
}

// chain is the events of a value at one moment.
type chain struct {
	first  journal.Seq
	events chunked[event]
	nodes  chunked[node]
	head   uint32
}

// chainCursor walks a chain from the newest position to the oldest. The chain is
// in the order of the journal, nearly that of time; pending holds what is read
// ahead until nothing older in the journal can be newer in time.
type chainCursor struct {
	chain
	in      span
	pending positions
}

func newChainCursor(c chain, in span) *chainCursor { return &chainCursor{chain: c, in: in} }

func (c *chainCursor) next() (at position, ok bool, err error) {
	for c.head != 0 {
		n := c.nodes.at(c.head - 1)
		e := c.events.at(n.event)
		if e.newest < c.in.from {
			c.head = 0 // this and all that follow are too old
			break
		}
		if len(c.pending) > 0 && c.pending[0].time >= e.newest {
			break
		}
		c.head = n.prev
		p := position{e.time, c.first + journal.Seq(e.offset)}
		if c.in.contains(p) {
			c.pending.push(p)
		}
	}
	if len(c.pending) == 0 {
		return position{}, false, nil
	}
	return c.pending.pop(), true, nil
}
