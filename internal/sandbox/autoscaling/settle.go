package autoscaling

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

const principal = "autoscaling.amazonaws.com"

// pause is how long a group that could not launch instances waits before it
// tries again.
const pause = time.Minute

// plan is what a group needs to become what it should be.
type plan struct {
	group     *engine.Resource
	launch    []launch
	terminate []string
	hold      []string            // wait for a hook before they are terminated
	register  map[string][]string // by target group
	have      int
	drop      bool
}

// launch is a call for instances in one zone.
type launch struct {
	zone   string
	count  int64
	params map[string]any
}

// settle makes the groups what they should be: it launches, registers and
// terminates instances.
func settle(s *engine.Settling) error {
	if err := keepSchedules(s); err != nil {
		return err
	}
	var plans []*plan
	s.View(func(x *engine.Exec) {
		for _, g := range x.List("group") {
			for _, w := range g.Subs(waits) {
				if at := w.Time("Until"); w.Str("Result") == "" && at.After(x.Now()) {
					s.Wake(at)
				}
			}
			if at := g.Time(retry); at.After(x.Now()) {
				s.Wake(at)
			}
			if p := planFor(x, g); p != nil {
				plans = append(plans, p)
			}
		}
	})
	var errs []error
	for _, p := range plans {
		errs = append(errs, p.carryOut(s))
	}
	return errors.Join(errs...)
}

// planFor returns nil where there is nothing to do.
func planFor(x *engine.Exec, g *engine.Resource) *plan {
	have := members(x, g.ID)
	p := &plan{group: g, have: len(have), register: make(map[string][]string)}
	stay := p.sort(x, have)
	target := int(g.Int("DesiredCapacity"))
	if g.Bool(deleting) {
		target, p.drop = 0, true
	}
	paused := g.Strs("SuspendedProcesses.ProcessName")
	for len(stay) > target && !slices.Contains(paused, "Terminate") {
		var id string
		id, stay = excess(stay)
		p.end(x, id)
	}
	if n := target - len(stay); n > 0 && !slices.Contains(paused, "Launch") && !x.Now().Before(g.Time(retry)) {
		p.launch = launches(x, g, stay, n)
	}
	for _, tg := range g.Strs("TargetGroupARNs") {
		for _, i := range stay {
			if !registered(x, tg, i.ID) && !waiting(g.Attrs, i.ID, launching, x.Now()).open && x.Look("elbv2/target-group", tg) != nil {
				p.register[tg] = append(p.register[tg], i.ID)
			}
		}
	}
	if len(p.terminate)+len(p.hold)+len(p.launch)+len(p.register) == 0 && !p.drop {
		return nil
	}
	return p
}

// sort begins to end the instances that are to go, and returns those that stay.
func (p *plan) sort(x *engine.Exec, have []*engine.Resource) []*engine.Resource {
	var stay []*engine.Resource
	for _, i := range have {
		last := waiting(p.group.Attrs, i.ID, terminating, x.Now())
		switch {
		case last.open:
		case last.held:
			p.terminate = append(p.terminate, i.ID)
		case slices.Contains(p.group.Strs(doomed), i.ID), waiting(p.group.Attrs, i.ID, launching, x.Now()).abandoned:
			p.end(x, i.ID)
		default:
			stay = append(stay, i)
		}
	}
	return stay
}

// end terminates an instance, once it has waited for the hooks that there are.
func (p *plan) end(x *engine.Exec, id string) {
	if len(hooks(x, p.group.ID, terminating)) > 0 {
		p.hold = append(p.hold, id)
		return
	}
	p.terminate = append(p.terminate, id)
}

// excess chooses the instance to terminate: the oldest of the zone that has
// most.
func excess(stay []*engine.Resource) (string, []*engine.Resource) {
	count := make(map[string]int)
	for _, i := range stay {
		count[i.Str("Placement.AvailabilityZone")]++
	}
	at := 0
	for n, i := range stay {
		if count[i.Str("Placement.AvailabilityZone")] > count[stay[at].Str("Placement.AvailabilityZone")] {
			at = n
		}
	}
	return stay[at].ID, slices.Delete(slices.Clone(stay), at, at+1)
}

