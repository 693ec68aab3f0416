// Package cairntest starts what tests of the whole need: the real binary, clients
// that are written in Python, and a real emulator of AWS. It is for tests only.
package cairntest
