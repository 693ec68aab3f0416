package sigv4

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	dateLayout = "20060102"
	timeLayout = "20060102T150405Z"
)

// Limits on what is read of a signature. AWS's own are not published; these
// are far above what its clients send, and the whole header is limited by the
// server that read it.
const (
	maxSignedHeaders = 256
	maxAuthorization = 16 << 10
)

// Signature is what a request says about its signature. Until Verify returns
// nil, all of it is a claim.
type Signature struct {
	AccessKeyID string
	// Date, Region and Service are the credential's scope; Date is YYYYMMDD.
	Date, Region, Service string
	// Time is when the request was signed.
	Time time.Time
	// SignedHeaders are in lower case, in the order of the request.
	SignedHeaders []string
	// Presigned is set where the signature is in the query; Expires is how
	// long it is to hold from Time, 0 where the query does not say.
	Presigned bool
	Expires   time.Duration
	// SessionToken is the token of temporary credentials, a secret.
	SessionToken string
	// Payload says how the body is covered, and DeclaredHash is what
	// x-amz-content-sha256 holds.
	Payload      Payload
	DeclaredHash string

	unproven bool   // chunks are not verified
	given    string // the signature itself, in hex
	term     string // the last element of the credential
	stamp    string // the time as the string to sign has it
	req      *Request
	query    []pair
}

// Parse reads a request's signature. Its error is an *Error; one that Is
// NotSigned says that there is none. With every error the Signature holds what
// could be read, for the record of the call.
func Parse(r *Request) (*Signature, error) {
	s := &Signature{req: r, query: parseQuery(r.RawQuery)}
	authorization, once := r.one("Authorization")
	inQuery := s.hasParam(queryAlgorithm) || s.hasParam(querySignature) || s.hasParam(queryCredential)
	switch {
	case authorization != "" && inQuery || !once:
		s.readCredential(firstOf(s.values(queryCredential)))
		return s, errTwoMechanisms()
	case len(authorization) > maxAuthorization:
		return s, errIncomplete("Authorization header is too long.")
	case inQuery:
		return s, s.parsePresigned()
	case authorization != "":
		return s, s.parseHeader(authorization)
	case s.hasParam("SignatureVersion") || s.hasParam("Signature") && s.hasParam("AWSAccessKeyId"):
		s.AccessKeyID = firstOf(s.values("AWSAccessKeyId"))
		return s, errVersion2()
	}
	_ = s.readPayload() // not signed either, but how the body is to be read
	return s, errNotSigned()
}

// parseHeader reads the Authorization header: the algorithm, then name=value
// pairs between commas and white space in any amount.
func (s *Signature) parseHeader(authorization string) error {
	tokens := strings.FieldsFunc(authorization, func(c rune) bool {
		return c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n'
	})
	if len(tokens) == 0 {
		return errNotSigned()
	}
	if tokens[0] == "AWS" {
		if len(tokens) > 1 {
			s.AccessKeyID, _, _ = strings.Cut(tokens[1], ":")
		}
		return errVersion2()
	}
	if strings.Contains(tokens[0], "=") {
		return errIncomplete("Authorization header must begin with the algorithm name, which cannot include an equal-sign.")
	}
	params := make(map[string]string, 3)
	for _, token := range tokens[1:] {
		name, value, ok := strings.Cut(token, "=")
		if !ok {
			return errScheme(tokens[0], "Invalid key=value pair (missing equal-sign) in Authorization header "+
				"(hashed with SHA-256 and encoded with Base64): '"+hashText(authorization)+"'.")
		}
		if _, again := params[name]; again {
			return errIncomplete("Duplicate key in Authorization header: '" + name + "'.")
		}
		params[name] = value
	}
	s.SessionToken, _ = s.req.one("X-Amz-Security-Token")
	if s.SessionToken == "" {
		s.SessionToken, _ = s.req.one("X-Amz-S3session-Token")
	}
	credentialErr := s.readCredential(params["Credential"])
	if err := s.missingInHeader(authorization, tokens[0], params); err != nil {
		return err
	}
	if err := s.readTimeHeader(); err != nil {
		return err
	}
	if tokens[0] != algorithm {
		return errAlgorithm(tokens[0], false)
	}
	if credentialErr != nil {
		return credentialErr
	}
	s.given = params["Signature"]
	if err := s.readSignedHeaders(params["SignedHeaders"]); err != nil {
		return err
	}
	return s.readPayload()
}

// missingInHeader lists all that is missing, in AWS's words and order.
func (s *Signature) missingInHeader(authorization, scheme string, params map[string]string) error {
	const hashed = "(Hashed with SHA-256 and encoded with Base64) Authorization="
	var text strings.Builder
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		// An empty SignedHeaders is there; it will lack the host.
		if v, ok := params[name]; v == "" && (!ok || name != "SignedHeaders") {
			text.WriteString("Authorization header requires '" + name + "' parameter. ")
		}
	}
	complete := text.Len() == 0
	dated := s.req.Header.Get("X-Amz-Date") != "" || s.req.Header.Get("Date") != ""
	if complete && dated {
		return nil
	}
	if !dated {
		text.WriteString("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
	}
	text.WriteString(hashed + hashText(authorization))
	if complete {
		return errDateMissing(text.String())
	}
	return errScheme(scheme, text.String())
}

// readTimeHeader takes the time from X-Amz-Date, else from Date, which may be
// in either form.
func (s *Signature) readTimeHeader() error {
	value, once := s.req.one("X-Amz-Date")
	if value == "" {
		value, once = s.req.one("Date")
	}
	for _, layout := range []string{timeLayout, http.TimeFormat, time.RFC1123Z, time.RFC850, time.ANSIC} {
		if t, err := time.Parse(layout, value); err == nil && once {
			s.setTime(t)
			return nil
		}
	}
	return errDateForm(value, false)
}

func (s *Signature) setTime(t time.Time) {
	s.Time = t.UTC()
	s.stamp = s.Time.Format(timeLayout)
}

// readCredential takes "key/date/region/service/aws4_request".
func (s *Signature) readCredential(value string) error {
	parts := strings.Split(strings.TrimRight(value, "/"), "/")
	s.AccessKeyID = parts[0]
	if len(parts) != 5 || slices.Contains(parts, "") {
		return errCredential(value, s.Presigned)
	}
	s.Date, s.Region, s.Service, s.term = parts[1], parts[2], parts[3], parts[4]
	return nil
}

func (s *Signature) readSignedHeaders(list string) error {
	if list == "" {
		return nil
	}
	s.SignedHeaders = strings.Split(strings.ToLower(list), ";")
	if len(s.SignedHeaders) > maxSignedHeaders {
		return errIncomplete("Too many 'SignedHeaders'.")
	}
	return nil
}

// covers reports whether a header, by its name in lower case, is signed.
func (s *Signature) covers(name string) bool { return slices.Contains(s.SignedHeaders, name) }

// values returns the values of a parameter of the query.
func (s *Signature) values(name string) []string {
	var out []string
	for _, p := range s.query {
		if p.name == name {
			out = append(out, p.value)
		}
	}
	return out
}

func (s *Signature) hasParam(name string) bool {
	return slices.ContainsFunc(s.query, func(p pair) bool { return p.name == name })
}

// param returns a parameter that is sent once.
func (s *Signature) param(name string) (string, bool) {
	v := s.values(name)
	if len(v) != 1 {
		return "", false
	}
	return v[0], true
}

func firstOf(v []string) string {
	if len(v) == 0 {
		return ""
	}
	return v[0]
}
