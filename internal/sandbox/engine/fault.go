package engine

import (
	"strings"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// Fault is a row of a service's errors. Text may hold {names}, which
// [Exec.Fail] replaces.
type Fault struct {
	Code, Text string
	// Status is the HTTP status; 0 leaves it to the API model.
	Status int
}

// Refuse is a row without a status of its own.
func Refuse(code, text string) Fault { return Fault{Code: code, Text: text} }

// With makes the error, replacing {name} by the value after it: With("id", v).
func (f Fault) With(pairs ...string) *awsapi.Error {
	old := make([]string, len(pairs))
	for i := range pairs {
		old[i] = pairs[i]
		if i%2 == 0 {
			old[i] = "{" + pairs[i] + "}"
		}
	}
	return &awsapi.Error{Code: f.Code, Status: f.Status, Message: strings.NewReplacer(old...).Replace(f.Text)}
}

func (f Fault) isZero() bool { return f.Code == "" }
