package delivery

import (
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/trail"
)

// finished reports whether a deleted trail has delivered all that it ever will.
func (c *collector) finished() (bool, error) {
	t := c.now
	if t.Deleted.IsZero() || c.pos.Logging || c.pos.Period != 0 || c.pos.Ending != nil || len(c.groups)+len(c.full) > 0 {
		return false, nil
	}
	if n := len(t.Epochs); n > 0 && c.pos.Next < t.Epochs[n-1].From {
		return false, nil
	}
	c.deciding.Lock()
	defer c.deciding.Unlock()
	if !c.queue.empty() {
		return false, nil
	}
	// A file leaves the queue when its notification waits, and not before.
	c.mu.Lock()
	over := len(c.toNotify) == 0
	c.mu.Unlock()
	if !over {
		return false, nil
	}
	err := c.state.View(func(tx *state.Tx) error {
		for _, err := range periods.List(tx, c.id+"/") {
			over = false
			return err
		}
		return nil
	})
	return over, err
}

// forget ends the life of a trail. The trail goes before what is kept of its
// delivery: with the trail and without its position, all would be delivered
// again.
func (c *Courier) forget(id string) error {
	if err := c.trails.Forget(id); err != nil {
		return err
	}
	if err := c.state.Update(func(tx *state.Tx) error { return forget(tx, id) }); err != nil {
		return err
	}
	return errForgotten
}

// forgetOthers removes what is left of trails that are no more.
func (c *Courier) forgetOthers(all []trail.Trail) error {
	var gone []string
	err := c.state.View(func(tx *state.Tx) error {
		for p, err := range positions.List(tx, "") {
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(all, func(t trail.Trail) bool { return t.ID == p.Key }) {
				gone = append(gone, p.Key)
			}
		}
		return nil
	})
	if err != nil || len(gone) == 0 {
		return err
	}
	return c.state.Update(func(tx *state.Tx) error {
		for _, id := range gone {
			if err := forget(tx, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// forget removes all that is kept of a trail.
func forget(tx *state.Tx, id string) error {
	for _, kind := range []string{
		string(positions), string(losses), string(files), string(periods), string(delivered),
		string(chains), string(digests), string(notes), string(statuses),
	} {
		var items []state.Item
		for item, err := range tx.List(kind, id) {
			if err != nil {
				return err
			}
			if item.Key == id || strings.HasPrefix(item.Key, id+"/") {
				items = append(items, item)
			}
		}
		for _, item := range items {
			if err := tx.Delete(kind, item.Key, item.Version); err != nil {
				return err
			}
		}
	}
	return nil
}
