package digest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/rsa"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	bucketName = "trail-logs"
	accountID  = "111122223333"
	trailName  = "main"
	home       = "us-east-1"
	abroad     = "eu-west-1"
	trailArn   = "arn:aws:cloudtrail:" + home + ":" + accountID + ":trail/" + trailName
)

// day is when the test's trail starts.
var day = moment("2026-03-01T00:00:00Z")

func hour(n float64) time.Time { return day.Add(time.Duration(n * float64(time.Hour))) }

// stored is an object of a world.
type stored struct {
	body     []byte
	metadata map[string]string
	modified time.Time
}

// world is an Archive and Keys in memory, and a trail that delivers to it.
type world struct {
	objects map[place]stored
	keys    map[string][]PublicKey // by Region
	fail    map[place]error        // what Open returns instead
	// copied says that the archive has no metadata.
	copied bool
	// heads are the newest digests of each chain.
	heads map[string]*head
	n     int // of files, for their names
}

type head struct {
	digest *Digest
	hash   string
	sign   string
}

func (w *world) clone() *world {
	c := *w
	c.objects, c.heads = maps.Clone(w.objects), maps.Clone(w.heads)
	c.fail = map[place]error{}
	c.keys = map[string][]PublicKey{}
	for region, keys := range w.keys {
		c.keys[region] = slices.Clone(keys)
	}
	return &c
}

func (w *world) List(_ context.Context, bucket, prefix, after string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		for _, at := range slices.SortedFunc(maps.Keys(w.objects), func(a, b place) int { return cmp.Compare(a.key, b.key) }) {
			if at.bucket == bucket && strings.HasPrefix(at.key, prefix) && at.key > after &&
				!yield(Object{Key: at.key, Modified: w.objects[at].modified}, nil) {
				return
			}
		}
	}
}

func (w *world) Entries(_ context.Context, bucket, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		found := map[string]Entry{}
		for at := range w.objects {
			rest, ok := strings.CutPrefix(at.key, prefix)
			if name, _, below := strings.Cut(rest, "/"); ok && at.bucket == bucket {
				found[name] = Entry{Name: name, Object: !below}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(found)) {
			if !yield(found[name], nil) {
				return
			}
		}
	}
}

func (w *world) Open(_ context.Context, bucket, key string) (Content, error) {
	at := place{bucket, key}
	if err := w.fail[at]; err != nil {
		return Content{}, err
	}
	o, ok := w.objects[at]
	if !ok {
		return Content{}, fmt.Errorf("get %s: %w", key, ErrNotFound)
	}
	c := Content{Body: io.NopCloser(bytes.NewReader(o.body)), Metadata: map[string]string{}}
	maps.Copy(c.Metadata, o.metadata)
	if w.copied {
		c.Metadata = nil
	}
	return c, nil
}

