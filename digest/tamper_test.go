package digest

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestWhatIsUntouchedIsProven(t *testing.T) {
	w := sixHours()
	report := verify(t, w, request(w))
	if report.Verdict != Proven || len(report.Findings) != 0 {
		t.Errorf("verdict %v, findings %+v", report.Verdict, report.Findings)
	}
	if want := (Counts{Digests: 12, LogFiles: 17, Records: 34, Bytes: report.Bytes}); report.Counts != want {
		t.Errorf("counted %+v, want %+v", report.Counts, want)
	}
	if len(report.Chains) != 2 {
		t.Fatalf("chains %+v", report.Chains)
	}
	for _, c := range report.Chains {
		if want := []Interval{{From: hour(0), To: hour(6)}}; !slices.Equal(c.Proven, want) {
			t.Errorf("%s: proven %v, want %v", c.Region, c.Proven, want)
		}
	}
}

// tampering is one way to do wrong. apply returns the place that must be named.
type tampering struct {
	name    string
	apply   func(w *world) place
	kind    Kind
	verdict Verdict
	// also are findings that follow from it.
	also []Kind
}

var tamperings = slices.Concat(digestTamperings, chainTamperings, logTamperings)

var digestTamperings = []tampering{
	{"the signature is missing", func(w *world) place {
		return w.setMetadata(w.digestKey(home, 2), MetadataSignature, "")
	}, DigestUnsigned, Tampered, nil},
	{"the name of the algorithm is missing", func(w *world) place {
		return w.setMetadata(w.digestKey(home, 2), MetadataSignatureAlgorithm, "")
	}, DigestUnsigned, Tampered, nil},
	{"the signature is another digest's", func(w *world) place {
		return w.setMetadata(w.digestKey(home, 2), MetadataSignature, w.objects[w.digestKey(home, 3)].metadata[MetadataSignature])
	}, DigestSignature, Tampered, nil},
	{"the signature is no hex", func(w *world) place {
		return w.setMetadata(w.digestKey(home, 2), MetadataSignature, "signed, me")
	}, DigestSignature, Tampered, nil},
	{"a log file is taken out of a digest", func(w *world) place {
		at := w.digestKey(home, 2)
		signature := w.objects[at].metadata[MetadataSignature]
		w.rewrite(at, func(d *Digest) {
			d.LogFiles = d.LogFiles[:1]
			d.NewestEvent = d.LogFiles[0].NewestEvent
		})
		return w.setMetadata(at, MetadataSignature, signature)
	}, DigestSignature, Tampered, []Kind{LogsUnproven}},
	{"the key is one of nobody", func(w *world) place {
		return w.rewriteLast(home, func(d *Digest) { d.KeyFingerprint = strings.Repeat("0", 32) })
	}, DigestKeyUnknown, Tampered, nil},
	{"the key was not in use yet", func(w *world) place {
		w.keys[home][0].ValidFrom = hour(3.5) // two hours are allowed for
		w.keys[home][0].ValidTo = hour(8)
		return w.digestKey(home, 0)
	}, DigestKeyNotValid, Tampered, nil},
	{"the digest names another algorithm", func(w *world) place {
		return w.rewriteLast(home, func(d *Digest) { d.SignatureAlgorithm = "SHA1withRSA" })
	}, DigestAlgorithm, Tampered, nil},
	{"the metadata names another algorithm", func(w *world) place {
		return w.setMetadata(w.digestKey(home, 5), MetadataSignatureAlgorithm, "none")
	}, DigestAlgorithm, Tampered, nil},
	{"the digest is signed with SHA-512", func(w *world) place {
		at := w.digestKey(home, -1)
		d := w.digest(at)
		raw, _ := d.Encode()
		sum := sha512.Sum512(SigningString(d, raw))
		signature, err := rsa.SignPKCS1v15(nil, signer(d.EndTime), crypto.SHA512, sum[:])
		if err != nil {
			panic(err)
		}
		return w.setMetadata(at, MetadataSignature, hex.EncodeToString(signature))
	}, DigestAlgorithm, Tampered, nil},
	{"the previous digest is hashed with MD5", func(w *world) place {
		return w.rewriteLast(home, func(d *Digest) { d.Previous.HashAlgorithm = "MD5" })
	}, DigestAlgorithm, Tampered, nil},
	{"the digest is no gzip", func(w *world) place {
		return w.setBody(w.digestKey(home, 2), []byte("{}"))
	}, DigestDamaged, Tampered, []Kind{LogsUnproven}},
	{"the digest is cut off", func(w *world) place {
		at := w.digestKey(home, 2)
		return w.setBody(at, w.objects[at].body[:100])
	}, DigestDamaged, Tampered, []Kind{LogsUnproven}},
	{"the digest is no JSON", func(w *world) place {
		return w.setBody(w.digestKey(home, 2), pack([]byte("<digest/>")))
	}, DigestDamaged, Tampered, []Kind{LogsUnproven}},
	{"the digest is a bomb", func(w *world) place {
		return w.setBody(w.digestKey(home, 2), pack(make([]byte, MaxSize+1)))
	}, DigestDamaged, Tampered, []Kind{LogsUnproven}},
	{"the digest says another account", func(w *world) place {
		return w.rewriteLast(home, func(d *Digest) { d.AccountID = "999999999999" })
	}, DigestMisnamed, Tampered, nil},
	{"the digest says another time", func(w *world) place {
		return w.rewriteLast(home, func(d *Digest) { d.EndTime = d.EndTime.Add(-time.Minute) })
	}, DigestMisnamed, Tampered, nil},
	{"the digest ends before it starts", func(w *world) place {
		return w.rewriteLast(home, func(d *Digest) { d.StartTime = d.EndTime.Add(time.Hour) })
	}, DigestTimes, Tampered, nil},
	{"the digest's event times are false", func(w *world) place {
		return w.rewriteLast(home, func(d *Digest) { d.NewestEvent = d.NewestEvent.Add(time.Minute) })
	}, DigestEventTimes, Tampered, nil},
	{"an object among the digests has another name", func(w *world) place {
		at := place{bucketName, w.digestKey(home, 2).key + ".bak"}
		w.objects[at] = stored{}
		return at
	}, UnexpectedObject, Incomplete, nil},
	{"a digest cannot be read", func(w *world) place {
		at := w.digestKey(home, 2)
		w.fail[at] = errors.New("access denied")
		return at
	}, NotChecked, Incomplete, []Kind{LogsUnproven}},
}

