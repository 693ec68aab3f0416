package digest

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// logCheck is the check of one log file. One goroutine at a time works on it.
type logCheck struct {
	*node
	file     LogFile
	findings []Finding
	contents logContents
	ok       bool
}

// checkLogFiles checks the log files that a chain's digests name, and adds them
// to those that are named.
func (r *run) checkLogFiles(ctx context.Context, c *chain, named map[place]bool) {
	checks := c.logChecks(r, named)
	if !c.reported {
		return
	}
	r.each(ctx, len(checks), func(i int) {
		l := checks[i]
		l.ok = r.checkLogFile(ctx, c, l)
		r.progress(Counts{LogFiles: 1, Records: l.contents.records, Bytes: l.contents.size})
	})
	for _, n := range c.all() {
		n.proven = n.signed && !n.bad
	}
	for _, l := range checks {
		r.add(c, l.findings...)
		if !l.ok {
			l.proven = false
			continue
		}
		if l.signed && !l.bad {
			l.counts.add(Counts{LogFiles: 1, Records: l.contents.records, Bytes: l.contents.size})
			r.changes = append(r.changes, l.contents.changes...)
		}
	}
}

// logChecks collects the log files of a chain. What an untrusted digest names
// is named, so that nobody takes it for added, and not checked.
func (c *chain) logChecks(r *run, named map[place]bool) []*logCheck {
	own := map[place]*node{}
	var checks []*logCheck
	collect := func(n *node, moved bool) {
		for _, f := range n.digest.LogFiles {
			at := place{f.Bucket, f.Key}
			if c.reported || n.signed {
				named[at] = true
			}
			if other := own[at]; other != nil {
				if !moved {
					r.add(c, c.find(LogListedTwice, Tampered, at, fmt.Sprintf("Two digests name it: s3://%s/%s and s3://%s/%s.",
						other.bucket, other.key, n.bucket, n.key)))
				}
				continue
			}
			own[at] = n
			if n.signed || !n.bad {
				checks = append(checks, &logCheck{node: n, file: f})
			}
		}
	}
	// A digest that was copied to another's place names its files twice; that
	// is the digest's fault.
	for _, moved := range []bool{false, true} {
		for _, n := range c.all() {
			if n.digest != nil && moved == n.moved() {
				collect(n, moved)
			}
		}
	}
	return checks
}

// checkLogFile reads a log file and compares it with what its digest says.
func (r *run) checkLogFile(ctx context.Context, c *chain, l *logCheck) bool {
	at := place{l.file.Bucket, l.file.Key}
	note := func(kind Kind, verdict Verdict, format string, a ...any) {
		l.findings = append(l.findings, c.find(kind, verdict, at, fmt.Sprintf(format, a...)))
	}
	name, ok := ParseLogFileKey(l.file.Key)
	if ok && (name.Account != c.Account || name.Region != c.Region || name.OrganizationID != c.OrganizationID) {
		note(LogMisnamed, Tampered, "It is of account %s and Region %s, and its digest, s3://%s/%s, is of others.", name.Account, name.Region, l.bucket, l.key)
	} else if !ok {
		// A name of a form that is not known says nothing to compare with.
		name = LogFileKey{Owner: c.Owner}
	}
	if l.file.HashAlgorithm != HashAlgorithm {
		note(LogAlgorithm, Tampered, "Its digest names the hash algorithm %q, and only %s proves anything.", l.file.HashAlgorithm, HashAlgorithm)
	}
	err := r.fetch(ctx, at, func(content Content) (err error) {
		l.contents, err = readLogFile(content.Body, name)
		return err
	})
	var failed unread
	switch {
	case errors.Is(err, ErrNotFound):
		note(LogMissing, Tampered, "The log file is missing: the digest s3://%s/%s names it.", l.bucket, l.key)
	case errors.As(err, &failed):
		note(NotChecked, Incomplete, "The log file could not be read: %v.", err)
	case err != nil:
		note(LogDamaged, Tampered, "It is not a log file any more: %v.", err)
	case !strings.EqualFold(l.contents.hash, l.file.Hash):
		note(LogChanged, Tampered, "It has been changed: its hash is %s, and the digest s3://%s/%s says %s.", l.contents.hash, l.bucket, l.key, l.file.Hash)
	case l.contents.damaged != nil:
		note(LogDamaged, Tampered, "It is as it was delivered, and is not a log file: %v.", l.contents.damaged)
	default:
		l.checkRecords(note)
	}
	for i := range l.contents.changes {
		change := &l.contents.changes[i]
		change.Bucket, change.Key, change.named = at.bucket, at.key, l.name.Time
	}
	return len(l.findings) == 0
}

func (l *logCheck) checkRecords(note func(Kind, Verdict, string, ...any)) {
	if l.contents.foreign != "" {
		note(LogForeignRecords, Tampered, "Its %s, which its name is not.", l.contents.foreign)
	}
	f, have := l.file, l.contents
	if !f.OldestEvent.Equal(have.oldest) || !f.NewestEvent.Equal(have.newest) {
		note(LogEventTimes, Tampered, "The digest s3://%s/%s says that its events are from %s to %s, and they are from %s to %s.", l.bucket, l.key,
			eventTime(f.OldestEvent), eventTime(f.NewestEvent), eventTime(have.oldest), eventTime(have.newest))
	}
}
