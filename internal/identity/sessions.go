package identity

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/event"
)

// Session is what temporary credentials are: who has them, from when to when,
// and what limits them.
type Session struct {
	Kind        PrincipalKind `json:"kind"`
	AccessKeyID string        `json:"key"`
	// Secret is in the sealed token only.
	Secret    string `json:"secret,omitempty"`
	AccountID string `json:"account"`
	// PrincipalName and PrincipalID are as Principal has them. A role that
	// was deleted and made again is another one.
	PrincipalName string `json:"name,omitempty"`
	PrincipalID   string `json:"id"`
	// Name is that of a role's session or of the federated user.
	Name string `json:"session,omitempty"`
	// Began and Ends are Unix seconds.
	Began int64 `json:"began"`
	Ends  int64 `json:"ends"`
	MFA   bool  `json:"mfa,omitempty"`
	// Chained sessions were opened with a role's session.
	Chained        bool   `json:"chained,omitempty"`
	SourceIdentity string `json:"source,omitempty"`
	// Tags are the session's; those whose keys are in Transitive go on to
	// sessions that are opened with this one.
	Tags       []Tag    `json:"tags,omitempty"`
	Transitive []string `json:"transitive,omitempty"`
	// Policy and PolicyARNs are the session policies.
	Policy     string   `json:"policy,omitempty"`
	PolicyARNs []string `json:"policies,omitempty"`
	// Provider is the ARN of the identity provider whose token, or assertion,
	// opened the session.
	Provider string `json:"provider,omitempty"`
	// Instance is the EC2 instance that the session was opened for.
	Instance *Instance `json:"instance,omitempty"`
	// Console says that the session was opened by signing in to the console.
	Console bool `json:"console,omitempty"`
}

// Instance is an EC2 instance that has a session of its role.
type Instance struct {
	ARN string `json:"arn"`
	// Delivery is the version of the metadata service that handed the
	// session out, "1.0" or "2.0".
	Delivery string `json:"delivery"`
	// VPC and PrivateIP say where the instance is.
	VPC       string `json:"vpc,omitempty"`
	PrivateIP string `json:"ip,omitempty"`
}

// Expires is when the session ends.
func (s *Session) Expires() time.Time { return time.Unix(s.Ends, 0).UTC() }

func (s *Session) principal() Principal {
	return Principal{Kind: s.Kind, AccountID: s.AccountID, Name: s.PrincipalName, ID: s.PrincipalID}
}

// Temporary are the credentials of a session.
type Temporary struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	Expires                                    time.Time
	// Identity is the session as the events of its calls show it.
	Identity event.UserIdentity
}

// maxPacked is how many bytes the policies and tags of a session may take. AWS
// publishes no number; it says "PackedPolicySize".
const maxPacked = 8 << 10

// PackedSize says how much of what a session may carry its policies and tags
// take, in percent.
func (s *Session) PackedSize() int {
	n := len(s.Policy)
	for _, arn := range s.PolicyARNs {
		n += len(arn)
	}
	for _, t := range s.Tags {
		n += len(t.Key) + len(t.Value)
	}
	return (n*100 + maxPacked - 1) / maxPacked
}

// Open opens a session of the given length for a principal that exists, and
// returns its credentials. Nothing is written. The error is a refusal where a
// session policy is not the account's or AWS's.
func (t *Tx) Open(s Session, now time.Time, length time.Duration) (Temporary, error) {
	s.AccountID = t.account
	for _, arn := range s.PolicyARNs {
		if _, err := t.ManagedPolicy(arn); err != nil {
			return Temporary{}, err
		}
	}
	s.AccessKeyID, s.Secret = uniqueID(prefixSession, t.account, keyIDLength), newSecret()
	s.Began, s.Ends = now.Unix(), now.Add(length).Unix()
	id, err := t.sessionIdentity(&s)
	if err != nil {
		return Temporary{}, err
	}
	token, err := t.directory.sealToken(&s)
	return Temporary{
		AccessKeyID: s.AccessKeyID, SecretAccessKey: s.Secret, SessionToken: token, Expires: s.Expires(), Identity: id,
	}, err
}

