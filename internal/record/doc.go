// Package record turns a call, its answer and its caller into the CloudTrail
// event that AWS would have written. It is pure: no I/O, no clock, and the same
// call always gives the same bytes.
//
// AWS has four ways to write a call's parameters, chosen by the service:
//
//	camel    query, JSON and REST-JSON services: the model's members with the
//	         first letter in lower case
//	wrapped  EC2 since 2015: the request's XML as org.json renders it, inside
//	         {"<Operation>Request": …}
//	legacy   EC2 operations of the SOAP era: the names of the old WSDL, lists
//	         as {"items":[…]}
//	s3       bucket, key, host, sub-resource, headers, and the XML body
//
// Each is one mechanism over the API model. Where AWS is irregular, a row in a
// table says so, with its evidence beside it: an eight-digit code is the start
// of the eventID of a published record, "doc" names an AWS document, and "P"
// marks a name that was derived from a rule and not observed.
//
// # Where Cairn differs from AWS
//
// Parameters are kept whole at any size. A call whose outcome is not known,
// because the process stopped between handing it to its backend and recording
// the answer, has the error code OutcomeUnknown. A request that names no known
// operation has an event too.
package record
