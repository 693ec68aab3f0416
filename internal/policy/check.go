package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Kind is the place that a document is for.
type Kind string

// The kinds of policies.
const (
	Identity Kind = "identity" // inline in a user, group or role
	Managed  Kind = "managed"  // an IAM policy with an ARN of its own
	Boundary Kind = "boundary" // a managed policy used as permissions boundary
	Session  Kind = "session"  // passed to AssumeRole, GetFederationToken …
	Trust    Kind = "trust"    // a role's AssumeRolePolicyDocument
	Resource Kind = "resource" // of a bucket, topic, queue, key, function, VPC endpoint …
)

// ParseAs reads a document for a place. The error is a *SyntaxError.
func ParseAs(kind Kind, b []byte) (*Document, error) {
	d, err := Parse(b)
	if err != nil {
		return nil, err
	}
	if err := d.Check(kind); err != nil {
		return nil, err
	}
	return d, nil
}

// Check holds a document to the rules of a place. The error is a *SyntaxError.
// Whether the principals that it names exist is not looked at.
func (d *Document) Check(kind Kind) error {
	switch kind {
	case Trust:
		return d.each(checkTrust)
	case Resource:
		return d.each(checkResourcePolicy)
	}
	if (kind == Managed || kind == Boundary) && d.Version != Version2012 {
		return &SyntaxError{Message: "Policy document must be version 2012-10-17 or greater."}
	}
	if err := d.checkSids(); err != nil {
		return err
	}
	return d.each(checkIdentity)
}

// each returns the first error of check.
func (d *Document) each(check func(*Statement) string) error {
	for _, s := range d.Statements {
		if message := check(s); message != "" {
			return &SyntaxError{Message: message, Detail: fmt.Sprintf("statement %d", s.Index+1)}
		}
	}
	return nil
}

var alphanumeric = regexp.MustCompile(`^[0-9A-Za-z]*$`)

func (d *Document) checkSids() error {
	seen := map[string]bool{}
	for _, s := range d.Statements {
		if !alphanumeric.MatchString(s.Sid) {
			return &SyntaxError{Message: "Statement IDs (SID) must be alpha-numeric. " +
				"Check that your input satisfies the regular expression [0-9A-Za-z]*"}
		}
		if s.Sid != "" && seen[s.Sid] {
			return &SyntaxError{Message: "Statement IDs (SID) in a single policy must be unique."}
		}
		seen[s.Sid] = true
	}
	return nil
}

// The checks below return AWS's sentence for the first thing that is wrong, or
// "". Their sources are answers of IAM that users quote, and moto's
// iam/policy_validation.py, which was written against IAM.

func checkIdentity(s *Statement) string {
	if s.Principals != nil || s.NotPrincipals != nil {
		return "Policy document should not specify a principal."
	}
	if len(s.actions) == 0 {
		return "Policy statement must contain actions."
	}
	for _, resource := range slices.Concat(s.Resources, s.NotResources) {
		if message := checkResource(resource); message != "" {
			return message
		}
	}
	for _, action := range slices.Concat(s.Actions, s.NotActions) {
		if message := checkAction(action); message != "" {
			return message
		}
	}
	if len(s.resources) == 0 {
		return "Policy statement must contain resources."
	}
	return ""
}

var vendor = regexp.MustCompile(`^[0-9A-Za-z.\-]+$`)

func checkAction(action string) string {
	name, _, more := strings.Cut(action, ":")
	switch {
	case action == "*":
		return ""
	case !more:
		return "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
	case strings.Count(action, ":") > 1:
		return "Actions/Condition can contain only one colon."
	case name != "*" && !vendor.MatchString(name):
		return fmt.Sprintf("Vendor %s is not valid", name)
	}
	return ""
}

// iamPaths are what the resource of an ARN of IAM starts with.
var iamPaths = []string{
	"user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/",
	"sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/",
}

