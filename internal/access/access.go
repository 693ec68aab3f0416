package access

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

//go:embed table.json
var table []byte

// Access is one permission: an action ("s3:GetObject") on a resource, which is an
// ARN, or "*" where the action has none.
type Access struct {
	Action, Resource string
}

// Table gives the permissions of calls. It may be shared by goroutines.
type Table struct {
	services map[string]service
}

// service is a service's part of table.json.
type service struct {
	Prefix     string                   `json:"prefix"`
	Operations map[string][]requirement `json:"operations,omitempty"`
}

// requirement is an action of an operation, under the condition that a member is
// given, or is not.
type requirement struct {
	Action    string   `json:"action,omitempty"` // "": the service's prefix and the operation
	Also      bool     `json:"also,omitempty"`   // beside the operation's own action
	If        string   `json:"if,omitempty"`
	Unless    string   `json:"unless,omitempty"`
	Resources []string `json:"resources"`

	templates []template
}

// Open reads the table that is built into the program.
func Open() (*Table, error) {
	var file struct {
		Services map[string]service `json:"services"`
	}
	if err := json.Unmarshal(table, &file); err != nil {
		return nil, fmt.Errorf("read the table of permissions: %w", err)
	}
	for id, s := range file.Services {
		for name, requirements := range s.Operations {
			for i := range requirements {
				if err := checkMember(requirements[i].If + requirements[i].Unless); err != nil {
					return nil, fmt.Errorf("permissions of %s %s: %w", id, name, err)
				}
				for _, text := range requirements[i].Resources {
					t, err := parseTemplate(text)
					if err != nil {
						return nil, fmt.Errorf("permissions of %s %s: %w", id, name, err)
					}
					requirements[i].templates = append(requirements[i].templates, t)
				}
			}
		}
	}
	return &Table{services: file.Services}, nil
}

// checkMember refuses a condition whose transform there is not.
func checkMember(member string) error {
	if _, name, changed := strings.Cut(member, "!"); changed && transforms[name] == nil {
		return fmt.Errorf("no transform %q", name)
	}
	return nil
}

// Prefix is what the actions of a service begin with in policies, by the
// service's id: "elasticloadbalancing" for elbv2.
func (t *Table) Prefix(id string) string {
	if s, ok := t.services[id]; ok {
		return s.Prefix
	}
	return id
}

// Of returns the permissions that a call needs, all of them and each once. There
// is at least one. id is the service's id, and params are as package awsapi has
// them.
func (t *Table) Of(id, operation string, params map[string]any, account, region string) []Access {
	c := call{params: params, account: account, region: region, partition: partitionOf(region)}
	own := t.Prefix(id) + ":" + operation
	first := "" // the operation's own action, by whatever name
	named := false
	var all []Access
	for _, r := range t.services[id].Operations[operation] {
		action := cmp.Or(r.Action, own)
		if !r.Also {
			first = cmp.Or(first, action)
		}
		if r.If != "" && !c.given(r.If) || r.Unless != "" && c.given(r.Unless) {
			continue
		}
		before := len(all)
		for _, template := range r.templates {
			for _, resource := range template.expand(&c) {
				all = append(all, Access{action, resource})
			}
		}
		named = named || !r.Also && len(all) > before
	}
	if !named {
		all = append(all, Access{cmp.Or(first, own), "*"})
	}
	return unique(all)
}

func unique(all []Access) []Access {
	seen := make(map[Access]bool, len(all))
	return slices.DeleteFunc(all, func(a Access) bool {
		again := seen[a]
		seen[a] = true
		return again
	})
}

// partitions are the parts of AWS by how their Regions' names begin.
var partitions = []struct{ region, partition string }{
	{"cn-", "aws-cn"},
	{"us-gov-", "aws-us-gov"},
	{"us-iso-", "aws-iso"},
	{"us-isob-", "aws-iso-b"},
	{"us-isof-", "aws-iso-f"},
	{"eu-isoe-", "aws-iso-e"},
	{"eusc-", "aws-eusc"},
}

func partitionOf(region string) string {
	for _, p := range partitions {
		if strings.HasPrefix(region, p.region) {
			return p.partition
		}
	}
	return "aws"
}
