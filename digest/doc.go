// Package digest writes, signs and verifies the digest files that prove that a
// trail's log files are all there and unchanged. The formats are AWS
// CloudTrail's; `aws cloudtrail validate-logs` accepts what is signed here.
//
// A digest names the log files that were delivered in an interval, each with
// its hash, and the digest before it, with its hash and signature. So the
// digests of one account, Region and trail are a chain, and who trusts the
// newest can prove all that came before.
//
// All hashes are of uncompressed bytes. A signature is RSA PKCS #1 v1.5 over
// the SHA-256 of four lines: the digest's end time, its bucket and key, the
// hash of its bytes, and the signature of the one before, or "null".
//
// Source: the CloudTrail User Guide's pages on the digest file structure and on
// custom validation of log files.
package digest
