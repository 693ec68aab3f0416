package history

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/cairn-audit/cairn/internal/journal"
)

// A page's records are spread over as many frames of the journal, each of which
// is unpacked: that is nearly all of a lookup's time, so it is shared out.
const (
	fetchers  = 4
	fetchEach = 4 // records that are worth a goroutine
)

// fetch returns the records of the given numbers. The numbers are those of a
// page and so nearly sorted: neighbours, which may share a frame, stay together.
func (h *History) fetch(ctx context.Context, seqs []journal.Seq) ([]journal.Record, error) {
	parts := min(fetchers, runtime.GOMAXPROCS(0), (len(seqs)+fetchEach-1)/fetchEach)
	if parts <= 1 {
		return h.journal.Get(ctx, seqs)
	}
	got := make([][]journal.Record, parts)
	group, ctx := errgroup.WithContext(ctx)
	for i := range parts {
		group.Go(func() (err error) {
			got[i], err = h.journal.Get(ctx, seqs[i*len(seqs)/parts:(i+1)*len(seqs)/parts])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	recs := make([]journal.Record, 0, len(seqs))
	for _, part := range got {
		recs = append(recs, part...)
	}
	return recs, nil
}
