package identity

import (
	"crypto/sha256"
	"slices"

	"github.com/cairn-audit/cairn/internal/policy/managed"
)

// awsPolicies are AWS's managed policies by ARN.
type awsPolicies struct {
	byARN map[string]ManagedPolicy
	names []string // ARNs in the order of the names
}

// LoadAWSPolicies reads the policies of AWS that are built in.
func LoadAWSPolicies() (AWSPolicies, error) {
	all, err := managed.Load()
	if err != nil {
		return nil, err
	}
	p := &awsPolicies{byARN: make(map[string]ManagedPolicy, len(all))}
	for _, m := range all {
		arn := m.ARN("aws")
		sum := sha256.Sum256([]byte(arn))
		p.byARN[arn] = ManagedPolicy{
			Entity: Entity{Name: m.Name, Path: m.Path, ID: formID(prefixPolicy, "", idLength, sum[:]), Created: m.Created}, AWS: true,
			Updated: m.Updated, Default: m.Version, Versions: []PolicyVersion{{ID: m.Version, Document: m.Text, Created: m.Updated}},
		}
		p.names = append(p.names, arn)
	}
	return p, nil
}

func (p *awsPolicies) Policy(arn string) (ManagedPolicy, bool) {
	m, ok := p.byARN[arn]
	m.Versions = slices.Clone(m.Versions)
	return m, ok
}

func (p *awsPolicies) Policies() []ManagedPolicy {
	list := make([]ManagedPolicy, len(p.names))
	for i, arn := range p.names {
		list[i], _ = p.Policy(arn)
	}
	return list
}
