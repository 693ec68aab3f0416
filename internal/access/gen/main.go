// Gen writes the table of permissions that package access carries, from AWS's
// Service Authorization Reference as an installed cfn-lint has it, the API
// models, and rules.yaml.
package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

//go:embed rules.yaml
var rulesFile []byte

// rules is rules.yaml.
type rules struct {
	Prefixes    map[string]string                   `yaml:"prefixes"`
	AnyResource []string                            `yaml:"anyResource"`
	Types       map[string]map[string][]string      `yaml:"types"`
	EC2Members  map[string][]string                 `yaml:"ec2Members"`
	EC2Names    map[string][]string                 `yaml:"ec2Names"`
	EC2Creates  map[string]string                   `yaml:"ec2Creates"`
	EC2Tagged   requirement                         `yaml:"ec2Tagged"`
	Operations  map[string]map[string][]requirement `yaml:"operations"`
}

// requirement is a row of the table.
type requirement struct {
	Action    string   `json:"action,omitempty" yaml:"action"`
	Also      bool     `json:"also,omitempty" yaml:"also"`
	If        string   `json:"if,omitempty" yaml:"if"`
	Unless    string   `json:"unless,omitempty" yaml:"unless"`
	Resources []string `json:"resources" yaml:"resources"`
}

// reference is the Service Authorization Reference: prefix, then actions in lower
// case, then the types of their resources.
type reference map[string]struct {
	Actions   map[string]struct{ Resources []string }
	Resources map[string]struct{ ARNFormats []string }
}

func main() {
	policies := flag.String("policies", "", "cfn-lint's `file` Policies.json (default: of the cfn-lint that python3 imports)")
	out := flag.String("o", "table.json", "`file` to write")
	flag.Parse()
	if err := run(*policies, *out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(policies, out string) error {
	version := "unknown"
	if policies == "" {
		b, err := exec.Command("python3", "-c",
			"import cfnlint, os; print(os.path.dirname(cfnlint.__file__)); print(cfnlint.version.__version__)").Output()
		if err != nil {
			return fmt.Errorf("find cfn-lint with python3: %w", err)
		}
		lines := strings.Split(strings.TrimSpace(string(b)), "\n")
		policies, version = filepath.Join(lines[0], "data", "AdditionalSpecs", "Policies.json"), lines[1]
	}
	b, err := os.ReadFile(policies)
	if err != nil {
		return err
	}
	g := &generator{}
	if err := json.Unmarshal(b, &g.reference); err != nil {
		return fmt.Errorf("read %s: %w", policies, err)
	}
	d := yaml.NewDecoder(bytes.NewReader(rulesFile))
	d.KnownFields(true)
	if err := d.Decode(&g.rules); err != nil {
		return fmt.Errorf("read rules.yaml: %w", err)
	}
	catalog, err := awsapi.Open()
	if err != nil {
		return err
	}
	text, err := g.table(catalog, "AWS's Service Authorization Reference in cfn-lint "+version+", and gen/rules.yaml")
	if err != nil {
		return err
	}
	return os.WriteFile(out, text, 0o644)
}

type generator struct {
	reference reference
	rules     rules
}

// table writes a line an operation, so that a change is a change of lines.
func (g *generator) table(catalog *awsapi.Catalog, source string) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n\"source\": %q,\n\"services\": {\n", source)
	ids := catalog.Services()
	for i, id := range ids {
		s, err := catalog.Service(id)
		if err != nil {
			return nil, err
		}
		operations, err := g.operations(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", id, err)
		}
		fmt.Fprintf(&b, "%q: {\"prefix\": %q", id, g.prefix(s))
		separator := ", \"operations\": {\n"
		for _, name := range slices.Sorted(maps.Keys(operations)) {
			line, err := encode(operations[name])
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&b, "%s%q: %s", separator, name, line)
			separator = ",\n"
		}
		if len(operations) > 0 {
			b.WriteString("}")
		}
		b.WriteString("}")
		if i < len(ids)-1 {
			b.WriteString(",")
		}
		b.WriteString("\n")
	}
	b.WriteString("}}\n")
	if !json.Valid(b.Bytes()) {
		return nil, errors.New("the table is not valid JSON")
	}
	return b.Bytes(), nil
}

func encode(rows []requirement) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(rows)
	return strings.TrimSpace(b.String()), err
}

func (g *generator) prefix(s *awsapi.Service) string {
	if p, ok := g.rules.Prefixes[s.ID]; ok {
		return p
	}
	return s.SigningName
}
