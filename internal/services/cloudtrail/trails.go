package cloudtrail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/trail"
)

// Trails is what the service has to do with trails. Only Store must be there:
// without the others nothing has been delivered, no key signs, every destination
// is good and each account is alone.
type Trails struct {
	Store        *trail.Store
	Statuses     Statuses
	Keys         PublicKeys
	Destinations Destinations
	Accounts     Accounts
	// OtherLogs says that log groups and their roles are another endpoint's,
	// whose accounts need not be those of this server.
	OtherLogs bool
}

// Statuses tells what became of a trail in a Region.
type Statuses interface {
	Status(trailID, region string) (trail.Status, error)
}

// PublicKeys tells which keys signed the digests of a Region between two moments,
// both included.
type PublicKeys interface {
	PublicKeys(region string, from, to time.Time) ([]PublicKey, error)
}

// PublicKey is a key that signs digests.
type PublicKey struct {
	// DER is the key in PKCS #1 form, Fingerprint the hexadecimal digest that
	// the files name it by.
	DER         []byte
	Fingerprint string
	// From and To bound the time in which it signs.
	From, To time.Time
}

// Accounts tells which accounts there are. They are an organization, which the
// server's own account manages.
type Accounts interface {
	// Account is the server's own account.
	Account() (string, error)
	// Accounts are all.
	Accounts() ([]string, error)
}

// Destinations checks that a trail could deliver to where it is to deliver. The
// errors wrap one of those below, or say why nobody can tell.
type Destinations interface {
	// CheckBucket checks the bucket and, if the trail has one, the key; for an
	// organization's trail, for all of its accounts.
	CheckBucket(ctx context.Context, t trail.Trail, accounts []string) error
	CheckTopic(ctx context.Context, t trail.Trail) error
	CheckLogGroup(ctx context.Context, t trail.Trail) error
}

// What can be wrong with a destination.
var (
	ErrNoBucket      = errors.New("the bucket does not exist")
	ErrBucketPolicy  = errors.New("the bucket's policy does not let CloudTrail write")
	ErrTopic         = errors.New("the topic does not exist, or its policy does not let CloudTrail publish")
	ErrLogGroup      = errors.New("the log group does not exist")
	ErrLogsRole      = errors.New("CloudTrail cannot assume the role")
	ErrLogsRoleGrant = errors.New("the role may not write to the log group")
	ErrNoKey         = errors.New("the KMS key does not exist")
	ErrKeyPolicy     = errors.New("the KMS key's policy does not let CloudTrail encrypt")
)

// destinationRefusal words what is wrong with a destination of a trail.
func destinationRefusal(t *trail.Trail, err error) error {
	switch {
	case errors.Is(err, ErrNoBucket):
		return refusef("S3BucketDoesNotExistException", "S3 bucket %s does not exist!", t.Bucket)
	case errors.Is(err, ErrBucketPolicy):
		return refusef("InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected for bucket: %s", t.Bucket)
	case errors.Is(err, ErrTopic):
		return refuse("InsufficientSnsTopicPolicyException", "SNS Topic does not exist or the topic policy is incorrect!")
	case errors.Is(err, ErrLogGroup):
		return refuse("InvalidCloudWatchLogsLogGroupArnException", "CloudTrail cannot validate the specified log group ARN.")
	case errors.Is(err, ErrLogsRole):
		return refuse("InvalidCloudWatchLogsRoleArnException", "Access denied. Check the trust relationships for your role.")
	case errors.Is(err, ErrLogsRoleGrant):
		return refuse("InvalidCloudWatchLogsLogGroupArnException", "Access denied. Check the permissions for your role.")
	case errors.Is(err, ErrNoKey):
		return refusef("KmsKeyNotFoundException", "The KMS key %s was not found.", t.KMSKeyID)
	case errors.Is(err, ErrKeyPolicy):
		return refusef("InsufficientEncryptionPolicyException",
			"Insufficient permissions to access S3 bucket %s or KMS key %s.", t.Bucket, t.KMSKeyID)
	}
	return fmt.Errorf("check the destinations of trail %s: %w", t.Name, err)
}

// absent stands in for what a server does not have.
type absent struct{}

func (absent) Status(string, string) (trail.Status, error) { return trail.Status{}, nil }

func (absent) PublicKeys(string, time.Time, time.Time) ([]PublicKey, error) { return nil, nil }

func (absent) CheckBucket(context.Context, trail.Trail, []string) error { return nil }

func (absent) CheckTopic(context.Context, trail.Trail) error { return nil }

func (absent) CheckLogGroup(context.Context, trail.Trail) error { return nil }

func (absent) Account() (string, error) { return "", nil }

func (absent) Accounts() ([]string, error) { return nil, nil }

