package trail

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/region"
	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/trail/selector"
)

const account = "111122223333"

// fixture is a store over a journal of as many records as last says.
type fixture struct {
	*Store
	last atomic.Uint64
}

func open(t *testing.T) *fixture {
	t.Helper()
	db, err := state.Open(filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	f := &fixture{}
	f.Store = NewStore(db, func() journal.Seq { return journal.Seq(f.last.Load()) })
	return f
}

func sample(name, home string, multi bool) Trail {
	return Trail{
		AccountID: account, HomeRegion: home, Name: name, Bucket: "logs", Created: time.Now().UTC(),
		Scope: Scope{MultiRegion: multi, GlobalServiceEvents: true},
	}
}

func (f *fixture) create(t *testing.T, s Trail) *Trail {
	t.Helper()
	made, err := f.Create(t.Context(), s, "create-"+s.Name)
	if err != nil {
		t.Fatalf("create %s: %v", s.Name, err)
	}
	return &made
}

func (f *fixture) change(t *testing.T, r Ref, by string, change func(*Trail)) *Trail {
	t.Helper()
	changed, err := f.Change(t.Context(), r, by, func(t *Trail) error { change(t); return nil })
	if err != nil {
		t.Fatalf("change %s: %v", r.Name, err)
	}
	return &changed
}

func start(t *Trail) { t.Logging = true }
func stop(t *Trail)  { t.Logging = false }

// made is the event of a call that was recorded as a record of the journal.
func made(seq journal.Seq, requestID string) *history.Entry {
	return &history.Entry{
		Seq: seq, Account: account, Region: "eu-west-1", Category: history.Management,
		Attributes: history.Attributes{EventSource: "cloudtrail.amazonaws.com", EventName: "StopLogging", ReadOnly: "false"},
		JSON:       fmt.Appendf(nil, `{"requestID":%q}`, requestID),
	}
}

func TestTrailsSurviveARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	db, err := state.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	last := func() journal.Seq { return 41 }
	created, err := NewStore(db, last).Create(t.Context(), sample("one", "eu-west-1", true), "r")
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if db, err = state.Open(path); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	got, err := NewStore(db, last).Get(created.Ref())
	if err != nil || got.ID != created.ID || len(got.Epochs) != 1 || got.Epochs[0].From != 42 || got.Epochs[0].By != "r" {
		t.Errorf("after a restart the trail is %+v, %v", got, err)
	}
}

func TestARegionHasFiveTrailsShadowsIncluded(t *testing.T) {
	f := open(t)
	for i := range 3 {
		f.create(t, sample(fmt.Sprint("multi-", i), "us-east-1", true))
	}
	f.create(t, sample("single-1", "eu-west-1", false))
	f.create(t, sample("single-2", "eu-west-1", false))
	full := func(err error, where string) {
		t.Helper()
		var quota *QuotaError
		if !errors.As(err, &quota) || quota.Region != where || quota.AccountID != account {
			t.Errorf("got %v, want the quota of %s", err, where)
		}
	}
	_, err := f.Create(t.Context(), sample("single-3", "eu-west-1", false), "r")
	full(err, "eu-west-1")
	_, err = f.Create(t.Context(), sample("multi-4", "us-east-1", true), "r")
	full(err, "eu-west-1")
	other := f.create(t, sample("single-3", "eu-west-3", false))
	_, err = f.Change(t.Context(), other.Ref(), "r", func(t *Trail) error { t.MultiRegion = true; return nil })
	full(err, "eu-west-1")
	if err := f.Delete(t.Context(), Ref{account, "eu-west-1", "single-2"}, "r"); err != nil {
		t.Fatal(err)
	}
	f.change(t, other.Ref(), "r", func(t *Trail) { t.MultiRegion = true })
	elsewhere := sample("multi-0", "us-east-1", true)
	elsewhere.AccountID = "444455556666"
	f.create(t, elsewhere)
}

