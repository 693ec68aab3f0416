package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestWhatIsNoPolicyIsRefused(t *testing.T) {
	statement := func(elements string) string {
		return `{"Version":"2012-10-17","Statement":{` + elements + `}}`
	}
	for name, c := range map[string]struct{ text, message, detail string }{
		"nothing":                   {``, syntaxErrors, "not valid JSON"},
		"no JSON":                   {`{"Version":"2012-10-17",}`, syntaxErrors, "not valid JSON"},
		"text after the document":   {statement(allowAll) + `{}`, syntaxErrors, "not valid JSON"},
		"a list":                    {`[]`, syntaxErrors, "not an object"},
		"null":                      {`null`, syntaxErrors, "not an object"},
		"invalid UTF-8":             {statement(`"Sid":"` + "\xff" + `",` + allowAll), syntaxErrors, "UTF-8"},
		"a name twice":              {statement(allowAll + `,"Effect":"Deny"`), syntaxErrors, `"Effect" occurs twice`},
		"a key twice":               {statement(allowAll + `,"Condition":{"Bool":{"k":"true","k":"false"}}`), syntaxErrors, `"k" occurs twice`},
		"a name twice, escaped":     {statement(allowAll + `,"\u0045ffect":"Deny"`), syntaxErrors, `"Effect" occurs twice`},
		"no statement":              {`{"Version":"2012-10-17"}`, syntaxErrors, "no Statement"},
		"no statements":             {`{"Version":"2012-10-17","Statement":[]}`, syntaxErrors, "no Statement"},
		"a wrong version":           {`{"Version":"2012-10-18","Statement":{` + allowAll + `}}`, syntaxErrors, "Version"},
		"an unknown element":        {`{"Version":"2012-10-17","Statement":{` + allowAll + `},"Statements":[]}`, syntaxErrors, `"Statements"`},
		"element names have case":   {statement(`"effect":"Allow","Action":"*","Resource":"*"`), syntaxErrors, `"effect"`},
		"an unknown one of its":     {statement(allowAll + `,"Actions":"*"`), syntaxErrors, `"Actions"`},
		"no effect":                 {statement(`"Action":"*","Resource":"*"`), syntaxErrors, "no Effect"},
		"another effect":            {statement(`"Effect":"Maybe","Action":"*","Resource":"*"`), syntaxErrors, "Effect"},
		"the effect's case":         {statement(`"Effect":"allow","Action":"*","Resource":"*"`), legacyParsing, "Allow"},
		"action and all but action": {statement(allowAll + `,"NotAction":"s3:*"`), syntaxErrors, "NotAction"},
		"resource and all but it":   {statement(allowAll + `,"NotResource":"*"`), syntaxErrors, "NotResource"},
		"principal and all but it":  {statement(allowAll + `,"Principal":"*","NotPrincipal":"*"`), syntaxErrors, "NotPrincipal"},
		"a number as action":        {statement(`"Effect":"Allow","Action":1,"Resource":"*"`), syntaxErrors, "Action"},
		"null in a list":            {statement(`"Effect":"Allow","Action":["*",null],"Resource":"*"`), syntaxErrors, "Action"},
		"a Sid that is no string":   {statement(`"Sid":1,` + allowAll), syntaxErrors, "Sid"},
		"an Id that is no string":   {`{"Id":1,"Statement":{` + allowAll + `}}`, syntaxErrors, "Id"},
		"a statement of text":       {`{"Statement":["x"]}`, syntaxErrors, "statement 1"},
		"a principal of text":       {statement(allowAll + `,"Principal":"ann"`), syntaxErrors, "Principal"},
		"an unknown principal":      {statement(allowAll + `,"Principal":{"User":"ann"}`), syntaxErrors, `"User"`},
		"an empty principal":        {statement(allowAll + `,"Principal":{"AWS":[]}`), syntaxErrors, "empty"},
		"a condition of text":       {statement(allowAll + `,"Condition":"x"`), syntaxErrors, "Condition"},
		"an operator of text":       {statement(allowAll + `,"Condition":{"Bool":"x"}`), syntaxErrors, "Bool"},
		"an unknown operator":       {statement(allowAll + `,"Condition":{"StringIs":{"k":"v"}}`), syntaxErrors, `"StringIs"`},
		"an operator's case":        {statement(allowAll + `,"Condition":{"stringEquals":{"k":"v"}}`), syntaxErrors, `"stringEquals"`},
		"Null cannot be missing":    {statement(allowAll + `,"Condition":{"NullIfExists":{"k":"true"}}`), syntaxErrors, `"NullIfExists"`},
		"an object as value":        {statement(allowAll + `,"Condition":{"Bool":{"k":{}}}`), syntaxErrors, "neither string"},
		"a date that is none":       {statement(allowAll + `,"Condition":{"DateEquals":{"k":"2020-13-01"}}`), legacyParsing, "2020-13-01"},
		"a number that is none":     {statement(allowAll + `,"Condition":{"NumericEquals":{"k":"1e9999999"}}`), legacyParsing, "1e9999999"},
		"a range that is none":      {statement(allowAll + `,"Condition":{"IpAddress":{"k":"10.0.0.0/33"}}`), legacyParsing, "10.0.0.0/33"},
		"a Bool that is none":       {statement(allowAll + `,"Condition":{"Bool":{"k":"yes"}}`), legacyParsing, "yes"},
		"base64 that is none":       {statement(allowAll + `,"Condition":{"BinaryEquals":{"k":"?"}}`), legacyParsing, "base64"},
		"a long pattern":            {statement(`"Effect":"Allow","Action":"` + strings.Repeat("*a", 4000) + `","Resource":"*"`), syntaxErrors, "8000 bytes"},
		"in the second statement":   {`{"Statement":[{` + allowAll + `},{"Effect":"Deny","x":1}]}`, syntaxErrors, "statement 2"},
	} {
		d, err := Parse([]byte(c.text))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || d != nil {
			t.Errorf("%s: document %v, error %v", name, d, err)
			continue
		}
		if syntax.Message != c.message || !strings.Contains(syntax.Detail, c.detail) {
			t.Errorf("%s: %q (%q), want %q (… %q …)", name, syntax.Message, syntax.Detail, c.message, c.detail)
		}
	}
}

