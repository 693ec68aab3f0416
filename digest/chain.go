package digest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// place is where an object lies.
type place struct{ bucket, key string }

// node is a digest of a chain. One goroutine at a time works on it.
type node struct {
	place
	name DigestKey
	// modified is when it was stored, as it was listed; zero is unknown.
	modified time.Time
	// digest is nil if it could not be read.
	digest   *Digest
	hash     string // of its uncompressed bytes
	metadata map[string]string
	// signature is that of the metadata, or what is known from elsewhere.
	signature string
	// bad says that it has a finding that explains why its neighbours do not
	// fit.
	bad bool
	// signed says that its contents are what was signed, wherever it lies.
	signed bool
	// proven says that it is signed, in its place, and all its log files are
	// as it says.
	proven   bool
	counts   Counts
	findings []Finding
}

// start is when its time begins, as far as that is known.
func (n *node) start() time.Time {
	if n.digest == nil || n.bad {
		return n.name.Time
	}
	return n.digest.StartTime
}

// moved says whether the digest names another place than its own.
func (n *node) moved() bool { return n.digest.Bucket != n.bucket || n.digest.Key != n.key }

// chain is the digests of one trail in a folder, and in those that it was in
// before.
type chain struct {
	*folder
	trail trailID
	// reported is false for another trail than the one asked for, whose digests
	// are looked at only for the log files that they name.
	reported bool
	// nodes and backfill are in the order of their times.
	nodes, backfill []*node
	// beyond is the digest after the last of the time asked for, nil if there
	// is none. It tells the signature of that one, if a copy has no other.
	beyond *node
	// loaded are the places that were listed, and unread those that could not
	// be.
	loaded, unread map[source]bool
	// visited are those of which the chain has all digests, and not those alone
	// that others lead back to.
	visited map[source]bool
	// departures are where its trail went and nobody could look.
	departures []departure
}

// source is a bucket and prefix that a chain lies in.
type source struct{ bucket, prefix string }

func (n *node) source() source { return source{bucket: n.bucket, prefix: n.name.Prefix} }

// source is where the digest before another one lies, if it has the name of one.
func (p *Previous) source() source {
	k, _ := ParseDigestKey(p.Key)
	return source{bucket: p.Bucket, prefix: k.Prefix}
}

func (c *chain) all() []*node { return slices.Concat(c.nodes, c.backfill) }

// find makes a finding of the chain.
func (c *chain) find(kind Kind, verdict Verdict, at place, message string) Finding {
	return Finding{
		Kind: kind, Verdict: verdict, Account: c.Account, Region: c.Region, Trail: c.trail.name,
		Bucket: at.bucket, Key: at.key, Message: message,
	}
}

// note keeps a finding about a node.
func (n *node) note(c *chain, kind Kind, verdict Verdict, message string) {
	n.findings = append(n.findings, c.find(kind, verdict, n.place, message))
}

// report adds findings of the chain to the report.
func (r *run) add(c *chain, findings ...Finding) {
	if c.reported {
		r.report.Findings = append(r.report.Findings, findings...)
	}
}

func (r *run) flush(c *chain) {
	for _, n := range c.all() {
		r.add(c, n.findings...)
		n.findings = nil
	}
}

// load lists and reads the chains of a folder.
func (r *run) load(ctx context.Context, f *folder) error {
	chains := map[trailID]*chain{}
	here := source{bucket: f.bucket, prefix: f.Prefix}
	listed, err := r.listed(ctx, f, here)
	if err != nil {
		return err
	}
	for _, n := range listed {
		id := n.name.trail()
		c := chains[id]
		if c == nil {
			c = &chain{
				folder: f, trail: id, reported: r.asked(id, f.Owner),
				loaded: map[source]bool{here: true}, visited: map[source]bool{here: true}, unread: map[source]bool{},
			}
			chains[id] = c
		}
		c.add(n)
	}
	f.places = []source{here}
	f.chains = slices.SortedFunc(maps.Values(chains), byTrail)
	for _, c := range f.chains {
		c.cut(r.Start, r.End)
		if err := r.follow(ctx, c); err != nil {
			return err
		}
		for s := range c.loaded {
			if !c.unread[s] && !slices.Contains(f.places, s) {
				f.places = append(f.places, s)
			}
		}
	}
	slices.SortFunc(f.places[1:], func(a, b source) int {
		return cmp.Or(cmp.Compare(a.bucket, b.bucket), cmp.Compare(a.prefix, b.prefix))
	})
	f.others, err = r.others(ctx, f, chains)
	f.lists = nil
	return err
}

