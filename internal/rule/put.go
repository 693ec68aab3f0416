package rule

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/internal/state"
)

// Why an event that is put is refused, as PutEvents says of each.
const (
	InvalidArgument        Reason = "InvalidArgument"
	MalformedDetail        Reason = "MalformedDetail"
	NotAuthorizedForSource Reason = "NotAuthorizedForSourceException"
)

// MaxCustom is the size in bytes of the events that can be put at once: 1 MB since
// 29 January 2026 ("Serverless services now support payloads up to 1 MB", AWS
// Compute Blog).
const MaxCustom = 1 << 20

// Custom is an event that a caller puts.
type Custom struct {
	Source, DetailType string
	Detail             string // a JSON object
	Resources          []string
	Time               time.Time // zero is now
}

// Size is what counts of an event towards MaxCustom ("Calculating PutEvents event
// entry size", EventBridge User Guide).
func (c *Custom) Size() int {
	n := len(c.Source) + len(c.DetailType) + len(c.Detail)
	if !c.Time.IsZero() {
		n += 14
	}
	for _, r := range c.Resources {
		n += len(r)
	}
	return n
}

// Check holds an event to EventBridge's rules. The error is a *Refusal.
func (c *Custom) Check() error {
	_, err := c.check()
	return err
}

// check also returns the detail.
func (c *Custom) check() (detail map[string]any, err error) {
	switch {
	case c.Source == "":
		return nil, refuse(InvalidArgument, "Parameter Source is not valid. Reason: Source is a required argument.")
	case c.DetailType == "":
		return nil, refuse(InvalidArgument, "Parameter DetailType is not valid. Reason: DetailType is a required argument.")
	case c.Detail == "":
		return nil, refuse(InvalidArgument, "Parameter Detail is not valid. Reason: Detail is a required argument.")
	// A pattern may ignore case.
	case strings.HasPrefix(strings.ToLower(c.Source), "aws."):
		return nil, refuse(NotAuthorizedForSource, "Not authorized for the source.")
	case c.Size() > MaxCustom:
		return nil, refuse(InvalidArgument, "The entry has more than %d bytes.", MaxCustom)
	}
	if detail, err = decodeObject([]byte(c.Detail)); err != nil {
		return nil, refuse(MalformedDetail, "Detail is malformed.")
	}
	return detail, nil
}

// Put takes events for the bus of a scope and returns their ids. When it does,
// they are durable with a delivery for each target that wants them: all, or none.
func (d *Dispatcher) Put(ctx context.Context, to Scope, events ...Custom) (ids []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	all, err := d.Rules.current()
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	var wanted []*queued
	for i := range events {
		e, err := events[i].envelope(to, now)
		if err != nil {
			return nil, err
		}
		q, err := d.match(e, all.rules[to], func(*Rule) bool { return true })
		if err != nil {
			return nil, err
		}
		if q != nil {
			q.key = e.ID
			wanted = append(wanted, q)
		}
		ids = append(ids, e.ID)
	}
	if len(wanted) == 0 {
		return ids, nil
	}
	err = d.queue.Update(func(tx *state.Tx) error {
		for _, q := range wanted {
			if err := enqueue(tx, q, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("queue events: %w", err)
	}
	d.courier.add(wanted...)
	return ids, nil
}

// envelope is the event as rules see it.
func (c *Custom) envelope(to Scope, now time.Time) (*envelope, error) {
	decoded, err := c.check()
	if err != nil {
		return nil, err
	}
	if !c.Time.IsZero() {
		now = c.Time.UTC()
	}
	var detail bytes.Buffer
	if err := json.Compact(&detail, []byte(c.Detail)); err != nil {
		return nil, refuse(MalformedDetail, "Detail is malformed.")
	}
	resources := c.Resources
	if resources == nil {
		resources = []string{}
	}
	return &envelope{
		Version: "0", ID: uuid.NewString(), DetailType: c.DetailType, Source: c.Source, Account: to.Account,
		Time: now.Format(time.RFC3339), Region: to.Region, Resources: resources, Detail: detail.Bytes(), decoded: decoded,
	}, nil
}
