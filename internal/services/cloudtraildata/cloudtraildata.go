// Package cloudtraildata is the CloudTrail Data API that Cairn itself is: by
// PutAuditEvents, programs outside AWS tell of what they did.
//
// An event that is accepted is one record of the history, wrapped as CloudTrail
// Lake wraps it (event.Activity), and durable before the answer. What is
// accepted of a request is committed together: either all of it is there, and
// the answer says which events these are, or none is, and the call is refused as
// one that cannot be recorded.
//
// An event's eventID is made from the channel, the id that its program gave, and
// its content. So a program that lost an answer may send the request again: what
// is there already is answered as it was the first time, and not recorded twice.
// Only a repeat that overtakes the first request's commit is, with the same
// eventID. AWS promises nothing of the kind.
package cloudtraildata

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/services/channel"
)

// Recorder commits activities, all or none. When it returns nil they are durable
// and can be looked up.
type Recorder interface {
	RecordActivities(ctx context.Context, activities ...*event.Activity) error
}

// Events is where it is seen whether an activity is there already.
type Events interface {
	Lookup(ctx context.Context, q history.Query) (history.Page, error)
}

// Service answers CloudTrail Data calls.
type Service struct {
	channels *channel.Store
	recorder Recorder
	events   Events
}

// New makes the service.
func New(channels *channel.Store, recorder Recorder, events Events) *Service {
	return &Service{channels: channels, recorder: recorder, events: events}
}

// Call implements the gateway's Backend.
func (s *Service) Call(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	switch c.Operation.Name {
	case "PutAuditEvents":
		return s.putAuditEvents(ctx, c)
	default:
		return nil, refuse("UnsupportedOperationException", fmt.Sprintf("Cairn does not have %s yet.", c.Operation.Name))
	}
}

func (s *Service) putAuditEvents(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	to, err := s.channel(c)
	if err != nil {
		return nil, err
	}
	entries, err := readEntries(c, &to)
	if err != nil {
		return nil, err
	}
	result := outcome{channel: &to, now: c.Time}
	for _, e := range entries {
		result.add(e)
	}
	fresh, err := s.unknown(ctx, result.accepted)
	if err != nil {
		return nil, err
	}
	if len(fresh) > 0 {
		err = s.recorder.RecordActivities(ctx, fresh...)
	}
	s.channels.Note(to.Reference(), result.ingestion(err))
	if err != nil {
		return nil, fmt.Errorf("record %d activities: %w", len(fresh), err)
	}
	return result.answer(), nil
}

// channel finds the channel that a call names by its ARN or its id. The model
// demands the ARN, its text allows both.
func (s *Service) channel(c *awsapi.Call) (channel.Channel, error) {
	given, ok := c.Params["channelArn"].(string)
	if !ok {
		return channel.Channel{}, awsapi.Validate(c.Operation, c.Params)
	}
	r, ok := channel.ParseReference(given, c.AccountID, c.Region)
	switch {
	case !ok:
		return channel.Channel{}, refuse("InvalidChannelARN", "The channel ARN has not the form of one.")
	case r.AccountID != c.AccountID:
		return channel.Channel{}, refuse("ChannelInsufficientPermission", "The channel belongs to another account than the caller.")
	case r.Region != c.Region:
		return channel.Channel{}, refuse("ChannelNotFound", "The channel is one of another Region.")
	}
	found, err := s.channels.Get(r)
	if errors.Is(err, channel.ErrNotFound) {
		return found, refuse("ChannelNotFound", "The channel was not found.")
	}
	if err != nil {
		return found, fmt.Errorf("find the channel: %w", err)
	}
	return found, nil
}

// unknown leaves out the activities that the history has.
func (s *Service) unknown(ctx context.Context, activities []*event.Activity) ([]*event.Activity, error) {
	var fresh []*event.Activity
	for _, a := range activities {
		page, err := s.events.Lookup(ctx, history.Query{
			Account: a.RecipientAccountID, Region: a.AWSRegion, Categories: history.In(history.ActivityAuditLog),
			Attribute: history.EventID, Value: a.EventID,
			From: a.EventTime.Time, To: a.EventTime.Time, Limit: 1,
		})
		if err != nil {
			return nil, fmt.Errorf("look for the activity %s: %w", a.EventID, err)
		}
		if len(page.Entries) == 0 {
			fresh = append(fresh, a)
		}
	}
	return fresh, nil
}