func TestANameIsTakenWhereverTheTrailIsSeen(t *testing.T) {
	f := open(t)
	f.create(t, sample("name", "eu-west-1", false))
	f.create(t, sample("name", "eu-west-2", false))
	f.create(t, sample("everywhere", "eu-west-1", true))
	for _, s := range []Trail{
		sample("name", "eu-west-1", false), sample("name", "us-east-1", true), sample("everywhere", "us-east-1", false),
	} {
		if _, err := f.Create(t.Context(), s, "r"); !errors.Is(err, ErrExists) {
			t.Errorf("%s in %s: %v, want ErrExists", s.Name, s.HomeRegion, err)
		}
	}
	_, err := f.Change(t.Context(), Ref{account, "eu-west-1", "name"}, "r", func(t *Trail) error { t.MultiRegion = true; return nil })
	if !errors.Is(err, ErrExists) {
		t.Errorf("a trail reached into a Region that has its name: %v", err)
	}
}

func TestADeletedTrailIsGoneAndStillDelivers(t *testing.T) {
	f := open(t)
	r := f.create(t, sample("name", "eu-west-1", false)).Ref()
	first := f.change(t, r, "start", start)
	f.last.Store(10)
	if err := f.Delete(t.Context(), r, "delete"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Get(r); !errors.Is(err, ErrNotFound) {
		t.Errorf("a deleted trail was found: %v", err)
	}
	if list, err := f.List(account); len(list) > 0 || err != nil {
		t.Errorf("a deleted trail was listed: %v, %v", list, err)
	}
	if err := f.Delete(t.Context(), r, "again"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a deleted trail was deleted: %v", err)
	}
	f.create(t, sample("name", "eu-west-1", false))
	all, err := f.All()
	if err != nil || len(all) != 2 {
		t.Fatalf("All: %v, %v; want the deleted trail and its successor", all, err)
	}
	gone := all[0]
	if gone.Deleted.IsZero() {
		gone = all[1]
	}
	if !gone.Wants(made(10, "x")) || gone.Wants(made(11, "x")) || !gone.Wants(made(12, "delete")) {
		t.Error("a deleted trail delivers what was before its end, and the event of its end")
	}
	for _, id := range []string{first.ID, first.ID, "never"} {
		if err := f.Forget(id); err != nil {
			t.Errorf("forget %s: %v", id, err)
		}
	}
	if all, err := f.All(); err != nil || len(all) != 1 {
		t.Fatalf("after Forget: %v, %v", all, err)
	} else if err := f.Forget(all[0].ID); err == nil {
		t.Error("a trail was forgotten that is not deleted")
	}
}

func TestOnlyWhatConcernsDeliveryBeginsAnEpoch(t *testing.T) {
	f := open(t)
	r := f.create(t, sample("name", "eu-west-1", false)).Ref()
	for i, test := range []struct {
		change func(*Trail)
		epochs int
	}{
		{start, 2},
		{start, 2},
		{func(t *Trail) { t.Bucket, t.Tags = "elsewhere", []Tag{{"k", "v"}} }, 2},
		{func(t *Trail) { t.Validation = true }, 3},
		{func(t *Trail) { t.MultiRegion = true }, 4},
		{func(t *Trail) { t.Selectors.Basic = []selector.Basic{{ReadWriteType: selector.ReadOnly}} }, 5},
		{stop, 6},
	} {
		f.last.Add(1)
		if got := f.change(t, r, fmt.Sprint("r", i), test.change); len(got.Epochs) != test.epochs {
			t.Fatalf("after change %d there are %d epochs, want %d", i, len(got.Epochs), test.epochs)
		} else if last := got.Epochs[test.epochs-1]; test.epochs > 2 && (last.From != journal.Seq(i+2) || last.By != fmt.Sprint("r", i)) {
			t.Errorf("change %d began %+v", i, last)
		}
	}
}

func TestAChangeThatFailsChangesNothing(t *testing.T) {
	f := open(t)
	r := f.create(t, sample("name", "eu-west-1", false)).Ref()
	refused := errors.New("refused")
	_, err := f.Change(t.Context(), r, "r", func(t *Trail) error { t.Bucket = "other"; return refused })
	if !errors.Is(err, refused) {
		t.Fatalf("got %v", err)
	}
	if got, err := f.Get(r); err != nil || got.Bucket != "logs" {
		t.Errorf("the trail is %+v, %v", got, err)
	}
}

// TestNobodyTurnsATrailOffUnseen makes calls that run at once, whose events are
// recorded after each other's epochs.
func TestNobodyTurnsATrailOffUnseen(t *testing.T) {
	f := open(t)
	r := f.create(t, sample("name", "eu-west-1", false)).Ref()
	f.change(t, r, "start", start)
	f.last.Store(100)
	f.change(t, r, "stop", stop)
	f.change(t, r, "narrow", func(t *Trail) {
		t.Selectors.Basic = []selector.Basic{{ReadWriteType: selector.ReadOnly, IncludeManagementEvents: true}}
	})
	f.last.Store(101)
	off := f.change(t, r, "off", stop)
	for _, test := range []struct {
		seq  journal.Seq
		by   string
		want bool
	}{
		{100, "anybody", true},
		{101, "anybody", false},
		{104, "stop", true},
		{105, "narrow", false}, // it found the trail off and left it off
		{106, "anybody", false},
	} {
		if got := off.Wants(made(test.seq, test.by)); got != test.want {
			t.Errorf("the event of %s, recorded as %d: delivered is %t, want %t", test.by, test.seq, got, test.want)
		}
	}
	on := f.change(t, r, "on", func(t *Trail) { t.Logging, t.Selectors = true, selector.Set{} })
	if !on.Wants(made(102, "on")) {
		t.Error("the event of the call that turned the trail on is not delivered")
	}
}

func TestPruneKeepsWhatIsNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := open(t)
		r := f.create(t, sample("name", "eu-west-1", false)).Ref()
		var id string
		for i := range 4 {
			f.last.Add(10)
			id = f.change(t, r, fmt.Sprint("r", i), func(t *Trail) { t.Logging = !t.Logging }).ID
		}
		epochs := func(before journal.Seq, want int) {
			t.Helper()
			if err := f.Prune(id, before); err != nil {
				t.Fatal(err)
			}
			if got, err := f.Get(r); err != nil || len(got.Epochs) != want {
				t.Errorf("after Prune(%d) there are %d epochs, want %d (%v)", before, len(got.Epochs), want, err)
			}
		}
		epochs(1000, 5) // too young
		time.Sleep(2 * time.Hour)
		epochs(10, 5)
		epochs(11, 4)
		epochs(30, 3)
		epochs(1000, 1)
		if err := f.Prune("nobody's", 1000); err != nil {
			t.Error(err)
		}
	})
}

