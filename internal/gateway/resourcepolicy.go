package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/policy"
	"github.com/cairn-audit/cairn/internal/sigv4"
)

// ResourcePolicies says what the resources of a service that Cairn has built in
// have to say about who may use them.
type ResourcePolicies interface {
	// ResourcePolicy returns the policy that bears on a request, or nil, and
	// the account that the resource belongs to, "" where there is none: such
	// a resource is then as good as the caller's own.
	ResourcePolicy(ctx context.Context, r policy.Request) (*policy.Document, string, error)
}

// policiesOf are the resource policies that bear on actions of a service, by the
// prefix that its actions have; nil where its resources have none, or are not
// Cairn's to decide about.
func (g *Gateway) policiesOf(prefix string) ResourcePolicies {
	return g.ResourcePolicies[strings.ToLower(prefix)]
}

// addResource completes a request and its policies by what is known of the
// resource.
func (x *exchange) addResource(ctx context.Context, r *policy.Request, p *policy.Policies) error {
	prefix, _, _ := strings.Cut(r.Action, ":")
	p.Resource, p.ResourceAccount = nil, ""
	of := x.gateway.policiesOf(prefix)
	if of == nil {
		return nil
	}
	var err error
	if p.Resource, p.ResourceAccount, err = of.ResourcePolicy(ctx, *r); err != nil {
		return fmt.Errorf("find the policy of %s: %w", r.Resource, err)
	}
	if p.ResourceAccount == "" {
		return nil
	}
	r.Context = r.Context.Clone()
	r.Context.Set("aws:ResourceAccount", p.ResourceAccount)
	if x.isObjectStore() {
		r.Context.Set("s3:ResourceAccount", p.ResourceAccount)
	}
	x.noteResourceOwner(p.ResourceAccount)
	return nil
}

// noteResourceOwner has the call recorded with the account that a resource of it
// belongs to: beside the caller's own, or for a caller without one, only there.
func (x *exchange) noteResourceOwner(account string) {
	learned := &x.request.Call.Learned
	switch {
	case x.anonymous():
		x.call.AccountID = account
	case account != x.caller.AccountID && !slices.Contains(learned.Shared, account):
		learned.Shared = append(learned.Shared, account)
	}
}

// anonymous reports whether the caller has given no credentials, where that
// matters: a proven caller has an account.
func (x *exchange) anonymous() bool { return x.caller.AccountID == "" }

// outsider reports whether the call is about a resource of another account. S3
// does not tell such callers why they are refused ("Troubleshoot access denied
// (403 Forbidden) errors", S3 User Guide).
func (x *exchange) outsider() bool { return x.anonymous() || len(x.request.Call.Learned.Shared) > 0 }

// mayBeAnonymous reports whether the request is unsigned and about objects whose
// policies may allow everybody to use them. Nobody else allows it anything.
func (x *exchange) mayBeAnonymous() bool {
	return x.gateway.Permissions != nil && x.isObjectStore() && x.request.Found.Operation != nil &&
		x.gateway.policiesOf(x.gateway.Access.Prefix(x.serviceID())) != nil &&
		errors.Is(x.signatureErr, sigv4.NotSigned)
}

// callerPolicies are the policies of who calls, with the tags that conditions may
// name.
func (x *exchange) callerPolicies(ctx context.Context) (policy.Policies, []identity.Tag, error) {
	if x.anonymous() {
		return policy.Policies{}, nil, nil
	}
	permissions, err := x.gateway.Permissions.Permissions(ctx, x.caller)
	if err != nil {
		return policy.Policies{}, nil, fmt.Errorf("find the policies of %s: %w", x.caller, err)
	}
	policies, err := permissions.Policies()
	return policies, permissions.Tags, err
}

// setServiceKeys sets the condition keys of the service's own that are not in a
// call's parameters ("Actions, resources, and condition keys for Amazon S3").
func (x *exchange) setServiceKeys(c *policy.Context) {
	if !x.isObjectStore() {
		return
	}
	if hash := x.http.Header.Get("X-Amz-Content-Sha256"); hash != "" {
		c.Set("s3:x-amz-content-sha256", hash)
	}
	if t := x.http.TLS; t != nil {
		c.Set("s3:TlsVersion", strings.TrimPrefix(tls.VersionName(t.Version), "TLS "))
	}
	if x.signatureErr != nil {
		return
	}
	c.Set("s3:authType", "REST-HEADER")
	c.Set("s3:signatureversion", "AWS4-HMAC-SHA256")
	if x.version2 != nil {
		c.Set("s3:signatureversion", "AWS")
	}
	if x.signature.Presigned {
		c.Set("s3:authType", "REST-QUERY-STRING")
		if !x.signature.Time.IsZero() {
			c.Set("s3:signatureAge", fmt.Sprint(x.started.Sub(x.signature.Time)/time.Millisecond))
		}
	}
}