// tokenContext is what session tokens are sealed for.
const tokenContext = "session-token"

// maxToken bounds what is read of a claimed token. Those that are made here are
// far shorter.
const maxToken = 64 << 10

func (d *Directory) sealToken(s *Session) (string, error) {
	plain, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("encode a session: %w", err)
	}
	return base64.StdEncoding.EncodeToString(d.tokens.Seal(plain, []byte(tokenContext))), nil
}

// openToken reads a token, or fails with ErrInvalidToken.
func (d *Directory) openToken(token string) (*Session, error) {
	if len(token) > maxToken {
		return nil, ErrInvalidToken
	}
	sealed, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return nil, ErrInvalidToken
	}
	plain, err := d.tokens.Open(sealed, []byte(tokenContext))
	if err != nil {
		return nil, ErrInvalidToken
	}
	var s Session
	if err := json.Unmarshal(plain, &s); err != nil {
		return nil, fmt.Errorf("read a session token: %w", err)
	}
	return &s, nil
}

// sessionIdentity is how events show the calls of a session. The error is a
// NoSuchEntity refusal if its user or role is no more.
func (t *Tx) sessionIdentity(s *Session) (event.UserIdentity, error) {
	began := event.Time{Time: time.Unix(s.Began, 0).UTC()}
	context := &event.SessionContext{
		Attributes:     &event.SessionAttributes{CreationDate: began, MFAAuthenticated: "false"},
		SourceIdentity: s.SourceIdentity,
	}
	if s.MFA {
		context.Attributes.MFAAuthenticated = "true"
	}
	id, err := t.sessionPrincipal(s, context)
	if err == nil {
		id.SessionContext = context
	}
	return id, err
}

func (t *Tx) sessionPrincipal(s *Session, context *event.SessionContext) (event.UserIdentity, error) {
	switch s.Kind {
	case RootUser:
		return t.root(s.AccessKeyID)
	case IAMUser:
		u, err := t.userByID(s.PrincipalName, s.PrincipalID)
		return user(t.account, &u, s.AccessKeyID), err
	case FederatedUser:
		issuer := Root(t.account, "")
		if s.PrincipalID != t.account {
			u, err := t.userByID(s.PrincipalName, s.PrincipalID)
			if err != nil {
				return event.UserIdentity{}, err
			}
			issuer = user(t.account, &u, "")
		}
		context.SessionIssuer = &event.SessionIssuer{
			Type: issuer.Type, PrincipalID: issuer.PrincipalID, ARN: issuer.ARN, AccountID: t.account, UserName: issuer.UserName,
		}
		return event.UserIdentity{
			Type: event.FederatedUser, PrincipalID: t.account + ":" + s.Name, AccountID: t.account, AccessKeyID: s.AccessKeyID,
			ARN: "arn:aws:sts::" + t.account + ":federated-user/" + s.Name,
		}, nil
	case AssumedRole:
		r, err := t.roleByID(s.PrincipalName, s.PrincipalID)
		if err != nil {
			return event.UserIdentity{}, err
		}
		return t.roleSession(&r, s, context), nil
	}
	return event.UserIdentity{}, fmt.Errorf("a session of kind %q", s.Kind)
}

func (t *Tx) roleSession(r *Role, s *Session, context *event.SessionContext) event.UserIdentity {
	context.SessionIssuer = &event.SessionIssuer{
		Type: event.Role, PrincipalID: r.ID, ARN: r.ARN(t.account), AccountID: t.account, UserName: r.Name,
	}
	if strings.Contains(s.Provider, ":oidc-provider/") {
		context.WebIDFederationData = &event.WebIDFederationData{FederatedProvider: s.Provider}
	}
	if s.Instance != nil {
		context.EC2RoleDelivery = s.Instance.Delivery
	}
	return event.UserIdentity{
		Type: event.AssumedRole, PrincipalID: r.ID + ":" + s.Name, AccountID: t.account, AccessKeyID: s.AccessKeyID,
		ARN: "arn:aws:sts::" + t.account + ":assumed-role/" + r.Name + "/" + s.Name,
	}
}
