package ecs

import (
	"errors"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// Attributes of a task that are never shown: the security groups of its network
// interface, and the interface while the task has it.
const (
	taskGroups    = ".securityGroups"
	taskInterface = ".networkInterface"
)

// provision gives tasks of the network mode awsvpc their interfaces, and takes
// them from tasks that have stopped.
func provision(s *engine.Settling, tasks []*engine.Resource) error {
	var errs []error
	for _, t := range tasks {
		status := t.Str("lastStatus")
		switch {
		case t.Has(taskInterface) && (status == "DEPROVISIONING" || status == "STOPPED"):
			errs = append(errs, takeInterface(s, t))
		case !t.Has(taskInterface) && t.Str("desiredStatus") == "RUNNING" && t.Str("attachments.type") == "ElasticNetworkInterface":
			errs = append(errs, giveInterface(s, t))
		}
	}
	return errors.Join(errs...)
}

func giveInterface(s *engine.Settling, t *engine.Resource) error {
	params := engine.Attrs{
		"SubnetId": detail(t, "subnetId"), "ClientToken": t.Str("attachments.id"),
		"Description": "arn:aws:ecs:" + s.Scope.Region + ":" + s.Scope.AccountID + ":attachment/" + t.Str("attachments.id"),
	}
	if groups := t.Strs(taskGroups); len(groups) > 0 {
		params.Set("Groups", groups)
	}
	out, err := s.Invoke(principal, "ec2", "CreateNetworkInterface", params)
	if refused := engine.Refusal(err); refused != nil {
		return s.Change(func(x *engine.Exec) error {
			failToStart(x, t.ID, "Unexpected EC2 error while attempting to Create Network Interface in subnet '"+
				detail(t, "subnetId")+"': "+refused.Code)
			return nil
		})
	}
	if err != nil {
		return err
	}
	return s.Change(func(x *engine.Exec) error { return useInterface(x, t.ID, engine.Attrs(out).Sub("NetworkInterface")) })
}

// useInterface shows the interface with the task, and as attached: to what is
// not the account's.
func useInterface(x *engine.Exec, task string, made engine.Attrs) error {
	id := made.Str("NetworkInterfaceId")
	if eni := x.Look("ec2/network-interface", id); eni != nil {
		eni = x.Edit("ec2/network-interface", eni)
		eni.Set("Status", "in-use")
		eni.Set("Attachment", map[string]any{
			"AttachmentId": x.Hex("ela-attach-", 17), "AttachTime": x.Now(), "DeviceIndex": int64(1), "NetworkCardIndex": int64(0),
			"DeleteOnTermination": false, "InstanceOwnerId": "amazon", "Status": "attached",
		})
	}
	t := x.Look("task", task)
	if t == nil {
		return nil
	}
	t = x.Edit("task", t)
	t.Set(taskInterface, id)
	ip := made.Str("PrivateIpAddress")
	for _, at := range t.Subs("attachments") {
		for _, d := range [][2]string{
			{"networkInterfaceId", id}, {"macAddress", made.Str("MacAddress")},
			{"privateDnsName", made.Str("PrivateDnsName")}, {"privateIPv4Address", ip},
		} {
			at.Append("details", map[string]any{"name": d[0], "value": d[1]})
		}
	}
	for _, c := range t.Subs("containers") {
		c.Set("networkInterfaces", []any{map[string]any{"attachmentId": t.Str("attachments.id"), "privateIpv4Address": ip}})
	}
	return nil
}

func takeInterface(s *engine.Settling, t *engine.Resource) error {
	id := t.Str(taskInterface)
	there := false
	err := s.Change(func(x *engine.Exec) error {
		eni := x.Look("ec2/network-interface", id)
		if eni == nil {
			return nil
		}
		there = true
		eni = x.Edit("ec2/network-interface", eni)
		eni.Set("Status", "available")
		eni.Set("Attachment", nil)
		return nil
	})
	if err != nil {
		return err
	}
	if there {
		_, err := s.Invoke(principal, "ec2", "DeleteNetworkInterface", map[string]any{"NetworkInterfaceId": id})
		if err != nil && engine.Refusal(err) == nil {
			return err
		}
	}
	return s.Change(func(x *engine.Exec) error {
		if t := x.Look("task", t.ID); t != nil {
			x.Edit("task", t).Set(taskInterface, nil)
		}
		return nil
	})
}

// failToStart stops a task that cannot start, and has its service wait.
func failToStart(x *engine.Exec, task, why string) {
	t := x.Look("task", task)
	if t == nil {
		return
	}
	stop(x, t, "TaskFailedToStart", why)
	for _, r := range x.List("service") {
		if r.Str("clusterArn") == t.Str("clusterArn") && t.Str("group") == "service:"+r.Str("serviceName") {
			unable(x, x.Edit("service", r), why)
		}
	}
}

// detail is what a task's attachment says of itself.
func detail(t *engine.Resource, name string) string {
	for _, d := range t.Subs("attachments.details") {
		if d.Str("name") == name {
			return d.Str("value")
		}
	}
	return ""
}
