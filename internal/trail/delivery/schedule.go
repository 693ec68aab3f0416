package delivery

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/digest"
	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/trail"
)

// schedule decides digests when they are due, until the context ends.
func (w *worker) schedule(ctx context.Context) error {
	for {
		now := time.Now().UTC()
		if err := w.decideDigests(ctx, now); err != nil {
			return err
		}
		next := now.Truncate(w.DigestInterval).Add(w.DigestInterval)
		if err := sleep(ctx, w.wakeSchedule, time.Until(next)); err != nil {
			return err
		}
	}
}

// decideDigests decides the digests of each period that are due. One that the
// server was away for is not made up for: the next covers its time.
func (w *worker) decideDigests(ctx context.Context, now time.Time) error {
	t, err := w.trail(w.id)
	if err != nil || t == nil {
		return err
	}
	due, err := w.due(t, now)
	if err != nil {
		return fmt.Errorf("read the periods of digests: %w", err)
	}
	for _, s := range due {
		err := w.step(ctx, t, s)
		if errors.Is(err, state.ErrConflict) {
			// The period has ended meanwhile.
			wake(w.wakeSchedule)
			continue
		}
		if err != nil {
			return fmt.Errorf("decide the digests that end at %v: %w", s.end, err)
		}
		wake(w.wakeCollect)
	}
	return nil
}

// due are the steps that the trail's periods are to make. A period that is over
// makes its last when all of its files are delivered.
func (w *worker) due(t *trail.Trail, now time.Time) (steps []*step, err error) {
	w.deciding.Lock()
	defer w.deciding.Unlock()
	err = w.state.View(func(tx *state.Tx) error {
		h, _, err := orNone(horizons.Get(tx, t.ARN()))
		if err != nil {
			return err
		}
		for p, err := range periods.List(tx, w.id+"/") {
			if err != nil {
				return err
			}
			s := &step{period: p, end: p.Value.End, last: true}
			if s.end.IsZero() {
				s.end, s.last = now.Truncate(w.DigestInterval), false
				s.period.Value.Start = h.after(w.id, p.Value.Start)
				if !s.end.After(s.period.Value.Start) {
					continue
				}
			} else if w.queue.undelivered(p.Value.Number) {
				continue
			}
			steps = append(steps, s)
		}
		return nil
	})
	return steps, err
}

// step is the digests of a period that end at the same moment.
type step struct {
	period state.Typed[period]
	end    time.Time
	last   bool // of the period

	chains map[string]*chain // by their keys
	// named are the files that the digests name, by the key of their chain;
	// taken are their keys.
	named map[string][]digest.LogFile
	taken []state.Typed[deliveredFile]
}

// step decides digests. Their transaction is their commit point: with it the
// chains have gone on, and the digests will be delivered with their keys and
// contents.
func (w *worker) step(ctx context.Context, t *trail.Trail, s *step) error {
	if err := w.state.View(func(tx *state.Tx) error { return s.read(tx, w.id) }); err != nil {
		return err
	}
	s.expect(w, t)
	signed := map[string]*signedDigest{}
	for key, c := range s.chains {
		if err := ctx.Err(); err != nil {
			return err
		}
		private, err := w.Keys.Key(c.Region, s.end)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%s/%016x/%s/%s", w.id, s.end.Unix(), c.Account, c.Region)
		if signed[name], err = s.sign(w, t, key, private); err != nil {
			return err
		}
	}
	w.deciding.Lock()
	defer w.deciding.Unlock()
	err := w.state.Update(func(tx *state.Tx) error {
		for name, d := range signed {
			if _, err := digests.Put(tx, name, *d); err != nil {
				return err
			}
		}
		return s.write(tx, w.id, t)
	})
	if err != nil {
		return err
	}
	var items []*item
	for name, d := range signed {
		items = append(items, digestItem(name, d))
	}
	slices.SortFunc(items, func(a, b *item) int { return strings.Compare(a.key, b.key) })
	w.queue.add(items...)
	return nil
}

