package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

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
