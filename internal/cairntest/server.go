package cairntest

import (
	"bufio"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Server is a running `cairn serve`.
type Server struct {
	// URL is its endpoint, Data its data directory.
	URL, Data string
	Account   string
}

// Start builds the binary and starts `cairn serve` on a free port and a new data
// directory, with further flags. It returns when the server is ready. At the end
// of the test the server must stop cleanly; its log is shown if the test failed.
func Start(t testing.TB, flags ...string) *Server {
	t.Helper()
	dir := t.TempDir()
	binary := build(t, dir)
	data := filepath.Join(dir, "data")
	cmd := exec.Command(binary, append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0"}, flags...)...)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stderr = log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, cmd, log.Name()) })
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if strings.Contains(lines.Text(), "ready") {
			return endpoint(t, data)
		}
	}
	t.Fatal("cairn serve ended before it was ready")
	return nil
}

// build builds the binary into a directory.
func build(t testing.TB, dir string) string {
	t.Helper()
	root := moduleRoot(t)
	// The go command takes a test's earlier result if all files are the same
	// that the test opened. This reads the directories of what the binary is
	// built from, so that another binary is another test.
	for _, sources := range []string{"cmd", "event", "internal"} {
		if err := filepath.WalkDir(filepath.Join(root, sources), func(string, fs.DirEntry, error) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(dir, "cairn")
	cmd := exec.Command("go", "build", "-o", binary, "./cmd/cairn")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build cairn: %v\n%s", err, out)
	}
	return binary
}

// moduleRoot is the directory above the test's that has go.mod.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("the test runs outside of its module")
		}
		dir = up
	}
}

func endpoint(t testing.TB, data string) *Server {
	t.Helper()
	var at struct{ URL, Account string }
	b, err := os.ReadFile(filepath.Join(data, "endpoint.json"))
	if err == nil {
		err = json.Unmarshal(b, &at)
	}
	if err != nil || at.URL == "" {
		t.Fatalf("endpoint.json: %v: %s", err, b)
	}
	return &Server{URL: at.URL, Data: data, Account: at.Account}
}

func stop(t testing.TB, cmd *exec.Cmd, log string) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	timer := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	if err := cmd.Wait(); err != nil {
		t.Errorf("cairn serve did not stop cleanly: %v", err)
	}
	if t.Failed() {
		b, _ := os.ReadFile(log)
		t.Logf("cairn's log:\n%.20000s", b)
	}
}
