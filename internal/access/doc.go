// Package access knows what a call asks permission for: the actions, as policies
// name them, and the ARNs of the resources. It is data, table.json, which gen
// makes of AWS's Service Authorization Reference and of gen/rules.yaml, and it
// does no I/O.
//
// # Templates
//
// A resource is a template of an ARN:
//
//	arn:$partition:ecs:$region:$account:service/{@cluster|default}/{@services}
//
// $partition, $region and $account are those of the call. {a.b} stands for the
// member b of the parameter a; a list or a map on the way gives a resource for
// each of its elements, and a map at the end one for each of its keys.
// {a|default} has a value for requests without a, or for elements of a list without it; a template that misses a value
// is left out. {a!transform} changes a value; see transforms. A condition may name
// a member so, too: if it has the transform's value.
//
// {@a} is for members that are names or ARNs. If the template's last member is an
// ARN, the ARN takes the place of all before it; of an ARN in another place the
// name at its end is taken. The mark is for members that the service itself reads
// so. A member that is only ever a name, such as the key of an S3 object, must
// not have it: a caller would choose the resource that the decision is about.
//
// # Limits
//
// A template sees the request only. Where AWS looks a resource up (the path of
// an IAM user, the key behind an alias, the image of a launch template), or takes
// the caller's own name for one that is missing, the caller of this package may
// add to the parameters what it knows. Operations that the table does not have
// ask for PREFIX:Operation on "*".
package access

//go:generate go run ./gen -o table.json