func checkResource(resource string) string {
	if resource == "*" {
		return ""
	}
	parts := strings.SplitN(resource, ":", arnParts)
	if len(parts) == 1 {
		return fmt.Sprintf(`Resource %s must be in ARN format or "*".`, resource)
	}
	if partition := parts[1]; partition != "*" && partition != "aws" && !strings.HasPrefix(partition, "aws-") {
		for len(parts) < arnParts {
			parts = append(parts, "*")
		}
		return fmt.Sprintf(`Partition "%s" is not valid for resource "arn:%s".`, partition, strings.Join(parts[1:], ":"))
	}
	if len(parts) == 2 || parts[2] == "" {
		return "Resource vendor must be fully qualified and cannot contain regexes."
	}
	if len(parts) < arnParts && strings.Contains(resource, "::") {
		return legacyParsing
	}
	return checkServiceARN(resource, parts)
}

// checkServiceARN holds ARNs to the forms of their service, where IAM does.
func checkServiceARN(resource string, parts []string) string {
	if len(parts) < arnParts {
		return ""
	}
	switch service, region, account, id := parts[2], parts[3], parts[4], parts[5]; {
	case service == "s3" && region != "" && !strings.HasPrefix(id, "*") && (account == "" || !strings.Contains(id, "/")):
		// Access points, jobs and the like have a Region; buckets do not.
		return fmt.Sprintf("Resource %s can not contain region information.", resource)
	case service == "iam" && region != "":
		return fmt.Sprintf("IAM resource %s cannot contain region information.", resource)
	case service == "iam" && !strings.HasPrefix(id, "*") &&
		!slices.ContainsFunc(iamPaths, func(path string) bool { return strings.HasPrefix(id, path) }):
		return `IAM resource path must either be "*" or start with ` + strings.Join(iamPaths, ", ") + "."
	}
	return ""
}

func checkResourcePolicy(s *Statement) string {
	if message := checkPrincipals(s); message != "" {
		return message
	}
	if len(s.actions) == 0 {
		return "Missing required field Action"
	}
	if len(s.resources) == 0 {
		return "Missing required field Resource"
	}
	return ""
}

func checkTrust(s *Statement) string {
	if s.Resources != nil || s.NotResources != nil {
		return "Has prohibited field Resource"
	}
	if message := checkPrincipals(s); message != "" {
		return message
	}
	if slices.Contains(s.Principals, PrincipalID{Everyone, "*"}) {
		return `AssumeRolepolicy contained an invalid principal: "STAR":"*".`
	}
	if len(s.Actions) == 0 {
		return "Missing required field Action"
	}
	for _, action := range s.Actions {
		if name, _, _ := strings.Cut(action, ":"); !strings.EqualFold(name, "sts") {
			return "AssumeRole policy may only specify STS AssumeRole actions"
		}
	}
	return ""
}

var (
	principalARN = regexp.MustCompile(`^arn:aws[a-z\-]*:(iam::([0-9]{12}:(root|user/[^*?]+|role/[^*?]+)|cloudfront:user/[^*?]+)|` +
		`sts::[0-9]{12}:(assumed-role|federated-user)/[^*?]+)$`)
	principalUnique = regexp.MustCompile(`^A[A-Z0-9]{15,127}$`)
	serviceName     = regexp.MustCompile(`^[a-z0-9.\-]+\.(amazonaws\.com(\.cn)?|aws\.internal|amazon\.com)$`)
)

// checkPrincipals refuses names that are of no form. "You cannot use a wildcard
// to match part of a principal name or ARN" (reference_policies_elements_principal).
func checkPrincipals(s *Statement) string {
	ids := slices.Concat(s.Principals, s.NotPrincipals)
	if len(ids) == 0 {
		return "Missing required field Principal"
	}
	for _, p := range ids {
		valid := p.ID != ""
		switch p.Kind {
		case AWS:
			valid = p.ID == "*" || isAccount(p.ID) || principalUnique.MatchString(p.ID) || principalARN.MatchString(p.ID)
		case Service:
			valid = serviceName.MatchString(p.ID)
		}
		if !valid {
			return fmt.Sprintf(`Invalid principal in policy: "%s":"%s"`, p.Kind, p.ID)
		}
	}
	return ""
}
