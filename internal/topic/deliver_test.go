package topic

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestSubscriptionsAreConfirmedByTheTokenThatTheirEndpointGot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.run()()
		b.create(nil)
		s, err := b.Subscribe(Subscribing{Topic: testTopic, Protocol: "https", Endpoint: "https://user:pass@e.test/x", Account: account})
		if err != nil {
			t.Fatal(err)
		}
		b.publish("before")
		synctest.Wait()
		asked := b.got(confirmation)
		if len(asked) != 1 || asked[0].url != "https://user:pass@e.test/x" || len(b.got(notification)) != 0 {
			t.Fatalf("asked %+v", asked)
		}
		b.verify(asked[0])
		visit, err := url.Parse(asked[0].body["SubscribeURL"].(string))
		if err != nil {
			t.Fatal(err)
		}
		q := visit.Query()
		if visit.Host != "cairn.test" || q.Get("Action") != "ConfirmSubscription" || q.Get("TopicArn") != testTopic.String() || q.Get("Token") != asked[0].body["Token"] {
			t.Errorf("SubscribeURL %s", visit)
		}
		for name, token := range map[string]string{"none": "", "another": strings.Repeat("0", len(q.Get("Token"))), "a cut one": q.Get("Token")[2:]} {
			if _, err := b.Confirm(testTopic, token, false, false); err == nil {
				t.Errorf("%s token confirms", name)
			}
		}
		arn, err := b.Confirm(testTopic, q.Get("Token"), false, false)
		if err != nil || arn != s.ARN {
			t.Fatalf("%s, %v", arn, err)
		}
		b.publish("after")
		synctest.Wait()
		if got := b.got(notification); len(got) != 1 || got[0].body["Message"] != "after" {
			t.Errorf("got %+v", got)
		}
		if n := b.onTheWay(); n != 0 {
			t.Errorf("%d records are left", n)
		}
		attributes, err := b.SubscriptionAttributes(mustSubscription(t, arn))
		if err != nil || attributes["Endpoint"] != "https://user:****@e.test/x" {
			t.Errorf("endpoint %q, %v", attributes["Endpoint"], err)
		}
	})
}

func mustSubscription(t *testing.T, arn string) ARN {
	t.Helper()
	a, err := ParseSubscriptionARN(arn, "SubscriptionArn")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestTokensEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.create(nil)
		s, err := b.Subscribe(Subscribing{Topic: testTopic, Protocol: "http", Endpoint: "http://e.test", Account: account})
		if err != nil {
			t.Fatal(err)
		}
		token := b.token(mustSubscription(t, s.ARN), s.Since)
		time.Sleep(tokenLife + 2*time.Second)
		if _, err := b.Confirm(testTopic, token, false, false); err == nil {
			t.Error("an old token confirms")
		}
		defer b.run()() // removes what is too old
		synctest.Wait()
		if found, _, err := b.Subscriptions(testTopic, "", 10); err != nil || len(found) != 0 {
			t.Errorf("%+v, %v", found, err)
		}
		if n := b.onTheWay(); n != 0 {
			t.Errorf("%d records are left", n)
		}
	})
}

