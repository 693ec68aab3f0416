// Package sigv4 verifies and makes AWS Signature Version 4.
//
// Verifying is done in the order in which AWS's own front end does it, so that
// a request with several faults gets the answer that AWS gives:
//
//	sig, err := sigv4.Parse(req)        // is it signed, and well formed?
//	err = sig.Check(now)                // fresh, scoped and covering enough?
//	secret := …                         // the caller's look-up of sig.AccessKeyID
//	err = sig.Verify(secret, now, hash) // does it match? (Check is repeated)
//	body, err := sig.Body(r.Body, secret)
//
// Every refusal is an *Error, whose Answer gives the code, the status and the
// text in the words of the protocol that the caller speaks.
//
// A signature covers a body in one of several ways (Payload). Where it covers a
// hash that the caller of Verify has not computed itself, or chunks, the proof
// comes only while the body is read: Body returns a reader that fails at the
// first byte that is not what was signed. What such a reader returned before
// io.EOF is not proven yet and must not take effect.
//
// The package looks no keys up, keeps no state and logs nothing. No secret, and
// no canonical request (which may hold a session token), is in an error's text.
package sigv4
