package channel

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/state"
)

const (
	account = "111122223333"
	home    = "eu-west-1"
)

func open(t *testing.T, path string) (*Store, *state.Store) {
	t.Helper()
	disk, err := state.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { disk.Close() })
	return NewStore(disk), disk
}

func newStore(t *testing.T) *Store {
	t.Helper()
	s, _ := open(t, filepath.Join(t.TempDir(), "state"))
	return s
}

func named(name string) Channel {
	return Channel{
		AccountID: account, Region: home, Name: name, Source: "source of " + name,
		Destinations: []Destination{{Type: "EVENT_DATA_STORE", Location: "event-history"}},
	}
}

func (s *Store) mustCreate(t *testing.T, c Channel) Channel {
	t.Helper()
	made, err := s.Create(c)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestChannelsSurviveARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	s, disk := open(t, path)
	c := named("payments")
	c.Tags = []Tag{{Key: "team", Value: "till"}, {Key: "bare"}}
	c.Created = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	made := s.mustCreate(t, c)
	if err := disk.Close(); err != nil {
		t.Fatal(err)
	}
	s, _ = open(t, path)
	if got, err := s.Get(made.Reference()); err != nil || !reflect.DeepEqual(got, made) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, made)
	}
}

func TestNamesAndSourcesAreOneChannelsOnly(t *testing.T) {
	s := newStore(t)
	first := s.mustCreate(t, named("first"))
	second := s.mustCreate(t, named("second"))

	sameName, sameSource := named("first"), named("third")
	sameName.Source, sameSource.Source = "new", first.Source
	if _, err := s.Create(sameName); !errors.Is(err, ErrNameTaken) {
		t.Errorf("a name again: %v", err)
	}
	if _, err := s.Create(sameSource); !errors.Is(err, ErrSourceTaken) {
		t.Errorf("a source again: %v", err)
	}
	if _, err := s.Update(second.Reference(), "first", nil); !errors.Is(err, ErrNameTaken) {
		t.Errorf("another's name: %v", err)
	}
	for _, elsewhere := range []func(*Channel){
		func(c *Channel) { c.AccountID = "444455556666" },
		func(c *Channel) { c.Region = "eu-west-2" },
		func(c *Channel) { c.Region = "eu-west-11" },
	} {
		c := named("first")
		elsewhere(&c)
		s.mustCreate(t, c)
	}
	if all, err := s.List(account, home); err != nil || len(all) != 2 {
		t.Errorf("%d channels, %v", len(all), err)
	}
	if err := s.Delete(first.Reference()); err != nil {
		t.Fatal(err)
	}
	s.mustCreate(t, sameName)
}

func TestAnUpdateChangesWhatItNamesAndNothingElse(t *testing.T) {
	s := newStore(t)
	made := s.mustCreate(t, named("before"))
	got, err := s.Update(made.Reference(), "after", nil)
	want := made
	want.Name = "after"
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("a name: %+v, %v", got, err)
	}
	want.Destinations = []Destination{{Type: "EVENT_DATA_STORE", Location: "other"}}
	if got, err = s.Update(made.Reference(), "after", want.Destinations); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("its own name and destinations: %+v, %v", got, err)
	}
	if got, err = s.Update(made.Reference(), "", nil); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("nothing: %+v, %v", got, err)
	}
	if kept, err := s.Get(made.Reference()); err != nil || !reflect.DeepEqual(kept, want) {
		t.Errorf("kept %+v, %v", kept, err)
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	s := newStore(t)
	made := s.mustCreate(t, named("payments"))
	if err := s.Delete(made.Reference()); err != nil {
		t.Fatal(err)
	}
	_, getErr := s.Get(made.Reference())
	_, updateErr := s.Update(made.Reference(), "x", nil)
	for verb, err := range map[string]error{"get": getErr, "update": updateErr, "delete": s.Delete(made.Reference())} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", verb, err)
		}
	}
}

