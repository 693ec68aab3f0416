// Package event is the CloudTrail record: its fields, its JSON form, its limits,
// and the attributes by which it is looked up.
//
// Source: the record contents and userIdentity pages of the AWS CloudTrail User
// Guide, and published records. Two rules that the pages do not state and every
// record follows: requestParameters and responseElements are always present
// (null where there are none), but for network activity and Insights events,
// which have neither; and mfaAuthenticated and sessionCredentialFromConsole are
// strings.
package event

import (
	"encoding/json"
	"fmt"
	"time"
)

// Version is the eventVersion of the records that this package describes.
const Version = "1.11"

// Kinds of event.
const (
	TypeAPICall       = "AwsApiCall"
	TypeServiceEvent  = "AwsServiceEvent"
	TypeConsoleAction = "AwsConsoleAction"
	TypeConsoleSignIn = "AwsConsoleSignIn"
	TypeVPCEvent      = "AwsVpceEvent"
	TypeInsight       = "AwsCloudTrailInsight"
	TypeActivityLog   = "ActivityLog"
)

// Categories of event.
const (
	CategoryManagement      = "Management"
	CategoryData            = "Data"
	CategoryNetworkActivity = "NetworkActivity"
	CategoryInsight         = "Insight"
	// CategoryActivityAuditLog is that of an Activity.
	CategoryActivityAuditLog = "ActivityAuditLog"
)

// Event is one record. The order of its fields is the order in which CloudTrail
// writes them.
type Event struct {
	EventVersion                 string          `json:"eventVersion"`
	UserIdentity                 *UserIdentity   `json:"userIdentity,omitempty"`
	EventTime                    Time            `json:"eventTime"`
	EventSource                  string          `json:"eventSource,omitempty"`
	EventName                    string          `json:"eventName,omitempty"`
	AWSRegion                    string          `json:"awsRegion"`
	SourceIPAddress              string          `json:"sourceIPAddress,omitempty"`
	UserAgent                    string          `json:"userAgent,omitempty"`
	ErrorCode                    string          `json:"errorCode,omitempty"`
	ErrorMessage                 string          `json:"errorMessage,omitempty"`
	RequestParameters            json.RawMessage `json:"requestParameters"`
	ResponseElements             json.RawMessage `json:"responseElements"`
	AdditionalEventData          json.RawMessage `json:"additionalEventData,omitempty"`
	RequestID                    string          `json:"requestID,omitempty"`
	EventID                      string          `json:"eventID"`
	ReadOnly                     *bool           `json:"readOnly,omitempty"`
	Resources                    []Resource      `json:"resources,omitempty"`
	EventType                    string          `json:"eventType"`
	APIVersion                   string          `json:"apiVersion,omitempty"`
	ManagementEvent              *bool           `json:"managementEvent,omitempty"`
	RecipientAccountID           string          `json:"recipientAccountId"`
	SharedEventID                string          `json:"sharedEventID,omitempty"`
	VPCEndpointID                string          `json:"vpcEndpointId,omitempty"`
	VPCEndpointAccountID         string          `json:"vpcEndpointAccountId,omitempty"`
	ServiceEventDetails          json.RawMessage `json:"serviceEventDetails,omitempty"`
	Addendum                     *Addendum       `json:"addendum,omitempty"`
	EdgeDeviceDetails            json.RawMessage `json:"edgeDeviceDetails,omitempty"`
	InsightDetails               json.RawMessage `json:"insightDetails,omitempty"`
	EventCategory                string          `json:"eventCategory"`
	TLSDetails                   *TLSDetails     `json:"tlsDetails,omitempty"`
	SessionCredentialFromConsole string          `json:"sessionCredentialFromConsole,omitempty"`
}

// Resource is a resource that a call touched.
type Resource struct {
	AccountID string `json:"accountId,omitempty"`
	Type      string `json:"type,omitempty"` // AWS::IAM::Role
	ARN       string `json:"ARN,omitempty"`
	ARNPrefix string `json:"ARNPrefix,omitempty"`
}

// TLSDetails describes the connection that carried a call.
type TLSDetails struct {
	TLSVersion               string `json:"tlsVersion,omitempty"`
	CipherSuite              string `json:"cipherSuite,omitempty"`
	ClientProvidedHostHeader string `json:"clientProvidedHostHeader,omitempty"`
	KeyExchange              string `json:"keyExchange,omitempty"`
}

// Addendum says why an event was delivered late or again.
type Addendum struct {
	Reason            string `json:"reason"`
	UpdatedFields     string `json:"updatedFields,omitempty"`
	OriginalRequestID string `json:"originalRequestID,omitempty"`
	OriginalEventID   string `json:"originalEventID,omitempty"`
}

// Time is a moment in whole seconds, written 2006-01-02T15:04:05Z.
type Time struct{ time.Time }

// MarshalJSON writes the moment in UTC.
func (t Time) MarshalJSON() ([]byte, error) {
	return []byte(t.UTC().Format(`"2006-01-02T15:04:05Z"`)), nil
}

// UnmarshalJSON reads any RFC 3339 moment and drops what is below a second.
func (t *Time) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	parsed, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return fmt.Errorf("eventTime: %w", err)
	}
	t.Time = parsed.UTC().Truncate(time.Second)
	return nil
}
