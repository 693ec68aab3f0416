package app

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// used makes a data directory in which a server has run.
func used(t *testing.T) string {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	s := start(t, Options{Data: data})
	resp, err := http.Get(s.Endpoint().URL) // unsigned: an event
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	stop(t, s)
	return data
}

func TestAMissingPartIsNotMadeAnew(t *testing.T) {
	for part, want := range map[string]string{
		masterKey: "no " + masterKey,
		stateFile: "no " + stateFile,
	} {
		data := used(t)
		if err := os.Remove(filepath.Join(data, part)); err != nil {
			t.Fatal(err)
		}
		if _, err := Start(t.Context(), Options{Data: data, Listen: "127.0.0.1:0"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("without %s: %v", part, err)
		}
		if _, err := os.Lstat(filepath.Join(data, part)); err == nil {
			t.Errorf("%s was made anew", part)
		}
	}
}

func TestAnotherMasterKeyIsRefused(t *testing.T) {
	data := used(t)
	if err := os.WriteFile(filepath.Join(data, masterKey), bytes.Repeat([]byte{7}, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Options{Data: data, Listen: "127.0.0.1:0"}); err == nil || !strings.Contains(err.Error(), "not the key") {
		t.Errorf("a key that opens nothing: %v", err)
	}
}

func TestAJournalThatWasCutOffIsReported(t *testing.T) {
	for cut, want := range map[bool]bool{false: false, true: true} {
		data := used(t)
		if cut {
			if err := os.RemoveAll(filepath.Join(data, journalDir)); err != nil {
				t.Fatal(err)
			}
		}
		var log bytes.Buffer
		s := start(t, Options{Data: data, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		stop(t, s)
		if got := strings.Contains(log.String(), "events are missing"); got != want {
			t.Errorf("cut off: %v, reported: %v: %s", cut, got, log.String())
		}
	}
}

// A client that stalls delays the stop, and is no reason for it to fail.
func TestAStopCutsOffWhatDoesNotEnd(t *testing.T) {
	s := start(t, Options{Data: t.TempDir()})
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.Endpoint().URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n")
	if _, err := conn.Read(make([]byte, 1)); err != nil { // 100 Continue: it is being read
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
	if ctx.Err() != nil {
		t.Error("it took all the time")
	}
}

func TestARequestForNoPathIsTheGateways(t *testing.T) {
	s := start(t, Options{Data: t.TempDir()})
	r, err := http.NewRequest("OPTIONS", s.Endpoint().URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.URL.Opaque = "*"
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode < 400 {
		t.Errorf("status %d: it was answered without an event", resp.StatusCode)
	}
}
