package digest

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// signingDelay is how long after its end time a digest may be signed. The AWS
// CLI asks for the keys of as long.
const signingDelay = 2 * time.Hour

// checkDigests checks each digest of a chain by itself.
func (r *run) checkDigests(ctx context.Context, c *chain) error {
	known := c.all()
	if last := len(c.nodes) - 1; c.beyond != nil && c.nodes[last].metadata == nil && c.nodes[last].digest != nil {
		r.read(ctx, c, c.beyond) // what is wrong with it was not asked for
		known = append(known, c.beyond)
	}
	handed := handedOn(known)
	var from, to time.Time
	for _, n := range c.nodes {
		if from.IsZero() {
			from = n.name.Time
		}
		to = n.name.Time.Add(signingDelay)
	}
	for _, n := range c.all() {
		if n.digest == nil {
			continue
		}
		signedFrom, signedTo := n.digest.EndTime, n.digest.EndTime.Add(signingDelay)
		if n.name.Backfill {
			generated, ok := c.generated(n, r.Now)
			if !ok {
				continue
			}
			signedFrom, signedTo = generated.Add(-time.Hour), generated.Add(time.Hour)
			from, to = signedFrom, signedTo
		}
		keys, err := r.keysOf(ctx, c.Region, from, to)
		if err != nil {
			return err
		}
		c.checkContents(n)
		if c.findSignature(n, handed, r.Signatures) {
			r.checkSignature(c, n, keys, Interval{From: signedFrom, To: signedTo})
		}
		r.progress(Counts{Digests: 1})
	}
	r.flush(c)
	return nil
}

// generated is when a backfill digest was made, which its end time does not say.
// Keys are asked for by it, so it has to be a time of which there can be some.
func (c *chain) generated(n *node, now time.Time) (time.Time, bool) {
	if n.metadata == nil {
		n.note(c, SignatureNotCopied, Incomplete, "The copy has no metadata, so that nothing says when this backfill digest was signed.")
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, n.metadata[MetadataBackfill])
	if err != nil {
		n.bad = true
		n.note(c, DigestUnsigned, Tampered, "Its metadata does not say when this backfill digest was made.")
		return t, false
	}
	if t.Before(n.name.Time) || t.After(now.Add(aheadBy)) {
		n.bad = true
		n.note(c, DigestTimes, Tampered, fmt.Sprintf("It ends at %s, and its metadata says that it was made at %s.", text(n.name.Time), text(t)))
		return t, false
	}
	return t, true
}

// handedOn are the signatures that digests tell of the ones before them.
func handedOn(nodes []*node) map[place]string {
	handed := map[place]string{}
	for _, n := range nodes {
		if n.digest != nil && n.digest.Previous != nil {
			p := n.digest.Previous
			handed[place{p.Bucket, p.Key}] = p.Signature
		}
	}
	return handed
}

// checkContents checks what a digest says against its name and itself.
func (c *chain) checkContents(n *node) {
	d := n.digest
	spoil := func(kind Kind, format string, a ...any) {
		n.bad = true
		n.note(c, kind, Tampered, fmt.Sprintf(format, a...))
	}
	switch {
	case n.moved():
		spoil(DigestMoved, "It has been moved here: it says that it is s3://%s/%s.", d.Bucket, d.Key)
	case d.AccountID != n.name.Account:
		spoil(DigestMisnamed, "Its name says account %s, and it says %s.", n.name.Account, d.AccountID)
	case !d.EndTime.Equal(n.name.Time):
		spoil(DigestMisnamed, "Its name says that it ends at %s, and it says %s.", text(n.name.Time), text(d.EndTime))
	}
	if !d.StartTime.Before(d.EndTime) {
		spoil(DigestTimes, "It starts at %s and ends at %s, which is no time.", text(d.StartTime), text(d.EndTime))
	}
	if d.SignatureAlgorithm != SignatureAlgorithm {
		spoil(DigestAlgorithm, "It names the signature algorithm %q, and only %s proves anything.", d.SignatureAlgorithm, SignatureAlgorithm)
	}
	if p := d.Previous; p != nil && p.HashAlgorithm != HashAlgorithm {
		spoil(DigestAlgorithm, "It names the hash algorithm %q for the digest before, and only %s proves anything.", p.HashAlgorithm, HashAlgorithm)
	}
	var oldest, newest time.Time
	for _, f := range d.LogFiles {
		if !f.OldestEvent.IsZero() && (oldest.IsZero() || f.OldestEvent.Before(oldest)) {
			oldest = f.OldestEvent
		}
		if f.NewestEvent.After(newest) {
			newest = f.NewestEvent
		}
	}
	if !d.OldestEvent.Equal(oldest) || !d.NewestEvent.Equal(newest) {
		n.note(c, DigestEventTimes, Tampered, fmt.Sprintf("It says that its events are from %s to %s, and its log files' are from %s to %s.",
			eventTime(d.OldestEvent), eventTime(d.NewestEvent), eventTime(oldest), eventTime(newest)))
	}
}

