//go:build race

package journal

// raceEnabled says that the race detector makes everything many times slower.
const raceEnabled = true
