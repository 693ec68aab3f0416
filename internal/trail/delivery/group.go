package delivery

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"time"

	"github.com/cairn-audit/cairn/digest"
	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/journal"
)

// A log file is its records between these, with commas.
const (
	fileHead  = `{"Records":[`
	fileComma = `,`
	fileTail  = `]}`
)

// place is what all events of a log file have in common.
type place struct {
	account, region, kind string
	period                uint64
}

// kindOf is the folder of a category's log files.
func kindOf(c history.Category) string {
	switch c {
	case history.NetworkActivity:
		return digest.KindNetworkActivity
	case history.Insight:
		return digest.KindInsight
	default:
		return digest.KindLog
	}
}

// group is a log file in the making. It does not hold the events: they are in
// the journal.
type group struct {
	place
	records        numbers
	first, last    journal.Seq
	events         int
	size           int64 // of the file, if it ended here
	hash           hash.Hash
	oldest, newest time.Time
}

func newGroup(p place) *group {
	g := &group{place: p, size: int64(len(fileHead) + len(fileTail)), hash: sha256.New()}
	g.hash.Write([]byte(fileHead))
	return g
}

// fits reports whether the file stays within a size with another event. The first
// fits whatever its size: it has to go somewhere.
func (g *group) fits(e *history.Entry, limit int64) bool {
	return g.events == 0 || g.size+int64(len(fileComma)+len(e.JSON)) <= limit
}

func (g *group) add(e *history.Entry) {
	if g.events == 0 {
		g.first, g.oldest, g.newest = e.Seq, e.Time, e.Time
	} else {
		g.hash.Write([]byte(fileComma))
		g.size += int64(len(fileComma))
	}
	g.hash.Write(e.JSON)
	g.size += int64(len(e.JSON))
	g.records = g.records.after(g.last, e.Seq)
	g.last = e.Seq
	g.events++
	if e.Time.Before(g.oldest) {
		g.oldest = e.Time
	}
	if e.Time.After(g.newest) {
		g.newest = e.Time
	}
}

// file ends the group.
func (g *group) file() file {
	g.hash.Write([]byte(fileTail))
	return file{
		Account: g.account, Region: g.region, Period: g.period,
		First: g.first, Records: g.records, Events: g.events,
		Hash: hex.EncodeToString(g.hash.Sum(nil)), Size: g.size,
		Oldest: g.oldest, Newest: g.newest,
	}
}
