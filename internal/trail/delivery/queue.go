package delivery

import (
	"context"
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/state"
)

const (
	// atOnce is how many uploads of a trail run at a time.
	atOnce = 4
	// outage is how many uploads in a row have failed when the bucket is taken
	// to be away. From then on one is tried at a time.
	outage = 4

	minBackoff = time.Second
	maxBackoff = 5 * time.Minute
)

// backoff is how long to wait after a number of failures in a row.
func backoff(failures int) time.Duration {
	d := maxBackoff
	if failures < 10 {
		d = min(d, minBackoff<<max(failures-1, 0))
	}
	return d/2 + rand.N(d/2+1)
}

// item is a file or a digest that waits for its upload.
type item struct {
	key             string // in the state
	digest          bool
	account, region string
	decided         time.Time
	period          uint64
	first           journal.Seq // of a file
	// lane orders uploads: each waits for those before it in its lane. ""
	// is none.
	lane string

	failures int
	next     time.Time // not to be tried before
	busy     bool
}

// queue is what a trail has to upload, in the order in which it was decided.
type queue struct {
	changed chan struct{} // wakes who takes

	mu    sync.Mutex
	items []*item
	busy  int
	// failures are those since the last success of any item; until pause
	// nothing is tried.
	failures int
	pause    time.Time
}

func newQueue(changed chan struct{}) *queue { return &queue{changed: changed} }

// load reads what is stored. Files go first: digests name what is delivered.
func (q *queue) load(tx *state.Tx, id string) error {
	for f, err := range files.List(tx, id+"/") {
		if err != nil {
			return err
		}
		q.items = append(q.items, fileItem(f.Key, &f.Value))
	}
	for d, err := range digests.List(tx, id+"/") {
		if err != nil {
			return err
		}
		q.items = append(q.items, digestItem(d.Key, &d.Value))
	}
	return nil
}

func fileItem(key string, f *file) *item {
	return &item{
		key: key, account: f.Account, region: f.Region,
		decided: f.Decided, period: f.Period, first: f.First,
	}
}

func digestItem(key string, d *signedDigest) *item {
	return &item{
		key: key, digest: true, account: d.Account, region: d.Region,
		decided: d.Decided, lane: d.Account + "/" + d.Region,
	}
}

func (q *queue) add(items ...*item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, items...)
	wake(q.changed)
}

// take returns an item that may be tried now and marks it as busy, or how long to
// wait for one. It is the oldest of those that have failed least, so that what is
// refused for its own sake does not hold up the rest.
func (q *queue) take(now time.Time) (*item, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	limit := atOnce
	if q.failures >= outage {
		limit = 1
	}
	if q.busy >= limit || len(q.items) == 0 {
		return nil, maxBackoff // woken before, when one is done or added
	}
	wait := maxBackoff
	var best *item
	for it := range q.eligible() {
		due := it.next
		if q.pause.After(due) {
			due = q.pause
		}
		if reached(now, due, maxBackoff) {
			due = now
		}
		if over := it.decided.Add(giveUpAfter); over.Before(due) {
			due = over
		}
		switch {
		case due.After(now):
			wait = min(wait, due.Sub(now))
		case best == nil || it.failures < best.failures:
			best = it
		}
	}
	if best == nil {
		return nil, wait
	}
	best.busy = true
	q.busy++
	return best, 0
}

// eligible yields the items for which no other has to be done with first. The
// caller holds mu.
func (q *queue) eligible() iter.Seq[*item] {
	return func(yield func(*item) bool) {
		behind := map[string]bool{}
		for _, it := range q.items {
			if it.lane != "" && behind[it.lane] {
				continue
			}
			behind[it.lane] = true
			if !it.busy && !yield(it) {
				return
			}
		}
	}
}

// done removes an item that needs no more tries. delivered says that it was
// uploaded, so that the bucket is there.
func (q *queue) done(it *item, delivered bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.items {
		if q.items[i] == it {
			q.items = append(q.items[:i], q.items[i+1:]...)
			break
		}
	}
	q.busy--
	if delivered {
		q.failures, q.pause = 0, time.Time{}
	}
	wake(q.changed)
}

// retry gives an item back. elsewhere says that it failed for a reason that is
// not the bucket's.
func (q *queue) retry(it *item, now time.Time, elsewhere bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	it.busy = false
	it.failures++
	it.next = now.Add(backoff(it.failures))
	q.busy--
	if !elsewhere {
		if q.failures++; q.failures >= outage {
			q.pause = now.Add(backoff(q.failures - outage + 1))
		}
	}
	wake(q.changed)
}

// heldBy are the Regions of the files or of the digests, like an item, that the
// outage in which it failed holds up; there are none while others are tried.
func (q *queue) heldBy(failed *item) []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.failures < outage {
		return nil
	}
	var regions []string
	for _, it := range q.items {
		if it.digest == failed.digest && !slices.Contains(regions, it.region) {
			regions = append(regions, it.region)
		}
	}
	return regions
}

// release gives back an item whose try was broken off.
func (q *queue) release(it *item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	it.busy = false
	q.busy--
}

// oldestRecord is the first record of all files, or none.
func (q *queue) oldestRecord(none journal.Seq) journal.Seq {
	q.mu.Lock()
	defer q.mu.Unlock()
	oldest := none
	for _, it := range q.items {
		if !it.digest {
			oldest = min(oldest, it.first)
		}
	}
	return oldest
}

// undelivered reports whether files of a period are still to be uploaded.
func (q *queue) undelivered(period uint64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, it := range q.items {
		if !it.digest && it.period == period {
			return true
		}
	}
	return false
}

func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items) == 0
}

func (q *queue) count() (files, digests int, oldest time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, it := range q.items {
		if it.digest {
			digests++
		} else {
			files++
		}
		if oldest.IsZero() || it.decided.Before(oldest) {
			oldest = it.decided
		}
	}
	return files, digests, oldest
}

// uploads takes items and hands each to try, in a goroutine, until the context
// ends or try returns an error.
func (q *queue) uploads(ctx context.Context, try func(context.Context, *item) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		it, wait := q.take(time.Now())
		if it == nil {
			if sleep(ctx, q.changed, wait) != nil {
				return context.Cause(ctx)
			}
			continue
		}
		wg.Go(func() {
			if err := try(ctx, it); err != nil {
				cancel(err)
			}
		})
	}
}
