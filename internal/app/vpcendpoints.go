package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/cairn-audit/cairn/internal/gateway"
	"github.com/cairn-audit/cairn/internal/policy"
)

// VPCEndpoint is a listener that stands for a VPC endpoint: calls through it have
// come from a VPC.
type VPCEndpoint struct {
	// Listen is its address, host:port. Port 0 takes a free one.
	Listen string `yaml:"listen"`
	ID     string `yaml:"id"`
	// Account is its owner's, made at the start where it is not there; ""
	// is the server's own.
	Account string `yaml:"account"`
	// VPC is the one that it belongs to; it may be "".
	VPC string `yaml:"vpc"`
	// PolicyFile or Policy is the endpoint policy; without, all is allowed.
	PolicyFile string         `yaml:"policy_file"`
	Policy     EndpointPolicy `yaml:"policy"`
	// NetworkActivity says of which calls its owner gets network activity
	// events: of those that the policy denied (NetworkActivityDenied, the
	// default), or of all.
	NetworkActivity string `yaml:"network_activity"`
}

// The values of VPCEndpoint.NetworkActivity.
const (
	NetworkActivityDenied = "denied"
	NetworkActivityAll    = "all"
)

// EndpointPolicy is a policy document in JSON. In the file it may also be written
// in YAML.
type EndpointPolicy string

// UnmarshalYAML reads a policy. Its Version looks like a date, and is none.
func (p *EndpointPolicy) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode((*string)(p))
	}
	datesAreText(n)
	var document any
	if err := n.Decode(&document); err != nil {
		return err
	}
	b, err := json.Marshal(document)
	if err != nil {
		return fmt.Errorf("line %d: a policy: %w", n.Line, err)
	}
	*p = EndpointPolicy(b)
	return nil
}

func datesAreText(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!timestamp" {
		n.Tag = "!!str"
	}
	for _, inner := range n.Content {
		datesAreText(inner)
	}
}

var (
	vpcEndpointID = regexp.MustCompile(`^vpce-([0-9a-f]{8}|[0-9a-f]{17})$`)
	vpcID         = regexp.MustCompile(`^vpc-([0-9a-f]{8}|[0-9a-f]{17})$`)
)

func (c *Config) validateVPCEndpoints() error {
	seen := map[string]bool{}
	for i := range c.VPCEndpoints {
		e := &c.VPCEndpoints[i]
		if err := e.validate(); err != nil {
			return fmt.Errorf("VPC endpoint %s: %w", e.ID, err)
		}
		if seen[e.ID] {
			return fmt.Errorf("VPC endpoint %s is there twice", e.ID)
		}
		seen[e.ID] = true
		if e.Account != "" && !slices.Contains(c.Accounts, e.Account) {
			c.Accounts = append(c.Accounts, e.Account)
		}
	}
	return nil
}

func (e *VPCEndpoint) validate() error {
	switch {
	case !vpcEndpointID.MatchString(e.ID):
		return fmt.Errorf("the id %q does not look like vpce-0123456789abcdef0", e.ID)
	case e.VPC != "" && !vpcID.MatchString(e.VPC):
		return fmt.Errorf("the VPC %q does not look like vpc-0123456789abcdef0", e.VPC)
	case e.Account != "" && !accountID.MatchString(e.Account):
		return fmt.Errorf("account id %q is not 12 digits", e.Account)
	case e.PolicyFile != "" && e.Policy != "":
		return errors.New("its policy is in a policy_file or written as policy: give one")
	case !slices.Contains([]string{"", NetworkActivityDenied, NetworkActivityAll}, e.NetworkActivity):
		return fmt.Errorf("network_activity is %q; it can be %s or %s", e.NetworkActivity, NetworkActivityDenied, NetworkActivityAll)
	}
	if _, _, err := net.SplitHostPort(e.Listen); err != nil {
		return fmt.Errorf("listen address: %w", err)
	}
	if e.PolicyFile != "" {
		// The built-in S3 server changes the working directory.
		path, err := filepath.Abs(e.PolicyFile)
		if err != nil {
			return err
		}
		e.PolicyFile = path
	}
	_, err := e.policy()
	return err
}

// policy reads the endpoint's policy; nil is none.
func (e *VPCEndpoint) policy() (*policy.Document, error) {
	text := []byte(e.Policy)
	if e.PolicyFile != "" {
		f, err := os.Open(e.PolicyFile)
		if err != nil {
			return nil, fmt.Errorf("read the policy: %w", err)
		}
		defer f.Close()
		if text, err = io.ReadAll(io.LimitReader(f, policy.MaxBytes+1)); err != nil {
			return nil, fmt.Errorf("read the policy: %w", err)
		}
	} else if len(text) == 0 {
		return nil, nil
	}
	d, err := policy.ParseAs(policy.Resource, text)
	if err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	return d, nil
}

// gateway is the endpoint as the gateway knows it.
func (e *VPCEndpoint) gateway() (*gateway.VPCEndpoint, error) {
	d, err := e.policy()
	if err != nil {
		return nil, err
	}
	return &gateway.VPCEndpoint{
		ID: e.ID, AccountID: e.Account, VPC: e.VPC, Policy: d,
		RecordPassed: e.NetworkActivity == NetworkActivityAll,
	}, nil
}
