package sigv4

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// refusal is the error of Parse and Check for a request to GET / at suiteTime.
func refusal(t *testing.T, query, headers string) *Error {
	t.Helper()
	sig, err := Parse(readRequest(t, "GET /?"+query, "Host:h\n"+headers))
	if err == nil {
		err = sig.Check(suiteTime)
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%s %s: %v", query, headers, err)
	}
	return e
}

func TestEachFaultIsAnsweredInTheWordsOfItsProtocol(t *testing.T) {
	const (
		date   = "X-Amz-Date:20150830T123600Z\n"
		hashed = "(Hashed with SHA-256 and encoded with Base64) Authorization="
		good   = "Credential=A/20150830/r/s/aws4_request, SignedHeaders=host, Signature=0"
		sha    = "X-Amz-Content-Sha256:UNSIGNED-PAYLOAD\n"
		ec2    = `401 AuthFailure "` + ec2Denied + `"`
	)
	presigned := func(replace ...string) string {
		return strings.NewReplacer(replace...).Replace("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A/20150830/r/s3/aws4_request" +
			"&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=0")
	}
	for _, c := range []struct {
		name, query, headers string
		want                 map[Family]string // status code "message"
	}{
		{"nothing", "", "", map[Family]string{
			Query:    `403 MissingAuthenticationToken "Request is missing Authentication Token"`,
			JSON:     `400 MissingAuthenticationTokenException "Missing Authentication Token"`,
			RestJSON: `403 MissingAuthenticationTokenException "Missing Authentication Token"`,
			EC2:      `400 MissingParameter "The request must contain the parameter AWSAccessKeyId"`,
			S3:       `403 AccessDenied "Access Denied"`}},
		{"only the algorithm", "", "Authorization:AWS4-HMAC-SHA256\n", map[Family]string{
			Query: `400 IncompleteSignature "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. ` +
				`Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ` +
				hashed + hashText("AWS4-HMAC-SHA256") + `"`,
			EC2: ec2,
			S3:  `400 AuthorizationHeaderMalformed "The authorization header is malformed; the authorization header requires three components: Credential, SignedHeaders, and Signature."`}},
		{"no signature", "", date + "Authorization:AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, SignedHeaders=host\n", map[Family]string{
			JSON: `400 IncompleteSignatureException "Authorization header requires 'Signature' parameter. ` + hashed +
				hashText("AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, SignedHeaders=host") + `"`}},
		{"no date", "", "Authorization:AWS4-HMAC-SHA256 " + good + "\n", map[Family]string{
			RestJSON: `403 IncompleteSignatureException "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ` + hashed +
				hashText("AWS4-HMAC-SHA256 "+good) + `"`,
			S3: `403 AccessDenied "AWS authentication requires a valid Date or x-amz-date header"`}},
		{"bearer", "", date + "Authorization:Bearer c2VjcmV0\n", map[Family]string{
			JSON: `400 IncompleteSignatureException "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '` +
				hashText("Bearer c2VjcmV0") + `'."`,
			S3: `400 InvalidArgument "Unsupported Authorization Type"`}},
		{"space in the key", "", date + "Authorization:AWS4-HMAC-SHA256 Credential=A /20150830/r/s/aws4_request, SignedHeaders=host, Signature=0\n", map[Family]string{
			Query: `400 IncompleteSignature "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '` +
				hashText("AWS4-HMAC-SHA256 Credential=A /20150830/r/s/aws4_request, SignedHeaders=host, Signature=0") + `'."`}},
		{"SigV2 header", "", date + "Authorization:AWS AKID:c2ln\n", map[Family]string{
			Query: `400 IncompleteSignature "AWS Signature Version 2 is not supported. Please use AWS4-HMAC-SHA256."`,
			S3:    `400 InvalidRequest "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."`}},
		{"SigV2 query", "AWSAccessKeyId=AKID&Expires=1&Signature=c2ln", "", map[Family]string{
			S3: `400 InvalidRequest "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."`}},
		{"SigV4A", "", date + "Authorization:AWS4-ECDSA-P256-SHA256 Credential=A/20150830/s/aws4_request, SignedHeaders=host, Signature=0\n", map[Family]string{
			JSON: `400 IncompleteSignatureException "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256' (only AWS4-HMAC-SHA256 for now)."`,
			S3:   `400 InvalidRequest "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."`}},
		{"SigV4A query", presigned("AWS4-HMAC", "AWS4-ECDSA-P256"), "", map[Family]string{
			S3: `400 AuthorizationQueryParametersError "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\""`}},
		{"two mechanisms", presigned(), date + "Authorization:AWS4-HMAC-SHA256 " + good + "\n", map[Family]string{
			JSON: `400 InvalidSignatureException "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."`,
			S3:   `400 InvalidArgument "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified"`}},
		{"incomplete query", "X-Amz-Algorithm=AWS4-HMAC-SHA256", "", map[Family]string{
			Query: `400 IncompleteSignature "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. ` +
				`AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."`,
			S3: `400 AuthorizationQueryParametersError "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."`}},
		{"bad date", "", "X-Amz-Date:201\nAuthorization:AWS4-HMAC-SHA256 " + good + "\n", map[Family]string{
			JSON: `400 IncompleteSignatureException "Date must be in ISO-8601 'basic format'. Got '201'. See http://en.wikipedia.org/wiki/ISO_8601"`,
			S3:   `403 AccessDenied "AWS authentication requires a valid Date or x-amz-date header"`}},
		{"bad date in the query", presigned("20150830T", "2015T"), "", map[Family]string{
			S3: `400 AuthorizationQueryParametersError "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""`}},
		{"bad credential", "", date + "Authorization:AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=host, Signature=0\n", map[Family]string{
			JSON: `400 IncompleteSignatureException "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c/d'"`,
			S3:   `400 AuthorizationHeaderMalformed "The authorization header is malformed; the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"."`}},
		{"wrong scope", "", date + "Authorization:AWS4-HMAC-SHA256 Credential=A/20150829/r/s/e, SignedHeaders=host, Signature=0\n", map[Family]string{
			JSON: `400 InvalidSignatureException "Credential should be scoped with a valid terminator: 'aws4_request', not 'e'. ` +
				`Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150829' != '20150830', from '20150830T123600Z'."`,
			Query: `403 SignatureDoesNotMatch "Credential should be scoped with a valid terminator: 'aws4_request', not 'e'. ` +
				`Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150829' != '20150830', from '20150830T123600Z'."`}},
		{"another day", presigned("/20150830", "/20150829"), "", map[Family]string{
			S3: `400 AuthorizationQueryParametersError "Invalid credential date \"20150829\". This date is not the same as X-Amz-Date: \"20150830\"."`}},
		{"host not signed", "", date + sha + "Authorization:AWS4-HMAC-SHA256 " + strings.Replace(good, "=host", "=x-amz-date", 1) + "\n", map[Family]string{
			Query: `403 SignatureDoesNotMatch "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."`,
			EC2:   ec2,
			S3:    `403 AccessDenied "There were headers present in the request which were not signed"`}},
		{"no signed headers", "", date + "Authorization:AWS4-HMAC-SHA256 " + strings.Replace(good, "=host", "=", 1) + "\n", map[Family]string{
			Query: `403 SignatureDoesNotMatch "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."`}},
		{"target not signed", "", date + "X-Amz-Target:x\nAuthorization:AWS4-HMAC-SHA256 " + good + "\n", map[Family]string{
			JSON: `400 InvalidSignatureException "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization."`}},
		{"expired", "", "X-Amz-Date:20150830T122059Z\nAuthorization:AWS4-HMAC-SHA256 " + good + "\n", map[Family]string{
			Query:    `403 SignatureDoesNotMatch "Signature expired: 20150830T122059Z is now earlier than 20150830T122100Z (20150830T123600Z - 15 min.)"`,
			JSON:     `400 InvalidSignatureException "Signature expired: 20150830T122059Z is now earlier than 20150830T122100Z (20150830T123600Z - 15 min.)"`,
			RestJSON: `403 InvalidSignatureException "Signature expired: 20150830T122059Z is now earlier than 20150830T122100Z (20150830T123600Z - 15 min.)"`,
			EC2:      `400 RequestExpired "Request has expired."`,
			S3:       `403 RequestTimeTooSkewed "The difference between the request time and the current time is too large."`}},
		{"early", "", "X-Amz-Date:20150830T125101Z\nAuthorization:AWS4-HMAC-SHA256 " + good + "\n", map[Family]string{
			EC2: ec2,
			S3:  `403 RequestTimeTooSkewed "The difference between the request time and the current time is too large."`}},
		{"presigned expired", presigned("T123600", "T123459"), "", map[Family]string{S3: `403 AccessDenied "Request has expired"`}},
		{"presigned early", presigned("T123600", "T125101"), "", map[Family]string{S3: `403 AccessDenied "Request is not yet valid"`}},
		{"a week and a second", presigned("=60", "=604801"), "", map[Family]string{
			S3: `400 AuthorizationQueryParametersError "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds"`}},
		{"far more than a week", presigned("=60", "=99999999999999999999"), "", map[Family]string{
			S3: `400 AuthorizationQueryParametersError "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds"`}},
		{"negative expiry", presigned("=60", "=-1"), "", map[Family]string{S3: `400 AuthorizationQueryParametersError "X-Amz-Expires must be non-negative"`}},
		{"expiry in words", presigned("=60", "=soon"), "", map[Family]string{S3: `400 AuthorizationQueryParametersError "X-Amz-Expires should be a number"`}},
		{"no payload hash", "", date + "Authorization:AWS4-HMAC-SHA256 " + strings.Replace(good, "/s/", "/s3/", 1) + "\n", map[Family]string{
			S3: `400 InvalidRequest "Missing required header for this request: x-amz-content-sha256"`}},
		{"odd payload hash", "", date + "X-Amz-Content-Sha256:GIBBERISH\nAuthorization:AWS4-HMAC-SHA256 " + strings.Replace(good, "/s/", "/s3/", 1) + "\n", map[Family]string{
			S3: `400 InvalidArgument "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value."`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := refusal(t, c.query, c.headers)
			for family, want := range c.want {
				a := e.Answer(family)
				if got := fmt.Sprintf("%d %s %q", a.Status, a.Code, a.Message); got != want {
					t.Errorf("family %d:\n got %s\nwant %s", family, got, want)
				}
			}
		})
	}
}

