package rule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/semaphore"

	"github.com/cairn-audit/cairn/internal/state"
)

const (
	// grace is for attempts that are under way when Run is to end. What they
	// do not finish is delivered again at the next start.
	grace = 2 * time.Second
	// noteAtOnce is how many outcomes are kept in one transaction.
	noteAtOnce = 256
	// attemptTime bounds an attempt within the server; those over HTTP have
	// a limit of their own.
	attemptTime = 15 * time.Second

	// maxUnderWay bounds the bytes of the events that are under way to all
	// targets. Where those are all slow, others may wait for the end of an
	// attempt.
	maxUnderWay = 32 << 20

	// The time between attempts doubles from the least to the most. With
	// that, 185 attempts take about 24 hours, as EventBridge's do.
	minBackoff = time.Second
	maxBackoff = 8 * time.Minute
)

// outcome is what came of an attempt: the delivery is done, or to be made again.
type outcome struct {
	line  *line
	entry *entry
	until time.Time // zero: done
}

// run is one run of Run. Its goroutines are those of the lines, and the one that
// keeps outcomes.
type run struct {
	*Dispatcher
	sending  context.Context
	outcomes chan outcome
	// room is the memory for the events that are under way to all targets.
	room *semaphore.Weighted
}

// errNobody: the event is for nobody any more.
var errNobody = errors.New("the target is gone")

// delayed is an error after which the target asked to be left alone for a while.
type delayed struct {
	error
	after time.Duration
}

func (d *delayed) Unwrap() error { return d.error }

// attempt makes one delivery, and says what came of it.
func (r *run) attempt(l *line, e *entry) {
	at, rule, id := lineOf(l.key)
	target, err := r.deliver(at, rule, id, e)
	if r.sending.Err() != nil && err != nil {
		r.courier.ended(l) // cut off by the end of the run: the next makes it
		return
	}
	var until time.Time
	switch {
	case errors.Is(err, errNobody):
	case err == nil:
		r.courier.failed(l, false)
		r.note(at, rule, func(s *Status) { s.Delivered++ })
	default:
		e.Failed++
		r.note(at, rule, func(s *Status) { s.Failed++ })
		var again bool
		if until, again = target.again(e, err, time.Now().UTC()); !again {
			until = time.Time{}
			r.note(at, rule, func(s *Status) { s.GivenUp++ })
			r.log.Warn("an event is given up", "rule", at.arn("rule/"+rule), "target", id, "event", e.event(),
				"attempts", e.Failed, "dead_letter", target.DeadLetterARN, "error", reason(err))
		} else if r.courier.failed(l, true) {
			r.log.Warn("events cannot be sent to a target; trying again", "rule", at.arn("rule/"+rule), "target", id, "error", reason(err))
		}
	}
	r.outcomes <- outcome{l, e, until}
	r.courier.ended(l)
}

// again says whether and when a delivery is made again that failed.
func (t *Target) again(e *entry, err error, now time.Time) (until time.Time, again bool) {
	policy := t.retry()
	if errors.Is(err, ErrFinal) || e.Failed > policy.MaxAttempts {
		return until, false
	}
	delay := maxBackoff
	if e.Failed < 10 {
		delay = min(delay, minBackoff<<(e.Failed-1))
	}
	delay = delay/2 + rand.N(delay/2+1)
	var d *delayed
	if errors.As(err, &d) {
		delay = max(delay, d.after)
	}
	until = now.Add(delay)
	return until, !until.After(e.Taken.Add(policy.MaxAge))
}

// reason is an error without the endpoint's URL, which may have secrets in it.
func reason(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err.Error()
	}
	return err.Error()
}

// targetOf returns the rule and the target of a delivery, as they are now. The
// error is errNobody where either is gone.
func (r *run) targetOf(at Scope, rule, id string, e *entry) (*Rule, *Target, error) {
	known, err := r.Rules.Get(at, rule)
	if errors.Is(err, ErrNotFound) {
		return nil, &Target{}, errNobody
	}
	if err != nil {
		return nil, &Target{}, err
	}
	i := known.target(id)
	if i < 0 || known.Targets[i].Made != e.For {
		return nil, &Target{}, errNobody
	}
	return &known, &known.Targets[i], nil
}

