// Package architecture has no code of its own. Its tests hold the others to the
// rules of docs/design.md: who may import whom, how large a file or function
// gets, and what no package has.
package architecture