func registered(x *engine.Exec, group, instance string) bool {
	return slices.ContainsFunc(x.List("elbv2/target"), func(t *engine.Resource) bool {
		return t.Str(".TargetGroupArn") == group && t.Str("Target.Id") == instance && t.Str("TargetHealth.State") != "draining"
	})
}

// place is where a group may launch: a subnet, or the default one of a zone.
type place struct{ zone, subnet string }

func places(x *engine.Exec, g *engine.Resource) []place {
	var all []place
	for _, id := range subnets(g.Str("VPCZoneIdentifier")) {
		if s := x.Look("ec2/subnet", id); s != nil {
			all = append(all, place{s.Str("AvailabilityZone"), id})
		}
	}
	if len(all) == 0 {
		for _, zone := range g.Strs("AvailabilityZones") {
			all = append(all, place{zone: zone})
		}
	}
	return all
}

// launches spreads n new instances over the group's places.
func launches(x *engine.Exec, g *engine.Resource, stay []*engine.Resource, n int) []launch {
	all := places(x, g)
	if len(all) == 0 {
		return nil
	}
	count := make([]int, len(all))
	for _, i := range stay {
		for at, p := range all {
			if p.zone == i.Str("Placement.AvailabilityZone") {
				count[at]++
				break
			}
		}
	}
	fresh := make([]int64, len(all))
	for range n {
		at := 0
		for i := range count {
			if count[i] < count[at] {
				at = i
			}
		}
		count[at]++
		fresh[at]++
	}
	var out []launch
	for at, n := range fresh {
		if n > 0 {
			out = append(out, launch{zone: all[at].zone, count: n, params: runParams(x, g, all[at], n)})
		}
	}
	return out
}

// runParams is the group's request to Amazon EC2.
func runParams(x *engine.Exec, g *engine.Resource, at place, n int64) map[string]any {
	p := engine.Attrs{"MinCount": int64(1), "MaxCount": n, "ClientToken": x.UUID()}
	if at.subnet != "" {
		p.Set("SubnetId", at.subnet)
	} else {
		p.Set("Placement.AvailabilityZone", at.zone)
	}
	tags := []any{map[string]any{"Key": groupTag, "Value": g.ID}}
	for _, tag := range g.Subs("Tags") {
		if tag.Bool("PropagateAtLaunch") {
			tags = append(tags, map[string]any{"Key": tag.Str("Key"), "Value": tag.Str("Value")})
		}
	}
	p.Set("TagSpecifications", []any{map[string]any{"ResourceType": "instance", "Tags": tags}})
	template := g.Sub("LaunchTemplate")
	if template == nil {
		template = g.Sub("MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification")
	}
	if template != nil {
		spec := map[string]any(template.Clone())
		delete(spec, "LaunchTemplateName")
		p.Set("LaunchTemplate", spec)
		return p
	}
	c := x.Look("launch-configuration", g.Str("LaunchConfigurationName"))
	if c == nil {
		return p
	}
	for _, member := range []string{"ImageId", "InstanceType", "KeyName", "UserData", "KernelId", "RamdiskId", "EbsOptimized"} {
		if v := c.Get(member); v != nil && v != "" {
			p.Set(member, v)
		}
	}
	if v := c.Get("InstanceMonitoring.Enabled"); v != nil {
		p.Set("Monitoring.Enabled", v)
	}
	if groups := c.Strs("SecurityGroups"); len(groups) > 0 {
		p.Set("SecurityGroupIds", groups)
	}
	if profile := c.Str("IamInstanceProfile"); profile != "" {
		member := "IamInstanceProfile.Name"
		if len(profile) > 4 && profile[:4] == "arn:" {
			member = "IamInstanceProfile.Arn"
		}
		p.Set(member, profile)
	}
	if mappings := c.Clone().All("BlockDeviceMappings"); len(mappings) > 0 {
		p.Set("BlockDeviceMappings", mappings)
	}
	return p
}

