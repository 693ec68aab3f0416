package awsapi

import (
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"
)

// speakers are the services of which the wire protocol is tried.
var speakers = map[Protocol][]string{
	EC2:     {"ec2"},
	RestXML: {"cloudfront", "route53", "s3", "s3control"},
	RPCv2: {"arc-region-switch", "cloudwatch", "comprehendmedical", "compute-optimizer", "compute-optimizer-automation",
		"gamelift", "interconnect", "marketplace-entitlement", "snowball"},
	Query: {"autoscaling", "cloudformation", "cloudsearch", "cloudwatch", "docdb", "elasticache", "elasticbeanstalk", "elb",
		"elbv2", "iam", "importexport", "neptune", "rds", "redshift", "sdb", "ses", "sns", "sts"},
}

// forEachOperation calls test with every operation that speaks the protocol.
func forEachOperation(t *testing.T, p Protocol, test func(t *testing.T, r *rand.Rand, op *Operation)) {
	t.Helper()
	catalog := openCatalog(t)
	for _, id := range speakers[p] {
		svc, err := catalog.Service(id)
		if err != nil {
			t.Fatal(err)
		}
		if !svc.Speaks(p) {
			t.Fatalf("%s does not speak %s", id, p)
		}
		t.Run(id, func(t *testing.T) {
			for _, op := range svc.Operations {
				test(t, rand.New(rand.NewPCG(1, uint64(len(op.Name)))), op)
			}
		})
	}
}

func TestSpeakersAreAllThatTheCatalogHas(t *testing.T) {
	catalog := openCatalog(t)
	count := map[Protocol]int{}
	for _, e := range catalog.entries {
		for _, p := range e.Protocols {
			if !e.Historic {
				count[p]++
			}
		}
	}
	for p, ids := range speakers {
		if count[p] != len(ids) {
			t.Errorf("%d services speak %s, %d are tried", count[p], p, len(ids))
		}
	}
}

// opened is the catalog that tests share, so that each model is read once.
var opened = sync.OnceValues(Open)

func openCatalog(tb testing.TB) *Catalog {
	tb.Helper()
	catalog, err := opened()
	if err != nil {
		tb.Fatal(err)
	}
	return catalog
}

func operation(tb testing.TB, service, name string) *Operation {
	tb.Helper()
	svc, err := openCatalog(tb).Service(service)
	if err != nil {
		tb.Fatal(err)
	}
	op := svc.Operation(name)
	if op == nil {
		tb.Fatalf("%s has no operation %s", service, name)
	}
	return op
}

func wantEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if path, a, b := firstDifference("", got, want); path != "" {
		t.Errorf("%s: at %s: got %#v, want %#v", what, path, a, b)
	}
}

// firstDifference returns where two values differ, or "".
func firstDifference(path string, got, want any) (string, any, any) {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			break
		}
		for name := range want {
			if _, ok := got[name]; !ok {
				return path + "." + name, "nothing", want[name]
			}
			if p, a, b := firstDifference(path+"."+name, got[name], want[name]); p != "" {
				return p, a, b
			}
		}
		for name := range got {
			if _, ok := want[name]; !ok {
				return path + "." + name, got[name], "nothing"
			}
		}
		return "", nil, nil
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			break
		}
		for i := range want {
			if p, a, b := firstDifference(path+"[]", got[i], want[i]); p != "" {
				return p, a, b
			}
		}
		return "", nil, nil
	case time.Time:
		if got, ok := got.(time.Time); ok && got.Equal(want) && got.Location() == time.UTC {
			return "", nil, nil
		}
	}
	if reflect.DeepEqual(got, want) {
		return "", nil, nil
	}
	return path + " ", got, want
}

// without returns the value as it is after what the wire cannot carry has gone:
// the parts for which drop is true.
func without(m *Member, v any, drop func(m *Member, v any) bool) any {
	if m.Shape.Document {
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		kept := map[string]any{}
		for name, value := range v {
			part := m.Shape.Value
			if m.Shape.Kind == Structure {
				part = m.Shape.Member(name)
			}
			if value = without(part, value, drop); !drop(part, value) {
				kept[name] = value
			}
		}
		return kept
	case []any:
		kept := []any{}
		for _, item := range v {
			kept = append(kept, without(m.Shape.Elem, item, drop))
		}
		return kept
	}
	return v
}

// emptyFlat is what XML has no place for: elements that stand in place of a list
// or map that has none.
func emptyFlat(m *Member, v any) bool {
	return flattened(m) && m.Shape.Kind != Structure && reflect.ValueOf(v).Len() == 0
}

// isShadowed is the one member that has its element's name in common with
// another, see findElement.
func isShadowed(m *Member, _ any) bool { return m.Name == "Event" && m.Shape.Name == "Event" }
