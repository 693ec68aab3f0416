package digest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Request says what to verify.
type Request struct {
	// Bucket is the bucket's name and Prefix the trail's.
	Bucket, Prefix string
	// TrailARN, Accounts and Regions limit what is verified; empty is all that
	// the bucket has. A Region that is named here must have digests.
	TrailARN          string
	Accounts, Regions []string
	// Start and End bound the time; a zero Start is the beginning of each
	// chain. The digests that reach over the bounds are verified as well.
	Start, End time.Time
	// Now is the present. Where End is later, Now is the end.
	Now time.Time
	// Status is asked what GetTrailStatus says of a trail in a Region, if it is
	// not nil. It is of use for the ends of the chains alone.
	// It is called from several goroutines at once.
	Status func(ctx context.Context, t Trail, region string) Status
	// Describe is asked once what GetTrail says of a trail, if it is not nil. It
	// tells where a chain goes on whose trail has been moved, and in which
	// Regions there have to be digests.
	Describe func(ctx context.Context, t Trail) Settings
	// Signatures are the hex signatures of digests by their keys, where a copy
	// has no metadata. A digest named here is known to have been there.
	Signatures map[string]string
	// PartialKeys says that Keys may tell fewer keys than a Region has, and those
	// of other Regions with them, as files of keys may. Then a digest whose key
	// is unknown is Incomplete, not Tampered, if none of the keys can have been
	// its Region's: each was out of use at the time, or has signed digests of
	// other Regions and none of this one.
	PartialKeys bool
	// Parallel is how many files are read at once; 0 is 16.
	Parallel int
	// Progress is told what was checked so far, one call at a time, if it is
	// not nil. It must not block.
	Progress func(Counts)
}

// Trail names a trail.
type Trail struct{ Account, HomeRegion, Name string }

// Status is what a Region says of a trail. The zero value says nothing.
type Status struct {
	// Stopped is when logging was stopped, if it is: after it no digest is
	// missed.
	Stopped time.Time
	// LatestDigest is when the newest digest was delivered.
	LatestDigest time.Time
}

// ErrRequest is returned, wrapped, for a Request that means nothing.
var ErrRequest = errors.New("not a request that can be verified")

// Verify checks all digests and log files of the time asked for: each by itself,
// each against its neighbours in the chain, and what is listed against what is
// named. The error says that the archive could not be listed, that the public
// keys are not to be had, that the request is not right (ErrRequest), or that ctx ended;
// whatever else is wrong is in the report.
func Verify(ctx context.Context, archive Archive, keys Keys, request Request) (*Report, error) {
	r, err := newRun(archive, keys, request)
	if err != nil {
		return nil, err
	}
	folders, err := r.folders(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range folders {
		if !f.digests {
			continue
		}
		if err := r.load(ctx, f); err != nil {
			return nil, err
		}
	}
	if err := r.recognizeKeys(ctx, folders); err != nil {
		return nil, err
	}
	for _, f := range folders {
		if err := r.verifyFolder(ctx, f); err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	r.checkEnds(ctx)
	if err := r.checkSilent(ctx); err != nil {
		return nil, err
	}
	r.checkAbsent(folders)
	r.checkKnown()
	r.explain()
	r.summarize()
	r.report.finish()
	return r.report, nil
}

// run is one Verify.
type run struct {
	Request
	archive Archive
	keys    Keys
	report  *Report
	trail   *trailARN // of TrailARN
	// known caches the public keys by Region.
	known map[string]*regionKeys
	// signedIn are the Regions in which a key is known to have signed, by its
	// fingerprint; of PartialKeys.
	signedIn map[string]map[string]bool
	// described caches what Describe said.
	described map[Trail]Settings
	// All of these are filled folder by folder.
	chains  []*chain
	holes   []*hole
	changes []Change
	// silent are the Regions that checkSilent reported.
	silent []Owner

	mu sync.Mutex
	// checked is what Progress is told. mu guards it.
	checked Counts
}

func newRun(archive Archive, keys Keys, request Request) (*run, error) {
	r := &run{Request: request, archive: archive, keys: keys, known: map[string]*regionKeys{}, described: map[Trail]Settings{}, signedIn: map[string]map[string]bool{}}
	r.Prefix = strings.Trim(r.Prefix, "/")
	if r.Now.IsZero() {
		return nil, fmt.Errorf("%w: it has no present time", ErrRequest)
	}
	if r.End.IsZero() || r.End.After(r.Now) {
		r.End = r.Now
	}
	if !r.Start.Before(r.End) {
		return nil, fmt.Errorf("%w: the time asked for starts at %s and ends at %s", ErrRequest, text(r.Start), text(r.End))
	}
	if r.Parallel <= 0 {
		r.Parallel = 16
	}
	if r.TrailARN != "" {
		trail, ok := parseTrailARN(r.TrailARN)
		if !ok {
			return nil, fmt.Errorf("%w: %q is not the ARN of a trail", ErrRequest, r.TrailARN)
		}
		r.trail = &trail
	}
	r.report = &Report{Bucket: r.Bucket, Prefix: r.Prefix, Start: r.Start, End: r.End}
	return r, nil
}

// folder is the files of an account and Region, of all trails that deliver
// there.
type folder struct {
	bucket string
	Owner
	digests bool
	// kinds are those of the log files.
	kinds []string
	// lists are the digests of the places that were listed, while the folder is
	// loaded.
	lists map[source][]*node
	// chains are those of the trails that deliver here, places where they are
	// and were, and others those of the other trails there.
	chains, others []*chain
	places         []source
	// unproven are log files, if there are no digests at all.
	unproven loose
}

// folders finds the accounts and Regions that have files.
func (r *run) folders(ctx context.Context) ([]*folder, error) {
	root := Owner{Prefix: r.Prefix}.root()
	found := map[Owner]*folder{}
	names, err := r.below(ctx, root)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		organization := ""
		accounts := []string{name}
		if strings.HasPrefix(name, "o-") {
			organization = name
			if accounts, err = r.below(ctx, root+name+"/"); err != nil {
				return nil, err
			}
		}
		for _, account := range accounts {
			o := Owner{Prefix: r.Prefix, OrganizationID: organization, Account: account}
			if err := r.account(ctx, o, found); err != nil {
				return nil, err
			}
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("verify: there are no log files or digests of the accounts and Regions asked for below s3://%s/%s", r.Bucket, root)
	}
	return slices.SortedFunc(maps.Values(found), func(a, b *folder) int {
		return cmp.Or(cmp.Compare(a.OrganizationID, b.OrganizationID),
			cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region))
	}), nil
}

// account adds the folders of an account.
func (r *run) account(ctx context.Context, o Owner, found map[Owner]*folder) error {
	if !isAccount(o.Account) || len(r.Accounts) > 0 && !slices.Contains(r.Accounts, o.Account) {
		return nil
	}
	account := o.folder("")
	kinds, err := r.below(ctx, account)
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		if kind != KindLog && !strings.HasPrefix(kind, KindLog+"-") {
			continue
		}
		regions, err := r.regions(ctx, o.Account, account+kind+"/")
		if err != nil {
			return err
		}
		for _, region := range regions {
			o.Region = region
			f := found[o]
			if f == nil {
				f = &folder{bucket: r.Bucket, Owner: o}
				found[o] = f
			}
			if kind == kindDigest {
				f.digests = true
			} else {
				f.kinds = append(f.kinds, kind)
			}
		}
	}
	return nil
}