func TestEveryClassIsAnsweredByEveryFamily(t *testing.T) {
	for c := missing; c <= expiredToken; c++ {
		for f := Query; f < S3; f++ {
			if o := answers[c][f]; o.code == "" || o.status < 400 {
				t.Errorf("class %d, family %d: %+v", c, f, o)
			}
		}
	}
	for _, f := range []Failure{UnknownKey, InvalidToken, ExpiredToken} {
		if e := Refuse(f, "AKID"); !errors.Is(e, f) || e.Answer(S3).Code == "" || e.Answer(Query).Message == "" {
			t.Errorf("%s: %+v", f, e)
		}
	}
}

func TestARefusalHoldsNoSecret(t *testing.T) {
	const token = "AQoSECRETTOKEN"
	r := readRequest(t, "GET /", "Host:h\nX-Amz-Date:20150830T123600Z\nX-Amz-Security-Token:"+token+
		"\nAuthorization:AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, SignedHeaders=host;x-amz-security-token, Signature=0\n")
	sig, err := Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	err = sig.Verify(suiteSecret, suiteTime, emptyHash)
	var e *Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	text := err.Error()
	for f := Query; f <= S3; f++ {
		text += fmt.Sprint(e.Answer(f))
	}
	if strings.Contains(text, token) || strings.Contains(text, suiteSecret) {
		t.Error(text)
	}
	if !strings.Contains(e.Explain(), "x-amz-security-token:"+token) {
		t.Errorf("Explain: %q", e.Explain())
	}
}

func TestParseSaysWhoClaimedToCallEvenWhenItRefuses(t *testing.T) {
	for _, c := range []struct{ query, headers string }{
		{"AWSAccessKeyId=AKID&Expires=1&Signature=c2ln", ""},
		{"", "Authorization:AWS AKID:c2ln\n"},
		{"", "Authorization:AWS4-HMAC-SHA256 Credential=AKID/20150830/r/s/aws4_request\n"},
		{"", "Authorization:AWS4-ECDSA-P256-SHA256 Credential=AKID/20150830/s/aws4_request, SignedHeaders=host, Signature=0\n"},
		{"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20150830", ""},
	} {
		sig, err := Parse(readRequest(t, "GET /?"+c.query, "Host:h\n"+c.headers))
		if err == nil || sig.AccessKeyID != "AKID" {
			t.Errorf("%s %s: %q, %v", c.query, c.headers, sig.AccessKeyID, err)
		}
	}
}
