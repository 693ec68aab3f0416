package event

import "strings"

// Attributes are what LookupEvents finds an event by, as CloudTrail derives
// them from the record. An empty one is absent.
type Attributes struct {
	EventID     string
	EventName   string
	ReadOnly    string // "true" or "false"
	Username    string
	EventSource string
	AccessKeyID string
	Resources   []LookupResource
}

// LookupResource is a resource that an event names. One resource may stand
// under several names: its ARN, its id, its name.
type LookupResource struct {
	Type string // AWS::EC2::Instance
	Name string
}

// maxResources bounds the resources of one event, so that a record that names
// very many cannot swell the index. A call that starts a thousand instances
// stays below.
const maxResources = 4096

// Attributes derives the lookup attributes. It reads the record's JSON and
// needs no knowledge of the service, so it serves records of any origin; what
// is not valid JSON names no resources.
func (e *Event) Attributes() Attributes {
	a := Attributes{
		EventID:     e.EventID,
		EventName:   e.EventName,
		EventSource: e.EventSource,
		Resources:   e.resources(),
	}
	if e.ReadOnly != nil {
		a.ReadOnly = "false"
		if *e.ReadOnly {
			a.ReadOnly = "true"
		}
	}
	if u := e.UserIdentity; u != nil {
		a.Username = u.username()
		a.AccessKeyID = u.AccessKeyID
	}
	return a
}

// username is the name that LookupEvents gives a caller. An AWS service and a
// foreign account have none.
func (u *UserIdentity) username() string {
	switch u.Type {
	case Root:
		return "root"
	case AssumedRole, Role:
		if session := sessionName(u); session != "" {
			return session
		}
		return u.UserName
	case FederatedUser:
		if u.UserName == "" {
			return sessionName(u)
		}
	case AWSService, AWSAccount:
		return ""
	}
	return u.UserName
}

// sessionName is the last part of the principal's id ("AROA…:session"), else of
// its ARN.
func sessionName(u *UserIdentity) string {
	if _, session, ok := strings.Cut(u.PrincipalID, ":"); ok {
		return session
	}
	if strings.Contains(u.ARN, ":assumed-role/") || strings.Contains(u.ARN, ":federated-user/") {
		return u.ARN[strings.LastIndexByte(u.ARN, '/')+1:]
	}
	return ""
}

// resources lists what the record names: in its parameters, in the answer, in
// the details of a service event, and in its resources field.
func (e *Event) resources() []LookupResource {
	x := extraction{source: sourceRows(e)}
	if !silentRead(e) {
		walkStrings(e.RequestParameters, x.add)
		walkStrings(e.ResponseElements, x.add)
		walkStrings(e.ServiceEventDetails, x.add)
	}
	for i := range e.Resources {
		r := &e.Resources[i]
		if r.ARN != "" && r.Type != "" {
			x.found(r.Type, r.ARN)
		} else if r.ARN != "" {
			x.arn(r.ARN)
		}
	}
	return x.list
}

// silentRead reports whether the parameters of a read are not searched:
// CloudTrail shows no resources of a Describe or List (published events of
// DescribeInstanceStatus and DescribeTargetHealth), but for those that the
// table names.
func silentRead(e *Event) bool {
	if e.ReadOnly != nil && !*e.ReadOnly {
		return false
	}
	return (strings.HasPrefix(e.EventName, "Describe") || strings.HasPrefix(e.EventName, "List")) &&
		!searchedReads[e.EventName]
}

// extraction gathers the resources of one event, each once.
type extraction struct {
	source []map[string]string
	list   []LookupResource
	seen   map[LookupResource]bool // of list, once that is long
}

// add takes a string of the record, found under a key.
func (x *extraction) add(key, value string) {
	if len(value) == 0 || len(value) > 2048 {
		return
	}
	if strings.HasPrefix(value, "arn:") {
		x.arn(value)
		return
	}
	if kind := idType(value); kind != "" {
		x.found(kind, value)
		return
	}
	for _, rows := range x.source {
		if kind, ok := rows[key]; ok {
			x.found(kind, value)
			return
		}
	}
}

func (x *extraction) arn(arn string) {
	if kind := arnType(arn); kind != "" {
		x.found(kind, arn)
	}
}

func (x *extraction) found(kind, name string) {
	r := LookupResource{Type: kind, Name: name}
	if x.has(r) || len(x.list) == maxResources {
		return
	}
	x.list = append(x.list, r)
	if x.seen != nil {
		x.seen[r] = true
	}
}

// has looks through a short list itself and through a long one by a map.
func (x *extraction) has(r LookupResource) bool {
	if len(x.list) < 16 {
		for i := range x.list {
			if x.list[i] == r {
				return true
			}
		}
		return false
	}
	if x.seen == nil {
		x.seen = make(map[LookupResource]bool, 64)
		for _, have := range x.list {
			x.seen[have] = true
		}
	}
	return x.seen[r]
}

// idType is the type of an id that tells it: a known prefix, a hyphen, and 8 or
// 17 hexadecimal digits.
func idType(value string) string {
	i := strings.LastIndexByte(value, '-')
	if i < 1 || len(value) > 40 {
		return ""
	}
	digits := value[i+1:]
	if len(digits) != 8 && len(digits) != 17 {
		return ""
	}
	for j := range len(digits) {
		if c := digits[j]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return ""
		}
	}
	return idTypes[value[:i]]
}

// arnType is the type of the resource that an ARN names, "" if it is not known.
func arnType(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	service, resource := parts[2], parts[5]
	if service == "s3" {
		if strings.Contains(resource, "/") {
			return "AWS::S3::Object"
		}
		return "AWS::S3::Bucket"
	}
	kind := resource
	if i := strings.IndexAny(resource, "/:"); i >= 0 {
		kind = resource[:i]
	} else if service == "sns" || service == "sqs" {
		kind = "" // the name alone
	}
	if service == "elasticloadbalancing" && kind == "loadbalancer" && strings.Count(resource, "/") < 2 {
		return "AWS::ElasticLoadBalancing::LoadBalancer"
	}
	return arnTypes[service+":"+kind]
}
