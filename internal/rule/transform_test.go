package rule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// instanceEvent is the sample event of "Amazon EventBridge input transformation".
const instanceEvent = `{"version":"0","id":"7bf73129-1428-4cd3-a780-95db273d1602","detail-type":"EC2 Instance State-change Notification",` +
	`"source":"aws.ec2","account":"123456789012","time":"2015-11-11T21:29:54Z","region":"us-east-1",` +
	`"resources":["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"],"detail":{"instance-id":"i-0123456789","state":"RUNNING"}}`

func occasionOf(event string) *occasion {
	return &occasion{
		ruleARN: "arn:aws:events:us-east-1:123456789012:rule/example", ruleName: "example",
		taken: time.Date(2015, 11, 11, 21, 30, 0, 0, time.UTC), event: json.RawMessage(event),
	}
}

// TestTransformersDoWhatTheUserGuideShows has its templates and results.
func TestTransformersDoWhatTheUserGuideShows(t *testing.T) {
	paths := map[string]string{
		"timestamp": "$.time", "instance": "$.detail.instance-id", "state": "$.detail.state",
		"resource": "$.resources[0]", "resources": "$.resources", "detail": "$.detail", "nothing": "$.detail.nothing",
	}
	for _, test := range []struct{ name, template, want string }{
		{"a string", `"instance <instance> is in <state>"`, `"instance i-0123456789 is in RUNNING"`},
		{"quotes in a string", `"instance \"<instance>\" is in <state>"`, `"instance \"i-0123456789\" is in RUNNING"`},
		{"JSON", `{"instance" : <instance>,"state": <state>}`, `{"instance" : "i-0123456789","state": "RUNNING"}`},
		{
			"JSON with strings", `{"instance":<instance>,"state":"<state>","instanceStatus":"instance \"<instance>\" is in <state>"}`,
			`{"instance":"i-0123456789","state":"RUNNING","instanceStatus":"instance \"i-0123456789\" is in RUNNING"}`,
		},
		{"in a list", `{"instance" : <instance>, "state": [9, <state>, true], "Transformed" : "Yes"}`, `{"instance" : "i-0123456789", "state": [9, "RUNNING", true], "Transformed" : "Yes"}`},
		{"several lines", "\"at <timestamp>\"\n\"<resource>\"", "\"at 2015-11-11T21:29:54Z\"\n\"arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111\""},
		{"an object as a value", `{"detail": <detail>}`, `{"detail": {"instance-id":"i-0123456789","state":"RUNNING"}}`},
		{"an object in a string", `"Detail is <detail>"`, `"Detail is {instance-id:i-0123456789,state:RUNNING}"`},
		{"what is missing, in a string", `"a <nothing>b"`, `"a b"`},
		{"what is missing", `{"a":<nothing>}`, `{"a":""}`},
		{"the rule", `{"arn":<aws.events.rule-arn>,"name":"<aws.events.rule-name>"}`, `{"arn":"arn:aws:events:us-east-1:123456789012:rule/example","name":"example"}`},
		{"the time", `<aws.events.event.ingestion-time>`, `"2015-11-11T21:30:00Z"`},
		{"the event", `{"e":<aws.events.event.json>}`, `{"e":` + instanceEvent + `}`},
		{"the event without its detail", `{"e":<aws.events.event>}`, `{"e":` + instanceEvent[:strings.Index(instanceEvent, `,"detail":{`)] + `}}`},
		{"no variables", `{"a": "x < y"}`, `{"a": "x < y"}`},
	} {
		target := Target{Transformer: &Transformer{Paths: paths, Template: test.template}}
		got, err := target.input(t.Context(), occasionOf(instanceEvent))
		if err != nil || string(got) != test.want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", test.name, err, got, test.want)
		}
	}
}

