package imds

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-audit/cairn/internal/region"
	"github.com/cairn-audit/cairn/internal/sandbox"
)

// errNothing says that an instance has no such data.
var errNothing = errors.New("there is no such data")

// facts are the data that say what the instance is, by their paths ("Instance
// metadata categories", EC2 User Guide). An empty value is not there.
var facts = map[string]func(*sandbox.Instance) string{
	"dynamic/instance-identity/document":       document,
	"meta-data/ami-id":                         func(i *sandbox.Instance) string { return i.ImageID },
	"meta-data/ami-launch-index":               func(i *sandbox.Instance) string { return strconv.FormatInt(i.LaunchIndex, 10) },
	"meta-data/hostname":                       func(i *sandbox.Instance) string { return i.PrivateName },
	"meta-data/instance-action":                func(*sandbox.Instance) string { return "none" },
	"meta-data/instance-id":                    func(i *sandbox.Instance) string { return i.ID },
	"meta-data/instance-type":                  func(i *sandbox.Instance) string { return i.Type },
	"meta-data/local-hostname":                 func(i *sandbox.Instance) string { return i.PrivateName },
	"meta-data/local-ipv4":                     func(i *sandbox.Instance) string { return i.PrivateIP },
	"meta-data/placement/availability-zone":    func(i *sandbox.Instance) string { return i.AvailabilityZone },
	"meta-data/placement/availability-zone-id": func(i *sandbox.Instance) string { return i.AvailabilityZoneID },
	"meta-data/placement/region":               func(i *sandbox.Instance) string { return i.Region },
	"meta-data/public-hostname":                func(i *sandbox.Instance) string { return i.PublicName },
	"meta-data/public-ipv4":                    func(i *sandbox.Instance) string { return i.PublicIP },
	"meta-data/reservation-id":                 func(i *sandbox.Instance) string { return i.ReservationID },
	"meta-data/security-groups":                func(i *sandbox.Instance) string { return strings.Join(i.SecurityGroups, "\n") },
	"meta-data/services/domain":                func(*sandbox.Instance) string { return "amazonaws.com" },
	"meta-data/services/partition":             func(i *sandbox.Instance) string { return region.Partition(i.Region) },
	"user-data":                                func(i *sandbox.Instance) string { return string(i.UserData) },
}

// Where the data of the instance's role are.
const (
	infoPath  = "meta-data/iam/info"
	rolesPath = "meta-data/iam/security-credentials"
)

// read returns what is at the request's path: a value, or the names below it.
func (r *request) read() ([]byte, error) {
	if strings.HasPrefix(r.path+"/", "meta-data/iam/") {
		return r.readRole()
	}
	if fact := facts[r.path]; fact != nil {
		if v := fact(&r.instance); v != "" {
			return []byte(v), nil
		}
		return nil, errNothing
	}
	return r.list()
}

// list returns the names below a path, those that have names below them with a
// slash.
func (r *request) list() ([]byte, error) {
	below := r.path + "/"
	if r.path == "" {
		below = ""
	}
	names := map[string]bool{}
	add := func(path string) {
		if rest, ok := strings.CutPrefix(path, below); ok {
			name, _, more := strings.Cut(rest, "/")
			if more {
				name += "/"
			}
			names[name] = true
		}
	}
	for path, fact := range facts {
		if fact(&r.instance) != "" {
			add(path)
		}
	}
	if r.instance.ProfileARN != "" {
		add(infoPath)
		add(rolesPath + "/")
	}
	if len(names) == 0 {
		return nil, errNothing
	}
	return []byte(strings.Join(slices.Sorted(maps.Keys(names)), "\n")), nil
}

// document is the instance's identity document, which nobody signs here.
func document(i *sandbox.Instance) string {
	b, err := json.MarshalIndent(struct {
		AccountID        string   `json:"accountId"`
		Architecture     string   `json:"architecture"`
		AvailabilityZone string   `json:"availabilityZone"`
		BillingProducts  []string `json:"billingProducts"`
		ProductCodes     []string `json:"devpayProductCodes"`
		Marketplace      []string `json:"marketplaceProductCodes"`
		ImageID          string   `json:"imageId"`
		InstanceID       string   `json:"instanceId"`
		InstanceType     string   `json:"instanceType"`
		KernelID         *string  `json:"kernelId"`
		PendingTime      string   `json:"pendingTime"`
		PrivateIP        string   `json:"privateIp"`
		RamdiskID        *string  `json:"ramdiskId"`
		Region           string   `json:"region"`
		Version          string   `json:"version"`
	}{
		AccountID: i.AccountID, Architecture: i.Architecture, AvailabilityZone: i.AvailabilityZone, ImageID: i.ImageID,
		InstanceID: i.ID, InstanceType: i.Type, PendingTime: i.Launched.UTC().Format(timeFormat), PrivateIP: i.PrivateIP,
		Region: i.Region, Version: "2017-09-30",
	}, "", "  ")
	if err != nil {
		return "" // its members are texts
	}
	return string(b)
}
