package digest

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
)

var before = Owner{Prefix: "before", Account: accountID, Region: home}

const moveRecord = `,"eventSource":"cloudtrail.amazonaws.com","eventName":"UpdateTrail","requestParameters":{"name":"` + trailArn + `","s3KeyPrefix":""}`

// movedWorld is a trail that delivered below the prefix "before" until hour 2,
// and has none since. What was delivered there last is named by the first digest
// after the move, whose event lies there as well.
func movedWorld() *world {
	w := emptyWorld()
	w.deliver(before, hour(0), hour(1), w.put(before, hour(0.5), ""))
	w.deliver(before, hour(1), hour(2), w.put(before, hour(1.5), ""))
	w.heads[owner(home).folder(kindDigest)] = w.heads[before.folder(kindDigest)]
	last, moved := w.put(before, hour(2.2), ""), w.put(owner(home), hour(2.4), moveRecord)
	w.deliver(owner(home), hour(2), hour(3), last, moved)
	for h := 3; h < 8; h++ {
		w.deliver(owner(home), hour(float64(h)), hour(float64(h+1)))
	}
	return w
}

func described(s Settings) func(context.Context, Trail) Settings {
	return func(context.Context, Trail) Settings { return s }
}

// TestPlaceThatATrailHasLeftIsProven: the event of the call that moved the trail
// lies where it went.
func TestPlaceThatATrailHasLeftIsProven(t *testing.T) {
	w := movedWorld()
	q := Request{Bucket: bucketName, Prefix: "before", Now: hour(8.2)}
	expectFindings(t, verify(t, w, q), Tampered, home+" chain-ends-early tampered", home+" logs-pending proven") // nobody tells that it moved
	q.Describe = described(Settings{Bucket: bucketName})
	report := verify(t, w, q)
	expectFindings(t, report, Proven, home+" chain-moved proven")
	if want := []Interval{{hour(0), hour(8)}}; !slices.Equal(report.Chains[0].Proven, want) {
		t.Errorf("proven for %v, want %v", report.Chains[0].Proven, want)
	}
	q.Describe = described(Settings{Moves: []Move{{At: hour(2.3), Bucket: bucketName}}}) // deleted since
	expectFindings(t, verify(t, w, q), Proven, home+" chain-moved proven")
}

func TestDigestsThatAreMissingWhereATrailWasAreNamed(t *testing.T) {
	q := Request{Bucket: bucketName, Prefix: "before", Now: hour(8.2), Describe: described(Settings{Bucket: bucketName})}
	w := movedWorld()
	w.remove(w.nth(before.folder(kindDigest), -1))
	expectFindings(t, verify(t, w, q), Tampered, home+" chain-moved proven", home+" digest-missing tampered", home+" logs-unproven tampered")
	w = movedWorld()
	w.put(before, hour(4), "")
	expectFindings(t, verify(t, w, q), Tampered, home+" chain-moved proven", home+" log-unnamed tampered")
	w = movedWorld()
	for range 6 {
		w.remove(w.nth(owner(home).folder(kindDigest), -1))
	}
	expectFindings(t, verify(t, w, q), Tampered, home+" chain-ends-early tampered", home+" logs-pending proven", home+" logs-pending proven")
}

// closedWorld lets nobody list a bucket.
type closedWorld struct {
	*world
	closed string
}

func (w closedWorld) List(ctx context.Context, bucket, prefix, after string) iter.Seq2[Object, error] {
	if bucket == w.closed {
		return func(yield func(Object, error) bool) { yield(Object{}, errors.New("access denied")) }
	}
	return w.world.List(ctx, bucket, prefix, after)
}

// TestPlaceThatNobodyMayListProvesNothing, and accuses nobody, unless the trail
// came back from there.
func TestPlaceThatNobodyMayListProvesNothing(t *testing.T) {
	verify := func(w *world, q Request) *Report {
		t.Helper()
		report, err := Verify(t.Context(), closedWorld{w, "closed"}, w, q)
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	q := Request{Bucket: bucketName, Now: hour(20), Describe: described(Settings{Bucket: "closed"})}
	report := verify(sixHours(), q)
	expectFindings(t, report, Incomplete, home+" chain-ends-early incomplete", abroad+" chain-ends-early incomplete")
	if !strings.Contains(report.Findings[0].Message, "s3://closed/, which could not be listed: ") {
		t.Errorf("%s", report.Findings[0].Message)
	}
	// One Region's are gone: the trail left them all at once.
	w := sixHours().clone()
	w.remove(w.digestKey(abroad, -1))
	expectFindings(t, verify(w, q), Tampered, home+" chain-ends-early incomplete", abroad+" chain-ends-early tampered", abroad+" logs-pending proven")
	q.Describe = described(Settings{Bucket: bucketName, Moves: []Move{{hour(6.1), "closed", ""}, {hour(6.2), bucketName, ""}}})
	expectFindings(t, verify(sixHours(), q), Tampered, home+" chain-ends-early tampered", abroad+" chain-ends-early tampered")
}

// TestTrailThatWasElsewhereBetweenIsFollowed, though no digest names that place:
// the trail was stopped there.
func TestTrailThatWasElsewhereBetweenIsFollowed(t *testing.T) {
	w := emptyWorld()
	there := Owner{Prefix: "there", Account: accountID, Region: home}
	w.deliver(owner(home), hour(0), hour(1), w.put(owner(home), hour(0.5), ""))
	w.heads[there.folder(kindDigest)] = w.heads[owner(home).folder(kindDigest)]
	last := w.put(owner(home), hour(1.2), "") // before it moved
	w.deliver(there, hour(1), hour(2), last)
	w.deliver(there, hour(2), hour(2.5), w.put(there, hour(2.5), stopRecord))
	clear(w.heads)
	w.deliver(owner(home), hour(6), hour(7), w.put(owner(home), hour(6.5), ""))
	w.deliver(owner(home), hour(7), hour(8))
	q := Request{Bucket: bucketName, Now: hour(8.2), Describe: described(Settings{
		Bucket: bucketName, Moves: []Move{{hour(5), bucketName, ""}, {hour(1.3), bucketName, "there/"}},
	})}
	expectFindings(t, verify(t, w, q), Proven, home+" chain-gap proven", home+" chain-moved proven")
	w.remove(w.nth(there.folder(kindDigest), 0))
	expectFindings(t, verify(t, w, q), Tampered, home+" chain-gap proven", home+" chain-moved proven", home+" digest-missing tampered", home+" logs-unproven tampered")
}

// TestOthersWhereATrailWasAreNotAccused of their log files.
func TestOthersWhereATrailWasAreNotAccused(t *testing.T) {
	w := movedWorld()
	for h := range 5 {
		d := newDigest(before, hour(float64(h)), hour(float64(h+1)), w.put(before, hour(float64(h)+0.7), ""))
		d.Key = strings.Replace(d.Key, "_main_", "_other_", 1)
		w.store(d)
	}
	q := Request{Bucket: bucketName, Now: hour(8.2)}
	report := verify(t, w, q)
	expectFindings(t, report, Proven)
	if report.Digests != 8 {
		t.Errorf("counted %+v, which is not the one trail", report.Counts)
	}
	w.put(before, hour(2.6), "")
	expectFindings(t, verify(t, w, q), Tampered, home+" log-unnamed tampered")
}
