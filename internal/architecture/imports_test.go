package architecture

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/cairn-audit/cairn"

// layers are the packages from the ground up. A package imports from the layers
// below its own and not from its neighbours. Packages below one of these belong
// to it and may import each other.
var layers = [][]string{
	{"event", "audit", "internal/durable", "internal/seal", "internal/policy", "internal/saml", "internal/region", "internal/eventpattern", "internal/egress"},
	{"digest", "internal/awsapi", "internal/sigv4"},
	{"internal/journal", "internal/state", "internal/sigv2", "internal/access"},
	{"internal/history", "internal/identity", "internal/record", "internal/bucket"},
	{"internal/gateway", "internal/sandbox", "internal/trail", "internal/monitor", "internal/topic", "internal/upstream", "internal/rule", "internal/loggroup", "internal/archive"},
	{"internal/services"},
	{"internal/console"},
	{"internal/app", "internal/demo"},
	{"cmd"},
	// Tests only: they look at all the rest.
	{"internal/apptest", "internal/architecture", "internal/cairntest", "internal/likeness", "internal/parity", "internal/seeds"},
}

// forbidden are imports that a package's layer would allow or that are not of
// this module. A pattern that ends in "/..." stands for all below it as well.
var forbidden = []struct {
	of      string
	imports []string
	because string
}{
	{"event", []string{"os", "io/fs", "net", "net/http", "syscall", "log/slog"}, "a record does no I/O"},
	{"audit", []string{module + "/..."}, "other people's programs import it"},
	{"digest", []string{"os", "net", "net/http"}, "it verifies bytes, wherever they are from"},
	{"internal/seal", []string{module + "/..."}, "it is a leaf"},
	{"internal/durable", []string{module + "/event", "encoding/...", "compress/...", "net/http"}, "it knows no format"},
	{"internal/sigv4", []string{"os", "io/fs"}, "keys are given to it"},
	{"internal/sigv2", []string{"os", "io/fs", module + "/internal/awsapi"}, "keys are given to it"},
	{"internal/policy", []string{"os", "net/http", module + "/..."}, "it is pure"},
	{"internal/saml", []string{"os", "net/http", module + "/..."}, "it is pure"},
	{"internal/eventpattern", []string{"os", "net/http", module + "/..."}, "it is pure"},
	{"internal/journal", []string{module + "/event", module + "/internal/awsapi", "net/http"}, "it keeps opaque bytes"},
	{"internal/history", []string{module + "/internal/awsapi", "net/http"}, "it indexes attributes, of whatever kind"},
	{"internal/state", []string{module + "/event", "net/http"}, "events are the journal's"},
	{"internal/identity", []string{"net/http", module + "/internal/awsapi"}, "a principal is not a request"},
	{"internal/record", []string{"os", "net/http", module + "/internal/journal", module + "/internal/state"}, "it turns values into values"},
	{"internal/sandbox", []string{
		module + "/internal/journal", module + "/internal/history", module + "/internal/record", "net/http",
	}, "a backend knows nothing of recording"},
	{"internal/services", []string{module + "/internal/gateway", module + "/internal/journal"}, "a handler answers calls"},
	{"cmd", []string{module + "/internal/journal", module + "/internal/history", module + "/internal/record"}, "it has no logic"},
}

// owners are modules that one package uses for all others.
var owners = map[string]string{
	"github.com/versity/versitygw":        "internal/bucket",
	"go.etcd.io/bbolt":                    "internal/state",
	"github.com/alecthomas/kong":          "cmd",
	"github.com/russellhaering/goxmldsig": "internal/saml",
}

type listed struct {
	ImportPath, Name string
	Imports          []string
}

// list lists the packages of the module. Their tests may import what they like.
func list(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Name,Imports", "./...")
	cmd.Dir = root
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var all []listed
	for d := json.NewDecoder(out); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		all = append(all, p)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("go list: %v", err)
	}
	if len(all) < 10 {
		t.Fatalf("go list found %d packages; this test would see nothing", len(all))
	}
	return all
}

// owner is the package of the layers that an import path belongs to, and its
// layer; -1 is none.
func owner(importPath string) (string, int) {
	rel, ok := strings.CutPrefix(importPath, module+"/")
	if !ok {
		return "", -1
	}
	for i, layer := range layers {
		for _, name := range layer {
			if rel == name || strings.HasPrefix(rel, name+"/") {
				return name, i
			}
		}
	}
	return "", -1
}

func TestImportsRunOneWay(t *testing.T) {
	for _, p := range list(t) {
		from, level := owner(p.ImportPath)
		if level < 0 {
			t.Errorf("%s is in no layer: say in docs/design.md and here what it is for", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			if imported != module && !strings.HasPrefix(imported, module+"/") {
				continue
			}
			if to, below := owner(imported); to != from && (below < 0 || below >= level) {
				t.Errorf("%s imports %s, which is not below it", p.ImportPath, imported)
			}
		}
	}
}

func TestPackagesKeepToTheirSubject(t *testing.T) {
	for _, p := range list(t) {
		name, _ := owner(p.ImportPath)
		for _, rule := range forbidden {
			if rule.of != name {
				continue
			}
			for _, imported := range p.Imports {
				if own, _ := owner(imported); own != name && matches(rule.imports, imported) {
					t.Errorf("%s imports %s: %s", p.ImportPath, imported, rule.because)
				}
			}
		}
		for _, imported := range p.Imports {
			for dependency, only := range owners {
				if within(imported, dependency) && name != only {
					t.Errorf("%s imports %s, which is for %s", p.ImportPath, imported, only)
				}
			}
		}
	}
}

func matches(patterns []string, imported string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
			return within(imported, prefix)
		}
		return imported == pattern
	})
}

func within(importPath, prefix string) bool {
	return importPath == prefix || strings.HasPrefix(importPath, prefix+"/")
}

func TestPackagesAreNamedAfterTheirSubject(t *testing.T) {
	empty := []string{"base", "common", "core", "helper", "helpers", "manager", "misc", "shared", "util", "utils"}
	for _, p := range list(t) {
		for _, name := range []string{p.Name, path.Base(p.ImportPath)} {
			if slices.Contains(empty, name) {
				t.Errorf("%s: the name %q says nothing", p.ImportPath, name)
			}
		}
	}
}
