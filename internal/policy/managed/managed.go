// Package managed has the AWS-managed policies that people expect by name. The
// documents are AWS's own, as of the dates in them, taken from moto 5.2.1, which
// reads them from IAM.
package managed

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/policy"
)

//go:embed policies/*.json
var files embed.FS

// Policy is an AWS-managed policy in its default version.
type Policy struct {
	Name string
	// Path is "/", "/job-function/" or "/service-role/".
	Path string
	// Version is AWS's number of the document ("v3"). Older ones are not kept.
	Version          string
	Created, Updated time.Time
	// Text is the document as JSON without white space, Document the same
	// parsed. Both are shared and not to be changed.
	Text     string
	Document *policy.Document
}

// ARN is the policy's name in a partition ("aws").
func (p *Policy) ARN(partition string) string {
	return "arn:" + partition + ":iam::aws:policy" + p.Path + p.Name
}

// Load reads all policies, sorted by name.
func Load() ([]*Policy, error) {
	names, err := fs.Glob(files, "policies/*.json")
	if err != nil {
		return nil, fmt.Errorf("list the managed policies: %w", err)
	}
	var all []*Policy
	for _, name := range names {
		p, err := read(name)
		if err != nil {
			return nil, fmt.Errorf("read the managed policy in %s: %w", name, err)
		}
		all = append(all, p)
	}
	return all, nil
}

func read(name string) (*Policy, error) {
	b, err := files.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var file struct {
		Path     string          `json:"path"`
		Version  string          `json:"version"`
		Created  time.Time       `json:"created"`
		Updated  time.Time       `json:"updated"`
		Document json.RawMessage `json:"document"`
	}
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := json.Compact(&text, file.Document); err != nil {
		return nil, err
	}
	d, err := policy.ParseAs(policy.Managed, text.Bytes())
	if err != nil {
		return nil, err
	}
	return &Policy{
		Name: strings.TrimSuffix(strings.TrimPrefix(name, "policies/"), ".json"), Path: file.Path, Version: file.Version,
		Created: file.Created, Updated: file.Updated, Text: text.String(), Document: d,
	}, nil
}
