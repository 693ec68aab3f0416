package rule

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/cairn-audit/cairn/internal/egress"
)

const (
	// invokeTime is what an endpoint has to answer ("a maximum client
	// execution timeout of 5 seconds", EventBridge User Guide).
	invokeTime = 5 * time.Second
	// maxAnswer is read of an answer, so that the connection can be used again.
	maxAnswer = 64 << 10
)

// invoker sends requests to API destinations.
type invoker struct {
	rules  *Store
	client *http.Client

	mu       sync.Mutex // guards what follows
	limiters map[string]*rate.Limiter
	tokens   map[string]*token
}

func newInvoker(rules *Store, o Options) *invoker {
	return &invoker{
		rules: rules,
		client: egress.NewClient(egress.Options{
			PublicOnly: o.PublicOnly, Own: o.Own, Timeout: invokeTime, PerHost: perLine, Transport: o.Transport,
		}),
		limiters: map[string]*rate.Limiter{}, tokens: map[string]*token{},
	}
}

// await waits until the rate of the destination that a target names lets one more
// request go.
func (v *invoker) await(ctx context.Context, t *Target) error {
	at, name, _, _ := cutNamed(t.ARN, "api-destination")
	d, err := v.rules.Destination(at, name)
	if errors.Is(err, ErrNotFound) {
		return nil // invoke says so
	}
	if err != nil {
		return err
	}
	return v.limiter(&d).Wait(ctx)
}

// invoke sends an input to the destination that a target names. It does not wait
// for the destination's rate: see await.
func (v *invoker) invoke(ctx context.Context, t *Target, o *occasion, input []byte) error {
	d, c, err := v.rules.endpoint(t.ARN)
	if errors.Is(err, ErrNotFound) {
		v.forget(t.ARN, d.ConnectionARN)
		return fmt.Errorf("%w: the destination or its connection is gone", ErrFinal)
	}
	if err != nil {
		return err
	}
	if c.Authorized.IsZero() {
		return errors.New("the connection is not authorized")
	}
	ctx, cancel := context.WithTimeout(ctx, invokeTime)
	defer cancel()
	request, err := newInvocation(&d, &c, t, o, input)
	if err != nil {
		return err
	}
	request = request.WithContext(ctx)
	if err := v.authorize(ctx, request, &c); err != nil {
		return err
	}
	answer, err := v.client.Do(request)
	if errors.Is(err, egress.ErrForbidden) {
		return fmt.Errorf("%w: %w", ErrFinal, err)
	}
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer)
	if answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusProxyAuthRequired {
		v.expire(&c)
	}
	return judge(answer)
}

// judge says what an answer means: events are retried that were answered with
// "401, 407, 409, 429, and 5xx", after the time that Retry-After says where it is
// longer; "if Retry-After value is negative, EventBridge stops retrying" ("API
// destinations as targets", EventBridge User Guide).
func judge(answer *http.Response) error {
	status := answer.StatusCode
	err := fmt.Errorf("the endpoint answered %d", status)
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == 401, status == 407, status == 409, status == 429, status >= 500:
	default:
		return fmt.Errorf("%w: %w", ErrFinal, err)
	}
	after, told := retryAfter(answer.Header.Get("Retry-After"), time.Now())
	switch {
	case told && after < 0:
		return fmt.Errorf("%w: %w", ErrFinal, err)
	case told:
		return &delayed{err, after}
	}
	return err
}

// retryAfter reads the header: seconds, or a date (RFC 9110, section 10.2.3).
func retryAfter(value string, now time.Time) (after time.Duration, told bool) {
	const most = 1 << 31 // seconds; far beyond any event's age
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		return time.Duration(min(max(seconds, -1), most)) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0), true
	}
	return 0, false
}

