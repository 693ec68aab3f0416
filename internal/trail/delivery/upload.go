package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cairn-audit/cairn/digest"
	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/trail"
)

// giveUpAfter is how long an upload is tried for.
const giveUpAfter = 30 * 24 * time.Hour

// upload brings files and digests to S3, until the context ends.
func (w *worker) upload(ctx context.Context) error { return w.queue.uploads(ctx, w.try) }

// try uploads an item, once. An error is one of the state.
func (w *worker) try(ctx context.Context, it *item) error {
	if !it.decided.Add(giveUpAfter).After(time.Now()) {
		return w.giveUp(ctx, it)
	}
	attempt := time.Now().UTC()
	err := w.put(ctx, it)
	switch {
	case err == nil:
		return w.arrived(it, attempt)
	case ctx.Err() != nil:
		w.queue.release(it)
		return ctx.Err()
	}
	var unreadable *contentsError
	elsewhere := errors.As(err, &unreadable)
	if elsewhere {
		w.log.ErrorContext(ctx, "a log file cannot be made as it was decided; it is not delivered", "error", err)
	} else {
		w.log.WarnContext(ctx, "a file could not be delivered; trying again", "failures", it.failures+1, "error", err)
	}
	code := errorCode(err)
	if elsewhere {
		code = "InternalError"
	}
	w.queue.retry(it, time.Now(), elsewhere)
	if err := w.showError(it.region, it.digest, code, attempt); err != nil || elsewhere {
		return err
	}
	// The others' turn may be long in coming.
	for _, region := range w.queue.heldBy(it) {
		if err := w.showError(region, it.digest, code, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// showError lets the status of a Region tell why a file, or a digest, is not
// delivered. attempt is when it was tried, zero if it was not.
func (w *worker) showError(region string, digest bool, code string, attempt time.Time) error {
	return w.saveStatus(region, func(s *trail.Status) bool {
		shown := &s.DeliveryError
		if digest {
			shown = &s.DigestError
		} else if !attempt.IsZero() {
			s.DeliveryAttempt = attempt
		}
		if code == "" || *shown == code {
			return false
		}
		*shown = code
		return true
	})
}

// contentsError means that a file cannot be made of the journal any more.
type contentsError struct {
	key string
	err error
}

func (e *contentsError) Error() string { return fmt.Sprintf("make %s: %v", e.key, e.err) }
func (e *contentsError) Unwrap() error { return e.err }

// put makes what the item stands for, and uploads it.
func (w *worker) put(ctx context.Context, it *item) error {
	o, err := w.object(ctx, it)
	if err != nil {
		return err
	}
	t, err := w.trail(w.id)
	if err != nil {
		return err
	}
	if t == nil {
		return errForgotten
	}
	o.trailARN = t.ARN()
	client, err := w.S3(t)
	if err != nil {
		return err
	}
	return o.put(ctx, client)
}

func (w *worker) object(ctx context.Context, it *item) (*object, error) {
	if it.digest {
		d, err := read(w.state, digests, it.key)
		if err != nil {
			return nil, err
		}
		return &object{bucket: d.Bucket, key: d.Key, kmsKeyID: d.KMSKeyID, body: d.Body, metadata: map[string]string{
			digest.MetadataSignature: d.Signature, digest.MetadataSignatureAlgorithm: digest.SignatureAlgorithm,
		}}, nil
	}
	f, err := read(w.state, files, it.key)
	if err != nil {
		return nil, err
	}
	body, err := w.contents(ctx, &f)
	if err != nil {
		return nil, &contentsError{f.Key, err}
	}
	return &object{bucket: f.Bucket, key: f.Key, kmsKeyID: f.KMSKeyID, body: body}, nil
}

func read[T any](s State, kind state.Kind[T], key string) (value T, err error) {
	err = s.View(func(tx *state.Tx) error {
		value, _, err = kind.Get(tx, key)
		return err
	})
	return value, err
}

// arrived takes note of an upload: the file or the digest is delivered.
func (w *worker) arrived(it *item, attempt time.Time) error {
	var queued *queuedNote
	now := time.Now().UTC()
	status := w.statusOf(it.region)
	if it.digest {
		status.Digest, status.DigestError = now, ""
	} else {
		status.Delivery, status.DeliveryAttempt, status.DeliveryError = now, attempt, ""
	}
	t, err := w.trail(w.id)
	if err != nil {
		return err
	}
	err = w.state.Update(func(tx *state.Tx) error {
		if _, err := statuses.Put(tx, statusKey(w.id, it.region), status); err != nil {
			return err
		}
		if it.digest {
			return remove(tx, digests, it.key)
		}
		f, version, err := files.Get(tx, it.key)
		if err != nil {
			return err
		}
		if err := files.Delete(tx, it.key, version); err != nil {
			return err
		}
		if queued, err = w.queueNote(tx, t, it, &f, now); err != nil {
			return err
		}
		return w.nameLater(tx, it, &f, now)
	})
	if err != nil {
		return fmt.Errorf("take note of a delivery: %w", err)
	}
	w.mu.Lock()
	shown := w.status(it.region)
	if it.digest {
		shown.Digest, shown.DigestError = status.Digest, ""
	} else {
		shown.Delivery, shown.DeliveryAttempt, shown.DeliveryError = now, attempt, ""
	}
	if queued != nil {
		w.toNotify = append(w.toNotify, *queued)
	}
	w.mu.Unlock()
	w.queue.done(it, true)
	wake(w.wakeNotify)
	w.leftQueue(it)
	return nil
}

// nameLater keeps a delivered file for the next digest.
func (w *worker) nameLater(tx *state.Tx, it *item, f *file, now time.Time) error {
	if f.Period == 0 {
		return nil
	}
	n := it.key[len(w.id)+1:]
	_, err := delivered.Put(tx, chainKey(w.id, f.Period, f.Account, f.Region)+"/"+n, deliveredFile{At: now, File: digest.LogFile{
		Bucket: f.Bucket, Key: f.Key, Hash: f.Hash, HashAlgorithm: digest.HashAlgorithm,
		OldestEvent: f.Oldest, NewestEvent: f.Newest,
	}})
	return err
}

// leftQueue wakes those who wait for the last of something.
func (w *worker) leftQueue(it *item) {
	if it.period != 0 && !w.queue.undelivered(it.period) {
		wake(w.wakeSchedule)
	}
	if w.queue.empty() {
		wake(w.wakeCollect)
	}
}

// giveUp ends the tries for an item.
func (w *worker) giveUp(ctx context.Context, it *item) error {
	var name string
	var events int
	var sum Losses
	err := w.state.Update(func(tx *state.Tx) error {
		if it.digest {
			d, version, err := digests.Get(tx, it.key)
			if err != nil {
				return err
			}
			name = d.Key
			if err := digests.Delete(tx, it.key, version); err != nil {
				return err
			}
		} else {
			f, version, err := files.Get(tx, it.key)
			if err != nil {
				return err
			}
			name, events = f.Key, f.Events
			if err := files.Delete(tx, it.key, version); err != nil {
				return err
			}
		}
		var err error
		sum, err = w.lose(tx, func(l *Losses) {
			if it.digest {
				l.Digests++
				return
			}
			l.Files++
			l.Events += uint64(events)
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("give up a delivery: %w", err)
	}
	w.log.ErrorContext(ctx, "a file could not be delivered for 30 days and is given up",
		"key", name, "events", events, "decided", it.decided)
	w.keepCount(sum)
	w.queue.done(it, false)
	w.leftQueue(it)
	return nil
}

func remove[T any](tx *state.Tx, kind state.Kind[T], key string) error {
	_, version, err := kind.Get(tx, key)
	if err != nil {
		return err
	}
	return kind.Delete(tx, key, version)
}
