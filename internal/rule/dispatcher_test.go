package rule

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/state"
)

const anyCall = `{"detail-type":["AWS API Call via CloudTrail"]}`

func TestARuleGetsTheEventsThatItWantsFromNowOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.record("RunInstances", "false") // before the rule
		w.rule("r", `{"source":["aws.ec2"],"detail":{"eventName":["RunInstances"]}}`, topicTarget())
		wanted := w.record("RunInstances", "false")
		w.record("StopInstances", "false")
		e := recorded(history.Management, "AwsApiCall", "ec2.amazonaws.com", "RunInstances", "false")
		e.Region = "us-east-1"
		w.append(&e) // another bus
		w.want(wanted)
		w.mu.Lock()
		w.wants = false
		w.mu.Unlock()
		w.record("RunInstances", "false") // no trail wants it
		w.want()
		if n := w.queuedItems(); n != 0 {
			t.Errorf("%d records are left in the queue", n)
		}
		if s := w.Status(testScope, "r"); s != (Status{Matched: 1, Delivered: 1}) {
			t.Errorf("%+v", s)
		}
	})
}

// TestSeveralEventsAfterAQuietTimeAreRead: the time of a batch that was begun long
// ago is over before it is read to its end.
func TestSeveralEventsAfterAQuietTimeAreRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.rule("r", anyCall, topicTarget())
		e := recorded(history.Management, "AwsApiCall", "ec2.amazonaws.com", "RunInstances", "false")
		id := e.EventID
		for range 3 {
			time.Sleep(storeEvery * 3 / 2)
			w.append(&e, &e, &e)
			w.want(id, id, id)
		}
	})
}

func TestNothingIsLostWhileTrailsCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.rule("r", anyCall, topicTarget())
		fails := func(err error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.broken = err
		}
		first := w.record("RunInstances", "false")
		w.want(first)
		fails(errors.New("disk"))
		ids := []string{w.record("RunInstances", "false"), w.record("RunInstances", "false")}
		w.want()
		if keep := w.Keep(); keep != 2 {
			t.Errorf("the journal may drop what is before record %d, want 2", keep)
		}
		fails(nil)
		time.Sleep(retryDisk)
		w.want(ids...)
	})
}

func TestStatesOfRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.rule("r", anyCall, topicTarget())
		set := func(s State) {
			t.Helper()
			if err := w.rules.SetState(testScope, "r", s); err != nil {
				t.Fatal(err)
			}
		}
		w.record("DescribeInstances", "true")
		change := w.record("RunInstances", "false")
		w.want(change)
		set(EnabledForAll)
		all := []string{w.record("DescribeInstances", "true"), w.record("RunInstances", "false")}
		w.want(all...)
		set(Disabled)
		w.record("RunInstances", "false")
		w.want()
		set(Enabled)
		w.want() // nothing of the time when it was disabled
		w.want()
		w.stop()
		set(Disabled)
		w.record("RunInstances", "false") // nobody follows the journal
		set(Enabled)
		last := w.record("RunInstances", "false")
		w.start()
		w.want(last)
		w.stop()
		set(Disabled)
		w.record("RunInstances", "false")
		if _, err := w.rules.Put(Rule{Scope: testScope, Name: "r", Pattern: anyCall, State: Enabled}); err != nil {
			t.Fatal(err)
		}
		last = w.record("RunInstances", "false")
		w.start()
		w.want(last)
	})
}

func TestTargetsAreToldForWhichRule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		http := destination(t, w.rules, apiKey, Destination{Endpoint: "https://hooks.example/in"})
		http.InputPath = "$.detail.eventID"
		w.rule("r", anyCall, http, topicTarget(), Target{ID: "group", ARN: testGroup}, Target{
			ID: "made", ARN: testGroup, Transformer: &Transformer{
				Paths:    map[string]string{"at": "$.detail.eventTime", "name": "$.detail.eventName"},
				Template: `{"timestamp":<at>,"message":"<name> was called"}`,
			},
		})
		id := w.record("RunInstances", "false")
		w.settle()
		const rule = "arn:aws:events:eu-west-1:123456789012:rule/r"
		streams := map[string]bool{}
		seen := map[string]int{}
		for _, c := range w.got() {
			seen[c.via]++
			switch {
			case c.via == "http" && c.to == "https://hooks.example/in" && c.what == `"`+id+`"`:
			case c.via == "topic" && c.to == testTopic && c.rule == rule && strings.Contains(c.what, `"id":"`):
			case c.via == "group" && c.to == testGroup && c.rule == rule:
				streams[c.stream] = true
				made := c.what == "RunInstances was called" && c.stamp.Format(time.RFC3339) == "2026-03-04T05:06:07Z"
				if raw := strings.Contains(c.what, `"id":"`) && time.Since(c.stamp) < time.Second; !made && !raw {
					t.Errorf("%+v", c)
				}
			default:
				t.Errorf("%+v", c)
			}
		}
		if len(streams) != 2 || streams[""] || seen["http"] != 1 || seen["topic"] != 1 || seen["group"] != 2 {
			t.Errorf("%v, %v", streams, seen)
		}
	})
}

func TestASlowTargetHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		hold := make(chan struct{})
		w.answers(func(c call) error {
			if c.via == "group" {
				<-hold
			}
			return nil
		})
		w.rule("r", anyCall, topicTarget(), Target{ID: "group", ARN: testGroup})
		var ids []string
		for range 50 {
			ids = append(ids, w.record("RunInstances", "false"))
		}
		w.settle()
		fast, slow := map[string]bool{}, 0
		for _, c := range w.got() {
			if c.via == "topic" {
				fast[c.what] = true
			} else {
				slow++
			}
		}
		if len(fast) != len(ids) || slow != perLine {
			t.Errorf("%d events went to the fast target, %d are under way to the slow one", len(fast), slow)
		}
		if s := w.Status(testScope, "r"); s.Pending != int64(len(ids)) || s.Delivered != int64(len(ids)) {
			t.Errorf("%+v", s)
		}
		close(hold)
		w.settle()
		if got := len(w.got()); got != len(ids)-perLine || w.queuedItems() != 0 {
			t.Errorf("%d more went to the slow target, %d records are in the queue", got, w.queuedItems())
		}
	})
}

func TestSendingIsTriedAgainUntilThePolicyEnds(t *testing.T) {
	for _, test := range []struct {
		name     string
		retry    *Retry
		min, max int // attempts
		within   time.Duration
	}{
		{"attempts", &Retry{MaxAge: 24 * time.Hour, MaxAttempts: 3}, 4, 4, 10 * time.Second},
		{"none", &Retry{MaxAge: 24 * time.Hour}, 1, 1, 0},
		{"age", &Retry{MaxAge: time.Minute, MaxAttempts: 185}, 6, 8, time.Minute},
		{"default", nil, 150, 186, 24 * time.Hour},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			defer w.close()
			w.answers(func(call) error { return errors.New("away") })
			target := topicTarget()
			target.Retry, target.DeadLetterARN = test.retry, "arn:aws:sqs:eu-west-1:123456789012:dead"
			w.rule("r", anyCall, target)
			w.record("RunInstances", "false")
			time.Sleep(25 * time.Hour)
			synctest.Wait()
			calls := w.got()
			if n := len(calls); n < test.min || n > test.max || w.queuedItems() != 0 {
				t.Fatalf("%s: %d attempts, %d records in the queue", test.name, n, w.queuedItems())
			}
			if last := calls[len(calls)-1].at.Sub(calls[0].at); last > test.within {
				t.Errorf("%s: the last attempt came after %v", test.name, last)
			}
			for i := 2; i < min(len(calls), 8); i++ {
				before, now := calls[i-1].at.Sub(calls[i-2].at), calls[i].at.Sub(calls[i-1].at)
				if now < before/2 {
					t.Errorf("%s: attempt %d came %v after the last, the one before %v", test.name, i, now, before)
				}
			}
			if s := w.Status(testScope, "r"); s != (Status{Matched: 1, Failed: int64(len(calls)), GivenUp: 1}) {
				t.Errorf("%s: %+v", test.name, s)
			}
			if !strings.Contains(w.log.String(), "arn:aws:sqs:eu-west-1:123456789012:dead") {
				t.Errorf("%s: the log is %s", test.name, w.log)
			}
		})
	}
}

// TestAnAttemptThatTheEndCutsOffIsMadeAgain: it uses up no retry, of which the
// target here has none.
func TestAnAttemptThatTheEndCutsOffIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		hang := func(c call) error {
			<-c.ctx.Done()
			return c.ctx.Err()
		}
		w.answers(hang)
		target := topicTarget()
		target.Retry = &Retry{MaxAge: time.Hour}
		w.rule("r", anyCall, target)
		id := w.record("RunInstances", "false")
		w.want(id)
		w.pause()
		w.run() // the same dispatcher
		w.want(id)
		w.stop()
		w.answers(nil)
		w.start() // another
		w.want(id)
		if n := w.queuedItems(); n != 0 {
			t.Errorf("%d records are left in the queue", n)
		}
	})
}

func TestWhatATargetRefusesForGoodIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.answers(func(call) error { return fmt.Errorf("no such topic: %w", ErrFinal) })
		w.rule("r", anyCall, topicTarget())
		id := w.record("RunInstances", "false")
		w.want(id)
		time.Sleep(time.Hour)
		w.want()
		if w.queuedItems() != 0 {
			t.Error("it is still in the queue")
		}
	})
}

func TestWhatIsOnItsWayEndsWithItsTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.answers(func(call) error { return errors.New("away") })
		w.rule("r", anyCall, topicTarget())
		w.want()
		id := w.record("RunInstances", "false")
		w.want(id)
		if missing, err := w.rules.RemoveTargets(testScope, "r", "topic", "other"); err != nil || len(missing) != 1 {
			t.Fatal(missing, err)
		}
		time.Sleep(time.Hour)
		w.want()
		if w.queuedItems() != 0 || w.Status(testScope, "r").Pending != 0 {
			t.Error("it is still in the queue")
		}
	})
}

// TestWhatWasOnItsWayIsNotForATargetThatComesLater: it may be somebody else's.
func TestWhatWasOnItsWayIsNotForATargetThatComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.answers(func(call) error { return errors.New("away") })
		w.rule("r", anyCall, topicTarget())
		id := w.record("RunInstances", "false")
		w.want(id)
		if err := w.rules.PutTargets(testScope, "r", topicTarget()); err != nil { // the same, changed
			t.Fatal(err)
		}
		time.Sleep(minBackoff)
		w.want(id)
		if _, err := w.rules.RemoveTargets(testScope, "r", "topic"); err != nil {
			t.Fatal(err)
		}
		if err := w.rules.Delete(testScope, "r"); err != nil {
			t.Fatal(err)
		}
		w.rule("r", anyCall, topicTarget())
		w.answers(nil)
		time.Sleep(time.Hour)
		w.want(w.record("StopInstances", "false"))
		if w.queuedItems() != 0 {
			t.Error("it is still in the queue")
		}
	})
}

// TestMemoryHoldsOnlyWhatIsUnderWay: a line that waits takes no memory for what is
// on disk.
func TestMemoryHoldsOnlyWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.answers(func(call) error { return errors.New("away") })
		w.rule("r", `{"source":["my.app"]}`, topicTarget())
		var events []Custom
		for range 3 * readAhead {
			events = append(events, Custom{Source: "my.app", DetailType: "Done", Detail: "{}"})
		}
		if _, err := w.Put(t.Context(), testScope, events...); err != nil {
			t.Fatal(err)
		}
		w.settle()
		c := w.courier
		c.mu.Lock()
		l := c.lines[testScope.key("r")+"/topic"]
		if len(l.ahead) > readAhead || len(l.busy) > perLine || l.pending != 3*readAhead {
			t.Errorf("%d read ahead, %d under way, %d in all", len(l.ahead), len(l.busy), l.pending)
		}
		c.mu.Unlock()
		w.answers(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := w.queuedItems(); n != 0 {
			t.Errorf("%d records are left in the queue", n)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(c.lines) != 0 {
			t.Errorf("%d lines are left", len(c.lines))
		}
	})
}

func TestWhatIsUnderWayToAllTargetsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		hold := make(chan struct{})
		w.answers(func(call) error { <-hold; return nil })
		var targets []Target
		for i := range MaxTargets {
			targets = append(targets, Target{ID: fmt.Sprint(i), ARN: testTopic})
		}
		w.rule("a", `{"source":["my.app"]}`, targets...)
		w.rule("b", `{"source":["my.app"]}`, targets...)
		const size = 900 << 10
		large := Custom{Source: "my.app", DetailType: "Done", Detail: `{"a":"` + strings.Repeat("x", size) + `"}`}
		const events = 4
		for range events {
			if _, err := w.Put(t.Context(), testScope, large); err != nil {
				t.Fatal(err)
			}
		}
		w.settle()
		most := 2 * MaxTargets * events
		if n := len(w.got()); n == 0 || n > maxUnderWay/size || n >= most {
			t.Errorf("%d of %d attempts are under way", n, most)
		}
		close(hold)
		w.settle()
		if n := w.queuedItems(); n != 0 {
			t.Errorf("%d records are left in the queue", n)
		}
	})
}

