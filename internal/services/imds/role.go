package imds

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/identity"
)

const (
	timeFormat = "2006-01-02T15:04:05Z"
	// renewBefore is how long before its end a session is followed by the
	// next. SDKs take a session that has less than some twenty minutes left
	// for one that EC2 failed to renew.
	renewBefore = time.Hour
	// askAgain is when a role is asked again that did not trust EC2.
	askAgain = time.Minute
)

// handle names what was handed out: a role, which may be another one by the same
// name tomorrow, to an instance, by a version of the service.
type handle struct{ instance, roleID, delivery string }

// credentials are what was handed out, until it is to be renewed.
type credentials struct {
	identity.Temporary
	refused bool // the role does not trust EC2
	since   time.Time
	until   time.Time
}

// readRole returns what is below meta-data/iam.
func (r *request) readRole() ([]byte, error) {
	if r.instance.ProfileARN == "" {
		return nil, errNothing
	}
	var profile identity.Profile
	var role *identity.Role
	err := r.directory.View(r.instance.AccountID, func(tx *identity.Tx) (err error) {
		profile, role, err = tx.ProfileByARN(r.instance.ProfileARN)
		return err
	})
	gone := identity.Refused(err, identity.NoSuchEntity)
	if err != nil && !gone {
		return nil, fmt.Errorf("find the instance profile %s: %w", r.instance.ProfileARN, err)
	}
	name, below := strings.CutPrefix(r.path, rolesPath+"/")
	switch {
	case r.path == infoPath:
		return r.info(profile, gone)
	case below && role != nil && name == role.Name:
		return r.credentials(role)
	case r.path == rolesPath && role != nil:
		return []byte(role.Name), nil
	case r.path == "meta-data/iam":
		return []byte("info\nsecurity-credentials/"), nil
	}
	return nil, errNothing
}

func (r *request) info(p identity.Profile, gone bool) ([]byte, error) {
	answer := map[string]string{"LastUpdated": time.Now().UTC().Format(timeFormat)}
	if gone {
		answer["Code"] = "InstanceProfileNotFound"
		answer["Message"] = "Instance Profile " + r.instance.ProfileARN + " cannot be found. Please see documentation at " + trouble
		return render(answer)
	}
	answer["Code"], answer["InstanceProfileArn"], answer["InstanceProfileId"] = "Success", p.ARN(r.instance.AccountID), p.ID
	return render(answer)
}

// trouble is where the documentation is to which AWS's messages point.
const trouble = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html#troubleshoot_iam-ec2_errors-info-doc."

func (r *request) credentials(role *identity.Role) ([]byte, error) {
	c, err := r.session(role)
	if err != nil {
		return nil, err
	}
	if c.refused {
		return render(map[string]string{
			"Code": "AssumeRoleUnauthorizedAccess", "LastUpdated": c.since.Format(timeFormat),
			"Message": "EC2 cannot assume the role " + role.Name + ". Please see documentation at " + trouble,
		})
	}
	return render(map[string]string{
		"Code": "Success", "LastUpdated": c.since.Format(timeFormat), "Type": "AWS-HMAC", "AccessKeyId": c.AccessKeyID,
		"SecretAccessKey": c.SecretAccessKey, "Token": c.SessionToken, "Expiration": c.Expires.UTC().Format(timeFormat),
	})
}

// session returns the instance's session of a role, a new one where there is none
// that lasts. Its event is durable before it is handed out. The lock is held
// meanwhile, so that no instance gets two.
func (r *request) session(role *identity.Role) (*credentials, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key, now := handle{r.instance.ID, role.ID, r.delivery}, time.Now().UTC()
	if c := r.handed[key]; c != nil && now.Before(c.until) {
		return c, nil
	}
	c := &credentials{since: now, until: now.Add(askAgain)}
	refused := r.directory.View(r.instance.AccountID, func(tx *identity.Tx) (err error) {
		c.Temporary, err = tx.OpenForInstance(role, r.instance.ID, identity.Instance{
			ARN:      "arn:aws:ec2:" + r.instance.Region + ":" + r.instance.AccountID + ":instance/" + r.instance.ID,
			Delivery: r.delivery, VPC: r.instance.VPC, PrivateIP: r.instance.PrivateIP,
		}, now)
		return err
	})
	var why *identity.Refusal
	if c.refused = errors.As(refused, &why); refused != nil && !c.refused {
		return nil, refused
	}
	if err := r.recorder.HandOut(r.ctx, &r.instance, role.ARN(r.instance.AccountID), c.Temporary, refused); err != nil {
		return nil, fmt.Errorf("record a session of the role %s: %w", role.Name, err)
	}
	if !c.refused {
		c.until = c.Expires.Add(-renewBefore)
	}
	maps.DeleteFunc(r.handed, func(_ handle, c *credentials) bool { return !now.Before(c.until) })
	r.handed[key] = c
	return c, nil
}

func render(answer map[string]string) ([]byte, error) {
	return json.MarshalIndent(answer, "", "  ")
}
