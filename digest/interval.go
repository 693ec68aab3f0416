package digest

import "time"

// interval is how often digests are delivered where nothing else is known.
const interval = time.Hour

// lengths are those of the times of a trail's digests, which tell how often they
// are delivered.
type lengths struct {
	// whole counts those of the digests that follow one and that one follows.
	// The first after a start and the last before a stop may be of any length.
	whole map[time.Duration]int
	// last is the longest of those that nothing is known to follow yet, first the
	// longest of those that follow none.
	last, first time.Duration
}

func (l *lengths) count(c *chain) {
	for i, n := range c.nodes {
		if n.digest == nil || n.bad {
			continue
		}
		length := n.digest.EndTime.Sub(n.digest.StartTime)
		switch {
		case n.digest.Previous == nil:
			l.first = max(l.first, length)
		case i+1 < len(c.nodes) && c.nodes[i+1].follows(n):
			if l.whole == nil {
				l.whole = map[time.Duration]int{}
			}
			l.whole[length]++
		default:
			l.last = max(l.last, length)
		}
	}
}

func (n *node) follows(before *node) bool {
	return n.digest != nil && n.digest.Previous != nil && n.digest.Previous.Key == before.key && n.digest.Previous.Bucket == before.bucket
}

// interval is the most frequent length of a whole digest, the longer of two as
// frequent. Where there is none, a shorter one than the true one would accuse a
// trail that has just been started.
func (l *lengths) interval() time.Duration {
	best := time.Duration(0)
	for d, n := range l.whole {
		if best == 0 || n > l.whole[best] || n == l.whole[best] && d > best {
			best = d
		}
	}
	switch {
	case best > 0:
		return best
	case l.last > 0:
		return max(l.last, l.first)
	}
	return max(l.first, interval)
}

func (c *chain) interval() time.Duration {
	var l lengths
	l.count(c)
	return l.interval()
}