func TestAPolicyOf6MBIsRefusedAtOnce(t *testing.T) {
	statement := `{` + allowAll + `},`
	text := []byte(`{"Statement":[` + strings.Repeat(statement, 6<<20/len(statement)) + `{` + allowAll + `}]}`)
	allocations := testing.AllocsPerRun(1, func() {
		_, err := Parse(text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(syntax.Detail, "more than 131072") {
			t.Errorf("error %v", err)
		}
	})
	if allocations > 100 {
		t.Errorf("%.0f allocations: it was read", allocations)
	}
}

func TestDeepNestingIsRefused(t *testing.T) {
	for _, brackets := range []string{"[", `{"a":`} {
		_, err := Parse([]byte(strings.Repeat(brackets, MaxBytes/len(brackets))))
		if err == nil || !strings.Contains(err.Error(), "too deep") {
			t.Errorf("%s: %v", brackets, err)
		}
	}
}

func TestManyStatementsAreRefused(t *testing.T) {
	statement := `{"Effect":"Deny","Action":"*","Resource":"*"}`
	text := `{"Statement":[` + strings.Repeat(statement+",", maxStatements) + statement + `]}`
	if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), "2001 statements") {
		t.Errorf("error %v", err)
	}
}

// A hostile pattern makes a matcher that tries all ways take ages. The longest
// ones that a document may have, against a value as long as a header may be, end
// within the test's patience.
func TestHostilePatternsAreMatchedInBoundedTime(t *testing.T) {
	value := strings.Repeat("a", 8<<10)
	for name, hostile := range map[string]string{
		"many stars":     strings.Repeat("*a?", maxPattern/3) + "c",
		"a long literal": "*" + strings.Repeat("a", maxPattern-2) + "c",
		"one character":  "*" + strings.Repeat("?", maxPattern-2) + "c",
	} {
		list := `"` + strings.Repeat(hostile+`","`, 3) + `x"`
		d := document(t, `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"k:x":[`+list+`]}}`)
		r := Request{Action: "s3:GetObject", Resource: object, Principal: ann, Context: keys("k:x=" + value + "b")}
		done := make(chan Decision, 1)
		go func() { done <- Evaluate(r, Policies{Identity: []*Document{d}}) }()
		select {
		case d := <-done:
			if d.Allowed {
				t.Errorf("%s: it matches", name)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s: no end in sight", name)
		}
	}
}

func TestElementsComeInAnyOrderAndForm(t *testing.T) {
	d := parse(t, `{"Statement":{"Resource":["arn:aws:s3:::b/${aws:username}"],"Action":"s3:*","Effect":"Allow","Sid":"one",
		"Principal":{"AWS":["*","123456789012"],"Service":"ec2.amazonaws.com"},
		"Condition":{"NumericLessThan":{"s3:max-keys":[10,"20"]},"Bool":{"aws:SecureTransport":true}}},
		"Id":"an id","Version":"2012-10-17"}`)
	if d.ID != "an id" || d.Version != Version2012 || len(d.Statements) != 1 {
		t.Fatalf("document %+v", d)
	}
	s := d.Statements[0]
	got := fmt.Sprint(s.Sid, s.Effect, s.Actions, s.Resources, s.Principals, s.Conditions[0].Values, s.Conditions[1].Values)
	want := "oneAllow[s3:*] [arn:aws:s3:::b/${aws:username}] [{AWS *} {AWS 123456789012} {Service ec2.amazonaws.com}] [10 20] [true]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// The version comes after the statement whose variable depends on it.
	r := Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/ann", Principal: ann, Context: keys("aws:username=ann", "s3:max-keys=1", "aws:SecureTransport=true")}
	if !Evaluate(r, Policies{Resource: d}).Allowed {
		t.Error("its variable is not replaced")
	}
}

func TestSizeCountsNoWhiteSpace(t *testing.T) {
	if n := Size([]byte(" {\t\"Sid\":\n\"é x\"\r}")); n != 12 {
		t.Errorf("size %d, want 12", n)
	}
}

func TestDocumentsFitTheirPlace(t *testing.T) {
	const trust = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`
	const bucket = `{"Version":"2012-10-17","Statement":{"Sid":"a b","Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b"}}`
	const inline = `{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`
	const managed = `{"Version":"2012-10-17","Id":"x","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`
	identity := func(elements string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow",` + elements + `}}`
	}
	resource := func(arn string) string { return identity(`"Action":"*","Resource":"` + arn + `"`) }
	named := func(principal string) string {
		return `{"Statement":{"Effect":"Allow","Principal":` + principal + `,"Action":"s3:*","Resource":"arn:aws:s3:::b"}}`
	}
	for _, c := range []struct {
		kind       Kind
		text, want string // want: the start of the message, "" if it fits
	}{
		{Identity, inline, ""},
		{Session, inline, ""},
		{Identity, managed, ""},
		{Managed, managed, ""},
		{Boundary, managed, ""},
		{Managed, inline, "Policy document must be version 2012-10-17 or greater."},
		{Boundary, inline, "Policy document must be version 2012-10-17 or greater."},
		{Identity, bucket, "Statement IDs (SID) must be alpha-numeric."},
		{Identity, trust, "Policy document should not specify a principal."},
		{Session, trust, "Policy document should not specify a principal."},
		{Identity, identity(`"Action":"s3:*"`), "Policy statement must contain resources."},
		{Identity, identity(`"Action":"s3:*","Resource":[]`), "Policy statement must contain resources."},
		{Identity, identity(`"Resource":"*"`), "Policy statement must contain actions."},
		{Identity, identity(`"Action":[],"Resource":"*"`), "Policy statement must contain actions."},
		{Identity, identity(`"NotAction":"s3:*","NotResource":"arn:aws:s3:::b"`), ""},
		{Identity, `{"Statement":[{"Sid":"a",` + allowAll + `},{"Sid":"a",` + denyS3 + `}]}`, "Statement IDs (SID) in a single policy must be unique."},
		{Identity, `{"Statement":[{"Sid":"",` + allowAll + `},{"Sid":"",` + denyS3 + `}]}`, ""},
		{Identity, identity(`"Action":"GetObject","Resource":"*"`), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		{Identity, identity(`"Action":"s3:Get:Object","Resource":"*"`), "Actions/Condition can contain only one colon."},
		{Identity, identity(`"Action":"s 3:GetObject","Resource":"*"`), "Vendor s 3 is not valid"},
		{Identity, identity(`"Action":["*","*:*","ec2-instance-connect:*"],"Resource":"*"`), ""},
		{Identity, resource("bucket"), `Resource bucket must be in ARN format or "*".`},
		{Identity, resource("arn:aw:s3:::b"), `Partition "aw" is not valid for resource "arn:aw:s3:::b".`},
		{Identity, resource("arn:aws"), "Resource vendor must be fully qualified and cannot contain regexes."},
		{Identity, resource("arn:aws::b"), "Resource vendor must be fully qualified and cannot contain regexes."},
		{Identity, resource("arn:aws:s3::b"), "The policy failed legacy parsing"},
		{Identity, resource("arn:aws:s3:eu-west-1::b"), "Resource arn:aws:s3:eu-west-1::b can not contain region information."},
		{Identity, resource("arn:aws:s3:eu-west-1:123456789012:accesspoint/p"), ""},
		{Identity, resource("arn:aws:iam:eu-west-1:123456789012:user/x"), "IAM resource arn:aws:iam:eu-west-1:123456789012:user/x cannot contain region"},
		{Identity, resource("arn:aws:iam::123456789012:users/x"), `IAM resource path must either be "*" or start with user/, federated-user/`},
		{Identity, resource("arn:aws:iam::123456789012:*"), ""},
		{Identity, resource("arn:*:s3:::b"), ""},
		{Identity, resource("arn:aws-cn:s3:::b"), ""},
		{Identity, resource("arn:aws:ec2:*"), ""},

		{Trust, trust, ""},
		{Trust, managed, "Has prohibited field Resource"},
		{Trust, identity(`"Action":"sts:AssumeRole"`), "Missing required field Principal"},
		{Trust, identity(`"Principal":"*","Action":"sts:AssumeRole"`), `AssumeRolepolicy contained an invalid principal: "STAR":"*".`},
		{Trust, identity(`"Principal":{"AWS":"*"},"Action":["sts:AssumeRole","STS:TagSession"]`), ""},
		{Trust, identity(`"Principal":{"AWS":"*"}`), "Missing required field Action"},
		{Trust, identity(`"Principal":{"AWS":"*"},"Action":"s3:GetObject"`), "AssumeRole policy may only specify STS AssumeRole actions"},
		{Trust, identity(`"Principal":{"AWS":"*"},"Action":"*"`), "AssumeRole policy may only specify STS AssumeRole actions"},
		{Trust, identity(`"Principal":{"AWS":"arn:aws:iam::123456789012:user/*"},"Action":"sts:AssumeRole"`), `Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:user/*"`},
		{Trust, identity(`"Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity"`), ""},

		{Resource, bucket, ""},
		{Resource, managed, "Missing required field Principal"},
		{Resource, identity(`"Principal":"*","Action":"s3:*"`), "Missing required field Resource"},
		{Resource, identity(`"Principal":"*","Resource":"*"`), "Missing required field Action"},
		{Resource, named(aws("123456789012", "arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:role/p/r", "arn:aws-cn:sts::123456789012:assumed-role/r/s",
			"arn:aws:sts::123456789012:federated-user/f", "AIDAEXAMPLEEXAMPLEXYZ", "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1")), ""},
		{Resource, named(aws("12345678901")), `Invalid principal in policy: "AWS":"12345678901"`},
		{Resource, named(aws("arn:aws:iam::123456789012:group/g")), `Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:group/g"`},
		{Resource, named(aws("arn:aws:sts::123456789012:assumed-role/r/*")), `Invalid principal in policy`},
		{Resource, named(aws("arn:aws:iam::123456789012:root/x")), `Invalid principal in policy`},
		{Resource, named(`{"Service":"ec2"}`), `Invalid principal in policy: "Service":"ec2"`},
		{Resource, named(`{"Service":["ecs-tasks.amazonaws.com","logs.eu-west-1.amazonaws.com","ec2.amazonaws.com.cn"]}`), ""},
		{Resource, named(`{"CanonicalUser":""}`), `Invalid principal in policy: "CanonicalUser":""`},
	} {
		_, err := ParseAs(c.kind, []byte(c.text))
		var syntax *SyntaxError
		switch {
		case err == nil:
			if c.want != "" {
				t.Errorf("%s %s: accepted, want %q", c.kind, c.text, c.want)
			}
		case !errors.As(err, &syntax) || c.want == "" || !strings.HasPrefix(syntax.Message, c.want):
			t.Errorf("%s %s: %v, want %q", c.kind, c.text, err, c.want)
		}
	}
}