func eventTime(t time.Time) string {
	if t.IsZero() {
		return "null"
	}
	return text(t)
}

// findSignature finds the signature of a digest: in its metadata or, where a
// copy has none, in the digest after it or among those that were saved.
func (c *chain) findSignature(n *node, handed map[place]string, saved map[string]string) bool {
	if n.metadata == nil {
		n.signature = handed[n.place]
		if n.signature == "" {
			n.signature = saved[n.key]
		}
		if n.signature == "" {
			n.note(c, SignatureNotCopied, Incomplete,
				"It is unsigned in this copy, which has no metadata, and no later digest tells its signature.")
		}
		return n.signature != ""
	}
	n.signature = n.metadata[MetadataSignature]
	algorithm := n.metadata[MetadataSignatureAlgorithm]
	switch {
	case n.signature == "" || algorithm == "":
		n.bad = true
		n.note(c, DigestUnsigned, Tampered, "Its metadata has no "+missing(n.signature)+".")
		return false
	case algorithm != SignatureAlgorithm:
		n.bad = true
		n.note(c, DigestAlgorithm, Tampered, fmt.Sprintf("Its metadata names the signature algorithm %q, and only %s proves anything.", algorithm, SignatureAlgorithm))
		return false
	}
	return true
}

func missing(signature string) string {
	if signature == "" {
		return MetadataSignature
	}
	return MetadataSignatureAlgorithm
}

// checkSignature checks a digest's signature with the key that it names, which
// must have been in use in the time given.
func (r *run) checkSignature(c *chain, n *node, keys map[string][]PublicKey, in Interval) {
	d := n.digest
	named := keys[strings.ToLower(d.KeyFingerprint)]
	spoil := func(kind Kind, format string, a ...any) {
		n.bad = true
		n.note(c, kind, Tampered, fmt.Sprintf(format, a...))
	}
	if len(named) == 0 {
		if why := r.notKnown(c.Region, keys, in.From); why != "" {
			n.note(c, DigestKeyUnknown, Incomplete, why)
			return
		}
		spoil(DigestKeyUnknown, "%s has no public key %s.%s", c.Region, d.KeyFingerprint, r.partialHint(c.Region))
		return
	}
	if !slices.ContainsFunc(named, func(k PublicKey) bool { return k.usedIn(in) }) {
		spoil(DigestKeyNotValid, "The public key %s was valid from %s to %s, not at %s.", d.KeyFingerprint,
			text(named[0].ValidFrom), text(named[0].ValidTo), text(in.From))
		return
	}
	key, err := named[0].RSA()
	if err != nil {
		spoil(DigestKeyUnknown, "The public key is of no use: %v.", err)
		return
	}
	if checkHash(key, d, n.hash, n.signature) == nil {
		n.signed = d.SignatureAlgorithm == SignatureAlgorithm
		return
	}
	if other := otherHash(key, d, n); other != "" {
		spoil(DigestAlgorithm, "It is signed with %s and not with SHA-256.", other)
		return
	}
	spoil(DigestSignature, "The signature is not that of this digest: the digest or its signature has been changed.")
}

// otherHash is the hash algorithm that a signature was made with, if it is
// another one.
func otherHash(key *rsa.PublicKey, d *Digest, n *node) string {
	signature, err := hex.DecodeString(n.signature)
	if err != nil {
		return ""
	}
	s := signingString(d, n.hash)
	long, short := sha512.Sum512(s), sha1.Sum(s)
	switch {
	case rsa.VerifyPKCS1v15(key, crypto.SHA512, long[:], signature) == nil:
		return "SHA-512"
	case rsa.VerifyPKCS1v15(key, crypto.SHA1, short[:], signature) == nil:
		return "SHA-1"
	}
	return ""
}
