package logs

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/trail"
)

// Journal is where events come from; *journal.Journal is one.
type Journal interface {
	Follow(from journal.Seq) *journal.Reader
	Last() journal.Seq
}

// Trails are who wants what; *trail.Store is one.
type Trails interface {
	All() ([]trail.Trail, error)
	Changed() <-chan struct{}
}

// Sink takes log events. Put returns when they are kept; it makes the stream
// where there is none. Where an error has an ErrorCode method, the trail's status
// shows the code.
type Sink interface {
	Put(ctx context.Context, t *trail.Trail, stream string, messages []string) error
}

// positions are the first records that are not sent, by the trails' IDs.
const positions state.Kind[position] = "trail-logs-position"

type position struct {
	Next  journal.Seq
	Group string // the ARN of the log group that it is about
	Sent  time.Time
}

// Forwarder sends what all trails want.
type Forwarder struct {
	state   *state.Store
	journal Journal
	trails  Trails
	sink    Sink
	Log     *slog.Logger

	mu      sync.Mutex
	adopted bool               // the trails have been read
	senders map[string]*sender // by the trail's ID and its log group's ARN

	ended chan struct{} // gets a token when a sender has ended
}

// New makes a forwarder. It does nothing until Run.
func New(s *state.Store, j Journal, t Trails, sink Sink) *Forwarder {
	return &Forwarder{
		state: s, journal: j, trails: t, sink: sink, Log: slog.New(slog.DiscardHandler),
		senders: map[string]*sender{}, ended: make(chan struct{}, 1),
	}
}

// Run sends until the context ends, and returns its error.
func (f *Forwarder) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		changed := f.trails.Changed()
		if err := f.adopt(ctx, &wg); err != nil {
			f.Log.ErrorContext(ctx, "trails could not be read; trying again", "error", err)
			timer := time.NewTimer(time.Second)
			select {
			case <-ctx.Done():
			case <-timer.C:
			}
			timer.Stop()
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-f.ended:
		}
	}
}

// adopt starts the senders of trails that have none. A sender ends by itself when
// its trail has another log group, or is no more.
func (f *Forwarder) adopt(ctx context.Context, wg *sync.WaitGroup) error {
	if ctx.Err() != nil {
		return nil
	}
	all, err := f.trails.All()
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.adopted = true
	for i := range all {
		t := &all[i]
		key := t.ID + " " + t.LogGroupARN
		if t.LogGroupARN == "" {
			continue
		}
		if there := f.senders[key]; there != nil {
			there.learn(t)
			continue
		}
		from, err := f.begin(t)
		if err != nil {
			return err
		}
		if from.Group == "" {
			continue
		}
		s := &sender{
			Forwarder: f, id: t.ID, group: t.LogGroupARN, known: t, next: from.Next, sent: from.Sent, log: f.Log.With("trail", t.ARN()),
		}
		f.senders[key] = s
		wg.Go(func() {
			s.run(ctx)
			f.mu.Lock()
			delete(f.senders, key)
			f.mu.Unlock()
			// The log group may be the trail's again.
			select {
			case f.ended <- struct{}{}:
			default:
			}
		})
	}
	return nil
}

// begin is where a trail goes on. A log group that is new to it gets what is
// recorded from now on; a trail that is new gets all that it wants. One that was
// deleted goes on only where it has not finished, else its group is "".
func (f *Forwarder) begin(t *trail.Trail) (p position, err error) {
	err = f.state.Update(func(tx *state.Tx) (err error) {
		p, _, err = positions.Get(tx, t.ID)
		switch {
		case !t.Deleted.IsZero() && (errors.Is(err, state.ErrNotFound) || err == nil && p.Group != t.LogGroupARN):
			p = position{}
			return nil
		case errors.Is(err, state.ErrNotFound) && len(t.Epochs) > 0:
			p = position{Next: t.Epochs[0].From, Group: t.LogGroupARN}
			if time.Since(t.Created) > time.Minute {
				p.Next = f.journal.Last() + 1
			}
		case err != nil && !errors.Is(err, state.ErrNotFound):
			return err
		case p.Group == t.LogGroupARN:
			return nil
		default:
			p = position{Next: f.journal.Last() + 1, Group: t.LogGroupARN}
		}
		_, err = positions.Put(tx, t.ID, p)
		return err
	})
	return p, err
}

// Keep is the oldest record of the journal that is still to be read, 0 if none
// is.
func (f *Forwarder) Keep() journal.Seq {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.adopted {
		return 1
	}
	var keep journal.Seq
	for _, s := range f.senders {
		if next := s.stored(); keep == 0 || next < keep {
			keep = next
		}
	}
	return keep
}

// Status adds to a trail's status in a Region what has become of its log group.
func (f *Forwarder) Status(id string, s *trail.Status) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, sender := range f.senders {
		if sender.id == id {
			s.Logs, s.LogsError = sender.status()
		}
	}
}

// Needs is the oldest record of the journal that is still to be read for the log
// group of a trail, 0 if none is.
func (f *Forwarder) Needs(id string) journal.Seq {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.adopted {
		return 1
	}
	var oldest journal.Seq
	for _, s := range f.senders {
		if next := s.stored(); s.id == id && (oldest == 0 || next < oldest) {
			oldest = next
		}
	}
	return oldest
}

// current is the trail as it is now, nil where it no longer sends to the group. One
// that was deleted, and may be forgotten by those who deliver its files, is what it
// was last.
func (s *sender) current() (*trail.Trail, error) {
	all, err := s.trails.All()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(t trail.Trail) bool { return t.ID == s.id })
	if i >= 0 && all[i].LogGroupARN == s.group {
		s.learn(&all[i])
		return &all[i], nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i >= 0 || s.known.Deleted.IsZero() {
		return nil, nil
	}
	return s.known, nil
}

func (s *sender) learn(t *trail.Trail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = t
}

// end is when nothing more comes of a trail that was deleted.
func (s *sender) end() (_ time.Time, deleted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known.Deleted.Add(lastWait), !s.known.Deleted.IsZero()
}
