package events_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/cairn-audit/cairn/event"
)

// TestARulesWholeLife goes through all operations on a rule.
func TestARulesWholeLife(t *testing.T) {
	w := start(t)
	c := w.events()
	pattern := `{"source":["aws.ec2"]}`
	arn := w.rule("r", pattern, types.RuleStateDisabled)
	if want := "arn:aws:events:" + region + ":" + w.Account + ":rule/r"; *arn != want {
		t.Errorf("%s, want %s", *arn, want)
	}
	if _, err := c.EnableRule(t.Context(), &eventbridge.EnableRuleInput{Name: aws.String("r"), EventBusName: aws.String("default")}); err != nil {
		t.Fatal(err)
	}
	found, err := c.DescribeRule(t.Context(), &eventbridge.DescribeRuleInput{Name: aws.String("r")})
	if err != nil || *found.EventPattern != pattern || found.State != types.RuleStateEnabled || *found.CreatedBy != w.Account || *found.EventBusName != "default" || found.Description != nil {
		t.Errorf("%+v, %v", found, err)
	}
	topic := "arn:aws:sns:" + region + ":" + w.Account + ":t"
	w.target("r", types.Target{
		Id: aws.String("1"), Arn: &topic, RetryPolicy: &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(0)},
		InputTransformer: &types.InputTransformer{InputPathsMap: map[string]string{"n": "$.detail.eventName"}, InputTemplate: aws.String(`"<n>"`)},
	})
	listed, err := c.ListTargetsByRule(t.Context(), &eventbridge.ListTargetsByRuleInput{Rule: aws.String("r")})
	if err != nil || len(listed.Targets) != 1 || *listed.Targets[0].RetryPolicy.MaximumRetryAttempts != 0 || listed.Targets[0].InputTransformer.InputPathsMap["n"] != "$.detail.eventName" || *listed.Targets[0].RetryPolicy.MaximumEventAgeInSeconds != 86400 {
		t.Errorf("%+v, %v", listed, err)
	}
	names, err := c.ListRuleNamesByTarget(t.Context(), &eventbridge.ListRuleNamesByTargetInput{TargetArn: &topic})
	if err != nil || !slices.Equal(names.RuleNames, []string{"r"}) {
		t.Errorf("%v, %v", names, err)
	}
	_, err = c.DeleteRule(t.Context(), &eventbridge.DeleteRuleInput{Name: aws.String("r"), Force: true})
	mustRefuse(t, err, "ValidationException", "Rule can't be deleted since it has targets.")
	removed, err := c.RemoveTargets(t.Context(), &eventbridge.RemoveTargetsInput{Rule: aws.String("r"), Ids: []string{"1", "2"}})
	if err != nil || removed.FailedEntryCount != 1 || *removed.FailedEntries[0].TargetId != "2" {
		t.Errorf("%v, %v", removed, err)
	}
	for range 2 {
		if _, err := c.DeleteRule(t.Context(), &eventbridge.DeleteRuleInput{Name: aws.String("r")}); err != nil {
			t.Fatal(err)
		}
	}
	if e := w.recorded("PutRule"); len(e) != 1 || string(e[0].RequestParameters) != `{"name":"r","eventPattern":"{\"source\":[\"aws.ec2\"]}","state":"DISABLED"}` || string(e[0].ResponseElements) != `{"ruleArn":"`+*arn+`"}` || e[0].EventSource != service || e[0].APIVersion != "2015-10-07" {
		t.Errorf("%+v", e[0])
	}
}

