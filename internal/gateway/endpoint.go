package gateway

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/policy"
	"github.com/cairn-audit/cairn/internal/record"
)

// VPCEndpoint is a VPC endpoint that requests come through.
type VPCEndpoint struct {
	ID string
	// AccountID is the account of its owner, who gets its network activity.
	AccountID string
	// VPC is the id of the VPC that it belongs to, or "".
	VPC string
	// Policy is the endpoint's; nil allows everything.
	Policy *policy.Document
	// RecordPassed gives its owner a network activity event also of the calls
	// that the policy lets through.
	RecordPassed bool
}

// Through returns a handler for the requests that come through a VPC endpoint.
// They are answered as others are, but for what the endpoint's policy denies.
// Such a call leaves no event with its caller's account if the policies of the
// caller would have allowed it ("To protect your VPC, requests that are denied by
// a VPC endpoint policy, but otherwise would have been allowed, are not recorded
// in CloudTrail", guides of ECS and KMS). Its one record is then the network
// activity event of the endpoint's owner.
func (g *Gateway) Through(e VPCEndpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { g.serve(w, r, &e) })
}

// enter notes what the request came through.
func (x *exchange) enter(through *VPCEndpoint) {
	if x.endpoint = through; through != nil {
		x.call.VPCEndpointID, x.call.VPCEndpointAccountID = through.ID, through.AccountID
	}
}

func (x *exchange) endpointPolicy() *policy.Document {
	if x.endpoint == nil {
		return nil
	}
	return x.endpoint.Policy
}

// setSource sets the condition keys that say where the call came from.
// aws:SourceIp is not among them "when the requester uses a VPC endpoint".
func (x *exchange) setSource(c *policy.Context) {
	e := x.endpoint
	if e == nil {
		c.Set("aws:SourceIp", x.call.SourceIP)
		return
	}
	c.Set("aws:VpcSourceIp", x.call.SourceIP)
	c.Set("aws:SourceVpce", e.ID)
	c.Set("aws:VpceAccount", e.AccountID)
	if e.VPC != "" {
		c.Set("aws:SourceVpc", e.VPC)
	}
}

// networkActivity is what the owner of the endpoint is told of the call, if
// anything, and whether that stands instead of the call's own event. Of a caller
// from another account the owner learns only the account. A caller who is not
// proven is no activity of any account.
func (x *exchange) networkActivity() (activity []record.Call, instead bool) {
	if x.endpoint == nil || !x.stopped && (!x.endpoint.RecordPassed || x.call.Refused == record.Authentication) {
		return nil, false
	}
	c := x.call
	c.NetworkActivity = record.Passed
	if x.stopped {
		c.NetworkActivity = record.Stopped
	}
	c.EventID, c.AccountID = uuid.NewString(), x.endpoint.AccountID
	if c.SharedEventID == "" {
		c.SharedEventID = uuid.NewString()
	}
	if c.Identity != nil && c.Identity.AccountID != c.AccountID {
		foreign := identity.Foreign(*c.Identity)
		c.Identity = &foreign
	}
	return []record.Call{c}, x.stopped && !x.deniedAnyway
}
