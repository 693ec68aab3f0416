package delivery_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/internal/trail"
	"github.com/cairn-audit/cairn/internal/trail/delivery"
)

// topic is a Notifier.
type topic struct {
	mu       sync.Mutex
	refuse   error
	only     string // the topic that refuses; "" is all
	messages []string
}

func (p *topic) set(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = err
}

func (p *topic) Publish(_ context.Context, _ *trail.Trail, arn, message string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse != nil && (p.only == "" || p.only == arn) {
		return p.refuse
	}
	p.messages = append(p.messages, arn+" "+message)
	return nil
}

func TestDeliveredFilesAreNotifiedOfOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &topic{refuse: refusal("AuthorizationError")}
		w := newWorld(t, delivery.Options{Notifier: p})
		w.start()
		arn := "arn:aws:sns:us-east-1:" + account + ":t"
		r := w.create("main", func(t *trail.Trail) { t.TopicARN = arn })
		w.startLogging(r)
		for range 3 {
			w.record(event{})
			w.record(event{region: tokyo})
			time.Sleep(5 * time.Minute)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		b := w.contents()
		if len(b.logs) != 6 {
			t.Errorf("%d files were delivered while the topic refuses", len(b.logs))
		}
		if s, err := w.courier.Status(w.id(r), virginia); err != nil || s.NotificationError != "AuthorizationError" {
			t.Errorf("the status is %+v (%v)", s, err)
		}
		w.restart()
		p.set(nil)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		var told []string
		for _, m := range p.messages {
			to, text, _ := strings.Cut(m, " ")
			var got struct {
				S3Bucket    string   `json:"s3Bucket"`
				S3ObjectKey []string `json:"s3ObjectKey"`
			}
			if err := json.Unmarshal([]byte(text), &got); err != nil || to != arn {
				t.Errorf("%s was told %s", to, text)
			}
			for _, key := range got.S3ObjectKey {
				told = append(told, got.S3Bucket+"/"+key)
			}
		}
		var want []string
		for name := range b.logs {
			want = append(want, name)
		}
		slices.Sort(want)
		slices.Sort(told)
		if !slices.Equal(told, want) || len(p.messages) != 2 {
			t.Errorf("%d messages told of %v, want %v", len(p.messages), told, want)
		}
		if s, err := w.courier.Status(w.id(r), virginia); err != nil || s.NotificationError != "" || s.Notification.IsZero() {
			t.Errorf("the status is %+v (%v)", s, err)
		}
		w.close()
	})
}

func TestATopicThatRefusesDoesNotHoldUpTheOneThatTakesItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := "arn:aws:sns:us-east-1:"+account+":first", "arn:aws:sns:us-east-1:"+account+":second"
		p := &topic{refuse: refusal("NotFound"), only: first}
		w := newWorld(t, delivery.Options{Notifier: p})
		w.start()
		r := w.create("main", func(t *trail.Trail) { t.TopicARN = first })
		w.startLogging(r)
		deliver := func() {
			w.record(event{})
			time.Sleep(15 * time.Minute)
			synctest.Wait()
		}
		deliver()
		w.change("UpdateTrail", r, func(t *trail.Trail) { t.TopicARN = second })
		deliver()
		told := func() (files int) {
			p.mu.Lock()
			defer p.mu.Unlock()
			for _, m := range p.messages {
				if !strings.HasPrefix(m, second+" ") {
					t.Errorf("told %s", m)
				}
				files += strings.Count(m, ".json.gz")
			}
			return files
		}
		if files := told(); files != 2 {
			t.Errorf("told of %d files, want 2", files)
		}
		w.change("UpdateTrail", r, func(t *trail.Trail) { t.TopicARN = first })
		deliver()
		w.change("UpdateTrail", r, func(t *trail.Trail) { t.TopicARN = "" })
		deliver()
		w.change("UpdateTrail", r, func(t *trail.Trail) { t.TopicARN = second })
		deliver()
		// What the trail had no topic for is told to nobody.
		if files := told(); files != 3 {
			t.Errorf("told of %d files, want 3", files)
		}
		w.close()
	})
}
