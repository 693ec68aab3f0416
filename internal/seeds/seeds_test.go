package seeds

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"
)

var update = flag.Bool("update", false, "write docs/seeds.md anew")

const page = "../../docs/seeds.md"

// samples are the documents' examples, in their order.
var samples = []string{
	"create-launch-configuration", "create-load-balancer", "delete-load-balancer", "create-cluster",
	"terminate-capacity-block-instances", "capacity-block-payment-failed", "capacity-block-scheduled",
	"capacity-block-active", "capacity-block-failed", "capacity-block-expired",
	"terminate-instances", "send-ssh-public-key",
}

// TestThePageOfTheSeedsIsTrue makes the calls of the five documents, and compares
// docs/seeds.md with what it is now. Every difference between a document's
// example and the record has its reason.
func TestThePageOfTheSeedsIsTrue(t *testing.T) {
	if testing.Short() {
		t.Skip("lives through a Capacity Block; skipped with -short")
	}
	got := write(t, steady(t, samples, play(t)))
	if t.Failed() {
		return
	}
	if *update {
		if err := os.WriteFile(page, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("docs/seeds.md is not what happens (go test ./internal/seeds -update):\n%s", firstDifference(string(got), string(want)))
	}
}

// write fills in the page's text.
func write(t *testing.T, recorded map[string]json.RawMessage) []byte {
	t.Helper()
	explain := explainer{t: t, used: map[string]bool{}}
	differing := func(name string) []difference { return compare("", sample(t, name), recorded[name]) }
	text, err := template.New("seeds.md.tmpl").Funcs(template.FuncMap{
		"document": func(name string) string { return fence(sample(t, name)) },
		"recorded": func(name string) string { return fence(recorded[name]) },
		"why":      func(name string) string { return explain.table(name, differing(name)) },
		// like says that what differs of one sample differs of another.
		"like": func(name, other string) string {
			if a, b := paths(differing(name)), paths(differing(other)); !slices.Equal(a, b) {
				t.Errorf("%s differs in %v, %s in %v", name, a, other, b)
			}
			return ""
		},
	}).ParseFiles("testdata/seeds.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := text.Execute(&b, nil); err != nil {
		t.Fatal(err)
	}
	explain.done()
	return b.Bytes()
}

func sample(t *testing.T, name string) json.RawMessage {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "samples", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(b)
}

func fence(raw json.RawMessage) string { return "```json\n" + layOut(raw, "") + "\n```\n" }

func paths(differences []difference) []string {
	var all []string
	for _, d := range differences {
		all = append(all, d.path)
	}
	return all
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "now\t" + g[i] + "\npage\t" + w[i]
		}
	}
	return "one is longer"
}