var chainTamperings = []tampering{
	{"a digest in the middle is deleted", func(w *world) place { return w.remove(w.digestKey(home, 3)) },
		DigestMissing, Tampered, []Kind{LogsUnproven}},
	{"two digests in the middle are deleted", func(w *world) place {
		w.remove(w.digestKey(home, 3))
		return w.remove(w.digestKey(home, 3))
	}, DigestMissing, Tampered, []Kind{LogsUnproven}},
	{"the oldest digest is deleted", func(w *world) place { return w.remove(w.digestKey(home, 0)) },
		DigestMissing, Tampered, []Kind{LogsUnproven}},
	{"the newest digest of a Region is deleted", func(w *world) place {
		w.remove(w.digestKey(home, -1))
		return w.digestKey(home, -1)
	}, ChainEndsEarly, Tampered, []Kind{LogsPending}},
	{"the newest two digests are deleted", func(w *world) place {
		w.remove(w.digestKey(home, -1))
		w.remove(w.digestKey(home, -1))
		return w.digestKey(home, -1)
	}, ChainEndsEarly, Tampered, []Kind{LogsPending}},
	{"the newest digests of all Regions are deleted", func(w *world) place {
		for range 2 {
			w.remove(w.digestKey(home, -1))
			w.remove(w.digestKey(abroad, -1))
		}
		return w.digestKey(home, -1)
	}, ChainEndsEarly, Tampered, []Kind{LogsPending}},
	{"a digest is replaced by another one that is signed", func(w *world) place {
		at := w.digestKey(home, 2)
		w.rewrite(at, func(d *Digest) {
			d.LogFiles = nil
			d.OldestEvent, d.NewestEvent = time.Time{}, time.Time{}
		})
		return at
	}, DigestReplaced, Tampered, []Kind{LogsUnproven}},
	{"two digests are swapped", func(w *world) place {
		a, b := w.digestKey(home, 2), w.digestKey(home, 3)
		w.objects[a], w.objects[b] = w.objects[b], w.objects[a]
		return a
	}, DigestMoved, Tampered, []Kind{DigestMoved}},
	{"a digest is copied over another", func(w *world) place {
		at := w.digestKey(home, 3)
		w.objects[at] = w.objects[w.digestKey(home, 2)]
		return at
	}, DigestMoved, Tampered, []Kind{LogsUnproven}},
	{"the previous hash is false", func(w *world) place {
		w.rewriteLast(home, func(d *Digest) { d.Previous.Hash = strings.Repeat("0", 64) })
		return w.digestKey(home, -2)
	}, DigestReplaced, Tampered, []Kind{LogsUnproven}},
	{"the previous signature is false", func(w *world) place {
		w.rewriteLast(home, func(d *Digest) { d.Previous.Signature = strings.Repeat("0", 512) })
		return w.digestKey(home, -2)
	}, DigestReplaced, Tampered, []Kind{LogsUnproven}},
	{"a chain is begun anew within another digest", func(w *world) place {
		return w.rewriteLast(home, func(d *Digest) {
			d.Previous = nil
			d.StartTime = d.StartTime.Add(-time.Minute)
		})
	}, DigestOverlap, Tampered, nil},
	{"a digest starts before the one before it ends", func(w *world) place {
		return w.rewriteLast(home, func(d *Digest) { d.StartTime = d.StartTime.Add(-time.Minute) })
	}, DigestOverlap, Tampered, nil},
	{"a digest starts after the one before it ends", func(w *world) place {
		return w.rewriteLast(home, func(d *Digest) { d.StartTime = d.StartTime.Add(time.Minute) })
	}, ChainGap, Tampered, nil},
	{"the chain passes a digest by", func(w *world) place {
		before := w.digest(w.digestKey(home, -2)).Previous
		w.rewriteLast(home, func(d *Digest) { d.Previous = before })
		return w.digestKey(home, -2)
	}, DigestOutsideChain, Tampered, []Kind{ChainGap, LogsUnproven}},
	{"a digest follows itself", func(w *world) place {
		return w.rewriteLast(home, func(d *Digest) { d.Previous.Key = d.Key })
	}, DigestOutsideChain, Tampered, nil},
	{"all digests of a Region are deleted", func(w *world) place {
		for range 6 {
			w.remove(w.digestKey(home, 0))
		}
		return place{bucketName, owner(home).folder(kindDigest)}
	}, NoDigests, Tampered, nil},
}