// TestAnEventCannotBreakOutOfItsString: what callers send must not add members to
// what a receiver trusts.
func TestAnEventCannotBreakOutOfItsString(t *testing.T) {
	event := `{"detail":{"s":"\",\"admin\":true,\"x\":\"\\","o":{"k\"":"\\\",\"admin\":true","n":[1,"a\nb"]}}}`
	for _, template := range []string{`{"x":"<s>"}`, `{"x":<s>}`, `{"x":"<o>"}`, `{"x":<o>}`, `{"x":"<all>"}`} {
		target := Target{Transformer: &Transformer{
			Paths: map[string]string{"s": "$.detail.s", "o": "$.detail.o", "all": "$.detail.*"}, Template: template,
		}}
		got, err := target.input(t.Context(), occasionOf(event))
		if err != nil {
			t.Fatal(err)
		}
		var object map[string]any
		if err := json.Unmarshal(got, &object); err != nil || len(object) != 1 {
			t.Errorf("%s became %s: %v", template, got, err)
		}
	}
}

func TestInputAndInputPath(t *testing.T) {
	for _, test := range []struct {
		target Target
		want   string
	}{
		{Target{}, instanceEvent},
		{Target{Input: `{"a": 1}`}, `{"a": 1}`},
		{Target{InputPath: "$"}, instanceEvent},
		{Target{InputPath: "$.detail"}, `{"instance-id":"i-0123456789","state":"RUNNING"}`},
		{Target{InputPath: "$.detail.state"}, `"RUNNING"`},
		{Target{InputPath: "$.resources[0]"}, `"arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"`},
		{Target{InputPath: "$.resources[*]"}, `["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"]`},
		{Target{InputPath: "$.detail.*"}, `["i-0123456789","RUNNING"]`},
		{Target{InputPath: "$.resources[1]"}, `null`},
		{Target{InputPath: "$.detail.state.more"}, `null`},
	} {
		if got, err := test.target.input(t.Context(), occasionOf(instanceEvent)); err != nil || string(got) != test.want {
			t.Errorf("%+v: %s, %v; want %s", test.target, got, err, test.want)
		}
	}
}

func TestATransformerCannotMakeMuchOfLittle(t *testing.T) {
	event := `{"detail":"` + strings.Repeat("x", 200<<10) + `"}`
	target := Target{Transformer: &Transformer{Paths: map[string]string{"d": "$.detail"}, Template: strings.Repeat("<d>", 1000)}}
	if got, err := target.input(t.Context(), occasionOf(event)); !errors.Is(err, ErrFinal) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestPathsReadAnEventOnce: a hundred of them, each through lists in lists, would
// otherwise read a large event thousands of times.
func TestPathsReadAnEventOnce(t *testing.T) {
	const deep = 60
	event := `{"detail":` + strings.Repeat("[", deep) + strings.Repeat("1,", 500) + "1" + strings.Repeat("]", deep) + `}`
	work := func(paths, steps int) float64 {
		tr := &Transformer{Paths: map[string]string{}, Template: `""`}
		for i := range paths {
			name := fmt.Sprint("p", i)
			tr.Paths[name] = "$.detail" + strings.Repeat("[0]", steps)
			tr.Template += "<" + name + ">"
		}
		return testing.AllocsPerRun(1, func() {
			if _, err := (&Target{Transformer: tr}).input(t.Context(), occasionOf(event)); err != nil {
				t.Error(err)
			}
		})
	}
	if one, many := work(1, 1), work(100, deep); many-one > 100*3*deep {
		t.Errorf("%.0f steps of work for one path, %.0f for a hundred", one, many)
	}
}

func TestATransformationEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	target := Target{Transformer: &Transformer{Template: `<aws.events.event.json>`}}
	if got, err := target.input(ctx, occasionOf(instanceEvent)); !errors.Is(err, context.Canceled) {
		t.Errorf("%s, %v", got, err)
	}
}

