package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// answer is what PutAuditEvents says.
type answer struct {
	Successful []struct {
		ID      string `json:"id"`
		EventID string `json:"eventID"`
	} `json:"successful"`
	Failed []struct {
		ID      string `json:"id"`
		Code    string `json:"errorCode"`
		Message string `json:"errorMessage"`
	} `json:"failed"`
}

// sort puts the eventIDs into their places and returns the errors of the others,
// whose places in the caller's slice begin with first. An event that the answer
// does not name is not known to be recorded.
func (a *answer) sort(events []auditEvent, eventIDs []string, first int) []error {
	accepted := make(map[string]string, len(a.Successful))
	for _, s := range a.Successful {
		accepted[s.ID] = s.EventID
	}
	refused := make(map[string]*EventError, len(a.Failed))
	for _, f := range a.Failed {
		refused[f.ID] = &EventError{ID: f.ID, Code: f.Code, Message: f.Message}
	}
	var failures []error
	for i, e := range events {
		if eventIDs[i] = accepted[e.ID]; eventIDs[i] != "" {
			continue
		}
		if failure := refused[e.ID]; failure != nil {
			failure.Index = first + i
			failures = append(failures, failure)
			continue
		}
		failures = append(failures, fmt.Errorf("the answer to PutAuditEvents does not tell of event %s", e.ID))
	}
	return failures
}

// put sends a request, again where the retryer says so.
func (c *Client) put(ctx context.Context, events []auditEvent) (*answer, error) {
	body, err := marshal(map[string]any{"auditEvents": events})
	if err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	release := func(error) error { return nil }
	for attempt := 1; ; attempt++ {
		a, err := c.attempt(ctx, body)
		// The token of this attempt goes back; that says nothing of the answer.
		_ = release(err)
		if err == nil {
			return a, nil
		}
		limit := c.retryer.MaxAttempts()
		if limit > 0 && attempt >= limit || ctx.Err() != nil || !c.retryer.IsErrorRetryable(err) {
			return nil, err
		}
		delay, noDelay := c.retryer.RetryDelay(attempt, err)
		if noDelay != nil {
			return nil, err
		}
		var noToken error
		if release, noToken = c.retryer.GetRetryToken(ctx, err); noToken != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(delay):
		}
	}
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 4 << 20

func (c *Client) attempt(ctx context.Context, body []byte) (*answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "cairn-audit-go")
	credentials, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("get credentials: %w", err)
	}
	sum := sha256.Sum256(body)
	err = c.signer.SignHTTP(ctx, credentials, r, hex.EncodeToString(sum[:]), "cloudtrail-data", c.channel.Region, time.Now())
	if err != nil {
		return nil, fmt.Errorf("sign the request: %w", err)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, &lostError{err}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, &lostError{err}
	}
	if resp.StatusCode != http.StatusOK {
		return nil, refusal(resp, b)
	}
	var a answer
	if err := json.Unmarshal(b, &a); err != nil {
		return nil, fmt.Errorf("read the answer to PutAuditEvents, whose events may be recorded: %w", err)
	}
	return &a, nil
}

// refusal reads an error of the REST-JSON protocol.
func refusal(resp *http.Response, body []byte) *Error {
	var said struct {
		Type    string `json:"__type"`
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	// What is no JSON, a proxy's page perhaps, has the status to tell.
	_ = json.Unmarshal(body, &said)
	code := resp.Header.Get("X-Amzn-Errortype")
	for _, other := range []string{said.Code, said.Type, http.StatusText(resp.StatusCode)} {
		if code == "" {
			code = other
		}
	}
	code, _, _ = strings.Cut(code, ":") // a URL may follow
	code = code[strings.LastIndexByte(code, '#')+1:]
	return &Error{
		Code: code, Message: said.Message, Status: resp.StatusCode, RequestID: resp.Header.Get("X-Amzn-Requestid"),
	}
}
