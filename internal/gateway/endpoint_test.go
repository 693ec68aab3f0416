package gateway

import (
	"context"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/access"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/policy"
)

const endpointID, endpointOwner = "vpce-0123456789abcdef0", "444455556666"

// endpointAllowing is an endpoint of alice's account; "" denies everything.
func endpointAllowing(t *testing.T, statements ...string) VPCEndpoint {
	t.Helper()
	document := `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	d, err := policy.ParseAs(policy.Resource, []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return VPCEndpoint{ID: endpointID, AccountID: testAccount, Policy: d}
}

func endpointStatement(effect, action string) string {
	return `{"Effect":"` + effect + `","Principal":"*","Action":"` + action + `","Resource":"*"}`
}

// newFrontBehind starts a gateway whose requests come through an endpoint, and
// alice calls it.
func newFrontBehind(t *testing.T, d Destination, e VPCEndpoint, change ...func(*Options)) *front {
	t.Helper()
	table, err := access.Open()
	if err != nil {
		t.Fatal(err)
	}
	var options Options
	change = append([]func(*Options){func(o *Options) {
		o.Identities, o.Access = knownKeys{alice.AccessKeyID: alice}, table
	}}, change...)
	f := newFront(t, d, append(change, func(o *Options) { options = *o })...)
	f.server = httptest.NewServer(New(options).Through(e))
	t.Cleanup(f.server.Close)
	return f
}

func grant(g granted) func(*Options) { return func(o *Options) { o.Permissions = g } }

var everything = granted{policy: statement("Allow", "*", "*")}

func (f *front) callAs(who identity.Credential, service, operation string, params map[string]any) answer {
	f.t.Helper()
	return f.do(f.http(request{service: service, operation: operation, params: params, key: who}))
}

func TestWhatAnEndpointDeniesIsRefusedByTheServiceAndKnownToItsOwnerOnly(t *testing.T) {
	for _, test := range []struct {
		name               string
		endpoint           []string
		service, operation string
		params             map[string]any
		status             int
		text               string
	}{
		{"nothing allows, JSON", []string{endpointStatement("Allow", "s3:*")}, "ecs", "CreateCluster", nil, 400,
			"because no VPC endpoint policy allows the ecs:CreateCluster action"},
		{"an explicit deny, JSON", []string{endpointStatement("Allow", "*"), endpointStatement("Deny", "ecs:*")}, "ecs", "ListClusters", nil, 400,
			"with an explicit deny in a VPC endpoint policy"},
		{"EC2", []string{endpointStatement("Allow", "s3:*")}, "ec2", "CreateKeyPair", createKey, 403, "<Code>UnauthorizedOperation</Code>"},
		{"S3", []string{endpointStatement("Allow", "ec2:*")}, "s3", "GetBucketAcl", map[string]any{"Bucket": "b"}, 403, "<Code>AccessDenied</Code>"},
		{"what no other policy decides", []string{endpointStatement("Allow", "s3:*")}, "sts", "GetCallerIdentity", nil, 403,
			"because no VPC endpoint policy allows the sts:GetCallerIdentity action"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var calls atomic.Int64
			f := newFrontBehind(t, keys(&calls, nil), endpointAllowing(t, test.endpoint...), grant(everything))
			f.callAs(alice, test.service, test.operation, test.params).mustHave(t, test.status, test.text)
			if calls.Load() != 0 {
				t.Error("the backend was called")
			}
			e := f.journal.only()
			if e.EventCategory != event.CategoryNetworkActivity || e.EventType != event.TypeVPCEvent || e.ErrorCode != "VpceAccessDenied" ||
				e.EventName != test.operation || e.VPCEndpointID != endpointID || e.VPCEndpointAccountID != testAccount ||
				e.RecipientAccountID != testAccount || e.SharedEventID == "" || e.RequestID == "" || e.UserIdentity.UserName != "alice" {
				t.Errorf("event %+v", e)
			}
			if e.UserAgent != "" || e.ReadOnly != nil || e.ManagementEvent != nil || e.RequestParameters != nil {
				t.Errorf("the event tells more than network activity does: %+v", e)
			}
		})
	}
}

func TestACallThatIsDeniedAnywayIsAlsoItsCallersEvent(t *testing.T) {
	var calls atomic.Int64
	f := newFrontBehind(t, keys(&calls, nil), endpointAllowing(t, endpointStatement("Allow", "s3:*")), grant(granted{}))
	f.callAs(alice, "sns", "ListTopics", nil).mustHave(t, 403, "because no VPC endpoint policy allows")
	events := f.journal.events()
	if len(events) != 2 || events[0].EventCategory != event.CategoryManagement || events[0].ErrorCode != "AccessDenied" ||
		events[1].EventCategory != event.CategoryNetworkActivity || events[1].ErrorCode != "VpceAccessDenied" ||
		events[0].RequestID != events[1].RequestID || events[0].EventID == events[1].EventID {
		t.Errorf("events %+v", events)
	}
}

func TestAnEndpointsOwnerLearnsOnlyTheAccountOfAStranger(t *testing.T) {
	endpoint := endpointAllowing(t, endpointStatement("Allow", "s3:*"))
	endpoint.AccountID = endpointOwner
	f := newFrontBehind(t, keys(new(atomic.Int64), nil), endpoint, grant(everything))
	f.callAs(alice, "ec2", "DescribeKeyPairs", nil).mustHave(t, 403, "UnauthorizedOperation")
	e := f.journal.only()
	want := event.UserIdentity{Type: event.AWSAccount, PrincipalID: alice.Identity.PrincipalID, AccountID: testAccount}
	if e.RecipientAccountID != endpointOwner || e.VPCEndpointAccountID != endpointOwner || !reflect.DeepEqual(*e.UserIdentity, want) {
		t.Errorf("event %+v of %+v", e, e.UserIdentity)
	}
}

// A trust policy may ask for it, which the service itself decides on.
func TestABackendLearnsWhatACallCameThrough(t *testing.T) {
	var got *awsapi.VPCEndpoint
	d := BuiltIn(backendFunc(func(_ context.Context, c *awsapi.Call) (map[string]any, error) {
		got = c.VPCEndpoint
		return nil, nil
	}))
	endpoint := VPCEndpoint{ID: endpointID, AccountID: endpointOwner, VPC: "vpc-1"}
	newFrontBehind(t, d, endpoint, grant(everything)).callAs(alice, "ec2", "DescribeKeyPairs", nil)
	if want := (awsapi.VPCEndpoint{ID: endpointID, AccountID: endpointOwner, VPC: "vpc-1"}); got == nil || *got != want {
		t.Errorf("the backend sees %+v", got)
	}
}

func TestACallThroughAnEndpointSaysSo(t *testing.T) {
	var calls atomic.Int64
	for _, endpoint := range []VPCEndpoint{
		{ID: endpointID, AccountID: endpointOwner},
		{ID: endpointID, AccountID: endpointOwner, RecordPassed: true},
	} {
		f := newFrontBehind(t, keys(&calls, nil), endpoint, grant(everything))
		f.callAs(alice, "ec2", "CreateKeyPair", createKey).mustHave(t, 200, "very secret")
		events := f.journal.events()
		e := events[0]
		if e.EventCategory != event.CategoryManagement || e.VPCEndpointID != endpointID || e.VPCEndpointAccountID != endpointOwner ||
			e.RecipientAccountID != testAccount {
			t.Errorf("event %+v", e)
		}
		if told := len(events) == 2; told != endpoint.RecordPassed {
			t.Fatalf("the owner gets %d events", len(events)-1)
		}
		if !endpoint.RecordPassed {
			continue
		}
		if e := events[1]; e.EventCategory != event.CategoryNetworkActivity || e.ErrorCode != "" || e.RecipientAccountID != endpointOwner ||
			e.UserIdentity.Type != event.AWSAccount {
			t.Errorf("event %+v", e)
		}
	}
}

func TestCallersWhoAreNotProvenAreNoNetworkActivity(t *testing.T) {
	f := newFrontBehind(t, keys(new(atomic.Int64), nil), VPCEndpoint{ID: endpointID, AccountID: endpointOwner, RecordPassed: true}, grant(everything))
	f.callAs(testKey, "ec2", "DescribeKeyPairs", nil).mustHave(t, 401, "AuthFailure")
	if e := f.journal.only(); e.EventCategory != event.CategoryManagement || e.VPCEndpointID != endpointID {
		t.Errorf("event %+v", e)
	}
}

func TestPoliciesSeeTheEndpoint(t *testing.T) {
	only := func(operator, key, value string) granted {
		return granted{policy: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*",
			"Condition":{"` + operator + `":{"` + key + `":"` + value + `"}}}}`}
	}
	endpoint := VPCEndpoint{ID: endpointID, AccountID: endpointOwner, VPC: "vpc-1"}
	for _, test := range []struct {
		permissions     granted
		through, direct int
	}{
		{only("StringEquals", "aws:SourceVpce", endpointID), 200, 403},
		{only("StringEquals", "aws:SourceVpc", "vpc-1"), 200, 403},
		{only("StringEquals", "aws:VpceAccount", endpointOwner), 200, 403},
		{only("IpAddress", "aws:VpcSourceIp", "127.0.0.0/8"), 200, 403},
		{only("IpAddress", "aws:SourceIp", "127.0.0.0/8"), 403, 200},
	} {
		f := newFrontBehind(t, keys(new(atomic.Int64), nil), endpoint, grant(test.permissions))
		f.callAs(alice, "ec2", "DescribeKeyPairs", nil).mustHave(t, test.through, "")
		f = newFront(t, keys(new(atomic.Int64), nil), func(o *Options) {
			o.Identities, o.Permissions = knownKeys{alice.AccessKeyID: alice}, test.permissions
			o.Access, _ = access.Open()
		})
		f.callAs(alice, "ec2", "DescribeKeyPairs", nil).mustHave(t, test.direct, "")
	}
}

