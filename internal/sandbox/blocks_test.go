package sandbox

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// told is what the services of a sandbox tell of themselves, each event once, as
// [Options.Emit] has it.
type told struct {
	mu     sync.Mutex
	events []*event.Event // guarded by mu
	calls  int            // guarded by mu
	broken bool           // guarded by mu
}

func (l *told) emit(_ context.Context, e *event.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if l.broken {
		return errors.New("the journal is full")
	}
	if !slices.ContainsFunc(l.events, func(old *event.Event) bool { return old.EventID == e.EventID }) {
		l.events = append(l.events, e)
	}
	return nil
}

func (l *told) names() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var names []string
	for _, e := range l.events {
		names = append(names, e.EventName)
	}
	return names
}

// hour is an hour of a block's own clock in the tests.
const hour = time.Second

// owner is a client of a running sandbox whose blocks live an hour a second.
type owner struct {
	*client
	stop func()
}

func startOwner(t *testing.T, store engine.Store, log *told) *owner {
	t.Helper()
	c := newClientWith(t, store, Options{Clock: float64(time.Hour / hour), Emit: log.emit})
	c.now = time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.sandbox.Run(ctx) }()
	synctest.Wait()
	return &owner{client: c, stop: func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}}
}

// buy buys the first block of two days that is offered.
func (o *owner) buy(tags ...any) engine.Attrs {
	o.t.Helper()
	o.now = time.Now()
	id := o.call("ec2", "DescribeCapacityBlockOfferings", params{
		"InstanceType": "p5.48xlarge", "InstanceCount": int64(2), "CapacityDurationHours": int64(48),
	}).Str("CapacityBlockOfferings.CapacityBlockOfferingId")
	p := params{"CapacityBlockOfferingId": id, "InstancePlatform": "Linux/UNIX"}
	if len(tags) > 0 {
		p["TagSpecifications"] = []any{params{"ResourceType": "capacity-block", "Tags": tags}}
	}
	o.now = time.Now().Add(-time.Second)
	return o.call("ec2", "PurchaseCapacityBlock", p).Sub("CapacityReservation")
}

// sleepUntil sleeps until a block bought now is over the moment of its clock.
func sleepUntil(bought engine.Attrs, moment time.Time) {
	purchased := bought.Time("CreateDate")
	own := moment.Sub(purchased) / time.Duration(time.Hour/hour)
	time.Sleep(time.Until(purchased.Add(own)) + 1100*time.Millisecond)
	synctest.Wait()
}

func (o *owner) launch(block engine.Attrs) engine.Attrs {
	o.t.Helper()
	o.now = time.Now()
	out, err := o.try("ec2", "RunInstances", intoBlock(o, block))
	if err != nil {
		o.t.Fatal(err)
	}
	return out
}

func intoBlock(o *owner, block engine.Attrs) params {
	o.t.Helper()
	return params{
		"ImageId": "ami-12345678", "InstanceType": "p5.48xlarge", "MinCount": int64(2), "MaxCount": int64(2),
		"Placement":             params{"AvailabilityZone": block.Str("AvailabilityZone")},
		"InstanceMarketOptions": params{"MarketType": "capacity-block"},
		"CapacityReservationSpecification": params{
			"CapacityReservationTarget": params{"CapacityReservationId": block.Str("CapacityReservationId")},
		},
	}
}

// TestCapacityBlockTellsItsLife plays the whole life of a Capacity Block with
// instances, with a restart before each of its moments.
func TestCapacityBlockTellsItsLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, log := new(engine.Memory), new(told)
		o := startOwner(t, store, log)
		block := o.buy()
		restart := func() {
			o.stop()
			o = startOwner(t, store, log)
		}
		restart()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		o.now = time.Now()
		o.refused("ec2", "RunInstances", intoBlock(o, block), "ReservationCapacityExceeded")
		restart()
		sleepUntil(block, block.Time("StartDate"))
		run := o.launch(block)
		if run.Str("Instances.InstanceLifecycle") != "capacity-block" || run.Str("Instances.CapacityReservationId") != block.Str("CapacityReservationId") {
			t.Errorf("RunInstances = %v", run)
		}
		o.refused("ec2", "RunInstances", intoBlock(o, block), "ReservationCapacityExceeded")
		restart()
		sleepUntil(block, block.Time("EndDate").Add(-30*time.Minute))
		o.now = time.Now()
		gone := o.call("ec2", "DescribeInstances", params{"InstanceIds": run.All("Instances.InstanceId")})
		for _, state := range gone.Strs("Reservations.Instances.State.Name") {
			if state != "shutting-down" && state != "terminated" {
				t.Errorf("half an hour before the end an instance is %s", state)
			}
		}
		restart()
		sleepUntil(block, block.Time("EndDate"))
		restart()
		time.Sleep(time.Hour)
		synctest.Wait()
		o.stop()
		log.check(t, o, block, run)
	})
}

