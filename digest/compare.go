package digest

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// comparison is what the log files of a folder are compared with.
type comparison struct {
	chains []*chain
	places []source
	named  map[place]bool

	// covered is the time of digests that are trusted.
	covered []Interval
	// newest is when the newest digest ends, and reach how far after it the
	// next one may be: two intervals. A file that was stored up to a quarter of
	// one before may not have been counted in time.
	newest time.Time
	reach  time.Duration
	// cut says that there may be newer digests than those that were read.
	cut bool
}

// loose is a number of files that are reported together.
type loose struct {
	n        int
	first    place
	from, to time.Time
}

func (l *loose) add(at place, t time.Time) {
	if l.n == 0 {
		l.first, l.from, l.to = at, t, t
	}
	l.n++
	if t.Before(l.from) {
		l.from = t
	}
	if t.After(l.to) {
		l.to = t
	}
}

// compare compares the log files that are listed with those that are named.
func (r *run) compare(ctx context.Context, f *folder, c comparison) error {
	for _, chain := range c.chains {
		c.reach = max(c.reach, 2*chain.interval())
		for _, n := range chain.nodes {
			if n.signed && !n.bad {
				c.covered = append(c.covered, Interval{From: n.digest.StartTime, To: n.digest.EndTime})
			}
			if n.name.Time.After(c.newest) {
				c.newest = n.name.Time
			}
		}
	}
	c.covered = merge(c.covered)
	c.cut = !c.newest.Before(r.End)
	if len(c.places) == 0 {
		c.places = []source{{bucket: f.bucket, prefix: f.Prefix}}
	}
	for _, s := range c.places {
		for _, kind := range f.kinds {
			o := f.Owner
			o.Prefix = s.prefix
			if err := r.compareKind(ctx, f, s.bucket, o, kind, &c); err != nil {
				return err
			}
		}
	}
	return nil
}

// compareKind compares the log files of one kind.
func (r *run) compareKind(ctx context.Context, f *folder, bucket string, o Owner, kind string, c *comparison) error {
	var unnamed []Object
	anyNamed := kind == KindLog
	prefix := o.folder(kind)
	for object, err := range r.archive.List(ctx, bucket, prefix, r.after(prefix)) {
		if err != nil {
			return fmt.Errorf("list s3://%s/%s: %w", bucket, prefix, err)
		}
		k, ok := ParseLogFileKey(object.Key)
		// A name that is not in its place says nothing about what follows it.
		inPlace := ok && strings.HasPrefix(object.Key, prefix+k.Time.Format(dayLayout)+"/")
		switch {
		case c.named[place{bucket, object.Key}]:
			anyNamed = true
		case !ok || k.Owner != o || k.Kind != kind:
			if !strings.HasSuffix(object.Key, "/") {
				r.note(f, Finding{Kind: UnexpectedObject, Verdict: Incomplete, Bucket: bucket, Key: object.Key,
					Message: "It lies among the log files, has not the name of one, and no digest names it."})
			}
		case !inPlace && len(c.chains) > 0:
			r.note(f, Finding{Kind: LogUnnamed, Verdict: Tampered, Bucket: bucket, Key: object.Key,
				Message: "No digest names it, and its name says another day than its folder: it was not delivered by CloudTrail."})
		case !r.asksFor(k.Time):
		default:
			unnamed = append(unnamed, object)
			continue
		}
		if inPlace && r.End.Before(r.Now) && k.Time.After(r.End.Add(2*lookBack)) {
			break
		}
	}
	if !anyNamed {
		if n := len(unnamed); n > 0 {
			r.note(f, Finding{Kind: LogsUnproven, Bucket: bucket, Key: unnamed[0].Key,
				Message: fmt.Sprintf("Digests name no files of the kind %s here: %s.", kind, unproven(n))})
		}
		return nil
	}
	r.judge(f, bucket, unnamed, c)
	return nil
}

// asksFor says whether a log file of a time is to be judged. Whoever asks for all
// until now asks for those of the future as well.
func (r *run) asksFor(t time.Time) bool {
	return !t.Before(r.Start) && (t.Before(r.End) || r.ahead(t))
}

