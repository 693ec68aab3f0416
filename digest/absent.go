package digest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// silent is a Region of which the archive has no digest of a trail that has some
// of others.
type silent struct {
	trail  Trail
	region string
	chains []*chain // the trail's
	status Status
}

// checkSilent finds the Regions of which the archive has nothing and in which a
// trail delivered digests here, as its status says. Nothing in an archive tells
// in which Regions a trail delivers.
func (r *run) checkSilent(ctx context.Context) error {
	if r.Status == nil {
		return nil
	}
	trails := map[Trail][]*chain{}
	var order []Trail
	for _, c := range r.chains {
		t, known := r.trailOf(c)
		if !known || c.OrganizationID != "" && len(r.Accounts) > 0 {
			continue // the status is that of all accounts together
		}
		if trails[t] == nil {
			order = append(order, t)
		}
		trails[t] = append(trails[t], c)
	}
	var all []*silent
	for _, t := range order {
		s, chains := r.settings(ctx, t), trails[t]
		if s.place() != r.here() {
			continue // what it delivers lies elsewhere now
		}
		for _, region := range s.Regions {
			if (len(r.Regions) == 0 || slices.Contains(r.Regions, region)) &&
				!slices.ContainsFunc(chains, func(c *chain) bool { return c.Region == region }) {
				all = append(all, &silent{trail: t, region: region, chains: chains})
			}
		}
	}
	r.each(ctx, len(all), func(i int) { all[i].status = r.Status(ctx, all[i].trail, all[i].region) })
	for _, s := range all {
		if err := r.checkSilence(ctx, s); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (r *run) checkSilence(ctx context.Context, s *silent) error {
	delivered := s.status.LatestDigest
	known := s.known(r.here())
	if delivered.IsZero() || known.From.IsZero() || delivered.Before(known.From) || !known.To.IsZero() && delivered.After(known.To) ||
		!delivered.After(r.Start) || delivered.After(r.End) && r.End.Before(r.Now) {
		return nil
	}
	for _, c := range s.chains {
		o := c.Owner
		o.Region = s.region
		if found, err := r.hasDigest(ctx, o, c.trail); found || err != nil {
			return err // it has come since the Regions were listed
		}
	}
	o := s.chains[0].Owner
	o.Region, o.Account = s.region, s.trail.Account
	r.silent = append(r.silent, o)
	r.report.Findings = append(r.report.Findings, Finding{
		Kind: NoDigests, Verdict: Tampered, Account: o.Account, Region: o.Region, Trail: s.trail.Name,
		Bucket: r.Bucket, Key: o.folder(kindDigest), From: known.From, To: delivered,
		Message: fmt.Sprintf("There are no digests of the Region. The trail's status says that one was delivered at %s: all have been deleted.", text(delivered)),
	})
	return nil
}

// known is the time of which the archive is known to have all that the trail
// delivered, in whichever Region; a zero From says that there is none, a zero To
// that it goes on. What was delivered before may lie where the trail was until
// then, and some of that may have come an interval late; what was delivered after
// a copy was made is not in it.
func (s *silent) known(here source) (known Interval) {
	var all lengths
	for _, c := range s.chains {
		all.count(c)
	}
	every := all.interval()
	var elsewhere, newest time.Time
	copied := false
	for _, c := range s.chains {
		for _, n := range c.nodes {
			if n.source() == here && (known.From.IsZero() || n.name.Time.Before(known.From)) {
				known.From = n.name.Time
			}
			if n.source() != here || n.digest == nil || n.digest.Previous != nil && n.digest.Previous.source() != here {
				elsewhere = later(elsewhere, n.name.Time)
			}
			newest = later(newest, n.name.Time)
			copied = copied || n.digest != nil && n.metadata == nil
		}
	}
	if !known.From.IsZero() && !elsewhere.IsZero() {
		known.From = later(known.From, elsewhere.Add(every))
	}
	if copied {
		known.To = newest.Add(every)
	}
	return known
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// hasDigest looks whether the archive has a digest of a trail now.
func (r *run) hasDigest(ctx context.Context, o Owner, id trailID) (bool, error) {
	prefix := o.folder(kindDigest)
	for object, err := range r.archive.List(ctx, r.Bucket, prefix, r.after(prefix)) {
		if err != nil {
			return false, fmt.Errorf("list s3://%s/%s: %w", r.Bucket, prefix, err)
		}
		if k, ok := ParseDigestKey(object.Key); ok && k.Owner == o && k.trail() == id {
			return true, nil
		}
	}
	return false, nil
}

// checkAbsent finds Regions and accounts without digests.
func (r *run) checkAbsent(folders []*folder) {
	covered := map[Owner]bool{}
	everywhere := map[string]bool{} // accounts and organizations that have a multi-Region trail
	for _, c := range r.chains {
		o := c.Owner
		o.Prefix = ""
		covered[o] = true
		if c.Region != c.trail.home {
			everywhere[cmp.Or(c.OrganizationID, c.Account)] = true
		}
	}
	verdict := func(o Owner) Verdict {
		if everywhere[cmp.Or(o.OrganizationID, o.Account)] {
			return Tampered
		}
		return Incomplete
	}
	accounts, regions := map[string]Owner{}, map[string]bool{}
	for _, f := range folders {
		o := f.Owner
		o.Prefix = ""
		accounts[f.Account], regions[f.Region] = o, true
		if covered[o] || f.unproven.n == 0 && (!f.digests || slices.Contains(r.silent, f.Owner)) {
			continue
		}
		message := "There are no digests of the time asked for."
		if f.unproven.n > 0 {
			message = fmt.Sprintf("There are no digests of the time asked for. Log files that nothing proves: %d.", f.unproven.n)
		}
		r.note(f, Finding{Kind: NoDigests, Verdict: verdict(o), Bucket: f.bucket, Key: f.folder(kindDigest), Message: message})
	}
	for _, region := range r.Regions {
		if !regions[region] && !slices.ContainsFunc(r.silent, func(o Owner) bool { return o.Region == region }) {
			v := Incomplete
			if len(everywhere) > 0 {
				v = Tampered
			}
			r.report.Findings = append(r.report.Findings, Finding{Kind: NoDigests, Verdict: v, Region: region,
				Bucket: r.Bucket, Message: "There are no files of the Region."})
		}
	}
	for _, account := range r.Accounts {
		if _, ok := accounts[account]; !ok {
			r.report.Findings = append(r.report.Findings, Finding{Kind: NoDigests, Verdict: Incomplete, Account: account,
				Bucket: r.Bucket, Message: "There are no files of the account."})
		}
	}
	if r.trail != nil && len(r.chains) == 0 {
		r.report.Findings = append(r.report.Findings, Finding{Kind: NoDigests, Verdict: Incomplete, Trail: r.trail.name,
			Bucket: r.Bucket, Message: "There are no digests of the trail in the time asked for."})
	}
}
