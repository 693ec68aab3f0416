package delivery

import (
	"fmt"

	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/trail"
)

// status is what is shown of a Region. The caller holds mu.
func (w *worker) status(region string) *trail.Status {
	s := w.statuses[region]
	if s == nil {
		s = &trail.Status{}
		w.statuses[region] = s
	}
	return s
}

func (w *worker) statusOf(region string) trail.Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	return *w.status(region)
}

// saveStatus changes what is shown of a Region. It is stored if change says that
// this is worth it; what is not is stored with the next success.
func (w *worker) saveStatus(region string, change func(*trail.Status) bool) error {
	w.mu.Lock()
	s := w.status(region)
	worth := change(s)
	copied := *s
	w.mu.Unlock()
	if !worth {
		return nil
	}
	err := w.state.Update(func(tx *state.Tx) error {
		_, err := statuses.Put(tx, statusKey(w.id, region), copied)
		return err
	})
	if err != nil {
		return fmt.Errorf("store the status of a trail: %w", err)
	}
	return nil
}
