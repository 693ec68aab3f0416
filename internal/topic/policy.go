package topic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/policy"
	"github.com/cairn-audit/cairn/internal/state"
)

// maxPolicy is the longest policy of a topic in characters.
const maxPolicy = 30720

// defaultActions are those of AWS's default policy, in its order.
var defaultActions = []string{
	"SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission",
	"SNS:DeleteTopic", "SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish",
}

// permissible are the actions that AddPermission takes.
var permissible = []string{
	"GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic",
	"Subscribe", "ListSubscriptionsByTopic", "Publish", "Receive",
}

// document and statement are a policy in the order in which SNS writes it.
type document struct {
	Version   string      `json:"Version"`
	ID        string      `json:"Id,omitempty"`
	Statement []statement `json:"Statement"`
}

type statement struct {
	Sid       string `json:"Sid"`
	Effect    string `json:"Effect"`
	Principal any    `json:"Principal"`
	Action    any    `json:"Action"`
	Resource  string `json:"Resource"`
	Condition any    `json:"Condition,omitempty"`
}

func defaultPolicy(a ARN) string {
	return compact(document{
		Version: policy.Version2008, ID: "__default_policy_ID",
		Statement: []statement{{
			Sid: "__default_statement_ID", Effect: "Allow",
			Principal: map[string]string{"AWS": "*"}, Action: defaultActions, Resource: a.String(),
			Condition: map[string]any{"StringEquals": map[string]string{"AWS:SourceOwner": a.Account}},
		}},
	})
}

// policyText is the topic's policy, as GetTopicAttributes gives it.
func (t *Topic) policyText() string {
	if p := t.Attributes["Policy"]; p != "" {
		return p
	}
	return defaultPolicy(t.arn())
}

// checkPolicy holds a policy to the rules for topics.
func checkPolicy(text string) error {
	if policy.Size([]byte(text)) > maxPolicy {
		return invalid("Policy Error: the policy is longer than %d characters", maxPolicy)
	}
	doc, err := policy.ParseAs(policy.Resource, []byte(text))
	var syntax *policy.SyntaxError
	if errors.As(err, &syntax) {
		return invalid("Policy Error: %s", strings.TrimSuffix(syntax.Message+" "+syntax.Detail, " "))
	}
	if err != nil {
		return err
	}
	for _, s := range doc.Statements {
		for _, action := range slices.Concat(s.Actions, s.NotActions) {
			if service, _, _ := strings.Cut(action, ":"); !strings.EqualFold(service, "sns") {
				return invalid("Policy statement action out of service scope!")
			}
		}
	}
	return nil
}

// pinned is a policy that checkPolicy takes as it is kept: with the ids of the
// users and roles that it names.
func (b *Broker) pinned(text string) (string, error) {
	if b.options.Principals == nil {
		return text, nil
	}
	pinned, err := b.options.Principals.Pin(text)
	if errors.As(err, new(*policy.UnknownPrincipalError)) {
		return "", invalid("Policy Error: PrincipalNotFound")
	}
	return pinned, err
}

// Policy is a topic's policy and the account that the topic belongs to. The
// error is ErrNoTopic where there is no such topic.
func (b *Broker) Policy(_ context.Context, topicARN string) (doc *policy.Document, owner string, err error) {
	a, err := ParseARN(topicARN, "TopicArn")
	if err != nil {
		return nil, "", ErrNoTopic
	}
	t, err := b.Topic(a)
	if err != nil {
		return nil, "", err
	}
	doc, err = policy.Parse([]byte(t.policyText()))
	if err != nil {
		return nil, "", fmt.Errorf("read the policy of %s: %w", topicARN, err)
	}
	return doc, a.Account, nil
}

// ResourcePolicy is the policy that bears on a request about a topic or a
// subscription, and the account that it belongs to. A resource that is not there
// has none, and belongs to nobody.
func (b *Broker) ResourcePolicy(ctx context.Context, r policy.Request) (*policy.Document, string, error) {
	a, err := ParseARN(r.Resource, "TopicArn")
	if err != nil {
		if a, err = ParseSubscriptionARN(r.Resource, "SubscriptionArn"); err != nil {
			return nil, "", nil
		}
	}
	doc, owner, err := b.Policy(ctx, a.Topic().String())
	if errors.Is(err, ErrNoTopic) {
		return nil, "", nil
	}
	return doc, owner, err
}

// ownersPublishers are services for which the default policy is enough in the
// topic's own account: they publish as that account ("If you use the default
// topic policy, alarms can publish", CloudWatch User Guide). Others need a
// statement that names them (CloudTrail User Guide, "Amazon SNS topic policy").
var ownersPublishers = map[string]bool{"cloudwatch.amazonaws.com": true}

