package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cairn-audit/cairn/internal/durable"
)

// followedBytes bounds the unpacked frames that are kept for readers: enough that
// those who follow the end together unpack a frame once.
const followedBytes = 16 << 20

// maxPackers is how many goroutines pack frames at most.
const maxPackers = 4

// Options are the settings of a journal. The zero value of each means its
// default.
type Options struct {
	// SegmentRecords is how many records make a segment full: 250,000. The last
	// write to it may exceed that.
	SegmentRecords int
	// SegmentBytes is the size at which a segment is full however few its
	// records are: 1 GiB.
	SegmentBytes int64
	// SegmentAge is how long after its first record a segment is closed even if
	// it is not full: 24 hours.
	SegmentAge time.Duration
	// QueueAppends and QueueBytes bound the appends that have not returned:
	// 16,384 and 256 MiB.
	QueueAppends int
	QueueBytes   int
	// OutcomeReserve is the space, in bytes, that is kept ready for the outcome
	// of each open intent: 16 KiB. An intent is refused when there is no room
	// for it and for all outcomes.
	OutcomeReserve int
	// CacheBytes bounds the unpacked frames that are kept for Get: 32 MiB.
	CacheBytes int
	// FS is where the journal lives: [durable.OS].
	FS durable.FS
	// Logger is told of damage, of failed writes and of sealing: [slog.Default].
	Logger *slog.Logger

	// These are the constants of their names, except in tests, which may also
	// ask not to seal in the background.
	growBytes, baseReserve int
	probeInterval          time.Duration
	sealByHand             bool
}