// check wants the events of a whole life.
func (l *told) check(t *testing.T, o *owner, block, run engine.Attrs) {
	t.Helper()
	const bought = "arn:aws:ec2:us-west-2:123456789012:"
	id := block.Str("CapacityReservationId")
	reservation := []event.Resource{{AccountID: o.account, Type: "AWS::EC2::CapacityReservation", ARN: bought + "capacity-reservation/" + id}}
	var instances []event.Resource
	for _, i := range run.Strs("Instances.InstanceId") {
		instances = append(instances, event.Resource{AccountID: o.account, Type: "AWS::EC2::Instance", ARN: bought + "instance/" + i})
	}
	own := func(at time.Time) time.Time {
		return block.Time("CreateDate").Add(at.Sub(block.Time("CreateDate")) / time.Duration(time.Hour/hour)).Truncate(time.Second)
	}
	want := []struct {
		name, details string
		at            time.Time
		resources     []event.Resource
	}{
		{"CapacityBlockScheduled", `{"capacityReservationId":"` + id + `","capacityReservationState":"scheduled"}`, own(block.Time("CreateDate")), reservation},
		{"CapacityBlockActive", `{"capacityReservationId":"` + id + `","capacityReservationState":"active"}`, own(block.Time("StartDate")), reservation},
		{"TerminateCapacityBlockInstances", `{"capacityReservationId":"` + id + `"}`, own(block.Time("EndDate").Add(-30 * time.Minute)), instances},
		{"CapacityBlockExpired", `{"capacityReservationId":"` + id + `","capacityReservationState":"expired"}`, own(block.Time("EndDate")), reservation},
	}
	if len(l.events) != len(want) || l.calls != len(want) {
		t.Fatalf("%d events were told, in %d calls: %v", len(l.events), l.calls, l.names())
	}
	for i, e := range l.events {
		w := want[i]
		if e.EventName != w.name || string(e.ServiceEventDetails) != w.details || !e.EventTime.Equal(w.at) || !slices.Equal(e.Resources, w.resources) {
			t.Errorf("event %d is %s, want %s at %s with %s and %v", i, e.AppendJSON(nil), w.name, w.at, w.details, w.resources)
		}
	}
}

func TestServiceEventsHaveTheirForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(told)
		o := startOwner(t, new(engine.Memory), log)
		block := o.buy()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		o.stop()
		if len(log.events) != 1 {
			t.Fatalf("the events are %v", log.names())
		}
		id := block.Str("CapacityReservationId")
		want := `{"eventVersion":"1.11","userIdentity":{"accountId":"123456789012","invokedBy":"AWS Internal"},` +
			`"eventTime":"` + block.Time("CreateDate").UTC().Format(time.RFC3339) + `","eventSource":"ec2.amazonaws.com","eventName":"CapacityBlockScheduled",` +
			`"awsRegion":"us-west-2","sourceIPAddress":"AWS Internal","userAgent":"AWS Internal","requestParameters":null,"responseElements":null,` +
			`"eventID":"` + log.events[0].EventID + `","readOnly":false,"resources":[{"accountId":"123456789012",` +
			`"type":"AWS::EC2::CapacityReservation","ARN":"arn:aws:ec2:us-west-2:123456789012:capacity-reservation/` + id + `"}],` +
			`"eventType":"AwsServiceEvent","managementEvent":true,"recipientAccountId":"123456789012",` +
			`"serviceEventDetails":{"capacityReservationId":"` + id + `","capacityReservationState":"scheduled"},"eventCategory":"Management"}`
		if got := string(log.events[0].AppendJSON(nil)); got != want {
			t.Errorf("the event is\n%s\nwant\n%s", got, want)
		}
	})
}

