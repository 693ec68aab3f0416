package rule

import "fmt"

// Reason is why a request is refused, by the name of the error in EventBridge's
// model.
type Reason string

// The reasons.
const (
	NotFound       Reason = "ResourceNotFoundException"
	Exists         Reason = "ResourceAlreadyExistsException"
	LimitExceeded  Reason = "LimitExceededException"
	InvalidPattern Reason = "InvalidEventPatternException"
	Invalid        Reason = "ValidationException"
)

// Refusal is the answer to a request that cannot be carried out as it is.
type Refusal struct {
	Reason  Reason
	Message string
}

func (r *Refusal) Error() string { return r.Message }

// Is makes refusals for the same reason one error: ErrNotFound and the others
// stand for theirs.
func (r *Refusal) Is(target error) bool {
	t, ok := target.(*Refusal)
	return ok && t.Reason == r.Reason
}

// Errors on which callers decide.
var (
	// ErrNotFound: there is no rule, connection or destination of that name.
	ErrNotFound error = &Refusal{NotFound, "The resource does not exist."}
	// ErrExists: a connection or destination has the name.
	ErrExists error = &Refusal{Exists, "The resource exists."}
	// ErrLimit: there can be no more of these.
	ErrLimit error = &Refusal{LimitExceeded, "The limit was reached."}
	// ErrPattern: the text is no event pattern.
	ErrPattern error = &Refusal{InvalidPattern, "Event pattern is not valid."}
	// ErrInvalid: a parameter is not valid.
	ErrInvalid error = &Refusal{Invalid, "Parameter is not valid."}
)

func refuse(why Reason, format string, args ...any) error {
	return &Refusal{why, fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) error { return refuse(Invalid, format, args...) }
