package identity

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/policy"
)

// EC2Principal is how policies name EC2.
const EC2Principal = "ec2.amazonaws.com"

// instanceSession is how long an instance's session lasts, whatever the role's
// maximum is: published records of 2019 end six hours after they begin.
const instanceSession = 6 * time.Hour

// ProfileByARN returns the account's instance profile that an ARN names, and its
// role, nil where it holds none. The error is a NoSuchEntity refusal where there
// is no such profile.
func (t *Tx) ProfileByARN(arn string) (Profile, *Role, error) {
	rest, ok := strings.CutPrefix(arn, "arn:aws:iam::"+t.account+":instance-profile/")
	if !ok {
		return Profile{}, nil, notFound("instance profile", arn)
	}
	p, err := t.Profiles().Get(rest[strings.LastIndexByte(rest, '/')+1:])
	if err != nil || len(p.Roles) == 0 {
		return p, nil, err
	}
	r, err := t.Roles().Get(p.Roles[0])
	return p, &r, err
}

// PassedRole is the ARN of the role that is passed with an instance profile, ""
// where that holds none: whoever adds one passes it then. With a profile that
// there is not, any role may come to be passed.
func (d *Directory) PassedRole(_ context.Context, profileARN string) (arn string, err error) {
	account := accountOf(profileARN)
	err = d.View(account, func(tx *Tx) error {
		_, role, err := tx.ProfileByARN(profileARN)
		switch {
		case Refused(err, NoSuchEntity):
			arn = "arn:aws:iam::" + account + ":role/*"
			return nil
		case err != nil || role == nil:
			return err
		}
		arn = role.ARN(account)
		return nil
	})
	return arn, err
}

// InstanceProfile finds an account's instance profile by its name or its ARN; ok
// is false where there is none.
func (d *Directory) InstanceProfile(_ context.Context, account, ref string) (p Profile, ok bool, err error) {
	err = d.View(account, func(tx *Tx) error {
		arn := strings.HasPrefix(ref, "arn:")
		p, err = tx.Profiles().Get(ref[strings.LastIndexByte(ref, '/')+1:])
		ok = err == nil && (!arn && p.Name == ref || p.ARN(account) == ref)
		return err
	})
	if Refused(err, NoSuchEntity) {
		err = nil
	}
	return p, ok, err
}

// accountOf is the account in an ARN.
func accountOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return ""
}

// OpenForInstance opens a session of a role for an EC2 instance, named by its id.
// The error is an AccessDenied refusal where the role does not trust EC2.
func (t *Tx) OpenForInstance(r *Role, id string, of Instance, now time.Time) (Temporary, error) {
	trust, err := policy.Parse([]byte(r.Trust))
	if err != nil {
		return Temporary{}, fmt.Errorf("read who the role %s trusts: %w", r.Name, err)
	}
	var c policy.Context
	now = now.UTC()
	c.Set("aws:CurrentTime", now.Format(time.RFC3339))
	c.Set("aws:EpochTime", fmt.Sprint(now.Unix()))
	c.Set("aws:PrincipalIsAWSService", "true")
	c.Set("aws:PrincipalServiceName", EC2Principal)
	c.Set("sts:RoleSessionName", id)
	d := policy.Evaluate(policy.Request{
		Action: "sts:AssumeRole", Resource: r.ARN(t.account), Context: c,
		Principal: policy.Principal{Type: policy.AWSService, Service: EC2Principal},
	}, policy.Policies{Resource: trust})
	if !d.Allowed {
		return Temporary{}, Refuse(AccessDenied, "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", EC2Principal, r.ARN(t.account))
	}
	return t.Open(Session{
		Kind: AssumedRole, PrincipalName: r.Name, PrincipalID: r.ID, Name: id, Instance: &of,
	}, now, instanceSession)
}
