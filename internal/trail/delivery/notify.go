package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/trail"
)

// maxKeys is how many files a notification names at most.
const maxKeys = 100

// publishTime is how long a topic may take to answer.
const publishTime = 30 * time.Second

// queuedNote is a note with its key.
type queuedNote struct {
	key string
	note
}

// queueNote queues the notification of a delivered file, if the trail has a topic
// now.
func (w *worker) queueNote(tx *state.Tx, t *trail.Trail, it *item, f *file, now time.Time) (*queuedNote, error) {
	if t == nil || t.TopicARN == "" || w.Notifier == nil {
		return nil, nil
	}
	n := note{Topic: t.TopicARN, Bucket: f.Bucket, Key: f.Key, Region: f.Region, At: now}
	_, err := notes.Put(tx, it.key, n)
	return &queuedNote{it.key, n}, err
}

// notify publishes notifications, until the context ends. Deliveries do not wait
// for it.
func (w *worker) notify(ctx context.Context) error {
	for failures := 0; ; {
		batch := w.nextNotes()
		if len(batch) == 0 {
			if err := sleep(ctx, w.wakeNotify, maxBackoff); err != nil {
				return err
			}
			continue
		}
		attempt := time.Now().UTC()
		told, err := w.publish(ctx, batch)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil || time.Since(batch[0].At) >= giveUpAfter {
			if failures = 0; err != nil {
				w.log.ErrorContext(ctx, "files could not be notified of for 30 days", "files", len(batch), "error", err)
			}
			if err := w.notified(batch, attempt, told); err != nil {
				return err
			}
			continue
		}
		failures++
		w.log.WarnContext(ctx, "a notification could not be sent; trying again", "failures", failures, "error", err)
		if err := w.notNotified(batch, attempt, err); err != nil {
			return err
		}
		if err := sleep(ctx, nil, backoff(failures)); err != nil {
			return err
		}
	}
}

// nextNotes are the oldest notes that one message can tell of.
func (w *worker) nextNotes() []queuedNote {
	w.mu.Lock()
	defer w.mu.Unlock()
	var batch []queuedNote
	for _, n := range w.toNotify {
		first := n
		if len(batch) > 0 {
			first = batch[0]
		}
		if n.Topic == first.Topic && n.Bucket == first.Bucket && n.Region == first.Region && len(batch) < maxKeys {
			batch = append(batch, n)
		}
	}
	return batch
}

// publish tells the trail's topic of files. That is the one that the trail has now:
// a topic that refuses must not hold up the one that took its place. A trail that
// has none any more tells nobody.
func (w *worker) publish(ctx context.Context, batch []queuedNote) (told bool, err error) {
	t, err := w.trail(w.id)
	if err != nil {
		return false, err
	}
	if t == nil {
		return false, errForgotten
	}
	if t.TopicARN == "" {
		return false, nil
	}
	message := struct {
		Bucket string   `json:"s3Bucket"`
		Keys   []string `json:"s3ObjectKey"`
	}{Bucket: batch[0].Bucket}
	for _, n := range batch {
		message.Keys = append(message.Keys, n.Key)
	}
	text, err := json.Marshal(message)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, publishTime)
	defer cancel()
	err = w.Notifier.Publish(ctx, t, t.TopicARN, string(text))
	return err == nil, err
}

// notified takes notes off the queue.
func (w *worker) notified(batch []queuedNote, attempt time.Time, sent bool) error {
	region := batch[0].Region
	w.mu.Lock()
	s := w.status(region)
	s.NotificationAttempt = attempt
	if sent {
		s.Notification, s.NotificationError = time.Now().UTC(), ""
	}
	copied := *s
	w.mu.Unlock()
	gone := map[string]bool{}
	err := w.state.Update(func(tx *state.Tx) error {
		for _, n := range batch {
			gone[n.key] = true
			if err := remove(tx, notes, n.key); err != nil {
				return err
			}
		}
		_, err := statuses.Put(tx, statusKey(w.id, region), copied)
		return err
	})
	if err != nil {
		return fmt.Errorf("take note of a notification: %w", err)
	}
	w.mu.Lock()
	left := w.toNotify[:0]
	for _, n := range w.toNotify {
		if !gone[n.key] {
			left = append(left, n)
		}
	}
	w.toNotify = left
	w.mu.Unlock()
	wake(w.wakeCollect)
	return nil
}

// notNotified shows that a topic refuses, in each Region that has something to
// tell it.
func (w *worker) notNotified(batch []queuedNote, attempt time.Time, err error) error {
	code := ""
	var coded interface{ ErrorCode() string }
	if errors.As(err, &coded) {
		code = coded.ErrorCode()
	}
	regions := map[string]bool{}
	w.mu.Lock()
	for _, n := range w.toNotify {
		if n.Topic == batch[0].Topic {
			regions[n.Region] = true
		}
	}
	w.mu.Unlock()
	for region := range regions {
		err := w.saveStatus(region, func(s *trail.Status) bool {
			s.NotificationAttempt = attempt
			if code == "" || s.NotificationError == code {
				return false
			}
			s.NotificationError = code
			return true
		})
		if err != nil {
			return err
		}
	}
	return nil
}