func (t Trails) complete() Trails {
	if t.Statuses == nil {
		t.Statuses = absent{}
	}
	if t.Keys == nil {
		t.Keys = absent{}
	}
	if t.Destinations == nil {
		t.Destinations = absent{}
	}
	if t.Accounts == nil {
		t.Accounts = absent{}
	}
	return t
}

// trailRef reads the name or the ARN of a trail. A name is of the call's account
// and Region.
func trailRef(c *awsapi.Call, given string) (trail.Ref, error) {
	r := trail.Ref{AccountID: c.AccountID, HomeRegion: c.Region, Name: given}
	if strings.HasPrefix(given, "arn:") {
		var ok bool
		if r, ok = trail.ParseARN(given); !ok {
			return r, refusef("CloudTrailARNInvalidException", "%q is not the ARN of a trail.", given)
		}
	}
	return r, checkTrailName(r.Name)
}

// seeTrail finds a trail that the caller may look at: one of its own account, or
// an organization's. Only by its ARN is a trail found in a Region that is not
// its home, or from another account.
func (s *Service) seeTrail(c *awsapi.Call, given string) (trail.Trail, error) {
	r, err := trailRef(c, given)
	if err != nil {
		return trail.Trail{}, err
	}
	t, err := s.trails.Store.Get(r)
	if err == nil && t.AccountID != c.AccountID && !t.Organization {
		err = trail.ErrNotFound
	}
	if err != nil {
		return trail.Trail{}, trailRefusal(c, r, err)
	}
	return t, nil
}

// ownTrail finds a trail that the caller may change: one of its own account, in
// its home Region. The error tells a trail that is only seen here from one that
// is not there.
func (s *Service) ownTrail(c *awsapi.Call, given string) (trail.Trail, error) {
	r, err := trailRef(c, given)
	if err != nil {
		return trail.Trail{}, err
	}
	t, err := s.trails.Store.Get(r)
	if errors.Is(err, trail.ErrNotFound) {
		return trail.Trail{}, s.unknownTrail(c, r)
	}
	switch {
	case err != nil:
		return t, trailRefusal(c, r, err)
	case t.AccountID != c.AccountID && !t.Organization:
		return t, trailRefusal(c, r, trail.ErrNotFound)
	case t.AccountID != c.AccountID:
		return t, notManagement()
	case t.HomeRegion != c.Region:
		return t, notHome(&t)
	}
	return t, nil
}

// unknownTrail refuses a name that no trail has here: in another way if it is
// that of a shadow trail.
func (s *Service) unknownTrail(c *awsapi.Call, r trail.Ref) error {
	all, err := s.visible(c.AccountID)
	if err != nil {
		return err
	}
	for i := range all {
		t := &all[i]
		if t.Name != r.Name || r.AccountID != c.AccountID || r.HomeRegion != c.Region {
			continue
		}
		if t.AccountID != c.AccountID && (t.MultiRegion || t.HomeRegion == c.Region) {
			return notManagement()
		}
		if t.AccountID == c.AccountID && t.MultiRegion {
			return notHome(t)
		}
	}
	return trailRefusal(c, r, trail.ErrNotFound)
}

// visible are the trails of an account and those of the organization.
func (s *Service) visible(accountID string) ([]trail.Trail, error) {
	all, err := s.trails.Store.All()
	if err != nil {
		return nil, fmt.Errorf("find trails: %w", err)
	}
	var found []trail.Trail
	for _, t := range all {
		if t.Deleted.IsZero() && (t.AccountID == accountID || t.Organization) {
			found = append(found, t)
		}
	}
	return found, nil
}

func notManagement() error {
	return refuse("NotOrganizationMasterAccountException",
		"The account is not the management account of the organization. Only that account can change the organization's trails.")
}

func notHome(t *trail.Trail) error {
	return refusef("InvalidHomeRegionException",
		"The home Region of trail %s is %s. Call the operation there.", t.Name, t.HomeRegion)
}

// trailRefusal words what the store says of a trail; the disk's errors stay as
// they are.
func trailRefusal(c *awsapi.Call, r trail.Ref, err error) error {
	var full *trail.QuotaError
	switch {
	case errors.Is(err, trail.ErrNotFound):
		return refusef("TrailNotFoundException", "Unknown trail: %s for the user: %s", r.ARN(), c.AccountID)
	case errors.As(err, &full):
		return refusef("MaximumNumberOfTrailsExceededException", "User: %s already has %d trails in %s.",
			full.AccountID, trail.MaxPerRegion, full.Region)
	case errors.Is(err, trail.ErrBusy):
		return refuse("ThrottlingException", "Rate exceeded")
	}
	if refusal := (*awsapi.Error)(nil); errors.As(err, &refusal) {
		return refusal
	}
	return fmt.Errorf("keep trail %s: %w", r.Name, err)
}
