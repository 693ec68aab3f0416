package sigv4

// Family is a family of protocols that words its refusals alike.
type Family int

// The families. S3 is apart from the other services that speak REST with XML.
const (
	Query Family = iota
	EC2
	JSON // AWS JSON 1.0 and 1.1, and RPC v2 CBOR
	RestJSON
	RestXML // but S3
	S3
)

// Answer is a refusal in the words of a family.
type Answer struct {
	Code    string
	Status  int
	Message string
	// Fields are further elements of the answer's body; only S3 has any.
	Fields map[string]any
}

// class is a row of the table of answers.
type class int

const (
	missing class = iota
	incomplete
	invalid // well formed, but wrong: scope, coverage, two mechanisms
	stale
	early
	mismatched
	unknownKey
	expiredToken
)

type outcome struct {
	code   string
	status int
	// message replaces the failure's own, where the family says one thing
	// for all of a class.
	message string
}

const ec2Denied = "AWS was not able to validate the provided access credentials"

// answers is who answers what. S3's answers are the failures' own.
//
// Evidence, from answers that users published: Query: STS
// "403 … <Code>MissingAuthenticationToken</Code><Message>Request is missing
// Authentication Token", IAM "403 Forbidden … ExpiredToken", SQS "Signature
// expired … Status Code: 403; Error Code: SignatureDoesNotMatch". JSON: ECR
// "Missing Authentication Token (… Status Code: 400; Error Code:
// MissingAuthenticationTokenException)", DynamoDB "Status Code: 400 …
// UnrecognizedClientException", Kinesis "Signature not yet current … Status
// Code: 400; Error Code: InvalidSignatureException". RestJSON: Lambda
// "StatusCode: 403 … UnrecognizedClientException", API Gateway "403 …
// {"message": "Authorization header requires 'Credential' parameter. …"}". EC2:
// "The request must contain the parameter AWSAccessKeyId
// (Aws::EC2::Errors::MissingParameter)", "Request has expired. (… Status Code:
// 400; Error Code: RequestExpired)", AuthFailure (401) for a wrong key or
// secret and for a skewed clock alike. The published tables of common errors
// (CommonErrors.html of each API reference) agree on the codes; where they give
// another status (IncompleteSignature 400), it is the one taken for Query.
var answers = map[class]map[Family]outcome{
	missing: {
		Query:    {"MissingAuthenticationToken", 403, ""},
		EC2:      {"MissingParameter", 400, "The request must contain the parameter AWSAccessKeyId"},
		JSON:     {"MissingAuthenticationTokenException", 400, "Missing Authentication Token"},
		RestJSON: {"MissingAuthenticationTokenException", 403, "Missing Authentication Token"},
		RestXML:  {"MissingAuthenticationToken", 403, ""},
	},
	incomplete: {
		Query:    {"IncompleteSignature", 400, ""},
		EC2:      {"AuthFailure", 401, ec2Denied},
		JSON:     {"IncompleteSignatureException", 400, ""},
		RestJSON: {"IncompleteSignatureException", 403, ""},
		RestXML:  {"IncompleteSignature", 400, ""},
	},
	invalid: {
		Query:    {"SignatureDoesNotMatch", 403, ""},
		EC2:      {"AuthFailure", 401, ec2Denied},
		JSON:     {"InvalidSignatureException", 400, ""},
		RestJSON: {"InvalidSignatureException", 403, ""},
		RestXML:  {"SignatureDoesNotMatch", 403, ""},
	},
	stale: {
		Query:    {"SignatureDoesNotMatch", 403, ""},
		EC2:      {"RequestExpired", 400, "Request has expired."},
		JSON:     {"InvalidSignatureException", 400, ""},
		RestJSON: {"InvalidSignatureException", 403, ""},
		RestXML:  {"SignatureDoesNotMatch", 403, ""},
	},
	early: {
		Query:    {"SignatureDoesNotMatch", 403, ""},
		EC2:      {"AuthFailure", 401, ec2Denied},
		JSON:     {"InvalidSignatureException", 400, ""},
		RestJSON: {"InvalidSignatureException", 403, ""},
		RestXML:  {"SignatureDoesNotMatch", 403, ""},
	},
	mismatched: {
		Query:    {"SignatureDoesNotMatch", 403, ""},
		EC2:      {"AuthFailure", 401, ec2Denied},
		JSON:     {"InvalidSignatureException", 400, ""},
		RestJSON: {"InvalidSignatureException", 403, ""},
		RestXML:  {"SignatureDoesNotMatch", 403, ""},
	},
	unknownKey: {
		Query:    {"InvalidClientTokenId", 403, ""},
		EC2:      {"AuthFailure", 401, ec2Denied},
		JSON:     {"UnrecognizedClientException", 400, ""},
		RestJSON: {"UnrecognizedClientException", 403, ""},
		RestXML:  {"InvalidClientTokenId", 403, ""},
	},
	expiredToken: {
		Query:    {"ExpiredToken", 403, ""},
		EC2:      {"RequestExpired", 400, "Request has expired."},
		JSON:     {"ExpiredTokenException", 400, ""},
		RestJSON: {"ExpiredTokenException", 403, ""},
		RestXML:  {"ExpiredToken", 403, ""},
	},
}

// Answer is the refusal as the family's services give it.
func (e *Error) Answer(f Family) Answer {
	if f == S3 {
		return e.s3
	}
	o := answers[e.class][f]
	if o.message == "" {
		o.message = e.text
	}
	return Answer{Code: o.code, Status: o.status, Message: o.message}
}
