package topic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/egress"
)

// Limits on an attempt. An endpoint that takes longer has failed, as in SNS.
const (
	attemptTime = 15 * time.Second
	maxAnswer   = 64 << 10 // read, so that the connection can be used again
)

// poster sends parcels.
type poster struct{ client *http.Client }

func newPoster(o Options) *poster {
	return &poster{client: egress.NewClient(egress.Options{
		PublicOnly: o.PublicOnly, Own: o.Own, Timeout: attemptTime, PerHost: perLine, Transport: o.Transport,
	})}
}

// rejection is an answer after which an attempt is not made again.
type rejection struct{ status int }

func (r *rejection) Error() string { return fmt.Sprintf("the endpoint answered %d", r.status) }

// send delivers a parcel. The error is a *rejection or egress.ErrForbidden where it is
// of no use to try again: "client-side errors are not retried", but for 429 (SNS
// Developer Guide, "Message delivery retries").
func (p *poster) send(ctx context.Context, out *parcel) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, out.url, strings.NewReader(out.body))
	if err != nil {
		return fmt.Errorf("%w: %w", egress.ErrForbidden, err)
	}
	request.Header = out.header
	answer, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer)
	switch status := answer.StatusCode; {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusTooManyRequests || status >= 500:
		return fmt.Errorf("the endpoint answered %d", status)
	default:
		return &rejection{status}
	}
}

// final reports whether an attempt that failed so is not to be made again.
func final(err error) bool {
	var r *rejection
	return errors.As(err, &r) || errors.Is(err, egress.ErrForbidden)
}
