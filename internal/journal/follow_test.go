package journal

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cairn-audit/cairn/internal/durable"
)

// readCounter counts the reads of files.
type readCounter struct {
	durable.OS
	reads atomic.Int64
}

type countedReads struct {
	durable.File
	fs *readCounter
}

func (c *readCounter) OpenFile(name string, flag int, perm os.FileMode) (durable.File, error) {
	f, err := c.OS.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return countedReads{f, c}, nil
}

func (f countedReads) ReadAt(p []byte, off int64) (int, error) {
	f.fs.reads.Add(1)
	return f.File.ReadAt(p, off)
}

func TestReadersThatFollowTogetherReadAFrameOnce(t *testing.T) {
	const frames, readers = 50, 20
	files := &readCounter{}
	j, err := Open(filepath.Join(t.TempDir(), "j"), NoIndex{}, Options{FS: files, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	var following sync.WaitGroup
	for range readers {
		r := j.Follow(1)
		following.Go(func() {
			for i := range frames {
				e, err := r.Next(t.Context())
				if want := fmt.Sprint("record ", i); err != nil || string(e.Data) != want {
					t.Errorf("read %q, %v, want %q", e.Data, err, want)
					return
				}
			}
		})
	}
	before := files.reads.Load()
	for i := range frames {
		if _, err := j.Append(t.Context(), Record{Kind: Event, Data: fmt.Appendf(nil, "record %d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	following.Wait()
	if n := files.reads.Load() - before; n != frames {
		t.Errorf("%d frames were read %d times", frames, n)
	}
}
