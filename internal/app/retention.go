package app

import (
	"context"
	"time"
)

// retainEvery is how often old segments are looked for. They leave by the day.
const retainEvery = time.Hour

func (s *Server) retention() time.Duration {
	return time.Duration(s.options.Config.RetentionDays) * 24 * time.Hour
}

// retain drops what is older than the retention, now and every hour, until the
// context ends.
func (s *Server) retain(ctx context.Context, p *parts) error {
	for {
		if err := noteReached(p); err != nil {
			s.options.Logger.ErrorContext(ctx, "how far the journal has come could not be kept", "error", err)
		}
		removed, err := p.journal.Retain(ctx, time.Now().Add(-s.retention()), p.deliveries.keep())
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
