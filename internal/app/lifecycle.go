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
