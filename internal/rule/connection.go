package rule

import (
	"log/slog"
	"time"
)

// AuthKind is how a connection proves itself to an endpoint.
type AuthKind string

// The kinds of authorization.
const (
	APIKey AuthKind = "API_KEY"
	Basic  AuthKind = "BASIC"
	OAuth  AuthKind = "OAUTH_CLIENT_CREDENTIALS"
)

// MaxConnections is how many connections, and how many destinations, an
// account's Region can have.
const MaxConnections = 3000

// Connection is how API destinations are authorized.
type Connection struct {
	Scope
	Name, ID, Description string
	// Auth is empty after Deauthorize. What is secret in it is blank in what
	// the Store returns.
	Auth                         Auth
	Created, Changed, Authorized time.Time
}

// ARN is the connection's.
func (c *Connection) ARN() string { return c.arn("connection/" + c.Name + "/" + c.ID) }

// State is what EventBridge calls the connection's state.
func (c *Connection) State() string {
	if c.Authorized.IsZero() {
		return "DEAUTHORIZED"
	}
	return "AUTHORIZED"
}

// Auth is how a connection proves itself. It never shows in a log.
type Auth struct {
	Kind AuthKind
	// Name and Secret are the API key's name and value, the user's name and
	// password, or the client's ID and secret.
	Name, Secret string
	// For OAuth: where a token is asked for, by which method, and what is
	// added to that request.
	TokenURL, TokenMethod string
	Token                 Parameters
	// Invocation is added to each request to the endpoint.
	Invocation Parameters
}

// LogValue keeps secrets out of logs.
func (a Auth) LogValue() slog.Value { return slog.StringValue(string(a.Kind)) }

// String keeps secrets out of texts.
func (a Auth) String() string { return string(a.Kind) }

// Parameters are added to a request, in place of what it has of the same name. Body
// is for bodies that are JSON objects, and for requests for tokens.
type Parameters struct{ Headers, Query, Body []Parameter }

// Parameter is one of them. A value that is Secret is never shown again.
type Parameter struct {
	Key, Value string
	Secret     bool
}

// Destination is an endpoint, an "API destination".
type Destination struct {
	Scope
	Name, ID, Description string
	ConnectionARN         string
	// Endpoint is the URL. Each asterisk in it is a path value of the target.
	Endpoint, Method string
	// Rate is how many requests there are in a second at most, across all
	// targets; 0 stands for DefaultRate.
	Rate             int
	Created, Changed time.Time
}

// DefaultRate is EventBridge's.
const DefaultRate = 300

// ARN is the destination's.
func (d *Destination) ARN() string { return d.arn("api-destination/" + d.Name + "/" + d.ID) }
