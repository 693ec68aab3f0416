package delivery_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/klauspost/compress/gzip"

	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/trail"
	"github.com/cairn-audit/cairn/internal/trail/delivery"
	"github.com/cairn-audit/cairn/internal/trail/selector"
)

const (
	account  = "123456789012"
	virginia = "us-east-1"
	tokyo    = "ap-northeast-1"
)

// world is a data directory with a journal and trails, an S3, and a courier that
// can be killed and started again.
type world struct {
	t       testing.TB
	dir     string
	store   *state.Store
	mortal  *mortal
	journal *journal.Journal
	trails  *trail.Store
	courier *delivery.Courier
	s3      *objects
	options delivery.Options
	events  int
	stop    func()
}

func newWorld(t testing.TB, o delivery.Options) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), s3: newObjects(), options: o, stop: func() {}}
	w.prepare()
	return w
}

// worldOf is a world of a data directory and an S3 that another one had before.
func worldOf(t testing.TB, dir string, s3 *objects) *world {
	t.Helper()
	w := &world{t: t, dir: dir, s3: s3, options: twoRegions, stop: func() {}}
	w.prepare()
	return w
}

func (w *world) prepare() {
	w.t.Helper()
	if w.options.Keys == nil {
		w.options.Keys = oneKey{}
	}
	if w.options.S3 == nil {
		w.options.S3 = func(*trail.Trail) (delivery.S3, error) { return w.s3, nil }
	}
	w.open()
	w.t.Cleanup(w.close)
}

// open opens the data directory, as a process does that starts.
func (w *world) open() {
	w.t.Helper()
	var err error
	if w.store, err = state.Open(filepath.Join(w.dir, "state.db")); err != nil {
		w.t.Fatal(err)
	}
	w.mortal = &mortal{Store: w.store}
	w.s3.mortal.Store(w.mortal)
	w.journal, err = journal.Open(filepath.Join(w.dir, "journal"), journal.NoIndex{}, journal.Options{
		Logger: slog.New(slog.DiscardHandler), SegmentRecords: 5000,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.trails = trail.NewStore(w.store, w.journal.Last)
	w.courier = delivery.New(w.mortal, w.journal, w.trails, w.options)
}

// start runs the courier.
func (w *world) start() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	courier := w.courier
	go func() { ended <- courier.Run(ctx) }()
	w.stop = func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			w.t.Errorf("the courier ended with %v", err)
		}
		w.stop = func() {}
	}
}

// kill ends the process: nothing that is under way is carried out any more.
func (w *world) kill() {
	w.mortal.die()
	w.restart()
}

// restart ends the process in good order and starts another one.
func (w *world) restart() {
	w.t.Helper()
	w.close()
	w.open()
	w.start()
}

func (w *world) close() {
	w.stop()
	if w.journal == nil {
		return
	}
	if err := errors.Join(w.journal.Close(), w.store.Close()); err != nil {
		w.t.Error(err)
	}
	w.journal = nil
}

// event is what a test says of an event.
type event struct {
	account, region, source, name, readOnly, request string
	category                                         history.Category
	padding                                          int
	resource                                         string // an S3 object
}

// record appends an event to the journal and returns its id.
func (w *world) record(e event) string {
	w.t.Helper()
	id, data := w.encode(e)
	if _, err := w.journal.Append(context.Background(), journal.Record{Kind: journal.Event, Data: data}); err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) encode(e event) (id string, data []byte) {
	w.t.Helper()
	w.events++
	id = w.newest()
	fill(&e.account, account)
	fill(&e.region, virginia)
	fill(&e.source, "ec2.amazonaws.com")
	fill(&e.name, "RunInstances")
	fill(&e.readOnly, "false")
	fill(&e.request, "request-"+id)
	if e.category == 0 {
		e.category = history.Management
	}
	entry := history.Entry{
		Time: time.Now().UTC().Truncate(time.Second), Account: e.account, Region: e.region, Category: e.category,
		Attributes: history.Attributes{EventID: id, EventName: e.name, EventSource: e.source, ReadOnly: e.readOnly},
	}
	var err error
	content := map[string]any{
		"eventID": id, "requestID": e.request, "eventName": e.name, "eventSource": e.source,
		"eventTime": entry.Time, "padding": w.pad(e.padding),
	}
	if e.resource != "" {
		content["resources"] = []map[string]string{{"type": "AWS::S3::Object", "ARN": e.resource}}
	}
	entry.JSON, err = json.Marshal(content)
	if err != nil {
		w.t.Fatal(err)
	}
	if data, err = entry.Encode(); err != nil {
		w.t.Fatal(err)
	}
	return id, data
}

// newest is the id of the last event.
func (w *world) newest() string { return fmt.Sprintf("event-%06d", w.events) }

// pad is text that compresses about as well as an event does.
func (w *world) pad(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%08x the same in every event    ", (w.events+i)*2654435761)
		if n > 1<<16 {
			b.WriteString(strings.Repeat("x", 1<<16))
		}
	}
	return b.String()[:n]
}

func fill(s *string, value string) {
	if *s == "" {
		*s = value
	}
}

var everything = selector.Set{Basic: []selector.Basic{{ReadWriteType: "All", IncludeManagementEvents: true}}}

// create makes a trail that wants all management events of all Regions, and does
// not log yet.
func (w *world) create(name string, change func(*trail.Trail)) trail.Ref {
	w.t.Helper()
	t := trail.Trail{
		AccountID: account, HomeRegion: virginia, Name: name, Created: time.Now().UTC(), Bucket: name + "-bucket",
		Scope: trail.Scope{MultiRegion: true, GlobalServiceEvents: true, Selectors: everything},
	}
	if change != nil {
		change(&t)
	}
	w.call("CreateTrail", func(by string) error {
		_, err := w.trails.Create(context.Background(), t, by)
		return err
	})
	return t.Ref()
}

