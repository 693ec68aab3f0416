package digest

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// removeRegion removes all of a Region's digests and log files.
func (w *world) removeRegion(region string) *world {
	w = w.clone()
	for at := range w.objects {
		if strings.Contains(at.key, "/"+region+"/") {
			w.remove(at)
		}
	}
	return w
}

func delivered(status map[string]time.Time) func(context.Context, Trail, string) Status {
	return func(_ context.Context, _ Trail, region string) Status { return Status{LatestDigest: status[region]} }
}

func TestRegionOfWhichNothingIsLeftIsMissed(t *testing.T) {
	w := sixHours().removeRegion(abroad)
	late := hour(6).Add(20 * time.Second)
	status := map[string]time.Time{home: late, abroad: late}
	regions := Settings{Bucket: bucketName, Regions: []string{home, abroad, "sa-east-1"}}
	q := request(w)
	expectFindings(t, verify(t, w, q), Proven) // nobody tells
	q.Status, q.Describe = delivered(status), described(regions)
	report := verify(t, w, q)
	expectFindings(t, report, Tampered, abroad+" no-digests tampered")
	if f := report.Findings[0]; f.Trail != trailName || f.Account != accountID || f.Key != owner(abroad).folder(kindDigest) {
		t.Errorf("%+v", f)
	}
	q.Regions = []string{abroad, home}
	expectFindings(t, verify(t, w, q), Tampered, abroad+" no-digests tampered")
	q.Regions = nil
	expectFindings(t, verify(t, sixHours(), q), Proven)
	kept := w.clone()
	kept.put(owner(abroad), hour(3.5), "")
	expectFindings(t, verify(t, kept, q), Tampered, abroad+" no-digests tampered", abroad+" no-digests incomplete")
}

func TestRegionThatNeedNotBeHereIsNotMissed(t *testing.T) {
	w := sixHours().removeRegion(abroad)
	regions := []string{home, abroad}
	for name, c := range map[string]struct {
		settings   Settings
		last       time.Time // delivered abroad
		start, end time.Time
		regions    []string
	}{
		"the trail is in another bucket": {settings: Settings{Bucket: "another", Regions: regions}, last: hour(6)},
		"the trail has a prefix":         {settings: Settings{Bucket: bucketName, Prefix: "team", Regions: regions}, last: hour(6)},
		"nobody says where the trail is": {settings: Settings{Regions: regions}, last: hour(6)},
		"nothing was delivered":          {settings: Settings{Bucket: bucketName, Regions: regions}},
		"it was before the trail came":   {settings: Settings{Bucket: bucketName, Regions: regions}, last: hour(0.9)},
		"it is before the time":          {settings: Settings{Bucket: bucketName, Regions: regions}, last: hour(3), start: hour(4)},
		"it is after the time":           {settings: Settings{Bucket: bucketName, Regions: regions}, last: hour(6), end: hour(4)},
		"the Region was not asked for":   {settings: Settings{Bucket: bucketName, Regions: regions}, last: hour(6), regions: []string{home}},
	} {
		q := request(w)
		q.Start, q.End, q.Regions = c.start, c.end, c.regions
		q.Describe, q.Status = described(c.settings), delivered(map[string]time.Time{abroad: c.last})
		if report := verify(t, w, q); report.Verdict != Proven {
			t.Errorf("%s: %v: %+v", name, report.Verdict, report.Findings)
		}
	}
}

// TestRegionMayHaveDeliveredElsewhereUntilATrailMoved: its first digest here may
// be late by as much as an interval.
func TestRegionMayHaveDeliveredElsewhereUntilATrailMoved(t *testing.T) {
	for _, c := range []struct {
		last float64
		want Verdict
	}{{3.5, Proven}, {4.5, Tampered}} {
		q := Request{Bucket: bucketName, Now: hour(8.2), Describe: described(Settings{Bucket: bucketName, Regions: []string{home, abroad}}),
			Status: delivered(map[string]time.Time{abroad: hour(c.last)})}
		if report := verify(t, movedWorld(), q); report.Verdict != c.want {
			t.Errorf("delivered at hour %v: %+v", c.last, report.Findings)
		}
	}
}

// TestRegionThatDeliversMeanwhileIsNotMissed: it was not there when the Regions
// were listed.
func TestRegionThatDeliversMeanwhileIsNotMissed(t *testing.T) {
	w := sixHours().removeRegion(abroad)
	var asked atomic.Int32
	q := request(w)
	q.Describe = described(Settings{Bucket: bucketName, Regions: []string{home, abroad}})
	q.Status = func(_ context.Context, _ Trail, region string) Status {
		if region == abroad && asked.Add(1) == 1 {
			w.deliver(owner(abroad), hour(5), hour(6))
		}
		return Status{LatestDigest: hour(6)}
	}
	expectFindings(t, verify(t, w, q), Proven)
}

// TestCopyNeedNotHaveWhatCameAfterIt was made.
func TestCopyNeedNotHaveWhatCameAfterIt(t *testing.T) {
	w := sixHours().removeRegion(abroad)
	w.copied = true
	q := request(w)
	q.Now, q.Describe = hour(7.2), described(Settings{Bucket: bucketName, Regions: []string{home, abroad}})
	q.Status = delivered(map[string]time.Time{abroad: hour(7.1)})
	expectFindings(t, verify(t, w, q), Incomplete, home+" signature-not-in-copy incomplete")
	q.Status = delivered(map[string]time.Time{abroad: hour(6.1)})
	expectFindings(t, verify(t, w, q), Tampered, home+" signature-not-in-copy incomplete", abroad+" no-digests tampered")
}