// limiter is a destination's, at the rate that it has now.
func (v *invoker) limiter(d *Destination) *rate.Limiter {
	limit := rate.Limit(d.Rate)
	if d.Rate == 0 {
		limit = DefaultRate
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	l := v.limiters[d.ARN()]
	if l == nil {
		l = rate.NewLimiter(limit, 1)
		v.limiters[d.ARN()] = l
	}
	if l.Limit() != limit {
		l.SetLimit(limit)
	}
	return l
}

// forget drops what is known of a destination or a connection that is gone.
func (v *invoker) forget(destination, connection string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.limiters, destination)
	delete(v.tokens, connection)
}

// newInvocation is the request for an input, without what authorizes it. Where
// the connection and the target have parameters of the same name, the connection's
// are taken (API Reference, HttpParameters).
func newInvocation(d *Destination, c *Connection, t *Target, o *occasion, input []byte) (*http.Request, error) {
	p := t.HTTP
	if p == nil {
		p = &HTTPParameters{}
	}
	u, err := fillURL(d.Endpoint, p.PathValues, o)
	if err != nil {
		return nil, err
	}
	query := u.Query()
	for name, value := range p.Query {
		query.Set(name, o.dynamic(value))
	}
	for _, q := range c.Auth.Invocation.Query {
		query.Set(q.Key, q.Value)
	}
	u.RawQuery = query.Encode()
	var body io.Reader
	if d.Method != http.MethodGet && d.Method != http.MethodHead {
		body = bytes.NewReader(withBody(input, c.Auth.Invocation.Body))
	}
	request, err := http.NewRequest(d.Method, u.String(), body)
	if err != nil {
		return nil, fmt.Errorf("%w: no request can be made", ErrFinal)
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	for name, value := range p.Headers {
		if err := setHeader(request.Header, name, o.dynamic(value)); err != nil {
			return nil, err
		}
	}
	for _, h := range c.Auth.Invocation.Headers {
		if err := setHeader(request.Header, h.Key, h.Value); err != nil {
			return nil, err
		}
	}
	request.Header.Set("User-Agent", "Amazon/EventBridge/ApiDestinations")
	return request, nil
}

func setHeader(h http.Header, name, value string) error {
	if reserved(name) {
		return nil
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return fmt.Errorf("%w: the value of header %q cannot be one", ErrFinal, name)
	}
	h.Set(name, value)
	return nil
}

// dynamic is a parameter's value: what is found in the event where it is a path.
func (o *occasion) dynamic(value string) string {
	if !strings.HasPrefix(value, "$") {
		return value
	}
	p, err := parsePath(value)
	if err != nil {
		return value
	}
	found, ok := o.at(p)
	var text string
	if ok && json.Unmarshal(found, &text) == nil {
		return text
	}
	return string(found)
}

// fillURL puts path values into the places of a URL's asterisks.
func fillURL(endpoint string, values []string, o *occasion) (*url.URL, error) {
	where, query, _ := strings.Cut(endpoint, "?")
	fill := func(text string, escape func(string) string) (string, error) {
		var out strings.Builder
		for {
			before, after, found := strings.Cut(text, "*")
			out.WriteString(before)
			if !found {
				return out.String(), nil
			}
			value := "*"
			if len(values) > 0 {
				value, values = o.dynamic(values[0]), values[1:]
			}
			if value == "." || value == ".." {
				return "", fmt.Errorf("%w: a path value leads elsewhere", ErrFinal)
			}
			out.WriteString(escape(value))
			text = after
		}
	}
	path, err := fill(where, url.PathEscape)
	if err == nil {
		query, err = fill(query, url.QueryEscape)
	}
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(path)
	if err != nil {
		return nil, fmt.Errorf("%w: the endpoint is no URL", ErrFinal)
	}
	u.RawQuery = query
	return u, nil
}

// withBody adds parameters to a body that is a JSON object.
func withBody(input []byte, parameters []Parameter) []byte {
	var object map[string]json.RawMessage
	if len(parameters) == 0 || json.Unmarshal(input, &object) != nil || object == nil {
		return input
	}
	for _, p := range parameters {
		object[p.Key] = text(p.Value)
	}
	body, err := marshal(object)
	if err != nil {
		return input
	}
	return body
}
