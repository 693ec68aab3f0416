package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/gateway"
	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/loggroup"
	"github.com/cairn-audit/cairn/internal/rule"
	"github.com/cairn-audit/cairn/internal/services/events"
	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/topic"
	"github.com/cairn-audit/cairn/internal/trail"
)

// ConfigRules changes how the built-in EventBridge sends.
type ConfigRules struct {
	// PublicOnly refuses to send to loopback and private addresses.
	PublicOnly bool `yaml:"public_only"`
}

// eventService is who sends for rules, as policies name it.
const eventService = "events.amazonaws.com"

// rulesFile keeps what is on its way to the targets of rules, which is written
// with every event that a rule wants: not in the file of the small state, each of
// whose changes waits for the others.
const rulesFile = "rules.db"

// routeRules lets Cairn's own EventBridge answer where nothing else does, and
// follow the journal then.
func (s *Server) routeRules(p *parts, r *gateway.Routes) error {
	if !r.StandsIn("events") {
		return nil
	}
	queue, err := state.Open(filepath.Join(s.options.Data, rulesFile))
	if err != nil {
		return fmt.Errorf("open the queue of rules: %w", err)
	}
	s.cleanups.add("the queue of rules", func(context.Context) error { return queue.Close() })
	o := rule.Options{
		PublicOnly: s.options.Config.Rules.PublicOnly, Own: s.addresses, Logger: s.options.Logger.With("component", "events"),
	}
	// Where another SNS or CloudWatch Logs answers, nobody could have made
	// what a rule names here.
	api := events.Options{Kinds: []rule.Kind{rule.KindHTTP}}
	if r.StandsIn("sns") {
		o.Topics, api.Kinds = ruleTopics{p.topics}, append(api.Kinds, rule.KindTopic)
	}
	if r.StandsIn("logs") {
		o.LogGroups, api.Kinds = ruleGroups{logGroups{p.logs}}, append(api.Kinds, rule.KindLogGroup)
	}
	if s.options.Auth == gateway.AuthVerify {
		roles := ruleRoles{p.directory}
		o.Roles, api.Roles = roles, roles
	}
	rules := rule.NewStore(p.store, p.key, p.journal.Last)
	p.rules, err = rule.NewDispatcher(rule.Sources{Rules: rules, Journal: p.journal, Trails: ruleTrails{p.trails}}, queue, o)
	if err != nil {
		return fmt.Errorf("open the rules: %w", err)
	}
	p.inventories["events"] = taggedRules(rules)
	r.BuiltIn["events"] = gateway.BuiltIn(gateway.Validated(events.New(rules, p.rules, api)))
	s.background("the sending for rules", p.rules.Run)
	return nil
}

// ruleTrails are trails as rules ask for them: events go to a bus only if a trail
// that is logging wants them.
type ruleTrails struct{ store *trail.Store }

// Wants implements rule.Trails.
func (t ruleTrails) Wants(e *history.Entry) (bool, error) {
	all, err := t.store.All()
	for i := range all {
		if all[i].Wants(e) {
			return true, nil
		}
	}
	return false, err
}

// ruleTopics are the built-in topics, as rules publish to them.
type ruleTopics struct{ broker *topic.Broker }

// Publish implements rule.Topics.
func (t ruleTopics) Publish(ctx context.Context, topicARN, ruleARN, message string) error {
	at, _, _ := rule.ParseARN(ruleARN)
	err := t.broker.MayPublish(ctx, eventService, topicARN, ruleARN, at.Account)
	if err == nil {
		_, err = t.broker.Publish(ctx, topic.Publication{TopicARN: topicARN, Message: message})
	}
	if errors.Is(err, topic.ErrNoTopic) || errors.Is(err, topic.ErrNotAuthorized) || errors.Is(err, topic.ErrInvalid) {
		return fmt.Errorf("%w: publish to %s: %w", rule.ErrFinal, topicARN, err)
	}
	return err
}

// ruleGroups are the built-in log groups, as rules send to them. AWS asks a
// resource policy of CloudWatch Logs; here a rule writes to its own account's
// groups.
type ruleGroups struct{ logGroups }

// Put implements rule.LogGroups.
func (g ruleGroups) Put(_ context.Context, groupARN, stream, ruleARN string, at time.Time, message string) error {
	in, name, ok := g.find(groupARN)
	of, _, _ := rule.ParseARN(ruleARN)
	if !ok || in != (loggroup.Scope{Account: of.Account, Region: of.Region}) {
		return fmt.Errorf("%w: %s is no log group of the rule's account and Region", rule.ErrFinal, groupARN)
	}
	// PutLogEvents would leave it out.
	if age := time.Since(at); age > loggroup.MaxAge || age < -loggroup.MaxAhead {
		return fmt.Errorf("%w: the log event's time is %s", rule.ErrFinal, at.Format(time.RFC3339))
	}
	err := g.put(in, name, stream, []loggroup.Event{{Time: at, Message: message}})
	if errors.Is(err, loggroup.ErrNoGroup) {
		return fmt.Errorf("%w: %w", rule.ErrFinal, err)
	}
	return err
}

// ruleRoles are the accounts' roles, as the targets of rules name them.
type ruleRoles struct{ directory *identity.Directory }

// MayInvoke implements events.Roles and rule.Roles.
func (r ruleRoles) MayInvoke(_ context.Context, roleARN, destinationARN string) error {
	role, err := findRole(r.directory, roleARN)
	if err != nil && !errors.Is(err, errNoRole) {
		return err
	}
	if err != nil || !strings.Contains(destinationARN, ":"+role.account+":") {
		return errors.Join(rule.ErrFinal, events.ErrTrust)
	}
	trusted, err := role.trusts(eventService)
	if err != nil || !trusted {
		return errors.Join(rule.ErrFinal, events.ErrTrust, err)
	}
	allowed, err := role.allows("events:InvokeApiDestination", destinationARN)
	if err == nil && !allowed {
		return errors.Join(rule.ErrFinal, events.ErrRole)
	}
	return err
}
