package identity

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// ManagedPolicy is a managed policy.
type ManagedPolicy struct {
	Entity
	// AWS: it is one of AWS's own, not the account's.
	AWS         bool      `json:"-"`
	Description string    `json:"description,omitempty"`
	Updated     time.Time `json:"updated"`
	// Versions are in the order of their making; Default is the id of the
	// one that counts.
	Versions []PolicyVersion `json:"versions"`
	Default  string          `json:"default"`
	// Made is how many versions there ever were.
	Made int `json:"made"`
}

// applied is the policy as one that applies to a principal.
func (p *ManagedPolicy) applied(arn string) Document {
	return Document{Source: arn, Text: p.Document()}
}

// PolicyVersion is one version of a managed policy: "v1", "v2" …
type PolicyVersion struct {
	ID       string    `json:"id"`
	Document string    `json:"document"`
	Created  time.Time `json:"created"`
}

// Quotas of managed policies ("IAM and AWS STS quotas"); white space does not
// count.
const (
	maxVersions   = 5
	maxPolicySize = 6144
	maxTrustSize  = 4096
)

// ARN is the policy's ARN in its account.
func (p *ManagedPolicy) ARN(account string) string { return p.arn(account, "policy") }

// Version returns a version, or nil.
func (p *ManagedPolicy) Version(id string) *PolicyVersion {
	i := slices.IndexFunc(p.Versions, func(v PolicyVersion) bool { return v.ID == id })
	if i < 0 {
		return nil
	}
	return &p.Versions[i]
}

// Document is the default version's.
func (p *ManagedPolicy) Document() string {
	if v := p.Version(p.Default); v != nil {
		return v.Document
	}
	return ""
}

// AWSPolicies are the policies that AWS itself manages, in every account.
type AWSPolicies interface {
	// Policy returns the policy with the ARN.
	Policy(arn string) (ManagedPolicy, bool)
	// Policies returns all of them, by name.
	Policies() []ManagedPolicy
}

// awsPolicyPrefix begins the ARNs of AWS's policies.
const awsPolicyPrefix = "arn:aws:iam::aws:policy/"

// policies are the account's own.
func (t *Tx) policies() Book[ManagedPolicy, *ManagedPolicy] {
	return Book[ManagedPolicy, *ManagedPolicy]{t, "iam-policy", prefixPolicy, "policy", "Policy"}
}

// OwnPolicies are the customer's policies, by name.
func (t *Tx) OwnPolicies() ([]ManagedPolicy, error) {
	return t.policies().Select(func(*ManagedPolicy) bool { return true })
}

// AWSPolicies are AWS's, by name.
func (t *Tx) AWSPolicies() []ManagedPolicy { return t.directory.aws.Policies() }

// ManagedPolicy finds a policy by its ARN.
func (t *Tx) ManagedPolicy(arn string) (ManagedPolicy, error) {
	if strings.HasPrefix(arn, awsPolicyPrefix) {
		if p, ok := t.directory.aws.Policy(arn); ok {
			return p, nil
		}
		return ManagedPolicy{}, Refuse(NoSuchEntity, "Policy %s was not found.", arn)
	}
	name, err := t.policyName(arn)
	if err != nil {
		return ManagedPolicy{}, err
	}
	p, err := t.policies().Get(name)
	if err == nil && p.ARN(t.account) == arn {
		return p, nil
	}
	if err != nil && !Refused(err, NoSuchEntity) {
		return p, err
	}
	return p, Refuse(NoSuchEntity, "Policy %s was not found.", arn)
}

// policyName is the name in the ARN of one of the account's policies.
func (t *Tx) policyName(arn string) (string, error) {
	rest, ok := strings.CutPrefix(arn, "arn:aws:iam::")
	account, path, found := strings.Cut(rest, ":policy/")
	switch {
	case !ok || !found:
		return "", Refuse(InvalidInput, "ARN %s is not valid.", arn)
	case account == "aws":
		return "", Refuse(ValidationError, "Policy %s is managed by AWS and cannot be changed.", arn)
	case account != t.account:
		return "", Refuse(NoSuchEntity, "Policy %s was not found.", arn)
	}
	return path[strings.LastIndex(path, "/")+1:], nil
}

// CreatePolicy keeps a new policy with its first version.
func (t *Tx) CreatePolicy(e Entity, description, document string) (ManagedPolicy, error) {
	if err := checkSize(document, maxPolicySize, "policy", e.Name); err != nil {
		return ManagedPolicy{}, err
	}
	p, err := t.policies().Create(ManagedPolicy{
		Entity: e, Description: description, Updated: e.Created, Default: "v1", Made: 1,
		Versions: []PolicyVersion{{ID: "v1", Document: document, Created: e.Created}},
	})
	if Refused(err, EntityAlreadyExists) {
		return p, Refuse(EntityAlreadyExists, "A policy called %s already exists. Duplicate names are not allowed.", e.Name)
	}
	return p, err
}

// ChangePolicy changes one of the account's policies.
func (t *Tx) ChangePolicy(arn string, f func(*ManagedPolicy) error) (ManagedPolicy, error) {
	name, err := t.policyName(arn)
	if err != nil {
		return ManagedPolicy{}, err
	}
	p, err := t.policies().Change(name, func(p *ManagedPolicy) error {
		if p.ARN(t.account) != arn {
			return notFound("policy", arn)
		}
		return f(p)
	})
	if Refused(err, NoSuchEntity) && p.Name == "" {
		return p, Refuse(NoSuchEntity, "Policy %s was not found.", arn)
	}
	return p, err
}

