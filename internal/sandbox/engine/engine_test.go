package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

func TestPathsGoThroughLists(t *testing.T) {
	a := Attrs{"A": []any{map[string]any{"B": "x"}, map[string]any{"B": "y"}, map[string]any{}}, ".hidden": map[string]any{"C": int64(1)}}
	if got := a.Strs("A.B"); !slices.Equal(got, []string{"x", "y"}) {
		t.Errorf("Strs(A.B) = %q", got)
	}
	if got := a.Int(".hidden.C"); got != 1 {
		t.Errorf("Int(.hidden.C) = %d", got)
	}
	a.Set("D.E.F", 7)
	if got := a.Int("D.E.F"); got != 7 {
		t.Errorf("after Set(D.E.F, 7) it is %d", got)
	}
	a.Set("D.E", nil)
	if a.Has("D.E.F") || !a.Has("D") {
		t.Errorf("Set(D.E, nil) leaves %v", a["D"])
	}
}

func TestCloneSharesNothing(t *testing.T) {
	a := Attrs{"A": []any{map[string]any{"B": "x"}}}
	a.Clone().Subs("A")[0]["B"] = "y"
	if a.Str("A.B") != "x" {
		t.Error("a change of the clone shows in the original")
	}
}

func TestDocumentsKeepTheirTypes(t *testing.T) {
	r := &Resource{ID: "i", Seq: 7, Attrs: Attrs{
		"time": time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), "blob": []byte{0, 255}, "float": 2.0, "int": int64(1) << 60,
		"text": "$time", "bool": false, "list": []any{}, "map": map[string]any{"$time": "mine", "$$x": int64(1), "": "e"},
	}}
	b, err := encodeResource(r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeResource("i", b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, r) {
		t.Errorf("decoded %v, want %v", got, r)
	}
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"seq":1,"attrs":{"a":{"$time":"2026-01-01T00:00:00Z"},"b":[1,{"$blob":"AA=="}]}}`))
	f.Add([]byte(`{"attrs":{"$float":"x"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeResource("i", b)
		if err != nil {
			return
		}
		again, err := encodeResource(r)
		if err != nil {
			t.Fatal(err)
		}
		same, err := decodeResource("i", again)
		if err != nil {
			t.Fatalf("a document that was decoded does not come back: %v", err)
		}
		if third, _ := encodeResource(same); string(third) != string(again) {
			t.Errorf("%s became %s", again, third)
		}
	})
}

func TestFilterPatterns(t *testing.T) {
	tests := []struct {
		pattern, value string
		want           bool
	}{
		{"", "", true}, {"*", "", true}, {"*", "abc", true}, {"a*c", "abbc", true}, {"a*c", "abb", false},
		{"a?c", "abc", true}, {"a?c", "ac", false}, {"**b", "ab", true}, {`a\*`, "a*", true}, {`a\*`, "ab", false},
		{"ABC", "abc", false}, {"a*b*c", "a-b-b-c", true},
	}
	for _, tt := range tests {
		if got := like(tt.pattern, tt.value); got != tt.want {
			t.Errorf("like(%q, %q) = %v", tt.pattern, tt.value, got)
		}
	}
}

func TestStatesFollowEachOtherInTime(t *testing.T) {
	states := &States{Path: "State", Next: map[string]Step{
		"a": {To: "b", After: time.Minute}, "b": {To: "c", After: time.Minute}, "c": {After: time.Hour, Keep: true}, "w": {To: "a", Until: "End"},
	}, Enter: map[string]map[string]any{"b": {"Mark": "set", "Old": nil}}}
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		first string
		after time.Duration
		pace  float64
		want  string
	}{
		{"a", 59 * time.Second, 1, "a"},
		{"a", 60 * time.Second, 1, "b"},
		{"a", 120 * time.Second, 1, "c"},
		{"a", 120*time.Second + time.Hour, 1, ""},
		{"a", 0, 0, "a"}, // the answer that began it
		{"a", time.Nanosecond, 0, "c"},
		{"c", 59 * time.Minute, 0, "c"}, // Keep is not hurried
		{"w", time.Hour, 0, "c"},
		{"w", 29 * time.Minute, 0, "w"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.first, tt.after, tt.pace), func(t *testing.T) {
			r := &Resource{Attrs: Attrs{"Old": "x", "End": begin.Add(30 * time.Minute)}}
			states.enter(r.Attrs, tt.first, begin)
			before := r.Clone()
			got := states.settle(r, begin.Add(tt.after), tempo{pace: tt.pace, clock: 1})
			if !reflect.DeepEqual(r.Attrs, before) {
				t.Error("settle changed the resource itself")
			}
			switch {
			case got == nil && tt.want != "":
				t.Errorf("the resource is gone, want %s", tt.want)
			case got != nil && got.Str("State") != tt.want:
				t.Errorf("the state is %s, want %q", got.Str("State"), tt.want)
			case got != nil && tt.want == "c" && tt.first == "a" && (got.Str("Mark") != "set" || got.Has("Old")):
				t.Errorf("entering b left %v", got.Attrs)
			}
		})
	}
}

