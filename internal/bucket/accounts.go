package bucket

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/s3err"
)

var (
	accountPattern = regexp.MustCompile(`^[0-9]{12}$`)
	bucketPattern  = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
)

// accounts are versitygw's users: every AWS account is one, with the secret of
// this start. It keeps with each bucket which of them made it.
type accounts struct {
	auth.IAMService // of the root alone
	secret          string
}

// GetUserAccount implements auth.IAMService. An account may make buckets and
// sees its own; what else is asked of the server is asked by its root.
func (a accounts) GetUserAccount(access string) (auth.Account, error) {
	if !accountPattern.MatchString(access) {
		return auth.Account{}, auth.ErrNoSuchUser
	}
	return auth.Account{Access: access, Secret: a.secret, Role: auth.RoleUserPlus}, nil
}

// ResolveAccounts implements auth.IAMService.
func (a accounts) ResolveAccounts(ids []string) (missing []string, _ error) {
	for _, id := range ids {
		if !accountPattern.MatchString(id) {
			missing = append(missing, id)
		}
	}
	return missing, nil
}

// sign signs a request of an account. Only what is about all of the account's
// buckets, or makes one, is asked in its name: the rest has been decided before.
func (s *Server) sign(ctx context.Context, r *http.Request, account string, p *place) error {
	c := s.creds
	if p.creates || p.lists {
		c.AccessKeyID = account
	}
	if err := s.signer.SignHTTP(ctx, c, r, r.Header.Get(hashHeader), "s3", region, time.Now()); err != nil {
		return fmt.Errorf("sign for the S3 server: %w", err)
	}
	return nil
}

// Owner is the account that a bucket belongs to: the one that made it. The error
// is ErrNoBucket where there is none of the name.
func (s *Server) Owner(ctx context.Context, bucket string) (string, error) {
	if !bucketPattern.MatchString(bucket) {
		return "", ErrNoBucket
	}
	var refused s3err.BucketError
	kept, err := s.backend.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: &bucket})
	if errors.As(err, &refused) && refused.Code == "NoSuchBucket" {
		return "", ErrNoBucket
	}
	var acl auth.ACL
	if err == nil {
		acl, err = auth.ParseACL(kept)
	}
	if err != nil {
		return "", fmt.Errorf("find the owner of bucket %s: %w", bucket, err)
	}
	if !accountPattern.MatchString(acl.Owner) {
		// Cairn's own client made it, or somebody put a directory there.
		return s.account, nil
	}
	return acl.Owner, nil
}
