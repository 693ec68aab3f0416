package topic

import (
	"regexp"
	"strings"

	"github.com/cairn-audit/cairn/internal/region"
)

// ARN is the name of a topic, or with an ID of one of its subscriptions.
type ARN struct {
	Partition, Region, Account, Name string
	ID                               string
}

var (
	topicName  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)
	identifier = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// NewARN is the ARN of a topic. The error is a *Refusal where topics cannot have
// that name.
func NewARN(regionName, account, name string) (ARN, error) {
	if strings.HasSuffix(name, ".fifo") {
		return ARN{}, invalid("Topic Name: this endpoint has no FIFO topics")
	}
	if !topicName.MatchString(name) {
		return ARN{}, invalid("Topic Name")
	}
	return ARN{Partition: region.Partition(regionName), Region: regionName, Account: account, Name: name}, nil
}

// ParseARN reads the ARN of a topic. The error is a *Refusal, about the
// parameter of that name.
func ParseARN(text, parameter string) (ARN, error) {
	return parse(text, parameter, 6)
}

// ParseSubscriptionARN reads the ARN of a subscription, as ParseARN does.
func ParseSubscriptionARN(text, parameter string) (ARN, error) {
	return parse(text, parameter, 7)
}

func parse(text, parameter string, want int) (ARN, error) {
	parts := strings.Split(text, ":")
	if len(parts) < 6 {
		return ARN{}, invalid("%s Reason: An ARN must have at least 6 elements, not %d", parameter, len(parts))
	}
	a := ARN{Partition: parts[1], Region: parts[3], Account: parts[4], Name: parts[5]}
	if len(parts) == 7 {
		a.ID = parts[6]
	}
	if len(parts) != want || parts[0] != "arn" || parts[2] != "sns" || !topicName.MatchString(a.Name) ||
		a.Partition != region.Partition(a.Region) || want == 7 && !identifier.MatchString(a.ID) {
		return ARN{}, invalid("%s", parameter)
	}
	return a, nil
}

// Topic is the ARN of the topic that a subscription is of.
func (a ARN) Topic() ARN {
	a.ID = ""
	return a
}

// of is the ARN of a subscription of the topic.
func (a ARN) of(id string) ARN {
	a.ID = id
	return a
}

func (a ARN) String() string {
	s := strings.Join([]string{"arn", a.Partition, "sns", a.Region, a.Account, a.Name}, ":")
	if a.ID != "" {
		s += ":" + a.ID
	}
	return s
}
