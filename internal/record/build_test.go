package record

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
)

// randomCall is some call of an operation: answered, refused, failed or lost.
func randomCall(v values, op *awsapi.Operation) *Call {
	c := &Call{
		Operation: op, EventID: "e", RequestID: "r", Region: []string{"eu-west-1", "cn-north-1"}[v.IntN(2)],
		AccountID: "111122223333", Time: time.Unix(1790000000, 0), UserAgent: v.text(), SourceIP: "192.0.2.1",
		Identity: &event.UserIdentity{Type: event.AssumedRole, AccessKeyID: "ASIAEXAMPLE"},
		HTTP:     HTTP{Host: "h", Query: map[string][]string{"X-Amz-Date": {v.text()}, "X-Amz-Signature": {}}},
	}
	if op.Input != nil && v.IntN(8) > 0 {
		c.Params, _ = v.of(op.Input, 3).(map[string]any)
	}
	switch v.IntN(6) {
	case 0:
		c.Error = &awsapi.Error{Code: []string{"AccessDenied", "Throttling", "X"}[v.IntN(3)], Message: v.text()}
		c.Refused = Stage(v.IntN(4))
	case 1:
		c.OutcomeUnknown = true
	case 2: // an answer without members
	default:
		if op.Output != nil {
			c.Output, _ = v.of(op.Output, 3).(map[string]any)
		}
	}
	return c
}

// TestEveryOperationHasAnEvent builds events of generated calls of every
// operation of every service, two services at a time: a Builder is shared.
func TestEveryOperationHasAnEvent(t *testing.T) {
	b, catalog := newBuilder(t)
	next := make(chan string)
	var workers sync.WaitGroup
	for worker := range uint64(2) {
		workers.Go(func() {
			v := values{rand.New(rand.NewPCG(7, worker))}
			for id := range next {
				s, err := catalog.Service(id)
				if err != nil {
					t.Error(err)
					continue
				}
				for _, op := range s.Operations {
					checkEvent(t, b, randomCall(v, op))
				}
			}
		})
	}
	for _, id := range catalog.Services() {
		next <- id
	}
	close(next)
	workers.Wait()
}

// checkEvent asserts what holds for every event.
func checkEvent(t *testing.T, b *Builder, c *Call) {
	t.Helper()
	e := b.Build(c)
	line := e.AppendJSON(nil)
	if !json.Valid(line) {
		t.Errorf("%s: the event is no JSON: %s", c.Operation.Name, line)
	}
	if name := repeatedName(json.NewDecoder(bytes.NewReader(line))); name != "" {
		t.Errorf("%s: %q stands twice in one object: %s", c.Operation.Name, name, line)
	}
	if again := b.Build(c).AppendJSON(nil); !bytes.Equal(line, again) {
		t.Errorf("%s: two events of one call differ:\n%s\n%s", c.Operation.Name, line, again)
	}
	var back event.Event
	if err := json.Unmarshal(line, &back); err != nil {
		t.Errorf("%s: %v", c.Operation.Name, err)
	}
	switch {
	case e.EventSource == "" || e.EventName == "" || e.ReadOnly == nil || e.ManagementEvent == nil:
		t.Errorf("%s: the envelope has holes: %s", c.Operation.Name, line)
	case e.ErrorCode != "" && string(e.ResponseElements) != "null":
		t.Errorf("%s: a failed call has an answer: %s", c.Operation.Name, line)
	case (e.ErrorCode == "") != (c.Error == nil && !c.OutcomeUnknown):
		t.Errorf("%s: errorCode %q", c.Operation.Name, e.ErrorCode)
	}
	e.Attributes()
}

// repeatedName reads a value and returns a name that an object of it has twice,
// or "".
func repeatedName(d *json.Decoder) string {
	token, err := d.Token()
	if err != nil {
		return ""
	}
	names := make(map[string]bool)
	switch token {
	case json.Delim('{'):
		for d.More() {
			token, err = d.Token()
			name, _ := token.(string)
			if err != nil || names[name] {
				return name
			}
			names[name] = true
			if inner := repeatedName(d); inner != "" {
				return inner
			}
		}
	case json.Delim('['):
		for d.More() {
			if inner := repeatedName(d); inner != "" {
				return inner
			}
		}
	default:
		return ""
	}
	_, _ = d.Token() // the end of it
	return ""
}

