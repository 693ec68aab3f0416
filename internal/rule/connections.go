package rule

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/internal/state"
)

// keptConnection is a connection as it is stored: its Auth is sealed.
type keptConnection struct {
	Connection
	Sealed []byte
}

// sealContext binds what is sealed to its connection.
func (c *Connection) sealContext() []byte { return []byte(string(connections) + " " + c.ARN()) }

// keep makes a connection ready to be stored.
func (s *Store) keep(c Connection) (keptConnection, error) {
	plain, err := json.Marshal(c.Auth)
	if err != nil {
		return keptConnection{}, err
	}
	sealed := s.key.Seal(plain, c.sealContext())
	c.Auth = Auth{} // c is a copy, and what is kept beside the seal is in the clear
	return keptConnection{Connection: c, Sealed: sealed}, nil
}

// open returns a connection with its secrets.
func (s *Store) open(k keptConnection) (Connection, error) {
	c := k.Connection
	plain, err := s.key.Open(k.Sealed, c.sealContext())
	if err == nil {
		err = json.Unmarshal(plain, &c.Auth)
	}
	if err != nil {
		return Connection{}, fmt.Errorf("open connection %s: %w", c.ARN(), err)
	}
	return c, nil
}

// redact blanks what is secret.
func (c *Connection) redact() {
	c.Auth.Secret = ""
	for _, parameters := range []Parameters{c.Auth.Token, c.Auth.Invocation} {
		for _, list := range [][]Parameter{parameters.Headers, parameters.Query, parameters.Body} {
			for i := range list {
				if list[i].Secret {
					list[i].Value = ""
				}
			}
		}
	}
}

// show returns a connection without its secrets.
func (s *Store) show(k keptConnection) (Connection, error) {
	c, err := s.open(k)
	c.redact()
	return c, err
}

func getConnection(tx *state.Tx, at Scope, name string) (keptConnection, error) {
	k, _, err := connections.Get(tx, at.key(name))
	if errors.Is(err, state.ErrNotFound) {
		return k, refuse(NotFound, "Failed to describe the connection(s). Connection '%s' does not exist.", name)
	}
	return k, err
}

// CreateConnection makes a connection, which gets an ID, and returns it.
func (s *Store) CreateConnection(c Connection) (Connection, error) {
	c.ID, c.Created = uuid.NewString(), time.Now().UTC()
	c.Changed, c.Authorized = c.Created, c.Created
	if err := c.check(); err != nil {
		return Connection{}, err
	}
	k, err := s.keep(c)
	if err != nil {
		return Connection{}, err
	}
	err = s.state.Update(func(tx *state.Tx) error {
		if err := hasRoom(tx, string(connections), c.Scope, MaxConnections); err != nil {
			return err
		}
		_, err := connections.Create(tx, c.key(c.Name), k)
		if errors.Is(err, state.ErrExists) {
			return refuse(Exists, "Connection %s already exists.", c.Name)
		}
		return err
	})
	if err != nil {
		return Connection{}, err
	}
	return s.show(k)
}

// changeConnection lets f change a connection that it sees with its secrets.
func (s *Store) changeConnection(at Scope, name string, f func(*Connection) error) (Connection, error) {
	var k keptConnection
	err := s.state.Update(func(tx *state.Tx) (err error) {
		if k, err = getConnection(tx, at, name); err != nil {
			return err
		}
		c, err := s.open(k)
		if err != nil {
			return err
		}
		if err := f(&c); err != nil {
			return err
		}
		if k, err = s.keep(c); err != nil {
			return err
		}
		_, err = connections.Put(tx, at.key(name), k)
		return err
	})
	if err != nil {
		return Connection{}, err
	}
	return s.show(k)
}

// ChangeConnection lets f change a connection's Description and Auth, which f
// sees with its secrets, and authorizes it again. f is called once.
func (s *Store) ChangeConnection(at Scope, name string, f func(*Connection) error) (Connection, error) {
	return s.changeConnection(at, name, func(c *Connection) error {
		was := *c
		if err := f(c); err != nil {
			return err
		}
		c.Scope, c.Name, c.ID, c.Created = was.Scope, was.Name, was.ID, was.Created
		c.Changed = time.Now().UTC()
		c.Authorized = c.Changed
		return c.check()
	})
}