func TestChangesWakeWhoWaits(t *testing.T) {
	f := open(t)
	changed := f.Changed()
	if _, err := f.All(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
		t.Fatal("nothing has changed")
	default:
	}
	f.create(t, sample("name", "eu-west-1", false))
	<-changed
	if all, err := f.All(); err != nil || len(all) != 1 {
		t.Errorf("who was woken sees %v, %v", all, err)
	}
}

func TestWhatATrailCovers(t *testing.T) {
	entry := func(account, where, source string, c history.Category) *history.Entry {
		return &history.Entry{
			Seq: 5, Account: account, Region: where, Category: c,
			Attributes: history.Attributes{EventSource: source, ReadOnly: "true"}, JSON: []byte(`{}`),
		}
	}
	own, other := account, "444455556666"
	const ec2, iam, sts = "ec2.amazonaws.com", "iam.amazonaws.com", "sts.amazonaws.com"
	globalSTS := entry(own, region.Global, sts, history.Management)
	globalSTS.JSON = []byte(`{"tlsDetails":{"clientProvidedHostHeader":"sts.amazonaws.com"}}`)
	type options struct{ multi, global, organization, off, insights bool }
	for _, test := range []struct {
		name  string
		home  string
		o     options
		entry *history.Entry
		want  bool
	}{
		{"home", "eu-west-1", options{}, entry(own, "eu-west-1", ec2, history.Management), true},
		{"off", "eu-west-1", options{off: true}, entry(own, "eu-west-1", ec2, history.Management), false},
		{"elsewhere", "eu-west-1", options{}, entry(own, "eu-west-2", ec2, history.Management), false},
		{"everywhere", "eu-west-1", options{multi: true, global: true}, entry(own, "eu-west-2", ec2, history.Management), true},
		{"a foreign account", "eu-west-1", options{multi: true}, entry(other, "eu-west-1", ec2, history.Management), false},
		{"the organization", "eu-west-1", options{organization: true}, entry(other, "eu-west-1", ec2, history.Management), true},
		{"the organization elsewhere", "eu-west-1", options{organization: true}, entry(other, "eu-west-2", ec2, history.Management), false},
		{"IAM, multi-Region", "eu-west-1", options{multi: true, global: true}, entry(own, region.Global, iam, history.Management), true},
		{"IAM, single Region elsewhere, global", "eu-west-1", options{global: true}, entry(own, region.Global, iam, history.Management), false},
		{"IAM, us-east-1, global", region.Global, options{global: true}, entry(own, region.Global, iam, history.Management), true},
		{"IAM, us-east-1, not global", region.Global, options{}, entry(own, region.Global, iam, history.Management), false},
		{"EC2, us-east-1, not global", region.Global, options{}, entry(own, region.Global, ec2, history.Management), true},
		{"STS of us-east-1, not global", region.Global, options{}, entry(own, region.Global, sts, history.Management), true},
		{"STS everywhere, not global", region.Global, options{}, globalSTS, false},
		{"STS everywhere, global", region.Global, options{global: true}, globalSTS, true},
		{"an ingested event", "eu-west-1", options{multi: true, global: true}, entry(own, "eu-west-1", ec2, history.ActivityAuditLog), false},
		{"a data event that nobody chose", "eu-west-1", options{}, entry(own, "eu-west-1", ec2, history.Data), false},
		{"a network event that nobody chose", "eu-west-1", options{}, entry(own, "eu-west-1", ec2, history.NetworkActivity), false},
		{"an insight, off", "eu-west-1", options{}, entry(own, "eu-west-1", ec2, history.Insight), false},
		{"an insight, on", "eu-west-1", options{insights: true}, entry(own, "eu-west-1", ec2, history.Insight), true},
	} {
		tr := sample("name", test.home, test.o.multi)
		tr.GlobalServiceEvents, tr.Organization, tr.Logging = test.o.global, test.o.organization, !test.o.off
		if test.o.insights {
			tr.Insights = []Insight{{Type: "ApiCallRateInsight"}}
		}
		tr.Epochs = []Epoch{tr.epoch(1, tr.Created, "r")}
		if got := tr.Wants(test.entry); got != test.want {
			t.Errorf("%s: wanted is %t, want %t", test.name, got, test.want)
		}
		if current, _ := tr.EpochAt(5); current.Wants(&tr, test.entry) != test.want {
			t.Errorf("%s: the epoch says otherwise", test.name)
		}
	}
}

