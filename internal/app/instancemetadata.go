package app

import (
	"context"
	"errors"
	"net"
	"net/netip"

	"github.com/cairn-audit/cairn/internal/gateway"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/sandbox"
	"github.com/cairn-audit/cairn/internal/services/imds"
)

// ConfigInstanceMetadata is the metadata service of the sandbox's instances.
// Whoever reaches it can have the roles of the instances whose ids they know.
type ConfigInstanceMetadata struct {
	// Listen is its address, host:port; "" is no such service.
	Listen string `yaml:"listen"`
}

func (o *Options) validateMetadata() error {
	listen := o.Config.InstanceMetadata.Listen
	if listen == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return err
	}
	if o.elsewhere("ec2") {
		return errors.New("the instances are those of another server, which has to tell them")
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() {
		o.Logger.Warn("whoever reaches the instances' metadata can have the roles of those whose ids they know", "listen", listen)
	}
	return nil
}

// serveMetadata makes what answers for the sandbox's instances.
func (s *Server) serveMetadata(p *parts, box *sandbox.Sandbox, services *gateway.Services) {
	s.metadata = imds.New(box, p.directory, handouts{services}, imds.Options{
		TokenKey: p.key.Derive("instance metadata tokens"),
		Logger:   s.options.Logger.With("component", "instance metadata"),
	})
}

// handouts records the sessions that EC2 opens for instances.
type handouts struct{ services *gateway.Services }

// HandOut implements imds.Recorder.
func (h handouts) HandOut(ctx context.Context, i *sandbox.Instance, roleARN string, t identity.Temporary, refused error) error {
	return h.services.HandOut(ctx, gateway.Handout{
		Principal: identity.EC2Principal, AccountID: i.AccountID, Region: i.Region, RoleARN: roleARN, Name: i.ID,
	}, t, refused)
}
