package awsapi

import (
	"net/url"
	"unicode"
	"unicode/utf8"
)

// ec2Dialect is the query protocol as EC2 speaks it: names of its own, and lists
// always flattened.
var ec2Dialect = formDialect{
	memberName: ec2Name,
	flatLists:  true,
	structure:  ec2Structure,
	value:      ec2Value,
}

// decodeEC2Query is decodeQuery for EC2.
func decodeEC2Query(op *Operation, form url.Values) (map[string]any, error) {
	return ec2Dialect.decode(op, form)
}

// encodeEC2Query is encodeQuery for EC2.
func encodeEC2Query(op *Operation, params map[string]any) (url.Values, error) {
	return ec2Dialect.encode(op, params)
}

// ec2Name is a member's name in a request: the one that the model gives for
// requests, else that of answers with a capital, else the member's own.
func ec2Name(m *Member) string {
	if m.QueryName != "" {
		return m.QueryName
	}
	name := wireName(m, "")
	if name == "" {
		return m.Name
	}
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}
