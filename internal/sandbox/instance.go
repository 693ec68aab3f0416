package sandbox

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"time"
)

// ErrNoInstance says that no instance has an id, or that it does not run.
var ErrNoInstance = errors.New("no such instance runs")

// Instance is what an instance that runs can learn of itself.
type Instance struct {
	ID, AccountID, Region string
	// ProfileARN is that of its instance profile, "" where it has none.
	ProfileARN string
	// MetadataOff says that its metadata service is switched off, and
	// TokenRequired that it answers only who has a token (IMDSv2).
	MetadataOff, TokenRequired bool

	ImageID, Type, Architecture, ReservationID string
	AvailabilityZone, AvailabilityZoneID       string
	VPC, PrivateIP, PrivateName                string
	PublicIP, PublicName                       string // "" where it has none
	LaunchIndex                                int64
	SecurityGroups                             []string // their names
	Launched                                   time.Time
	UserData                                   []byte
}

// machine are the states in which an instance is a machine that runs programs.
var machine = []string{"pending", "running", "stopping", "shutting-down"}

// Instance returns an instance by its id, whosever it is. The error is
// ErrNoInstance, or a failure to read the state.
func (s *Sandbox) Instance(ctx context.Context, id string) (Instance, error) {
	of, a, ok, err := s.engine.Locate(ctx, "ec2", "instance", id, time.Now())
	if err != nil {
		return Instance{}, err
	}
	if !ok || !slices.Contains(machine, a.Str("State.Name")) {
		return Instance{}, ErrNoInstance
	}
	i := Instance{
		ID: id, AccountID: of.AccountID, Region: of.Region, ProfileARN: a.Str("IamInstanceProfile.Arn"),
		MetadataOff: a.Str("MetadataOptions.HttpEndpoint") == "disabled", TokenRequired: a.Str("MetadataOptions.HttpTokens") == "required",
		ImageID: a.Str("ImageId"), Type: a.Str("InstanceType"), Architecture: a.Str("Architecture"), ReservationID: a.Str(".ReservationId"),
		AvailabilityZone: a.Str("Placement.AvailabilityZone"), AvailabilityZoneID: a.Str("Placement.AvailabilityZoneId"),
		VPC: a.Str("VpcId"), PrivateIP: a.Str("PrivateIpAddress"), PrivateName: a.Str("PrivateDnsName"),
		PublicIP: a.Str("PublicIpAddress"), PublicName: a.Str("PublicDnsName"),
		LaunchIndex: a.Int("AmiLaunchIndex"), Launched: a.Time("LaunchTime"),
	}
	for _, g := range a.Subs("SecurityGroups") {
		i.SecurityGroups = append(i.SecurityGroups, g.Str("GroupName"))
	}
	// RunInstances takes it in base64; what is none is handed on as it is.
	text := a.Str(".UserData")
	if i.UserData, err = base64.StdEncoding.DecodeString(text); err != nil {
		i.UserData = []byte(text)
	}
	return i, nil
}
