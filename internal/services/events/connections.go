package events

import (
	"time"

	"github.com/cairn-audit/cairn/internal/rule"
)

var connectionOperations = map[string]operation{
	"CreateConnection":      createConnection,
	"UpdateConnection":      updateConnection,
	"DeleteConnection":      deleteConnection,
	"DeauthorizeConnection": deauthorizeConnection,
	"DescribeConnection":    describeConnection,
	"ListConnections":       listConnections,
}

func createConnection(r *request) (answer, error) {
	if err := r.unsupported(); err != nil {
		return nil, err
	}
	c := rule.Connection{Scope: r.scope, Name: r.params.text("Name"), Description: r.params.text("Description")}
	if err := r.setAuth(&c.Auth); err != nil {
		return nil, err
	}
	made, err := r.rules().CreateConnection(c)
	if err != nil {
		return nil, err
	}
	return showState(&made, made.State(), false), nil
}

// unsupported refuses what a connection would seem to have and would not.
func (r *request) unsupported() error {
	switch {
	case r.params.text("KmsKeyIdentifier") != "":
		return invalid("Parameter KmsKeyIdentifier is not valid. Reason: Secrets are sealed with the server's master key, and with no other.")
	case r.params.given("InvocationConnectivityParameters"), r.params.in("AuthParameters").given("ConnectivityParameters"):
		return invalid("Parameter InvocationConnectivityParameters is not valid. Reason: The built-in EventBridge reaches endpoints without VPC Lattice.")
	}
	return nil
}

func updateConnection(r *request) (answer, error) {
	if err := r.unsupported(); err != nil {
		return nil, err
	}
	changed, err := r.rules().ChangeConnection(r.scope, r.params.text("Name"), func(c *rule.Connection) error {
		if r.params.given("Description") {
			c.Description = r.params.text("Description")
		}
		return r.setAuth(&c.Auth)
	})
	if err != nil {
		return nil, err
	}
	return showState(&changed, changed.State(), true), nil
}

func deleteConnection(r *request) (answer, error) {
	was, err := r.rules().DeleteConnection(r.scope, r.params.text("Name"))
	if err != nil {
		return nil, err
	}
	return showState(&was, "DELETING", true), nil
}

func deauthorizeConnection(r *request) (answer, error) {
	c, err := r.rules().Deauthorize(r.scope, r.params.text("Name"))
	if err != nil {
		return nil, err
	}
	return showState(&c, c.State(), true), nil
}

func describeConnection(r *request) (answer, error) {
	c, err := r.rules().Connection(r.scope, r.params.text("Name"))
	if err != nil {
		return nil, err
	}
	out := showConnection(&c)
	setText(out, "Description", c.Description)
	if auth := showAuth(&c.Auth); len(auth) > 0 {
		out["AuthParameters"] = auth
	}
	return out, nil
}

// listConnections reads on where a page has too few of the state asked for.
func listConnections(r *request) (answer, error) {
	state := r.params.text("ConnectionState")
	return page(r, "Connections", func(after string, limit int) ([]rule.Connection, bool, error) {
		var found []rule.Connection
		for {
			all, more, err := r.rules().Connections(r.scope, r.params.text("NamePrefix"), after, limit)
			if err != nil {
				return nil, false, err
			}
			for i := range all {
				if after = all[i].Name; state != "" && all[i].State() != state {
					continue
				}
				if found = append(found, all[i]); len(found) == limit {
					return found, more || i < len(all)-1, nil
				}
			}
			if !more {
				return found, false, nil
			}
		}
	}, func(c *rule.Connection) (string, any, error) { return c.Name, showConnection(c), nil })
}

func showConnection(c *rule.Connection) answer {
	out := showState(c, c.State(), true)
	out["Name"] = c.Name
	setText(out, "AuthorizationType", string(c.Auth.Kind))
	return out
}

// showState is what the calls that change a connection answer.
func showState(c *rule.Connection, state string, authorized bool) answer {
	out := answer{
		"ConnectionArn": c.ARN(), "ConnectionState": state, "CreationTime": c.Created, "LastModifiedTime": c.Changed,
	}
	if authorized {
		setTime(out, "LastAuthorizedTime", c.Authorized)
	}
	return out
}

func setTime(to answer, name string, t time.Time) {
	if !t.IsZero() {
		to[name] = t
	}
}
