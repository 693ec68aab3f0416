package delivery_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/trail"
	"github.com/cairn-audit/cairn/internal/trail/delivery"
)

// TestEveryEventIsInExactlyOneFileWhateverCrashes plays random histories: calls,
// changes of trails, an S3 that fails in every way, a state that cannot be written
// for a while, processes that die at any transaction. In the end each trail has
// delivered what it wanted, each event once, and its digests prove it.
func TestEveryEventIsInExactlyOneFileWhateverCrashes(t *testing.T) {
	theKey()
	for seed := range crashSeeds(t) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { playCrashes(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

// crashSeeds is how many histories are played: CAIRN_CRASH_SEEDS, else 2.
func crashSeeds(t *testing.T) uint64 {
	text, ok := os.LookupEnv("CAIRN_CRASH_SEEDS")
	if !ok {
		return 2
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// model is what a trail must have delivered.
type model struct {
	ref                 trail.Ref
	logging, validating bool
	want                []string
	validated           map[string]bool // the events whose files are in digests
}

type crashes struct {
	*world
	random *rand.Rand
	models []*model
	broken *brokenS3
}

func playCrashes(t *testing.T, random *rand.Rand) {
	broken := &brokenS3{random: rand.New(rand.NewPCG(random.Uint64(), 2)), rate: 0.3}
	w := newWorld(t, delivery.Options{Regions: []string{virginia, tokyo}})
	w.s3.answerWith(broken.answer)
	w.start()
	c := &crashes{world: w, random: random, broken: broken}
	for _, name := range []string{"first", "second"} {
		m := &model{validating: random.IntN(4) > 0, validated: map[string]bool{}}
		m.ref = w.create(name, func(t *trail.Trail) { t.Validation = m.validating })
		c.models = append(c.models, m)
	}
	for _, m := range c.models {
		c.toggle(m)
	}
	for range 120 {
		c.step()
	}
	broken.heal()
	w.restart()
	for _, m := range c.models {
		if m.logging {
			c.toggle(m)
		}
	}
	time.Sleep(2 * time.Hour)
	synctest.Wait()
	b := w.contents()
	named := w.checkChains(b)
	for _, m := range c.models {
		b.mustHave(t, m.ref.Name+"-bucket", m.want)
		for name, ids := range b.logs {
			if !strings.HasPrefix(name, m.ref.Name) {
				continue
			}
			for _, id := range ids {
				if _, ok := named[name]; ok != m.validated[id] {
					t.Errorf("%s, with %s, is named by a digest: %v, want %v", name, id, ok, m.validated[id])
				}
			}
		}
		if got := w.courier.Backlog(w.id(m.ref)); got != (delivery.Backlog{}) {
			t.Errorf("%s still has %+v", m.ref.Name, got)
		}
	}
	w.close()
}

func (c *crashes) step() {
	switch n := c.random.IntN(100); {
	case n < 45:
		for range c.random.IntN(20) {
			c.happen()
		}
	case n < 60:
		time.Sleep(time.Duration(c.random.Int64N(int64(10 * time.Minute))))
	case n < 68:
		time.Sleep(time.Duration(c.random.Int64N(int64(2 * time.Hour))))
	case n < 78:
		c.toggle(c.models[c.random.IntN(len(c.models))])
	case n < 82:
		c.validate(c.models[c.random.IntN(len(c.models))])
	case n < 84:
		c.replace(c.models[c.random.IntN(len(c.models))])
	case n < 92:
		c.mortal.dieAfter(1+c.random.IntN(5), c.random.IntN(2) == 0)
		time.Sleep(time.Duration(c.random.Int64N(int64(10 * time.Minute))))
		c.kill()
	case n < 94:
		c.kill()
	case n < 97:
		c.mortal.failNext(1 + c.random.IntN(8))
	default:
		c.restart()
	}
}

// happen records an event that trails want.
func (c *crashes) happen() {
	regions := []string{virginia, virginia, tokyo, "eu-west-1"}
	id := c.record(event{region: regions[c.random.IntN(len(regions))]})
	for _, m := range c.models {
		m.take(id, m.logging, m.logging && m.validating)
	}
}

func (m *model) take(id string, wanted, validated bool) {
	if !wanted {
		return
	}
	m.want = append(m.want, id)
	m.validated[id] = validated
}

// toggle calls StartLogging or StopLogging. Either call's event is wanted.
func (c *crashes) toggle(m *model) {
	m.logging = !m.logging
	call := c.startLogging
	if !m.logging {
		call = c.stopLogging
	}
	c.called(m, call(m.ref), m.validating)
}

// validate switches validation. The call's event belongs to what was before, if
// that was validated, and to what comes if not.
func (c *crashes) validate(m *model) {
	m.validating = !m.validating
	id := c.change("UpdateTrail", m.ref, func(t *trail.Trail) { t.Validation = m.validating })
	for _, other := range c.models {
		other.take(id, other.logging, other.logging && (other == m || other.validating))
	}
}

// replace deletes a trail and makes another with its name and bucket, while the
// deleted one may still have to deliver.
func (c *crashes) replace(m *model) {
	id := c.deleteTrail(m.ref)
	for _, other := range c.models {
		other.take(id, other.logging, other.logging && other.validating)
	}
	m.logging = false
	m.ref = c.create(m.ref.Name, func(t *trail.Trail) { t.Validation = m.validating })
	for _, other := range c.models {
		other.take(c.newest(), other.logging, other.logging && other.validating)
	}
}

// called takes note of a call about a trail, which others see if they log.
func (c *crashes) called(m *model, id string, validated bool) {
	for _, other := range c.models {
		if other == m {
			other.take(id, true, validated)
			continue
		}
		other.take(id, other.logging, other.logging && other.validating)
	}
}

// brokenS3 fails in every way that an S3 can.
type brokenS3 struct {
	mu     sync.Mutex
	random *rand.Rand
	rate   float64
	whole  time.Time // an outage lasts until then
}

func (b *brokenS3) heal() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rate, b.whole = 0, time.Time{}
}

func (b *brokenS3) answer(ctx context.Context, _ string) (bool, error) {
	b.mu.Lock()
	r := b.random.Float64() / max(b.rate, 1e-9)
	away := time.Now().Before(b.whole)
	if r < 0.02 {
		b.whole = time.Now().Add(3 * time.Hour)
	}
	b.mu.Unlock()
	switch {
	case away:
		return false, refusal("NoSuchBucket")
	case r < 0.2:
		return false, refusal("AccessDenied")
	case r < 0.4: // stored, and the answer is lost
		return true, context.DeadlineExceeded
	case r < 0.6: // stalls
		<-ctx.Done()
		return r < 0.5, ctx.Err()
	case r < 1:
		return false, refusal("InternalError")
	}
	return true, nil
}

// TestAFileKeepsItsKeyAndBytes has every answer lost once.
func TestAFileKeepsItsKeyAndBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		theKey()
		w := newWorld(t, delivery.Options{Regions: []string{virginia, tokyo}})
		var mu sync.Mutex
		seen := map[string]bool{}
		w.s3.answerWith(func(_ context.Context, key string) (bool, error) {
			mu.Lock()
			defer mu.Unlock()
			first := !seen[key]
			seen[key] = true
			if first {
				w.mortal.die()
				return true, errDead
			}
			return true, nil
		})
		w.start()
		r := w.create("main", func(t *trail.Trail) { t.Validation = true })
		want := []string{w.startLogging(r)}
		for i := range 30 {
			region := []string{virginia, tokyo}[i%2]
			want = append(want, w.record(event{region: region, category: history.Management}))
			time.Sleep(3 * time.Minute)
			if w.mortal.dead.Load() {
				w.restart()
			}
		}
		for range 200 {
			time.Sleep(time.Minute)
			if w.mortal.dead.Load() {
				w.restart()
			}
		}
		want = append(want, w.stopLogging(r))
		for range 100 {
			time.Sleep(time.Minute)
			if w.mortal.dead.Load() {
				w.restart()
			}
		}
		b := w.contents()
		b.mustHave(t, "main-bucket", want)
		w.checkChains(b)
		twice := 0
		for _, o := range w.s3.all {
			if o.puts > 1 {
				twice++
			}
		}
		if twice == 0 {
			t.Error("nothing was put twice; this test saw nothing")
		}
		w.close()
	})
}
