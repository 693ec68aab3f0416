package digest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// checkEnds finds chains that end before the time asked for does.
func (r *run) checkEnds(ctx context.Context) {
	type trail struct {
		trailID
		of string // an account or an organization
	}
	of := func(c *chain) trail { return trail{c.trail, cmp.Or(c.OrganizationID, c.Account)} }
	every := map[trail]*lengths{}
	reach := map[trail]time.Time{}
	for _, c := range r.chains {
		t := of(c)
		if every[t] == nil {
			every[t] = &lengths{}
		}
		every[t].count(c)
		end := c.end()
		if end.After(r.End) {
			end = r.End // of what lies beyond, each chain may have another
		}
		if end.After(reach[t]) {
			reach[t] = end
		}
	}
	statuses := make([]Status, len(r.chains))
	r.each(ctx, len(r.chains), func(i int) { statuses[i] = r.status(ctx, r.chains[i]) })
	for i, c := range r.chains {
		r.checkEnd(ctx, c, statuses[i], every[of(c)].interval(), reach[of(c)])
		r.checkBeginning(c)
	}
}

// status is what the trail's API says.
func (r *run) status(ctx context.Context, c *chain) Status {
	t, known := r.trailOf(c)
	if r.Status == nil || !known {
		return Status{}
	}
	return r.Status(ctx, t, c.Region)
}

// end is when the newest digest of the chain ends, according to its name.
func (c *chain) end() time.Time {
	if len(c.nodes) == 0 {
		return time.Time{}
	}
	return c.nodes[len(c.nodes)-1].name.Time
}

func (r *run) checkEnd(ctx context.Context, c *chain, status Status, every time.Duration, others time.Time) {
	end, until := c.end(), r.End
	if len(c.nodes) == 0 {
		return // backfill digests alone do not tell when the chain ended
	}
	if !status.Stopped.IsZero() && status.Stopped.Before(until) {
		until = status.Stopped
	}
	delivered := status.LatestDigest
	if delivered.After(r.End) {
		delivered = time.Time{} // newer ones were not asked for
	}
	h := &hole{chain: c, kind: ChainEndsEarly, from: end, to: until, at: c.nodes[len(c.nodes)-1].place, verdict: Tampered}
	switch {
	case until.Sub(end) > 2*every && c.isNewest(delivered, every):
		h.verdict = Incomplete
		h.message = fmt.Sprintf("It is the newest digest, and ends at %s: more than two intervals of %v before %s. The trail's status says that it is the newest that was delivered, so none has been deleted: digests are late.",
			text(end), every, text(until))
	case until.Sub(end) > 2*every:
		h.message = fmt.Sprintf("It is the newest digest, and ends at %s: more than two intervals of %v before %s. Newer ones have been deleted, or were not delivered.",
			text(end), every, text(until))
	case delivered.Sub(end) > every || c.staleAt(delivered, every):
		h.message = fmt.Sprintf("It is the newest digest, and ends at %s; the trail's status says that one was delivered at %s.", text(end), text(delivered))
	case others.Sub(end) >= every && r.Now.Sub(end) >= every+every/4:
		h.to = others
		h.message = fmt.Sprintf("It is the newest digest, and ends at %s; those of the trail's other chains reach to %s.", text(end), text(others))
	default:
		return
	}
	switch d := r.left(ctx, c); {
	case d != nil && others.Sub(end) < every:
		h.verdict = Incomplete
		h.message += fmt.Sprintf(" The trail went on to %s, which could not be listed: %v. Who verifies that place is led back to this one.", d.to, d.err)
	case r.Describe == nil && others.Sub(end) < every && r.asksForCauses(c):
		h.message += " If the trail delivers elsewhere now, verify it there, or until it left."
	case others.Sub(end) < every && !r.asksForCauses(c):
		h.verdict = Incomplete
		h.message += fmt.Sprintf(" A call that may explain it is recorded in the files of the trail's own account and Region, %s, which were not asked for.", c.trail.home)
	}
	r.hole(h)
}

// asksForCauses says whether the calls that change a trail would be read.
func (r *run) asksForCauses(c *chain) bool {
	owner := c.Account
	if c.OrganizationID != "" {
		owner = "" // unknown, unless the trail's ARN is given
		if r.trail != nil {
			owner = r.trail.account
		}
	}
	return (len(r.Regions) == 0 || slices.Contains(r.Regions, c.trail.home)) &&
		(len(r.Accounts) == 0 || slices.Contains(r.Accounts, owner))
}

// staleAt says that none of the chain's digests was stored when the newest is said
// to have been delivered. So even one is missed that ends within an interval of the
// one before, as the last of a trail that is stopped does. What was stored later
// than that does not make up for it: anybody can store a digest once more.
func (c *chain) staleAt(delivered time.Time, every time.Duration) bool {
	for _, n := range c.all() {
		if n.modified.IsZero() {
			return false // a copy does not tell
		}
		if delivered.Sub(n.modified).Abs() <= doubt(every) {
			return false
		}
	}
	return delivered.After(c.nodes[len(c.nodes)-1].modified)
}

// isNewest says that the chain's newest digest is what was delivered then: it was
// stored at the time, and ended not long before. Storing an older one once more
// does not make it so.
func (c *chain) isNewest(delivered time.Time, every time.Duration) bool {
	stored := c.nodes[len(c.nodes)-1].modified
	return !delivered.IsZero() && !stored.IsZero() && delivered.Sub(c.end()) <= every &&
		delivered.Sub(stored).Abs() <= doubt(every)
}

