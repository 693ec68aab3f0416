package topic

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cairn-audit/cairn/internal/policy"
)

// reasonOf is why something was refused, "" if it was not.
func reasonOf(err error) Reason {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Reason
	}
	if err != nil {
		return Reason(err.Error())
	}
	return ""
}

func TestPublicationsKeepSNSsRules(t *testing.T) {
	attribute := func(name, kind, value string) Publication {
		return Publication{Message: "x", Attributes: map[string]Attribute{name: {kind, value}}}
	}
	for name, test := range map[string]struct {
		p    Publication
		want Reason
	}{
		"a message":                   {Publication{Message: "x"}, ""},
		"the largest":                 {Publication{Message: strings.Repeat("x", MaxMessage)}, ""},
		"no message":                  {Publication{}, InvalidParameter},
		"too large":                   {Publication{Message: strings.Repeat("x", MaxMessage+1)}, InvalidParameter},
		"too large with attributes":   {Publication{Message: strings.Repeat("x", MaxMessage-10), Attributes: map[string]Attribute{"a": {"String", strings.Repeat("x", 10)}}}, InvalidParameter},
		"no UTF-8":                    {Publication{Message: "\xff"}, InvalidParameter},
		"the longest subject":         {Publication{Message: "x", Subject: strings.Repeat("ü", 100)}, ""},
		"a subject too long":          {Publication{Message: "x", Subject: strings.Repeat("s", 101)}, InvalidParameter},
		"a subject of two lines":      {Publication{Message: "x", Subject: "a\nb"}, InvalidParameter},
		"a subject that begins blank": {Publication{Message: "x", Subject: " a"}, InvalidParameter},
		"for protocols":               {Publication{Message: `{"default":"x","http":1}`, PerProtocol: true}, ""},
		"for protocols, no JSON":      {Publication{Message: "x", PerProtocol: true}, InvalidParameter},
		"for protocols, no default":   {Publication{Message: `{"http":"x"}`, PerProtocol: true}, InvalidParameter},
		"a number":                    {attribute("n", "Number", "-1.5e3"), ""},
		"a number that is none":       {attribute("n", "Number", "0x1"), ParameterValueInvalid},
		"an array":                    {attribute("a.b", "String.Array", `["x"]`), ""},
		"a label":                     {attribute("a", "Binary.png", "AAE="), ""},
		"no type":                     {attribute("a", "", "x"), ParameterValueInvalid},
		"no such type":                {attribute("a", "Stringy", "x"), ParameterValueInvalid},
		"an empty value":              {attribute("a", "String", ""), ParameterValueInvalid},
		"a name with two dots":        {attribute("a..b", "String", "x"), ParameterValueInvalid},
		"a name of AWS's":             {attribute("AWS.x", "String", "x"), ParameterValueInvalid},
	} {
		if got := reasonOf(test.p.Check()); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestAttributesKeepSNSsRules(t *testing.T) {
	b := newBench(t)
	b.create(nil)
	const own = `{"Statement":{"Effect":"Allow","Principal":"*","Action":"SNS:Publish","Resource":"*"}}`
	for _, test := range []struct {
		name, value string
		good        bool
	}{
		{"DisplayName", strings.Repeat("x", 100), true},
		{"DisplayName", strings.Repeat("x", 101), false},
		{"Policy", own, true},
		{"Policy", "", false},
		{"Policy", `{"Statement":[]}`, false},
		{"Policy", strings.Replace(own, "SNS:Publish", "s3:GetObject", 1), false},
		{"Policy", strings.Replace(own, "*", strings.Repeat("x", maxPolicy), 1), false},
		{"SignatureVersion", "2", true},
		{"SignatureVersion", "3", false},
		{"TracingConfig", "Active", true},
		{"KmsMasterKeyId", "alias/aws/sns", true},
		{"KmsMasterKeyId", "", true},
		{"HTTPSuccessFeedbackSampleRate", "100", true},
		{"HTTPSuccessFeedbackSampleRate", "101", false},
		{"LambdaFailureFeedbackRoleArn", "arn:aws:iam::1:role/r", true},
		{"FifoTopic", "true", false},
		{"Owner", "x", false},
		{"DeliveryPolicy", `{"http":{"defaultHealthyRetryPolicy":{"numRetries":5,"minDelayTarget":1,"maxDelayTarget":10}}}`, true},
		{"DeliveryPolicy", `{"http":{"defaultHealthyRetryPolicy":{"numRetries":101}}}`, false},
		{"DeliveryPolicy", `{"http":{"defaultHealthyRetryPolicy":{"numRetries":100,"minDelayTarget":60,"maxDelayTarget":60}}}`, false},
		{"DeliveryPolicy", `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":30,"maxDelayTarget":20}}}`, false},
		{"DeliveryPolicy", `{"http":{"defaultHealthyRetryPolicy":{"numRetries":1,"numNoDelayRetries":1,"numMinDelayRetries":1}}}`, false},
		{"DeliveryPolicy", `{"http":{"defaultHealthyRetryPolicy":{"backoffFunction":"quadratic"}}}`, false},
		{"DeliveryPolicy", `{"http":{"defaultThrottlePolicy":{"maxReceivesPerSecond":0}}}`, false},
		{"DeliveryPolicy", `{"http":{"defaultRequestPolicy":{"headerContentType":"text/x-evil\r\n"}}}`, false},
		{"DeliveryPolicy", `{"http":{"unknown":1}}`, false},
		{"DeliveryPolicy", ``, true},
	} {
		if got := reasonOf(b.SetTopicAttribute(testTopic, test.name, test.value)); (got == "") != test.good {
			t.Errorf("%s = %.80s: %q", test.name, test.value, got)
		}
	}
}

func TestSubscriptionsKeepSNSsRules(t *testing.T) {
	b := newBench(t)
	b.create(nil)
	keys := func(n int) string {
		var parts []string
		for i := range n {
			parts = append(parts, fmt.Sprintf(`"k%d":["x"]`, i))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	long := `{"a":["` + strings.Repeat(`x","`, 150) + `y"]}`
	for _, test := range []struct {
		protocol, endpoint string
		attributes         map[string]string
		good               bool
	}{
		{"http", "http://e.test/a?b=c", nil, true},
		{"https", "https://u:p@e.test", nil, true},
		{"email", "a@example.com", nil, true},
		{"email", "example.com", nil, false},
		{"http", "https://e.test", nil, false},
		{"http", "http://", nil, false},
		{"http", "http:e.test", nil, false},
		{"http", "http://e.test/#f", nil, false},
		{"http", "http://e.test/" + strings.Repeat("x", maxEndpoint), nil, false},
		{"http", "", nil, false},
		{"sqs", "arn:aws:sqs:eu-west-1:1:q", nil, false},
		{"gopher", "gopher://e.test", nil, false},
		{"http", "http://a.test", map[string]string{"RawMessageDelivery": "maybe"}, false},
		{"http", "http://a.test", map[string]string{"Nonsense": "x"}, false},
		{"http", "http://a.test", map[string]string{"FilterPolicyScope": "Both"}, false},
		{"http", "http://a.test", map[string]string{"FilterPolicy": `{"a":"x"}`}, false},
		{"http", "http://a.test", map[string]string{"FilterPolicy": keys(5)}, true},
		{"http", "http://b.test", map[string]string{"FilterPolicy": keys(6)}, false},
		{"http", "http://b.test", map[string]string{"FilterPolicy": long}, false},
		{"http", "http://b.test", map[string]string{"FilterPolicy": `{"a":{"b":["x"]}}`}, false},
		{"http", "http://b.test", map[string]string{"FilterPolicy": `{"a":{"b":["x"]}}`, "FilterPolicyScope": "MessageBody"}, true},
		{"http", "http://b.test", map[string]string{"FilterPolicy": `{"other":["x"]}`}, false}, // there is one already
	} {
		_, err := b.Subscribe(Subscribing{Topic: testTopic, Protocol: test.protocol, Endpoint: test.endpoint, Account: account, Attributes: test.attributes})
		if got := reasonOf(err); (got == "") != test.good {
			t.Errorf("%s %.60s %.80v: %q", test.protocol, test.endpoint, test.attributes, got)
		}
	}
}

func TestFiltersLetThroughWhatTheyWant(t *testing.T) {
	with := func(name, kind, value string) *Publication {
		return &Publication{Message: "x", Attributes: map[string]Attribute{name: {kind, value}}}
	}
	for _, test := range []struct {
		filter, scope string
		p             *Publication
		want          bool
	}{
		{"", "", &Publication{Message: "x"}, true},
		{`{"a":["x"]}`, "", with("a", "String", "x"), true},
		{`{"a":["x"]}`, "", with("a", "String.label", "x"), true},
		{`{"a":["x"]}`, "", with("a", "Binary", "x"), false},
		{`{"a":["x"]}`, "", &Publication{Message: `{"a":"x"}`}, false},
		{`{"a":["x"]}`, "", with("a", "String.Array", `["y","x"]`), true},
		{`{"a":[{"numeric":[">",1]}]}`, "", with("a", "Number", "1.5"), true},
		{`{"a":[{"numeric":[">",1]}]}`, "", with("a", "String", "1.5"), false},
		{`{"a":[{"numeric":[">",1]}]}`, "", with("a", "String.Array", `[0, 2]`), true},
		{`{"a":[{"exists":false}]}`, "", with("b", "String", "x"), true},
		{`{"a":{"b":["x"]}}`, scopeBody, &Publication{Message: `{"a":{"b":"x"}}`}, true},
		{`{"a":{"b":["x"]}}`, scopeBody, &Publication{Message: `no JSON`}, false},
		{`{"a":["x"]}`, scopeBody, &Publication{Message: `{"default":"{\"a\":\"x\"}","http":"{\"a\":\"y\"}"}`, PerProtocol: true}, false},
	} {
		s := Subscription{endpoint: endpoint{Protocol: "http"}, Attributes: map[string]string{"FilterPolicy": test.filter, "FilterPolicyScope": test.scope}}
		if got := s.wants(test.p); got != test.want {
			t.Errorf("%s (%s) about %+v: %v", test.filter, test.scope, test.p, got)
		}
	}
}

func TestServicesPublishAsTheTopicsPolicyAllows(t *testing.T) {
	const trail = "arn:aws:cloudtrail:eu-west-1:" + account + ":trail/t"
	of := func(conditions string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"SNS:Publish","Resource":"` +
			testTopic.String() + `"` + conditions + `}]}`
	}
	for name, test := range map[string]struct {
		policy, service, source string
		want                    error
	}{
		"the default policy, a trail":         {"", "cloudtrail.amazonaws.com", trail, ErrNotAuthorized},
		"the default policy, an alarm":        {"", "cloudwatch.amazonaws.com", "arn:aws:cloudwatch:eu-west-1:" + account + ":alarm:a", nil},
		"the service":                         {of(""), "cloudtrail.amazonaws.com", trail, nil},
		"another service":                     {of(""), "events.amazonaws.com", trail, ErrNotAuthorized},
		"the trail":                           {of(`,"Condition":{"StringEquals":{"aws:SourceArn":"` + trail + `"}}`), "cloudtrail.amazonaws.com", trail, nil},
		"another trail":                       {of(`,"Condition":{"StringEquals":{"aws:SourceArn":"` + trail + `2"}}`), "cloudtrail.amazonaws.com", trail, ErrNotAuthorized},
		"the account":                         {of(`,"Condition":{"StringEquals":{"AWS:SourceAccount":"` + account + `"}}`), "cloudtrail.amazonaws.com", trail, nil},
		"another account":                     {of(`,"Condition":{"StringEquals":{"AWS:SourceAccount":"111122223333"}}`), "cloudtrail.amazonaws.com", trail, ErrNotAuthorized},
		"a denial beside what is allowed":     {strings.Replace(of(""), `"Statement":[`, `"Statement":[{"Effect":"Deny","Principal":"*","Action":"SNS:Publish","Resource":"*"},`, 1), "cloudtrail.amazonaws.com", trail, ErrNotAuthorized},
		"what is only for secure connections": {of(`,"Condition":{"Bool":{"aws:SecureTransport":"true"}}`), "cloudtrail.amazonaws.com", trail, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			attributes := map[string]string{}
			if test.policy != "" {
				attributes["Policy"] = test.policy
			}
			b.create(attributes)
			err := b.MayPublish(t.Context(), test.service, testTopic.String(), test.source, account)
			if !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
		})
	}
	b := newBench(t)
	if err := b.MayPublish(t.Context(), "cloudtrail.amazonaws.com", testTopic.String(), trail, account); !errors.Is(err, ErrNoTopic) {
		t.Error(err)
	}
	if _, err := b.Publish(t.Context(), Publication{TopicARN: testTopic.String(), Message: "x"}); !errors.Is(err, ErrNoTopic) {
		t.Error(err)
	}
}

func TestPermissionsAreStatementsOfThePolicy(t *testing.T) {
	b := newBench(t)
	b.create(nil)
	if err := b.AddPermission(testTopic, "l", []string{"111122223333"}, []string{"Publish", "Subscribe"}); err != nil {
		t.Fatal(err)
	}
	if got := reasonOf(b.AddPermission(testTopic, "l", []string{"111122223333"}, []string{"Publish"})); got != InvalidParameter {
		t.Errorf("twice: %q", got)
	}
	if got := reasonOf(b.AddPermission(testTopic, "m", []string{"111122223333"}, []string{"CreateTopic"})); got != InvalidParameter {
		t.Errorf("out of scope: %q", got)
	}
	if got := reasonOf(b.AddPermission(testTopic, "m", []string{"x"}, []string{"Publish"})); got != InvalidParameter {
		t.Errorf("no account: %q", got)
	}
	doc, owner, err := b.ResourcePolicy(t.Context(), policy.Request{Resource: testTopic.String()})
	if err != nil || owner != account || len(doc.Statements) != 2 || doc.Statements[1].Sid != "l" || doc.Statements[0].Sid != "__default_statement_ID" {
		t.Errorf("%+v, %s, %v", doc, owner, err)
	}
	if err := b.RemovePermission(testTopic, "l"); err != nil {
		t.Fatal(err)
	}
	if topic, err := b.Topic(testTopic); err != nil || topic.policyText() != defaultPolicy(testTopic) {
		t.Errorf("%s, %v", topic.policyText(), err)
	}
}

// FuzzToken holds that nothing but what was made as a token is one.
func FuzzToken(f *testing.F) {
	f.Add("")
	f.Add(strings.Repeat("00", tokenBytes))
	f.Fuzz(func(t *testing.T, token string) {
		b := newBench(t)
		if _, err := b.Confirm(testTopic, token, false, false); reasonOf(err) != InvalidParameter {
			t.Errorf("%q: %v", token, err)
		}
	})
}

func FuzzParseARN(f *testing.F) {
	f.Add("arn:aws:sns:eu-west-1:123456789012:t:0b1e6b6e-3c3b-4b8e-9f5c-2f8a7c1d2e3f")
	f.Add("arn:aws-cn:sns:cn-north-1:123456789012:t")
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(string, string) (ARN, error){ParseARN, ParseSubscriptionARN} {
			if a, err := parse(text, "p"); err == nil && a.String() != text {
				t.Errorf("%q is read as %q", text, a)
			}
		}
	})
}
