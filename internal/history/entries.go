package history

import (
	"context"
	"iter"

	"github.com/cairn-audit/cairn/internal/journal"
)

// Entries yields the events of a journal from a record number on, in the order
// of their commit, as the journal's Read yields records; intents are left out.
// Entries.Seq tells a follower how far it has come. It ends with the first error.
func Entries(ctx context.Context, j Journal, from journal.Seq) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for rec, err := range j.Read(ctx, from) {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			if rec.Kind != journal.Event {
				continue
			}
			e, err := Decode(rec.Data)
			e.Seq = rec.Seq
			if !yield(e, err) {
				return
			}
		}
	}
}