func TestUnknownMembersAreNotShown(t *testing.T) {
	text := &awsapi.Shape{Name: "String", Kind: awsapi.String}
	shape := &awsapi.Shape{Name: "S", Kind: awsapi.Structure, Members: []*awsapi.Member{{Name: "A", Shape: text}, {Name: "N", Shape: text}}}
	got := Project(shape, Attrs{"A": "x", "B": "y", ".c": "z", "N": int64(1)})
	if want := map[string]any{"A": "x"}; !maps.Equal(got, want) {
		t.Errorf("Project = %v, want %v", got, want)
	}
}

// tables has one service of a row or two over a real model, EC2's, so that the
// engine is tested without the tables of the sandbox.
func tables() *Service {
	return &Service{
		ID: "ec2",
		Kinds: []*Kind{{
			Name: "key", Shape: "KeyPairInfo", ID: "KeyName", Unknown: Refuse("Unknown", "no {id}"),
			Unique: []Unique{{Paths: []string{"KeyName"}, Taken: Refuse("Taken", "{KeyName} is taken")}},
			New:    []Field{Make("CreateTime", Now()), Make("KeyPairId", Hex("key-", 17))},
			Tags:   "Tags",
		}},
		Ops: []Op{
			{Name: "CreateKeyPair", Do: Create{Kind: "key"}},
			{Name: "DescribeKeyPairs", Do: Describe{Kind: "key", IDs: []string{"KeyNames"}}},
			{Name: "DescribeVpcs", Do: Describe{Kind: "key", Out: func(*Exec, []Attrs) map[string]any { return map[string]any{} }}},
			{Name: "DeleteKeyPair", Do: Delete{Kind: "key"}},
		},
		Paging:  Paging{Size: "MaxResults", In: "NextToken", Out: "NextToken", Default: 3, BadToken: Refuse("BadToken", "")},
		Filters: Filtering{Param: "Filters", Name: "Name", Values: "Values", Unknown: Refuse("BadFilter", "{name}")},
		Tagging: Tagging{Param: "TagSpecifications", ByType: true, Key: "Key", Value: "Value"},
		DryRun:  Refuse("DryRunOperation", ""), Lacks: Refuse("Lacks", "{name}"),
	}
}

func begin(t *testing.T, store Store) func(operation string, params map[string]any) (map[string]any, error) {
	t.Helper()
	catalog, err := awsapi.Open()
	if err != nil {
		t.Fatal(err)
	}
	model, err := catalog.Service("ec2")
	if err != nil {
		t.Fatal(err)
	}
	e := New(store, catalog, Options{}, tables())
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return func(operation string, params map[string]any) (map[string]any, error) {
		now = now.Add(time.Second)
		return e.Call(context.Background(), &awsapi.Call{
			Operation: model.Operation(operation), Params: params, AccountID: "1", Region: "r", Time: now,
		})
	}
}

func code(err error) string {
	if refused := Refusal(err); refused != nil {
		return refused.Code
	}
	return fmt.Sprint(err)
}

func TestNothingChangesWhenTheStoreFails(t *testing.T) {
	store := new(Memory)
	call := begin(t, store)
	if _, err := call("CreateKeyPair", map[string]any{"KeyName": "a"}); err != nil {
		t.Fatal(err)
	}
	store.Fail = errors.New("disk full")
	if _, err := call("CreateKeyPair", map[string]any{"KeyName": "b"}); !errors.Is(err, store.Fail) {
		t.Errorf("CreateKeyPair on a full disk = %v", err)
	}
	if _, err := call("DeleteKeyPair", map[string]any{"KeyName": "a"}); !errors.Is(err, store.Fail) {
		t.Errorf("DeleteKeyPair on a full disk = %v", err)
	}
	out, err := call("DescribeKeyPairs", nil)
	if names := Attrs(out).Strs("KeyPairs.KeyName"); err != nil || !slices.Equal(names, []string{"a"}) {
		t.Errorf("after the failures there is %v, %v", names, err)
	}
	store.Fail = nil
	if _, err := call("CreateKeyPair", map[string]any{"KeyName": "b"}); err != nil {
		t.Errorf("CreateKeyPair when there is space again = %v", err)
	}
}

