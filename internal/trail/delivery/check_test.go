package delivery_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-audit/cairn/digest"
)

// found is what a test finds in an S3.
type found struct {
	logs    map[string][]string // by bucket/key: the ids of the events
	digests []storedDigest      // by account, Region, trail and end
}

type storedDigest struct {
	digest.DigestKey
	*digest.Digest
	*object
}

// contents reads all that was delivered, and checks what can be said of each
// object alone.
func (w *world) contents() found {
	w.t.Helper()
	w.s3.mu.Lock()
	defer w.s3.mu.Unlock()
	for _, err := range w.s3.errs {
		w.t.Error(err)
	}
	b := found{logs: map[string][]string{}}
	for name, o := range w.s3.all {
		if o.in.ACL != "bucket-owner-full-control" {
			w.t.Errorf("%s has the ACL %q", name, o.in.ACL)
		}
		_, key, _ := strings.Cut(name, "/")
		if k, ok := digest.ParseDigestKey(key); ok {
			d, err := digest.Parse(o.raw)
			if err != nil {
				w.t.Errorf("%s: %v", name, err)
				continue
			}
			b.digests = append(b.digests, storedDigest{k, d, o})
			continue
		}
		if _, ok := digest.ParseLogFileKey(key); !ok {
			w.t.Errorf("%s is neither a log file nor a digest", name)
		}
		var log struct {
			Records []struct {
				EventID string `json:"eventID"`
			}
		}
		if err := json.Unmarshal(o.raw, &log); err != nil {
			w.t.Errorf("%s: %v", name, err)
		}
		for _, r := range log.Records {
			b.logs[name] = append(b.logs[name], r.EventID)
		}
	}
	slices.SortFunc(b.digests, func(a, b storedDigest) int {
		return cmp.Or(cmp.Compare(a.chain(), b.chain()), a.EndTime.Compare(b.EndTime))
	})
	return b
}

func (d storedDigest) chain() string {
	return d.Account + "/" + d.Region + "/" + d.DigestKey.HomeRegion + "/" + d.Trail
}

func (d storedDigest) name() string { return d.Bucket + "/" + d.Digest.Key }

// events are all delivered events, of the trail that delivers to a bucket.
func (b found) events(name string) []string {
	var all []string
	for key, ids := range b.logs {
		if strings.HasPrefix(key, name+"/") {
			all = append(all, ids...)
		}
	}
	slices.Sort(all)
	return all
}

// mustHave checks that a bucket has these events, each once.
func (b found) mustHave(t testing.TB, name string, want []string) {
	t.Helper()
	want = slices.Sorted(slices.Values(want))
	got := b.events(name)
	if slices.Equal(got, want) {
		return
	}
	t.Errorf("%s has %d events, want %d", name, len(got), len(want))
	seen := map[string]int{}
	for _, id := range got {
		seen[id]++
	}
	for _, id := range want {
		if seen[id] == 0 {
			t.Errorf("%s is missing", id)
		}
		seen[id]--
	}
	for id, n := range seen {
		if n > 0 {
			t.Errorf("%s is there %d times too often", id, n)
		}
	}
}

// checkChains checks all digests: signatures, links, names, and what they say of
// log files. It returns the digest that names each log file.
func (w *world) checkChains(b found) map[string]storedDigest {
	w.t.Helper()
	named := map[string]storedDigest{}
	var before storedDigest
	for _, d := range b.digests {
		if d.chain() != chainOf(before) {
			before = storedDigest{}
		}
		w.checkDigest(d)
		w.checkLink(before, d)
		for _, f := range d.LogFiles {
			name := f.Bucket + "/" + f.Key
			if other, ok := named[name]; ok {
				w.t.Errorf("%s is named by %s and by %s", name, other.name(), d.name())
			}
			named[name] = d
			o := w.s3.all[name]
			if o == nil {
				w.t.Errorf("%s names %s, which is not there", d.name(), name)
				continue
			}
			if digest.Hash(o.raw) != f.Hash {
				w.t.Errorf("%s has another hash than %s says", name, d.name())
			}
		}
		before = d
	}
	return named
}

func chainOf(d storedDigest) string {
	if d.Digest == nil {
		return ""
	}
	return d.chain()
}

func (w *world) checkDigest(d storedDigest) {
	w.t.Helper()
	if got := d.in; *got.Bucket != d.Bucket || *got.Key != d.Digest.Key {
		w.t.Errorf("%s says that it is %s/%s", *got.Key, d.Bucket, d.Digest.Key)
	}
	if !d.Time.Equal(d.EndTime) || !d.StartTime.Before(d.EndTime) {
		w.t.Errorf("%s is of %v to %v", d.name(), d.StartTime, d.EndTime)
	}
	if err := digest.Check(&theKey().PublicKey, d.Digest, d.raw, d.metadata[digest.MetadataSignature]); err != nil {
		w.t.Errorf("%s: %v", d.name(), err)
	}
	if d.metadata[digest.MetadataSignatureAlgorithm] != digest.SignatureAlgorithm {
		w.t.Errorf("%s: metadata %v", d.name(), d.metadata)
	}
}

// checkLink checks that a digest goes on where the one before ended, or begins a
// chain no earlier than that.
func (w *world) checkLink(before, d storedDigest) {
	w.t.Helper()
	if d.Previous == nil {
		if before.Digest != nil && d.StartTime.Before(before.EndTime) {
			w.t.Errorf("%s begins a chain at %v, before the last ended at %v", d.name(), d.StartTime, before.EndTime)
		}
		return
	}
	if before.Digest == nil {
		w.t.Errorf("%s has a predecessor, %s, and is the first", d.name(), d.Previous.Key)
		return
	}
	want := digest.Previous{
		Bucket: before.Bucket, Key: before.Digest.Key, Hash: digest.Hash(before.raw), HashAlgorithm: digest.HashAlgorithm,
		Signature: before.metadata[digest.MetadataSignature],
	}
	if *d.Previous != want {
		w.t.Errorf("%s comes after %+v, want %+v", d.name(), *d.Previous, want)
	}
	if !d.StartTime.Equal(before.EndTime) {
		w.t.Errorf("%s begins at %v, and the one before ends at %v", d.name(), d.StartTime, before.EndTime)
	}
}

// digestsOf are the digests of a Region, oldest first.
func (b found) digestsOf(region string) []storedDigest {
	return slices.DeleteFunc(slices.Clone(b.digests), func(d storedDigest) bool { return d.Region != region })
}

func (b found) regions() []string {
	all := map[string]bool{}
	for _, d := range b.digests {
		all[d.Region] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// checkSigned checks a digest with the key that it names.
func checkSigned(t testing.TB, d storedDigest, listed []digest.PublicKey) {
	t.Helper()
	for _, k := range listed {
		if k.Fingerprint != d.KeyFingerprint {
			continue
		}
		key, err := k.RSA()
		if err == nil {
			err = digest.Check(key, d.Digest, d.raw, d.metadata[digest.MetadataSignature])
		}
		if err != nil || !k.ValidAt(d.EndTime) {
			t.Errorf("%s: %v; its key is valid from %v to %v", d.name(), err, k.ValidFrom, k.ValidTo)
		}
		return
	}
	t.Errorf("the key of %s is not listed", d.name())
}
