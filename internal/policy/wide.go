package policy

// matchWide is match for what would take match long: it follows all the ways of
// reading s at once, 64 elements of the glob in a word, so its time is bounded by
// the product of the lengths over 64.
//
// State i is set where the first i elements, stars left out, stand for what was
// read. A star lets its state stay whatever comes.
func (g glob) matchWide(s string) bool {
	words := len(g)/64 + 1
	set := func(bits []uint64, i int) { bits[i/64] |= 1 << (i % 64) }
	stay, all := make([]uint64, words), make([]uint64, words)
	takes := map[rune][]uint64{} // the states that a character leads on from
	last := 0
	for _, r := range g {
		switch r {
		case anyRun:
			set(stay, last)
			continue
		case anyOne:
			set(all, last)
		default:
			if takes[r] == nil {
				takes[r] = make([]uint64, words)
			}
			set(takes[r], last)
		}
		last++
	}
	states := make([]uint64, words)
	set(states, 0)
	for _, r := range s {
		on := takes[r]
		var carry, alive uint64
		for w, now := range states {
			next := all[w]
			if on != nil {
				next |= on[w]
			}
			next &= now
			states[w] = next<<1 | carry | now&stay[w]
			carry = next >> 63
			alive |= states[w]
		}
		if alive == 0 {
			return false
		}
	}
	return states[last/64]>>(last%64)&1 == 1
}
