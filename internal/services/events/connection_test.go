package events_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// TestAConnectionsWholeLife changes how a connection proves itself, until it is
// gone.
func TestAConnectionsWholeLife(t *testing.T) {
	w := start(t)
	c := w.events()
	ctx := t.Context()
	name := aws.String("c")
	made, err := c.CreateConnection(ctx, &eventbridge.CreateConnectionInput{
		Name: name, AuthorizationType: types.ConnectionAuthorizationTypeOauthClientCredentials,
		AuthParameters: &types.CreateConnectionAuthRequestParameters{OAuthParameters: &types.CreateConnectionOAuthRequestParameters{
			ClientParameters:      &types.CreateConnectionOAuthClientRequestParameters{ClientID: aws.String("id"), ClientSecret: aws.String(secret)},
			AuthorizationEndpoint: aws.String(w.at + "/token"), HttpMethod: types.ConnectionOAuthHttpMethodPost,
			OAuthHttpParameters: &types.ConnectionHttpParameters{BodyParameters: []types.ConnectionBodyParameter{{Key: aws.String("scope"), Value: aws.String("all")}}},
		}},
	})
	if err != nil || made.ConnectionState != types.ConnectionStateAuthorized {
		t.Fatalf("%+v, %v", made, err)
	}
	got, err := c.DescribeConnection(ctx, &eventbridge.DescribeConnectionInput{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	o := got.AuthParameters.OAuthParameters
	if *o.ClientParameters.ClientID != "id" || *o.AuthorizationEndpoint != w.at+"/token" || o.HttpMethod != "POST" || *o.OAuthHttpParameters.BodyParameters[0].Value != "all" {
		t.Errorf("%+v", o)
	}
	_, err = c.UpdateConnection(ctx, &eventbridge.UpdateConnectionInput{Name: name, AuthorizationType: types.ConnectionAuthorizationTypeBasic})
	mustRefuse(t, err, "ValidationException", "needs BasicAuthParameters with Username and Password")
	if _, err = c.UpdateConnection(ctx, &eventbridge.UpdateConnectionInput{
		Name: name, AuthorizationType: types.ConnectionAuthorizationTypeBasic,
		AuthParameters: &types.UpdateConnectionAuthRequestParameters{
			BasicAuthParameters: &types.UpdateConnectionBasicAuthRequestParameters{Username: aws.String("u"), Password: aws.String(secret)},
		},
	}); err != nil {
		t.Fatal(err)
	}
	listed, err := c.ListConnections(ctx, &eventbridge.ListConnectionsInput{ConnectionState: types.ConnectionStateAuthorized})
	if err != nil || len(listed.Connections) != 1 || listed.Connections[0].AuthorizationType != types.ConnectionAuthorizationTypeBasic {
		t.Errorf("%+v, %v", listed, err)
	}
	there, err := c.CreateApiDestination(ctx, &eventbridge.CreateApiDestinationInput{
		Name: name, ConnectionArn: made.ConnectionArn, InvocationEndpoint: aws.String(w.at + "/*"), HttpMethod: types.ApiDestinationHttpMethodPut,
	})
	if err != nil || there.ApiDestinationState != types.ApiDestinationStateActive {
		t.Fatalf("%+v, %v", there, err)
	}
	if out, err := c.DeauthorizeConnection(ctx, &eventbridge.DeauthorizeConnectionInput{Name: name}); err != nil || out.ConnectionState != types.ConnectionStateDeauthorized {
		t.Errorf("%+v, %v", out, err)
	}
	if listed, err := c.ListConnections(ctx, &eventbridge.ListConnectionsInput{ConnectionState: types.ConnectionStateAuthorized}); err != nil || len(listed.Connections) != 0 {
		t.Errorf("%+v, %v", listed, err)
	}
	shown, err := c.DescribeApiDestination(ctx, &eventbridge.DescribeApiDestinationInput{Name: name})
	if err != nil || shown.ApiDestinationState != types.ApiDestinationStateInactive || *shown.InvocationRateLimitPerSecond != 300 || shown.HttpMethod != "PUT" {
		t.Errorf("%+v, %v", shown, err)
	}
	if out, err := c.DeleteConnection(ctx, &eventbridge.DeleteConnectionInput{Name: name}); err != nil || out.ConnectionState != types.ConnectionStateDeleting {
		t.Errorf("%+v, %v", out, err)
	}
	for _, name := range []string{"CreateConnection", "UpdateConnection", "DeleteConnection"} {
		w.recorded(name) // which looks for the secret
	}
}

// TestWhatATargetAddsToARequest has parameters of a target in the request, taken
// from the event.
func TestWhatATargetAddsToARequest(t *testing.T) {
	w := start(t)
	c := w.events()
	made, err := c.CreateConnection(t.Context(), &eventbridge.CreateConnectionInput{
		Name: aws.String("c"), AuthorizationType: types.ConnectionAuthorizationTypeBasic,
		AuthParameters: &types.CreateConnectionAuthRequestParameters{
			BasicAuthParameters: &types.CreateConnectionBasicAuthRequestParameters{Username: aws.String("u"), Password: aws.String(secret)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	there, err := c.CreateApiDestination(t.Context(), &eventbridge.CreateApiDestinationInput{
		Name: aws.String("d"), ConnectionArn: made.ConnectionArn, InvocationEndpoint: aws.String(w.at + "/orders/*"), HttpMethod: types.ApiDestinationHttpMethodPost,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.rule("r", `{"source":["orders"]}`, "")
	w.target("r", types.Target{
		Id: aws.String("1"), Arn: there.ApiDestinationArn, RoleArn: w.role("invoke", service, *there.ApiDestinationArn),
		HttpParameters: &types.HttpParameters{PathParameterValues: []string{"$.detail.order"}, HeaderParameters: map[string]string{"X-From": "a rule"}},
	})
	listed, err := c.ListTargetsByRule(t.Context(), &eventbridge.ListTargetsByRuleInput{Rule: aws.String("r")})
	if err != nil {
		t.Fatal(err)
	}
	if p := listed.Targets[0].HttpParameters; p.PathParameterValues[0] != "$.detail.order" || p.HeaderParameters["X-From"] != "a rule" || p.QueryStringParameters != nil {
		t.Errorf("%+v", p)
	}
	if _, err := c.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		{Source: aws.String("orders"), DetailType: aws.String("placed"), Detail: aws.String(`{"order":7}`)},
	}}); err != nil {
		t.Fatal(err)
	}
	got := w.next()
	if got.path != "/orders/7" || got.header.Get("X-From") != "a rule" || got.header.Get("Authorization") != "Basic dTpjb3JyZWN0LWhvcnNlLWJhdHRlcnktc3RhcGxl" {
		t.Errorf("%s with %v", got.path, got.header)
	}
}
