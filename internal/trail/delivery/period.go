package delivery

import (
	"fmt"
	"time"

	"github.com/cairn-audit/cairn/digest"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/trail"
)

// ownEvent is how long the event of a call that ended logging is waited for.
// Usually it comes at once.
const ownEvent = time.Minute

// owner is whose files of a trail those of an account and Region are.
func owner(t *trail.Trail, account, region string) digest.Owner {
	o := digest.Owner{Prefix: t.Prefix, Account: account, Region: region}
	if t.Organization {
		o.OrganizationID = t.OrganizationID
	}
	return o
}

// follow sees that what is collected fits the epoch of the next record: logging
// and periods begin and end between two records.
func (c *collector) follow(next journal.Seq) error {
	epoch, _ := c.now.EpochAt(next)
	if epoch == nil {
		epoch = &trail.Epoch{}
	}
	validating := epoch.Logging && epoch.Validation
	if e := c.pos.Ending; e != nil {
		if e.From == epoch.From {
			return nil
		}
		// The settings have changed again: no more waiting.
		if err := c.end(); err != nil {
			return err
		}
	}
	if c.pos.Logging && !epoch.Logging || c.pos.Period != 0 && !validating {
		return c.decide(func(_ *state.Tx, p *position) error {
			p.Ending = &ending{From: epoch.From, By: epoch.By, Until: time.Now().UTC().Add(ownEvent)}
			return nil
		})
	}
	if c.pos.Logging == epoch.Logging && (c.pos.Period != 0) == validating {
		return nil
	}
	return c.decide(func(tx *state.Tx, p *position) error {
		p.Logging = epoch.Logging
		if p.Period != 0 || !validating {
			return nil
		}
		return c.open(tx, p, epoch.At)
	})
}

// end ends what the settings have ended: nothing more will be in it.
func (c *collector) end() error {
	return c.decide(func(tx *state.Tx, p *position) error {
		p.Logging, p.Ending = false, nil
		if p.Period == 0 {
			return nil
		}
		return c.close(tx, p)
	})
}

// open begins a period. It begins where all earlier digests of the trail's name
// have ended, or later.
func (c *collector) open(tx *state.Tx, p *position, at time.Time) error {
	start, now := at.UTC().Truncate(time.Second), time.Now().UTC().Truncate(time.Second)
	if start.After(now) {
		start = now
	}
	h, _, err := orNone(horizons.Get(tx, c.now.ARN()))
	if err != nil {
		return err
	}
	if h.End.After(start) {
		start = h.End
	}
	p.Made++
	p.Period = p.Made
	_, err = periods.Create(tx, periodKey(c.id, p.Period), period{Number: p.Period, Start: start})
	return err
}

// close says where a period ends. Its last digests are decided when its files
// are delivered.
func (c *collector) close(tx *state.Tx, p *position) error {
	key := periodKey(c.id, p.Period)
	open, version, err := periods.Get(tx, key)
	if err != nil {
		return fmt.Errorf("end a period of digests: %w", err)
	}
	arn := c.now.ARN()
	h, _, err := orNone(horizons.Get(tx, arn))
	if err != nil {
		return err
	}
	open.Start = h.after(c.id, open.Start)
	end := time.Now().UTC().Truncate(time.Second)
	if !end.After(open.Start) {
		end = open.Start.Add(time.Second)
	}
	if _, err := horizons.Put(tx, arn, horizon{c.id, end}); err != nil {
		return err
	}
	open.End = end
	p.Period = 0
	_, err = periods.Update(tx, key, version, open)
	return err
}