func TestDryRunChangesNothing(t *testing.T) {
	call := begin(t, new(Memory))
	if _, err := call("CreateKeyPair", map[string]any{"KeyName": "a", "DryRun": true}); code(err) != "DryRunOperation" {
		t.Errorf("a dry run = %v", err)
	}
	if out, _ := call("DescribeKeyPairs", nil); len(Attrs(out).All("KeyPairs")) != 0 {
		t.Errorf("a dry run made %v", out)
	}
	if _, err := call("DeleteKeyPair", map[string]any{"KeyName": "a", "DryRun": true}); code(err) != "Unknown" {
		t.Errorf("a dry run of what would be refused = %v", err)
	}
}

func TestPagesAreNotShiftedByChanges(t *testing.T) {
	call := begin(t, new(Memory))
	for i := range 8 {
		if _, err := call("CreateKeyPair", map[string]any{"KeyName": fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	pages := func(token any) (string, any) {
		p := map[string]any{}
		if token != nil {
			p["NextToken"] = token
		}
		// DescribeKeyPairs has no pages in the model; its tokens are looked
		// at through an operation that does.
		out, err := call("DescribeVpcs", p)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(out), out["NextToken"]
	}
	_, token := pages(nil)
	if token == nil {
		t.Fatal("eight resources in pages of three have no second page")
	}
	for _, bad := range []string{"x", "!", "e30"} {
		if _, err := call("DescribeVpcs", map[string]any{"NextToken": bad}); code(err) != "BadToken" {
			t.Errorf("the token %q = %v", bad, err)
		}
	}
	if _, err := call("DescribeVpcs", map[string]any{"NextToken": token, "VpcIds": []any{}}); code(err) != "BadToken" {
		t.Errorf("a token of another question = %v", err)
	}
	count := 2
	for ; token != nil; count++ {
		_, token = pages(token)
	}
	if count != 4 {
		t.Errorf("eight resources in pages of three make %d pages", count-1)
	}
}

func TestRefusals(t *testing.T) {
	call := begin(t, new(Memory))
	if _, err := call("CreateKeyPair", map[string]any{"KeyName": "a"}); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		operation string
		params    map[string]any
		code      string
	}{
		{"CreateKeyPair", map[string]any{"KeyName": "a"}, "Taken"},
		{"DescribeKeyPairs", map[string]any{"KeyNames": []any{"b"}}, "Unknown"},
		{"DescribeKeyPairs", map[string]any{"Filters": []any{map[string]any{"Name": "colour", "Values": []any{"red"}}}}, "BadFilter"},
		{"RunInstances", nil, "Lacks"},
	}
	for _, tt := range tests {
		if _, err := call(tt.operation, tt.params); code(err) != tt.code {
			t.Errorf("%s %v = %v, want %s", tt.operation, tt.params, err, tt.code)
		}
	}
}

func TestCheckFindsMistakes(t *testing.T) {
	catalog, err := awsapi.Open()
	if err != nil {
		t.Fatal(err)
	}
	model, err := catalog.Service("ec2")
	if err != nil {
		t.Fatal(err)
	}
	mistakes := map[string]func(s *Service){
		"no such operation":       func(s *Service) { s.Ops[0].Name = "MakeKeyPair" },
		"two rows":                func(s *Service) { s.Ops = append(s.Ops, s.Ops[0]) },
		"no such shape":           func(s *Service) { s.Kinds[0].Shape = "Key" },
		"no such attribute":       func(s *Service) { s.Kinds[0].New[0].Path = "Created" },
		"a constant's type":       func(s *Service) { s.Kinds[0].New[0] = Be("KeyName", 1) },
		"no such request member":  func(s *Service) { s.Ops[0].Do = Create{Kind: "key", Set: []Field{Make("KeyName", Param("Name"))}} },
		"a template's attribute":  func(s *Service) { s.Kinds[0].New[0] = Make("KeyName", Text("{Nam}")) },
		"no such kind":            func(s *Service) { s.Ops[0].Do = Create{Kind: "lock"} },
		"a target that is not in": func(s *Service) { s.Ops[3].Do = Delete{Kind: "key", Target: "Keys"} },
		"an answer of nothing":    func(s *Service) { s.Ops[0] = Op{Name: "DescribeVpcs", Do: Describe{Kind: "key"}} },
	}
	if errs := Check(model, tables()); len(errs) > 0 {
		t.Errorf("Check of a right table = %v", errs)
	}
	for name, spoil := range mistakes {
		s := tables()
		spoil(s)
		if len(Check(model, s)) == 0 {
			t.Errorf("Check does not see: %s", name)
		}
	}
}
