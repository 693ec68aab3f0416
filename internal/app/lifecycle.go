package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// A cleanup undoes a step of the start.
type cleanup struct {
	name string
	run  func(context.Context) error
}

// cleanups run in the reverse order of the steps they undo, each once, whether
// the start failed half-way or the server stops.
type cleanups struct{ stack []cleanup }

func (c *cleanups) add(name string, run func(context.Context) error) {
	c.stack = append(c.stack, cleanup{name, run})
}

func (c *cleanups) run(ctx context.Context) error {
	var errs []error
	for _, step := range slices.Backward(c.stack) {
		if err := step.run(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", step.name, err))
		}
	}
	c.stack = nil
	return errors.Join(errs...)
}

// background runs a part of the server until the server stops, which waits for
// it. A part that ends by itself ends the server.
func (s *Server) background(name string, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := run(ctx); ctx.Err() == nil {
			s.fail(fmt.Errorf("%s ended: %w", name, err))
		}
	}()
	s.cleanups.add(name, func(context.Context) error {
		cancel()
		<-ended
		return nil
	})
}

// fail tells Run of a part that failed. The first is enough.
func (s *Server) fail(err error) {
	select {
	case s.failed <- err:
	default:
	}
}
