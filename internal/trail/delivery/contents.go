package delivery

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/journal"
)

// readAtOnce is how many records of a file are read from the journal at a time.
const readAtOnce = 512

// contents makes a log file from the journal: one gzip member, so that nothing
// can hide behind it. An error means that it could not be made as it was decided.
func (c *Courier) contents(ctx context.Context, f *file) ([]byte, error) {
	sum := sha256.New()
	return c.pack(func(packer io.Writer) error {
		if err := writeRecords(ctx, c.journal, f, io.MultiWriter(packer, sum)); err != nil {
			return err
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != f.Hash {
			return fmt.Errorf("its hash is %s and was %s when it was decided", got, f.Hash)
		}
		return nil
	})
}

// pack compresses what a function writes. The same gives the same bytes.
func (c *Courier) pack(write func(io.Writer) error) ([]byte, error) {
	var packed bytes.Buffer
	w, ok := c.packers.Get().(*gzip.Writer)
	if !ok {
		w = gzip.NewWriter(nil)
	}
	w.Reset(&packed)
	defer c.packers.Put(w)
	if err := write(w); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

func writeRecords(ctx context.Context, j Journal, f *file, w io.Writer) error {
	if _, err := io.WriteString(w, fileHead); err != nil {
		return err
	}
	written := 0
	for batch, err := range f.Records.batches(readAtOnce) {
		if err != nil {
			return err
		}
		records, err := j.Get(ctx, batch)
		if err != nil {
			return err
		}
		for i := range records {
			if written > 0 {
				if _, err := io.WriteString(w, fileComma); err != nil {
					return err
				}
			}
			if err := writeRecord(w, batch[i], &records[i]); err != nil {
				return err
			}
			written++
		}
	}
	_, err := io.WriteString(w, fileTail)
	return err
}

func writeRecord(w io.Writer, seq journal.Seq, r *journal.Record) error {
	if r.Kind != journal.Event {
		return fmt.Errorf("record %d is no event", seq)
	}
	entry, err := history.Decode(r.Data)
	if err != nil {
		return fmt.Errorf("record %d: %w", seq, err)
	}
	_, err = w.Write(entry.JSON)
	return err
}
