package digest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Settings are those of a trail as it is now. The zero value says nothing.
type Settings struct {
	// Bucket and Prefix are where it delivers.
	Bucket, Prefix string
	// Moves are the calls that had it deliver somewhere, as far as they are known.
	Moves []Move
	// Regions are those in which it may have delivered digests. Status is asked
	// in each of which the archive has none.
	Regions []string
}

// Move is a call after which a trail delivers to a bucket and prefix.
type Move struct {
	At             time.Time
	Bucket, Prefix string
}

// place is where a trail that has the settings delivers.
func (s Settings) place() source {
	return source{bucket: s.Bucket, prefix: strings.Trim(s.Prefix, "/")}
}

func (s source) String() string { return "s3://" + s.bucket + "/" + s.prefix }

// here is the place that was asked for.
func (r *run) here() source { return source{bucket: r.Bucket, prefix: r.Prefix} }

// settings are what the trail's API says of a chain's trail. It is asked once.
func (r *run) settings(ctx context.Context, t Trail) Settings {
	s, asked := r.described[t]
	if !asked && r.Describe != nil {
		s = r.Describe(ctx, t)
		r.described[t] = s
	}
	return s
}

// trailOf is the trail of a chain. The owner of an organization's trail is known
// only if its ARN is.
func (r *run) trailOf(c *chain) (t Trail, known bool) {
	t = Trail{Account: c.Account, HomeRegion: c.trail.home, Name: c.trail.name}
	if c.OrganizationID == "" {
		return t, true
	}
	if r.trail == nil || r.trail.trailID != c.trail {
		return t, false
	}
	t.Account = r.trail.account
	return t, true
}

// departure is a place that a chain's trail went to and where nobody could look.
type departure struct {
	to source
	// at is when it was sent there; zero if only its being there is known.
	at  time.Time
	err error
}

// onward adds to a chain the digests of the places that its trail went to while
// the chain has none here, and says whether there are any. The chain goes on
// there, the call that moved the trail is recorded there, and only the digests
// there can tell that some are missing here.
func (r *run) onward(ctx context.Context, c *chain) bool {
	t, known := r.trailOf(c)
	if !known {
		return false
	}
	s, added := r.settings(ctx, t), false
	for _, m := range slices.Concat(s.Moves, []Move{{Bucket: s.Bucket, Prefix: s.Prefix}}) {
		to := source{bucket: m.Bucket, prefix: strings.Trim(m.Prefix, "/")}
		if to.bucket == "" || c.visited[to] || !r.away(c, m.At) {
			continue
		}
		c.loaded[to], c.visited[to] = true, true
		listed, err := r.listed(ctx, c.folder, to)
		if err != nil {
			c.unread[to] = true
			if !m.At.IsZero() || s.place() != r.here() {
				c.departures = append(c.departures, departure{to, m.At, err})
			}
			continue
		}
		from, has := c.place(), map[*node]bool{}
		for _, n := range c.all() {
			has[n] = true
		}
		listed = slices.DeleteFunc(slices.Clone(listed), func(n *node) bool { return n.name.trail() != c.trail || has[n] })
		if len(listed) == 0 {
			continue
		}
		added = true
		r.add(c, c.find(ChainMoved, Proven, from, fmt.Sprintf("The trail also delivered to %s: what it delivered there is verified as well.", to)))
		for _, n := range listed {
			c.add(n)
		}
		c.cut(r.Start, r.End)
	}
	return added
}

// away says whether the chain has no digests for a time from the one given on:
// it ended before, or begins anew later. The zero time is now.
func (r *run) away(c *chain, at time.Time) bool {
	if end := c.end(); end.Before(r.End) && (at.IsZero() || !at.Before(end)) {
		return true
	}
	for i, n := range c.nodes {
		if i > 0 && n.digest != nil && n.digest.Previous == nil && !at.Before(c.nodes[i-1].name.Time) && !at.After(n.digest.StartTime) {
			return true
		}
	}
	return false
}

// place is that of the newest digest of a chain.
func (c *chain) place() place {
	if len(c.nodes) == 0 {
		return place{}
	}
	return c.nodes[len(c.nodes)-1].place
}

// left is where the trail went when its chain ended, if nobody could look there.
// One that delivers here now did not end here.
func (r *run) left(ctx context.Context, c *chain) *departure {
	t, known := r.trailOf(c)
	if !known || r.settings(ctx, t).place() == r.here() {
		return nil
	}
	for i := range slices.Backward(c.departures) {
		if d := &c.departures[i]; d.at.IsZero() || !d.at.Before(c.end()) {
			return d
		}
	}
	return nil
}

// departed is where one of the trails went at a time from which a log file is, if
// nobody could look there: the first digest there names what was delivered here
// since the last.
func (c *comparison) departed(file Interval) *departure {
	for _, chain := range c.chains {
		reach := 2 * chain.interval()
		for i := range chain.departures {
			d := &chain.departures[i]
			from, to := d.at.Add(-reach), d.at
			if d.at.IsZero() {
				from, to = chain.end(), chain.end().Add(reach)
			}
			if file.To.After(from) && !file.From.After(to) {
				return d
			}
		}
	}
	return nil
}

// others are the digests of other trails in the places that the chains of a
// folder were followed to. They only say which log files there are theirs.
func (r *run) others(ctx context.Context, f *folder, chains map[trailID]*chain) ([]*chain, error) {
	found := map[trailID]*chain{}
	for s, listed := range f.lists {
		for _, n := range listed {
			id := n.name.trail()
			if c := chains[id]; c != nil && c.loaded[s] {
				continue
			}
			if found[id] == nil {
				found[id] = &chain{folder: f, trail: id}
			}
			found[id].add(n)
		}
	}
	others := slices.SortedFunc(maps.Values(found), byTrail)
	for _, c := range others {
		c.cut(r.Start, r.End)
		nodes := c.all()
		r.each(ctx, len(nodes), func(i int) { r.read(ctx, c, nodes[i]) })
		r.flush(c)
	}
	return others, ctx.Err()
}

func byTrail(a, b *chain) int {
	return cmp.Or(cmp.Compare(a.trail.name, b.trail.name), cmp.Compare(a.trail.home, b.trail.home))
}

// trail is the trail that a digest's name tells.
func (k DigestKey) trail() trailID { return trailID{name: k.Trail, home: k.HomeRegion} }
