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
	service := func(id string) *awsapi.Service {
		t.Helper()
		s, err := catalog.Service(id)
		if err != nil {
			t.Errorf("no service %s", id)
			return nil
		}
		return s
	}
	operations := func(table, id string, names []string) {
		t.Helper()
		s := service(id)
		for _, name := range names {
			if s != nil && s.Operation(name) == nil {
				t.Errorf("%s: %s has no operation %s", table, id, name)
			}
		}
	}
	for id, row := range services {
		operations("services.names", id, keys(row.names))
		operations("services.answersReads", id, keys(row.answersReads))
		s := service(id)
		for shape := range row.extras {
			if s != nil && s.Shape(shape) == nil {
				t.Errorf("services.extras: %s has no shape %s", id, shape)
			}
		}
		for shape := range row.alwaysArray {
			if s != nil && s.Shape(shape) == nil {
				t.Errorf("services.alwaysArray: %s has no shape %s", id, shape)
			}
		}
	}
	for id, names := range dataEvents {
		operations("dataEvents", id, keys(names))
	}
	for id, names := range readOnlyExceptions {
		operations("readOnlyExceptions", id, keys(names))
	}
	for id, names := range serviceSecrets {
		members := memberNames(service(id))
		for name := range names {
			if !members[name] {
				t.Errorf("serviceSecrets: %s has no member %s", id, name)
			}
		}
	}
	for id, rows := range serviceResources {
		members := memberNames(service(id))
		for _, row := range rows {
			operations("serviceResources", id, keys(row.ops))
			for _, name := range row.from {
				if !members[name] {
					t.Errorf("serviceResources: %s has no member %s", id, name)
				}
			}
		}
	}
	operations("s3Bodiless", "s3", keys(s3Bodiless))
	operations("wrapperNames", "ec2", keys(wrapperNames))
	operations("wrappedNulls", "ec2", keys(wrappedNulls))
	for _, table := range [][]string{keys(legacyDefaults), keys(legacyGathers), keys(legacyReturns), keys(permissionRows)} {
		operations("legacy", "ec2", table)
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
	if s == nil {
		return names
	}
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