func TestAnAccountHas25ChannelsHoweverManyAskAtOnce(t *testing.T) {
	s := newStore(t)
	var wg sync.WaitGroup
	errs := make(chan error, 2*MaxChannels)
	for i := range 2 * MaxChannels {
		wg.Go(func() {
			_, err := s.Create(named(fmt.Sprint("channel-", i)))
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	made := 0
	for err := range errs {
		switch {
		case err == nil:
			made++
		case !errors.Is(err, ErrTooMany):
			t.Error(err)
		}
	}
	all, err := s.List(account, home)
	if err != nil || made != MaxChannels || len(all) != MaxChannels {
		t.Errorf("%d were made, %d are there, %v", made, len(all), err)
	}
	for i := 1; i < len(all); i++ {
		if all[i-1].Name >= all[i].Name {
			t.Errorf("%s comes before %s", all[i-1].Name, all[i].Name)
		}
	}
}

func TestTheLastSuccessIsRememberedThroughFailures(t *testing.T) {
	s := newStore(t)
	c := s.mustCreate(t, named("payments"))
	r := c.Reference()
	at := func(minute int) time.Time { return time.Date(2026, 11, 21, 12, minute, 0, 0, time.UTC) }
	if got := s.Ingested(r); got != (Ingestion{}) {
		t.Errorf("before the first: %+v", got)
	}
	s.Note(r, Ingestion{AttemptTime: at(1), AttemptEventID: "a", SuccessTime: at(1), SuccessEventID: "a"})
	s.Note(r, Ingestion{AttemptTime: at(2), ErrorCode: "InvalidData"})
	want := Ingestion{AttemptTime: at(2), ErrorCode: "InvalidData", SuccessTime: at(1), SuccessEventID: "a"}
	if got := s.Ingested(r); got != want {
		t.Errorf("after a failure: %+v", got)
	}
	s.Note(r, Ingestion{AttemptTime: at(3), AttemptEventID: "c", SuccessTime: at(3), SuccessEventID: "c"})
	want = Ingestion{AttemptTime: at(3), AttemptEventID: "c", SuccessTime: at(3), SuccessEventID: "c", ErrorCode: "InvalidData"}
	if got := s.Ingested(r); got != want {
		t.Errorf("after a success: %+v", got)
	}
	if err := s.Delete(r); err != nil {
		t.Fatal(err)
	}
	if got := s.Ingested(r); got != (Ingestion{}) {
		t.Errorf("after it is gone: %+v", got)
	}
}

func TestReferencesAreARNsOrIDs(t *testing.T) {
	for given, want := range map[string]Reference{
		"EXAMPLE8-0558-4f7e": {account, home, "EXAMPLE8-0558-4f7e"},
		"01234567890":        {account, home, "01234567890"},
		"arn:aws:cloudtrail:us-east-1:444455556666:channel/a-1":          {"444455556666", "us-east-1", "a-1"},
		"arn:aws-cn:cloudtrail:cn-north-1:444455556666:channel/a":        {"444455556666", "cn-north-1", "a"},
		"arn:aws-us-gov:cloudtrail:us-gov-east-1:444455556666:channel/a": {"444455556666", "us-gov-east-1", "a"},
	} {
		if got, ok := ParseReference(given, account, home); !ok || got != want {
			t.Errorf("%s: %+v, %v", given, got, ok)
		}
	}
	for _, bad := range []string{
		"", "a/b", "a b", "payments.", "ärger", "arn:", "arn:aws:cloudtrail:us-east-1:444455556666:trail/a",
		"arn:aws:cloudtrail:us-east-1:444455556666:channel/", "arn:aws:cloudtrail:us-east-1:444455556666:channel/a/b",
		"arn:aws:cloudtrail::444455556666:channel/a", "arn:aws:cloudtrail:us-east-1:4444:channel/a",
		"arn:aws:cloudtrail:us-east-1::channel/a", "arn:aws:s3:us-east-1:444455556666:channel/a",
		"arn:aws-cn:cloudtrail:us-east-1:444455556666:channel/a", "arn:aws:cloudtrail:us-east-1/x:444455556666:channel/a",
		"arn:aws:cloudtrail:us-east-1:444455556666:channel/a:b",
		"0123456789012345678901234567890123456789012345678901234567890123456789",
	} {
		if got, ok := ParseReference(bad, account, home); ok {
			t.Errorf("%q is taken as %+v", bad, got)
		}
	}
	c := Channel{AccountID: account, Region: "cn-north-1", ID: "a"}
	if r, ok := ParseReference(c.ARN(), "", ""); !ok || r != c.Reference() {
		t.Errorf("%s is read as %+v", c.ARN(), r)
	}
}
