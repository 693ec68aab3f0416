package app

import (
	"context"
	"time"

	"github.com/cairn-audit/cairn/internal/journal"
)

// retainEvery is how often old segments are looked for. They leave by the day.
const retainEvery = time.Hour

func (s *Server) retention() time.Duration {
	return time.Duration(s.options.Config.RetentionDays) * 24 * time.Hour
}

// follower reads the journal, and needs it from a record on, or not at all (0).
type follower interface{ Keep() journal.Seq }

// keep is the oldest record of the journal that a follower is still to read, 0 if
// none is.
func (p *parts) keep() journal.Seq {
	followers := []follower{p.deliveries.courier, p.forwarder}
	if p.rules != nil {
		followers = append(followers, p.rules)
	}
	return oldest(followers)
}

func oldest(followers []follower) (seq journal.Seq) {
	for _, f := range followers {
		if k := f.Keep(); k != 0 && (seq == 0 || k < seq) {
			seq = k
		}
	}
	return seq
}

// retain drops what is older than the retention, now and every hour, until the
// context ends.
func (s *Server) retain(ctx context.Context, p *parts) error {
	for {
		if err := noteReached(p); err != nil {
			s.options.Logger.ErrorContext(ctx, "how far the journal has come could not be kept", "error", err)
		}
		removed, err := p.journal.Retain(ctx, time.Now().Add(-s.retention()), p.keep())
		if err != nil && ctx.Err() == nil {
			s.options.Logger.ErrorContext(ctx, "old segments could not be dropped", "error", err)
		}
		if len(removed) > 0 {
			s.options.Logger.InfoContext(ctx, "segments past the retention were dropped", "segments", len(removed))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retainEvery):
		}
	}
}
