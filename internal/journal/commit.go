package journal

import (
	"fmt"
	"time"

	"github.com/cairn-audit/cairn/internal/durable"
)

const (
	// growBytes is how far the active segment is zero-filled ahead at a time.
	// More costs disk while there is little traffic, less costs a longer sync
	// more often.
	growBytes = 4 << 20
	// baseReserve is kept free in the active segment besides OutcomeReserve for
	// each open intent: room for outcomes that are larger than that.
	baseReserve = 1 << 20
	// probeInterval is how long after a failed attempt to begin a segment the
	// next is made. Appends in between fail at once, with the same cause.
	probeInterval = 50 * time.Millisecond
)

// committer carries out appends. Its fields belong to the goroutine of run. Of
// Journal's, run alone changes last, open and the active segment, so it reads
// them without the lock.
//
// While one batch is being written and synced, the next is built: frames that
// are full are packed meanwhile, by goroutines of their own. What is left is
// packed when the sync is done, so a batch takes all that waited for it.
type committer struct {
	j        *Journal
	packer   *packer
	chain    *chain // after the packed records of building
	building *batch
	inflight *batch // nil if nothing is being written
	spare    *batch

	// settling are the intents that records of inflight and building settle;
	// intents is how many new ones these hold.
	settling map[Seq]struct{}
	intents  int

	active *segment
	file   durable.File
	alloc  int64     // size of file; from the end of the frames on it is zeros
	since  time.Time // commit of the first record of active, zero if it has none
	// broken is why nothing may be written to active any more; nil if it may.
	broken error
	// beginErr is how begin failed last, until it succeeds; it may be tried again
	// at retry.
	beginErr error
	retry    time.Time

	jobs   chan job
	synced chan error
	packs  chan *packing
}

type job struct {
	file durable.File
	p    []byte
	off  int64
}

// write carries out the writes of the committer, one at a time.
func (c *committer) write() {
	for job := range c.jobs {
		// This is the commit point: when the sync that ends Append has returned,
		// the records of the batch are in the journal, and after a crash
		// recovery goes forward from there. Before, nothing was promised.
		c.synced <- durable.Append(job.file, job.p, job.off)
	}
}

func (c *committer) run() {
	defer close(c.jobs)
	defer close(c.packs)
	age := time.NewTimer(0)
	defer age.Stop()
	for {
		c.gather()
		if c.inflight == nil && !c.building.empty() {
			if c.rotate() {
				c.dispatch()
			}
			continue
		}
		if c.inflight == nil && c.j.queue.drained() {
			return
		}
		if c.inflight == nil && c.broken == nil && !c.since.IsZero() {
			age.Reset(max(time.Until(c.since.Add(c.j.opts.SegmentAge)), time.Until(c.retry)))
		}
		select {
		case err := <-c.synced:
			c.settle(err)
		case <-c.j.queue.wake:
		case <-age.C:
			if c.inflight == nil {
				c.rotate()
			}
		}
	}
}

// gather takes what waits into the batch that is being built.
func (c *committer) gather() {
	for c.building.bytes < maxBatchBytes {
		reqs := c.j.queue.take(maxBatchBytes - c.building.bytes)
		if len(reqs) == 0 {
			return
		}
		for _, r := range reqs {
			if err := c.admit(r); err != nil {
				c.refuse(r, err)
				continue
			}
			if len(r.recs) == 0 {
				c.j.unavailable.Store(nil)
				c.j.queue.finished(r)
				r.finish(c.j.last+1, nil)
				continue
			}
			c.add(r)
		}
	}
}

// admit decides whether a request can be carried out.
func (c *committer) admit(r *request) error {
	if c.broken != nil {
		if err := c.begin(); err != nil {
			return &UnavailableError{Cause: err}
		}
	}
	for i := range r.recs {
		s := r.recs[i].Settles
		if s == 0 {
			continue
		}
		_, open := c.j.open[s]
		_, taken := c.settling[s]
		if !open || taken || i > 0 && settlesAny(r.recs[:i], s) {
			return fmt.Errorf("%w: %d", ErrNotOpen, s)
		}
	}
	if err := c.makeRoom(r); err != nil {
		return &UnavailableError{Cause: err}
	}
	return nil
}

func settlesAny(recs []Record, s Seq) bool {
	for i := range recs {
		if recs[i].Settles == s {
			return true
		}
	}
	return false
}