// TestNoSecretReachesARecord puts a secret into every member that is one and
// looks for it.
func TestNoSecretReachesARecord(t *testing.T) {
	b, catalog := newBuilder(t)
	const secret = "SECRET-6f1c"
	for _, id := range catalog.Services() {
		s, err := catalog.Service(id)
		if err != nil {
			t.Fatal(err)
		}
		rules := b.serviceRules(s.Operations[0])
		for _, op := range s.Operations {
			c := &Call{Operation: op, HTTP: HTTP{Host: "h"}}
			if op.Input != nil {
				c.Params, _ = planted(rules, op.Input, secret, 6).(map[string]any)
			}
			if op.Output != nil {
				c.Output, _ = planted(rules, op.Output, secret, 6).(map[string]any)
			}
			if line := b.Build(c).AppendJSON(nil); bytes.Contains(line, []byte(secret)) {
				i := bytes.Index(line, []byte(secret))
				t.Errorf("%s %s: %s", id, op.Name, line[max(0, i-120):i+len(secret)])
			}
		}
	}
}

// Secrets in members whose names do not tell.
func TestValuesThatMayBeSecretsAreNotRecorded(t *testing.T) {
	b, catalog := newBuilder(t)
	const secret = "SECRET-6f1c"
	for _, test := range []struct {
		service, operation string
		params             map[string]any
	}{
		{"cloudformation", "CreateStack", map[string]any{"Parameters": []any{map[string]any{"ParameterKey": "Pw", "ParameterValue": secret}}}},
		{"cloudformation", "UpdateStack", map[string]any{"Parameters": []any{map[string]any{"ParameterKey": "Pw", "ParameterValue": secret}}}},
		{"glue", "CreateConnection", map[string]any{"ConnectionInput": map[string]any{"ConnectionProperties": map[string]any{"PASSWORD": secret}}}},
	} {
		s, err := catalog.Service(test.service)
		if err != nil {
			t.Fatal(err)
		}
		line := b.Build(&Call{Operation: s.Operation(test.operation), Params: test.params}).AppendJSON(nil)
		if bytes.Contains(line, []byte(secret)) {
			t.Errorf("%s: %s", test.operation, line)
		}
	}
}

