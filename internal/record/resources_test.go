package record

import (
	"reflect"
	"testing"

	"github.com/cairn-audit/cairn/event"
)

// TestEveryBusOfACallIsAResource has the samples of the EventBridge guide.
func TestEveryBusOfACallIsAResource(t *testing.T) {
	b, catalog := newBuilder(t)
	s, err := catalog.Service("events")
	if err != nil {
		t.Fatal(err)
	}
	many := make(l, 1000)
	for i := range many {
		many[i] = m{"EventBusName": string(rune('a' + i))}
	}
	bus := func(name string) event.Resource {
		return event.Resource{Type: "AWS::Events::EventBus", ARN: "arn:aws:events:eu-west-1:111122223333:event-bus/" + name}
	}
	for _, c := range []struct {
		op      string
		entries l
		want    []event.Resource
	}{
		{"PutEvents", l{m{"Source": "a"}, m{"EventBusName": "default"}, m{"EventBusName": "other"}}, []event.Resource{bus("default"), bus("other")}},
		{"PutEvents", l{m{"EventBusName": "arn:aws:events:eu-west-1:9:event-bus/b"}}, []event.Resource{{Type: "AWS::Events::EventBus", ARN: "arn:aws:events:eu-west-1:9:event-bus/b"}}},
		{"PutPartnerEvents", l{m{"Source": "aws.partner/example.com/x"}}, []event.Resource{{Type: "AWS::Events::EventSource", ARN: "arn:aws:events:eu-west-1::event-source/aws.partner/example.com/x"}}},
		{"PutEvents", nil, nil},
	} {
		got := b.Build(&Call{Operation: s.Operation(c.op), Params: m{"Entries": c.entries}, AccountID: "111122223333", Region: "eu-west-1"})
		if !reflect.DeepEqual(got.Resources, c.want) {
			t.Errorf("%s: %v, want %v", c.op, got.Resources, c.want)
		}
	}
	if got := b.Build(&Call{Operation: s.Operation("PutEvents"), Params: m{"Entries": many}}); len(got.Resources) != maxElements {
		t.Errorf("%d resources", len(got.Resources))
	}
}
