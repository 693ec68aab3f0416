package delivery

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/cairn-audit/cairn/digest"
	"github.com/cairn-audit/cairn/internal/state"
)

// decide makes files of what was collected. Its transaction is the commit point:
// after it each of these files will be delivered, with its key and its contents,
// and no other file will have these events. change does what else belongs to the
// moment.
func (c *collector) decide(change func(*state.Tx, *position) error) error {
	groups := c.full
	for _, g := range c.groups {
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last))
	})
	now := time.Now().UTC()
	decided := make([]file, len(groups))
	for i, g := range groups {
		decided[i] = g.file()
		c.name(&decided[i], g.kind, now)
	}
	if err := c.commit(decided, change); err != nil {
		return fmt.Errorf("decide what is delivered: %w", err)
	}
	if err := c.trails.Prune(c.id, c.pos.Next); err != nil {
		return fmt.Errorf("drop what is past of a trail: %w", err)
	}
	return nil
}

func (c *collector) commit(decided []file, change func(*state.Tx, *position) error) error {
	p := c.pos
	items := make([]*item, len(decided))
	c.deciding.Lock()
	defer c.deciding.Unlock()
	err := c.state.Update(func(tx *state.Tx) error {
		for i := range decided {
			p.Made++
			key := fileKey(c.id, p.Made)
			items[i] = fileItem(key, &decided[i])
			if _, err := files.Put(tx, key, decided[i]); err != nil {
				return err
			}
		}
		if change != nil {
			if err := change(tx, &p); err != nil {
				return err
			}
		}
		_, err := positions.Put(tx, c.id, p)
		return err
	})
	if err != nil {
		return err
	}
	c.pos, c.saved, c.full = p, time.Now(), nil
	clear(c.groups)
	// The files are in the queue before the position lets go of their
	// records.
	c.queue.add(items...)
	c.mu.Lock()
	c.stored = p
	c.mu.Unlock()
	if change != nil {
		wake(c.wakeSchedule)
	}
	return nil
}

// name gives a file its place, which it keeps even if the trail changes.
func (c *collector) name(f *file, kind string, now time.Time) {
	f.Bucket, f.KMSKeyID, f.Decided = c.now.Bucket, c.now.KMSKeyID, now
	f.Key = digest.LogFileKey{
		Owner: owner(c.now, f.Account, f.Region), Kind: kind, Time: now, Unique: rand.Text()[:16],
	}.String()
}