// TestListsGoOnWhereTheyEnded pages through rules.
func TestListsGoOnWhereTheyEnded(t *testing.T) {
	w := start(t)
	c := w.events()
	for _, name := range []string{"a-1", "a-2", "a-3", "b-1"} {
		w.rule(name, topics, "")
	}
	var got []string
	pages := 0
	in := &eventbridge.ListRulesInput{NamePrefix: aws.String("a-"), Limit: aws.Int32(2)}
	for {
		page, err := c.ListRules(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, r := range page.Rules {
			got = append(got, *r.Name)
		}
		if in.NextToken = page.NextToken; in.NextToken == nil {
			break
		}
	}
	if !slices.Equal(got, []string{"a-1", "a-2", "a-3"}) || pages != 2 {
		t.Errorf("%v in %d pages", got, pages)
	}
	_, err := c.ListRules(t.Context(), &eventbridge.ListRulesInput{NextToken: aws.String("none")})
	mustRefuse(t, err, "ValidationException", "NextToken")
	buses, err := c.ListEventBuses(t.Context(), &eventbridge.ListEventBusesInput{})
	if err != nil || len(buses.EventBuses) != 1 || *buses.EventBuses[0].Arn != "arn:aws:events:"+region+":"+w.Account+":event-bus/default" {
		t.Errorf("%v, %v", buses, err)
	}
}

// TestRefusalsAreThoseOfEventBridge has their codes and their words.
func TestRefusalsAreThoseOfEventBridge(t *testing.T) {
	w := start(t)
	c := w.events()
	ctx := t.Context()
	w.rule("r", topics, "")
	put := func(in eventbridge.PutRuleInput) error {
		if in.Name == nil {
			in.Name = aws.String("x")
		}
		_, err := c.PutRule(ctx, &in)
		return err
	}
	mustRefuse(t, put(eventbridge.PutRuleInput{}), "ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.")
	mustRefuse(t, put(eventbridge.PutRuleInput{ScheduleExpression: aws.String("rate(1 hour)")}), "ValidationException", "has no schedules")
	mustRefuse(t, put(eventbridge.PutRuleInput{EventPattern: aws.String(`{"source":"aws.ec2"}`)}), "InvalidEventPatternException", "Event pattern is not valid. Reason: ")
	mustRefuse(t, put(eventbridge.PutRuleInput{EventPattern: aws.String(topics), EventBusName: aws.String("other")}), "ResourceNotFoundException", "Event bus other does not exist.")
	mustRefuse(t, put(eventbridge.PutRuleInput{EventPattern: aws.String(topics), Name: aws.String("a b")}), "ValidationException", "Value 'a b' at 'name' failed to satisfy constraint")
	mustRefuse(t, put(eventbridge.PutRuleInput{EventPattern: aws.String(topics), State: "ON"}), "ValidationException", "Value 'ON' at 'state' failed to satisfy constraint: Member must satisfy enum value set: [ENABLED, DISABLED, ")
	_, err := c.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String("none")})
	mustRefuse(t, err, "ResourceNotFoundException", "Rule none does not exist on EventBus default.")
	_, err = c.DisableRule(ctx, &eventbridge.DisableRuleInput{Name: aws.String("none")})
	mustRefuse(t, err, "ResourceNotFoundException", "Rule none does not exist on EventBus default.")
	_, err = c.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String("other")})
	mustRefuse(t, err, "OperationDisabledException", "no event buses beside the default one")
	_, err = c.CreateArchive(ctx, &eventbridge.CreateArchiveInput{ArchiveName: aws.String("a"), EventSourceArn: aws.String("arn:aws:events:" + region + ":" + w.Account + ":event-bus/default")})
	mustRefuse(t, err, "UnknownOperationException", "does not have CreateArchive")
	_, err = c.DescribeConnection(ctx, &eventbridge.DescribeConnectionInput{Name: aws.String("none")})
	mustRefuse(t, err, "ResourceNotFoundException", "Failed to describe the connection(s). Connection 'none' does not exist.")
	_, err = c.DescribeApiDestination(ctx, &eventbridge.DescribeApiDestinationInput{Name: aws.String("none")})
	mustRefuse(t, err, "ResourceNotFoundException", "Failed to describe the api-destination(s). An api-destination 'none' does not exist.")
	_, err = c.TagResource(ctx, &eventbridge.TagResourceInput{ResourceARN: aws.String("arn:aws:events:" + region + ":999988887777:rule/r"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
	mustRefuse(t, err, "ResourceNotFoundException", "does not exist")
	_, err = c.CreateConnection(ctx, &eventbridge.CreateConnectionInput{
		Name: aws.String("c"), AuthorizationType: types.ConnectionAuthorizationTypeApiKey,
		AuthParameters: &types.CreateConnectionAuthRequestParameters{BasicAuthParameters: &types.CreateConnectionBasicAuthRequestParameters{Username: aws.String("u"), Password: aws.String(secret)}},
	})
	mustRefuse(t, err, "ValidationException", "BasicAuthParameters is not for authorization type API_KEY")
	if e := w.recorded("CreateConnection"); len(e) != 1 || e[0].ErrorCode != "ValidationException" {
		t.Errorf("%v", e)
	}
}

// TestTargetsThatAreNotHereFail: a rule never seems to have a target that it
// cannot send to.
func TestTargetsThatAreNotHereFail(t *testing.T) {
	w := start(t)
	c := w.events()
	w.rule("r", topics, "")
	here := "arn:aws:sns:" + region + ":" + w.Account + ":t"
	out, err := c.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{
		{Id: aws.String("lambda"), Arn: aws.String("arn:aws:lambda:" + region + ":" + w.Account + ":function:f")},
		{Id: aws.String("away"), Arn: aws.String("arn:aws:sns:us-east-1:" + w.Account + ":t")},
		{Id: aws.String("theirs"), Arn: aws.String("arn:aws:logs:" + region + ":999988887777:log-group:g")},
		{Id: aws.String("gone"), Arn: aws.String("arn:aws:events:" + region + ":" + w.Account + ":api-destination/d/0-1"), RoleArn: aws.String("arn:aws:iam::1:role/r")},
		{Id: aws.String("here"), Arn: &here},
	}})
	if err != nil || out.FailedEntryCount != 4 {
		t.Fatalf("%+v, %v", out, err)
	}
	for i, words := range []string{"sends to API destinations, and to the built-in", "another Region or account", "another Region or account", "does not exist"} {
		if !strings.Contains(*out.FailedEntries[i].ErrorMessage, words) {
			t.Errorf("%s: %s", *out.FailedEntries[i].TargetId, *out.FailedEntries[i].ErrorMessage)
		}
	}
	listed, err := c.ListTargetsByRule(t.Context(), &eventbridge.ListTargetsByRuleInput{Rule: aws.String("r")})
	if err != nil || len(listed.Targets) != 1 || *listed.Targets[0].Id != "here" {
		t.Errorf("%+v, %v", listed, err)
	}
	targets := func(all ...types.Target) error {
		_, err := c.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: all})
		return err
	}
	many := make([]types.Target, 6)
	for i := range many {
		many[i] = types.Target{Id: aws.String(string(rune('a' + i))), Arn: &here}
	}
	mustRefuse(t, targets(many...), "LimitExceededException", "")
	mustRefuse(t, targets(types.Target{Id: aws.String("1"), Arn: aws.String("here")}), "ValidationException", "Provided Arn is not in correct format.")
	mustRefuse(t, targets(types.Target{Id: aws.String("1"), Arn: &here, SqsParameters: &types.SqsParameters{MessageGroupId: aws.String("g")}}), "ValidationException", "SqsParameters")
	mustRefuse(t, targets(types.Target{Id: aws.String("1"), Arn: &here, Input: aws.String(`{`)}), "ValidationException", "JSON")
	hook := w.destination("hook")
	mustRefuse(t, targets(types.Target{Id: aws.String("1"), Arn: hook}), "ValidationException", "RoleArn is required for target "+*hook)
	mustRefuse(t, targets(types.Target{Id: aws.String("1"), Arn: hook, RoleArn: w.role("other", "ec2.amazonaws.com", "*")}), "ValidationException", "cannot be assumed by principal 'events.amazonaws.com'")
	mustRefuse(t, targets(types.Target{Id: aws.String("1"), Arn: hook, RoleArn: w.role("weak", service, "arn:aws:events:*:*:api-destination/other")}), "ValidationException", "does not allow events:InvokeApiDestination")
}

