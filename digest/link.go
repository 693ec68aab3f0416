package digest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// hole is a time that no digest of a chain covers. What it means is known only
// when the log files of all folders have been read, for a call that stops a
// trail is recorded in the trail's home Region alone.
type hole struct {
	*chain
	kind     Kind
	from, to time.Time
	at       place // the digest before it, or after it
	message  string
	// verdict is what it comes to if no recorded call explains it.
	verdict Verdict
	// files are log files of the time that no digest names.
	files int
	first place
}

// link checks each digest against the one before it, from the newest on.
func (c *chain) link(r *run) {
	byPlace := map[place]int{}
	for i, n := range c.nodes {
		byPlace[n.place] = i
	}
	for i := len(c.nodes) - 1; i >= 0; {
		n := c.nodes[i]
		before := i - 1
		switch {
		case n.digest == nil || n.bad:
			// What came before it is not known from it.
		case n.digest.Previous == nil:
			if before >= 0 {
				c.restart(r, c.nodes[before], n)
			}
		default:
			p := n.digest.Previous
			at, found := byPlace[place{p.Bucket, p.Key}]
			switch {
			case found && at >= i:
				n.bad = true
				n.note(c, DigestOutsideChain, Tampered, "It names a later digest, or itself, as the one before it.")
			case found:
				c.passed(at, i)
				c.follows(r, c.nodes[at], n)
				before = at
			default:
				c.lost(r, i)
			}
		}
		i = before
	}
	for _, n := range c.backfill {
		c.linkBackfill(r, n)
	}
	r.flush(c)
}

// restart judges a starting digest that is not the first of its chain.
func (c *chain) restart(r *run, before, n *node) {
	end := before.name.Time
	if n.digest.StartTime.Before(end) {
		n.note(c, DigestOverlap, Tampered, fmt.Sprintf("It starts at %s, before the digest before it ends, at %s.", text(n.digest.StartTime), text(end)))
		return
	}
	if n.digest.StartTime.Equal(end) {
		n.note(c, ChainGap, Proven, "The chain begins anew here, at the moment at which the one before it ends.")
		return
	}
	r.hole(&hole{
		chain: c, kind: ChainGap, from: end, to: n.digest.StartTime, at: n.place, verdict: Incomplete,
		message: fmt.Sprintf("The chain begins anew here: no digest covers the time from %s to %s.", text(end), text(n.digest.StartTime)),
	})
}

func (r *run) hole(h *hole) {
	if h.reported {
		r.holes = append(r.holes, h)
	}
}

// passed finds the digests between two that follow each other.
func (c *chain) passed(from, to int) {
	for _, n := range c.nodes[from+1 : to] {
		if !n.bad {
			n.bad = true
			n.note(c, DigestOutsideChain, Tampered, fmt.Sprintf("It is not part of the chain: the digest after it, s3://%s/%s, follows another.",
				c.nodes[to].bucket, c.nodes[to].key))
		}
	}
}

// follows checks a digest against the one before it, which it names.
func (c *chain) follows(r *run, before, n *node) {
	if before.digest == nil || before.bad {
		return
	}
	p := n.digest.Previous
	switch {
	case !strings.EqualFold(before.hash, p.Hash):
		before.bad = true
		before.note(c, DigestReplaced, Tampered, fmt.Sprintf("It has been replaced: the digest after it, s3://%s/%s, was chained to one with the hash %s, and this has %s.",
			n.bucket, n.key, p.Hash, before.hash))
		return
	case before.metadata != nil && !strings.EqualFold(before.signature, p.Signature):
		before.bad = true
		before.note(c, DigestReplaced, Tampered, fmt.Sprintf("Its signature is not the one that the digest after it, s3://%s/%s, tells.", n.bucket, n.key))
		return
	}
	start, end := n.digest.StartTime, before.digest.EndTime
	switch {
	case start.Before(end):
		n.note(c, DigestOverlap, Tampered, fmt.Sprintf("It starts at %s, before the digest before it ends, at %s.", text(start), text(end)))
	case start.After(end):
		r.hole(&hole{
			chain: c, kind: ChainGap, from: end, to: start, at: n.place, verdict: Tampered,
			message: fmt.Sprintf("It starts at %s, and the digest that it follows ends at %s.", text(start), text(end)),
		})
	}
}

// lost judges a digest whose predecessor is not in the chain.
func (c *chain) lost(r *run, i int) {
	n := c.nodes[i]
	p := n.digest.Previous
	k, ok := ParseDigestKey(p.Key)
	if ok && !k.Time.After(r.Start) || c.unread[source{p.Bucket, k.Prefix}] {
		return // it is older than what was asked for, or the place is reported
	}
	from := r.Start
	if i > 0 {
		from = c.nodes[i-1].name.Time
	}
	f := c.find(DigestMissing, Tampered, place{p.Bucket, p.Key},
		fmt.Sprintf("The digest is missing: s3://%s/%s follows it.", n.bucket, n.key))
	f.From, f.To = from, n.digest.StartTime
	r.add(c, f)
	r.missing(c, p.Key, from, n.digest.StartTime)
}

// missing remembers the time of digests that are reported as missing, for the
// log files in it.
func (r *run) missing(c *chain, key string, from, to time.Time) {
	r.hole(&hole{chain: c, kind: DigestMissing, from: from, to: to, at: place{c.bucket, key}, verdict: Tampered})
}

// linkBackfill checks a backfill digest against the one that it names. Such
// digests have no times to be continuous in.
func (c *chain) linkBackfill(r *run, n *node) {
	if n.digest == nil || n.bad || n.digest.Previous == nil {
		return
	}
	p := n.digest.Previous
	all := c.all()
	i := slices.IndexFunc(all, func(o *node) bool { return o.place == place{p.Bucket, p.Key} })
	if i < 0 {
		if k, ok := ParseDigestKey(p.Key); !ok || k.Time.After(r.Start) && !c.unread[source{p.Bucket, k.Prefix}] {
			r.add(c, c.find(DigestMissing, Tampered, place{p.Bucket, p.Key},
				fmt.Sprintf("The digest is missing: the backfill digest s3://%s/%s follows it.", n.bucket, n.key)))
		}
		return
	}
	if before := all[i]; before.digest != nil && !before.bad && !strings.EqualFold(before.hash, p.Hash) {
		before.bad = true
		before.note(c, DigestReplaced, Tampered, fmt.Sprintf("It has been replaced: the backfill digest s3://%s/%s was chained to one with another hash.", n.bucket, n.key))
	}
}
