package engine

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/event"
)

// ServiceEvent is something that happens in a service without a call.
type ServiceEvent struct {
	// Source is the service ("ec2.amazonaws.com"), Name what happened.
	Source, Name string
	// Subject identifies what it happened to, in the scope. The same name
	// and subject are the same event, however often it is told.
	Subject   string
	Time      time.Time
	Resources []event.Resource
	// Details are the event's serviceEventDetails.
	Details map[string]string
}

// invoker is who a service event says it was made by, and where it came from.
// The samples for Capacity Blocks have "AWS Internal;" as invokedBy; those that
// AWS has corrected since (RotateKey of 2021, DeleteExpiredKeyMaterial of 2025)
// have this in all three members.
const invoker = "AWS Internal"

// eventIDs is the name space of the ids of service events.
var eventIDs = uuid.MustParse("6c0b7d0e-52a5-4a44-9b5b-5c43c1a1f7d4")

// Emit tells what happened, as an AwsServiceEvent. Its id follows from the event,
// so that the event is there once even if the process ends before the caller
// keeps in the state that it was told. It must not be used inside View or
// Change.
func (s *Settling) Emit(e ServiceEvent) error {
	details, err := json.Marshal(e.Details)
	if err != nil {
		return fmt.Errorf("encode the details of %s: %w", e.Name, err)
	}
	subject := strings.Join([]string{s.Scope.AccountID, s.Scope.Region, e.Source, e.Name, e.Subject}, "/")
	write, manage := false, true
	err = s.engine.emit(s.Context, &event.Event{
		EventVersion: event.Version,
		UserIdentity: &event.UserIdentity{AccountID: s.Scope.AccountID, InvokedBy: invoker},
		EventTime:    event.Time{Time: e.Time.UTC().Truncate(time.Second)},
		EventSource:  e.Source, EventName: e.Name, AWSRegion: s.Scope.Region,
		SourceIPAddress: invoker, UserAgent: invoker,
		EventID:  uuid.NewHash(sha256.New(), eventIDs, []byte(subject), 4).String(),
		ReadOnly: &write, Resources: e.Resources, EventType: event.TypeServiceEvent, ManagementEvent: &manage,
		RecipientAccountID: s.Scope.AccountID, ServiceEventDetails: details, EventCategory: event.CategoryManagement,
	})
	if err != nil {
		return fmt.Errorf("tell of %s of %s: %w", e.Name, e.Subject, err)
	}
	return nil
}