// MayPublish reports whether the topic's policy lets a service publish on behalf
// of a resource: "cloudtrail.amazonaws.com" of a trail's ARN and account. The
// error is ErrNoTopic or ErrNotAuthorized where not.
func (b *Broker) MayPublish(ctx context.Context, servicePrincipal, topicARN, sourceARN, sourceAccount string) error {
	doc, owner, err := b.Policy(ctx, topicARN)
	if err != nil {
		return err
	}
	var conditions policy.Context
	conditions.Set("aws:SourceArn", sourceARN)
	conditions.Set("aws:SourceAccount", sourceAccount)
	conditions.Set("aws:PrincipalServiceName", servicePrincipal)
	conditions.Set("aws:PrincipalIsAWSService", "true")
	conditions.Set("aws:SecureTransport", "true")
	if ownersPublishers[servicePrincipal] {
		conditions.Set("aws:SourceOwner", sourceAccount)
	}
	d := policy.Evaluate(policy.Request{
		Action: "sns:Publish", Resource: topicARN, Context: conditions,
		Principal: policy.Principal{Type: policy.AWSService, Service: servicePrincipal},
	}, policy.Policies{Resource: doc, ResourceAccount: owner})
	if !d.Allowed {
		return refuse(AuthorizationError, "%s is not authorized to perform: SNS:Publish on resource: %s %s",
			servicePrincipal, topicARN, d.Because("SNS:Publish"))
	}
	return nil
}

// AddPermission adds a statement to a topic's policy that lets accounts do
// actions, which are named without "sns:".
func (b *Broker) AddPermission(a ARN, label string, accounts, actions []string) error {
	for _, action := range actions {
		if !slices.Contains(permissible, action) {
			return invalid("Policy statement action out of service scope!")
		}
	}
	added := statement{Sid: label, Effect: "Allow", Resource: a.String()}
	var roots, names []string
	for _, account := range accounts {
		roots = append(roots, "arn:"+a.Partition+":iam::"+account+":root")
	}
	for _, action := range actions {
		names = append(names, "SNS:"+action)
	}
	added.Principal, added.Action = map[string]any{"AWS": oneOrList(roots)}, oneOrList(names)
	return b.editPolicy(a, func(statements []json.RawMessage) ([]json.RawMessage, error) {
		if slices.ContainsFunc(statements, labelled(label)) {
			return nil, invalid("Statement already exists")
		}
		return append(statements, json.RawMessage(compact(added))), nil
	})
}

// RemovePermission removes the statement of that label from a topic's policy. It
// is no error that there is none.
func (b *Broker) RemovePermission(a ARN, label string) error {
	return b.editPolicy(a, func(statements []json.RawMessage) ([]json.RawMessage, error) {
		return slices.DeleteFunc(statements, labelled(label)), nil
	})
}

func labelled(label string) func(json.RawMessage) bool {
	return func(text json.RawMessage) bool {
		var s struct{ Sid string }
		return json.Unmarshal(text, &s) == nil && s.Sid == label
	}
}

// editPolicy changes the statements of a topic's policy and leaves the rest of
// it as it is written.
func (b *Broker) editPolicy(a ARN, edit func([]json.RawMessage) ([]json.RawMessage, error)) error {
	return b.updateTopic(a, func(_ *state.Tx, t *Topic) error {
		var doc struct {
			Version   string          `json:"Version,omitempty"`
			ID        string          `json:"Id,omitempty"`
			Statement json.RawMessage `json:"Statement"`
		}
		if err := json.Unmarshal([]byte(t.policyText()), &doc); err != nil {
			return fmt.Errorf("read the policy of %s: %w", t.ARN, err)
		}
		statements := []json.RawMessage{doc.Statement}
		if strings.HasPrefix(string(doc.Statement), "[") {
			if err := json.Unmarshal(doc.Statement, &statements); err != nil {
				return fmt.Errorf("read the policy of %s: %w", t.ARN, err)
			}
		}
		statements, err := edit(statements)
		if err != nil {
			return err
		}
		if len(statements) == 0 {
			delete(t.Attributes, "Policy") // SNS knows no topic without one
			return nil
		}
		if doc.Statement, err = json.Marshal(statements); err != nil {
			return err
		}
		text := compact(doc)
		if err := checkPolicy(text); err != nil {
			return err
		}
		t.Attributes["Policy"] = text
		return nil
	})
}

func oneOrList(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}
