package likeness

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-audit/cairn/internal/cairntest"
)

// call is one that was made of both.
type call struct {
	Flow        string       `json:"flow"`
	Service     string       `json:"service"`
	Operation   string       `json:"operation"`
	Differences []difference `json:"differences"`
}

// difference is where the answers differ, a structure of the API model and one
// of its members, what the sandbox has there, and what moto has.
type difference [3]string

// TestAnswersHaveTheShapesOfAnotherEmulators makes the same calls of the sandbox
// and of moto. Keys or types that differ must be in testdata/known.txt, each
// with a reason; and what is there must still differ.
func TestAnswersHaveTheShapesOfAnotherEmulators(t *testing.T) {
	cairntest.NeedPython(t, "boto3")
	moto := cairntest.StartMoto(t)
	cairn := cairntest.Start(t, "--auth", "open")
	calls := makeCalls(t, cairn.URL, moto)
	reasons := readReasons(t)

	operations, found := map[string]bool{}, map[string]string{}
	for _, c := range calls {
		operations[c.Service+" "+c.Operation] = true
		for _, d := range c.Differences {
			found[fmt.Sprintf("%s %s: %s here, %s there", c.Service, d[0], d[1], d[2])] = c.Flow + " " + c.Operation
		}
	}
	for _, d := range slices.Sorted(maps.Keys(found)) {
		if reasons[d] == "" {
			t.Errorf("new (%s): %s", found[d], d)
		}
	}
	for _, d := range slices.Sorted(maps.Keys(reasons)) {
		if found[d] == "" {
			t.Errorf("known and no longer there: %s", d)
		}
	}
	if len(calls) < 120 || len(operations) < 90 {
		t.Errorf("only %d calls of %d operations", len(calls), len(operations))
	}
	t.Logf("%d calls of %d operations, %d known differences", len(calls), len(operations), len(reasons))
}

func makeCalls(t *testing.T, here, there string) []call {
	t.Helper()
	path := filepath.Join(t.TempDir(), "calls")
	cairntest.Python(t, "testdata/main.py", here, there, path)
	return cairntest.Lines[call](t, path)
}

// readReasons reads the known differences: each line of testdata/known.txt that
// begins with "#" is the reason of the lines that follow it.
func readReasons(t *testing.T) map[string]string {
	t.Helper()
	f, err := os.Open("testdata/known.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	reasons, reason := map[string]string{}, ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "":
			reason = ""
		case strings.HasPrefix(line, "#"):
			reason = strings.TrimSpace(reason + " " + strings.TrimSpace(line[1:]))
		case reason == "":
			t.Errorf("known.txt: no reason above %q", line)
		default:
			reasons[line] = reason
		}
	}
	return reasons
}
