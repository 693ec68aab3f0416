package awsapi

import (
	"fmt"
	"unicode/utf8"
)

// A refusal is how a front end of AWS answers what it cannot decode.
type refusal struct{ code, text string }

// refusals of the services by what was wrong. The texts are AWS's where a public
// report shows them; what is wrong, and where, is added in brackets.
//
//   - Query, structure: "MalformedInput: Start of list found where not expected"
//     (brendanhay/amazonka#209, SNS with Endpoint.EndpointArn for Endpoint).
//   - EC2, structure: "UnknownParameter: The parameter Item is not recognized"
//     (aws/aws-sdk-js#403, EC2 with Tag.Item.1 for Tag.1).
//   - EC2, value: EC2's list of common error codes, InvalidParameterValue.
//   - S3: its list of error codes, MalformedXML.
//   - CloudFront and Route 53: "MalformedInput: Unexpected list element
//     termination" (laurilehmijoki/s3_website#320).
var (
	queryStructure = refusal{"MalformedInput", "Start of list found where not expected"}
	queryValue     = refusal{"MalformedInput", "The value of a parameter is not valid"}
	ec2Structure   = refusal{"UnknownParameter", "The parameter is not recognized"}
	ec2Value       = refusal{"InvalidParameterValue", "The value of a parameter is not valid"}
	tooLarge       = refusal{"MalformedInput", "The request has too many parts"}
	s3XML          = refusal{"MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"}
	otherXML       = refusal{"MalformedInput", "The XML in the request is not well-formed or does not fit the operation"}
	notCBOR        = refusal{"SerializationException", "The body is not CBOR that fits the operation"}
)

// because makes the answer. Where names a parameter or an element as the client
// wrote it, and may be empty.
func (r refusal) because(where, why string) *Error {
	const longest = 120
	if len(where) > longest {
		end := longest
		for !utf8.RuneStart(where[end]) {
			end--
		}
		where = where[:end] + "…"
	}
	if where != "" {
		why = fmt.Sprintf("%q: %s", where, why)
	}
	return &Error{Code: r.code, Message: r.text + " (" + why + ")", Status: 400}
}