// asked says whether a trail is one that the request is about.
func (r *run) asked(id trailID, o Owner) bool {
	return r.trail == nil || r.trail.trailID == id && (o.OrganizationID != "" || o.Account == r.trail.account)
}

func (c *chain) add(n *node) {
	if n.name.Backfill {
		c.backfill = append(c.backfill, n)
	} else {
		c.nodes = append(c.nodes, n)
	}
}

// cut leaves of the chain what reaches into the time from start to end, and at
// least the newest.
func (c *chain) cut(start, end time.Time) {
	byTime := func(a, b *node) int {
		return cmp.Or(a.name.Time.Compare(b.name.Time), cmp.Compare(a.bucket, b.bucket), cmp.Compare(a.key, b.key))
	}
	slices.SortFunc(c.nodes, byTime)
	slices.SortFunc(c.backfill, byTime)
	if i := slices.IndexFunc(c.nodes, func(n *node) bool { return !n.name.Time.Before(end) }); i >= 0 {
		if i+1 < len(c.nodes) {
			c.beyond = c.nodes[i+1]
		}
		c.nodes = c.nodes[:i+1]
	}
	first := slices.IndexFunc(c.nodes, func(n *node) bool { return n.name.Time.After(start) })
	if first < 0 {
		first = max(0, len(c.nodes)-1)
	}
	c.nodes = c.nodes[first:]
	c.backfill = slices.DeleteFunc(c.backfill, func(n *node) bool {
		return !n.name.Time.After(start) || n.name.Time.After(end.Add(interval))
	})
}

// lookBack is how far before the time asked for is listed, so that a chain is
// known whose newest digests are gone.
const lookBack = 24 * time.Hour

// listed are the digests of a folder in one of the places that it is or was in,
// which is listed once.
func (r *run) listed(ctx context.Context, f *folder, s source) ([]*node, error) {
	nodes, ok := f.lists[s]
	if !ok {
		var err error
		if nodes, err = r.listDigests(ctx, f, s); err != nil {
			return nil, err
		}
		if f.lists == nil {
			f.lists = map[source][]*node{}
		}
		f.lists[s] = nodes
	}
	return nodes, nil
}

// listDigests lists the digests of a folder in one of its places.
func (r *run) listDigests(ctx context.Context, f *folder, s source) ([]*node, error) {
	o := f.Owner
	o.Prefix = s.prefix
	prefix := o.folder(kindDigest)
	var listed []*node
	for object, err := range r.archive.List(ctx, s.bucket, prefix, r.after(prefix)) {
		if err != nil {
			return nil, fmt.Errorf("list s3://%s/%s: %w", s.bucket, prefix, err)
		}
		k, ok := ParseDigestKey(object.Key)
		if ok && k.Owner == o {
			if k.Time.After(r.End.Add(2 * lookBack)) {
				break
			}
			listed = append(listed, &node{place: place{s.bucket, object.Key}, name: k, modified: object.Modified})
		} else if !strings.HasSuffix(object.Key, "/") {
			r.report.Findings = append(r.report.Findings, Finding{
				Kind: UnexpectedObject, Verdict: Incomplete, Account: o.Account, Region: o.Region,
				Bucket: s.bucket, Key: object.Key, Message: "It lies among the digests and has not the name of one.",
			})
		}
	}
	return listed, nil
}

// after is the key after which the listing of a folder of days begins.
func (r *run) after(prefix string) string {
	if r.Start.IsZero() {
		return ""
	}
	return prefix + r.Start.Add(-lookBack).UTC().Format(dayLayout)
}