var logTamperings = []tampering{
	{"a byte of a log file is changed", func(w *world) place {
		at := w.logKey(home, 3)
		raw, _ := ReadAll(bytes.NewReader(w.objects[at].body), MaxSize)
		raw[40] ^= 1
		return w.setBody(at, pack(raw))
	}, LogChanged, Tampered, nil},
	{"a log file is emptied", func(w *world) place {
		return w.setBody(w.logKey(home, 3), pack([]byte(`{"Records":[]}`)))
	}, LogChanged, Tampered, nil},
	{"a log file does not uncompress", func(w *world) place {
		return w.setBody(w.logKey(home, 3), []byte(`{"Records":[]}`))
	}, LogDamaged, Tampered, nil},
	{"a log file is cut off", func(w *world) place {
		at := w.logKey(home, 3)
		return w.setBody(at, w.objects[at].body[:60])
	}, LogDamaged, Tampered, nil},
	{"something is appended to a log file", func(w *world) place {
		at := w.logKey(home, 3)
		return w.setBody(at, slices.Concat(w.objects[at].body, pack([]byte(" "))))
	}, LogChanged, Tampered, nil},
	{"two log files are swapped", func(w *world) place {
		a, b := w.logKey(home, 2), w.logKey(home, 3)
		w.objects[a], w.objects[b] = w.objects[b], w.objects[a]
		return a
	}, LogChanged, Tampered, []Kind{LogChanged}},
	{"a log file is deleted", func(w *world) place { return w.remove(w.logKey(home, 3)) }, LogMissing, Tampered, nil},
	{"a log file is added", func(w *world) place {
		return place{bucketName, w.put(owner(home), hour(2.5), "", "").Key}
	}, LogUnnamed, Tampered, nil},
	{"a log file is copied", func(w *world) place {
		at := w.logKey(home, 3)
		k, _ := ParseLogFileKey(at.key)
		k.Unique = "copycopycopycopy"
		w.objects[place{bucketName, k.String()}] = w.objects[at]
		return place{bucketName, k.String()}
	}, LogUnnamed, Tampered, nil},
	{"a log file is added in the folder of another day", func(w *world) place {
		return w.move(w.put(owner(home), hour(2.5), "").Key, "2026/03/01", "2026/02/28")
	}, LogUnnamed, Tampered, nil},
	{"a log file whose time is to come is added in the folder of a day", func(w *world) place {
		return w.move(w.put(owner(home), hour(24*365*70), "").Key, "2096/02/12", "2026/03/01")
	}, LogUnnamed, Tampered, nil},
	{"a log file whose time is to come hides one that is added after it", func(w *world) place {
		w.move(w.put(owner(home), hour(24*365*70), "").Key, "2096/02/12", "2026/02/01")
		return place{bucketName, w.put(owner(home), hour(2.5), "").Key}
	}, LogUnnamed, Tampered, nil},
	{"a log file whose time is to come is added", func(w *world) place {
		return place{bucketName, w.put(owner(home), hour(24*365*70), "").Key}
	}, LogsPending, Incomplete, nil},
	{"an object among the log files has another name", func(w *world) place {
		at := place{bucketName, w.logKey(home, 3).key + ".bak"}
		w.objects[at] = stored{}
		return at
	}, UnexpectedObject, Incomplete, nil},
	{"a log file has been added since the newest digest", func(w *world) place {
		at := place{bucketName, w.put(owner(home), hour(2.5), "").Key}
		o := w.objects[at]
		o.modified = hour(6.4)
		w.objects[at] = o
		return at
	}, LogLate, Incomplete, nil},
	{"an object lies beside the folders of the Regions", func(w *world) place {
		at := place{bucketName, "AWSLogs/" + accountID + "/" + KindLog + "/events.json.gz"}
		w.objects[at] = stored{body: pack([]byte(`{"Records":[]}`))}
		return at
	}, UnexpectedObject, Incomplete, nil},
	{"a log file is hashed with MD5", func(w *world) place {
		w.rewriteLast(home, func(d *Digest) { d.LogFiles[1].HashAlgorithm = "MD5" })
		return w.logKey(home, -1)
	}, LogAlgorithm, Tampered, nil},
	{"a log file is named twice", func(w *world) place {
		again := w.digest(w.digestKey(home, 2)).LogFiles[0]
		w.rewriteLast(home, func(d *Digest) {
			d.LogFiles = append(d.LogFiles, again)
			d.OldestEvent = again.OldestEvent
		})
		return place{bucketName, again.Key}
	}, LogListedTwice, Tampered, nil},
	{"a digest names a log file of another Region", func(w *world) place {
		other := w.digest(w.digestKey(abroad, -1)).LogFiles[0]
		w.rewriteLast(home, func(d *Digest) { d.LogFiles = append(d.LogFiles, other) })
		return place{bucketName, other.Key}
	}, LogMisnamed, Tampered, nil},
	{"a log file's event times are false", func(w *world) place {
		w.rewriteLast(home, func(d *Digest) {
			d.LogFiles[1].NewestEvent = d.LogFiles[1].NewestEvent.Add(time.Minute)
			d.NewestEvent = d.LogFiles[1].NewestEvent
		})
		return w.logKey(home, -1)
	}, LogEventTimes, Tampered, nil},
	{"a log file's records are of another account", func(w *world) place {
		return w.replaceRecords(fmt.Sprintf(`{"Records":[{"eventTime":%q,"recipientAccountId":"999999999999"}]}`, text(hour(5.65))), setTimes(5.65))
	}, LogForeignRecords, Tampered, nil},
	{"a log file's records are of another Region", func(w *world) place {
		return w.replaceRecords(fmt.Sprintf(`{"Records":[{"eventTime":%q,"awsRegion":"eu-west-1"}]}`, text(hour(5.65))), setTimes(5.65))
	}, LogForeignRecords, Tampered, nil},
	{"a signed log file has no records", func(w *world) place { return w.replaceRecords(`{}`, nil) }, LogDamaged, Tampered, nil},
	{"a signed log file has two lists of records", func(w *world) place {
		return w.replaceRecords(`{"Records":[],"Records":[]}`, nil)
	}, LogDamaged, Tampered, nil},
	{"something follows a signed log file's records", func(w *world) place {
		return w.replaceRecords(`{"Records":[]}{"Records":[]}`, nil)
	}, LogDamaged, Tampered, nil},
	{"a log file cannot be read", func(w *world) place {
		at := w.logKey(home, 3)
		w.fail[at] = errors.New("slow down")
		return at
	}, NotChecked, Incomplete, nil},
}

