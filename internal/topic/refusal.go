package topic

import "fmt"

// Reason is why a request is refused, by the name of the error in SNS's model.
type Reason string

// The reasons.
const (
	InvalidParameter          Reason = "InvalidParameterException"
	ParameterValueInvalid     Reason = "InvalidParameterValueException"
	NotFound                  Reason = "NotFoundException"
	ResourceNotFound          Reason = "ResourceNotFoundException"
	AuthorizationError        Reason = "AuthorizationErrorException"
	TopicLimitExceeded        Reason = "TopicLimitExceededException"
	SubscriptionLimitExceeded Reason = "SubscriptionLimitExceededException"
	FilterPolicyLimitExceeded Reason = "FilterPolicyLimitExceededException"
	TagLimitExceeded          Reason = "TagLimitExceededException"
)

// Refusal is the answer to a request that cannot be carried out as it is.
type Refusal struct {
	Reason  Reason
	Message string
}

func (r *Refusal) Error() string { return r.Message }

// Is makes refusals for the same reason one error: ErrNoTopic and the others
// stand for theirs.
func (r *Refusal) Is(target error) bool {
	t, ok := target.(*Refusal)
	return ok && t.Reason == r.Reason
}

// Errors on which callers decide.
var (
	// ErrNoTopic: there is no topic, or no subscription, of that ARN.
	ErrNoTopic error = &Refusal{NotFound, "Topic does not exist"}
	// ErrNotAuthorized: the topic's policy does not let the caller in.
	ErrNotAuthorized error = &Refusal{AuthorizationError, "Not authorized"}
	// ErrInvalid: the message, or the ARN, is none that SNS takes.
	ErrInvalid error = &Refusal{InvalidParameter, "Invalid parameter"}
)

func refuse(why Reason, format string, args ...any) error {
	return &Refusal{why, fmt.Sprintf(format, args...)}
}

// invalid refuses a parameter in SNS's words.
func invalid(format string, args ...any) error {
	return refuse(InvalidParameter, "Invalid parameter: "+format, args...)
}
