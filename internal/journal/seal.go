package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cairn-audit/cairn/internal/durable"
)

// How long after a failed attempt sealing is tried again: at first, and at most.
const (
	sealRetryMin = time.Second
	sealRetryMax = time.Minute
)

func (j *Journal) wakeSealer() {
	select {
	case j.sealWake <- struct{}{}:
	default:
	}
}

// sealLoop seals the segments that are closed, oldest first.
func (j *Journal) sealLoop(ctx context.Context) {
	retry := time.NewTimer(0)
	defer retry.Stop()
	wait := sealRetryMin
	for {
		select {
		case <-ctx.Done():
			return
		case <-j.sealWake:
		case <-retry.C:
		}
		err := j.sealAll(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			wait = sealRetryMin
		default:
			j.log.Error("journal: cannot seal; trying again", "after", wait, "err", err)
			retry.Reset(wait)
			wait = min(2*wait, sealRetryMax)
		}
	}
}

func (j *Journal) sealAll(ctx context.Context) error {
	for {
		select {
		case j.sealing <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		s := j.nextToSeal()
		if s == nil {
			<-j.sealing
			return nil
		}
		err := j.seal(ctx, s)
		<-j.sealing
		if err != nil {
			return err
		}
	}
}

// nextToSeal returns the oldest segment that is closed and neither sealed nor
// damaged. A damaged one is evidence, and stays as it is.
func (j *Journal) nextToSeal() *segment {
	j.mu.RLock()
	defer j.mu.RUnlock()
	for _, s := range j.segs[:len(j.segs)-1] {
		if !s.sealed && len(s.damage) == 0 {
			return s
		}
	}
	return nil
}

// seal repacks a closed segment, has its index built, and puts the new file in
// the place of the old. A crash at any step leaves one or the other, both of
// which hold the same records.
func (j *Journal) seal(ctx context.Context, s *segment) error {
	start := time.Now()
	sealed, err := j.repack(ctx, s)
	if err != nil {
		var damage *CorruptError
		if errors.As(err, &damage) {
			j.markDamaged(s, damage)
			return nil
		}
		return fmt.Errorf("seal %s: %w", s.path, err)
	}
	if err := j.idx.Seal(ctx, sealed.info(), j.entries(ctx, s)); err != nil {
		return fmt.Errorf("index %s: %w", s.path, err)
	}
	if err := durable.Publish(j.fs, s.path); err != nil {
		// Either file may have the name now. The old one is open, and goes on
		// being read.
		return fmt.Errorf("seal: %w", err)
	}
	sealed.file = j.handles.lazy(s.path)
	j.mu.Lock()
	for i := range j.segs {
		if j.segs[i] == s {
			j.segs[i] = sealed
		}
	}
	j.mu.Unlock()
	s.file.retire()
	j.cache.drop(s)
	j.followed.drop(s)
	j.log.Info("journal: sealed a segment", "first", s.first, "last", s.last,
		"bytes", sealed.size, "before", s.end, "took", time.Since(start))
	return nil
}

// markDamaged gives up sealing a segment that turned out to be damaged.
func (j *Journal) markDamaged(s *segment, damage *CorruptError) {
	j.log.Error("journal: damage; the segment is left as it is", "segment", s.path,
		"offset", damage.Offset, "first", damage.First, "next", damage.Next, "err", damage.Err)
	j.mu.Lock()
	defer j.mu.Unlock()
	s.damage = append(s.damage, damage)
}
