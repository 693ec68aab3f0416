package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
)

// TestGenuineRecordsComeBack reads genuine records, works out the calls that
// they tell of, and builds their events anew. The scores are committed; a
// change that loses a record fails.
func TestGenuineRecordsComeBack(t *testing.T) {
	records := corpus(t)
	b, catalog := newBuilder(t)
	var want map[string]score
	readJSON(t, "testdata/scores.json", &want)
	var reasons map[string]string
	readJSON(t, "testdata/exceptions.json", &reasons)

	got := make(map[string]score)
	for _, r := range records {
		s := got[r.Source]
		for _, check := range []struct {
			what   string
			of, ok *int
			run    func(*Builder, *awsapi.Catalog, *genuine) error
		}{
			{"requestParameters", &s.Requests, &s.RequestsRight, checkRequest},
			{"responseElements", &s.Answers, &s.AnswersRight, checkAnswer},
			{"envelope", &s.Envelopes, &s.EnvelopesRight, checkEnvelope},
		} {
			err := check.run(b, catalog, r)
			if errors.Is(err, errNotShown) {
				continue
			}
			*check.of++
			if err == nil {
				*check.ok++
				continue
			}
			reason := reasons[r.EventID[:8]+" "+check.what]
			if reason == "" {
				reason = "no reason is known"
			}
			t.Logf("%s %s %s %s: %v\n\t(%s)", r.EventID[:8], r.Source, r.Name, check.what, err, reason)
		}
		got[r.Source] = s
	}
	compareScores(t, got, want)
	writeScores(t, got, "CAIRN_SCORES")
}

// compareScores logs the scores and fails on those below the committed ones.
func compareScores(t *testing.T, got, want map[string]score) {
	t.Helper()
	for _, source := range slices.Sorted(maps.Keys(got)) {
		g, w := got[source], want[source]
		t.Logf("%-40s requests %d/%d, answers %d/%d, envelopes %d/%d", source,
			g.RequestsRight, g.Requests, g.AnswersRight, g.Answers, g.EnvelopesRight, g.Envelopes)
		if g.RequestsRight < w.RequestsRight || g.AnswersRight < w.AnswersRight || g.EnvelopesRight < w.EnvelopesRight {
			t.Errorf("%s: fewer records come back than the committed %+v", source, w)
		}
	}
}