// TestSecretsAreNeverShown looks for them in answers, events and files.
func TestSecretsAreNeverShown(t *testing.T) {
	w := start(t)
	c := w.events()
	w.destination("hook")
	_, err := c.UpdateConnection(t.Context(), &eventbridge.UpdateConnectionInput{
		Name: aws.String("hook"), Description: aws.String("d"),
		AuthParameters: &types.UpdateConnectionAuthRequestParameters{
			ApiKeyAuthParameters: &types.UpdateConnectionApiKeyAuthRequestParameters{ApiKeyValue: aws.String(secret + "2")},
			InvocationHttpParameters: &types.ConnectionHttpParameters{HeaderParameters: []types.ConnectionHeaderParameter{
				{Key: aws.String("X-Open"), Value: aws.String("shown")}, {Key: aws.String("X-Secret"), Value: aws.String(secret), IsValueSecret: true},
			}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.DescribeConnection(t.Context(), &eventbridge.DescribeConnectionInput{Name: aws.String("hook")})
	if err != nil || *got.AuthParameters.ApiKeyAuthParameters.ApiKeyName != "X-Key" || got.ConnectionState != types.ConnectionStateAuthorized {
		t.Fatalf("%+v, %v", got, err)
	}
	headers := got.AuthParameters.InvocationHttpParameters.HeaderParameters
	if len(headers) != 2 || *headers[0].Value != "shown" || headers[1].Value != nil || !headers[1].IsValueSecret {
		t.Errorf("%+v", headers)
	}
	for _, name := range []string{"CreateConnection", "UpdateConnection"} {
		if e := w.recorded(name); len(e) != 1 || !strings.Contains(string(e[0].RequestParameters), `"apiKeyValue":"HIDDEN_DUE_TO_SECURITY_REASONS"`) {
			t.Errorf("%s", e[0].RequestParameters)
		}
	}
	for _, file := range []string{"state.db", "rules.db"} {
		b, err := os.ReadFile(filepath.Join(w.Data, file))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), secret) {
			t.Errorf("a secret is in %s", file)
		}
	}
}

// TestEachEntryIsTakenOrRefused puts events of all kinds at once.
func TestEachEntryIsTakenOrRefused(t *testing.T) {
	w := start(t)
	entry := func(source, detailType, detail string) types.PutEventsRequestEntry {
		return types.PutEventsRequestEntry{Source: &source, DetailType: &detailType, Detail: &detail, Time: aws.Time(time.Unix(1e9, 0))}
	}
	elsewhere := entry("s", "t", "{}")
	elsewhere.EventBusName = aws.String("other")
	put := func(entries ...types.PutEventsRequestEntry) (*eventbridge.PutEventsOutput, error) {
		return w.events().PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: entries})
	}
	out, err := put(entry("s", "t", "{}"), entry("Aws.ec2", "t", "{}"), entry("s", "t", "[]"), entry("", "t", "{}"), elsewhere, entry("s", "t", `{"a":1}`))
	if err != nil || out.FailedEntryCount != 4 || len(out.Entries) != 6 {
		t.Fatalf("%+v, %v", out, err)
	}
	for i, want := range []string{
		"", "NotAuthorizedForSourceException: Not authorized for the source.", "MalformedDetail: Detail is malformed.",
		"InvalidArgument: Parameter Source is not valid. Reason: Source is a required argument.", "InvalidArgument: Event bus other does not exist.", "",
	} {
		e := out.Entries[i]
		got := ""
		if e.ErrorCode != nil {
			got = *e.ErrorCode + ": " + *e.ErrorMessage
		}
		if got != want || (e.EventId != nil) != (want == "") {
			t.Errorf("entry %d: %q, want %q", i, got, want)
		}
	}
	_, err = put(slices.Repeat([]types.PutEventsRequestEntry{entry("s", "t", "{}")}, 11)...)
	mustRefuse(t, err, "ValidationException", "length less than or equal to 10")
	_, err = put(entry("s", "t", `{"a":"`+strings.Repeat("x", 2<<20)+`"}`))
	mustRefuse(t, err, "ValidationException", "Total size of the entries in the request is over the limit.")
	if e := w.recorded("PutEvents"); len(e) != 0 {
		t.Errorf("PutEvents is a management event: %s", e[0].RequestParameters)
	}
	e := w.recorded("PutEvents", cttypes.EventCategory("all"))
	if len(e) != 3 || !strings.HasPrefix(string(e[2].RequestParameters), `{"entries":[{"time":"Sep 9, 2001, 1:46:40 AM","source":"s","detailType":"t","detail":"HIDDEN_DUE_TO_SECURITY_REASONS"},`) {
		t.Fatalf("%d events, the first %s", len(e), e[len(e)-1].RequestParameters)
	}
	bus := "arn:aws:events:" + region + ":" + w.Account + ":event-bus/"
	if want := []event.Resource{{Type: "AWS::Events::EventBus", ARN: bus + "default"}, {Type: "AWS::Events::EventBus", ARN: bus + "other"}}; !slices.Equal(e[2].Resources, want) {
		t.Errorf("%v", e[2].Resources)
	}
}