func TestARNsAreReadAsTheyAreWritten(t *testing.T) {
	for arn, want := range map[string]Ref{
		"arn:aws:cloudtrail:us-east-2:123456789012:trail/MyTrail":   {"123456789012", "us-east-2", "MyTrail"},
		"arn:aws-cn:cloudtrail:cn-north-1:123456789012:trail/a":     {"123456789012", "cn-north-1", "a"},
		"arn:aws:cloudtrail:cn-north-1:123456789012:trail/a":        {},
		"arn:aws:cloudtrail:us-east-2:12345678901:trail/MyTrail":    {},
		"arn:aws:cloudtrail:us-east-2:123456789012:channel/MyTrail": {},
		"arn:aws:cloudtrail:us-east-2:123456789012:trail/":          {},
		"arn:aws:s3:us-east-2:123456789012:trail/MyTrail":           {},
		"MyTrail": {},
	} {
		got, ok := ParseARN(arn)
		if got != want || ok != (want != Ref{}) {
			t.Errorf("%s is read as %+v, %t", arn, got, ok)
		}
		if ok && got.ARN() != arn {
			t.Errorf("%s is written as %s", arn, got.ARN())
		}
	}
}

func TestATrailThatIsChangedTooOftenWaits(t *testing.T) {
	f := open(t)
	tr := f.create(t, sample("name", "eu-west-1", false))
	for len(tr.Epochs) < maxEpochs {
		tr.Epochs = append(tr.Epochs, Epoch{From: 1, At: time.Now(), Scope: tr.Scope})
	}
	err := f.store.Update(func(tx *state.Tx) error {
		_, err := trails.Put(tx, tr.ID, *tr)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Change(t.Context(), tr.Ref(), "r", func(t *Trail) error { start(t); return nil }); !errors.Is(err, ErrBusy) {
		t.Errorf("an epoch more: %v, want ErrBusy", err)
	}
	f.change(t, tr.Ref(), "r", func(t *Trail) { t.Bucket = "other" }) // begins none
}
