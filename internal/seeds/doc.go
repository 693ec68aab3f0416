// Package seeds holds the test that writes docs/seeds.md: the examples of the
// five AWS documents that Cairn began from, beside what Cairn records of the same
// calls, and why the two differ.
package seeds
