package access

import (
	"net/url"
	"strings"
)

// transform makes of a member's value what an ARN has of it.
type transform func(value string, c *call) string

func same(value string, _ *call) string { return value }

// transforms are those that templates name.
var transforms = map[string]transform{
	"connection":   connection,
	"copysource":   copySource,
	"copyversion":  copyVersion,
	"ec2":          ec2Resource,
	"ec2type":      ec2Type,
	"function":     function,
	"host":         host,
	"key":          key,
	"loadbalancer": loadBalancer,
	"loggroup":     logGroup,
	"queue":        func(v string, _ *call) string { _, name := queue(v); return name },
	"queueaccount": queueAccount,
	"revision":     revision,
	"rulebus":      ruleBus,
	"topic":        topic,
}

// connection is the ARN of a connection as policies have it, without the id at
// its end.
func connection(v string, _ *call) string {
	if strings.Count(v, "/") > 1 {
		return v[:strings.LastIndexByte(v, '/')]
	}
	return v
}

// CopySource reads the source of a copy in S3: bucket and key, coded as in URLs,
// with a version or without one. ok is false where it names no object.
func CopySource(v string) (bucket, key, version string, ok bool) {
	v, version, _ = strings.Cut(strings.TrimPrefix(v, "/"), "?versionId=")
	plain, err := url.PathUnescape(v)
	if err != nil {
		return "", "", "", false
	}
	if version, err = url.PathUnescape(version); err != nil {
		return "", "", "", false
	}
	bucket, key, ok = strings.Cut(plain, "/")
	return bucket, key, version, ok && bucket != "" && key != ""
}

func copySource(v string, _ *call) string {
	bucket, key, _, ok := CopySource(v)
	if !ok {
		return v
	}
	return bucket + "/" + key
}

func copyVersion(v string, _ *call) string {
	_, _, version, _ := CopySource(v)
	return version
}

// ec2IDs are the beginnings of ids whose resource is named otherwise in ARNs.
var ec2IDs = map[string]string{
	"acl": "network-acl", "ami": "image", "cgw": "customer-gateway", "cr": "capacity-reservation", "dopt": "dhcp-options",
	"eigw": "egress-only-internet-gateway", "eipalloc": "elastic-ip", "eni": "network-interface", "fl": "vpc-flow-log",
	"h": "dedicated-host", "i": "instance", "igw": "internet-gateway", "key": "key-pair", "lt": "launch-template",
	"nat": "natgateway", "pcx": "vpc-peering-connection", "pg": "placement-group", "pl": "prefix-list", "rtb": "route-table",
	"sfr": "spot-fleet-request", "sg": "security-group", "sgr": "security-group-rule", "sir": "spot-instances-request",
	"snap": "snapshot", "subnet": "subnet", "tgw": "transit-gateway", "vgw": "vpn-gateway", "vol": "volume", "vpc": "vpc",
	"vpce": "vpc-endpoint", "vpn": "vpn-connection",
}

// ec2Resource is the end of the ARN of an id, from its account on. An id of a
// kind that is not known is that of any kind.
func ec2Resource(v string, c *call) string {
	prefix, _, _ := strings.Cut(v, "-")
	kind, ok := ec2IDs[prefix]
	if !ok {
		kind = "*"
	}
	return ec2Type(kind, c) + "/" + v
}

// ec2Type puts the account before a type of resources. Images and snapshots have
// none.
func ec2Type(v string, c *call) string {
	if v == "image" || v == "snapshot" {
		return ":" + v
	}
	return c.account + ":" + v
}

// function is the name of a function that may be given as ACCOUNT:function:NAME.
func function(v string, _ *call) string {
	if account, name, ok := strings.Cut(v, ":function:"); ok && !strings.Contains(account, ":") {
		return name
	}
	return v
}

func host(v string, _ *call) string { return strings.TrimPrefix(v, "https://") }

// key is the resource of a key's id, or an alias.
func key(v string, _ *call) string {
	if strings.HasPrefix(v, "alias/") || strings.HasPrefix(v, "arn:") {
		return v
	}
	return "key/" + v
}

// loadBalancer is how ARNs name a type of load balancers.
func loadBalancer(v string, _ *call) string {
	switch v {
	case "application":
		return "app"
	case "network":
		return "net"
	case "gateway":
		return "gwy"
	}
	return v
}

// logGroup is a group's name or ARN; ARNs of groups may end in ":*".
func logGroup(v string, _ *call) string { return strings.TrimSuffix(v, ":*") }

// queue is the account and the name at the end of a queue's URL.
func queue(v string) (account, name string) {
	path := strings.Split(v, "/")
	if len(path) >= 2 {
		account = path[len(path)-2]
	}
	return account, path[len(path)-1]
}

func queueAccount(v string, c *call) string {
	if account, _ := queue(v); account != "" {
		return account
	}
	return c.account
}

// revision is any revision of a task definition's family that is named without one.
func revision(v string, _ *call) string {
	if strings.Contains(v, ":") {
		return v
	}
	return v + ":*"
}

// ruleBus is what stands before the name of a rule that is on the event bus.
func ruleBus(v string, _ *call) string {
	if strings.HasPrefix(v, "arn:") {
		v = v[strings.LastIndexAny(v, ":/")+1:]
	}
	if v == "default" {
		return ""
	}
	return v + "/"
}

// topic is the topic of a subscription's ARN.
func topic(v string, _ *call) string {
	if strings.Count(v, ":") > 5 {
		return v[:strings.LastIndexByte(v, ':')]
	}
	return v
}
