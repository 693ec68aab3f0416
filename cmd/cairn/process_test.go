package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/cairn-audit/cairn/internal/app"
)

// process is a `cairn serve` of its own process.
type process struct {
	*exec.Cmd
	t    *testing.T
	data string
	log  lockedBuffer
}

// lockedBuffer is what a process has printed so far.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// serve starts a server on a data directory and waits until it answers.
func serve(t *testing.T, data string, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The test binary is the program when it is called by its name.
	name := filepath.Join(t.TempDir(), "cairn")
	if err := os.Symlink(self, name); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, data: data}
	p.Cmd = exec.Command(name, append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0"}, args...)...)
	p.Stdout, p.Stderr = &p.log, &p.log
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	deadline := time.Now().Add(time.Minute)
	for {
		at, err := app.ReadEndpoint(data)
		if err == nil && at.PID == p.Process.Pid && at.Running() {
			return p
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server is not ready: %v\n%s", err, p.log.String())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// kill ends the process as a power cut would, but for what the kernel keeps.
func (p *process) kill() {
	_ = p.Process.Kill()
	_ = p.Wait()
}

// stop asks the process to stop, as a service manager does, and waits for it.
func (p *process) stop() error {
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.Wait()
}

// url is where the process answers.
func (p *process) url() string {
	p.t.Helper()
	at, err := app.ReadEndpoint(p.data)
	if err != nil {
		p.t.Fatal(err)
	}
	return at.URL
}

// fromMemory is an HTTP client that sends bodies from memory. Bodies as the SDK
// gives them break the connection when an answer comes before net/http has looked
// for their end, which happens on a busy machine; clients try again then, and these
// do not.
type fromMemory struct{ http.Client }

func (c *fromMemory) Do(r *http.Request) (*http.Response, error) {
	if r.ContentLength > 0 {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return c.Client.Do(r)
}

// client is the configuration of a client that does not try again.
func (p *process) client() aws.Config {
	p.t.Helper()
	at, err := app.ReadEndpoint(p.data)
	if err != nil {
		p.t.Fatal(err)
	}
	key, err := app.ReadCredentials(p.data, false)
	if err != nil {
		p.t.Fatal(err)
	}
	return aws.Config{
		Region: at.Region, BaseEndpoint: aws.String(at.URL),
		Credentials: credentials.NewStaticCredentialsProvider(key.AccessKeyID, key.SecretAccessKey, ""),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
		HTTPClient:  &fromMemory{http.Client{Transport: &http.Transport{}}},
	}
}
