//go:build linux

package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	mrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/smithy-go"
)

// smallDisk is a file system of its own that is quickly full.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=96m"); err != nil {
		t.Skipf("a file system of its own cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestAFullDiskRefusesCallsBeforeTheirBackendAndServiceResumes fills the disk
// under a running server and empties it again.
func TestAFullDiskRefusesCallsBeforeTheirBackendAndServiceResumes(t *testing.T) {
	disk := smallDisk(t)
	var reached atomic.Int64
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		reached.Add(1)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		io.WriteString(w, `{}`)
	}))
	defer backend.Close()
	p := serve(t, filepath.Join(disk, "data"), "--auth", "open", "--upstream", backend.URL)
	client := ecs.NewFromConfig(p.client())
	call := func() error {
		// Random, so that compression does not make it small.
		name := make([]byte, 64<<10)
		rand.Read(name)
		_, err := client.CreateCluster(t.Context(), &ecs.CreateClusterInput{ClusterName: aws.String(hex.EncodeToString(name))})
		return err
	}
	if err := call(); err != nil {
		t.Fatal(err)
	}

	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	var refused error
	for range 2000 {
		if refused = call(); refused != nil {
			break
		}
	}
	var answer *awshttp.ResponseError
	var code smithy.APIError
	if !errors.As(refused, &answer) || answer.HTTPStatusCode() != http.StatusServiceUnavailable ||
		!errors.As(refused, &code) || code.ErrorCode() != "ServiceUnavailableException" || !strings.Contains(code.ErrorMessage(), "cannot be recorded") {
		t.Fatalf("on a full disk a call gets %v", refused)
	}
	before := reached.Load()
	for range 20 {
		if err := call(); err == nil {
			t.Fatal("a call is answered on a full disk")
		}
	}
	if _, err := client.ListClusters(t.Context(), &ecs.ListClustersInput{}); err == nil {
		t.Error("a call that reads is answered while the journal cannot write")
	}
	if n := reached.Load() - before; n != 0 {
		t.Errorf("%d refused calls reached their backend", n)
	}

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if err := call(); err != nil {
		t.Fatalf("with space again, a call gets %v", err)
	}
	if _, err := client.ListClusters(t.Context(), &ecs.ListClustersInput{}); err != nil {
		t.Errorf("with space again, a call that reads gets %v", err)
	}
}

// TestAFullDiskDelaysDeliveriesAndLosesNothing fills the disk of a server whose
// trails deliver, kills it there, and starts it again when there is space.
func TestAFullDiskDelaysDeliveriesAndLosesNothing(t *testing.T) {
	disk := smallDisk(t)
	s := newScene(t, mrand.New(mrand.NewPCG(1, 1)), filepath.Join(disk, "data"))
	s.prepare()
	stop := s.load("before")
	time.Sleep(500 * time.Millisecond)
	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if s.refusals() >= 20 && strings.Contains(s.server.log.String(), "the delivery stopped and will go on") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("on a full disk, %d calls were refused, and deliveries went on", s.refusals())
		}
	}
	s.server.kill()
	stop()
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	s.start()
	stop = s.load("after")
	time.Sleep(500 * time.Millisecond)
	stop()
	s.check(s.finish())
	s.verify()
	t.Logf("%d calls, of which %d were answered and %d refused", len(s.calls), s.answered(), s.refused)
}

// fill writes a file until nothing more fits.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
			size /= 2
		}
	}
}
