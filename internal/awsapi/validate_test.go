package awsapi

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestValidateSpeaksAsTheServiceDoes(t *testing.T) {
	type m = map[string]any
	long := strings.Repeat("x", 300)
	for _, test := range []struct {
		service, operation string
		params             m
		code, message      string
	}{
		{"dynamodb", "DescribeTable", m{}, "ValidationException",
			"1 validation error detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null"},
		{"kms", "CreateAlias", m{"AliasName": ""}, "ValidationException",
			"3 validation errors detected: " +
				"Value '' at 'aliasName' failed to satisfy constraint: Member must have length greater than or equal to 1; " +
				"Value '' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$; " +
				"Value null at 'targetKeyId' failed to satisfy constraint: Member must not be null"},
		{"athena", "ListWorkGroups", m{"MaxResults": int64(51)}, "InvalidRequestException",
			"1 validation error detected: Value '51' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 50"},
		{"iam", "CreateRole", m{"RoleName": "r"}, "ValidationError",
			"1 validation error detected: Value null at 'assumeRolePolicyDocument' failed to satisfy constraint: Member must not be null"},
		{"iam", "CreateUser", m{"UserName": "u", "Tags": []any{m{"Key": "k"}, m{"Value": ""}}}, "ValidationError",
			"2 validation errors detected: Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null; " +
				"Value null at 'tags.2.member.key' failed to satisfy constraint: Member must not be null"},
		{"iam", "CreateLoginProfile", m{"UserName": "u", "Password": ""}, "ValidationError",
			"2 validation errors detected: " +
				"Value at 'password' failed to satisfy constraint: Member must have length greater than or equal to 1; " +
				`Value at 'password' failed to satisfy constraint: Member must satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u00FF]+`},
		{"ec2", "TerminateInstances", m{}, "MissingParameter", "The request must contain the parameter InstanceId"},
		{"ec2", "CreateTags", m{"Resources": []any{"i-1"}}, "MissingParameter", "The request must contain the parameter Tag"},
		{"s3", "CopyObject", m{"Bucket": "b", "Key": "k"}, "InvalidRequest", "Missing required header for this request: x-amz-copy-source"},
		{"route53", "GetHostedZone", m{"Id": long}, "InvalidInput",
			"1 validation error detected: Value '" + long[:256] + "…' at 'id' failed to satisfy constraint: Member must have length less than or equal to 32"},
		{"sts", "GetCallerIdentity", m{}, "", ""},
		{"ec2", "DescribeInstances", m{}, "", ""},
	} {
		err := Validate(operation(t, test.service, test.operation), test.params)
		if test.code == "" {
			if err != nil {
				t.Errorf("%s: %v", test.operation, err)
			}
			continue
		}
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Code != test.code || e.Message != test.message || e.Status != 400 {
			t.Errorf("%s: got %v\nwant %s: %s", test.operation, err, test.code, test.message)
		}
	}
}

// What the generator makes is within the model's bounds, patterns apart.
func TestValidateAcceptsWhatTheModelAllows(t *testing.T) {
	var count counter
	forEachService(t, func(t *testing.T, svc *Service) {
		for _, op := range svc.Operations {
			if op.Input == nil {
				continue
			}
			params := generateValue(seed(op, "valid"), op.Input, 3).(map[string]any)
			v := &validator{words: wordsOf(svc)}
			v.structure(op.Input, params, "")
			for _, f := range v.found {
				if !strings.Contains(f.rule, "regular expression") && !contradicts(f.member.Shape) && !isRecursive(op.Input, nil) {
					t.Errorf("%s.%s: %s: %s, of %v", svc.ID, op.Name, f.path, f.rule, f.value)
				}
			}
			count.add("inputs")
		}
	})
	t.Log(&count)
}

// contradicts reports whether no value is within the bounds, or whether an enum
// has values without.
func contradicts(s *Shape) bool {
	return len(s.Enum) > 0 || s.Min != nil && s.Max != nil && *s.Min > *s.Max
}

// isRecursive reports whether a structure holds itself: then the generator
// leaves out required members some levels down.
func isRecursive(s *Shape, above []*Shape) bool {
	for _, a := range above {
		if a == s {
			return true
		}
	}
	above = append(above, s)
	for _, m := range s.Members {
		if isRecursive(m.Shape, above) {
			return true
		}
	}
	for _, m := range []*Member{s.Elem, s.Value} {
		if m != nil && isRecursive(m.Shape, above) {
			return true
		}
	}
	return false
}

func TestAPatternIsOfTheWholeValue(t *testing.T) {
	for _, test := range []struct {
		pattern, value string
		want           bool
	}{
		{`[\w+=,.@-]*`, "build-1", true},
		{`[\w+=,.@-]*`, "", true},
		{`[\w+=,.@-]*`, "build 1", false},
		{`[\w+=,.@-]*`, "build\n", false},
		{`[\w+=,.@-]*`, "b\u00fcild", false},
		{`^a$|^b$`, "b", true},
		{`a|bc`, "ac", false},
		{`(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`, "/team/", true},
		{`(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`, "team/", false},
		{`[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*`, "\U0001f512 key", true},
		{`[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*`, "\x00", false},
		// What Go does not know constrains nothing.
		{`[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDBFF-\uDC00\uDFFF]*`, "\x00", true},
		{`[\p{Print}&&[^|]]+`, "|", true},
		{`(?!aws:).*`, "aws:", true},
	} {
		re := compileOnce(test.pattern)()
		if got := re == nil || re.MatchString(test.value); got != test.want {
			t.Errorf("%q matches %s: %v", test.value, test.pattern, got)
		}
	}
}

func TestValidateNamesAtMostTenViolations(t *testing.T) {
	var tags []any
	for range 1000 {
		tags = append(tags, map[string]any{})
	}
	err := Validate(operation(t, "iam", "CreateUser"), map[string]any{"UserName": "u", "Tags": tags})
	if err == nil || !strings.HasPrefix(err.Error(), "ValidationError: 10 validation errors detected: ") {
		t.Errorf("got %.100v", err)
	}
}

func FuzzValidate(f *testing.F) {
	catalog := openCatalog(f)
	svc, err := catalog.Service("iam")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint64(1), "text")
	f.Fuzz(func(t *testing.T, n uint64, text string) {
		r := rand.New(rand.NewPCG(n, 1))
		op := svc.Operations[r.IntN(len(svc.Operations))]
		if op.Input == nil || len(op.Input.Members) == 0 {
			return
		}
		m := op.Input.Members[r.IntN(len(op.Input.Members))]
		if m.Shape.Kind != String {
			return
		}
		if err := Validate(op, map[string]any{m.Name: text}); err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Errorf("%v is not an *Error", err)
			}
		}
	})
}