// deliver sends a delivery's event. The target that it returns is an empty one
// where there is none.
func (r *run) deliver(at Scope, rule, id string, e *entry) (*Target, error) {
	known, t, err := r.targetOf(at, rule, id, e)
	if err == nil && KindOf(t.ARN) == KindHTTP {
		// Before there is room for it, which others may need meanwhile; and
		// meanwhile the target may go.
		if err = r.http.await(r.sending, t); err == nil {
			known, t, err = r.targetOf(at, rule, id, e)
		}
	}
	if err != nil {
		return t, err
	}
	weight := min(int64(e.Bytes)+1, maxUnderWay)
	if err := r.room.Acquire(r.sending, weight); err != nil {
		return t, err
	}
	defer r.room.Release(weight)
	var event []byte
	err = r.queue.View(func(tx *state.Tx) error {
		item, err := tx.Get(queuedEvents, e.event())
		event = item.Value
		return err
	})
	if errors.Is(err, state.ErrNotFound) {
		return t, fmt.Errorf("%w: %w", ErrFinal, err)
	}
	if err != nil {
		return t, err
	}
	o := &occasion{ruleARN: known.ARN(), ruleName: known.Name, taken: e.Taken, event: event}
	input, err := t.input(r.sending, o)
	if err != nil {
		return t, err
	}
	return t, r.send(t, o, input)
}

// send sends what was made of an event to a target.
func (r *run) send(t *Target, o *occasion, input []byte) error {
	kind := KindOf(t.ARN)
	if kind == KindHTTP {
		if r.options.Roles != nil {
			if err := r.options.Roles.MayInvoke(r.sending, t.RoleARN, t.ARN); err != nil {
				return err
			}
		}
		return r.http.invoke(r.sending, t, o, input)
	}
	ctx, cancel := context.WithTimeout(r.sending, attemptTime)
	defer cancel()
	switch {
	case kind == KindTopic && r.options.Topics != nil:
		return r.options.Topics.Publish(ctx, t.ARN, o.ruleARN, string(input))
	case kind == KindLogGroup && r.options.LogGroups != nil:
		when, message := logEvent(t, o, input)
		return r.options.LogGroups.Put(ctx, t.ARN, streamName(t, o), o.ruleARN, when, message)
	default:
		return ErrFinal
	}
}

// streamName is the log stream of a target, always the same.
func streamName(t *Target, o *occasion) string {
	return uuid.NewSHA1(namespace, []byte(o.ruleARN+" "+t.ID)).String()
}

// logEvent is the log event for an input. A transformer may make one itself, an
// object of "timestamp", in milliseconds or as RFC 3339, and "message"
// ("Considerations when CloudWatch log groups are the target", EventBridge User
// Guide).
func logEvent(t *Target, o *occasion, input []byte) (time.Time, string) {
	var made struct {
		Timestamp json.RawMessage `json:"timestamp"`
		Message   *string         `json:"message"`
	}
	if t.Transformer == nil || json.Unmarshal(input, &made) != nil || made.Message == nil {
		return o.taken, string(input)
	}
	var ms int64
	var stamp time.Time
	switch {
	case json.Unmarshal(made.Timestamp, &ms) == nil:
		return time.UnixMilli(ms).UTC(), *made.Message
	case json.Unmarshal(made.Timestamp, &stamp) == nil:
		return stamp, *made.Message
	}
	return o.taken, *made.Message
}

// keep keeps outcomes, all that wait in one transaction, until there are no
// more. Outcomes that cannot be kept are kept again until the run ends; what is
// lost then is delivered again.
func (r *run) keep() {
	for first := range r.outcomes {
		batch := []outcome{first}
		for len(batch) < noteAtOnce && len(r.outcomes) > 0 {
			batch = append(batch, <-r.outcomes)
		}
		for {
			err := r.queue.Update(func(tx *state.Tx) error { return settle(tx, batch) })
			if err == nil {
				r.courier.noted(batch)
				break
			}
			r.log.Error("what was delivered cannot be noted", "deliveries", len(batch), "error", err)
			timer := time.NewTimer(retryDisk)
			select {
			case <-timer.C:
				continue
			case <-r.sending.Done():
				timer.Stop()
			}
			break
		}
	}
}

func settle(tx *state.Tx, batch []outcome) error {
	for i := range batch {
		o := &batch[i]
		var err error
		if o.until.IsZero() {
			err = finish(tx, o.entry)
		} else {
			err = postpone(tx, o.entry, o.until)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