// doubt is how much later one time can look than another that it equals: there are
// two clocks, and whole seconds.
func doubt(every time.Duration) time.Duration {
	return max(2*time.Second, min(time.Minute, every/4))
}

// checkBeginning notes that a chain begins within the time asked for.
func (r *run) checkBeginning(c *chain) {
	if len(c.nodes) == 0 || r.Start.IsZero() {
		return
	}
	first := c.nodes[0]
	if first.digest == nil || first.bad || first.digest.Previous != nil || !first.digest.StartTime.After(r.Start) {
		return
	}
	f := c.find(ChainBegins, Proven, first.place, fmt.Sprintf("It is the first digest: nothing before %s is proven.", text(first.digest.StartTime)))
	f.From, f.To = r.Start, first.digest.StartTime
	r.add(c, f)
}

// explain looks for the recorded calls that explain the holes, and reports them.
func (r *run) explain() {
	slices.SortStableFunc(r.changes, func(a, b Change) int {
		return cmp.Or(a.EventTime.Compare(b.EventTime), cmp.Compare(a.EventID, b.EventID))
	})
	for _, h := range r.holes {
		if h.kind != DigestMissing {
			f := h.find(h.kind, h.verdict, h.at, h.message)
			f.From, f.To = h.from, h.to
			if change := r.cause(h); change != nil {
				f.Verdict, f.Cause = Proven, change
				h.verdict = Proven
				f.Message += fmt.Sprintf(" %s was called then (event %s).", change.EventName, change.EventID)
			} else if h.files > 0 {
				// Files were delivered, so something made digests for them.
				f.Verdict, h.verdict = Tampered, Tampered
			}
			r.add(h.chain, f)
		}
		if h.files > 0 {
			f := h.find(LogsUnproven, h.verdict, h.first, fmt.Sprintf("Its digest is not there: %s.", unproven(h.files)))
			f.From, f.To = h.from, h.to
			r.add(h.chain, f)
		}
	}
}

// cause is the last call before a hole that explains it: one that stopped the
// trail in the time of the last digest, or whose event that digest names. Had it
// been later, that digest would reach further.
func (r *run) cause(h *hole) *Change {
	if h.verdict == Tampered && h.kind == ChainGap {
		return nil // within a chain that was never interrupted
	}
	last := h.last()
	if last == nil {
		return nil
	}
	for i := len(r.changes) - 1; i >= 0; i-- {
		c := r.changes[i]
		if c.trail.trailID != h.trail || h.OrganizationID == "" && c.trail.account != h.Account {
			continue
		}
		// Both times are whole seconds.
		if !c.EventTime.After(h.from.Add(time.Second)) && (!c.EventTime.Before(last.start()) || c.named.Equal(h.from)) && c.ends(h.chain, last) {
			return &r.changes[i]
		}
	}
	return nil
}

// last is the digest before a hole, nil if there is none.
func (h *hole) last() *node {
	for _, n := range slices.Backward(h.nodes) {
		if !n.name.Time.After(h.from) {
			return n
		}
	}
	return nil
}

// checkKnown looks for the digests whose signatures were saved earlier.
func (r *run) checkKnown() {
	nodes := map[string]*node{}
	for _, c := range r.chains {
		for _, n := range c.all() {
			nodes[n.key] = n
		}
	}
	for _, key := range slices.Sorted(maps.Keys(r.Signatures)) {
		k, ok := ParseDigestKey(key)
		if !ok || !k.Time.After(r.Start) || !k.Time.Before(r.End) || k.Prefix != r.Prefix ||
			len(r.Accounts) > 0 && !slices.Contains(r.Accounts, k.Account) ||
			len(r.Regions) > 0 && !slices.Contains(r.Regions, k.Region) ||
			!r.asked(trailID{name: k.Trail, home: k.HomeRegion}, k.Owner) {
			continue
		}
		f := Finding{Account: k.Account, Region: k.Region, Trail: k.Trail, Bucket: r.Bucket, Key: key, Verdict: Tampered}
		switch n := nodes[key]; {
		case n == nil:
			f.Kind, f.Message = DigestMissing, "The digest is missing: its signature was saved when it was there."
			r.report.Findings = append(r.report.Findings, f)
		case n.digest != nil && !n.bad && n.signature != r.Signatures[key]:
			f.Kind, f.Message = DigestReplaced, "It has been replaced: it has another signature than the one that was saved."
			n.bad, n.proven = true, false
			r.report.Findings = append(r.report.Findings, f)
		}
	}
}

// summarize fills in what each chain proves.
func (r *run) summarize() {
	for _, c := range r.chains {
		s := Chain{
			Trail: c.trail.name, HomeRegion: c.trail.home, OrganizationID: c.OrganizationID,
			Account: c.Account, Region: c.Region,
		}
		for _, n := range c.nodes {
			if n.proven && !n.bad {
				s.Proven = append(s.Proven, Interval{From: n.digest.StartTime, To: n.digest.EndTime})
				s.Newest, s.NewestSignature = n.key, n.signature
			}
		}
		for _, n := range c.all() {
			if n.proven && !n.bad {
				s.Digests++
				s.add(n.counts)
			}
		}
		s.Proven = merge(s.Proven)
		r.report.Chains = append(r.report.Chains, s)
	}
}
