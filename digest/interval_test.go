package digest

import "testing"

// TestTrailThatHasJustBeenStartedIsNotAccused: its first digest may be short.
func TestTrailThatHasJustBeenStartedIsNotAccused(t *testing.T) {
	w := emptyWorld()
	w.deliver(owner(home), hour(0.9), hour(1), w.put(owner(home), hour(0.95), ""))
	expectFindings(t, verify(t, w, Request{Bucket: bucketName, Now: hour(1.5)}), Proven)
	expectFindings(t, verify(t, w, Request{Bucket: bucketName, Now: hour(3.1)}), Tampered, home+" chain-ends-early tampered")
}

// TestTrailThatIsOftenStoppedIsNotAccused: most of its digests are short.
func TestTrailThatIsOftenStoppedIsNotAccused(t *testing.T) {
	w := emptyWorld()
	for h := range 3 {
		w.deliver(owner(home), hour(float64(h)), hour(float64(h+1)))
	}
	for at := 3.0; at < 4; at += 0.2 {
		w.deliver(owner(home), hour(at), hour(at+0.1), w.put(owner(home), hour(at+0.1), stopRecord))
		clear(w.heads)
	}
	w.deliver(owner(home), hour(4.1), hour(5))
	w.deliver(owner(home), hour(5), hour(6))
	gap := home + " chain-gap proven"
	expectFindings(t, verify(t, w, Request{Bucket: bucketName, Now: hour(6.9)}), Proven, gap, gap, gap, gap, gap)
	w.remove(w.digestKey(home, -1))
	w.remove(w.digestKey(home, -1))
	report := verify(t, w, Request{Bucket: bucketName, Now: hour(20)})
	expectFindings(t, report, Proven, gap, gap, gap, gap, home+" chain-ends-early proven")
}