func setTimes(h float64) func(*LogFile) {
	return func(f *LogFile) { f.OldestEvent, f.NewestEvent = hour(h), hour(h) }
}

// move stores an object in the folder of another day.
func (w *world) move(key, from, to string) place {
	at := place{bucketName, strings.Replace(key, "/"+from+"/", "/"+to+"/", 1)}
	if at.key == key {
		panic(key + " does not lie in " + from)
	}
	w.objects[at] = w.objects[place{bucketName, key}]
	w.remove(place{bucketName, key})
	return at
}

func (w *world) remove(at place) place {
	delete(w.objects, at)
	return at
}

// TestEveryTamperingIsFoundAndNamed finds that each is found, named with its
// file, and that nothing else is said to be wrong.
func TestEveryTamperingIsFoundAndNamed(t *testing.T) {
	sixHours()
	for _, c := range tamperings {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := sixHours().clone()
			at := c.apply(w)
			report := verify(t, w, request(w))
			if report.Verdict != c.verdict {
				t.Errorf("verdict %v, want %v", report.Verdict, c.verdict)
			}
			found := false
			for _, f := range report.Findings {
				named := f.Kind == c.kind && (place{f.Bucket, f.Key} == at) && f.Verdict == c.verdict
				found = found || named
				if f.Message == "" || !named && f.Kind != c.kind && !slices.Contains(c.also, f.Kind) {
					t.Errorf("finding %+v", f)
				}
			}
			if !found {
				t.Errorf("no %s of %s in %+v", c.kind, at, report.Findings)
			}
			if abroad := report.Chains[0]; abroad.Region == "eu-west-1" && !strings.Contains(c.name, "all Regions") &&
				!slices.Equal(abroad.Proven, []Interval{{hour(0), hour(6)}}) {
				t.Errorf("the Region that was not touched is proven for %v", abroad.Proven)
			}
		})
	}
}
