// Package parity holds the test that Cairn in front of another endpoint changes
// nothing: a few hundred calls of a real client, through Cairn, to a real
// emulator of AWS, compared byte for byte on both sides of Cairn, each with its
// event.
package parity