// writeScores writes the scores where an environment variable says, to be
// committed.
func writeScores(t *testing.T, scores map[string]score, variable string) {
	t.Helper()
	out := os.Getenv(variable)
	if out == "" {
		return
	}
	encoded, err := json.MarshalIndent(scores, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(out, append(encoded, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// score counts the records that show something, and those that come back.
type score struct {
	Requests       int `json:"requests"`
	RequestsRight  int `json:"requestsRight"`
	Answers        int `json:"answers"`
	AnswersRight   int `json:"answersRight"`
	Envelopes      int `json:"envelopes"`
	EnvelopesRight int `json:"envelopesRight"`
}

func checkRequest(b *Builder, catalog *awsapi.Catalog, r *genuine) error {
	op, err := r.operation(catalog)
	if err != nil {
		return err
	}
	c := r.call(op)
	if c.Params, err = invertRequest(b, op, r.request); err != nil {
		return err
	}
	return r.same(b.Build(c).RequestParameters, r.request, newerDefaults(op))
}

func checkAnswer(b *Builder, catalog *awsapi.Catalog, r *genuine) error {
	op, err := r.operation(catalog)
	if err != nil {
		return err
	}
	c := r.call(op)
	if c.Output, err = invertAnswer(b, c, r.out); err != nil {
		return err
	}
	return r.same(b.Build(c).ResponseElements, r.out, nil)
}

func checkEnvelope(b *Builder, catalog *awsapi.Catalog, r *genuine) error {
	op, err := r.operation(catalog)
	if err != nil {
		return err
	}
	if r.Class == "genuine-reduced" {
		return errNotShown
	}
	c := r.call(op)
	if c.Params, err = invertRequest(b, op, r.request); err != nil {
		return errNotShown // counted with the requests
	}
	e := b.Build(c)
	var wrong []error
	differ := func(what string, got, want any) {
		if !reflect.DeepEqual(got, want) {
			wrong = append(wrong, fmt.Errorf("%s is %v, not %v", what, got, want))
		}
	}
	differ("eventSource", e.EventSource, r.Source)
	differ("eventName", e.EventName, r.Name)
	differ("errorCode", e.ErrorCode, r.ErrorCode)
	differ("errorMessage", e.ErrorMessage, r.ErrorMessage)
	if r.ReadOnly != nil {
		differ("readOnly", *e.ReadOnly, *r.ReadOnly)
	}
	if r.Category != "" {
		differ("eventCategory", e.EventCategory, r.Category)
	}
	if r.Version >= "1.08" {
		differ("apiVersion", e.APIVersion, r.APIVersion)
	}
	differ("resources", e.Resources, r.Resources)
	return errors.Join(wrong...)
}

func invertRequest(b *Builder, op *awsapi.Operation, v any) (map[string]any, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil, nil
	}
	rules := b.serviceRules(op)
	switch {
	case rules.style == styleS3:
		return invertS3(op, object)
	case rules.style == styleEC2 && b.isLegacy(op):
		return invertLegacy(b.legacyPlan(rules, op).request, object, func(k string) bool { return isExtra(legacyDefaults[op.Name], k) })
	case rules.style == styleEC2:
		for _, inner := range object { // the wrapper
			v = inner
		}
		value, err := invertXML(op.Input, v, ec2QueryName, func(*awsapi.Member) bool { return true })
		params, _ := value.(map[string]any)
		return params, err
	default:
		value, err := invertCamel(op.Input, object, rules.extras)
		params, _ := value.(map[string]any)
		return params, err
	}
}

func invertAnswer(b *Builder, c *Call, v any) (map[string]any, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil, nil
	}
	rules := b.serviceRules(c.Operation)
	op := c.Operation
	own := func(k string) bool { return k == "requestId" || k == "_return" }
	switch {
	case rules.style == styleS3:
		out := make(map[string]any)
		for k, e := range object {
			m := memberWhere(op.Output, func(m *awsapi.Member) bool { return m.LocationName == k })
			if m == nil {
				return nil, fmt.Errorf("no header %q", k)
			}
			out[m.Name] = e
		}
		return out, nil
	case rules.style == styleEC2 && b.isLegacy(op):
		c.RequestID, _ = object["requestId"].(string)
		return invertLegacy(b.legacyPlan(rules, op).answer, object, own)
	case rules.style == styleEC2:
		inner, _ := object[op.Name+"Response"].(map[string]any)
		c.RequestID, _ = inner["requestId"].(string)
		if op.Output == nil {
			return nil, nil
		}
		body := make(map[string]any)
		for k, e := range inner {
			if k != "requestId" {
				body[k] = e
			}
		}
		value, err := invertXML(op.Output, body, (*awsapi.Member).WireName, func(m *awsapi.Member) bool { return m.Flattened || m.Shape.Flattened })
		out, _ := value.(map[string]any)
		return out, err
	default:
		if op.Output == nil {
			return nil, nil
		}
		value, err := invertCamel(op.Output, object, rules.extras)
		out, _ := value.(map[string]any)
		return out, err
	}
}

// newerDefaults are what the rows fill in for an operation. Older records lack
// those that AWS added since, which is no difference of the rules.
func newerDefaults(op *awsapi.Operation) map[string]any {
	defaults := make(map[string]any)
	add := func(name, text string) {
		var v any
		if json.Unmarshal([]byte(text), &v) == nil {
			defaults[name] = v
		}
	}
	for _, d := range legacyDefaults[op.Name] {
		add(d.name, d.json)
	}
	for _, row := range legacyRequestRows {
		if row.absent == "" || !matches(row.op, op.Name) {
			continue
		}
		name := row.name
		if name == "" {
			name = lowerFirst(row.member)
		}
		add(name, row.absent)
	}
	return defaults
}

// same compares JSON with what a record shows. Members that begin with an
// underscore were taken out of the records where they were collected; before
// 1.11, moments had the form of an older JDK.
func (r *genuine) same(got json.RawMessage, want any, defaults map[string]any) error {
	var g any
	if err := json.Unmarshal(got, &g); err != nil {
		return fmt.Errorf("built invalid JSON %s: %w", got, err)
	}
	g, w := plain(g), plain(want)
	if r.Version < event.Version {
		g, w = undated(g), undated(w)
	}
	if object, ok := g.(map[string]any); ok {
		shown, _ := w.(map[string]any)
		for name, v := range defaults {
			if _, ok := shown[name]; !ok && reflect.DeepEqual(object[name], v) {
				delete(object, name)
			}
		}
	}
	if !reflect.DeepEqual(g, w) {
		wanted, err := json.Marshal(w)
		if err != nil {
			return err
		}
		return fmt.Errorf("built\n\t%s\n\tthe record has\n\t%s", got, wanted)
	}
	return nil
}

func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			if !strings.HasPrefix(k, "_") {
				out[k] = plain(e)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = plain(e)
		}
		return out
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return f
	default:
		return v
	}
}

// undated gives every moment one form.
func undated(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = undated(e)
		}
	case []any:
		for i, e := range v {
			v[i] = undated(e)
		}
	case string:
		if t, err := invertTime(v); err == nil {
			return t
		}
	}
	return v
}
