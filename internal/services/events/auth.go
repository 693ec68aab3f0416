package events

import (
	"cmp"

	"github.com/cairn-audit/cairn/internal/rule"
)

// credentials are where a request has what a kind of authorization needs, by the
// names of the model.
var credentials = map[rule.AuthKind]struct {
	in           string   // the member of AuthParameters
	deep         []string // where in it the two stand
	name, secret string
}{
	rule.APIKey: {in: "ApiKeyAuthParameters", name: "ApiKeyName", secret: "ApiKeyValue"},
	rule.Basic:  {in: "BasicAuthParameters", name: "Username", secret: "Password"},
	rule.OAuth:  {in: "OAuthParameters", deep: []string{"ClientParameters"}, name: "ClientID", secret: "ClientSecret"},
}

// setAuth changes how a connection proves itself, as the request says. What it
// does not say stays, if the kind of authorization does.
func (r *request) setAuth(a *rule.Auth) error {
	kind := cmp.Or(rule.AuthKind(r.params.text("AuthorizationType")), a.Kind)
	if err := oneOf(kind, "authorizationType", rule.Basic, rule.OAuth, rule.APIKey); err != nil {
		return err
	}
	given := r.params.in("AuthParameters")
	if kind != a.Kind {
		*a = rule.Auth{Kind: kind, Invocation: a.Invocation}
	}
	for other, c := range credentials {
		if other != kind && given.given(c.in) {
			return invalid("Parameter AuthParameters is not valid. Reason: %s is not for authorization type %s.", c.in, kind)
		}
	}
	c := credentials[kind]
	own := given.in(c.in)
	who := own
	for _, member := range c.deep {
		who = who.in(member)
	}
	a.Name, a.Secret = cmp.Or(who.text(c.name), a.Name), cmp.Or(who.text(c.secret), a.Secret)
	if a.Name == "" || a.Secret == "" {
		return invalid("Parameter AuthParameters is not valid. Reason: Authorization type %s needs %s with %s and %s.", kind, c.in, c.name, c.secret)
	}
	if kind == rule.OAuth {
		if err := setOAuth(a, own); err != nil {
			return err
		}
	}
	if given.given("InvocationHttpParameters") {
		a.Invocation = readParameters(given.in("InvocationHttpParameters"))
	}
	return nil
}

func setOAuth(a *rule.Auth, own params) error {
	a.TokenURL = cmp.Or(own.text("AuthorizationEndpoint"), a.TokenURL)
	a.TokenMethod = cmp.Or(own.text("HttpMethod"), a.TokenMethod)
	if own.given("OAuthHttpParameters") {
		a.Token = readParameters(own.in("OAuthHttpParameters"))
	}
	if a.TokenURL == "" {
		return invalid("Parameter AuthParameters is not valid. Reason: OAuthParameters needs an AuthorizationEndpoint.")
	}
	return oneOf(a.TokenMethod, "authParameters.oAuthParameters.httpMethod", "GET", "POST", "PUT")
}

func readParameters(in params) rule.Parameters {
	read := func(name string) []rule.Parameter {
		var all []rule.Parameter
		for _, p := range in.list(name) {
			all = append(all, rule.Parameter{Key: p.text("Key"), Value: p.text("Value"), Secret: p.flag("IsValueSecret")})
		}
		return all
	}
	return rule.Parameters{Headers: read("HeaderParameters"), Query: read("QueryStringParameters"), Body: read("BodyParameters")}
}

// showAuth shows what is not secret.
func showAuth(a *rule.Auth) answer {
	out := answer{}
	c, ok := credentials[a.Kind]
	if !ok {
		return out
	}
	own := answer{}
	who := own
	for _, member := range c.deep {
		inner := answer{}
		who[member], who = inner, inner
	}
	who[c.name] = a.Name
	if a.Kind == rule.OAuth {
		own["AuthorizationEndpoint"], own["HttpMethod"] = a.TokenURL, a.TokenMethod
		showParameters(own, "OAuthHttpParameters", &a.Token)
	}
	out[c.in] = own
	showParameters(out, "InvocationHttpParameters", &a.Invocation)
	return out
}

// showParameters adds parameters to an answer, if there are any. A value that is
// secret is left out.
func showParameters(to answer, name string, p *rule.Parameters) {
	out := answer{}
	for member, list := range map[string][]rule.Parameter{
		"HeaderParameters": p.Headers, "QueryStringParameters": p.Query, "BodyParameters": p.Body,
	} {
		var all []any
		for _, one := range list {
			shown := answer{"Key": one.Key, "IsValueSecret": one.Secret}
			if !one.Secret {
				shown["Value"] = one.Value
			}
			all = append(all, shown)
		}
		if all != nil {
			out[member] = all
		}
	}
	if len(out) > 0 {
		to[name] = out
	}
}
