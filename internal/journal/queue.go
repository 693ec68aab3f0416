package journal

import "sync"

// request is one Append on its way.
type request struct {
	recs  []Record
	bytes int // of data, with recordOverhead for each record
	// settles and intents count records of these kinds; urgent requests only
	// settle.
	intents int
	urgent  bool

	first Seq
	err   error
	done  chan struct{} // closed when first or err is set
}

func newRequest(recs []Record) *request {
	r := &request{recs: recs, done: make(chan struct{}), urgent: len(recs) > 0}
	for i := range recs {
		r.bytes += len(recs[i].Data) + recordOverhead
		if recs[i].Kind == Intent {
			r.intents++
		}
		if recs[i].Settles == 0 {
			r.urgent = false
		}
	}
	return r
}

// room is more than the request can take on disk, whatever is in it.
func (r *request) room() int64 { return int64(r.bytes + r.bytes>>8 + 2*frameHeaderLen) }

func (r *request) finish(first Seq, err error) {
	r.first, r.err = first, err
	close(r.done)
}

// queue holds the appends that wait for the committer, and counts those that it
// is working on.
type queue struct {
	wake chan struct{} // has a token if there may be something to take

	mu       sync.Mutex
	waiting  []*request
	bytes    int // of waiting and unfinished requests
	appends  int // their number
	maxBytes int
	maxCount int
	closed   bool
}

// put adds a request. One that only settles is always welcome: its intent was
// admitted.
func (q *queue) put(r *request) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	if !r.urgent && q.appends > 0 && (q.appends >= q.maxCount || q.bytes+r.bytes > q.maxBytes) {
		return ErrFull
	}
	q.waiting = append(q.waiting, r)
	q.bytes += r.bytes
	q.appends++
	q.signal()
	return nil
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take removes requests from the front, until there are maxBytes of them.
func (q *queue) take(maxBytes int) []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, size := 0, 0
	for n < len(q.waiting) && size < maxBytes {
		size += q.waiting[n].bytes
		n++
	}
	taken := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	return taken
}

// putBack returns requests to the front.
func (q *queue) putBack(rs []*request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(append(make([]*request, 0, len(rs)+len(q.waiting)), rs...), q.waiting...)
	q.signal()
}

// finished takes requests out of the count.
func (q *queue) finished(rs ...*request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range rs {
		q.bytes -= r.bytes
	}
	q.appends -= len(rs)
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

// drained reports whether the queue is closed and empty.
func (q *queue) drained() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed && len(q.waiting) == 0
}