func TestCapacityBlocksFailAsTheirTagAsks(t *testing.T) {
	tests := []struct{ outcome, state, events string }{
		{"payment-failed", "payment-failed", "CapacityBlockPaymentFailed"},
		{"failed", "failed", "CapacityBlockScheduled CapacityBlockFailed"},
		{"expired", "expired", "CapacityBlockScheduled CapacityBlockActive CapacityBlockExpired"},
	}
	for _, tt := range tests {
		t.Run(tt.outcome, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := new(told)
				o := startOwner(t, new(engine.Memory), log)
				block := o.buy(params{"Key": "cairn:outcome", "Value": tt.outcome})
				sleepUntil(block, block.Time("EndDate"))
				o.now = time.Now()
				for _, at := range [][2]string{{"DescribeCapacityReservations", "CapacityReservations"}, {"DescribeCapacityBlocks", "CapacityBlocks"}} {
					if got := o.call("ec2", at[0], nil).Str(at[1] + ".State"); got != tt.state {
						t.Errorf("%s shows the state %q, want %s", at[0], got, tt.state)
					}
				}
				o.stop()
				if got := strings.Join(log.names(), " "); got != tt.events {
					t.Errorf("the events are %s, want %s", got, tt.events)
				}
			})
		})
	}
	c := newClient(t, new(engine.Memory))
	offers := c.call("ec2", "DescribeCapacityBlockOfferings", params{"CapacityDurationHours": int64(24)})
	c.refused("ec2", "PurchaseCapacityBlock", params{
		"CapacityBlockOfferingId": offers.Str("CapacityBlockOfferings.CapacityBlockOfferingId"), "InstancePlatform": "Linux/UNIX",
		"TagSpecifications": []any{params{"ResourceType": "capacity-block", "Tags": []any{params{"Key": "cairn:outcome", "Value": "maybe"}}}},
	}, "InvalidParameterValue")
}

// TestNoMomentOfABlockIsLost lets a block's whole life go by while nothing runs,
// and while the journal takes nothing.
func TestNoMomentOfABlockIsLost(t *testing.T) {
	const life = "CapacityBlockScheduled CapacityBlockActive CapacityBlockExpired"
	t.Run("stopped", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			store, log := new(engine.Memory), new(told)
			o := startOwner(t, store, log)
			block := o.buy()
			o.stop()
			sleepUntil(block, block.Time("EndDate").AddDate(1, 0, 0))
			o = startOwner(t, store, log)
			time.Sleep(2 * time.Second)
			synctest.Wait()
			o.stop()
			if got := strings.Join(log.names(), " "); got != life {
				t.Errorf("the events are %s, want %s", got, life)
			}
		})
	})
	t.Run("journal", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			log := &told{broken: true}
			o := startOwner(t, new(engine.Memory), log)
			block := o.buy()
			sleepUntil(block, block.Time("EndDate"))
			log.mu.Lock()
			log.broken = false
			log.mu.Unlock()
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			o.stop()
			if got := strings.Join(log.names(), " "); got != life {
				t.Errorf("the events are %s, want %s", got, life)
			}
		})
	})
}

// fillingDisk is a store that is full at times.
type fillingDisk struct {
	engine.Memory
	full atomic.Bool
}

func (d *fillingDisk) Apply(ctx context.Context, changes []engine.Entry) error {
	if d.full.Load() {
		return errors.New("the disk is full")
	}
	return d.Memory.Apply(ctx, changes)
}

// TestEventsOfAnUnkeptMomentAreTheSame fails to keep that an event was told, so
// that it is told again.
func TestEventsOfAnUnkeptMomentAreTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, log := new(fillingDisk), new(told)
		o := startOwner(t, store, log)
		o.buy()
		store.full.Store(true)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		o.stop()
		store.full.Store(false)
		o = startOwner(t, store, log)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		o.stop()
		if log.calls < 2 || len(log.events) != 1 {
			t.Errorf("%d events were told in %d calls, want one in two", len(log.events), log.calls)
		}
	})
}