// read takes the chains of the period and what was delivered until its end.
func (s *step) read(tx *state.Tx, id string) error {
	s.chains, s.named = map[string]*chain{}, map[string][]digest.LogFile{}
	prefix := periodKey(id, s.period.Value.Number) + "/"
	for c, err := range chains.List(tx, prefix) {
		if err != nil {
			return err
		}
		s.chains[c.Key] = &c.Value
	}
	for f, err := range delivered.List(tx, prefix) {
		if err != nil {
			return err
		}
		if f.Value.At.After(s.end) && !s.last {
			continue
		}
		key := f.Key[:strings.LastIndexByte(f.Key, '/')]
		s.named[key] = append(s.named[key], f.Value.File)
		s.taken = append(s.taken, f)
	}
	return nil
}

// expect adds the chains that begin: those of the accounts and Regions that have
// digests whether anything happens there or not, and those of delivered files.
func (s *step) expect(w *worker, t *trail.Trail) {
	number := s.period.Value.Number
	regions := []string{t.HomeRegion}
	if t.MultiRegion {
		regions = append(regions, w.Regions...)
	}
	for _, account := range w.Members(t) {
		for _, region := range regions {
			if key := chainKey(w.id, number, account, region); s.chains[key] == nil {
				s.chains[key] = &chain{Account: account, Region: region}
			}
		}
	}
	for key := range s.named {
		if s.chains[key] == nil {
			parts := strings.Split(key, "/")
			s.chains[key] = &chain{Account: parts[len(parts)-2], Region: parts[len(parts)-1]}
		}
	}
}

// sign makes the next digest of a chain, and has the chain go on to it.
func (s *step) sign(w *worker, t *trail.Trail, key string, private *rsa.PrivateKey) (*signedDigest, error) {
	c := s.chains[key]
	d := digest.Digest{
		AccountID: c.Account, StartTime: s.period.Value.Start, EndTime: s.end,
		Bucket: t.Bucket,
		Key: digest.DigestKey{
			Owner: owner(t, c.Account, c.Region), Trail: t.Name, HomeRegion: t.HomeRegion, Time: s.end,
		}.String(),
		KeyFingerprint: digest.Fingerprint(&private.PublicKey), SignatureAlgorithm: digest.SignatureAlgorithm,
		Previous: c.Previous, LogFiles: s.named[key],
	}
	for i := range d.LogFiles {
		f := &d.LogFiles[i]
		if d.OldestEvent.IsZero() || f.OldestEvent.Before(d.OldestEvent) {
			d.OldestEvent = f.OldestEvent
		}
		if f.NewestEvent.After(d.NewestEvent) {
			d.NewestEvent = f.NewestEvent
		}
	}
	raw, err := d.Encode()
	if err != nil {
		return nil, err
	}
	signature, err := digest.Sign(private, &d, raw)
	if err != nil {
		return nil, err
	}
	body, err := w.pack(func(f io.Writer) error {
		_, err := f.Write(raw)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.Previous = &digest.Previous{
		Bucket: d.Bucket, Key: d.Key, Hash: digest.Hash(raw), HashAlgorithm: digest.HashAlgorithm, Signature: signature,
	}
	return &signedDigest{
		Bucket: d.Bucket, Key: d.Key, KMSKeyID: t.KMSKeyID, Account: c.Account, Region: c.Region,
		Body: body, Signature: signature, Decided: time.Now().UTC(),
	}, nil
}

// write stores how the period and its chains have gone on, or that they are over.
// The error is ErrConflict if the period has changed since it was read.
func (s *step) write(tx *state.Tx, id string, t *trail.Trail) error {
	for _, f := range s.taken {
		if err := delivered.Delete(tx, f.Key, f.Version); err != nil {
			return err
		}
	}
	if s.last {
		for key := range s.chains {
			_, version, err := chains.Get(tx, key)
			if errors.Is(err, state.ErrNotFound) {
				continue
			}
			if err == nil {
				err = chains.Delete(tx, key, version)
			}
			if err != nil {
				return err
			}
		}
		return periods.Delete(tx, s.period.Key, s.period.Version)
	}
	for key, c := range s.chains {
		if _, err := chains.Put(tx, key, *c); err != nil {
			return err
		}
	}
	if _, err := horizons.Put(tx, t.ARN(), horizon{id, s.end}); err != nil {
		return err
	}
	next := s.period.Value
	next.Start = s.end
	_, err := periods.Update(tx, s.period.Key, s.period.Version, next)
	return err
}