// AddVersion makes a version of a policy, and its default if asked to.
func (t *Tx) AddVersion(arn, document string, makeDefault bool, now time.Time) (PolicyVersion, error) {
	var made PolicyVersion
	_, err := t.ChangePolicy(arn, func(p *ManagedPolicy) error {
		if len(p.Versions) >= maxVersions {
			return Refuse(LimitExceeded, "A managed policy can have up to %d versions. Before you create a new version, "+
				"you must delete an existing version.", maxVersions)
		}
		if err := checkSize(document, maxPolicySize, "policy", p.Name); err != nil {
			return err
		}
		p.Made++
		made = PolicyVersion{ID: fmt.Sprintf("v%d", p.Made), Document: document, Created: now.UTC().Truncate(time.Second)}
		p.Versions, p.Updated = append(p.Versions, made), made.Created
		if makeDefault {
			p.Default = made.ID
		}
		return nil
	})
	return made, err
}

// DeleteVersion deletes a version that is not the default.
func (t *Tx) DeleteVersion(arn, id string) error {
	_, err := t.ChangePolicy(arn, func(p *ManagedPolicy) error {
		switch {
		case p.Version(id) == nil:
			return noVersion(arn, id)
		case p.Default == id:
			return Refuse(DeleteConflict, "Cannot delete the default version of a policy.")
		}
		p.Versions = slices.DeleteFunc(p.Versions, func(v PolicyVersion) bool { return v.ID == id })
		return nil
	})
	return err
}

// SetDefaultVersion makes a version the one that counts.
func (t *Tx) SetDefaultVersion(arn, id string) error {
	_, err := t.ChangePolicy(arn, func(p *ManagedPolicy) error {
		if p.Version(id) == nil {
			return noVersion(arn, id)
		}
		p.Default = id
		return nil
	})
	return err
}

func noVersion(arn, id string) error {
	return Refuse(NoSuchEntity, "Policy %s version %s does not exist or is not attachable.", arn, id)
}

// DeletePolicy deletes a policy that nothing uses and that has one version.
func (t *Tx) DeletePolicy(arn string) error {
	p, err := t.ManagedPolicy(arn)
	if err != nil {
		return err
	}
	name, err := t.policyName(arn)
	if err != nil {
		return err
	}
	uses, err := t.Uses()
	if err != nil {
		return err
	}
	if use := uses[arn]; use.Attached+use.Boundaries > 0 {
		return Refuse(DeleteConflict, "Cannot delete a policy attached to entities.")
	}
	if len(p.Versions) > 1 {
		return Refuse(DeleteConflict, "This policy has more than one version. Before you delete a policy, you must delete "+
			"the policy's versions. The default version is deleted with the policy.")
	}
	return t.policies().remove(name, func(*ManagedPolicy) error { return nil })
}

// Use counts how often a managed policy is attached, and how often it is a
// permissions boundary.
type PolicyUse struct{ Attached, Boundaries int }

// Uses counts the uses of every managed policy in the account.
func (t *Tx) Uses() (map[string]PolicyUse, error) {
	uses := map[string]PolicyUse{}
	count := func(g *Grants) {
		for _, arn := range g.Attached {
			u := uses[arn]
			u.Attached++
			uses[arn] = u
		}
		if g.Boundary != "" {
			u := uses[g.Boundary]
			u.Boundaries++
			uses[g.Boundary] = u
		}
	}
	for u, err := range t.Users().All() {
		if err != nil {
			return nil, err
		}
		count(&u.Grants)
	}
	for g, err := range t.Groups().All() {
		if err != nil {
			return nil, err
		}
		count(&g.Grants)
	}
	for r, err := range t.Roles().All() {
		if err != nil {
			return nil, err
		}
		count(&r.Grants)
	}
	return uses, nil
}

// Attach attaches a managed policy.
func (t *Tx) Attach(g *Grants, arn string) error {
	if _, err := t.ManagedPolicy(arn); err != nil {
		if Refused(err, NoSuchEntity) {
			return Refuse(NoSuchEntity, "Policy %s does not exist or is not attachable.", arn)
		}
		return err
	}
	return g.attach(arn)
}

// SetBoundary makes a managed policy the permissions boundary.
func (t *Tx) SetBoundary(g *Grants, arn string) error {
	if err := t.checkBoundary(arn); err != nil {
		return err
	}
	g.Boundary = arn
	return nil
}

func (t *Tx) checkBoundary(arn string) error {
	if arn == "" {
		return nil
	}
	_, err := t.ManagedPolicy(arn)
	if Refused(err, NoSuchEntity) {
		return Refuse(NoSuchEntity, "Scope ARN: %s does not exist or is not attachable.", arn)
	}
	return err
}

func checkSize(document string, limit int, noun, name string) error {
	if significant(document) > limit {
		return Refuse(LimitExceeded, "Cannot exceed quota for PolicySize: %d", limit)
	}
	return nil
}

// CheckTrustSize refuses a trust policy that is too long.
func CheckTrustSize(document string) error {
	if significant(document) > maxTrustSize {
		return Refuse(LimitExceeded, "Cannot exceed quota for ACLSizePerRole: %d", maxTrustSize)
	}
	return nil
}