func TestAnEndpointsPolicyHoldsInOpenModeForTheClaimedCaller(t *testing.T) {
	f := newFrontBehind(t, keys(new(atomic.Int64), nil), endpointAllowing(t, endpointStatement("Allow", "ec2:Describe*")),
		func(o *Options) { o.Auth, o.Permissions = AuthOpen, nil })
	f.callAs(testKey, "ec2", "DescribeKeyPairs", nil).mustHave(t, 200, "")
	f.callAs(testKey, "ec2", "CreateKeyPair", createKey).mustHave(t, 403, "because no VPC endpoint policy allows the ec2:CreateKeyPair action")
	if events := f.journal.events(); len(events) != 2 || events[1].ErrorCode != "VpceAccessDenied" || events[1].UserIdentity.Type != event.Root {
		t.Errorf("events %+v", events)
	}
}

func TestAnEndpointsDenialLeavesOnlyAfterItsEventIsDurable(t *testing.T) {
	f := newFrontBehind(t, keys(new(atomic.Int64), nil), endpointAllowing(t, endpointStatement("Allow", "s3:*")), grant(everything))
	f.journal.failing(&journal.UnavailableError{})
	f.callAs(alice, "ecs", "CreateCluster", nil).mustHave(t, 503, "ServiceUnavailableException")
	if events := f.journal.events(); len(events) != 0 {
		t.Errorf("events %+v", events)
	}
	f.journal.failing(nil)
	durable := make(chan struct{})
	f.journal.before = func(journal.Record) { <-durable }
	req := f.http(request{service: "ecs", operation: "CreateCluster", key: alice})
	answered := make(chan answer)
	go func() {
		a, _ := f.try(req)
		answered <- a
	}()
	select {
	case <-answered:
		t.Fatal("the denial left before its event was durable")
	case <-time.After(50 * time.Millisecond):
	}
	close(durable)
	(<-answered).mustHave(t, 400, "AccessDeniedException")
}