// maxSources limits how often the chain of one trail may have changed its bucket
// or prefix.
const maxSources = 64

// follow reads the digests of a chain, and goes on where it came from when a
// trail was given another bucket or prefix.
func (r *run) follow(ctx context.Context, c *chain) error {
	for {
		nodes := slices.DeleteFunc(c.all(), func(n *node) bool { return n.digest != nil || n.bad })
		r.each(ctx, len(nodes), func(i int) { r.read(ctx, c, nodes[i]) })
		if err := ctx.Err(); err != nil {
			return err
		}
		s, from, ok := c.unknownSource(r.Start)
		if !ok && r.onward(ctx, c) {
			continue
		}
		if !ok {
			r.flush(c)
			return nil
		}
		if len(c.loaded) > maxSources {
			return fmt.Errorf("verify: the trail %s has been in more than %d places", c.trail.name, maxSources)
		}
		c.loaded[s] = true
		listed, err := r.listed(ctx, c.folder, s)
		if err != nil {
			c.unread[s] = true
			from.note(c, NotChecked, Incomplete, fmt.Sprintf(
				"The digests before it are in s3://%s/%s, which could not be listed: %v.", s.bucket, s.prefix, err))
			continue
		}
		for _, n := range listed {
			if n.name.trail() == c.trail && !n.name.Time.After(from.name.Time) {
				c.add(n)
			}
		}
		c.cut(r.Start, r.End)
	}
}

// unknownSource is a place that was not listed, and the newest digest that names
// it as that of the one before: a trail can come to a place again and again, and
// the last time is the one of which the chain has most.
func (c *chain) unknownSource(start time.Time) (unknown source, from *node, ok bool) {
	for _, n := range c.all() {
		if n.digest == nil || n.digest.Previous == nil || n.moved() {
			continue
		}
		p := n.digest.Previous
		k, named := ParseDigestKey(p.Key)
		s := p.source()
		if !named || c.loaded[s] || !k.Time.After(start) || ok && !n.name.Time.After(from.name.Time) {
			continue
		}
		unknown, from, ok = s, n, true
	}
	return unknown, from, ok
}

// attempts is how often an object is read that fails to.
const attempts = 3

// fetch opens an object and has it consumed, again if reading it fails. The
// error of consume is returned as it is if all was read.
func (r *run) fetch(ctx context.Context, at place, consume func(Content) error) (err error) {
	for range attempts {
		var content Content
		content, err = r.archive.Open(ctx, at.bucket, at.key)
		if err == nil {
			body := &watched{ReadCloser: content.Body}
			content.Body = body
			err = consume(content)
			if closeErr := body.Close(); body.err == nil {
				body.err = closeErr
			}
			if body.err == nil {
				return err
			}
			err = body.err
		}
		if errors.Is(err, ErrNotFound) || ctx.Err() != nil {
			return unread{err}
		}
	}
	return unread{err}
}

// unread is an error of the archive and not of what is in it.
type unread struct{ error }

func (u unread) Unwrap() error { return u.error }

// watched keeps the error with which reading ended.
type watched struct {
	io.ReadCloser
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// read reads a digest.
func (r *run) read(ctx context.Context, c *chain, n *node) {
	err := r.fetch(ctx, n.place, func(content Content) error {
		raw, err := ReadAll(content.Body, MaxSize)
		if err != nil {
			return err
		}
		n.hash, n.metadata = Hash(raw), content.Metadata
		n.digest, err = Parse(raw)
		return err
	})
	if err == nil {
		return
	}
	n.bad = true
	var failed unread
	switch {
	case errors.Is(err, ErrNotFound):
		n.note(c, DigestMissing, Tampered, "The digest is listed, and is not there.")
	case errors.As(err, &failed):
		n.note(c, NotChecked, Incomplete, fmt.Sprintf("The digest could not be read: %v.", err))
	default:
		n.note(c, DigestDamaged, Tampered, fmt.Sprintf("It is not a digest: %v.", err))
	}
}