func (r *run) below(ctx context.Context, prefix string) ([]string, error) {
	var names []string
	for e, err := range r.archive.Entries(ctx, r.Bucket, prefix) {
		if err != nil {
			return nil, fmt.Errorf("list s3://%s/%s: %w", r.Bucket, prefix, err)
		}
		if !e.Object {
			names = append(names, e.Name)
		}
	}
	return names, nil
}

// regions are the Regions below the folder of a kind of file, in which nothing
// else may lie: who reads all that is below it would take it for a log file.
func (r *run) regions(ctx context.Context, account, folder string) ([]string, error) {
	var names []string
	for e, err := range r.archive.Entries(ctx, r.Bucket, folder) {
		switch {
		case err != nil:
			return nil, fmt.Errorf("list s3://%s/%s: %w", r.Bucket, folder, err)
		case e.Object && e.Name != "":
			r.report.Findings = append(r.report.Findings, Finding{
				Kind: UnexpectedObject, Verdict: Incomplete, Account: account, Bucket: r.Bucket, Key: folder + e.Name,
				Message: "It lies beside the folders of the Regions, where CloudTrail puts nothing.",
			})
		case !e.Object && (len(r.Regions) == 0 || slices.Contains(r.Regions, e.Name)):
			names = append(names, e.Name)
		}
	}
	return names, nil
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// verifyFolder checks the chains of a folder and compares its log files with
// what they name.
func (r *run) verifyFolder(ctx context.Context, f *folder) error {
	if !f.digests {
		return r.compare(ctx, f, comparison{})
	}
	named := map[place]bool{}
	for _, c := range slices.Concat(f.chains, f.others) {
		if err := r.checkDigests(ctx, c); err != nil {
			return err
		}
		c.link(r)
		r.checkLogFiles(ctx, c, named)
		if c.reported {
			r.chains = append(r.chains, c)
		}
	}
	return r.compare(ctx, f, comparison{chains: f.chains, places: f.places, named: named})
}

// each calls f for 0 to n-1, several at once, and returns when all are done. It
// leaves out what remains when ctx ends.
func (r *run) each(ctx context.Context, n int, f func(int)) {
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(r.Parallel, n) {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	wg.Wait()
}

func (r *run) progress(c Counts) {
	if r.Progress == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.checked.add(c)
	r.Progress(r.checked)
}

func text(t time.Time) string {
	if t.IsZero() {
		return "the beginning"
	}
	return t.UTC().Format(timeLayout)
}
