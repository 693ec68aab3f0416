package sandbox

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// TestTablesAgreeWithTheModels walks every row of every service.
func TestTablesAgreeWithTheModels(t *testing.T) {
	catalog := openCatalog(t)
	all := services()
	for _, s := range all {
		model, err := catalog.Service(s.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range engine.Check(model, s, all...) {
			t.Error(err)
		}
	}
}

// sharedCatalog is read by all tests: to read a model takes longer than most of
// them.
var sharedCatalog = sync.OnceValues(awsapi.Open)

func openCatalog(t testing.TB) *awsapi.Catalog {
	t.Helper()
	catalog, err := sharedCatalog()
	if err != nil {
		t.Fatal(err)
	}
	return catalog
}

type params = map[string]any

// client makes calls of a sandbox. Its clock goes on by a second a call.
type client struct {
	t       testing.TB
	sandbox *Sandbox
	catalog *awsapi.Catalog
	account string
	region  string
	now     time.Time
}

func newClient(t testing.TB, store engine.Store) *client {
	t.Helper()
	return newClientWith(t, store, Options{})
}

func newClientWith(t testing.TB, store engine.Store, o Options) *client {
	t.Helper()
	c := &client{
		t: t, catalog: openCatalog(t), account: "123456789012", region: "us-west-2",
		now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
	var err error
	if o.Rand == nil {
		o.Rand = rand.NewPCG(1, 2)
	}
	c.sandbox, err = New(store, c.catalog, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// try makes a call, which must agree with the model whatever its answer.
func (c *client) try(service, operation string, p params) (engine.Attrs, error) {
	c.t.Helper()
	model, err := c.catalog.Service(service)
	if err != nil {
		c.t.Fatal(err)
	}
	op := model.Operation(operation)
	if op == nil {
		c.t.Fatalf("no operation %s of %s", operation, service)
	}
	if err := engine.Conform(op.Input, p); err != nil {
		c.t.Fatalf("%s:%s: the test's request: %v", service, operation, err)
	}
	c.now = c.now.Add(time.Second)
	out, err := c.sandbox.Call(context.Background(), &awsapi.Call{
		Operation: op, Params: p, AccountID: c.account, Region: c.region, Time: c.now, RequestID: "3b1f1a9e-0c6d-4c7b-8f2e-111111111111",
		Caller: &event.UserIdentity{Type: event.IAMUser, ARN: "arn:aws:iam::123456789012:user/Alice"},
	})
	if err != nil {
		return nil, err
	}
	if err := engine.Conform(op.Output, out); err != nil {
		c.t.Errorf("%s:%s: the answer: %v", service, operation, err)
	}
	return out, nil
}

// call makes a call that must succeed.
func (c *client) call(service, operation string, p params) engine.Attrs {
	c.t.Helper()
	out, err := c.try(service, operation, p)
	if err != nil {
		c.t.Fatalf("%s:%s: %v", service, operation, err)
	}
	return out
}

// refused makes a call that must be refused with the code.
func (c *client) refused(service, operation string, p params, code string) *awsapi.Error {
	c.t.Helper()
	_, err := c.try(service, operation, p)
	refusal := engine.Refusal(err)
	if refusal == nil {
		c.t.Fatalf("%s:%s = %v, want the error %s", service, operation, err, code)
	}
	if refusal.Code != code {
		c.t.Errorf("%s:%s = %v, want the error %s", service, operation, refusal, code)
	}
	return refusal
}
