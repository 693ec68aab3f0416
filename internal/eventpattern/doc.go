// Package eventpattern is the language in which EventBridge's rules and SNS's
// filter policies say which JSON objects they want: it parses patterns and
// matches values. It is pure.
//
// A pattern is an object. A key whose value is an object looks into the event's
// member of that name; a key whose value is a list wants one of the member's
// values to match one of the list. All keys have to match, but for the objects
// under "$or", of which one has to.
//
//	{"source": ["aws.ec2"], "detail": {"state": [{"anything-but": "pending"}], "count": [{"numeric": [">", 0, "<=", 5]}]}}
//
// A member that is a list has each of its scalars as value, those of lists in it
// included. Where the pattern looks into a list of objects, one of them has to
// match all that the pattern says of it. Objects are no values: {"exists": true}
// does not match them, and {"exists": false} does ("Exists matching only works
// on leaf nodes", EventBridge User Guide).
//
// Numbers are compared as float64, whatever they look like: 300, 300.0 and 3e2
// are equal. Letter case is Unicode's simple folding.
package eventpattern