func (c *committer) add(r *request) {
	for i := range r.recs {
		if s := r.recs[i].Settles; s != 0 {
			c.settling[s] = struct{}{}
		}
	}
	c.intents += r.intents
	c.building.add(r)
	if c.building.full() {
		c.packs <- c.building.frame(c.chain)
	}
}

// packing packs frames that are full, beside the committer.
func (c *committer) packing(p *packer) {
	for k := range c.packs {
		k.run(p)
	}
}

// forget undoes what add noted beside the batch.
func (c *committer) forget(reqs []*request) {
	for _, r := range reqs {
		c.intents -= r.intents
		for i := range r.recs {
			delete(c.settling, r.recs[i].Settles)
		}
	}
}

// rotate begins the next segment if the active one is full or old enough. It
// reports whether there is a segment to write to; if not, the batch that was
// built has failed. Nothing is in flight, and all that is committed is indexed.
func (c *committer) rotate() bool {
	if !c.due() {
		return true
	}
	// A segment that cannot be followed for want of space goes on, unless it is
	// not known whether its successor exists already.
	err := c.begin()
	if c.broken == nil {
		return true
	}
	c.abandon(c.building, err)
	c.restart()
	return false
}

// dispatch hands the batch that was built to the writer. Nothing is in flight.
func (c *committer) dispatch() {
	b := c.building
	if k := b.frame(c.chain); k != nil {
		k.run(c.packer)
	}
	b.assemble(c.active, latest(time.Now().UTC(), c.active.lastCommit))
	c.inflight = b
	c.jobs <- job{file: c.file, p: b.buf, off: c.active.end}
	if c.spare == nil {
		c.spare = new(batch)
	}
	c.building, c.spare = c.spare, nil
	c.building.reset(b.next(), b.hash)
}

// settle ends the batch in flight: err is how its write went.
func (c *committer) settle(err error) {
	b := c.inflight
	c.inflight = nil
	if err != nil {
		c.failed(b, err)
		return
	}
	c.publish(b)
	c.j.unavailable.Store(nil)
	if !c.due() {
		// The next write goes ahead while this one's callers are told.
		c.gather()
		if !c.building.empty() {
			c.dispatch()
		}
	}
	c.j.idx.Committed(b.seg.first, b.first, b.recs)
	c.j.wakeReaders()
	c.j.queue.finished(b.reqs...)
	first := b.first
	for _, r := range b.reqs {
		n := Seq(len(r.recs))
		r.finish(first, nil)
		first += n
	}
	c.spare = b
}

// publish makes a committed batch readable.
func (c *committer) publish(b *batch) {
	c.forget(b.reqs)
	if c.since.IsZero() {
		c.since = b.when
	}
	j, s := c.j, b.seg
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, f := range b.frames {
		f.off += s.end
		s.frames = append(s.frames, f)
	}
	s.end += int64(len(b.buf))
	s.last = b.next() - 1
	s.lastCommit = b.when
	s.hash = b.hash
	j.last = s.last
	for i, r := range b.recs {
		if r.Settles != 0 {
			delete(j.open, r.Settles)
		}
		if r.Kind == Intent {
			r.Data = append([]byte(nil), r.Data...)
			j.open[b.first+Seq(i)] = r
		}
	}
}

// failed gives up a batch whose write or sync failed, and with it the active
// segment behind its last good frame.
func (c *committer) failed(b *batch, err error) {
	c.j.log.Error("journal: write failed; a new segment begins",
		"segment", c.active.path, "last", c.j.last, "err", err)
	// Nobody knows what is on the disk now. The name of the next segment will
	// say that this batch is void; until there is one, removing its bytes is the
	// best that can be tried.
	if c.file.Truncate(c.active.end) == nil {
		_ = c.file.Datasync()
	}
	c.broken = err
	c.abandon(b, err)
	c.forget(c.building.reqs)
	c.j.queue.putBack(c.building.reqs)
	c.restart()
}

// abandon fails the requests of a batch.
func (c *committer) abandon(b *batch, err error) {
	c.forget(b.reqs)
	for _, r := range b.reqs {
		c.refuse(r, &UnavailableError{Cause: err})
	}
}

// restart empties the batch that is being built, to go on after the last
// committed record.
func (c *committer) restart() {
	c.building.wait()
	c.chain.sum = c.active.hash
	c.building.reset(c.j.last+1, c.active.hash)
}

func (c *committer) refuse(r *request, err error) {
	if u, ok := err.(*UnavailableError); ok {
		c.j.unavailable.Store(u)
	}
	c.j.queue.finished(r)
	r.finish(0, err)
}
