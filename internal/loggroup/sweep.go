package loggroup

import (
	"context"
	"fmt"
	"time"

	"github.com/cairn-audit/cairn/internal/state"
)

func (s *Store) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
}

// sweepInterval is how often expired events are looked for.
const sweepInterval = time.Hour

// Run deletes what is expired or belongs to nothing any more, until the context
// ends. failed is told of errors; what could not be deleted is tried again.
func (s *Store) Run(ctx context.Context, failed func(error)) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if err := s.sweep(ctx, time.Now()); err != nil && ctx.Err() == nil {
			failed(fmt.Errorf("sweep the log groups: %w", err))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-time.After(sweepInterval):
		}
	}
}

func (s *Store) sweep(ctx context.Context, now time.Time) error {
	var expiring []Group
	var dropped []string
	err := s.state.View(func(tx *state.Tx) error {
		all, err := collect(groups.List(tx, ""))
		if err != nil {
			return err
		}
		for _, g := range all {
			if g.Value.RetentionDays > 0 {
				expiring = append(expiring, g.Value)
			}
		}
		remains, err := collect(garbage.List(tx, ""))
		for _, r := range remains {
			dropped = append(dropped, r.Key)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range dropped {
		if err := s.dropBatches(ctx, id, nil); err != nil {
			return err
		}
		err := s.state.Update(func(tx *state.Tx) error {
			_, version, err := garbage.Get(tx, id)
			if err != nil {
				return err
			}
			return garbage.Delete(tx, id, version)
		})
		if err != nil {
			return err
		}
	}
	for _, g := range expiring {
		if err := s.expire(ctx, &g, now.AddDate(0, 0, -g.RetentionDays)); err != nil {
			return err
		}
	}
	return nil
}

// expire drops the batches all of whose events are older than a time.
func (s *Store) expire(ctx context.Context, g *Group, before time.Time) error {
	var ids []string
	err := s.state.View(func(tx *state.Tx) error {
		all, err := collect(streams.List(tx, g.ID+":"))
		for _, st := range all {
			ids = append(ids, st.Value.ID)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.dropBatches(ctx, id, &before); err != nil {
			return err
		}
	}
	return nil
}

// sweepStep is how many batches one transaction drops.
const sweepStep = 256

// dropBatches drops a stream's batches, or those that are older than a time.
func (s *Store) dropBatches(ctx context.Context, streamID string, before *time.Time) error {
	for more := true; more && ctx.Err() == nil; {
		err := s.state.Update(func(tx *state.Tx) error {
			var drop []state.Item
			for item, err := range tx.List(batches, streamID+":") {
				if err != nil {
					return err
				}
				oldest, _, err := parseKey(item.Key)
				if err != nil {
					return err
				}
				if before != nil && oldest >= before.UnixMilli() {
					break
				}
				if before != nil && newest(item.Value) >= before.UnixMilli() {
					continue
				}
				if drop = append(drop, item); len(drop) == sweepStep {
					break
				}
			}
			more = len(drop) == sweepStep
			for _, item := range drop {
				if err := tx.Delete(batches, item.Key, item.Version); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}
