package parity

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// needMoto skips the test where the emulator or the client is missing.
func needMoto(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts an emulator and makes hundreds of calls; skipped with -short")
	}
	if _, err := exec.LookPath("moto_server"); err != nil {
		t.Skip("moto_server is not installed (pip install 'moto[server]'), so parity with a real emulator is not tested")
	}
	if out, err := exec.Command("python3", "-c", "import boto3").CombinedOutput(); err != nil {
		t.Skipf("boto3 is not installed (pip install boto3), so parity with a real emulator is not tested: %s", out)
	}
}

// startMoto starts the emulator and returns its URL when it answers.
func startMoto(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	cmd := exec.Command("moto_server", "-H", "127.0.0.1", "-p", port)
	// The launcher may be a shell script: the group is what is stopped.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { cmd.Wait(); close(exited) }()
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-exited
	})
	address := "http://127.0.0.1:" + port
	for range 600 {
		if answer, err := http.Get(address + "/moto-api/data.json"); err == nil {
			answer.Body.Close()
			return address
		}
		select {
		case <-exited:
			t.Fatalf("moto_server ended: %s", log.String())
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Fatal("moto_server does not answer")
	return ""
}

// startCairn builds and starts Cairn in front of an upstream and returns its
// URL when it is ready. At the end of the test it must stop cleanly.
func startCairn(t *testing.T, upstream string) string {
	t.Helper()
	dir := t.TempDir()
	binary := filepath.Join(dir, "cairn")
	build := exec.Command("go", "build", "-o", binary, "github.com/cairn-audit/cairn/cmd/cairn")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build cairn: %v\n%s", err, out)
	}
	data := filepath.Join(dir, "data")
	cmd := exec.Command(binary, "serve", "--data", data, "--listen", "127.0.0.1:0", "--auth", "open", "--upstream", upstream)
	stderr, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, cmd, stderr.Name()) })
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if !strings.Contains(lines.Text(), "ready") {
			continue
		}
		var endpoint struct{ URL string }
		b, err := os.ReadFile(filepath.Join(data, "endpoint.json"))
		if err == nil {
			err = json.Unmarshal(b, &endpoint)
		}
		if err != nil || endpoint.URL == "" {
			t.Fatalf("endpoint.json: %v: %s", err, b)
		}
		return endpoint.URL
	}
	t.Fatal("cairn serve ended before it was ready")
	return ""
}

func stop(t *testing.T, cmd *exec.Cmd, log string) {
	cmd.Process.Signal(syscall.SIGTERM)
	timer := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	defer timer.Stop()
	if err := cmd.Wait(); err != nil {
		t.Errorf("cairn serve did not stop cleanly: %v", err)
	}
	if t.Failed() {
		b, _ := os.ReadFile(log)
		t.Logf("cairn's log:\n%.20000s", b)
	}
}

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
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "python3", "testdata/calls.py", endpoint, path)
	// No configuration of whoever runs the test may take part.
	cmd.Env = append(os.Environ(), "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Errorf("calls.py: %v\n%s", err, out)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Logf("calls.py: %s", out)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var calls []call
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var c call
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		calls = append(calls, c)
	}
	return calls
}