func (o Options) withDefaults() Options {
	def := func(p *int, v int) {
		if *p <= 0 {
			*p = v
		}
	}
	def(&o.SegmentRecords, 250_000)
	def(&o.QueueAppends, 16_384)
	def(&o.QueueBytes, 256<<20)
	def(&o.OutcomeReserve, 16<<10)
	def(&o.CacheBytes, 32<<20)
	def(&o.growBytes, growBytes)
	def(&o.baseReserve, baseReserve)
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = 1 << 30
	}
	if o.SegmentAge <= 0 {
		o.SegmentAge = 24 * time.Hour
	}
	if o.probeInterval <= 0 {
		o.probeInterval = probeInterval
	}
	if o.FS == nil {
		o.FS = durable.OS{}
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// Journal is an open journal. Its methods may be called at once from several
// goroutines.
type Journal struct {
	dir      string
	opts     Options
	fs       durable.FS
	log      *slog.Logger
	idx      Indexer
	lock     interface{ Close() error }
	unpacker *unpacker
	handles  *handles
	cache    *frameCache // of Get
	followed *frameCache // of all readers, who share what each would unpack
	queue    *queue

	mu   sync.RWMutex
	segs []*segment // from the oldest; the last is the active one
	last Seq        // the last committed record
	open map[Seq]Record
	wake chan struct{} // closed, and replaced, when last grows or the journal closes
	// closed is set before wake is closed for the last time.
	closed bool

	// unavailable is why the last append failed; nil if it did not.
	unavailable atomic.Pointer[UnavailableError]

	sealing  chan struct{} // holds a token while segments are being replaced or removed
	packer   *packer       // of whoever holds the token
	sealWake chan struct{} // has a token if there may be something to seal
	stop     context.CancelFunc
	wg       sync.WaitGroup
	closing  sync.Once
	closeErr error
}

// Open opens the journal in a directory, which it makes if it is missing, and
// locks it: if another process has it open, the error is a [*LockedError]. The
// index is told of every segment before Open returns.
//
// Damage does not keep a journal from opening (see the package comment); it is
// logged, and stands in [SegmentInfo].
func Open(dir string, idx Indexer, o Options) (_ *Journal, err error) {
	o = o.withDefaults()
	j := &Journal{
		dir: dir, opts: o, fs: o.FS, log: o.Logger, idx: idx,
		handles:  newHandles(o.FS),
		cache:    newFrameCache(o.CacheBytes),
		followed: newFrameCache(followedBytes),
		queue:    &queue{wake: make(chan struct{}, 1), maxBytes: o.QueueBytes, maxCount: o.QueueAppends},
		open:     make(map[Seq]Record),
		wake:     make(chan struct{}),
		sealing:  make(chan struct{}, 1),
		sealWake: make(chan struct{}, 1),
	}
	if err := durable.MkdirAll(j.fs, dir, 0o700); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j.lock, err = j.fs.Lock(filepath.Join(dir, lockName))
	if errors.Is(err, durable.ErrLocked) {
		return nil, &LockedError{Dir: dir, Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("journal: lock: %w", err)
	}
	defer func() {
		if err != nil {
			j.release()
		}
	}()
	if j.unpacker, err = newUnpacker(); err != nil {
		return nil, err
	}
	if j.packer, err = newPacker(); err != nil {
		return nil, err
	}
	c, err := j.recover()
	if err != nil {
		return nil, err
	}
	packers := make([]*packer, min(runtime.GOMAXPROCS(0), maxPackers))
	for i := range packers {
		if packers[i], err = newPacker(); err != nil {
			return nil, err
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	j.stop = stop
	for _, p := range packers {
		j.wg.Go(func() { c.packing(p) })
	}
	j.wg.Go(c.run)
	j.wg.Go(c.write)
	if !o.sealByHand {
		j.wg.Go(func() { j.sealLoop(ctx) })
	}
	return j, nil
}

// Append commits records, and returns the number of the first. When the error is
// nil, the records are durable and indexed; otherwise none of them is in the
// journal (the package comment says what a crash may change about that):
//
//   - [ErrFull]: too many appends are waiting. An append all of whose records
//     settle intents is never refused for this.
//   - [*UnavailableError]: the journal cannot write.
//   - [ErrNotOpen], [ErrTooLarge], [ErrClosed].
//   - ctx.Err(), if ctx was done when Append was called. After that ctx has no
//     say: an append that waits is carried out, and Append returns when it is.
//
// All that is appended at about the same time is committed at once, so callers
// append from many goroutines rather than collect records.
//
// Append without records commits nothing, and returns nil if the journal could
// write at that moment.
func (j *Journal) Append(ctx context.Context, recs ...Record) (Seq, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	r := newRequest(recs)
	if r.bytes > MaxAppendBytes {
		return 0, ErrTooLarge
	}
	for i := range recs {
		if k := recs[i].Kind; k != Event && k != Intent {
			return 0, fmt.Errorf("journal: append of a record of unknown kind %d", k)
		}
	}
	if err := j.queue.put(r); err != nil {
		return 0, err
	}
	<-r.done
	return r.first, r.err
}

// Ready reports whether an append would be admitted now, as far as can be told:
// it returns nil, [ErrClosed] or an [*UnavailableError]. While all is well it
// costs nothing; otherwise it tries whether the journal can write again. Callers
// ask before they do what can be recorded only afterwards.
func (j *Journal) Ready(ctx context.Context) error {
	if j.unavailable.Load() == nil {
		return nil
	}
	_, err := j.Append(ctx)
	return err
}

// First is the number of the oldest record that is kept, Last()+1 if none is.
func (j *Journal) First() Seq {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.segs[0].first
}

// Last is the number of the newest committed record, 0 if there never was one.
func (j *Journal) Last() Seq {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.last
}

// OpenIntents returns the intents that no record settles, oldest first. An
// intent may be older than First.
func (j *Journal) OpenIntents() []Entry {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.openLocked()
}

func (j *Journal) openLocked() []Entry {
	open := make([]Entry, 0, len(j.open))
	for _, seq := range slices.Sorted(maps.Keys(j.open)) {
		open = append(open, Entry{Seq: seq, Record: j.open[seq]})
	}
	return open
}

// Segments describes the segments, oldest first. The last is the one that is
// being written.
func (j *Journal) Segments() []SegmentInfo {
	j.mu.RLock()
	defer j.mu.RUnlock()
	infos := make([]SegmentInfo, len(j.segs))
	for i, s := range j.segs {
		infos[i] = s.info()
	}
	return infos
}

// Close commits the appends that wait, ends the sealing of a segment (it will be
// taken up after the next Open), and gives up the lock. Readers that wait get
// [ErrClosed].
func (j *Journal) Close() error {
	j.closing.Do(func() {
		j.queue.close()
		j.stop()
		j.wg.Wait()
		j.mu.Lock()
		j.closed = true
		close(j.wake)
		j.mu.Unlock()
		j.closeErr = j.release()
	})
	return j.closeErr
}

func (j *Journal) release() error {
	for _, s := range j.segs {
		s.file.retire()
	}
	if j.unpacker != nil {
		j.unpacker.close()
	}
	if err := j.lock.Close(); err != nil {
		return fmt.Errorf("journal: unlock: %w", err)
	}
	return nil
}