// TestPatternsCanBeTried asks whether a pattern matches.
func TestPatternsCanBeTried(t *testing.T) {
	w := start(t)
	event := `{"id":"1","account":"2","source":"s","time":"2026-01-01T00:00:00Z","region":"r","resources":[],"detail-type":"t","detail":{"n":5}}`
	try := func(pattern, event string) (*eventbridge.TestEventPatternOutput, error) {
		return w.events().TestEventPattern(t.Context(), &eventbridge.TestEventPatternInput{EventPattern: &pattern, Event: &event})
	}
	for pattern, want := range map[string]bool{`{"detail":{"n":[{"numeric":[">",4]}]}}`: true, `{"detail":{"n":[4]}}`: false} {
		if out, err := try(pattern, event); err != nil || out.Result != want {
			t.Errorf("%s: %v, %v", pattern, out, err)
		}
	}
	_, err := try(`{"detail":{"n":[{"above":4}]}}`, event)
	mustRefuse(t, err, "InvalidEventPatternException", "above")
	_, err = try(`{"detail":{"n":[4]}}`, `{"id":"1"}`)
	mustRefuse(t, err, "ValidationException", `"account"`)
}

// TestPoliciesDecideAboutRules has a user who may change one rule, and pass no
// role.
func TestPoliciesDecideAboutRules(t *testing.T) {
	w := start(t)
	ctx := t.Context()
	if _, err := w.iam().CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("u")}); err != nil {
		t.Fatal(err)
	}
	_, err := w.iam().PutUserPolicy(ctx, &iam.PutUserPolicyInput{
		UserName: aws.String("u"), PolicyName: aws.String("p"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"events:Put*","Resource":"arn:aws:events:` + region + `:` + w.Account + `:rule/mine-*"}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	key, err := w.iam().CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("u")})
	if err != nil {
		t.Fatal(err)
	}
	c := w.as(credentials.NewStaticCredentialsProvider(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, ""))
	if _, err := c.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("mine-1"), EventPattern: aws.String(topics)}); err != nil {
		t.Error(err)
	}
	_, err = c.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("other"), EventPattern: aws.String(topics)})
	mustRefuse(t, err, "AccessDeniedException", "events:PutRule")
	arn := w.destination("hook")
	_, err = c.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("mine-1"), Targets: []types.Target{
		{Id: aws.String("1"), Arn: arn, RoleArn: w.role("invoke", service, *arn)},
	}})
	mustRefuse(t, err, "AccessDeniedException", "iam:PassRole")
}
