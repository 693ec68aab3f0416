package record

import (
	"strings"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// ec2Namespace is the value of "xmlns" in every wrapped answer.
const ec2Namespace = "http://ec2.amazonaws.com/doc/2016-11-15/"

// wrapperNames are operations whose request element is not "<Operation>Request".
var wrapperNames = map[string]string{
	"DeleteTransitGatewayVpcAttachment": "DelTGwVpcAttachReq", // 10fe783b
}

// wrappedNulls are operations that record null, not "", when the client sent
// no parameters.
var wrappedNulls = set("DescribeIdFormat") // 6fc9cebe

// wrappedRequest writes {"<Operation>Request": X}: X is the request with the
// names of EC2's Query protocol, "" where the client sent no parameters.
func wrappedRequest(rules *serviceRules, op *awsapi.Operation, params map[string]any) []byte {
	if len(params) == 0 && wrappedNulls[op.Name] {
		return null
	}
	x := xmlText{
		rules:      rules,
		memberName: ec2QueryName,
		flat:       func(*awsapi.Member) bool { return true },
		indexed:    true,
		stamp:      isoShort,
	}
	x.open('{')
	wrapper, ok := wrapperNames[op.Name]
	if !ok {
		wrapper = op.Name + "Request"
	}
	x.name(wrapper)
	if op.Input == nil {
		x.raw(`""`)
	} else {
		x.structure(op.Input, params, 0)
	}
	x.close('}')
	return x.buffer
}

// wrappedAnswer writes {"<Operation>Response": Y}: Y is the answer's XML.
func wrappedAnswer(rules *serviceRules, op *awsapi.Operation, out map[string]any, requestID string) []byte {
	x := xmlText{
		rules:       rules,
		memberName:  (*awsapi.Member).WireName,
		elementName: ec2ElementName,
		flat:        func(m *awsapi.Member) bool { return m.Flattened || m.Shape.Flattened },
		stamp:       isoMillis,
	}
	x.open('{')
	x.name(op.Name + "Response")
	x.open('{')
	x.name("xmlns")
	x.str(ec2Namespace)
	x.name("requestId")
	x.str(requestID)
	if op.Output == nil || len(op.Output.Members) == 0 {
		x.name("return")
		x.bool(true)
	} else {
		x.members(op.Output, out)
	}
	x.close('}')
	x.close('}')
	return x.buffer
}

// ec2QueryName is a member's name in an EC2 request.
func ec2QueryName(m *awsapi.Member) string {
	switch {
	case m.QueryName != "":
		return m.QueryName
	case m.LocationName != "":
		return strings.ToUpper(m.LocationName[:1]) + m.LocationName[1:]
	default:
		return m.Name
	}
}

func ec2ElementName(list *awsapi.Shape) string {
	if list.Elem.LocationName != "" {
		return list.Elem.LocationName
	}
	return "item"
}
