package cairntest

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// NeedPython skips the test where Python or one of its modules is missing, or
// with -short.
func NeedPython(t testing.TB, modules ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a server and a client in Python; skipped with -short")
	}
	if out, err := exec.Command("python3", "-c", "import "+strings.Join(modules, ",")).CombinedOutput(); err != nil {
		t.Skipf("python3 or one of its modules %s is not installed (make clients): %v %s", strings.Join(modules, ", "), err, out)
	}
}

// Python runs a script and returns what it printed. The script has five minutes
// and none of the AWS configuration of whoever runs the test.
func Python(t testing.TB, script string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "python3", append([]string{script}, args...)...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
		"AWS_EC2_METADATA_DISABLED=true", "PYTHONDONTWRITEBYTECODE=1",
		"NO_PROXY=*", "no_proxy=*")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return string(out)
}

// StartMoto starts moto's server and returns its URL when it answers. The test
// is skipped where it is not installed.
func StartMoto(t testing.TB) string {
	t.Helper()
	if _, err := exec.LookPath("moto_server"); err != nil {
		t.Skip("moto_server is not installed (make clients), so nothing is compared with a real emulator")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_, port, _ := net.SplitHostPort(address)
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
	go func() { _ = cmd.Wait(); close(exited) }()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-exited
	})
	for range 600 {
		if answer, err := http.Get("http://" + address + "/moto-api/data.json"); err == nil {
			answer.Body.Close()
			return "http://" + address
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