// call carries out a call that changes trails and records it. It returns the id
// of its event.
func (w *world) call(name string, f func(by string) error) string {
	w.t.Helper()
	by := fmt.Sprintf("call-%06d", w.events)
	if err := f(by); err != nil {
		w.t.Fatal(err)
	}
	return w.record(event{source: "cloudtrail.amazonaws.com", name: name, request: by})
}

func (w *world) change(name string, r trail.Ref, f func(*trail.Trail)) string {
	w.t.Helper()
	return w.call(name, func(by string) error {
		_, err := w.trails.Change(context.Background(), r, by, func(t *trail.Trail) error {
			f(t)
			return nil
		})
		return err
	})
}

func (w *world) startLogging(r trail.Ref) string {
	w.t.Helper()
	return w.change("StartLogging", r, func(t *trail.Trail) { t.Logging = true })
}

func (w *world) stopLogging(r trail.Ref) string {
	w.t.Helper()
	return w.change("StopLogging", r, func(t *trail.Trail) { t.Logging = false })
}

func (w *world) deleteTrail(r trail.Ref) string {
	w.t.Helper()
	return w.call("DeleteTrail", func(by string) error { return w.trails.Delete(context.Background(), r, by) })
}

func (w *world) id(r trail.Ref) string {
	w.t.Helper()
	t, err := w.trails.Get(r)
	if err != nil {
		w.t.Fatal(err)
	}
	return t.ID
}

// errDead is what a dead process gets.
var errDead = errors.New("the process is dead")

// mortal is a state whose process dies at a transaction.
type mortal struct {
	*state.Store
	dead atomic.Bool

	mu sync.Mutex
	// left is how many transactions are still made; below zero, any number.
	// committed says that the last of them reaches the disk.
	left      int
	committed bool
	armed     bool
	// fail is how many transactions fail before the disk is well again. Every
	// other one of them reaches it nevertheless.
	fail int
}

// errFull is what a full disk gives.
var errFull = errors.New("no space left on device")

func (m *mortal) die() { m.dead.Store(true) }

// dieAfter has the process die at its nth transaction from now.
func (m *mortal) dieAfter(n int, committed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left, m.committed, m.armed = n, committed, true
}

// failNext has the next n transactions fail.
func (m *mortal) failNext(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = n
}

func (m *mortal) View(f func(*state.Tx) error) error {
	if m.dead.Load() {
		return errDead
	}
	return m.Store.View(f)
}

func (m *mortal) Update(f func(*state.Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead.Load() {
		return errDead
	}
	if m.fail > 0 {
		if m.fail--; m.fail%2 == 0 {
			return errFull
		}
		return errors.Join(m.Store.Update(f), errFull)
	}
	if !m.armed {
		return m.Store.Update(f)
	}
	if m.left--; m.left > 0 {
		return m.Store.Update(f)
	}
	m.die()
	if !m.committed {
		return errDead
	}
	return errors.Join(m.Store.Update(f), errDead)
}

// object is what a bucket holds.
type object struct {
	body     []byte // as it was put
	raw      []byte // unpacked
	metadata map[string]string
	in       *s3.PutObjectInput
	at       time.Time
	puts     int
}

// objects is an S3 whose answers a test chooses.
type objects struct {
	mortal atomic.Pointer[mortal]

	mu sync.Mutex // guards what follows
	// answer decides what becomes of a put: whether it is stored, and what is
	// answered. nil stores everything.
	answer func(ctx context.Context, key string) (stored bool, err error)
	all    map[string]*object // by bucket/key
	errs   []error
}

func newObjects() *objects { return &objects{all: map[string]*object{}} }

// answerWith lets answers be decided by another from now on.
func (o *objects) answerWith(answer func(ctx context.Context, key string) (stored bool, err error)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer = answer
}

func (o *objects) PutObject(ctx context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	name := *in.Bucket + "/" + *in.Key
	// Who is dead asks for nothing; what is asked for is stored though the asker
	// dies meanwhile.
	if o.mortal.Load().dead.Load() {
		return nil, errDead
	}
	stored, answer := true, error(nil)
	o.mu.Lock()
	decide := o.answer
	o.mu.Unlock()
	if decide != nil {
		stored, answer = decide(ctx, name)
	}
	if stored {
		if err := o.store(name, in); err != nil {
			o.mu.Lock()
			o.errs = append(o.errs, fmt.Errorf("%s: %w", name, err))
			o.mu.Unlock()
		}
	}
	return &s3.PutObjectOutput{}, answer
}

func (o *objects) store(name string, in *s3.PutObjectInput) error {
	body, err := io.ReadAll(in.Body)
	if err != nil {
		return err
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	was := o.all[name]
	if was == nil {
		o.all[name] = &object{body: body, raw: raw, metadata: in.Metadata, in: in, at: time.Now(), puts: 1}
		return nil
	}
	was.puts++
	if !bytes.Equal(was.body, body) {
		return errors.New("was put with other bytes than before")
	}
	if fmt.Sprint(was.metadata) != fmt.Sprint(in.Metadata) {
		return errors.New("was put with other metadata than before")
	}
	return nil
}

// refusal is an error as S3 answers it.
func refusal(code string) error { return &smithy.GenericAPIError{Code: code, Message: code} }

// oneKey signs everything with one key.
type oneKey struct{}

var theKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func (oneKey) Key(string, time.Time) (*rsa.PrivateKey, error) { return theKey(), nil }
