package channel

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/internal/state"
)

// Errors on which the API decides.
var (
	ErrNotFound    = errors.New("no such channel")
	ErrTooMany     = errors.New("the account has as many channels as it can have")
	ErrNameTaken   = errors.New("another channel has the name")
	ErrSourceTaken = errors.New("another channel has the source")
)

// channels are kept by account, Region and id.
const channels state.Kind[Channel] = "cloudtrail-channel"

// Store keeps channels, and remembers what came in through each. Its methods may
// be called from any goroutine.
type Store struct {
	store *state.Store

	mu sync.Mutex
	// ingested is guarded by mu. It is not kept on disk: that would cost every
	// request another sync.
	ingested map[Reference]Ingestion
}

// NewStore opens the channels that are kept in a store.
func NewStore(store *state.Store) *Store {
	return &Store{store: store, ingested: make(map[Reference]Ingestion)}
}

// Ingestion tells of the latest events that came in through a channel since the
// server was started. Zero is none.
type Ingestion struct {
	SuccessTime    time.Time
	SuccessEventID string
	AttemptTime    time.Time
	AttemptEventID string
	ErrorCode      string
}

// Create makes a channel with an id of its own. The error is ErrTooMany,
// ErrNameTaken, ErrSourceTaken, or the disk's.
func (s *Store) Create(c Channel) (Channel, error) {
	c.ID = uuid.NewString()
	err := s.store.Update(func(tx *state.Tx) error {
		others, err := list(tx, c.AccountID, c.Region)
		switch {
		case err != nil:
			return err
		case len(others) >= MaxChannels:
			return ErrTooMany
		case slices.ContainsFunc(others, func(o Channel) bool { return o.Source == c.Source }):
			return ErrSourceTaken
		case slices.ContainsFunc(others, func(o Channel) bool { return o.Name == c.Name }):
			return ErrNameTaken
		}
		_, err = channels.Create(tx, c.Reference().key(), c)
		return err
	})
	return c, err
}

// Get returns a channel, or ErrNotFound.
func (s *Store) Get(r Reference) (Channel, error) {
	var c Channel
	err := s.store.View(func(tx *state.Tx) (err error) {
		c, _, err = get(tx, r)
		return err
	})
	return c, err
}

// List returns the channels of an account in a Region, sorted by name.
func (s *Store) List(accountID, region string) ([]Channel, error) {
	var all []Channel
	err := s.store.View(func(tx *state.Tx) (err error) {
		all, err = list(tx, accountID, region)
		return err
	})
	slices.SortFunc(all, func(a, b Channel) int { return strings.Compare(a.Name, b.Name) })
	return all, err
}

// Update gives a channel another name and other destinations, where they are not
// empty. The error is ErrNotFound, ErrNameTaken, or the disk's.
func (s *Store) Update(r Reference, name string, destinations []Destination) (Channel, error) {
	var c Channel
	err := s.store.Update(func(tx *state.Tx) error {
		var version uint64
		var err error
		if c, version, err = get(tx, r); err != nil {
			return err
		}
		others, err := list(tx, r.AccountID, r.Region)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(others, func(o Channel) bool { return o.Name == name && o.ID != c.ID }) {
			return ErrNameTaken
		}
		if name != "" {
			c.Name = name
		}
		if len(destinations) > 0 {
			c.Destinations = destinations
		}
		_, err = channels.Update(tx, r.key(), version, c)
		return err
	})
	return c, err
}

// Change lets f change the tags and the policy of a channel. The error is
// ErrNotFound, that of f, or the disk's.
func (s *Store) Change(r Reference, f func(*Channel) error) error {
	return s.store.Update(func(tx *state.Tx) error {
		c, version, err := get(tx, r)
		if err != nil {
			return err
		}
		if err := f(&c); err != nil {
			return err
		}
		_, err = channels.Update(tx, r.key(), version, c)
		return err
	})
}

// Delete removes a channel. The events that came in through it stay. The error
// is ErrNotFound or the disk's.
func (s *Store) Delete(r Reference) error {
	err := s.store.Update(func(tx *state.Tx) error {
		_, version, err := get(tx, r)
		if err != nil {
			return err
		}
		return channels.Delete(tx, r.key(), version)
	})
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.ingested, r)
	}
	return err
}

// Ingested returns what came in through a channel.
func (s *Store) Ingested(r Reference) Ingestion {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ingested[r]
}

// Note remembers what came in through a channel at i.AttemptTime. A success
// before it is kept where i has none.
func (s *Store) Note(r Reference, i Ingestion) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.ingested[r]
	if i.SuccessTime.IsZero() {
		i.SuccessTime, i.SuccessEventID = before.SuccessTime, before.SuccessEventID
	}
	if i.ErrorCode == "" {
		i.ErrorCode = before.ErrorCode
	}
	s.ingested[r] = i
}

// Reference is what the store finds the channel by.
func (c *Channel) Reference() Reference { return Reference{c.AccountID, c.Region, c.ID} }

// key has its parts apart by what none of them contains.
func (r Reference) key() string { return r.AccountID + "/" + r.Region + "/" + r.ID }

func get(tx *state.Tx, r Reference) (Channel, uint64, error) {
	c, version, err := channels.Get(tx, r.key())
	if errors.Is(err, state.ErrNotFound) {
		err = ErrNotFound
	}
	return c, version, err
}

func list(tx *state.Tx, accountID, region string) ([]Channel, error) {
	var all []Channel
	for c, err := range channels.List(tx, Reference{AccountID: accountID, Region: region}.key()) {
		if err != nil {
			return nil, err
		}
		all = append(all, c.Value)
	}
	return all, nil
}
