package parity

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/cairn-audit/cairn/internal/cairntest"
)

// call is a line of what calls.py writes.
type call struct {
	Number     int    `json:"number"`
	Service    string `json:"service"`
	Operation  string `json:"operation"`
	Status     int    `json:"status"`
	Error      string `json:"error"`
	BodySHA256 string `json:"bodySHA256"`
}

func (c call) String() string {
	return fmt.Sprintf("call %d, %s %s %s", c.Number, c.Service, c.Operation, c.Error)
}

// makeCalls runs the client against an endpoint.
func makeCalls(t *testing.T, endpoint string) []call {
	t.Helper()
	path := filepath.Join(t.TempDir(), "calls")
	t.Logf("calls.py: %s", cairntest.Python(t, "testdata/calls.py", endpoint, path))
	return cairntest.Lines[call](t, path)
}
