package bucket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/versity/versitygw/s3err"

	"github.com/cairn-audit/cairn/internal/access"
	"github.com/cairn-audit/cairn/internal/policy"
	"github.com/cairn-audit/cairn/internal/state"
)

// maxPolicy is S3's limit of a bucket's policy, in bytes.
const maxPolicy = 20 << 10

// keptPolicies are the buckets' policies as they were put, with the ids of users
// and roles in place of their ARNs, by the bucket's name.
// They are not among the server's own metadata: a file's extended attributes are
// too small for them.
const keptPolicies state.Kind[string] = "bucket-policy"

// policies are the policies of buckets. A policy may outlive its bucket, if the
// process ends between the two; who makes a bucket has to drop it before.
type policies struct {
	store *state.Store

	mu     sync.RWMutex
	parsed map[string]*policy.Document
}

func openPolicies(store *state.Store) (*policies, error) {
	p := &policies{store: store, parsed: map[string]*policy.Document{}}
	err := store.View(func(tx *state.Tx) error {
		for kept, err := range keptPolicies.List(tx, "") {
			if err != nil {
				return err
			}
			document, err := policy.Parse([]byte(kept.Value))
			if err != nil {
				return fmt.Errorf("the policy of %s: %w", kept.Key, err)
			}
			p.parsed[kept.Key] = document
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the policies of buckets: %w", err)
	}
	return p, nil
}

// of is a bucket's policy, or nil.
func (p *policies) of(bucket string) *policy.Document {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.parsed[bucket]
}

// text is a bucket's policy as it is kept; ok is false where there is none.
func (p *policies) text(bucket string) (text string, ok bool, err error) {
	err = p.store.View(func(tx *state.Tx) error {
		text, _, err = keptPolicies.Get(tx, bucket)
		return err
	})
	if errors.Is(err, state.ErrNotFound) {
		return "", false, nil
	}
	return text, err == nil, err
}

// put keeps a policy, durably.
func (p *policies) put(bucket, text string, document *policy.Document) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.store.Update(func(tx *state.Tx) error {
		_, err := keptPolicies.Put(tx, bucket, text)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the policy of bucket %s: %w", bucket, err)
	}
	p.parsed[bucket] = document
	return nil
}

// drop forgets a bucket's policy, durably.
func (p *policies) drop(bucket string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.parsed[bucket] == nil {
		return nil
	}
	err := p.store.Update(func(tx *state.Tx) error {
		_, version, err := keptPolicies.Get(tx, bucket)
		if err != nil {
			return err
		}
		return keptPolicies.Delete(tx, bucket, version)
	})
	if err != nil {
		return fmt.Errorf("drop the policy of bucket %s: %w", bucket, err)
	}
	delete(p.parsed, bucket)
	return nil
}

// ofPolicies are the actions on a bucket's policy. The root user of the bucket's
// account may do them whatever the policy says, so that nobody is locked out for
// good (API Reference, PutBucketPolicy).
var ofPolicies = []string{"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"}

// ResourcePolicy returns the policy that has a say about a request, or nil, and
// the account that owns the bucket it is about, "" where there is none.
func (s *Server) ResourcePolicy(ctx context.Context, r policy.Request) (*policy.Document, string, error) {
	name, _ := strings.CutPrefix(r.Resource, "arn:aws:s3:::")
	bucket, _, _ := strings.Cut(name, "/")
	if r.Action == "s3:CreateBucket" {
		return nil, "", nil // a name that is taken is no question of permission
	}
	owner, err := s.Owner(ctx, bucket)
	switch {
	case errors.Is(err, ErrNoBucket):
		return nil, "", nil
	case err != nil:
		return nil, "", err
	case r.Principal.Type == policy.Root && r.Principal.AccountID == owner && slices.Contains(ofPolicies, r.Action):
		return nil, owner, nil
	}
	return s.policies.of(bucket), owner, nil
}

// checkPolicy reads a policy for a bucket as S3 does, or says why S3 takes it for
// none. Beyond S3's rules, it refuses conditions on keys of S3 that no decision
// here would know: a deny over one would never hold.
func checkPolicy(bucket string, text []byte) (*policy.Document, error) {
	switch {
	case len(text) > maxPolicy:
		return nil, malformedPolicy("Policy exceeds the maximum allowed document size.")
	case len(text) == 0 || text[0] != '{':
		return nil, malformedPolicy("Policies must be valid JSON and the first byte must be '{'")
	case !json.Valid(text):
		return nil, malformedPolicy("This policy contains invalid Json")
	}
	document, err := policy.ParseAs(policy.Resource, text)
	var syntax *policy.SyntaxError
	if errors.As(err, &syntax) {
		return nil, malformedPolicy(strings.TrimSpace(syntax.Message + " " + syntax.Detail))
	} else if err != nil {
		return nil, err
	}
	for _, statement := range document.Statements {
		if why := checkStatement(bucket, statement); why != "" {
			return nil, malformedPolicy(why)
		}
	}
	return document, nil
}

var resourcePattern = regexp.MustCompile(`^arn:aws[a-z-]*:s3:::([^/]+)(/.*)?$`)

// checkStatement returns S3's sentence for what is wrong, or "".
func checkStatement(bucket string, s *policy.Statement) string {
	for _, action := range slices.Concat(s.Actions, s.NotActions) {
		if vendor, _, _ := strings.Cut(action, ":"); action != "*" && !strings.EqualFold(vendor, "s3") {
			return "Policy has invalid action"
		}
	}
	for _, resource := range slices.Concat(s.Resources, s.NotResources) {
		parts := resourcePattern.FindStringSubmatch(resource)
		if parts == nil || strings.TrimRight(parts[1], "*?") != bucket {
			return "Policy has invalid resource"
		}
	}
	for _, c := range s.Conditions {
		if name := strings.ToLower(c.Key); strings.HasPrefix(name, "s3:") && !access.HasKey(name) {
			return "Policy has an invalid condition key"
		}
	}
	return ""
}

func malformedPolicy(why string) error {
	return s3err.APIError{Code: "MalformedPolicy", Description: why, HTTPStatusCode: http.StatusBadRequest}
}

// publicKeys are the condition keys that make a grant to everybody one to some:
// "fixed values" of them are not public (S3 User Guide, "The meaning of
// public").
var publicKeys = []string{
	"aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceaccount",
	"aws:sourcearn", "aws:sourceip", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner", "aws:sourcevpc",
	"aws:sourcevpce", "aws:userid", "aws:vpcsourceip",
}

// isPublic reports whether a policy allows anything to everybody.
func isPublic(d *policy.Document) bool {
	return slices.ContainsFunc(d.Statements, func(s *policy.Statement) bool {
		everybody := s.NotPrincipals != nil || slices.ContainsFunc(s.Principals, func(id policy.PrincipalID) bool { return id.ID == "*" })
		limited := slices.ContainsFunc(s.Conditions, func(c policy.Condition) bool {
			return slices.Contains(publicKeys, strings.ToLower(c.Key)) &&
				!slices.ContainsFunc(c.Values, func(v string) bool { return strings.Trim(v, "*") == "" || strings.Contains(v, "${") })
		})
		return s.Effect == policy.Allow && everybody && !limited
	})
}