func (w *world) PublicKeys(_ context.Context, region string, from, to time.Time) ([]PublicKey, error) {
	var keys []PublicKey
	for _, k := range w.keys[region] {
		if !k.ValidFrom.After(to) && !k.ValidTo.Before(from) {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

func pack(raw []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(raw)
	_ = z.Close()
	return b.Bytes()
}

// signer is the key of a time: the second one takes over at hour 3.
func signer(t time.Time) *rsa.PrivateKey {
	if t.After(hour(3)) {
		return testKeys()[1]
	}
	return testKeys()[0]
}

// put stores a log file with records of the given JSON members, a minute apart.
func (w *world) put(o Owner, delivered time.Time, records ...string) LogFile {
	w.n++
	key := LogFileKey{Owner: o, Kind: KindLog, Time: delivered, Unique: fmt.Sprintf("%016d", w.n)}.String()
	var texts []string
	oldest := delivered.Add(-time.Duration(len(records)) * time.Minute)
	newest := oldest
	for i, r := range records {
		newest = oldest.Add(time.Duration(i) * time.Minute)
		texts = append(texts, fmt.Sprintf(`{"eventVersion":"1.11","eventTime":%q,"awsRegion":%q,"eventID":"e-%d-%d","recipientAccountId":%q%s}`,
			text(newest), o.Region, w.n, i, o.Account, r))
	}
	raw := []byte(`{"Records":[` + strings.Join(texts, ",") + `]}`)
	w.objects[place{bucketName, key}] = stored{body: pack(raw), modified: delivered}
	f := LogFile{Bucket: bucketName, Key: key, Hash: Hash(raw), HashAlgorithm: HashAlgorithm}
	if len(records) > 0 {
		f.OldestEvent, f.NewestEvent = oldest, newest
	}
	return f
}

// deliver stores the next digest of a chain.
func (w *world) deliver(o Owner, from, to time.Time, files ...LogFile) *Digest {
	chain := o.folder(kindDigest)
	d := newDigest(o, from, to, files...)
	if h := w.heads[chain]; h != nil {
		d.Previous = &Previous{Bucket: h.digest.Bucket, Key: h.digest.Key, Hash: h.hash, HashAlgorithm: HashAlgorithm, Signature: h.sign}
	}
	w.heads[chain] = w.store(d)
	return d
}

func newDigest(o Owner, from, to time.Time, files ...LogFile) *Digest {
	key := DigestKey{Owner: o, Trail: trailName, HomeRegion: home, Time: to}.String()
	d := &Digest{
		AccountID: o.Account, StartTime: from, EndTime: to, Bucket: bucketName, Key: key,
		KeyFingerprint: Fingerprint(&signer(to).PublicKey), SignatureAlgorithm: SignatureAlgorithm, LogFiles: files,
	}
	for _, f := range files {
		if d.OldestEvent.IsZero() || f.OldestEvent.Before(d.OldestEvent) {
			d.OldestEvent = f.OldestEvent
		}
		if f.NewestEvent.After(d.NewestEvent) {
			d.NewestEvent = f.NewestEvent
		}
	}
	return d
}

// store signs a digest, whatever it says, and stores it where it says.
func (w *world) store(d *Digest) *head {
	raw, err := d.Encode()
	if err != nil {
		panic(err)
	}
	key := signer(d.EndTime)
	named := *d
	named.SignatureAlgorithm, named.KeyFingerprint = SignatureAlgorithm, Fingerprint(&key.PublicKey)
	sign, err := Sign(key, &named, raw)
	if err != nil {
		panic(err)
	}
	w.objects[place{d.Bucket, d.Key}] = stored{
		body: pack(raw), modified: d.EndTime,
		metadata: map[string]string{MetadataSignature: sign, MetadataSignatureAlgorithm: SignatureAlgorithm},
	}
	return &head{digest: d, hash: Hash(raw), sign: sign}
}

func owner(region string) Owner { return Owner{Account: accountID, Region: region} }

func emptyWorld() *world {
	w := &world{objects: map[place]stored{}, keys: map[string][]PublicKey{}, heads: map[string]*head{}}
	for _, region := range []string{home, abroad} {
		w.keys[region] = []PublicKey{
			NewPublicKey(&testKeys()[0].PublicKey, day.AddDate(0, 0, -20), hour(3)),
			NewPublicKey(&testKeys()[1].PublicKey, hour(3), day.AddDate(0, 0, 30)),
		}
	}
	return w
}

// hours delivers digests for the hours from and to of both Regions, and two log
// files an hour at home, one abroad, and none in the second hour abroad.
func (w *world) hours(from, to int) {
	for h := from; h < to; h++ {
		begin := hour(float64(h))
		a := w.put(owner(home), begin.Add(10*time.Minute), "", "", "")
		b := w.put(owner(home), begin.Add(40*time.Minute), "")
		w.deliver(owner(home), begin, begin.Add(time.Hour), a, b)
		if h == 1 {
			w.deliver(owner(abroad), begin, begin.Add(time.Hour))
			continue
		}
		c := w.put(owner(abroad), begin.Add(20*time.Minute), "", "")
		w.deliver(owner(abroad), begin, begin.Add(time.Hour), c)
	}
}

// sixHours is a world of six hours, which is made once and cloned.
var sixHours = sync.OnceValue(func() *world {
	w := emptyWorld()
	w.hours(0, 6)
	return w
})

func request(*world) Request {
	return Request{Bucket: bucketName, TrailARN: trailArn, Now: hour(6.5), Parallel: 4}
}

func verify(t *testing.T, w *world, request Request) *Report {
	t.Helper()
	report, err := Verify(t.Context(), w, w, request)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// key is the key of the n-th digest of a Region, from 0; negative ones count
// from the end.
func (w *world) digestKey(region string, n int) place {
	return w.nth(owner(region).folder(kindDigest), n)
}
func (w *world) logKey(region string, n int) place { return w.nth(owner(region).folder(KindLog), n) }

func (w *world) nth(prefix string, n int) place {
	var all []place
	for o := range w.List(context.Background(), bucketName, prefix, "") {
		all = append(all, place{bucketName, o.Key})
	}
	return all[(n+len(all))%len(all)]
}

// rewrite changes a digest and signs it anew, as only its signer can.
func (w *world) rewrite(at place, change func(*Digest)) {
	d := w.digest(at)
	change(d)
	w.store(d)
}

func (w *world) digest(at place) *Digest {
	raw, err := ReadAll(bytes.NewReader(w.objects[at].body), MaxSize)
	if err != nil {
		panic(err)
	}
	d, err := Parse(raw)
	if err != nil {
		panic(err)
	}
	return d
}

// rewriteLast changes a Region's newest digest, which no other one is chained to.
func (w *world) rewriteLast(region string, change func(*Digest)) place {
	at := w.digestKey(region, -1)
	w.rewrite(at, change)
	return at
}

// setBody changes an object's bytes.
func (w *world) setBody(at place, body []byte) place {
	o := w.objects[at]
	o.body = body
	w.objects[at] = o
	return at
}

func (w *world) setMetadata(at place, name, value string) place {
	o := w.objects[at]
	o.metadata = maps.Clone(o.metadata)
	o.metadata[name] = value
	if value == "" {
		delete(o.metadata, name)
	}
	w.objects[at] = o
	return at
}

// replaceRecords changes a log file and its digest's hash, so that only what is
// in it is wrong.
func (w *world) replaceRecords(raw string, change func(*LogFile)) place {
	at := w.logKey(home, -1)
	w.setBody(at, pack([]byte(raw)))
	w.rewriteLast(home, func(d *Digest) {
		f := &d.LogFiles[len(d.LogFiles)-1]
		f.Hash = Hash([]byte(raw))
		if change != nil {
			change(f)
			d.OldestEvent, d.NewestEvent = f.OldestEvent, f.NewestEvent
			for _, o := range d.LogFiles {
				if o.OldestEvent.Before(d.OldestEvent) {
					d.OldestEvent = o.OldestEvent
				}
				if o.NewestEvent.After(d.NewestEvent) {
					d.NewestEvent = o.NewestEvent
				}
			}
		}
	})
	return at
}
