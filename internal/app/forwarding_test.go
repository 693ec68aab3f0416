package app

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/trail"
	"github.com/cairn-audit/cairn/internal/trail/logs"
)

func TestWhatATrailWantedIsKnownUntilItsLogGroupHasCaughtUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := state.Open(filepath.Join(t.TempDir(), "state.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		var last journal.Seq
		trails := trail.NewStore(store, func() journal.Seq { return last })
		made, err := trails.Create(t.Context(), trail.Trail{AccountID: DefaultAccount, HomeRegion: DefaultRegion, Name: "everything", Bucket: "b"}, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, logging := range []bool{true, false, true} {
			last += 10
			if _, err := trails.Change(t.Context(), made.Ref(), "", func(t *trail.Trail) error { t.Logging = logging; return nil }); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * time.Hour) // younger epochs stay anyway
		epochs := func() int {
			found, err := trails.Get(made.Ref())
			if err != nil {
				t.Fatal(err)
			}
			return len(found.Epochs)
		}
		// A forwarder that has not looked yet may need everything.
		behind := followed{trails, logs.New(store, nil, trails, nil)}
		if err := behind.Prune(made.ID, last+1); err != nil || epochs() != 4 {
			t.Errorf("%d epochs are left, want 4 (%v)", epochs(), err)
		}
		if err := trails.Prune(made.ID, last+1); err != nil || epochs() != 1 {
			t.Errorf("%d epochs are left, want 1 (%v)", epochs(), err)
		}
	})
}
