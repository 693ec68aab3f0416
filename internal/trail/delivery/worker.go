package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/trail"
)

// worker delivers what one trail wants. Its goroutines are those of a session,
// each with a part of the state that only it changes:
//
//	collect   the position, new files, and the beginning and end of periods
//	upload    takes files and digests away
//	schedule  the periods' steps, chains, new digests
//	notify    takes notifications away
//
// An error of the state ends the session, and the next begins from what is
// stored: that a transaction failed does not say that it was not made.
type worker struct {
	*Courier
	id  string
	log *slog.Logger

	// deciding is held from the transaction of a decision until the queue has
	// what was decided, and by whoever asks whether anything is left.
	deciding sync.Mutex

	mu       sync.Mutex
	stored   position                 // as in the state
	lost     Losses                   // as in the state
	statuses map[string]*trail.Status // by Region
	queue    *queue
	// toNotify are the notes, oldest first.
	toNotify []queuedNote

	// Each wakes a goroutine of the session; buffered, so that none is missed.
	wakeUpload, wakeSchedule, wakeNotify, wakeCollect chan struct{}
}

// errForgotten ends the worker of a trail that is no more.
var errForgotten = errors.New("the trail is forgotten")

func newWorker(c *Courier, t *trail.Trail) *worker {
	return &worker{
		Courier: c, id: t.ID, log: c.Logger.With("trail", t.ARN()),
		wakeUpload: make(chan struct{}, 1), wakeSchedule: make(chan struct{}, 1),
		wakeNotify: make(chan struct{}, 1), wakeCollect: make(chan struct{}, 1),
	}
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run works until the context ends or the trail is forgotten.
func (w *worker) run(ctx context.Context) {
	for failures := 0; ; {
		began := time.Now()
		err := w.session(ctx)
		if errors.Is(err, errForgotten) || ctx.Err() != nil {
			return
		}
		if time.Since(began) > maxBackoff {
			failures = 0
		}
		failures++
		w.log.ErrorContext(ctx, "the delivery stopped and will go on", "error", err)
		// What is not known to be stored must not be gone on from.
		for loaded := false; !loaded; {
			if sleep(ctx, nil, backoff(failures)) != nil {
				return
			}
			if err := w.load(); err != nil {
				failures++
				w.log.ErrorContext(ctx, "the state of the delivery could not be read", "error", err)
				continue
			}
			loaded = true
		}
	}
}

func (w *worker) session(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return newCollector(w).run(ctx) })
	g.Go(func() error { return w.upload(ctx) })
	g.Go(func() error { return w.schedule(ctx) })
	g.Go(func() error { return w.notify(ctx) })
	return g.Wait()
}

// load takes up what is stored. No session runs meanwhile.
func (w *worker) load() error {
	t, err := w.trail(w.id)
	if err != nil {
		return err
	}
	q := newQueue(w.wakeUpload)
	var p position
	var sum Losses
	var waiting []queuedNote
	shown := map[string]*trail.Status{}
	err = w.state.View(func(tx *state.Tx) error {
		found := false
		if p, found, err = orNone(positions.Get(tx, w.id)); err != nil {
			return err
		}
		if !found {
			p.Next = w.begin(t)
		}
		if sum, _, err = orNone(losses.Get(tx, w.id)); err != nil {
			return err
		}
		if err := q.load(tx, w.id); err != nil {
			return err
		}
		for n, err := range notes.List(tx, w.id+"/") {
			if err != nil {
				return err
			}
			waiting = append(waiting, queuedNote{n.Key, n.Value})
		}
		for s, err := range statuses.List(tx, w.id+"/") {
			if err != nil {
				return err
			}
			shown[s.Key[len(w.id)+1:]] = &s.Value
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the delivery of trail %s: %w", w.id, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stored, w.lost, w.queue, w.toNotify, w.statuses = p, sum, q, waiting, shown
	return nil
}

// begin is where a trail starts that has not delivered anything.
func (w *worker) begin(t *trail.Trail) journal.Seq {
	if t == nil || len(t.Epochs) == 0 {
		return w.journal.Last() + 1
	}
	return t.Epochs[0].From
}

// keep is the oldest record that is still to be read.
func (w *worker) keep() journal.Seq {
	w.mu.Lock()
	defer w.mu.Unlock()
	return min(w.stored.Next, w.queue.oldestRecord(w.stored.Next))
}

func (w *worker) backlog() Backlog {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := Backlog{Losses: w.lost, Notifications: len(w.toNotify)}
	b.Files, b.Digests, b.Oldest = w.queue.count()
	return b
}

// lose counts what will never be delivered, in a transaction; after it, keepCount
// shows it.
func (w *worker) lose(tx *state.Tx, count func(*Losses)) (Losses, error) {
	sum, _, err := orNone(losses.Get(tx, w.id))
	if err != nil {
		return sum, err
	}
	count(&sum)
	_, err = losses.Put(tx, w.id, sum)
	return sum, err
}

func (w *worker) keepCount(sum Losses) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lost = sum
}

// sleep waits for a time, or less if it is woken.
func sleep(ctx context.Context, woken <-chan struct{}, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-woken:
	case <-timer.C:
	}
	return nil
}

// orNone makes a value that is not there the zero one.
func orNone[T any](value T, version uint64, err error) (T, bool, error) {
	if errors.Is(err, state.ErrNotFound) {
		return value, false, nil
	}
	return value, err == nil && version != 0, err
}