// planted is a value with the secret in each member that the rules do not keep
// or whose name says that it is a secret, and with nothing in the others.
func planted(rules *serviceRules, shape *awsapi.Shape, secret string, depth int) any {
	if depth == 0 {
		return nil
	}
	switch shape.Kind {
	case awsapi.Structure:
		out := make(map[string]any)
		for _, m := range shape.Members {
			if rules.secret(m) != kept || looksSecret(m) {
				out[m.Name] = map[bool]any{true: []byte(secret), false: secret}[m.Shape.Kind == awsapi.Blob]
				continue
			}
			if v := planted(rules, m.Shape, secret, depth-1); v != nil {
				out[m.Name] = v
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case awsapi.List:
		if v := planted(rules, shape.Elem.Shape, secret, depth-1); v != nil {
			return []any{v}
		}
	case awsapi.Map:
		if v := planted(rules, shape.Value.Shape, secret, depth-1); v != nil {
			return map[string]any{"k": v}
		}
	}
	return nil
}

// looksSecret says of a member's name, apart from any table, that it holds a
// secret.
func looksSecret(m *awsapi.Member) bool {
	if m.Shape.Kind != awsapi.String {
		return false
	}
	name := strings.ToLower(m.Name)
	return strings.HasSuffix(name, "password") || name == "secretaccesskey" || name == "secretstring" || name == "privatekey"
}

// FuzzBuild: no call of any operation makes Build fail, and its event is valid
// JSON.
func FuzzBuild(f *testing.F) {
	b, catalog := newBuilder(f)
	ids := catalog.Services()
	f.Add(uint64(1), uint16(0), uint16(0), "AccessDenied", "m")
	f.Add(uint64(2), uint16(100), uint16(7), "", "<&>\xff")
	f.Fuzz(func(t *testing.T, seed uint64, service, operation uint16, code, message string) {
		s, err := catalog.Service(ids[int(service)%len(ids)])
		if err != nil {
			t.Fatal(err)
		}
		c := randomCall(values{rand.New(rand.NewPCG(seed, 1))}, s.Operations[int(operation)%len(s.Operations)])
		c.RequestID, c.UserAgent, c.HTTP.Host = message, message, message
		if c.Error != nil && code != "" {
			c.Error.Code, c.Error.Message = code, message
		}
		checkEvent(t, b, c)
		c.Operation = nil
		c.SigningName, c.EventName = code, message
		if e := b.Build(c); !json.Valid(e.AppendJSON(nil)) {
			t.Fatal("the event of an unknown operation is no JSON")
		}
	})
}

func BenchmarkBuild(b *testing.B) {
	builder, catalog := newBuilder(b)
	for _, c := range []struct {
		name, service, op string
		params, out       map[string]any
	}{
		{"camel", "ecs", "RunTask", map[string]any{
			"cluster": "c", "taskDefinition": "t:1", "count": int64(1), "launchType": "FARGATE",
			"tags": []any{map[string]any{"key": "a", "value": "b"}},
		}, map[string]any{"tasks": []any{map[string]any{"taskArn": "arn:aws:ecs:eu-west-1:111122223333:task/c/1", "createdAt": time.Unix(1790000000, 0), "lastStatus": "PROVISIONING"}}, "failures": []any{}}},
		{"legacy", "ec2", "RunInstances", map[string]any{
			"ImageId": "ami-0123456789abcdef0", "MinCount": int64(1), "MaxCount": int64(1), "InstanceType": "t3.micro",
			"SecurityGroupIds": []any{"sg-0123456789abcdef0"},
		}, map[string]any{"ReservationId": "r-1", "Instances": []any{map[string]any{"InstanceId": "i-0123456789abcdef0", "LaunchTime": time.Unix(1790000000, 0), "Tags": []any{}}}}},
		{"wrapped", "ec2", "CreateNatGateway", map[string]any{
			"SubnetId": "subnet-0123456789abcdef0", "AllocationId": "eipalloc-0123456789abcdef0",
		}, map[string]any{"NatGateway": map[string]any{"NatGatewayId": "nat-0123456789abcdef0", "CreateTime": time.Unix(1790000000, 0)}}},
		{"s3", "s3", "PutObject", map[string]any{"Bucket": "b", "Key": "k"}, map[string]any{"ServerSideEncryption": "AES256"}},
	} {
		s, err := catalog.Service(c.service)
		if err != nil {
			b.Fatal(err)
		}
		call := &Call{
			Operation: s.Operation(c.op), Params: c.params, Output: c.out, EventID: "7eeef996-1a31-4894-81cf-c35b8df67d82",
			RequestID: "a80ea6df-8d8e-4d4c-baaf-3fc7561783bc", Region: "eu-west-1", AccountID: "111122223333",
			Time: time.Unix(1790000000, 0), SourceIP: "192.0.2.1", UserAgent: "aws-cli/2.0",
			Identity: &event.UserIdentity{Type: event.IAMUser, PrincipalID: "AIDAEXAMPLE", ARN: "arn:aws:iam::111122223333:user/a", AccountID: "111122223333", AccessKeyID: "AKIAEXAMPLE", UserName: "a"},
			HTTP:     HTTP{Host: "b.s3.eu-west-1.amazonaws.com", SignatureVersion: "SigV4", AuthMethod: "AuthHeader"},
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			buf := make([]byte, 0, 8192)
			for b.Loop() {
				e := builder.Build(call)
				_ = e.Attributes()
				buf = e.AppendJSON(buf[:0])
			}
			b.ReportMetric(float64(len(buf)), "bytes/event")
		})
	}
}