// Deauthorize forgets what a connection proves itself with.
func (s *Store) Deauthorize(at Scope, name string) (Connection, error) {
	return s.changeConnection(at, name, func(c *Connection) error {
		c.Auth = Auth{Kind: c.Auth.Kind}
		c.Changed, c.Authorized = time.Now().UTC(), time.Time{}
		return nil
	})
}

// DeleteConnection removes a connection and returns what it was. Destinations
// that use it stay, and fail.
func (s *Store) DeleteConnection(at Scope, name string) (Connection, error) {
	var k keptConnection
	err := s.state.Update(func(tx *state.Tx) (err error) {
		if k, err = getConnection(tx, at, name); err != nil {
			return err
		}
		return remove(tx, connections, at.key(name))
	})
	if err != nil {
		return Connection{}, err
	}
	return s.show(k)
}

// Connection returns a connection without its secrets, or ErrNotFound.
func (s *Store) Connection(at Scope, name string) (Connection, error) {
	c, err := s.secretConnection(at, name)
	c.redact()
	return c, err
}

func (s *Store) secretConnection(at Scope, name string) (c Connection, err error) {
	err = s.state.View(func(tx *state.Tx) error {
		k, err := getConnection(tx, at, name)
		if err != nil {
			return err
		}
		c, err = s.open(k)
		return err
	})
	return c, err
}

// Connections lists connections as List does rules.
func (s *Store) Connections(at Scope, prefix, after string, limit int) (all []Connection, more bool, err error) {
	kept, more, err := page(s, connections, cut{at, prefix, after, limit}, func(*keptConnection) bool { return true })
	if err != nil {
		return nil, false, err
	}
	for _, k := range kept {
		c, err := s.show(k)
		if err != nil {
			return nil, false, err
		}
		all = append(all, c)
	}
	return all, more, nil
}

// check holds a connection to EventBridge's rules.
func (c *Connection) check() error {
	a := &c.Auth
	switch {
	case !names.MatchString(c.Name):
		return invalid("The connection's name %q is not valid.", c.Name)
	case utf8.RuneCountInString(c.Description) > MaxDescription:
		return invalid("The description has more than %d characters.", MaxDescription)
	case a.Kind != APIKey && a.Kind != Basic && a.Kind != OAuth:
		return invalid("There is no authorization type %q.", a.Kind)
	case !isText(a.Name) || !isText(a.Secret):
		return invalid("What the connection authorizes itself with is missing or not valid.")
	}
	if a.Kind == APIKey {
		if err := checkHeader(a.Name, a.Secret); err != nil {
			return err
		}
	}
	if a.Kind == OAuth {
		if err := checkURL(a.TokenURL); err != nil || strings.Contains(a.TokenURL, "*") {
			return invalid("The authorization endpoint is not valid.")
		}
		if !slices.Contains([]string{"GET", "POST", "PUT"}, a.TokenMethod) {
			return invalid("Tokens cannot be asked for with %q.", a.TokenMethod)
		}
	}
	for _, p := range []Parameters{a.Token, a.Invocation} {
		if err := p.check(); err != nil {
			return err
		}
	}
	return nil
}

func (p *Parameters) check() error {
	for _, list := range [][]Parameter{p.Headers, p.Query, p.Body} {
		if len(list) > maxHTTP {
			return invalid("There are more than %d HTTP parameters of a kind.", maxHTTP)
		}
		for _, one := range list {
			if one.Key == "" || len(one.Key) > maxHTTPText || len(one.Value) > maxHTTPText {
				return invalid("The HTTP parameter %q is not valid.", one.Key)
			}
		}
	}
	for _, h := range p.Headers {
		if err := checkHeader(h.Key, h.Value); err != nil {
			return err
		}
	}
	return nil
}

// isText reports whether a text can be a name or a secret.
func isText(s string) bool {
	return s != "" && len(s) <= maxHTTPText && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}