func TestNotificationsAreThoseOfSNS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.run()()
		b.create(map[string]string{"SignatureVersion": "2"})
		arn := b.subscribe("http://e.test/n", nil).String()
		synctest.Wait()
		b.got(confirmation)
		if _, err := b.Publish(t.Context(), Publication{
			TopicARN: testTopic.String(), Subject: "Grüße <b>", Message: "a\nb & \"c\"\u2028",
			Attributes: map[string]Attribute{"n": {"Number", "1.50"}, "b": {"Binary", "AAE="}},
		}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		got := b.got(notification)
		if len(got) != 1 {
			t.Fatalf("%d notifications", len(got))
		}
		n := got[0]
		b.verify(n)
		keys := slices.Sorted(maps.Keys(n.body))
		want := []string{"Message", "MessageAttributes", "MessageId", "Signature", "SignatureVersion", "SigningCertURL", "Subject", "Timestamp", "TopicArn", "Type", "UnsubscribeURL"}
		if !slices.Equal(keys, want) || n.body["SignatureVersion"] != "2" {
			t.Errorf("fields %v", keys)
		}
		for name, want := range map[string]string{
			"X-Amz-Sns-Message-Type": "Notification", "X-Amz-Sns-Message-Id": n.body["MessageId"].(string),
			"X-Amz-Sns-Topic-Arn": testTopic.String(), "X-Amz-Sns-Subscription-Arn": arn,
			"Content-Type": "text/plain; charset=UTF-8", "User-Agent": "Amazon Simple Notification Service Agent",
		} {
			if got := n.header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if a := n.body["MessageAttributes"].(map[string]any); fmt.Sprint(a) != "map[b:map[Type:Binary Value:AAE=] n:map[Type:Number Value:1.50]]" {
			t.Errorf("attributes %v", a)
		}
		if _, err := time.Parse(timestampForm, n.body["Timestamp"].(string)); err != nil {
			t.Error(err)
		}
		if !strings.HasSuffix(n.body["UnsubscribeURL"].(string), "/?Action=Unsubscribe&SubscriptionArn="+arn+"&Version=2010-03-31") {
			t.Errorf("UnsubscribeURL %v", n.body["UnsubscribeURL"])
		}
		if !strings.HasPrefix(n.text, "{\n  \"Type\" : \"Notification\",\n  \"MessageId\" : \"") || !strings.Contains(n.text, `"Subject" : "Grüße <b>"`) {
			t.Errorf("layout:\n%s", n.text)
		}
	})
}

func TestRawDeliverySendsTheMessageAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.run()()
		b.create(nil)
		b.subscribe("https://e.test", map[string]string{
			"RawMessageDelivery": "true", "DeliveryPolicy": `{"requestPolicy":{"headerContentType":"application/json"}}`,
		})
		if _, err := b.Publish(t.Context(), Publication{
			TopicARN: testTopic.String(), Message: `{"default":"d","https":"{\"x\":1}"}`, PerProtocol: true,
		}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		got := b.got(notification)
		if len(got) != 1 || got[0].text != `{"x":1}` || got[0].header.Get("X-Amz-Sns-Rawdelivery") != "true" || got[0].header.Get("Content-Type") != "application/json" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestDeliveriesAreTriedAgainAsThePolicySays(t *testing.T) {
	for name, test := range map[string]struct {
		policy string
		answer int
		want   []time.Duration // when attempts are made
	}{
		"as SNS does by default":    {"", 500, []time.Duration{0, 20, 40, 60}},
		"a connection refused":      {"", 0, []time.Duration{0, 20, 40, 60}},
		"too many requests":         {"", 429, []time.Duration{0, 20, 40, 60}},
		"not for a client's error":  {"", 404, []time.Duration{0}},
		"not for a redirect":        {"", 302, []time.Duration{0}},
		"no retries":                {`{"healthyRetryPolicy":{"numRetries":0}}`, 503, []time.Duration{0}},
		"in four phases, linear":    {`{"healthyRetryPolicy":{"numNoDelayRetries":1,"numMinDelayRetries":2,"numMaxDelayRetries":1,"numRetries":7,"minDelayTarget":5,"maxDelayTarget":25,"backoffFunction":"linear"}}`, 500, []time.Duration{0, 0, 5, 10, 15, 30, 55, 80}},
		"exponential, from 1 to 64": {`{"healthyRetryPolicy":{"numRetries":3,"minDelayTarget":1,"maxDelayTarget":64,"backoffFunction":"exponential"}}`, 500, []time.Duration{0, 1, 23, 87}},
		"geometric, from 1 to 64":   {`{"healthyRetryPolicy":{"numRetries":3,"minDelayTarget":1,"maxDelayTarget":64,"backoffFunction":"geometric"}}`, 500, []time.Duration{0, 1, 9, 73}},
		"arithmetic, from 1 to 64":  {`{"healthyRetryPolicy":{"numRetries":3,"minDelayTarget":1,"maxDelayTarget":64,"backoffFunction":"arithmetic"}}`, 500, []time.Duration{0, 1, 23, 87}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				defer b.run()()
				b.create(nil)
				attributes := map[string]string{}
				if test.policy != "" {
					attributes["DeliveryPolicy"] = test.policy
				}
				b.subscribe("http://e.test", attributes)
				synctest.Wait()
				var at []time.Duration
				start := time.Now()
				b.answers(func(*http.Request) int {
					at = append(at, time.Since(start).Truncate(time.Second)/time.Second)
					return test.answer
				})
				b.publish("x")
				time.Sleep(2 * time.Hour)
				b.answers(nil) // what comes now is a fault
				synctest.Wait()
				if !slices.Equal(at, test.want) {
					t.Errorf("attempts after %v seconds, want %v", at, test.want)
				}
				if c := b.Counts(); c.Failed != 1 || b.onTheWay() != 0 {
					t.Errorf("%+v, %d records left", c, b.onTheWay())
				}
			})
		})
	}
}

func TestADeadEndpointHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.run()()
		b.create(nil)
		b.subscribe("http://dead.test", nil)
		b.subscribe("http://alive.test", nil)
		synctest.Wait()
		most, under := 0, 0
		b.answers(func(r *http.Request) int {
			if r.URL.Host == "alive.test" {
				return 200
			}
			b.mu.Lock()
			under++
			most = max(most, under)
			b.mu.Unlock()
			<-r.Context().Done() // until the attempt's time is over
			b.mu.Lock()
			under--
			b.mu.Unlock()
			return 0
		})
		for i := range 100 {
			b.publish(fmt.Sprint(i))
		}
		synctest.Wait()
		alive := 0
		for _, r := range b.got(notification) {
			if r.url == "http://alive.test" {
				alive++
			}
		}
		b.mu.Lock()
		reached := most
		b.mu.Unlock()
		if alive != 100 || reached != perLine {
			t.Errorf("%d of 100 were delivered while %d attempts hang", alive, reached)
		}
		time.Sleep(10 * time.Hour)
		if c := b.Counts(); c.Failed != 100 || b.onTheWay() != 0 {
			t.Errorf("%+v, %d records left", c, b.onTheWay())
		}
	})
}

func TestACrashLosesNothingThatWasPublished(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	ids := map[string]bool{}
	synctest.Test(t, func(t *testing.T) {
		b := openBench(t, path)
		b.create(nil)
		b.subscribe("http://one.test", nil)
		b.subscribe("http://two.test", nil)
		b.answers(func(r *http.Request) int {
			if r.URL.Host == "two.test" {
				return 500
			}
			return 200
		})
		stop := b.run()
		for i := range 20 {
			ids[b.publish(fmt.Sprint(i))] = true
		}
		time.Sleep(25 * time.Second) // one.test has all, two.test refused all twice
		stop()
		for i := range 20 { // nobody delivers now
			ids[b.publish(fmt.Sprint("later ", i))] = true
		}
		b.store.Close()
	})
	synctest.Test(t, func(t *testing.T) {
		b := openBench(t, path)
		defer b.run()()
		time.Sleep(time.Minute)
		got := map[string]map[string]bool{"http://one.test": {}, "http://two.test": {}}
		for _, r := range b.got(notification) {
			got[r.url][r.body["MessageId"].(string)] = true
		}
		if len(got["http://one.test"]) != 20 || !maps.Equal(got["http://two.test"], ids) {
			t.Errorf("after the restart: %d and %d messages, want 20 and %d", len(got["http://one.test"]), len(got["http://two.test"]), len(ids))
		}
		if n := b.onTheWay(); n != 0 {
			t.Errorf("%d records are left", n)
		}
	})
}

func TestWhatIsUnderWayWhenTheServerStopsMayEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		stop := b.run()
		b.create(nil)
		b.subscribe("http://slow.test", nil)
		b.subscribe("http://slower.test", nil)
		synctest.Wait()
		// The requests for confirmation are done, but how many were sent is
		// open: one whose subscription is confirmed before is for nobody.
		before := b.Counts().Delivered
		b.answers(func(r *http.Request) int {
			wait := time.Second
			if r.URL.Host == "slower.test" {
				wait = 10 * time.Second
			}
			select {
			case <-time.After(wait):
				return 200
			case <-r.Context().Done():
				return 0
			}
		})
		b.publish("x")
		synctest.Wait()
		start := time.Now()
		stop()
		if took := time.Since(start); took != grace {
			t.Errorf("the stop took %v", took)
		}
		if n := b.onTheWay(); n != 3 || b.Counts() != (Counts{Delivered: before + 1}) {
			t.Errorf("%d records are left of one delivery; %+v, %d before", n, b.Counts(), before)
		}
	})
}

func TestADiskThatFailsDoesNotHoldUpTheStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.create(nil)
		b.subscribe("https://a.test/", nil)
		b.answers(func(*http.Request) int {
			b.store.Close()
			return 200
		})
		stop := b.run()
		b.publish("m")
		synctest.Wait()
		stop()
	})
}

func TestALineIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.create(nil)
		a := b.subscribe("http://e.test", nil)
		fill := make([]entry, maxLine-1) // one is the request for confirmation
		for i := range fill {
			fill[i].key = fmt.Sprintf("%s/%d", a, i)
		}
		b.courier.add(fill...)
		before := b.onTheWay()
		b.publish("x")
		b.publish("y")
		if c := b.Counts(); c.Dropped != 2 || b.onTheWay() != before {
			t.Errorf("%+v, %d records more", c, b.onTheWay()-before)
		}
		if n := strings.Count(b.log.String(), "messages are dropped"); n != 1 {
			t.Errorf("it is said %d times", n)
		}
	})
}

func TestThrottledEndpointsGetNoMoreThanTheyWant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.run()()
		b.create(map[string]string{"DeliveryPolicy": `{"http":{"defaultThrottlePolicy":{"maxReceivesPerSecond":2}}}`})
		b.subscribe("http://e.test", nil)
		time.Sleep(time.Minute)
		for i := range 10 {
			b.publish(fmt.Sprint(i))
		}
		time.Sleep(3*time.Second + time.Millisecond)
		if n := len(b.got(notification)); n != 7 {
			t.Errorf("%d in 3 seconds", n)
		}
	})
}

func TestUnsubscribedEndpointsAreToldAndMayComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.run()()
		b.create(nil)
		a := b.subscribe("http://e.test", nil)
		synctest.Wait()
		if err := b.Unsubscribe(a, false); err != nil {
			t.Fatal(err)
		}
		b.publish("x")
		synctest.Wait()
		told := b.got(farewell)
		if len(told) != 1 || len(b.got(notification)) != 0 {
			t.Fatalf("told %+v", told)
		}
		b.verify(told[0])
		if told[0].header.Get("X-Amz-Sns-Subscription-Arn") != a.String() {
			t.Errorf("%v", told[0].header)
		}
		if counts, err := b.TopicAttributes(testTopic); err != nil || counts["SubscriptionsDeleted"] != "1" || counts["SubscriptionsConfirmed"] != "0" {
			t.Errorf("%v, %v", counts, err)
		}
		if _, err := b.Confirm(testTopic, told[0].body["Token"].(string), false, false); err != nil {
			t.Fatal(err)
		}
		b.publish("y")
		synctest.Wait()
		if len(b.got(notification)) != 1 {
			t.Error("a restored subscription gets nothing")
		}
		// Its owner ends it for good.
		if err := b.Unsubscribe(a, true); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(b.got(farewell)) != 0 {
			t.Error("the owner's end is told")
		}
		if _, err := b.Confirm(testTopic, told[0].body["Token"].(string), false, false); err == nil {
			t.Error("what the owner ended comes back")
		}
	})
}

func TestGuardedSubscriptionsAreEndedWithASignatureOnly(t *testing.T) {
	b := newBench(t)
	b.create(nil)
	s, err := b.Subscribe(Subscribing{Topic: testTopic, Protocol: "http", Endpoint: "http://e.test", Account: account})
	if err != nil {
		t.Fatal(err)
	}
	a := mustSubscription(t, s.ARN)
	if _, err := b.Confirm(testTopic, b.token(a, s.Since), true, true); err != nil {
		t.Fatal(err)
	}
	if err := b.Unsubscribe(a, false); err == nil {
		t.Error("it was ended")
	}
	if err := b.Unsubscribe(a, true); err != nil {
		t.Error(err)
	}
}

func TestDeletedTopicsLeaveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.run()()
		b.create(nil)
		b.subscribe("http://e.test", nil)
		synctest.Wait()
		b.answers(func(*http.Request) int { return 500 })
		b.publish("x")
		synctest.Wait()
		if err := b.DeleteTopic(testTopic); err != nil {
			t.Fatal(err)
		}
		b.answers(nil)
		time.Sleep(time.Hour)
		if n := b.onTheWay(); n != 0 {
			t.Errorf("%d records are left", n)
		}
		b.create(nil)
		if found, _, err := b.Subscriptions(testTopic, "", 10); err != nil || len(found) != 0 {
			t.Errorf("%+v, %v", found, err)
		}
	})
}
