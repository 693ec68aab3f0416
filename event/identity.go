package event

import "encoding/json"

// Kinds of identity.
const (
	Root               = "Root"
	IAMUser            = "IAMUser"
	AssumedRole        = "AssumedRole"
	Role               = "Role"
	FederatedUser      = "FederatedUser"
	Directory          = "Directory"
	AWSAccount         = "AWSAccount"
	AWSService         = "AWSService"
	IdentityCenterUser = "IdentityCenterUser"
	SAMLUser           = "SAMLUser"
	WebIdentityUser    = "WebIdentityUser"
	Unknown            = "Unknown"
)

// UserIdentity says who made a call. Type is absent from AwsServiceEvent
// records, which have accountId and invokedBy only.
type UserIdentity struct {
	Type              string          `json:"type,omitempty"`
	PrincipalID       string          `json:"principalId,omitempty"`
	ARN               string          `json:"arn,omitempty"`
	AccountID         string          `json:"accountId,omitempty"`
	AccessKeyID       string          `json:"accessKeyId,omitempty"`
	UserName          string          `json:"userName,omitempty"`
	SessionContext    *SessionContext `json:"sessionContext,omitempty"`
	InvokedBy         string          `json:"invokedBy,omitempty"`
	IdentityProvider  string          `json:"identityProvider,omitempty"`
	OnBehalfOf        json.RawMessage `json:"onBehalfOf,omitempty"`
	CredentialID      string          `json:"credentialId,omitempty"`
	InScopeOf         json.RawMessage `json:"inScopeOf,omitempty"`
	InvokedByDelegate json.RawMessage `json:"invokedByDelegate,omitempty"`

	// EmptyAccessKey has accessKeyId written where it is empty, as the
	// records of sign-ins that gave no session have it. It is not read back.
	EmptyAccessKey bool `json:"-"`
}

// SessionContext describes the session of temporary credentials.
type SessionContext struct {
	SessionIssuer       *SessionIssuer       `json:"sessionIssuer,omitempty"`
	WebIDFederationData *WebIDFederationData `json:"webIdFederationData,omitempty"`
	Attributes          *SessionAttributes   `json:"attributes,omitempty"`
	SourceIdentity      string               `json:"sourceIdentity,omitempty"`
	EC2RoleDelivery     string               `json:"ec2RoleDelivery,omitempty"`
	AssumedRoot         string               `json:"assumedRoot,omitempty"`
	SignInSessionARN    string               `json:"signInSessionArn,omitempty"`
}

// SessionIssuer is the principal whose session it is.
type SessionIssuer struct {
	Type        string `json:"type,omitempty"`
	PrincipalID string `json:"principalId,omitempty"`
	ARN         string `json:"arn,omitempty"`
	AccountID   string `json:"accountId,omitempty"`
	UserName    string `json:"userName,omitempty"`
}

// WebIDFederationData names the identity provider of a web identity.
type WebIDFederationData struct {
	FederatedProvider string            `json:"federatedProvider,omitempty"`
	Attributes        map[string]string `json:"attributes,omitempty"`
}

// SessionAttributes says when the session began and whether with MFA: "true" or
// "false", as strings.
type SessionAttributes struct {
	CreationDate     Time   `json:"creationDate"`
	MFAAuthenticated string `json:"mfaAuthenticated"`
}
