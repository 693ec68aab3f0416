package digest

import (
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"
	"time"
)

// TestKeysOfAnotherRegionAccuseNobody, once they are known to be those of another
// one.
func TestKeysOfAnotherRegionAccuseNobody(t *testing.T) {
	for _, copied := range []bool{false, true} {
		w := otherKeysAbroad(t)
		w.copied = copied
		w.keys[abroad] = w.keys[home]
		q := Request{Bucket: bucketName, Now: hour(5.2), End: hour(4.5)}
		if report := verify(t, w, q); report.Verdict != Tampered {
			t.Errorf("keys that are all: %+v", report)
		}
		q.PartialKeys = true
		report := verify(t, w, q)
		for _, f := range report.Findings {
			if f.Verdict != Incomplete || f.Kind != DigestKeyUnknown && f.Kind != SignatureNotCopied {
				t.Errorf("copied %v: %+v", copied, f)
			}
		}
		if want := "those that were in use at 2026-03-01T01:00:00Z are keys of " + home + "."; !strings.Contains(report.Findings[0].Message, want) {
			t.Errorf("%q has no %q", report.Findings[0].Message, want)
		}
		if q.Regions = []string{abroad}; verify(t, w, q).Verdict != Tampered {
			t.Error("nothing shows that the keys are not the Region's")
		}
	}
}

// TestForgerMakesNoKeyAnotherRegions: he signs all of a Region's digests anew, and
// has its keys look like another's.
func TestForgerMakesNoKeyAnotherRegions(t *testing.T) {
	w := otherKeysAbroad(t)
	real := w.keys[abroad]
	w.keys[home] = append(w.keys[home], real...)
	w.keys[abroad] = w.keys[home]
	q := Request{Bucket: bucketName, Now: hour(5.2), PartialKeys: true}
	expectFindings(t, verify(t, w, q), Proven)
	// A digest abroad is copied to where home's are.
	genuine := w.objects[w.digestKey(abroad, 0)]
	forge(t, w, abroad)
	w.objects[place{bucketName, strings.ReplaceAll(w.digestKey(abroad, 0).key, "CloudTrail-Digest/"+abroad, "CloudTrail-Digest/"+home)}] = genuine
	at := w.digestKey(home, 0)
	at.key = strings.Replace(at.key, "010000Z", "003000Z", 1)
	w.objects[at] = genuine
	report := verify(t, w, q)
	n := 0
	for _, f := range report.Findings {
		if f.Region == abroad && f.Kind == DigestKeyUnknown {
			if n++; f.Verdict != Tampered {
				t.Errorf("%+v", f)
			}
		}
	}
	if n != 5 {
		t.Errorf("%d digests are forged: %+v", n, report.Findings)
	}
}

// TestKeysThatAreTooOldAccuseNobody, if there may be newer ones.
func TestKeysThatAreTooOldAccuseNobody(t *testing.T) {
	w := sixHours().clone()
	for region, keys := range w.keys {
		keys[0].ValidTo = hour(4.5)
		w.keys[region] = keys[:1]
	}
	q := request(w)
	if verify(t, w, q).Verdict != Tampered {
		t.Error("all keys are known, and not this one")
	}
	q.PartialKeys = true
	report := verify(t, w, q)
	if len(report.Findings) != 6 {
		t.Errorf("%+v", report.Findings)
	}
	for _, f := range report.Findings {
		if f.Kind != DigestKeyUnknown || (f.Verdict == Tampered) != strings.Contains(f.Key, "T040000Z") {
			t.Errorf("%+v", f)
		}
	}
}

// otherKeysAbroad is a world of three hours with another key abroad.
func otherKeysAbroad(t *testing.T) *world {
	t.Helper()
	w := emptyWorld()
	w.hours(0, 5)
	w.keys[abroad] = []PublicKey{forge(t, w, abroad)}
	return w
}

// forge signs all digests of a Region anew, with a new key.
func forge(t *testing.T, w *world, region string) PublicKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	var previous *Previous
	for n := range 5 {
		at := w.digestKey(region, n)
		d := w.digest(at)
		d.KeyFingerprint, d.Previous = Fingerprint(&key.PublicKey), previous
		raw, err := d.Encode()
		if err != nil {
			t.Fatal(err)
		}
		signature, err := Sign(key, d, raw)
		if err != nil {
			t.Fatal(err)
		}
		w.setBody(at, pack(raw))
		w.setMetadata(at, MetadataSignature, signature)
		previous = &Previous{Bucket: d.Bucket, Key: d.Key, Hash: Hash(raw), HashAlgorithm: HashAlgorithm, Signature: signature}
	}
	return NewPublicKey(&key.PublicKey, day.Add(-time.Hour), day.AddDate(0, 0, 30))
}
