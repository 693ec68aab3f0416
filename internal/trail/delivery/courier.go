package delivery

import (
	"cmp"
	"context"
	"crypto/rsa"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/region"
	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/trail"
)

// Journal is where events come from; *journal.Journal is one.
type Journal interface {
	Follow(from journal.Seq) *journal.Reader
	Get(ctx context.Context, seqs []journal.Seq) ([]journal.Record, error)
	First() journal.Seq
	Last() journal.Seq
}

// Trails are who wants what; *trail.Store is one. All must return a change that
// was made before an event was recorded to whoever has read that event.
type Trails interface {
	All() ([]trail.Trail, error)
	Changed() <-chan struct{}
	Forget(id string) error
	Prune(id string, before journal.Seq) error
}

// State is where decisions are kept; *state.Store is one.
type State interface {
	View(f func(*state.Tx) error) error
	Update(f func(*state.Tx) error) error
}

// S3 takes objects. To put the same object again must be possible at any time.
type S3 interface {
	PutObject(ctx context.Context, in *s3.PutObjectInput, options ...func(*s3.Options)) (*s3.PutObjectOutput, error)
}

// Keys sign digests; *signing.Signer is one. Once Key has returned, the public
// key can be listed.
type Keys interface {
	Key(region string, at time.Time) (*rsa.PrivateKey, error)
}

// Notifier publishes that files were delivered. Where an error has an ErrorCode
// method, the trail's status shows the code.
type Notifier interface {
	Publish(ctx context.Context, t *trail.Trail, topicARN, message string) error
}

// maxFile is what AWS's log files have at most ("Quotas in AWS CloudTrail").
const maxFile = 50 << 20

// Options are what a Courier needs and how it works.
type Options struct {
	// DeliveryInterval is how often log files are decided: 5 minutes.
	DeliveryInterval time.Duration
	// DigestInterval is how often digests are: an hour. They end at its
	// multiples, in UTC.
	DigestInterval time.Duration
	// FileSize is the size of the largest log file, in bytes before
	// compression: 50 MiB. A record that is larger has a file of its own.
	FileSize int64
	// S3 is where a trail's bucket is.
	S3   func(*trail.Trail) (S3, error)
	Keys Keys
	// Notifier is told of delivered files; nil: nobody is.
	Notifier Notifier
	// Members are the accounts that have digests even if nothing happens in
	// them; nil: the trail's own. Those in which something does always have.
	Members func(*trail.Trail) []string
	// Regions are those in which a multi-Region trail has digests even if
	// nothing happens in them; nil: those that every account has.
	Regions []string
	Logger  *slog.Logger
}

// Courier delivers what all trails want.
type Courier struct {
	state   State
	journal Journal
	trails  Trails
	Options
	packers sync.Pool // of *gzip.Writer, each of which is a megabyte

	mu      sync.Mutex
	workers map[string]*worker // by the trail's ID; nil until all are loaded
}

// New makes a courier. It does nothing until Run.
func New(s State, j Journal, t Trails, o Options) *Courier {
	o.DeliveryInterval = cmp.Or(o.DeliveryInterval, 5*time.Minute)
	o.DigestInterval = max(cmp.Or(o.DigestInterval, time.Hour), time.Second)
	o.FileSize = cmp.Or(o.FileSize, maxFile)
	if o.Members == nil {
		o.Members = func(t *trail.Trail) []string { return []string{t.AccountID} }
	}
	if o.Regions == nil {
		o.Regions = region.Open().Enabled()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Courier{state: s, journal: j, trails: t, Options: o}
}

// Run delivers until the context ends, and returns its error. What is not decided
// by then is decided after the next start; nothing waits for S3.
func (c *Courier) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for started := false; ; {
		changed := c.trails.Changed()
		all, err := c.trails.All()
		if err == nil && !started {
			err = c.forgetOthers(all)
			started = err == nil
		}
		if err == nil {
			err = c.adopt(all, func(w *worker) {
				wg.Go(func() {
					w.run(ctx)
					c.dismiss(w)
				})
			})
		}
		var again <-chan time.Time
		if err != nil {
			c.Logger.ErrorContext(ctx, "trails could not be read; trying again", "error", err)
			again = time.After(time.Second)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-again:
		}
	}
}

// adopt starts the workers of trails that have none.
func (c *Courier) adopt(all []trail.Trail, start func(*worker)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var fresh []*worker
	for i := range all {
		if c.workers[all[i].ID] != nil {
			continue
		}
		w := newWorker(c, &all[i])
		if err := w.load(); err != nil {
			return err
		}
		fresh = append(fresh, w)
	}
	if c.workers == nil {
		c.workers = map[string]*worker{}
	}
	for _, w := range fresh {
		c.workers[w.id] = w
		start(w)
	}
	return nil
}

// dismiss lets go of a worker that has ended.
func (c *Courier) dismiss(w *worker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.workers, w.id)
}

// Keep is the oldest record of the journal that is still to be read: no record
// from it on may be dropped. 0 means that no trail needs any.
func (c *Courier) Keep() journal.Seq {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.workers == nil {
		return 1
	}
	var keep journal.Seq
	for _, w := range c.workers {
		if k := w.keep(); keep == 0 || k < keep {
			keep = k
		}
	}
	return keep
}

// Status is what has become of a trail's deliveries in a Region.
func (c *Courier) Status(id, region string) (trail.Status, error) {
	if w := c.worker(id); w != nil {
		return w.statusOf(region), nil
	}
	var s trail.Status
	err := c.state.View(func(tx *state.Tx) (err error) {
		s, _, err = orNone(statuses.Get(tx, statusKey(id, region)))
		return err
	})
	if err != nil {
		return s, fmt.Errorf("read the status of trail %s: %w", id, err)
	}
	return s, nil
}

// Backlog is what a trail still has to deliver and what it never will.
type Backlog struct {
	// Files and Digests are decided and not delivered; Oldest is when the
	// first of them was decided, zero if there are none.
	Files, Digests, Notifications int
	Oldest                        time.Time
	Losses
}

// Backlog tells how far behind a trail is; of one that has no worker, nothing.
func (c *Courier) Backlog(id string) Backlog {
	if w := c.worker(id); w != nil {
		return w.backlog()
	}
	return Backlog{}
}

func (c *Courier) worker(id string) *worker {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.workers[id]
}

// trail returns a trail as it is now, nil if it is no more.
func (c *Courier) trail(id string) (*trail.Trail, error) {
	all, err := c.trails.All()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(t trail.Trail) bool { return t.ID == id })
	if i < 0 {
		return nil, nil
	}
	return &all[i], nil
}