// entry is an element of auditEvents.
type entry struct {
	id, data string
	checksum *string
}

// maxRequest is how much the events of a request can have, in bytes.
const maxRequest = 1 << 20

// readEntries reads auditEvents. Its errors refuse the request.
func readEntries(c *awsapi.Call, to *channel.Channel) ([]entry, error) {
	params := maps.Clone(c.Params)
	params["channelArn"] = to.ARN()
	if err := awsapi.Validate(c.Operation, params); err != nil {
		return nil, err
	}
	list, _ := params["auditEvents"].([]any)
	entries := make([]entry, 0, len(list))
	seen := make(map[string]bool, len(list))
	size := 0
	for i, item := range list {
		given, ok := item.(map[string]any)
		if !ok {
			return nil, refuse("ValidationException", fmt.Sprintf("auditEvents.%d is null.", i+1))
		}
		var e entry
		e.id, _ = given["id"].(string)
		e.data, _ = given["eventData"].(string)
		if sum, ok := given["eventDataChecksum"].(string); ok {
			e.checksum = &sum
			size += len(sum)
		}
		if size += len(e.id) + len(e.data); size > maxRequest {
			return nil, refuse("ValidationException", fmt.Sprintf("The events of a request can have %d bytes together.", maxRequest))
		}
		if seen[e.id] {
			return nil, refuse("DuplicatedAuditEventId", "Two or more events of the request have the same id.")
		}
		seen[e.id] = true
		entries = append(entries, e)
	}
	return entries, nil
}

// outcome is what becomes of a request.
type outcome struct {
	channel            *channel.Channel
	now                time.Time
	accepted           []*event.Activity
	successful, failed []any
	lastError          string
}

func (o *outcome) add(e entry) {
	t, fault := o.judge(e)
	if fault != nil {
		o.lastError = fault.code
		o.failed = append(o.failed, map[string]any{
			"id": e.id, "errorCode": fault.code, "errorMessage": fault.message,
		})
		return
	}
	a := &event.Activity{
		EventVersion: event.ActivityVersion, EventCategory: event.CategoryActivityAuditLog, EventType: event.TypeActivityLog,
		EventID: eventID(o.channel.ARN(), e), EventTime: event.Time{Time: t},
		AWSRegion: o.channel.Region, RecipientAccountID: o.channel.AccountID,
		Metadata:  event.ActivityMetadata{IngestionTime: event.Time{Time: o.now}, ChannelARN: o.channel.ARN()},
		EventData: []byte(e.data),
	}
	o.accepted = append(o.accepted, a)
	o.successful = append(o.successful, map[string]any{"id": e.id, "eventID": a.EventID})
}

// namespace keeps eventIDs apart from ids that others make by the same method.
var namespace = uuid.MustParse("6f1c8a0e-5d1b-5b57-9c38-7d1b5a7f0c11")

// eventID is a UUID of version 8. A hash that nobody can find two events for
// keeps an event from being taken for a repeat of another.
func eventID(channelARN string, e entry) string {
	// Neither an ARN nor an id contains a line break.
	return uuid.NewHash(sha256.New(), namespace, []byte(channelARN+"\n"+e.id+"\n"+e.data), 8).String()
}

// ingestion is what GetChannel shows of a request; err is why it was not
// recorded.
func (o *outcome) ingestion(err error) channel.Ingestion {
	i := channel.Ingestion{AttemptTime: o.now, ErrorCode: o.lastError}
	if len(o.accepted) > 0 {
		i.AttemptEventID = o.accepted[len(o.accepted)-1].EventID
	}
	switch {
	case err != nil:
		i.ErrorCode = "InternalFailure"
	case len(o.accepted) > 0:
		i.SuccessTime, i.SuccessEventID = o.now, i.AttemptEventID
	}
	return i
}

func (o *outcome) answer() map[string]any {
	// Both lists are required; they may be empty.
	out := map[string]any{"successful": []any{}, "failed": []any{}}
	if o.successful != nil {
		out["successful"] = o.successful
	}
	if o.failed != nil {
		out["failed"] = o.failed
	}
	return out
}

func refuse(code, message string) *awsapi.Error {
	return &awsapi.Error{Code: code, Message: message}
}
