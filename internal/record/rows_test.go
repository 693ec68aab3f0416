package record

import (
	"strings"
	"testing"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// The tables name services, operations and members by hand. A row that fits
// nothing in the models is a mistake that no other test would see.

func TestEveryRowNamesWhatAModelHas(t *testing.T) {
	_, catalog := newBuilder(t)
	r := rowCheck{t, catalog}
	for id, row := range services {
		r.operations("services.names", id, keys(row.names))
		r.operations("services.answersReads", id, keys(row.answersReads))
		r.shapes("services.extras", id, keys(row.extras))
		r.shapes("services.alwaysArray", id, keys(row.alwaysArray))
	}
	for id, names := range dataEvents {
		r.operations("dataEvents", id, keys(names))
	}
	for id, names := range readOnlyExceptions {
		r.operations("readOnlyExceptions", id, keys(names))
	}
	for id, names := range serviceSecrets {
		r.members("serviceSecrets", id, keys(names))
	}
	for id, rows := range serviceResources {
		for _, row := range rows {
			r.operations("serviceResources", id, keys(row.ops))
			r.members("serviceResources", id, row.from)
		}
	}
	r.operations("s3Bodiless", "s3", keys(s3Bodiless))
	for table, names := range map[string][]string{
		"wrapperNames": keys(wrapperNames), "wrappedNulls": keys(wrappedNulls),
		"legacyDefaults": keys(legacyDefaults), "legacyGathers": keys(legacyGathers),
		"legacyReturns": keys(legacyReturns), "permissionRows": keys(permissionRows),
	} {
		r.operations(table, "ec2", names)
	}
}

// rowCheck looks up names of the tables in the models.
type rowCheck struct {
	*testing.T
	catalog *awsapi.Catalog
}

func (r rowCheck) service(table, id string) *awsapi.Service {
	r.Helper()
	s, err := r.catalog.Service(id)
	if err != nil {
		r.Fatalf("%s: %v", table, err)
	}
	return s
}

func (r rowCheck) operations(table, id string, names []string) {
	r.Helper()
	s := r.service(table, id)
	for _, name := range names {
		if s.Operation(name) == nil {
			r.Errorf("%s: %s has no operation %s", table, id, name)
		}
	}
}

func (r rowCheck) shapes(table, id string, names []string) {
	r.Helper()
	s := r.service(table, id)
	for _, name := range names {
		if s.Shape(name) == nil {
			r.Errorf("%s: %s has no shape %s", table, id, name)
		}
	}
}

func (r rowCheck) members(table, id string, names []string) {
	r.Helper()
	have := memberNames(r.service(table, id))
	for _, name := range names {
		if !have[name] {
			r.Errorf("%s: %s has no member %s", table, id, name)
		}
	}
}

func TestEveryLegacyRowFitsAMember(t *testing.T) {
	b, catalog := newBuilder(t)
	ec2, err := catalog.Service("ec2")
	if err != nil {
		t.Fatal(err)
	}
	fits := func(row legacyRow, shape func(*awsapi.Operation) *awsapi.Shape) bool {
		for _, op := range ec2.Operations {
			top := shape(op)
			if !b.isLegacy(op) || !matches(row.op, op.Name) || top == nil {
				continue
			}
			if row.shape == "" && top.Member(row.member) != nil || row.shape != "" && ec2.Shape(row.shape).Member(row.member) != nil {
				return true
			}
		}
		return false
	}
	for _, row := range legacyRequestRows {
		if !fits(row, func(op *awsapi.Operation) *awsapi.Shape { return op.Input }) {
			t.Errorf("no legacy request has %+v", row)
		}
	}
	for _, row := range legacyAnswerRows {
		if !fits(row, func(op *awsapi.Operation) *awsapi.Shape { return op.Output }) {
			t.Errorf("no legacy answer has %+v", row)
		}
	}
}

// TestLegacyNamesAreUnambiguous: no legacy operation writes two members under
// one name, but for the parts of a list.
func TestLegacyNamesAreUnambiguous(t *testing.T) {
	b, catalog := newBuilder(t)
	ec2, err := catalog.Service("ec2")
	if err != nil {
		t.Fatal(err)
	}
	legacy := 0
	for _, op := range ec2.Operations {
		if !b.isLegacy(op) {
			continue
		}
		legacy++
		plan := b.legacyPlan(b.serviceRules(op), op)
		for _, n := range []*legacyNode{plan.request, plan.answer} {
			for _, f := range n.fields {
				if len(f.parts) > 1 && (!f.parts[0].list || f.parts[0].item == f.parts[1].item && f.parts[0].node == nil) {
					t.Errorf("%s: %s and %s are both %s", op.Name, f.parts[0].member.Name, f.parts[1].member.Name, f.name)
				}
			}
		}
	}
	if legacy != 160 {
		t.Errorf("%d operations are legacy, want the 160 of 2014-10-01", legacy)
	}
}

func memberNames(s *awsapi.Service) map[string]bool {
	names := make(map[string]bool)
	var visit func(*awsapi.Shape)
	seen := make(map[*awsapi.Shape]bool)
	visit = func(shape *awsapi.Shape) {
		if shape == nil || seen[shape] {
			return
		}
		seen[shape] = true
		for _, m := range shape.Members {
			names[m.Name] = true
			visit(m.Shape)
		}
		for _, part := range []*awsapi.Member{shape.Elem, shape.Value} {
			if part != nil {
				visit(part.Shape)
			}
		}
	}
	for _, op := range s.Operations {
		visit(op.Input)
		visit(op.Output)
	}
	return names
}

func keys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}

func TestSourcesAreHostNames(t *testing.T) {
	b, catalog := newBuilder(t)
	for _, id := range catalog.Services() {
		s, err := catalog.Service(id)
		if err != nil {
			t.Fatal(err)
		}
		source := b.serviceRules(s.Operations[0]).source
		if !strings.HasSuffix(source, ".amazonaws.com") || source != strings.ToLower(source) || strings.Count(source, ".") != 2 {
			t.Errorf("%s: %s", id, source)
		}
	}
}
