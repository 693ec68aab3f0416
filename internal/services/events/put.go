package events

import (
	"errors"
	"time"
	"unicode/utf8"

	"github.com/cairn-audit/cairn/internal/rule"
)

// maxDetailType is how many characters it may have (API Reference,
// PutEventsRequestEntry).
const maxDetailType = 128

func putEvents(r *request) (answer, error) {
	if r.params.text("EndpointId") != "" {
		return nil, invalid("Parameter EndpointId is not valid. Reason: The built-in EventBridge has no global endpoints.")
	}
	entries := r.params.list("Entries")
	results := make([]any, len(entries))
	var taken []rule.Custom
	var places []int
	size := 0
	for i, entry := range entries {
		e := custom(entry)
		size += e.Size()
		if code, message := r.checkEntry(entry, &e); code != "" {
			results[i] = answer{"ErrorCode": code, "ErrorMessage": message}
			continue
		}
		taken, places = append(taken, e), append(places, i)
	}
	if size > rule.MaxCustom {
		return nil, invalid("Total size of the entries in the request is over the limit.")
	}
	if len(taken) > 0 {
		ids, err := r.service.bus.Put(r.ctx, r.scope, taken...)
		if err != nil {
			return nil, err
		}
		for i, id := range ids {
			results[places[i]] = answer{"EventId": id}
		}
	}
	return answer{"FailedEntryCount": int64(len(entries) - len(taken)), "Entries": results}, nil
}

func custom(entry params) rule.Custom {
	at, _ := entry["Time"].(time.Time)
	return rule.Custom{
		Source: entry.text("Source"), DetailType: entry.text("DetailType"), Detail: entry.text("Detail"),
		Resources: entry.texts("Resources"), Time: at,
	}
}

// checkEntry says why an entry cannot be put, or nothing. AWS takes entries for
// a bus that is not there, and loses them.
func (r *request) checkEntry(entry params, e *rule.Custom) (code, message string) {
	err := e.Check()
	if err == nil && utf8.RuneCountInString(e.DetailType) > maxDetailType {
		err = &rule.Refusal{Reason: rule.InvalidArgument, Message: "Parameter DetailType is not valid. Reason: It has more than 128 characters."}
	}
	if err == nil && r.isDefault(entry.text("EventBusName")) != nil {
		err = &rule.Refusal{Reason: rule.InvalidArgument, Message: "Event bus " + entry.text("EventBusName") + " does not exist."}
	}
	var refused *rule.Refusal
	if errors.As(err, &refused) {
		return string(refused.Reason), refused.Message
	}
	return "", ""
}
