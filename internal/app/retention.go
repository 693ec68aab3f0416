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

// retain drops what is older than the retention, now and every hour, until the
// server stops.
func (s *Server) retain(j *journal.Journal) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			removed, err := j.Retain(ctx, time.Now().Add(-s.retention()), 0)
			if err != nil && ctx.Err() == nil {
				s.options.Logger.Error("old segments could not be dropped", "error", err)
			}
			if len(removed) > 0 {
				s.options.Logger.Info("segments past the retention were dropped", "segments", len(removed))
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(retainEvery):
			}
		}
	}()
	s.cleanups.add("the retention", func(context.Context) error {
		cancel()
		<-ended
		return nil
	})
}
