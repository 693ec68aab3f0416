package digest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// expectFindings holds a report's findings against their kinds and verdicts.
func expectFindings(t *testing.T, report *Report, verdict Verdict, want ...string) {
	t.Helper()
	var got []string
	for _, f := range report.Findings {
		got = append(got, fmt.Sprintf("%s %s %v", f.Region, f.Kind, f.Verdict))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || report.Verdict != verdict {
		t.Errorf("verdict %v with %q\nwant %v with %q\n%+v", report.Verdict, got, verdict, want, report.Findings)
	}
}

const (
	stopRecord   = `,"eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging","userIdentity":{"arn":"arn:aws:iam::111122223333:user/eve"},"requestParameters":{"name":"` + trailArn + `"}`
	deleteRecord = `,"eventSource":"cloudtrail.amazonaws.com","eventName":"DeleteTrail","requestParameters":{"name":"` + trailName + `"}`
)

// stopped is a world of three hours, a pause, and two more from hour 6, in which
// the third hour's last file at home has a record.
func stopped(record string) *world {
	w := emptyWorld()
	w.hours(0, 2)
	a := w.put(owner(home), hour(2.2), "", record)
	w.deliver(owner(home), hour(2), hour(3), a)
	w.deliver(owner(abroad), hour(2), hour(3))
	clear(w.heads)
	w.hours(6, 8)
	return w
}

func TestPauseIsExplainedByTheCallThatMadeIt(t *testing.T) {
	report := verify(t, stopped(stopRecord), Request{Bucket: bucketName, Now: hour(8.2)})
	expectFindings(t, report, Proven, home+" chain-gap proven", abroad+" chain-gap proven")
	for _, f := range report.Findings {
		if f.Cause == nil || f.Cause.EventName != "StopLogging" || f.Cause.Who != "arn:aws:iam::111122223333:user/eve" ||
			f.Cause.Key == "" || !f.From.Equal(hour(3)) || !f.To.Equal(hour(6)) {
			t.Errorf("%+v, cause %+v", f, f.Cause)
		}
	}
	if got := report.Chains[0].Proven; len(got) != 2 {
		t.Errorf("proven for %v", got)
	}
}

func TestPauseIsExplainedByACallWhoseOutcomeWasNotSeen(t *testing.T) {
	// The server died in the call, and wrote its record at the next start.
	unknown := strings.Replace(stopRecord, `,"eventName"`, `,"errorCode":"OutcomeUnknown","eventName"`, 1)
	report := verify(t, stopped(unknown), Request{Bucket: bucketName, Now: hour(8.2)})
	expectFindings(t, report, Proven, home+" chain-gap proven", abroad+" chain-gap proven")
}

func TestPauseIsExplainedByACallJustBeforeTheLastDigestBegan(t *testing.T) {
	w := emptyWorld()
	w.hours(0, 2)
	// The call was at 01:59 and delivered, by the last digest, at 02:00.
	a := w.put(owner(home), hour(2), stopRecord)
	w.deliver(owner(home), hour(2), hour(2.1), a)
	w.deliver(owner(abroad), hour(2), hour(2.1))
	clear(w.heads)
	w.hours(6, 8)
	report := verify(t, w, Request{Bucket: bucketName, Now: hour(8.2)})
	expectFindings(t, report, Proven, home+" chain-gap proven", abroad+" chain-gap proven")
}

func TestPauseOfNoTimeIsNoted(t *testing.T) {
	w := emptyWorld()
	w.hours(0, 2)
	clear(w.heads)
	w.hours(2, 4)
	report := verify(t, w, Request{Bucket: bucketName, Now: hour(4.2)})
	expectFindings(t, report, Proven, home+" chain-gap proven", abroad+" chain-gap proven")
	if got := report.Chains[0].Proven; len(got) != 1 {
		t.Errorf("proven for %v", got)
	}
}

func TestPauseThatNobodyMadeIsReported(t *testing.T) {
	failed := strings.Replace(stopRecord, `,"eventName"`, `,"errorCode":"AccessDenied","eventName"`, 1)
	another := strings.Replace(stopRecord, "trail/main", "trail/other", 1)
	elsewhere := strings.Replace(stopRecord, "us-east-1:111122223333", "us-east-1:999999999999", 1)
	harmless := strings.Replace(stopRecord, "StopLogging", "UpdateTrail", 1)
	for _, record := range []string{"", failed, another, elsewhere, harmless} {
		report := verify(t, stopped(record), Request{Bucket: bucketName, Now: hour(8.2)})
		expectFindings(t, report, Incomplete, home+" chain-gap incomplete", abroad+" chain-gap incomplete")
	}
}

func TestLogFilesInAPauseAreSeen(t *testing.T) {
	w := stopped("")
	w.put(owner(home), hour(4), "")
	report := verify(t, w, Request{Bucket: bucketName, Now: hour(8.2)})
	expectFindings(t, report, Tampered, home+" chain-gap tampered", home+" logs-unproven tampered", abroad+" chain-gap incomplete")
}

func TestDigestsDeletedBeforeAPauseAreSeen(t *testing.T) {
	w := stopped(stopRecord)
	w.remove(w.digestKey(home, 2)) // with the record of the call
	report := verify(t, w, Request{Bucket: bucketName, Now: hour(8.2)})
	expectFindings(t, report, Tampered, home+" chain-gap tampered", home+" logs-unproven tampered", abroad+" chain-gap incomplete")
}

func TestEndIsExplainedByTheCallThatMadeIt(t *testing.T) {
	for _, record := range []string{stopRecord, deleteRecord} {
		w := emptyWorld()
		w.hours(0, 2)
		a := w.put(owner(home), hour(2.2), record)
		w.deliver(owner(home), hour(2), hour(2.3), a)
		w.deliver(owner(abroad), hour(2), hour(2.3))
		report := verify(t, w, Request{Bucket: bucketName, Now: hour(20)})
		expectFindings(t, report, Proven, home+" chain-ends-early proven", abroad+" chain-ends-early proven")
	}
}

// TestWhatExplainsAnEndMayNotHaveBeenAskedFor: the call is recorded in the
// trail's home Region and, of an organization's trail, in its owner's account.
func TestWhatExplainsAnEndMayNotHaveBeenAskedFor(t *testing.T) {
	w := emptyWorld()
	w.hours(0, 2)
	w.deliver(owner(home), hour(2), hour(2.3), w.put(owner(home), hour(2.2), stopRecord))
	w.deliver(owner(abroad), hour(2), hour(2.3))
	q := Request{Bucket: bucketName, Now: hour(20), Regions: []string{abroad}}
	expectFindings(t, verify(t, w, q), Incomplete, abroad+" chain-ends-early incomplete")

	// No call ends one Region of several.
	w = emptyWorld()
	far := owner("ap-northeast-1")
	w.keys[far.Region] = w.keys[home]
	w.hours(0, 3)
	for h := range 3 {
		w.deliver(far, hour(float64(h)), hour(float64(h+1)))
	}
	w.remove(w.digestKey(abroad, -1))
	q = Request{Bucket: bucketName, Now: hour(3.3), Regions: []string{abroad, far.Region}}
	expectFindings(t, verify(t, w, q), Tampered, abroad+" chain-ends-early tampered", abroad+" logs-pending proven")

	w = emptyWorld()
	o := Owner{OrganizationID: "o-exampleorgid", Account: "444455556666", Region: home}
	w.deliver(o, hour(0), hour(1), w.put(o, hour(0.5), ""))
	q = Request{Bucket: bucketName, Now: hour(20), Accounts: []string{o.Account}}
	expectFindings(t, verify(t, w, q), Incomplete, home+" chain-ends-early incomplete")
	q.Accounts = nil
	expectFindings(t, verify(t, w, q), Tampered, home+" chain-ends-early tampered")
}

// TestOnlyASettingThatEndsTheChainExplainsItsEnd: clients like Terraform name all
// settings whatever they change.
func TestOnlyASettingThatEndsTheChainExplainsItsEnd(t *testing.T) {
	for parameters, want := range map[string][2]Verdict{ // at home, abroad
		`"s3BucketName":"` + bucketName + `","isOrganizationTrail":false,"isMultiRegionTrail":true,"enableLogFileValidation":true`: {Tampered, Tampered},
		`"isMultiRegionTrail":false`:                           {Tampered, Proven},
		`"enableLogFileValidation":false`:                      {Proven, Proven},
		`"s3BucketName":"another-bucket"`:                      {Proven, Proven},
		`"s3BucketName":"` + bucketName + `","s3KeyPrefix":""`: {Tampered, Tampered},
		`"s3KeyPrefix":"team"`:                                 {Proven, Proven},
	} {
		w := emptyWorld()
		w.hours(0, 2)
		record := `,"eventSource":"cloudtrail.amazonaws.com","eventName":"UpdateTrail","requestParameters":{"name":"` + trailArn + `",` + parameters + `}`
		w.deliver(owner(home), hour(2), hour(3), w.put(owner(home), hour(2.2), record))
		w.deliver(owner(abroad), hour(2), hour(3))
		expectFindings(t, verify(t, w, Request{Bucket: bucketName, Now: hour(20)}), max(want[0], want[1]),
			fmt.Sprintf("%s chain-ends-early %v", home, want[0]), fmt.Sprintf("%s chain-ends-early %v", abroad, want[1]))
	}
}

func TestStatusOfTheTrailTellsItsEnd(t *testing.T) {
	w := sixHours()
	q := Request{Bucket: bucketName, Now: hour(20)}
	expectFindings(t, verify(t, w, q), Tampered, home+" chain-ends-early tampered", abroad+" chain-ends-early tampered")
	status := map[string]Status{home: {Stopped: hour(6)}, abroad: {Stopped: hour(6)}}
	q.Status = func(_ context.Context, trail Trail, region string) Status {
		if want := (Trail{Account: accountID, HomeRegion: home, Name: trailName}); trail != want {
			t.Errorf("asked about %+v", trail)
		}
		return status[region]
	}
	expectFindings(t, verify(t, w, q), Proven)
	q.Now = hour(7.1)
	status = map[string]Status{home: {LatestDigest: hour(7.05)}}
	expectFindings(t, verify(t, w, q), Tampered, home+" chain-ends-early tampered")
}

// TestTheLastDigestOfAStoppedTrailIsMissed though it is shorter than an interval
// and holds the very call that would explain its absence.
func TestTheLastDigestOfAStoppedTrailIsMissed(t *testing.T) {
	w := emptyWorld()
	w.hours(0, 6)
	a := w.put(owner(home), hour(6.4), stopRecord)
	w.deliver(owner(home), hour(6), hour(6.5), a)
	w.deliver(owner(abroad), hour(6), hour(6.5))
	for at, o := range w.objects {
		if k, ok := ParseDigestKey(at.key); ok {
			o.modified = k.Time.Add(2 * time.Second)
			w.objects[at] = o
		}
	}
	q := Request{Bucket: bucketName, Now: hour(7), Status: func(context.Context, Trail, string) Status {
		return Status{Stopped: hour(6.4), LatestDigest: hour(6.5).Add(4 * time.Second)}
	}}
	expectFindings(t, verify(t, w, q), Proven)
	w.remove(w.digestKey(home, -1))
	w.remove(place{bucketName, a.Key})
	w.remove(w.digestKey(abroad, -1))
	expectFindings(t, verify(t, w, q), Tampered, home+" chain-ends-early tampered", abroad+" chain-ends-early tampered")
	// An older one is stored once more.
	older := w.digestKey(abroad, 1)
	o := w.objects[older]
	o.modified = hour(6.8)
	w.objects[older] = o
	expectFindings(t, verify(t, w, q), Tampered, home+" chain-ends-early tampered", abroad+" chain-ends-early tampered")
}

// TestLateDigestsAreNoDeletedOnes, if the status tells, as after a server was given
// a longer interval, or stands still.
func TestLateDigestsAreNoDeletedOnes(t *testing.T) {
	w := emptyWorld()
	w.hours(0, 6)
	store := func(at time.Time, key place) {
		o := w.objects[key]
		o.modified = at
		w.objects[key] = o
	}
	for at := range w.objects {
		if k, ok := ParseDigestKey(at.key); ok {
			store(k.Time.Add(2*time.Second), at)
		}
	}
	q := Request{Bucket: bucketName, Now: hour(20), Status: func(context.Context, Trail, string) Status {
		return Status{LatestDigest: hour(6).Add(4 * time.Second)}
	}}
	expectFindings(t, verify(t, w, q), Incomplete, home+" chain-ends-early incomplete", abroad+" chain-ends-early incomplete")
	// The newest is deleted, and the one before it stored again.
	for _, region := range []string{home, abroad} {
		w.remove(w.digestKey(region, -1))
		store(hour(6).Add(10*time.Second), w.digestKey(region, -2))
	}
	report := verify(t, w, q)
	if report.Verdict != Tampered {
		t.Errorf("a digest that was stored again stands for a deleted one: %+v", report.Findings)
	}
}

func TestSavedSignaturesTellOfDeletedDigests(t *testing.T) {
	w := emptyWorld()
	w.hours(0, 6)
	saved := map[string]string{}
	q := Request{Bucket: bucketName, Now: hour(6.1), Signatures: saved}
	for _, c := range verify(t, w, q).Chains {
		saved[c.Newest] = c.NewestSignature
	}
	expectFindings(t, verify(t, w, q), Proven)
	changed := w.clone()
	changed.rewriteLast(home, func(d *Digest) { d.LogFiles, d.OldestEvent, d.NewestEvent = nil, time.Time{}, time.Time{} })
	expectFindings(t, verify(t, changed, q), Tampered, home+" digest-replaced tampered", home+" log-unnamed tampered", home+" log-unnamed tampered")
	w.remove(w.digestKey(home, -1))
	w.remove(w.digestKey(abroad, -1))
	expectFindings(t, verify(t, w, q), Tampered, home+" digest-missing tampered", abroad+" digest-missing tampered",
		home+" logs-pending proven", abroad+" logs-pending proven")
}

func TestCopyWithoutMetadataIsProvenByTheDigestsAfter(t *testing.T) {
	w := sixHours().clone()
	w.copied = true
	report := verify(t, w, request(w))
	expectFindings(t, report, Incomplete, home+" signature-not-in-copy incomplete", abroad+" signature-not-in-copy incomplete")
	for _, c := range report.Chains {
		if want := []Interval{{hour(0), hour(5)}}; !slices.Equal(c.Proven, want) {
			t.Errorf("%s: proven for %v, want %v", c.Region, c.Proven, want)
		}
	}
	q := request(w)
	q.Signatures = map[string]string{}
	for _, region := range []string{home, abroad} {
		at := w.digestKey(region, -1)
		q.Signatures[at.key] = w.objects[at].metadata[MetadataSignature]
	}
	expectFindings(t, verify(t, w, q), Proven)
	w.rewrite(w.digestKey(home, 2), func(d *Digest) { d.LogFiles, d.OldestEvent, d.NewestEvent = nil, time.Time{}, time.Time{} })
	report = verify(t, w, q)
	if report.Verdict != Tampered || report.Findings[0].Kind != DigestSignature {
		t.Errorf("a changed digest: %+v", report.Findings)
	}
}

// TestTheDigestAfterTheTimeAskedForProvesACopysLast, without being proven itself.
func TestTheDigestAfterTheTimeAskedForProvesACopysLast(t *testing.T) {
	w := sixHours().clone()
	w.copied = true
	q := request(w)
	q.End = hour(3)
	report := verify(t, w, q)
	expectFindings(t, report, Proven)
	if report.Digests != 6 || !slices.Equal(report.Chains[0].Proven, []Interval{{hour(0), hour(3)}}) {
		t.Errorf("proven are %+v", report.Chains)
	}
	w.setBody(w.digestKey(home, 3), nil)
	expectFindings(t, verify(t, w, q), Incomplete, home+" signature-not-in-copy incomplete")
}

// TestTheLastDigestAskedForIsMissedInItsOwnRegionOnly although the one after it
// reaches further than the other Regions' last.
func TestTheLastDigestAskedForIsMissedInItsOwnRegionOnly(t *testing.T) {
	w := sixHours().clone()
	w.remove(w.digestKey(home, 2))
	q := request(w)
	q.End = hour(3)
	report := verify(t, w, q)
	for _, f := range report.Findings {
		if f.Region != home {
			t.Errorf("finding %+v", f)
		}
	}
	if report.Findings[0].Kind != DigestMissing {
		t.Errorf("findings %+v", report.Findings)
	}
}

func TestKeysThatAreNotKnownAccuseNobody(t *testing.T) {
	w := sixHours().clone()
	delete(w.keys, abroad)
	report := verify(t, w, request(w))
	if report.Verdict != Incomplete || report.Findings[0].Kind != DigestKeyUnknown {
		t.Errorf("%v: %+v", report.Verdict, report.Findings)
	}
	if len(report.Chains[1].Proven) == 0 {
		t.Errorf("the other Region is proven for %v", report.Chains[1].Proven)
	}
}

func TestOnlyTheTimeAskedForIsVerified(t *testing.T) {
	w := emptyWorld()
	w.hours(0, 8)
	w.remove(w.digestKey(home, 0))
	w.setBody(w.logKey(home, -1), nil)
	q := Request{Bucket: bucketName, Now: hour(8.2), Start: hour(2.5), End: hour(5.5)}
	report := verify(t, w, q)
	expectFindings(t, report, Proven)
	if want := []Interval{{hour(2), hour(6)}}; !slices.Equal(report.Chains[0].Proven, want) {
		t.Errorf("proven for %v, want %v", report.Chains[0].Proven, want)
	}
	// The time is the same, and the archive is not.
	w.remove(w.digestKey(home, 1)) // that of the third hour
	expectFindings(t, verify(t, w, q), Tampered, home+" digest-missing tampered", home+" logs-unproven tampered")
}

func TestFileOfTheMinuteAtTheStartIsOlderThanWhatIsAskedFor(t *testing.T) {
	w := emptyWorld()
	a := w.put(owner(home), hour(1), "")
	end := hour(1).Add(10 * time.Second)
	w.deliver(owner(home), hour(0), end, a)
	w.deliver(owner(home), end, hour(2))
	expectFindings(t, verify(t, w, Request{Bucket: bucketName, Now: hour(2.2), Start: end}), Proven)
}

func TestChainThatEndedBeforeTheTimeAskedForIsMissed(t *testing.T) {
	q := Request{Bucket: bucketName, Now: hour(20), Start: hour(10)}
	expectFindings(t, verify(t, sixHours(), q), Tampered, home+" chain-ends-early tampered", abroad+" chain-ends-early tampered")
	q.Start, q.Now = hour(100), hour(120)
	expectFindings(t, verify(t, sixHours(), q), Incomplete, home+" no-digests incomplete", abroad+" no-digests incomplete")
}

func TestFirstDigestWithinTheTimeAskedForIsNoted(t *testing.T) {
	q := Request{Bucket: bucketName, Now: hour(6.5), Start: hour(-3)}
	expectFindings(t, verify(t, sixHours(), q), Proven, home+" chain-begins proven", abroad+" chain-begins proven")
}

func TestYoungLogFilesAreNotTampering(t *testing.T) {
	w := emptyWorld()
	w.hours(0, 6)
	w.put(owner(home), hour(6.2), "")
	expectFindings(t, verify(t, w, request(w)), Proven, home+" logs-pending proven")
}

func TestLogFilesBeforeTheFirstDigestAreUnproven(t *testing.T) {
	w := emptyWorld()
	w.put(owner(home), hour(-1), "")
	w.hours(0, 6)
	expectFindings(t, verify(t, w, request(w)), Incomplete, home+" logs-unproven incomplete")
}

func TestChainIsFollowedToWhereItWasBefore(t *testing.T) {
	// What lies under the prefix was delivered before the trail lost it.
	chain := emptyWorld()
	was := Owner{Prefix: "before", Account: accountID, Region: home}
	d := newDigest(was, hour(0), hour(1), chain.put(was, hour(0.5), ""))
	chain.heads[owner(home).folder(kindDigest)] = chain.store(d)
	chain.deliver(owner(home), hour(1), hour(2))
	chain.deliver(owner(home), hour(2), hour(3), chain.put(owner(home), hour(2.5), ""))
	q := Request{Bucket: bucketName, Now: hour(3.2)}
	report := verify(t, chain, q)
	expectFindings(t, report, Proven)
	if want := []Interval{{hour(0), hour(3)}}; !slices.Equal(report.Chains[0].Proven, want) || report.LogFiles != 2 {
		t.Errorf("proven for %v, want %v; %+v", report.Chains[0].Proven, want, report.Counts)
	}
	added := chain.clone()
	added.put(was, hour(0.7), "")
	expectFindings(t, verify(t, added, q), Tampered, home+" log-unnamed tampered")
	chain.remove(place{d.Bucket, d.Key})
	expectFindings(t, verify(t, chain, q), Tampered, home+" digest-missing tampered", home+" logs-unproven tampered")
}

func TestChainIsFollowedWhereverATrailWentBackAndForth(t *testing.T) {
	chain := emptyWorld()
	here, there := owner(home), Owner{Prefix: "there", Account: accountID, Region: home}
	var before *head
	for h, o := range []Owner{here, there, there, here, there, here, there} {
		d := newDigest(o, hour(float64(h)), hour(float64(h+1)), chain.put(o, hour(float64(h)+0.5), ""))
		if before != nil {
			d.Previous = &Previous{
				Bucket: before.digest.Bucket, Key: before.digest.Key,
				Hash: before.hash, HashAlgorithm: HashAlgorithm, Signature: before.sign,
			}
		}
		before = chain.store(d)
	}
	q := Request{Bucket: bucketName, Prefix: "there", Now: hour(7.2)}
	report := verify(t, chain, q)
	expectFindings(t, report, Proven)
	if report.Digests != 7 || report.LogFiles != 7 {
		t.Errorf("proven are %+v", report.Counts)
	}
	// What is there after the trail went away for good is no part of the chain,
	// unless somebody tells that it went there.
	q.Prefix = ""
	if report = verify(t, chain, q); report.Digests != 6 {
		t.Errorf("proven are %+v", report.Counts)
	}
	q.Describe = described(Settings{Bucket: bucketName, Prefix: "there"})
	if report = verify(t, chain, q); report.Digests != 7 {
		t.Errorf("proven are %+v", report.Counts)
	}
}

func TestOrganizationTrailIsVerifiedByAccount(t *testing.T) {
	w := emptyWorld()
	for _, account := range []string{accountID, "444455556666"} {
		o := Owner{OrganizationID: "o-exampleorgid", Account: account, Region: home}
		for h := range 3 {
			w.deliver(o, hour(float64(h)), hour(float64(h+1)), w.put(o, hour(float64(h)+0.5), ""))
		}
	}
	q := Request{Bucket: bucketName, TrailARN: trailArn, Now: hour(3.2)}
	report := verify(t, w, q)
	expectFindings(t, report, Proven)
	if len(report.Chains) != 2 || report.Digests != 6 {
		t.Errorf("chains %+v", report.Chains)
	}
	q.Accounts = []string{"444455556666"}
	if report = verify(t, w, q); len(report.Chains) != 1 || report.Chains[0].Account != "444455556666" {
		t.Errorf("chains %+v", report.Chains)
	}
}

func TestTwoTrailsShareABucket(t *testing.T) {
	w := emptyWorld()
	w.hours(0, 3)
	for h := range 3 {
		f := w.put(owner(home), hour(float64(h)+0.7), "")
		d := newDigest(owner(home), hour(float64(h)), hour(float64(h+1)), f)
		d.Key = strings.Replace(d.Key, "_main_", "_other_", 1)
		if before := w.heads["other"]; before != nil {
			d.Previous = &Previous{Bucket: before.digest.Bucket, Key: before.digest.Key, Hash: before.hash, HashAlgorithm: HashAlgorithm, Signature: before.sign}
		}
		w.heads["other"] = w.store(d)
	}
	q := Request{Bucket: bucketName, TrailARN: trailArn, Now: hour(3.2)}
	report := verify(t, w, q)
	expectFindings(t, report, Proven)
	if report.Digests != 6 || report.LogFiles != 8 {
		t.Errorf("counted %+v, which is not the one trail", report.Counts)
	}
	q.TrailARN = ""
	if report = verify(t, w, q); report.Verdict != Proven || report.Digests != 9 || report.LogFiles != 11 {
		t.Errorf("counted %+v, which is not both trails: %+v", report.Counts, report.Findings)
	}
}

func TestBackfillDigestsAreASecondChain(t *testing.T) {
	w := emptyWorld()
	w.hours(0, 6)
	f := w.put(owner(home), hour(2.5), "")
	d := newDigest(owner(home), hour(2), hour(3), f)
	k, _ := ParseDigestKey(d.Key)
	k.Backfill = true
	d.Key = k.String()
	// It is signed long after its time, with the key of then.
	d.KeyFingerprint = Fingerprint(&testKeys()[1].PublicKey)
	raw, _ := d.Encode()
	sign, err := Sign(testKeys()[1], d, raw)
	if err != nil {
		t.Fatal(err)
	}
	at := place{d.Bucket, d.Key}
	w.objects[at] = stored{body: pack(raw), metadata: map[string]string{
		MetadataSignature: sign, MetadataSignatureAlgorithm: SignatureAlgorithm, MetadataBackfill: "2026-03-01T05:30:00.000Z",
	}}
	report := verify(t, w, request(w))
	expectFindings(t, report, Proven)
	if report.Digests != 13 {
		t.Errorf("counted %+v", report.Counts)
	}
	for _, never := range []string{"2026-01-10T00:00:00.000Z", "9999-12-31T23:59:59.000Z"} {
		w.setMetadata(at, MetadataBackfill, never)
		expectFindings(t, verify(t, w, request(w)), Tampered, home+" digest-times tampered")
	}
	w.setMetadata(at, MetadataBackfill, "")
	expectFindings(t, verify(t, w, request(w)), Tampered, home+" digest-unsigned tampered")
	w.keys[home][1].ValidFrom = hour(7)
	w.setMetadata(at, MetadataBackfill, "2026-03-01T05:30:00.000Z")
	if report = verify(t, w, request(w)); report.Findings[0].Kind != DigestKeyNotValid {
		t.Errorf("a key of another time: %+v", report.Findings)
	}
}

func TestRegionsAskedForMustBeThere(t *testing.T) {
	q := request(nil)
	q.Regions = []string{home, abroad, "ap-south-1"}
	expectFindings(t, verify(t, sixHours(), q), Tampered, "ap-south-1 no-digests tampered")
	q.Regions = []string{home}
	expectFindings(t, verify(t, sixHours(), q), Proven)
	q.TrailARN = strings.Replace(trailArn, "main", "other", 1)
	report := verify(t, sixHours(), q)
	if report.Verdict != Incomplete || report.Digests != 0 {
		t.Errorf("another trail: %+v", report)
	}
}

func TestReportIsTheSameForTheSameArchive(t *testing.T) {
	w := sixHours().clone()
	for _, c := range []int{3, 1, 4, 8, 5} {
		w.setBody(w.logKey(home, c), []byte("x"))
	}
	w.remove(w.digestKey(abroad, 2))
	first := verify(t, w, request(w))
	for range 5 {
		if again := verify(t, w, request(w)); !reflect.DeepEqual(again, first) {
			t.Fatalf("%+v\nis not\n%+v", again, first)
		}
	}
}

func TestFaultThatPassesIsRetried(t *testing.T) {
	w := sixHours().clone()
	flaky := &flakyWorld{world: w, at: w.logKey(home, 3), left: attempts - 1}
	report, err := Verify(t.Context(), flaky, w, Request{Bucket: bucketName, Now: hour(6.5), Parallel: 1})
	if err != nil || report.Verdict != Proven {
		t.Errorf("%+v, %v", report, err)
	}
}

type flakyWorld struct {
	*world
	at   place
	left int
}

func (w *flakyWorld) Open(ctx context.Context, bucket, key string) (Content, error) {
	if w.at == (place{bucket, key}) && w.left > 0 {
		w.left--
		return Content{}, errors.New("connection reset")
	}
	return w.world.Open(ctx, bucket, key)
}

func TestRequestsThatMeanNothingAreRefused(t *testing.T) {
	for name, q := range map[string]Request{
		"no time":         {Bucket: bucketName},
		"ends too early":  {Bucket: bucketName, Now: hour(5), Start: hour(6)},
		"no trail's name": {Bucket: bucketName, Now: hour(5), TrailARN: "main"},
		"nothing there":   {Bucket: bucketName, Now: hour(5), Prefix: "elsewhere"},
	} {
		report, err := Verify(t.Context(), sixHours(), sixHours(), q)
		if err == nil || errors.Is(err, ErrRequest) == (name == "nothing there") {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Verify(ended, sixHours(), sixHours(), request(nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("a request that was given up: %v", err)
	}
}

func TestProgressIsTold(t *testing.T) {
	q := request(nil)
	var last Counts
	q.Progress = func(c Counts) { last = c }
	report := verify(t, sixHours(), q)
	if last != report.Counts {
		t.Errorf("told %+v, and it was %+v", last, report.Counts)
	}
}