func (p *plan) carryOut(s *engine.Settling) error {
	var done []engine.Attrs
	var errs []error
	var fresh []string
	have := p.have
	for _, l := range p.launch {
		out, err := s.Invoke(principal, "ec2", "RunInstances", l.params)
		if err != nil {
			refused := engine.Refusal(err)
			if refused == nil {
				return err
			}
			done = append(done, p.failed(s, refused.Message))
			continue
		}
		for _, i := range engine.Attrs(out).Subs("Instances") {
			fresh = append(fresh, i.Str("InstanceId"))
			done = append(done, p.activity(s, "Launching a new EC2 instance: "+i.Str("InstanceId"), i, have, have+1))
			have++
		}
	}
	for _, tg := range slices.Sorted(maps.Keys(p.register)) {
		errs = append(errs, call(s, "RegisterTargets", tg, p.register[tg]))
	}
	if out := p.leaving(s); len(out) > 0 {
		for _, tg := range p.group.Strs("TargetGroupARNs") {
			errs = append(errs, call(s, "DeregisterTargets", tg, out))
		}
	}
	if len(p.terminate) > 0 {
		ids := []any{}
		for _, id := range p.terminate {
			ids = append(ids, id)
			done = append(done, p.activity(s, "Terminating EC2 instance: "+id, nil, have, have-1))
			have--
		}
		if _, err := s.Invoke(principal, "ec2", "TerminateInstances", map[string]any{"InstanceIds": ids}); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, s.Change(func(x *engine.Exec) error { return p.record(x, done, fresh) }))...)
}

// leaving are the instances that end now, but for those that left the target
// groups before they waited for a hook.
func (p *plan) leaving(s *engine.Settling) []string {
	out := slices.Clone(p.hold)
	for _, id := range p.terminate {
		if !waiting(p.group.Attrs, id, terminating, s.Now).held {
			out = append(out, id)
		}
	}
	return out
}

// record keeps the activities, and what the group must remember: which of its
// fresh instances wait for a hook, and which of those that are to end.
func (p *plan) record(x *engine.Exec, done []engine.Attrs, fresh []string) error {
	for _, a := range done {
		if _, err := x.Add("activity", a); err != nil {
			return err
		}
	}
	g := x.Look("group", p.group.ID)
	if g == nil {
		return nil
	}
	if p.drop && len(members(x, g.ID)) == 0 {
		dropGroup(x, g.ID)
		return nil
	}
	g = x.Edit("group", g)
	for _, id := range fresh {
		hold(x, g, id, launching)
	}
	for _, id := range p.hold {
		hold(x, g, id, terminating)
	}
	forgetWaits(g, members(x, g.ID))
	g.Set(doomed, slices.DeleteFunc(g.All(doomed), func(id any) bool { return slices.Contains(p.terminate, id.(string)) }))
	if slices.ContainsFunc(done, func(a engine.Attrs) bool { return a.Str("StatusCode") == "Failed" }) {
		g.Set(retry, x.Now().Add(pause))
	}
	return nil
}

func call(s *engine.Settling, operation, group string, instances []string) error {
	targets := []any{}
	for _, id := range instances {
		targets = append(targets, map[string]any{"Id": id})
	}
	_, err := s.Invoke(principal, "elbv2", operation, map[string]any{"TargetGroupArn": group, "Targets": targets})
	return err
}

func (p *plan) activity(s *engine.Settling, what string, instance engine.Attrs, from, to int) engine.Attrs {
	at := s.Now.Format("2006-01-02T15:04:05Z")
	verb, direction := "started", "increasing"
	if to < from {
		verb, direction = "taken out of service", "shrinking"
	}
	why := p.group.Str(cause)
	if why != "" {
		why = "At " + at + " " + why + ".  "
	}
	a := engine.Attrs{
		"AutoScalingGroupName": p.group.ID, "AutoScalingGroupARN": p.group.Str("AutoScalingGroupARN"), "Description": what,
		"Cause": why + fmt.Sprintf("At %s an instance was %s in response to a difference between desired and actual capacity, %s the capacity from %d to %d.",
			at, verb, direction, from, to),
		"StartTime": s.Now, "EndTime": s.Now, "StatusCode": "Successful", "Progress": int64(100), "Details": "{}",
	}
	if instance != nil {
		a["Details"] = fmt.Sprintf(`{"Subnet ID":%q,"Availability Zone":%q}`, instance.Str("SubnetId"), instance.Str("Placement.AvailabilityZone"))
	}
	return a
}

func (p *plan) failed(s *engine.Settling, message string) engine.Attrs {
	a := p.activity(s, "Launching a new EC2 instance.  Status Reason: "+message+" Launching EC2 instance failed.", nil, p.have, p.have+1)
	a["StatusCode"], a["StatusMessage"] = "Failed", message+" Launching EC2 instance failed."
	return a
}
