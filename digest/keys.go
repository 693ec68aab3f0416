package digest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// regionKeys are the keys of a Region that are known, and for which time they
// were asked for.
type regionKeys struct {
	asked []Interval
	byFP  map[string][]PublicKey
}

// keysOf are the keys of a Region with a fingerprint.
func (r *run) keysOf(ctx context.Context, region string, from, to time.Time) (map[string][]PublicKey, error) {
	known := r.known[region]
	if known == nil {
		known = &regionKeys{byFP: map[string][]PublicKey{}}
		r.known[region] = known
	}
	for _, i := range known.asked {
		if !from.Before(i.From) && !to.After(i.To) {
			return known.byFP, nil
		}
	}
	keys, err := r.keys.PublicKeys(ctx, region, from, to)
	if err != nil {
		return nil, fmt.Errorf("get the public keys of %s: %w", region, err)
	}
	for _, k := range keys {
		known.byFP[strings.ToLower(k.Fingerprint)] = append(known.byFP[strings.ToLower(k.Fingerprint)], k)
	}
	known.asked = merge(append(known.asked, Interval{From: from, To: to}))
	return known.byFP, nil
}

// recognizeKeys finds out whose the keys are where Keys may tell a Region those
// of another: a key is that of the Region in which it signed a digest that lies
// where it says. Nobody but the signer can make one.
func (r *run) recognizeKeys(ctx context.Context, folders []*folder) error {
	if !r.PartialKeys {
		return nil
	}
	for _, f := range folders {
		for _, c := range slices.Concat(f.chains, f.others) {
			handed := handedOn(c.all())
			for _, n := range c.all() {
				if n.digest == nil || n.moved() {
					continue
				}
				keys, err := r.keysOf(ctx, c.Region, n.digest.EndTime, n.digest.EndTime.Add(signingDelay))
				if err != nil {
					return err
				}
				r.recognize(c, n, keys[strings.ToLower(n.digest.KeyFingerprint)], handed[n.place])
			}
		}
	}
	return nil
}

func (r *run) recognize(c *chain, n *node, named []PublicKey, signature string) {
	if n.metadata != nil {
		signature = n.metadata[MetadataSignature]
	} else if signature == "" {
		signature = r.Signatures[n.key]
	}
	for _, k := range named {
		fp := strings.ToLower(k.Fingerprint)
		if key, err := k.RSA(); err != nil || r.signedIn[fp][c.Region] || checkHash(key, n.digest, n.hash, signature) != nil {
			continue
		}
		if r.signedIn[fp] == nil {
			r.signedIn[fp] = map[string]bool{}
		}
		r.signedIn[fp][c.Region] = true
	}
}

// notKnown says why none of the keys that are told for a Region can be the one
// that signed there at a time; "" if one can. All keys are known that were in use
// then, unless the request says that they may not be.
func (r *run) notKnown(region string, keys map[string][]PublicKey, at time.Time) string {
	if len(keys) == 0 {
		return fmt.Sprintf("No public key of %s is known.", region)
	}
	if !r.PartialKeys {
		return ""
	}
	elsewhere := map[string]bool{}
	for _, k := range slices.Concat(slices.Collect(maps.Values(keys))...) {
		if !k.ValidAt(at) {
			continue
		}
		signed := r.signedIn[strings.ToLower(k.Fingerprint)]
		if len(signed) == 0 || signed[region] {
			return ""
		}
		maps.Copy(elsewhere, signed)
	}
	if len(elsewhere) == 0 {
		return fmt.Sprintf("No public key of %s is known that was in use at %s: keys of then are needed.", region, text(at))
	}
	return fmt.Sprintf("No public key of %s is known: those that were in use at %s are keys of %s.", region, text(at),
		strings.Join(slices.Sorted(maps.Keys(elsewhere)), ", "))
}

// usedIn says whether the key was in use at some time of an interval.
func (k PublicKey) usedIn(in Interval) bool {
	return !k.ValidFrom.After(in.To) && !k.ValidTo.Before(in.From)
}

// partialHint is what may be wrong instead of a digest whose key is not known.
func (r *run) partialHint(region string) string {
	if !r.PartialKeys {
		return ""
	}
	for _, signed := range r.signedIn {
		if signed[region] {
			return ""
		}
	}
	return fmt.Sprintf(" None of the keys that were given has signed anything here; are they those of %s?", region)
}
