package rule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	// maxTokenAnswer bounds the answer to a request for a token.
	maxTokenAnswer = 64 << 10
	// tokenMargin is how long before its end a token is no longer used.
	tokenMargin = 30 * time.Second
)

// token is the access token of a connection. Its lock is held while one is asked
// for, so that deliveries ask once.
type token struct {
	mu      sync.Mutex
	since   time.Time // when the connection was changed last
	value   string    // empty: none
	expires time.Time // zero: when it is refused
}

// authorize adds to a request what the connection proves itself with.
func (v *invoker) authorize(ctx context.Context, r *http.Request, c *Connection) error {
	switch a := &c.Auth; a.Kind {
	case APIKey:
		r.Header.Set(a.Name, a.Secret)
	case Basic:
		r.SetBasicAuth(a.Name, a.Secret)
	case OAuth:
		value, err := v.token(c).get(ctx, v.client, c)
		if err != nil {
			return fmt.Errorf("get an access token: %w", err)
		}
		r.Header.Set("Authorization", "Bearer "+value)
	}
	return nil
}

// token is a connection's. There are as many as there are connections that were
// used since the start.
func (v *invoker) token(c *Connection) *token {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tokens[c.ARN()]
	if t == nil {
		t = &token{}
		v.tokens[c.ARN()] = t
	}
	return t
}

// expire drops a token that an endpoint has refused.
func (v *invoker) expire(c *Connection) {
	if c.Auth.Kind != OAuth {
		return
	}
	t := v.token(c)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.value = ""
}

func (t *token) get(ctx context.Context, client *http.Client, c *Connection) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if t.value != "" && t.since.Equal(c.Changed) && (t.expires.IsZero() || now.Before(t.expires)) {
		return t.value, nil
	}
	value, lifetime, err := fetchToken(ctx, client, &c.Auth)
	if err != nil {
		return "", err
	}
	t.value, t.since, t.expires = value, c.Changed, time.Time{}
	if lifetime > 0 {
		t.expires = now.Add(max(lifetime-tokenMargin, lifetime/2))
	}
	return value, nil
}

// fetchToken asks for a token by the client credentials grant (RFC 6749, section
// 4.4). The connection's parameters come in place of those of the same name.
// Errors say nothing of what was sent or answered.
func fetchToken(ctx context.Context, client *http.Client, a *Auth) (value string, lifetime time.Duration, err error) {
	request, err := tokenRequest(ctx, a)
	if err != nil {
		return "", 0, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return "", 0, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxTokenAnswer))
	if err != nil {
		return "", 0, errors.New("the answer cannot be read")
	}
	if answer.StatusCode != http.StatusOK {
		return "", 0, fmt.Errorf("the authorization endpoint answered %d", answer.StatusCode)
	}
	var got struct {
		AccessToken string      `json:"access_token"`
		ExpiresIn   json.Number `json:"expires_in"`
	}
	if json.Unmarshal(body, &got) != nil || !isToken(got.AccessToken) {
		return "", 0, errors.New("the authorization endpoint answered without a token")
	}
	const longest = 365 * 24 * 3600
	if seconds, err := got.ExpiresIn.Float64(); err == nil && seconds > 0 {
		lifetime = time.Duration(min(seconds, longest) * float64(time.Second))
	}
	return got.AccessToken, lifetime, nil
}

// isToken reports whether a text can be sent as a bearer token.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func tokenRequest(ctx context.Context, a *Auth) (*http.Request, error) {
	u, err := url.Parse(a.TokenURL)
	if err != nil {
		return nil, errors.New("the authorization endpoint is no URL")
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {a.Name}, "client_secret": {a.Secret}}
	for _, p := range a.Token.Body {
		form.Set(p.Key, p.Value)
	}
	query := u.Query()
	for _, p := range a.Token.Query {
		query.Set(p.Key, p.Value)
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}}
	for _, p := range a.Token.Headers {
		if err := setHeader(header, p.Key, p.Value); err != nil {
			return nil, err
		}
	}
	body := form.Encode()
	switch {
	case a.TokenMethod == http.MethodGet:
		for name, values := range form {
			query[name] = values
		}
		body = ""
	case strings.HasPrefix(header.Get("Content-Type"), "application/json"):
		object := map[string]string{}
		for name := range form {
			object[name] = form.Get(name)
		}
		encoded, err := marshal(object)
		if err != nil {
			return nil, err
		}
		body = string(encoded)
	}
	u.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, a.TokenMethod, u.String(), strings.NewReader(body))
	if err != nil {
		return nil, errors.New("no request for a token can be made")
	}
	request.Header = header
	return request, nil
}
