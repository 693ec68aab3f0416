package ec2

import (
	"errors"
	"slices"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// Attributes of a Capacity Block's reservation that are never shown.
const (
	// blockClock is when its own clock began: at the purchase.
	blockClock = ".purchased"
	// blockPayment and blockDelivery are the states that follow instead of
	// "scheduled" and "active", where the purchase asked for a failure.
	blockPayment, blockDelivery = ".payment", ".delivery"
	// blockTold names the events that were told already.
	blockTold = ".told"
)

// outcomeTag is the tag of a purchase that asks for a failure.
const outcomeTag = "cairn:outcome"

// emptying is how long before its end a Capacity Block's instances are
// terminated.
const emptying = 30 * time.Minute

// setOutcome takes from the purchase's tags how the block is to end.
func setOutcome(x *engine.Exec, a engine.Attrs) error {
	for _, resource := range []string{"capacity-block", "capacity-reservation"} {
		for _, tag := range (engine.Attrs{"Tags": x.TagsFor(resource)}).Subs("Tags") {
			if tag.Str("Key") != outcomeTag {
				continue
			}
			switch outcome := tag.Str("Value"); outcome {
			case "payment-failed":
				a.Set(blockPayment, outcome)
			case "failed":
				a.Set(blockDelivery, outcome)
			case "expired": // as without the tag
			default:
				return invalidValue("The tag " + outcomeTag + " is payment-failed, failed or expired, not '" + outcome + "'.").With()
			}
		}
	}
	return nil
}

// blockEvents are the events of the states that a block enters by itself.
func blockEvents() map[string]string {
	return map[string]string{
		"payment-failed": "CapacityBlockPaymentFailed",
		"scheduled":      "CapacityBlockScheduled",
		"active":         "CapacityBlockActive",
		"failed":         "CapacityBlockFailed",
		"expired":        "CapacityBlockExpired",
	}
}

const emptied = "TerminateCapacityBlockInstances"

// milestone is a moment in the life of a Capacity Block.
type milestone struct {
	name  string // of its event
	at    time.Time
	state string // that begins; "" at the termination of instances
	block *engine.Resource
}

// settle tells what happens to Capacity Blocks as their time goes by, in the
// order in which it does, and terminates their instances.
func settle(s *engine.Settling) error {
	var due []milestone
	s.View(func(x *engine.Exec) {
		for _, r := range x.List("capacity-reservation") {
			if r.Str("ReservationType") != "capacity-block" {
				continue
			}
			if at, ok := x.Ends("capacity-reservation", r); ok {
				s.Wake(at)
			}
			due = append(due, untold(s, x, r)...)
		}
	})
	slices.SortStableFunc(due, func(a, b milestone) int { return a.at.Compare(b.at) })
	failed := make(map[string]bool)
	var errs []error
	for _, m := range due {
		// What follows waits for what came before.
		if failed[m.block.ID] {
			continue
		}
		if err := m.happen(s); err != nil {
			failed[m.block.ID] = true
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// untold are the moments of the block that have come and were not told.
func untold(s *engine.Settling, x *engine.Exec, r *engine.Resource) []milestone {
	var due []milestone
	told := r.Strs(blockTold)
	add := func(m milestone) {
		if m.name != "" && !slices.Contains(told, m.name) {
			due = append(due, m)
		}
	}
	for _, p := range x.Passed("capacity-reservation", r) {
		add(milestone{name: blockEvents()[p.State], at: p.At, state: p.State, block: r})
		if p.State != "active" {
			continue
		}
		if at := blockEmptied(x, r); at.After(x.Now()) {
			s.Wake(at)
		} else {
			add(milestone{name: emptied, at: at, block: r})
		}
	}
	return due
}

// blockEmptied is when the block's instances are terminated.
func blockEmptied(x *engine.Exec, r *engine.Resource) time.Time {
	return x.When("capacity-reservation", r, r.Time("EndDate").Add(-emptying))
}

// happen tells of the moment, and keeps that it was told.
func (m milestone) happen(s *engine.Settling) error {
	var instances []string
	if m.name == emptied {
		s.View(func(x *engine.Exec) {
			for _, i := range reservedInstances(x, m.block.ID, "shutting-down", "terminated") {
				instances = append(instances, i.ID)
			}
		})
	}
	if m.state != "" || len(instances) > 0 {
		if err := s.Emit(m.event(s.Scope, instances)); err != nil {
			return err
		}
	}
	return s.Change(func(x *engine.Exec) error {
		for _, id := range instances {
			i := x.Look("instance", id)
			if i == nil {
				continue
			}
			if _, err := blockOver().apply(x, i); err != nil {
				return err
			}
		}
		r := x.Look("capacity-reservation", m.block.ID)
		if r == nil {
			return nil
		}
		x.Edit("capacity-reservation", r).Append(blockTold, m.name)
		return nil
	})
}

// blockOver is how a block ends its instances: nothing protects them.
func blockOver() change {
	c := terminate()
	c.protected, c.code, c.reason = "", "", "Service initiated"
	return c
}

func (m milestone) event(scope engine.ScopeID, instances []string) engine.ServiceEvent {
	e := engine.ServiceEvent{
		Source: "ec2.amazonaws.com", Name: m.name, Subject: m.block.ID, Time: m.at,
		Details: map[string]string{"capacityReservationId": m.block.ID},
	}
	if m.state != "" {
		e.Details["capacityReservationState"] = m.state
		e.Resources = []event.Resource{{
			AccountID: scope.AccountID, Type: "AWS::EC2::CapacityReservation", ARN: m.block.Str("CapacityReservationArn"),
		}}
	}
	for _, id := range instances {
		e.Resources = append(e.Resources, event.Resource{
			AccountID: scope.AccountID, Type: "AWS::EC2::Instance",
			ARN: "arn:aws:ec2:" + scope.Region + ":" + scope.AccountID + ":instance/" + id,
		})
	}
	return e
}
