// Package remote is the SNS and the CloudWatch Logs of another endpoint, AWS's own
// or one that speaks as it does, as trails deliver to them.
//
// Cairn calls them with credentials of its own, whoever made the trail. So it asks,
// where it may, whether a topic's owner lets CloudTrail publish, and whether the log
// group is the one that the trail names: a caller who may make trails must not reach
// with Cairn's credentials what is not meant for trails.
package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// The reasons why a check says no. They are wrapped with what is missing; any other
// error says that nobody could be asked.
var (
	ErrNoTopic = errors.New("the topic does not exist")
	ErrPolicy  = errors.New("the topic's policy does not let CloudTrail publish")
	ErrNoGroup = errors.New("the log group does not exist")
)

// Service says where a service is and who Cairn is there.
type Service struct {
	// Endpoint is its URL; "" is AWS's in the Region.
	Endpoint string
	// Region signs the requests; "" is that of the topic or the log group.
	Region      string
	Credentials aws.CredentialsProvider
}

const (
	// checkTime bounds a check: somebody waits for its answer.
	checkTime = 10 * time.Second
	// attempts are those of one call. Deliveries are repeated by their callers,
	// with longer and longer pauses.
	attempts = 2
)

// load reads the SDK's configuration, of which the certificates that are trusted
// count. Its endpoints do not, see base: in the shell of `cairn env` they are
// Cairn's own, which would record its deliveries and deliver them again.
func (s *Service) load(ctx context.Context) (aws.Config, error) {
	c, err := config.LoadDefaultConfig(ctx, config.WithRegion("us-east-1"),
		config.WithCredentialsProvider(s.Credentials), config.WithRetryMaxAttempts(attempts))
	if err != nil {
		return c, fmt.Errorf("configure a client: %w", err)
	}
	return c, nil
}

// base is the endpoint, nil for AWS's own.
func (s *Service) base() *string {
	if s.Endpoint == "" {
		return nil
	}
	return &s.Endpoint
}

// regionOf is the Region to call for a resource.
func (s *Service) regionOf(a arn) string {
	if s.Region != "" {
		return s.Region
	}
	return a.region
}

// arn is the name of a topic or of a log group.
type arn struct{ region, account, name string }

// readARN reads an ARN of a service; kind is what stands before the name, as in
// "log-group:".
func readARN(text, service, kind string) (arn, error) {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) == 6 && parts[2] == service {
		if name, ok := strings.CutPrefix(parts[5], kind); ok && name != "" {
			return arn{region: parts[3], account: parts[4], name: strings.TrimSuffix(name, ":*")}, nil
		}
	}
	return arn{}, fmt.Errorf("%q is not an ARN of %s", text, service)
}

// coded is an error of an answer; the SDK's have it.
type coded interface{ ErrorCode() string }

// codeOf is the error code of an answer, "" where there was none.
func codeOf(err error) string {
	var c coded
	if errors.As(err, &c) {
		return c.ErrorCode()
	}
	return ""
}
