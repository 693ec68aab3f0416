package cairntest

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
)

// Lines reads a file that a client has written: a JSON value in each line.
func Lines[T any](t testing.TB, path string) []T {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []T
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var v T
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	// A line that is too long would end the list early and pass for its end.
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
