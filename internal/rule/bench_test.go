package rule

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/state"
)

// everything is trails and topics that take all.
type everything struct{ taken atomic.Int64 }

func (e *everything) Wants(*history.Entry) (bool, error) { return true, nil }

func (e *everything) Publish(context.Context, string, string, string) error {
	e.taken.Add(1)
	return nil
}

// counting is a journal that counts how often its end is asked for, which is after
// each record.
type counting struct {
	*journal.Journal
	records atomic.Int64
}

func (c *counting) Last() journal.Seq {
	c.records.Add(1)
	return c.Journal.Last()
}

// BenchmarkFollow reads a journal of events of 1.5 KB, of which rules want none,
// some or all.
func BenchmarkFollow(b *testing.B) {
	for _, test := range []struct {
		name, pattern string
		every         int // which event the pattern wants
	}{
		{"NoRule", "", 0},
		{"Nothing", `{"detail":{"eventName":["TerminateInstances"]}}`, 0},
		{"OneIn100", `{"detail":{"eventName":["RunInstances"]}}`, 100},
		{"All", anyCall, 1},
	} {
		b.Run(test.name, func(b *testing.B) { benchmarkFollow(b, test.pattern, test.every) })
	}
}

func benchmarkFollow(b *testing.B, pattern string, every int) {
	dir := b.TempDir()
	var stores [2]*state.Store
	for i := range stores {
		var err error
		if stores[i], err = state.Open(filepath.Join(dir, fmt.Sprint(i))); err != nil {
			b.Fatal(err)
		}
		defer stores[i].Close()
	}
	j, err := journal.Open(filepath.Join(dir, "journal"), journal.NoIndex{}, journal.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	key, err := seal.NewKey(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		b.Fatal(err)
	}
	rules, all := NewStore(stores[0], key, j.Last), &everything{}
	if pattern != "" {
		_, err = rules.Put(Rule{Scope: testScope, Name: "r", Pattern: pattern, State: Enabled})
		if err == nil {
			err = rules.PutTargets(testScope, "r", topicTarget())
		}
	}
	if err != nil {
		b.Fatal(err)
	}
	followed := &counting{Journal: j}
	d, err := NewDispatcher(Sources{rules, followed, all}, stores[1], Options{Topics: all})
	if err != nil {
		b.Fatal(err)
	}
	fill(b, j)
	wanted := int64(0)
	if every > 0 {
		wanted = int64((b.N + every - 1) / every)
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.ResetTimer()
	ended := make(chan error)
	go func() { ended <- d.Run(ctx) }()
	for all.taken.Load() < wanted || followed.records.Load() < int64(b.N) {
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-ended
}

// fill records b.N events.
func fill(b *testing.B, j *journal.Journal) {
	const atOnce = 1000
	for i := 0; i < b.N; {
		var records []journal.Record
		for ; i < b.N && len(records) < atOnce; i++ {
			name := "StopInstances"
			if i%100 == 0 {
				name = "RunInstances"
			}
			e := recorded(history.Management, "AwsApiCall", "ec2.amazonaws.com", name, "false")
			e.EventID = fmt.Sprint(i)
			e.JSON = append(e.JSON[:len(e.JSON)-1], fmt.Sprintf(`,"requestParameters":{"x":"%0900d"}}`, i)...)
			data, err := e.Encode()
			if err != nil {
				b.Fatal(err)
			}
			records = append(records, journal.Record{Kind: journal.Event, Data: data})
		}
		if _, err := j.Append(b.Context(), records...); err != nil {
			b.Fatal(err)
		}
	}
}
