package history

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/journal"
)

func TestEntryReadsAsItWasWritten(t *testing.T) {
	gen := &generator{Rand: rand.New(rand.NewPCG(1, 1))}
	for range 500 {
		e := gen.entry()
		data, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(data)
		if err != nil || !sameEntry(got, *e) {
			t.Fatalf("got %+v, %v\nwant %+v", got, err, e)
		}
	}
}

func TestEncodeKeepsWholeSeconds(t *testing.T) {
	e := Entry{Category: Data, Time: epoch.Add(999 * time.Millisecond)}
	data, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(data)
	if err != nil || !got.Time.Equal(epoch) {
		t.Fatalf("got %v, %v", got.Time, err)
	}
}

func TestEncodeLeavesOutWhatNoLookupCanName(t *testing.T) {
	long := strings.Repeat("x", MaxValue+1)
	e := Entry{Category: Management, Time: epoch, Attributes: Attributes{Username: long, EventName: long[:MaxValue]}}
	e.Account, e.Region = long[:256], long[:255]
	for range MaxResources + 5 {
		e.Resources = append(e.Resources, Resource{"t", long})
	}
	data, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if got.Account != "" || got.Region != e.Region {
		t.Errorf("kept an account of %d bytes, a Region of %d", len(got.Account), len(got.Region))
	}
	if got.Username != "" || got.EventName != e.EventName || len(got.Resources) != MaxResources || got.Resources[0] != (Resource{"t", ""}) {
		t.Fatalf("kept a user of %d bytes, a name of %d, %d resources, the first %+v",
			len(got.Username), len(got.EventName), len(got.Resources), got.Resources[0])
	}
}

func TestEncodeRefusesWhatIsNoEntry(t *testing.T) {
	good := Entry{Category: Management, Time: epoch}
	for name, change := range map[string]func(*Entry){
		"no category":      func(e *Entry) { e.Category = 0 },
		"unknown category": func(e *Entry) { e.Category = endOfCategories },
		"readOnly":         func(e *Entry) { e.ReadOnly = "True" },
		"year 10000":       func(e *Entry) { e.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"year -1":          func(e *Entry) { e.Time = time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		e := good
		change(&e)
		if _, err := e.Encode(); err == nil {
			t.Errorf("%s: was encoded", name)
		}
	}
}

func TestNamesOfAttributesAndCategoriesReadBack(t *testing.T) {
	for a := EventID; a < endOfAttributes; a++ {
		if got, err := ParseAttribute(a.String()); got != a || err != nil {
			t.Errorf("%v: got %v, %v", a, got, err)
		}
	}
	for c := Management; c < endOfCategories; c++ {
		if got, err := ParseCategory(c.String()); got != c || err != nil {
			t.Errorf("%v: got %v, %v", c, got, err)
		}
	}
	for _, bad := range []string{"", "Any", "eventname", "EventID"} {
		if _, err := ParseAttribute(bad); err == nil {
			t.Errorf("%q is an attribute", bad)
		}
		if _, err := ParseCategory(bad); err == nil {
			t.Errorf("%q is a category", bad)
		}
	}
}

// FuzzDecode: what Decode accepts is just what Encode writes.
func FuzzDecode(f *testing.F) {
	gen := &generator{Rand: rand.New(rand.NewPCG(1, 1))}
	for range 5 {
		data, err := gen.entry().Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[:len(data)/2])
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := Decode(data)
		if err != nil {
			return
		}
		again, err := e.Encode()
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%x was read as %+v, which is %x, %v", data, e, again, err)
		}
	})
}

func TestEntriesAreReadInOrderWithoutIntents(t *testing.T) {
	x := newHarness(t, 12)
	x.append(100)
	from := x.model[30].Seq
	want := x.model[30:]
	for e, err := range Entries(context.Background(), x.j, from) {
		if err != nil {
			t.Fatal(err)
		}
		if len(want) == 0 || !sameEntry(e, want[0]) {
			t.Fatalf("got %+v", e)
		}
		want = want[1:]
	}
	if len(want) > 0 {
		t.Fatalf("%d events are missing", len(want))
	}
	x.j.append(journal.Record{Kind: journal.Event, Data: []byte{0}})
	var last error
	for _, err := range Entries(context.Background(), x.j, from) {
		last = err
	}
	if last == nil {
		t.Fatal("a damaged entry was no error")
	}
}