func TestTargetsThatCannotBe(t *testing.T) {
	const topic = "arn:aws:sns:eu-west-1:123456789012:t"
	for name, target := range map[string]Target{
		"no id":               {ARN: topic},
		"another service":     {ID: "a", ARN: "arn:aws:lambda:eu-west-1:123456789012:function:f"},
		"a subscription":      {ID: "a", ARN: topic + ":6ec1c5a5"},
		"two inputs":          {ID: "a", ARN: topic, Input: "{}", InputPath: "$"},
		"input of no JSON":    {ID: "a", ARN: topic, Input: "{"},
		"a long input":        {ID: "a", ARN: topic, Input: `"` + strings.Repeat("x", maxInput) + `"`},
		"no path":             {ID: "a", ARN: topic, InputPath: "detail"},
		"a filter":            {ID: "a", ARN: topic, InputPath: "$.detail[?(@.a)]"},
		"an empty name":       {ID: "a", ARN: topic, InputPath: "$..a"},
		"no index":            {ID: "a", ARN: topic, InputPath: "$.a[-1]"},
		"an open bracket":     {ID: "a", ARN: topic, InputPath: "$.a[1"},
		"an unknown variable": {ID: "a", ARN: topic, Transformer: &Transformer{Template: `"<a>"`}},
		"a reserved variable": {ID: "a", ARN: topic, Transformer: &Transformer{Paths: map[string]string{"aws.events.event": "$"}, Template: `"a"`}},
		"no template":         {ID: "a", ARN: topic, Transformer: &Transformer{}},
		"a short age":         {ID: "a", ARN: topic, Retry: &Retry{MaxAge: time.Second}},
		"many attempts":       {ID: "a", ARN: topic, Retry: &Retry{MaxAge: time.Hour, MaxAttempts: 186}},
		"a topic as queue":    {ID: "a", ARN: topic, DeadLetterARN: topic},
		"HTTP for a topic":    {ID: "a", ARN: topic, HTTP: &HTTPParameters{}},
	} {
		if err := target.Check(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := Target{ID: "a", ARN: topic, InputPath: "$.detail.a_b-c/d[0][*].*", Retry: &Retry{MaxAge: time.Minute}}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
}

func FuzzTransformer(f *testing.F) {
	f.Add(`{"a":<a>,"b":"<a> \"<b>\""}`, "$.detail.a", "$.detail[0].*", `{"detail":{"a":[1,{"x":"y\"\\"}]}}`)
	f.Add(`"<aws.events.event> <a>"`, "$", "$.*", `{"version":"0","detail":{}}`)
	f.Add(`<`, "$[", "$.a[*", `[`)
	f.Fuzz(func(t *testing.T, template, a, b, event string) {
		if !json.Valid([]byte(event)) {
			return
		}
		target := Target{Transformer: &Transformer{Paths: map[string]string{"a": a, "b": b}, Template: template}}
		if target.checkInput() != nil {
			return
		}
		got, err := target.input(t.Context(), occasionOf(event))
		if err != nil && !errors.Is(err, ErrFinal) {
			t.Fatal(err)
		}
		// Where variables stand for any values, the result is JSON.
		any := json.Valid([]byte(with(t, target.Transformer, `"x"`))) && json.Valid([]byte(with(t, target.Transformer, "0")))
		if err == nil && any && !json.Valid(got) {
			t.Errorf("%q with %q and %q of %q became %q", template, a, b, event, got)
		}
	})
}

// with is a template with a value in the place of its variables.
func with(t *testing.T, of *Transformer, value string) (text string) {
	parsed, err := parseTransformer(of)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parsed.parts {
		if text += p.text; p.name != "" && !p.quoted {
			text += value
		}
	}
	return text
}

func FuzzPath(f *testing.F) {
	f.Add("$.detail.a[0].*", `{"detail":{"a":[{"b":1,"c":[2]}]}}`)
	f.Add("$[*][*]", `[[1,2],[3]]`)
	f.Fuzz(func(t *testing.T, text, event string) {
		p, err := parsePath(text)
		if err != nil || !json.Valid([]byte(event)) {
			return
		}
		root, err := parseNode(json.RawMessage(event))
		if err != nil {
			t.Fatalf("%s: %v", event, err)
		}
		if value, found := p.in(json.RawMessage(event), &root); found && !json.Valid(value) {
			t.Errorf("%s in %s is %s", text, event, value)
		}
	})
}
