package topic

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/cairn-audit/cairn/internal/egress"
	"github.com/cairn-audit/cairn/internal/region"
	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/state"
)

// Limits on what is kept. AWS has the first; an account may have 12.5 million
// subscriptions there.
const (
	maxTopics        = 100_000 // of an account in a Region
	maxSubscriptions = 1_000   // of a topic
	maxTags          = 50
)

// topics, by ARN.
const topics = state.Kind[Topic]("sns.topics")

// Topic is a topic as it is kept. Attributes are those that were given, by their
// name in the API.
type Topic struct {
	ARN        string
	Created    time.Time
	Attributes map[string]string
	Tags       []Tag
}

// Tag is a tag of a topic.
type Tag struct{ Key, Value string }

// arn is the topic's ARN, which was well-formed when the topic was made.
func (t *Topic) arn() ARN {
	a, err := ParseARN(t.ARN, "TopicArn")
	if err != nil {
		return ARN{Name: t.ARN}
	}
	return a
}

// Options are what a broker may be given. All have defaults.
type Options struct {
	// URL is where endpoints reach this server, without a slash at its end;
	// the URLs in messages begin with it.
	URL string
	// PublicOnly refuses to deliver to loopback and private addresses, and
	// uses no proxy.
	PublicOnly bool
	// Own are this server's own addresses, to which nothing is delivered.
	Own egress.Own
	// Transport replaces the way to endpoints.
	Transport http.RoundTripper
	// Principals are those whom policies may name; nil takes every name.
	Principals Principals
	Logger     *slog.Logger
}

// Principals knows the users and roles that policies of resources name: Pin puts
// their ids in place of their ARNs, or fails with a *policy.UnknownPrincipalError,
// and Unpin is the reverse.
type Principals interface {
	Pin(document string) (string, error)
	Unpin(document string) (string, error)
}

// Broker keeps topics and delivers what is published to them while Run runs. Its
// methods may be called from any goroutine.
type Broker struct {
	store   *state.Store
	key     *seal.Key
	options Options
	signer  func() (*signer, error) // made when it is first needed
	post    *poster
	courier *courier
	counts  counts
}

// New makes a broker over the state. The key seals what is secret.
func New(store *state.Store, key *seal.Key, o Options) *Broker {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	b := &Broker{store: store, key: key, options: o, post: newPoster(o)}
	b.signer = retryingOnce(func() (*signer, error) { return loadSigner(store, key) })
	b.courier = newCourier(b)
	return b
}

// retryingOnce calls f until it succeeds once, and from then on returns what it
// returned.
func retryingOnce[T any](f func() (*T, error)) func() (*T, error) {
	var mu sync.Mutex
	var made *T
	return func() (*T, error) {
		mu.Lock()
		defer mu.Unlock()
		if made != nil {
			return made, nil
		}
		v, err := f()
		if err == nil {
			made = v
		}
		return v, err
	}
}

// CreateTopic makes a topic, or finds that it is there with the same attributes
// and tags.
func (b *Broker) CreateTopic(a ARN, attributes map[string]string, tags []Tag) error {
	for name, value := range attributes {
		if err := checkAttribute(name, value); err != nil {
			return err
		}
	}
	if err := checkTags(tags); err != nil {
		return err
	}
	if text := attributes["Policy"]; text != "" {
		pinned, err := b.pinned(text)
		if err != nil {
			return err
		}
		attributes = maps.Clone(attributes)
		attributes["Policy"] = pinned
	}
	return b.store.Update(func(tx *state.Tx) error {
		there, _, err := topics.Get(tx, a.String())
		if err == nil {
			return there.sameAs(attributes, tags)
		}
		if !errors.Is(err, state.ErrNotFound) {
			return err
		}
		if n, err := count(tx, a); err != nil {
			return err
		} else if n >= maxTopics {
			return refuse(TopicLimitExceeded, "Topic limit exceeded")
		}
		t := Topic{ARN: a.String(), Created: time.Now().UTC(), Attributes: map[string]string{}, Tags: tags}
		maps.Copy(t.Attributes, attributes)
		_, err = topics.Create(tx, t.ARN, t)
		return err
	})
}

// sameAs refuses to take a topic for another.
func (t *Topic) sameAs(attributes map[string]string, tags []Tag) error {
	for name, value := range attributes {
		if t.attribute(name) != value {
			return invalid("Attributes Reason: Topic already exists with different attributes")
		}
	}
	if len(tags) > 0 && !maps.Equal(asMap(tags), asMap(t.Tags)) {
		return invalid("Tags Reason: Topic already exists with different tags")
	}
	return nil
}

// count is how many topics the account has in the Region.
func count(tx *state.Tx, a ARN) (n int, err error) {
	for _, err := range tx.List(string(topics), prefix(a)) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// prefix is the beginning of the ARNs of the account's topics in the Region.
func prefix(a ARN) string {
	a.Name = ""
	return a.Topic().String()
}

// DeleteTopic removes a topic with its subscriptions and what is on its way to
// them. It is no error that there is none.
func (b *Broker) DeleteTopic(a ARN) error {
	var gone []string
	err := b.store.Update(func(tx *state.Tx) error {
		_, version, err := topics.Get(tx, a.String())
		if errors.Is(err, state.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if gone, err = dropSubscriptions(tx, a); err != nil {
			return err
		}
		return topics.Delete(tx, a.String(), version)
	})
	if err != nil {
		return fmt.Errorf("delete %s: %w", a, err)
	}
	b.courier.forget(gone...)
	return nil
}

// Topic returns a topic, or ErrNoTopic.
func (b *Broker) Topic(a ARN) (t Topic, err error) {
	err = b.store.View(func(tx *state.Tx) error {
		t, _, err = getTopic(tx, a)
		return err
	})
	return t, err
}

func getTopic(tx *state.Tx, a ARN) (Topic, uint64, error) {
	t, version, err := topics.Get(tx, a.String())
	if errors.Is(err, state.ErrNotFound) {
		return t, 0, ErrNoTopic
	}
	return t, version, err
}

// updateTopic changes a topic.
func (b *Broker) updateTopic(a ARN, change func(*state.Tx, *Topic) error) error {
	return b.store.Update(func(tx *state.Tx) error {
		t, version, err := getTopic(tx, a)
		if err != nil {
			return err
		}
		if t.Attributes == nil {
			t.Attributes = map[string]string{}
		}
		if err := change(tx, &t); err != nil {
			return err
		}
		_, err = topics.Update(tx, t.ARN, version, t)
		return err
	})
}

// Topics lists the ARNs of an account's topics in a Region that come after one,
// at most limit, and says whether there are more.
func (b *Broker) Topics(account, regionName, after string, limit int) (arns []string, more bool, err error) {
	err = b.store.View(func(tx *state.Tx) error {
		owner := ARN{Region: regionName, Account: account}
		owner.Partition = region.Partition(regionName)
		for item, err := range tx.List(string(topics), prefix(owner)) {
			if err != nil {
				return err
			}
			if item.Key <= after {
				continue
			}
			if more = len(arns) == limit; more {
				return nil
			}
			arns = append(arns, strings.Clone(item.Key))
		}
		return nil
	})
	return arns, more, err
}
