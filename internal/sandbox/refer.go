package sandbox

import (
	"context"
	"strings"

	"github.com/cairn-audit/cairn/internal/sandbox/ec2"
	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// balancerKinds are the kinds of elbv2 by their names in ARNs.
var balancerKinds = map[string]string{"loadbalancer": "load-balancer", "targetgroup": "target-group"}

// Referred finds the resource that a call of the account means, by an ARN that may
// hold another name than the resource's own ("security-group/NAME"). It returns the
// resource's own ARN and its tags; ok is false where there is none.
func (s *Sandbox) Referred(ctx context.Context, account, arn string) (own string, tags map[string]string, ok bool, err error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 {
		return "", nil, false, nil
	}
	kind, ref, _ := strings.Cut(parts[5], "/")
	to := engine.Reference{
		Of: engine.ScopeID{AccountID: account, Region: parts[3]}, Service: parts[2], Kind: kind, Ref: arn,
	}
	switch parts[2] {
	case "ec2":
		to.Ref = ref
		name := ""
		if kind == "key-pair" {
			name = "KeyName" // what its ARN has
		}
		id, tags, ok, err := s.engine.Refer(ctx, to, name)
		return strings.Join(parts[:5], ":") + ":" + kind + "/" + id, tags, ok, err
	case "elasticloadbalancing":
		to.Service, to.Kind = "elbv2", balancerKinds[kind]
	}
	_, tags, ok, err = s.engine.Refer(ctx, to, "")
	return arn, tags, ok, err
}

// Template returns what a launch template holds, in the version that a
// specification names (a LaunchTemplateSpecification of EC2's or Auto Scaling's
// API); ok is false where there is none.
func (s *Sandbox) Template(ctx context.Context, account, region string, specification map[string]any) (data map[string]any, ok bool, err error) {
	of := engine.ScopeID{AccountID: account, Region: region}
	err = s.engine.Read(ctx, of, "ec2", func(x *engine.Exec) { data, ok = ec2.TemplateData(x, specification) })
	return data, ok, err
}
