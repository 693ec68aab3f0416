package audit

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// Client records events through a channel. It may be used by several goroutines.
type Client struct {
	url         string
	channel     arn.ARN
	credentials aws.CredentialsProvider
	http        aws.HTTPClient
	retryer     aws.Retryer
	signer      *v4.Signer
}

// NewClient makes a client of the channel with the given ARN. Of the
// configuration it takes the endpoint (BaseEndpoint; AWS's own where it has
// none), the credentials, the HTTP client and the retryer. The account and the
// Region are the channel's.
func NewClient(cfg aws.Config, channelARN string) (*Client, error) {
	channel, err := arn.Parse(channelARN)
	if err != nil || channel.Service != "cloudtrail" || !strings.HasPrefix(channel.Resource, "channel/") {
		return nil, fmt.Errorf("%q is not the ARN of a channel", channelARN)
	}
	if cfg.Credentials == nil {
		return nil, errors.New("the configuration has no credentials")
	}
	endpoint := aws.ToString(cfg.BaseEndpoint)
	if endpoint == "" {
		endpoint = "https://cloudtrail-data." + channel.Region + ".amazonaws.com"
		if channel.Partition == "aws-cn" {
			endpoint += ".cn"
		}
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is not the URL of an endpoint", endpoint)
	}
	u = u.JoinPath("PutAuditEvents")
	u.RawQuery = url.Values{"channelArn": {channelARN}}.Encode()
	c := &Client{
		url: u.String(), channel: channel, credentials: cfg.Credentials, http: cfg.HTTPClient, signer: v4.NewSigner(),
	}
	if c.http == nil {
		c.http = awshttp.NewBuildableClient()
	}
	if cfg.Retryer != nil {
		c.retryer = cfg.Retryer()
	} else {
		c.retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			if cfg.RetryMaxAttempts > 0 {
				o.MaxAttempts = cfg.RetryMaxAttempts
			}
		})
	}
	return c, nil
}

// Record records an event and returns the eventID under which it is found. When
// the error is nil, the event is durable; otherwise see the package's
// documentation. The context bounds the waiting: once it has ended, the event
// may be recorded or not.
func (c *Client) Record(ctx context.Context, e Event) (eventID string, err error) {
	ids, err := c.RecordAll(ctx, []Event{e})
	if err != nil {
		// A single event's error needs no list.
		if joined, ok := err.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) == 1 {
			err = joined.Unwrap()[0]
		}
		return "", err
	}
	return ids[0], nil
}

// Limits of a request (API Reference, PutAuditEvents). maxBytes is what is left
// of 1 MB for the events themselves.
const (
	maxEvents = 100
	maxBytes  = 1 << 20
)

// RecordAll records events, in as many requests as it needs, and returns their
// eventIDs, each at the place of its event. When the error is nil, all are
// durable. Otherwise those that have an eventID are, and the error joins an
// *EventError for each one that was not accepted with the error of the request
// that failed, if one did: no later one is then made.
func (c *Client) RecordAll(ctx context.Context, events []Event) (eventIDs []string, err error) {
	now := time.Now()
	encoded := make([]auditEvent, len(events))
	ids := make(map[string]bool, len(events))
	for i, e := range events {
		if encoded[i], err = e.encode(c.channel.AccountID, now); err != nil {
			return make([]string, len(events)), err
		}
		if ids[encoded[i].ID] {
			return make([]string, len(events)), fmt.Errorf("two events have the id %s", encoded[i].ID)
		}
		ids[encoded[i].ID] = true
	}
	eventIDs = make([]string, len(events))
	var failures []error
	for begin := 0; begin < len(encoded); {
		end := batch(encoded, begin)
		answer, err := c.put(ctx, encoded[begin:end])
		if err != nil {
			failures = append(failures, err)
			break
		}
		failures = append(failures, answer.sort(encoded[begin:end], eventIDs[begin:end], begin)...)
		begin = end
	}
	return eventIDs, errors.Join(failures...)
}

// batch returns where the request ends that begins with an event. It has one
// event at least, however large: what is too large is for the service to say.
func batch(events []auditEvent, begin int) int {
	size, end := 0, begin
	for end < len(events) && end-begin < maxEvents {
		if size += events[end].size(); size > maxBytes && end > begin {
			break
		}
		end++
	}
	return end
}