func TestATargetThatGoesWhileItsDestinationsRateIsAwaitedGetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.rule("r", anyCall, destination(t, w.rules, apiKey, Destination{Endpoint: "https://example.com/", Rate: 1}))
		for range perLine {
			w.record("RunInstances", "false")
		}
		w.settle()
		if got := len(w.got()); got != 1 {
			t.Errorf("%d events were sent at once", got)
		}
		if _, err := w.rules.RemoveTargets(testScope, "r", "http"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		w.want()
		if w.queuedItems() != 0 {
			t.Error("something is still in the queue")
		}
	})
}

func TestADestinationsRateHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		slow := destination(t, w.rules, apiKey, Destination{Endpoint: "https://example.com/", Rate: 1})
		var targets []Target
		for i := range MaxTargets {
			slow.ID = fmt.Sprint(i)
			targets = append(targets, slow)
		}
		w.rule("slow", `{"source":["slow"]}`, targets...)
		w.rule("fast", `{"source":["fast"]}`, topicTarget())
		large := Custom{Source: "slow", DetailType: "Done", Detail: `{"a":"` + strings.Repeat("x", 900<<10) + `"}`}
		for range perLine {
			if _, err := w.Put(t.Context(), testScope, large); err != nil {
				t.Fatal(err)
			}
		}
		w.settle()
		w.got()
		large.Source = "fast"
		if _, err := w.Put(t.Context(), testScope, large); err != nil {
			t.Fatal(err)
		}
		w.settle()
		if got := w.got(); len(got) != 1 || got[0].via != "topic" {
			t.Errorf("%d events were sent", len(got))
		}
	})
}

func TestATargetThatFailsIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.rule("r", anyCall, topicTarget())
		for range 2 {
			w.answers(func(call) error { return errors.New("away") })
			w.record("RunInstances", "false")
			w.record("RunInstances", "false")
			time.Sleep(10 * time.Second)
			w.answers(nil)
			time.Sleep(time.Minute)
		}
		synctest.Wait()
		if n := strings.Count(w.log.String(), "cannot be sent"); n != 2 {
			t.Errorf("it was said %d times: %s", n, w.log)
		}
	})
}

// TestADamagedQueueHoldsUpNothingElse: an event that is missing is given up.
func TestADamagedQueueHoldsUpNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.rule("r", anyCall, topicTarget())
		if err := w.queue.Update(func(tx *state.Tx) error {
			d := delivery{Taken: time.Now(), For: w.made("r")}
			_, err := deliveries.Create(tx, deliveryKey(testScope.key("r")+"/topic", time.Now(), "missing"), d)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		w.stop()
		w.start()
		w.want(w.record("RunInstances", "false"))
		if s := w.Status(testScope, "r"); s.Delivered != 1 || s.GivenUp != 1 || s.Pending != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// TestADeliveryMayBeDoneBeforeItIsCounted: a line's goroutine can read it as soon
// as it is durable.
func TestADeliveryMayBeDoneBeforeItIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.rule("r", anyCall, topicTarget())
		early := &queued{key: "early", event: []byte(`{"eventID":"early"}`), to: []addressee{{testScope.key("r") + "/topic", w.made("r")}}}
		if err := w.queue.Update(func(tx *state.Tx) error { return enqueue(tx, early, time.Now()) }); err != nil {
			t.Fatal(err)
		}
		w.want("early", w.record("RunInstances", "false"))
		w.courier.add(early)
		w.want()
		if n := w.Status(testScope, "r").Pending; n != 0 || len(w.courier.lines) != 0 {
			t.Errorf("%d deliveries and %d lines are left", n, len(w.courier.lines))
		}
	})
}

func TestALineThatIsFullDropsAndTheOthersGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.rule("r", anyCall, topicTarget(), Target{ID: "group", ARN: testGroup})
		c := w.courier
		c.mu.Lock()
		c.lines[testScope.key("r")+"/topic"] = &line{key: testScope.key("r") + "/topic", pending: maxLine, wake: make(chan struct{}, 1), busy: map[string]bool{}}
		c.mu.Unlock()
		w.record("RunInstances", "false")
		w.record("RunInstances", "false")
		w.settle()
		for _, call := range w.got() {
			if call.via != "group" {
				t.Errorf("%+v", call)
			}
		}
		if s := w.Status(testScope, "r"); s.Dropped != 2 || s.Delivered != 2 {
			t.Errorf("%+v", s)
		}
		if n := strings.Count(w.log.String(), "events are dropped"); n != 1 {
			t.Errorf("it was said %d times", n)
		}
	})
}

func TestTheJournalMayDropWhatWasRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.rule("r", anyCall, topicTarget())
		for range 3 {
			w.record("DescribeInstances", "true") // not for the rule
		}
		time.Sleep(2 * storeEvery)
		synctest.Wait()
		if keep := w.Keep(); keep != 4 {
			t.Errorf("the journal may drop what is before record %d, want 4", keep)
		}
		w.answers(func(call) error { return errors.New("away") })
		w.record("RunInstances", "false")
		w.settle()
		if keep := w.Keep(); keep != 5 {
			t.Errorf("the journal may drop what is before record %d, want 5", keep)
		}
		w.stop()
		w.record("RunInstances", "false")
		w.start()
		if keep := w.Keep(); keep != 5 {
			t.Errorf("after a restart the journal may drop what is before record %d, want 5", keep)
		}
	})
}

func TestAQueueThatIsNewerThanTheJournalGoesOnAtItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.stop()
		queue := w.openState("events.db")
		journal := &shortJournal{w.journal, 3}
		d, err := NewDispatcher(Sources{w.rules, journal, w}, queue, Options{})
		if err != nil || d.Keep() != 1 {
			t.Errorf("%d, %v", d.Keep(), err)
		}
		if err := queue.Close(); err != nil {
			t.Error(err)
		}
		w.start()
	})
}

// shortJournal has another end.
type shortJournal struct {
	*journal.Journal
	last journal.Seq
}

func (j *shortJournal) Last() journal.Seq { return j.last }

func TestAQueueThatIsGoneIsSaidToBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		if w.log.Len() != 0 {
			t.Errorf("said of a new one: %s", w.log)
		}
		w.rule("r", anyCall, topicTarget())
		w.stop()
		w.record("RunInstances", "false")
		if err := os.Remove(filepath.Join(w.dir, "events.db")); err != nil {
			t.Fatal(err)
		}
		w.start()
		w.want(w.record("StopInstances", "false"))
		if !strings.Contains(w.log.String(), "is lost") {
			t.Errorf("not said: %s", w.log)
		}
	})
}

func TestEventsThatArePutAreDurableWhenPutReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.rule("r", `{"source":["my.app"]}`, topicTarget())
		w.stop() // Run does not run
		w.queue = w.openState("events.db")
		d, err := NewDispatcher(w.Sources, w.queue, Options{})
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
		ids, err := d.Put(t.Context(), testScope,
			Custom{Source: "my.app", DetailType: "Done", Detail: `{ "a": "<b>" }`, Resources: []string{"arn:x"}, Time: at},
			Custom{Source: "other.app", DetailType: "Done", Detail: `{}`})
		if err != nil || len(ids) != 2 {
			t.Fatal(ids, err)
		}
		if err := w.queue.Close(); err != nil { // the process ends
			t.Fatal(err)
		}
		w.start()
		w.settle()
		calls := w.got()
		want := `{"version":"0","id":"` + ids[0] + `","detail-type":"Done","source":"my.app","account":"123456789012",` +
			`"time":"2026-01-02T02:04:05Z","region":"eu-west-1","resources":["arn:x"],"detail":{"a":"<b>"}}`
		if len(calls) != 1 || calls[0].what != want {
			t.Errorf("got %+v\nwant %s", calls, want)
		}
	})
}

func TestEventsThatCannotBePut(t *testing.T) {
	good := Custom{Source: "my.app", DetailType: "Done", Detail: `{}`}
	for want, change := range map[*Reason]func(*Custom){
		new(InvalidArgument):        func(c *Custom) { c.Source = "" },
		new(NotAuthorizedForSource): func(c *Custom) { c.Source = "aws.ec2" },
		new(MalformedDetail):        func(c *Custom) { c.Detail = `[]` },
		new(MalformedDetail):        func(c *Custom) { c.Detail = `null` },
		new(MalformedDetail):        func(c *Custom) { c.Detail = `{"a"` },
		new(InvalidArgument):        func(c *Custom) { c.Detail = `{"a":"` + strings.Repeat("x", MaxCustom) + `"}` },
		new(InvalidArgument):        func(c *Custom) { c.DetailType = "" },
	} {
		c := good
		change(&c)
		var refusal *Refusal
		if err := c.Check(); !errors.As(err, &refusal) || refusal.Reason != *want {
			t.Errorf("%.80s: %v, want %s", c.Detail, err, *want)
		}
	}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
}
