package history

import (
	"fmt"
	"testing"
)

// TestLookupsEqualTheModel compares random queries, paged to the end while
// events are appended and segments sealed between the pages, with a naive model.
func TestLookupsEqualTheModel(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			x := newHarness(t, seed)
			for range 4 {
				x.append(300 + x.gen.IntN(2500))
				for range 40 {
					x.check(x.gen.query(x.gen.n), func() {
						switch x.gen.IntN(30) {
						case 0:
							x.append(1 + x.gen.IntN(20))
						case 1:
							x.seal()
						}
					})
				}
				x.seal()
			}
		})
	}
}

// TestReopenedHistoryEqualsTheFormer reopens with sealed segments, closed ones
// that were not sealed, and one being written.
func TestReopenedHistoryEqualsTheFormer(t *testing.T) {
	x := newHarness(t, 42)
	x.append(1500)
	x.seal()
	x.append(700)
	unsealed := x.j.roll()
	x.append(300)
	queries := make([]Query, 60)
	for i := range queries {
		queries[i] = x.gen.query(x.gen.n)
	}
	all := func() {
		t.Helper()
		for _, q := range queries {
			x.check(q, func() {})
		}
	}
	all()
	x.h = x.j.open()
	all()
	x.j.seal(unsealed)
	all()
	x.h = x.j.open()
	all()
}
