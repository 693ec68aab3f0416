package loggroup

import (
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/cairn-audit/cairn/internal/state"
)

// Errors on which a caller decides. They are wrapped with the name.
var (
	ErrNoGroup      = errors.New("the log group does not exist")
	ErrNoStream     = errors.New("the log stream does not exist")
	ErrGroupExists  = errors.New("the log group exists already")
	ErrStreamExists = errors.New("the log stream exists already")
)

// The kinds of what is kept.
const (
	groups  = state.Kind[Group]("loggroup")   // by scope and name
	streams = state.Kind[Stream]("logstream") // by the group's id and the name
	batches = "logbatch"                      // by the stream's id, time and number
	garbage = state.Kind[struct{}]("loggarbage")
)

// Scope is whose log groups, and where.
type Scope struct{ Account, Region string }

func (s Scope) prefix() string { return s.Account + "/" + s.Region + "/" }

// Group is a log group.
type Group struct {
	ID      string
	Name    string
	Created time.Time
	// RetentionDays is how long events are kept, 0 for ever.
	RetentionDays   int    `json:",omitempty"`
	Class, KMSKeyID string `json:",omitempty"`
	Protected       bool   `json:",omitempty"`
	Tags            map[string]string
}

// ARN is the group's, without the ":*" that some answers add.
func (g *Group) ARN(s Scope) string {
	return "arn:aws:logs:" + s.Region + ":" + s.Account + ":log-group:" + g.Name
}

// Stream is a log stream. Times of events are zero while there are none.
type Stream struct {
	ID                  string
	Name                string
	Created             time.Time
	First, Last, Stored time.Time
	// Bytes counts what was put, as the API counts it.
	Bytes int64
	// Batches counts the batches ever put.
	Batches uint64
}

// Store keeps log groups. It may be used by goroutines at once.
type Store struct {
	state  *state.Store
	packer *zstd.Encoder
	opener *zstd.Decoder

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when something is to be swept; guarded by mu
}

// New makes a store that keeps its groups in a state store, which should be none
// that also keeps small things: log events may take much room.
func New(s *state.Store) (*Store, error) {
	packer, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("open the log groups: %w", err)
	}
	opener, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxUnpacked), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("open the log groups: %w", err)
	}
	return &Store{state: s, packer: packer, opener: opener, changed: make(chan struct{})}, nil
}

// newID makes the id of a group or a stream.
func newID() string { return rand.Text() }

// CreateGroup makes a log group, or fails with ErrGroupExists.
func (s *Store) CreateGroup(in Scope, g Group) error {
	g.ID = newID()
	err := s.state.Update(func(tx *state.Tx) error {
		_, err := groups.Create(tx, in.prefix()+g.Name, g)
		return err
	})
	if errors.Is(err, state.ErrExists) {
		return fmt.Errorf("create the log group %s: %w", g.Name, ErrGroupExists)
	}
	return err
}

// Group returns a log group, or ErrNoGroup.
func (s *Store) Group(in Scope, name string) (g Group, err error) {
	err = s.state.View(func(tx *state.Tx) error {
		g, _, err = group(tx, in, name)
		return err
	})
	return g, err
}

func group(tx *state.Tx, in Scope, name string) (Group, uint64, error) {
	g, version, err := groups.Get(tx, in.prefix()+name)
	if errors.Is(err, state.ErrNotFound) {
		err = fmt.Errorf("log group %s: %w", name, ErrNoGroup)
	}
	return g, version, err
}

// ChangeGroup changes a log group's settings, but for its id and its name.
func (s *Store) ChangeGroup(in Scope, name string, change func(*Group) error) error {
	return s.state.Update(func(tx *state.Tx) error {
		g, version, err := group(tx, in, name)
		if err != nil {
			return err
		}
		if err := change(&g); err != nil {
			return err
		}
		_, err = groups.Update(tx, in.prefix()+name, version, g)
		return err
	})
}

// DeleteGroup deletes a log group with all that is in it.
func (s *Store) DeleteGroup(in Scope, name string) error {
	defer s.wake()
	return s.state.Update(func(tx *state.Tx) error {
		g, version, err := group(tx, in, name)
		if err != nil {
			return err
		}
		all, err := collect(streams.List(tx, g.ID+":"))
		if err != nil {
			return err
		}
		for _, st := range all {
			if err := dropStream(tx, st); err != nil {
				return err
			}
		}
		return groups.Delete(tx, in.prefix()+name, version)
	})
}

// Groups lists the groups whose names begin with a prefix, by name.
func (s *Store) Groups(in Scope, namePrefix string) (list []Group, err error) {
	err = s.state.View(func(tx *state.Tx) error {
		all, err := collect(groups.List(tx, in.prefix()+namePrefix))
		for _, g := range all {
			list = append(list, g.Value)
		}
		return err
	})
	return list, err
}

// CreateStream makes a log stream. The error is ErrNoGroup or ErrStreamExists.
func (s *Store) CreateStream(in Scope, groupName, name string, now time.Time) error {
	return s.state.Update(func(tx *state.Tx) error {
		g, _, err := group(tx, in, groupName)
		if err != nil {
			return err
		}
		_, err = streams.Create(tx, g.ID+":"+name, Stream{ID: newID(), Name: name, Created: now})
		if errors.Is(err, state.ErrExists) {
			return fmt.Errorf("create the log stream %s: %w", name, ErrStreamExists)
		}
		return err
	})
}

func stream(tx *state.Tx, g *Group, name string) (Stream, uint64, error) {
	st, version, err := streams.Get(tx, g.ID+":"+name)
	if errors.Is(err, state.ErrNotFound) {
		err = fmt.Errorf("log stream %s: %w", name, ErrNoStream)
	}
	return st, version, err
}

// DeleteStream deletes a log stream with its events.
func (s *Store) DeleteStream(in Scope, groupName, name string) error {
	defer s.wake()
	return s.state.Update(func(tx *state.Tx) error {
		g, _, err := group(tx, in, groupName)
		if err != nil {
			return err
		}
		st, version, err := stream(tx, &g, name)
		if err != nil {
			return err
		}
		return dropStream(tx, state.Typed[Stream]{Key: g.ID + ":" + name, Version: version, Value: st})
	})
}

// dropStream forgets a stream and leaves its batches to Run.
func dropStream(tx *state.Tx, st state.Typed[Stream]) error {
	if _, err := garbage.Put(tx, st.Value.ID, struct{}{}); err != nil {
		return err
	}
	return streams.Delete(tx, st.Key, st.Version)
}

// Streams lists the streams of a group whose names begin with a prefix, by name.
func (s *Store) Streams(in Scope, groupName, namePrefix string) (list []Stream, err error) {
	err = s.state.View(func(tx *state.Tx) error {
		g, _, err := group(tx, in, groupName)
		if err != nil {
			return err
		}
		all, err := collect(streams.List(tx, g.ID+":"+namePrefix))
		for _, st := range all {
			list = append(list, st.Value)
		}
		return err
	})
	return list, err
}

func collect[T any](seq iter.Seq2[state.Typed[T], error]) ([]state.Typed[T], error) {
	var all []state.Typed[T]
	for item, err := range seq {
		if err != nil {
			return nil, err
		}
		all = append(all, item)
	}
	return all, nil
}
