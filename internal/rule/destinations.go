package rule

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/internal/state"
)

// maxURL is the length of the longest endpoint.
const maxURL = 2048

// methods are those of destinations.
var methods = []string{"POST", "GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"}

// cutNamed reads the ARN of a connection or a destination.
func cutNamed(arn, kind string) (at Scope, name, id string, ok bool) {
	at, resource, ok := cutARN(arn)
	rest, is := strings.CutPrefix(resource, kind+"/")
	name, id, both := strings.Cut(rest, "/")
	return at, name, id, ok && is && both && names.MatchString(name) && id != ""
}

// CreateDestination makes a destination, which gets an ID, and returns it. The
// error is ErrNotFound where there is no such connection.
func (s *Store) CreateDestination(d Destination) (Destination, error) {
	d.ID, d.Created = uuid.NewString(), time.Now().UTC()
	d.Changed = d.Created
	err := s.state.Update(func(tx *state.Tx) error {
		if err := d.check(tx); err != nil {
			return err
		}
		if err := hasRoom(tx, string(destinations), d.Scope, MaxConnections); err != nil {
			return err
		}
		_, err := destinations.Create(tx, d.key(d.Name), d)
		if errors.Is(err, state.ErrExists) {
			return refuse(Exists, "An api-destination '%s' already exists.", d.Name)
		}
		return err
	})
	return d, err
}

// check holds a destination to EventBridge's rules.
func (d *Destination) check(tx *state.Tx) error {
	switch {
	case !names.MatchString(d.Name):
		return invalid("The API destination's name %q is not valid.", d.Name)
	case utf8.RuneCountInString(d.Description) > MaxDescription:
		return invalid("The description has more than %d characters.", MaxDescription)
	case checkURL(d.Endpoint) != nil:
		return invalid("Parameter InvocationEndpoint is not valid. Reason: it is no URL of HTTP or HTTPS.")
	case !slices.Contains(methods, d.Method):
		return invalid("Endpoints cannot be invoked with %q.", d.Method)
	case d.Rate < 0:
		return invalid("The rate limit is negative.")
	}
	at, name, id, ok := cutNamed(d.ConnectionARN, "connection")
	if !ok || at != d.Scope {
		return invalid("Parameter ConnectionArn is not valid.")
	}
	k, err := getConnection(tx, at, name)
	if err == nil && k.ID != id {
		return refuse(NotFound, "Connection '%s' does not exist.", d.ConnectionARN)
	}
	return err
}

// checkURL takes the URLs of endpoints. Asterisks may stand after the host.
func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return errors.New("it is no URL") // without the text, which may have a secret in it
	}
	if len(text) > maxURL || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" ||
		strings.Contains(u.Host, "*") || u.User != nil || u.Fragment != "" {
		return errors.New("it is no URL of an endpoint")
	}
	return nil
}

func getDestination(tx *state.Tx, at Scope, name string) (Destination, error) {
	d, _, err := destinations.Get(tx, at.key(name))
	if errors.Is(err, state.ErrNotFound) {
		return d, refuse(NotFound, "Failed to describe the api-destination(s). An api-destination '%s' does not exist.", name)
	}
	return d, err
}

// ChangeDestination lets f change a destination's Description, ConnectionARN,
// Endpoint, Method and Rate.
func (s *Store) ChangeDestination(at Scope, name string, f func(*Destination) error) (d Destination, err error) {
	err = s.state.Update(func(tx *state.Tx) (err error) {
		if d, err = getDestination(tx, at, name); err != nil {
			return err
		}
		was := d
		if err := f(&d); err != nil {
			return err
		}
		d.Scope, d.Name, d.ID, d.Created, d.Changed = was.Scope, was.Name, was.ID, was.Created, time.Now().UTC()
		if err := d.check(tx); err != nil {
			return err
		}
		_, err = destinations.Put(tx, at.key(name), d)
		return err
	})
	return d, err
}

// DeleteDestination removes a destination. The error may be ErrNotFound.
func (s *Store) DeleteDestination(at Scope, name string) error {
	return s.state.Update(func(tx *state.Tx) error {
		if _, err := getDestination(tx, at, name); err != nil {
			return err
		}
		return remove(tx, destinations, at.key(name))
	})
}

// Destination returns a destination, or ErrNotFound.
func (s *Store) Destination(at Scope, name string) (d Destination, err error) {
	err = s.state.View(func(tx *state.Tx) (err error) {
		d, err = getDestination(tx, at, name)
		return err
	})
	return d, err
}

// Destinations lists destinations as List does rules; with a connection's ARN,
// only those that use it.
func (s *Store) Destinations(at Scope, prefix, connectionARN, after string, limit int) (all []Destination, more bool, err error) {
	return page(s, destinations, cut{at, prefix, after, limit}, func(d *Destination) bool {
		return connectionARN == "" || d.ConnectionARN == connectionARN
	})
}

// Active reports whether the connection that a destination uses is there and
// authorized: whether EventBridge calls the destination ACTIVE.
func (s *Store) Active(d *Destination) (bool, error) {
	c, err := s.connectionOf(d)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil && !c.Authorized.IsZero(), err
}

// connectionOf returns the connection that a destination uses, with its secrets.
func (s *Store) connectionOf(d *Destination) (Connection, error) {
	at, name, id, ok := cutNamed(d.ConnectionARN, "connection")
	if !ok {
		return Connection{}, ErrNotFound
	}
	c, err := s.secretConnection(at, name)
	if err == nil && c.ID != id {
		return Connection{}, ErrNotFound
	}
	return c, err
}

// endpoint returns the destination of an ARN and its connection with the secrets.
// The error is ErrNotFound where either is not there.
func (s *Store) endpoint(arn string) (Destination, Connection, error) {
	at, name, id, ok := cutNamed(arn, "api-destination")
	if !ok {
		return Destination{}, Connection{}, ErrNotFound
	}
	d, err := s.Destination(at, name)
	if err == nil && d.ID != id {
		err = ErrNotFound
	}
	if err != nil {
		return d, Connection{}, err
	}
	c, err := s.connectionOf(&d)
	return d, c, err
}
