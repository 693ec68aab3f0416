// Package archive verifies a trail's bucket, or a local copy of one, with
// package digest: it reads the files, gets the public keys and tells the result
// in words.
package archive