// aheadBy is how far the clock here may be behind that of those who deliver.
const aheadBy = time.Hour

// ahead says that nothing can have been delivered at a time yet.
func (r *run) ahead(t time.Time) bool {
	return !r.End.Before(r.Now) && t.After(r.Now.Add(aheadBy))
}

// judge says what the files are that no digest names.
func (r *run) judge(f *folder, bucket string, unnamed []Object, c *comparison) {
	var pending, uncovered loose
	for _, object := range unnamed {
		k, _ := ParseLogFileKey(object.Key)
		at := place{bucket, object.Key}
		minute := Interval{From: k.Time, To: k.Time.Add(time.Minute)}
		away := c.departed(minute)
		switch h := r.holeAt(f, minute); {
		case len(c.chains) == 0:
			f.unproven.add(at, k.Time)
		case r.ahead(k.Time):
			r.note(f, Finding{Kind: LogsPending, Verdict: Incomplete, Bucket: bucket, Key: object.Key, From: minute.From, To: minute.To,
				Message: fmt.Sprintf("Its time has not come: it is %s here. If this clock is right, somebody has added it.", text(r.Now))})
		case minute.To.After(c.newest):
			pending.add(at, k.Time)
		case away != nil:
			r.note(f, Finding{Kind: LogLate, Verdict: Incomplete, Bucket: bucket, Key: object.Key, Message: fmt.Sprintf(
				"No digest here names it. One in %s may, where a trail went then, and which could not be listed: %v.", away.to, away.err)})
		case within(minute, c.covered) && object.Modified.After(c.newest.Add(-c.reach/8)) && (c.cut || r.Now.Sub(c.newest) <= c.reach):
			r.note(f, Finding{Kind: LogLate, Verdict: Incomplete, Bucket: bucket, Key: object.Key, Message: fmt.Sprintf(
				"No digest names it, and digests cover its time. It was stored at %s, perhaps too late for the newest of them: if the next one does not name it, somebody has added it.",
				text(object.Modified))})
		case within(minute, c.covered):
			r.note(f, Finding{Kind: LogUnnamed, Verdict: Tampered, Bucket: bucket, Key: object.Key,
				Message: "No digest names it, and digests cover its time: somebody has added it, or a trail without validation delivers here too."})
		case h != nil:
			if h.files++; h.files == 1 {
				h.first = at
			}
		default:
			uncovered.add(at, k.Time)
		}
	}
	if pending.n > 0 {
		r.note(f, Finding{Kind: LogsPending, Bucket: bucket, From: pending.from, To: pending.to,
			Message: fmt.Sprintf("Log files that are younger than the newest digest, and not yet covered: %d.", pending.n)})
	}
	if uncovered.n > 0 {
		r.note(f, Finding{Kind: LogsUnproven, Verdict: Incomplete, Bucket: bucket, Key: uncovered.first.key, From: uncovered.from, To: uncovered.to,
			Message: fmt.Sprintf("No trusted digest covers its time: %s.", unproven(uncovered.n))})
	}
}

// unproven says that a file, and so many with it, are not proven.
func unproven(n int) string {
	if n == 1 {
		return "this log file is not proven"
	}
	return fmt.Sprintf("this log file and %d more are not proven", n-1)
}

// note adds a finding about a folder.
func (r *run) note(f *folder, finding Finding) {
	finding.Account, finding.Region = f.Account, f.Region
	r.report.Findings = append(r.report.Findings, finding)
}

// holeAt is the hole of a folder's chains that a time lies in or touches.
func (r *run) holeAt(f *folder, i Interval) *hole {
	for _, h := range r.holes {
		if h.folder == f && i.From.Before(h.to) && h.from.Before(i.To) {
			return h
		}
	}
	return nil
}

// within says whether a time lies in one of several.
func within(i Interval, in []Interval) bool {
	for _, c := range in {
		if !i.From.Before(c.From) && !i.To.After(c.To) {
			return true
		}
	}
	return false
}
