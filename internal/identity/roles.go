package identity

import (
	"slices"
	"strings"
	"time"
)

// Role is an IAM role.
type Role struct {
	Entity
	Grants
	// Trust is the policy that says who may assume the role, with the ids of
	// users and roles; see Tx.SetTrust and Tx.TrustOf.
	Trust       string `json:"trust"`
	Description string `json:"description,omitempty"`
	// MaxSession is how long a session may last.
	MaxSession time.Duration `json:"maxSession"`
}

// Lengths of a role's sessions (IAM API Reference, CreateRole).
const (
	DefaultMaxSession = time.Hour
	longestMaxSession = 12 * time.Hour
)

// ARN is the role's ARN in its account.
func (r *Role) ARN(account string) string { return r.arn(account, "role") }

// serviceLinkedPath is where service-linked roles are, and only they.
const serviceLinkedPath = "/aws-service-role/"

// ServiceLinked reports whether the role is a service's, which only the service
// may change.
func (r *Role) ServiceLinked() bool { return strings.HasPrefix(r.Path, serviceLinkedPath) }

// Roles are the account's roles.
func (t *Tx) Roles() Book[Role, *Role] {
	return Book[Role, *Role]{t, "iam-role", prefixRole, "role", "Role"}
}

// CreateRole keeps a new role.
func (t *Tx) CreateRole(r Role) (Role, error) {
	if r.MaxSession == 0 {
		r.MaxSession = DefaultMaxSession
	}
	if r.ServiceLinked() {
		r.ID = serviceRoleID(t.account, r.Name)
	}
	if err := t.checkBoundary(r.Boundary); err != nil {
		return r, err
	}
	if err := t.SetTrust(&r, r.Trust); err != nil {
		return r, err
	}
	return t.Roles().Create(r)
}

// ChangeRole changes a role that is not a service's.
func (t *Tx) ChangeRole(name string, f func(*Role) error) (Role, error) {
	return t.Roles().Change(name, func(r *Role) error {
		if r.ServiceLinked() {
			return Refuse(UnmodifiableEntity,
				"Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", r.Name)
		}
		return f(r)
	})
}

// DeleteRole deletes a role that has neither policies nor instance profiles. Its
// sessions prove nothing any more.
func (t *Tx) DeleteRole(name string, serviceLinked bool) error {
	return t.Roles().remove(name, func(r *Role) error {
		if r.ServiceLinked() != serviceLinked {
			if serviceLinked {
				return notFound("role", name)
			}
			return Refuse(UnmodifiableEntity,
				"Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", r.Name)
		}
		profiles, err := t.ProfilesOf(name)
		if err != nil {
			return err
		}
		if len(profiles) > 0 {
			return Refuse(DeleteConflict, "Cannot delete entity, must remove roles from instance profile first.")
		}
		if serviceLinked {
			return nil
		}
		return r.empty()
	})
}

// Profile is an instance profile: what hands a role to EC2 instances.
type Profile struct {
	Entity
	// Roles has at most one name.
	Roles []string `json:"roles,omitempty"`
}

// ARN is the profile's ARN in its account.
func (p *Profile) ARN(account string) string { return p.arn(account, "instance-profile") }

// Profiles are the account's instance profiles.
func (t *Tx) Profiles() Book[Profile, *Profile] {
	return Book[Profile, *Profile]{t, "iam-instance-profile", prefixProfile, "instance profile", "Instance Profile"}
}

// ProfilesOf are the instance profiles that hold a role.
func (t *Tx) ProfilesOf(role string) ([]Profile, error) {
	return t.Profiles().Select(func(p *Profile) bool { return containsName(p.Roles, role) })
}

// DeleteProfile deletes an instance profile that holds no role.
func (t *Tx) DeleteProfile(name string) error {
	return t.Profiles().remove(name, func(p *Profile) error {
		if len(p.Roles) > 0 {
			return Refuse(DeleteConflict, "Cannot delete entity, must remove roles from instance profile first.")
		}
		return nil
	})
}

// AddToProfile puts a role into an instance profile that has none.
func (t *Tx) AddToProfile(profile, role string) error {
	r, err := t.Roles().Get(role)
	if err != nil {
		return err
	}
	_, err = t.Profiles().Change(profile, func(p *Profile) error {
		if len(p.Roles) > 0 {
			return Refuse(LimitExceeded, "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
		}
		p.Roles = []string{r.Name}
		return nil
	})
	return err
}

// RemoveFromProfile takes a role out of an instance profile.
func (t *Tx) RemoveFromProfile(profile, role string) error {
	_, err := t.Profiles().Change(profile, func(p *Profile) error {
		if !slices.ContainsFunc(p.Roles, func(n string) bool { return sameName(n, role) }) {
			return Refuse(NoSuchEntity, "Role %s in Instance Profile %s cannot be found.", role, profile)
		}
		p.Roles = withoutName(p.Roles, role)
		return nil
	})
	return err
}

// roleByID finds a role by its name if it is still the same one.
func (t *Tx) roleByID(name, id string) (Role, error) {
	r, err := t.Roles().Get(name)
	if err == nil && r.ID != id {
		return Role{}, notFound("role", name)
	}
	return r, err
}

// ServiceLinkedRole is the role that a service gets for itself. The error is a
// refusal for what is no service's principal.
func ServiceLinkedRole(service, suffix, description string, now time.Time) (Role, error) {
	host, ok := strings.CutSuffix(service, ".amazonaws.com")
	if !ok || host == "" || strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
		return Role{}, Refuse(InvalidInput, "Service %s is not a valid AWS service name.", service)
	}
	known := serviceRoles[service].role
	if known == "" {
		known = "AWSServiceRoleFor" + titled(host)
	}
	if suffix != "" {
		known += "_" + suffix
	}
	return Role{
		Entity: NewEntity(known, serviceLinkedPath+service+"/", now, nil), Description: description,
		Trust: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service +
			`"},"Action":"sts:AssumeRole"}]}`,
		MaxSession: DefaultMaxSession,
	}, nil
}

// titled makes one word of a service's host name: "spot.ec2" is EC2's part
// "spot".
func titled(host string) string {
	labels := strings.Split(host, ".")
	slices.Reverse(labels)
	for i, l := range labels {
		if serviceTitles[l] != "" {
			labels[i] = serviceTitles[l]
			continue
		}
		var b strings.Builder
		for word := range strings.SplitSeq(l, "-") {
			if word != "" {
				b.WriteString(strings.ToUpper(word[:1]) + word[1:])
			}
		}
		labels[i] = b.String()
	}
	return strings.Join(labels, "_")
}

// serviceTitles are names in service-linked roles that are not just the host's,
// from "AWS services that work with IAM" and the roles' own pages.
var serviceTitles = map[string]string{
	"ec2": "EC2", "ecs": "ECS", "eks": "EKS", "rds": "RDS", "elasticloadbalancing": "ElasticLoadBalancing",
	"cloudtrail": "CloudTrail", "guardduty": "AmazonGuardDuty", "securityhub": "SecurityHub", "sso": "SSO",
	"organizations": "Organizations", "elasticache": "ElastiCache", "lex": "LexBots", "config": "Config",
	"dynamodb": "DynamoDB", "es": "AmazonElasticsearchService", "batch": "Batch", "spot": "Spot",
}
