package journal

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// childEnv makes the test binary append to the journal that it names, until it is
// killed.
const childEnv = "CAIRN_JOURNAL_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		appendForever(dir, os.Getenv(childEnv+"_RUN"))
	}
	os.Exit(m.Run())
}

// appendForever prints a line for each append that returned.
func appendForever(dir, run string) {
	j, err := Open(dir, NoIndex{}, Options{SegmentRecords: 200, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctx := context.Background()
	var out sync.Mutex
	for w := range 8 {
		go func() {
			for i := 0; ; i++ {
				data := fmt.Sprintf("%s.%d.%d", run, w, i)
				rec := Record{Kind: Intent, Data: []byte(data)}
				seq, err := j.Append(ctx, rec)
				if err == nil && i%4 != 3 {
					seq, err = j.Append(ctx, Record{Kind: Event, Settles: seq, Data: []byte(data)})
				}
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				out.Lock()
				fmt.Printf("%d %s\n", seq, data)
				out.Unlock()
			}
		}()
	}
	select {}
}

// TestKilledProcessLosesNothingItAcknowledged kills a process that appends, at
// random moments, over and over on the same journal.
func TestKilledProcessLosesNothingItAcknowledged(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "j")
	rng := rand.New(rand.NewPCG(9, 9))
	acks := make(map[Seq]string)
	for run := range 8 {
		for seq, data := range runAndKill(t, dir, fmt.Sprint("run", run), time.Duration(20+rng.IntN(150))*time.Millisecond) {
			if was, ok := acks[seq]; ok {
				t.Fatalf("%d was given to %s and to %s", seq, was, data)
			}
			acks[seq] = data
		}
		j, err := Open(dir, NoIndex{}, Options{SegmentRecords: 200, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		checkAcks(t, j, acks)
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(acks) == 0 {
		t.Fatal("nothing was appended")
	}
}

// runAndKill returns what a child acknowledged before it was killed.
func runAndKill(t *testing.T, dir, run string, after time.Duration) map[Seq]string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childEnv+"="+dir, childEnv+"_RUN="+run)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acks := make(map[Seq]string)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if len(acks) == 0 {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		var seq Seq
		var data string
		// The last line may be cut short.
		if n, _ := fmt.Sscanf(lines.Text(), "%d %s", &seq, &data); n == 2 && strings.HasPrefix(data, run+".") {
			acks[seq] = data
		}
	}
	_ = cmd.Wait() // killed
	if stderr.Len() > 0 {
		t.Fatal(stderr.String())
	}
	return acks
}

func checkAcks(t *testing.T, j *Journal, acks map[Seq]string) {
	t.Helper()
	open := make(map[Seq]bool)
	seen := 0
	for e, err := range j.Read(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if want, ok := acks[e.Seq]; ok {
			seen++
			// A line cut short by the kill is a prefix.
			if !strings.HasPrefix(string(e.Data), want) {
				t.Errorf("record %d is %q, want %q", e.Seq, e.Data, want)
			}
		}
		if e.Kind == Intent {
			open[e.Seq] = true
		}
		delete(open, e.Settles)
	}
	if seen != len(acks) {
		t.Errorf("%d of %d acknowledged records are there", seen, len(acks))
	}
	for _, e := range j.OpenIntents() {
		if !open[e.Seq] {
			t.Errorf("intent %d is open, but was settled", e.Seq)
		}
		delete(open, e.Seq)
	}
	if len(open) > 0 {
		t.Errorf("%d open intents are not known", len(open))
	}
	if err := j.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}
