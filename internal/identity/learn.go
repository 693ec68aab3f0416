package identity

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/state"
)

// Lesson is an answer of another IAM or STS that passed through: what it says of
// a key is how its later calls are recorded, where callers are taken as given.
// Nothing that was learned proves anything.
type Lesson struct {
	Operation string
	// AccountID and Caller are those of the call.
	AccountID string
	Caller    event.UserIdentity
	Output    map[string]any
	Params    map[string]any
	Time      time.Time
}

// acquaintance is who is said to have a key, and when it last made a call or was
// told of.
type acquaintance struct {
	Who  event.UserIdentity `json:"who"`
	Used time.Time          `json:"used"`
}

// acquaintances are by access key id; users without a key are by "user/",
// account, "/" and name.
const acquaintances state.Kind[acquaintance] = "acquaintance"

// maxLearned bounds what is kept, in memory until it is written, and then: those
// that were used least lately go. An upstream gives new keys for ever.
const maxLearned = 10_000

// learned are lessons that are not written yet. Its lock is held for one map
// operation.
type learned struct {
	mu      sync.Mutex
	pending map[string]event.UserIdentity
}

func (l *learned) note(id string, who event.UserIdentity) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending == nil {
		l.pending = map[string]event.UserIdentity{}
	}
	if _, known := l.pending[id]; known || len(l.pending) < maxLearned {
		l.pending[id] = who
	}
}

func (l *learned) copied() map[string]event.UserIdentity {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.pending)
}

// written forgets what is written and was not learned anew since.
func (l *learned) written(all map[string]event.UserIdentity) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, who := range all {
		if now := l.pending[id]; now.ARN == who.ARN && now.SessionContext == who.SessionContext {
			delete(l.pending, id)
		}
	}
}

// Learn notes what an answer tells. It writes nothing; KeepUses does.
func (d *Directory) Learn(l Lesson) {
	text := func(m map[string]any, name string) string {
		s, _ := m[name].(string)
		return s
	}
	part := func(name string) map[string]any {
		m, _ := l.Output[name].(map[string]any)
		return m
	}
	key := text(part("Credentials"), "AccessKeyId")
	switch l.Operation {
	case "CreateUser", "GetUser":
		u := part("User")
		who, ok := fromARN(text(u, "Arn"), text(u, "UserId"))
		if ok && who.Type == event.IAMUser {
			d.learned.note(learnedUser(who.AccountID, who.UserName), who)
		}
	case "CreateAccessKey":
		k := part("AccessKey")
		name := text(k, "UserName")
		who, ok := d.recall(learnedUser(l.AccountID, name))
		if !ok {
			who, _ = fromARN("arn:aws:iam::"+l.AccountID+":user/"+name, "")
		}
		d.teach(text(k, "AccessKeyId"), who)
	case "AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML":
		u := part("AssumedRoleUser")
		if who, ok := fromARN(text(u, "Arn"), text(u, "AssumedRoleId")); ok {
			id, _, _ := strings.Cut(who.PrincipalID, ":")
			role := text(l.Params, "RoleArn")
			d.teach(key, began(who, l.Time, &event.SessionIssuer{
				Type: event.Role, PrincipalID: id, ARN: role, AccountID: who.AccountID, UserName: role[strings.LastIndex(role, "/")+1:],
			}))
		}
	case "GetFederationToken":
		u := part("FederatedUser")
		if who, ok := fromARN(text(u, "Arn"), text(u, "FederatedUserId")); ok {
			c := l.Caller
			d.teach(key, began(who, l.Time, &event.SessionIssuer{
				Type: c.Type, PrincipalID: c.PrincipalID, ARN: c.ARN, AccountID: c.AccountID, UserName: c.UserName,
			}))
		}
	case "GetSessionToken":
		d.teach(key, began(l.Caller, l.Time, nil))
	case "GetCallerIdentity":
		if who, ok := fromARN(text(l.Output, "Arn"), text(l.Output, "UserId")); ok && l.Caller.Type == event.Root {
			d.teach(l.Caller.AccessKeyID, who)
		}
	}
}

func (d *Directory) teach(accessKeyID string, who event.UserIdentity) {
	if accessKeyID == "" || who.Type == "" {
		return
	}
	who.AccessKeyID = accessKeyID
	d.learned.note(accessKeyID, who)
}

func learnedUser(account, name string) string { return "user/" + account + "/" + strings.ToLower(name) }

// began is an identity as the calls of a session that begins now show it.
func began(who event.UserIdentity, now time.Time, issuer *event.SessionIssuer) event.UserIdentity {
	who.SessionContext = &event.SessionContext{
		SessionIssuer: issuer,
		Attributes:    &event.SessionAttributes{CreationDate: event.Time{Time: now.UTC().Truncate(time.Second)}, MFAAuthenticated: "false"},
	}
	return who
}

// fromARN is the principal that an ARN names.
func fromARN(arn, id string) (event.UserIdentity, bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return event.UserIdentity{}, false
	}
	who := event.UserIdentity{PrincipalID: id, ARN: arn, AccountID: parts[4]}
	kind, rest, _ := strings.Cut(parts[5], "/")
	switch parts[2] + ":" + kind {
	case "iam:root":
		who.Type = event.Root
	case "iam:user":
		who.Type, who.UserName = event.IAMUser, rest[strings.LastIndex(rest, "/")+1:]
	case "sts:assumed-role":
		who.Type = event.AssumedRole
	case "sts:federated-user":
		who.Type = event.FederatedUser
	default:
		return event.UserIdentity{}, false
	}
	return who, true
}

// Recall is who is said to have a key. It proves nothing and is for callers that
// are taken as given.
func (d *Directory) Recall(accessKeyID string) (Credential, bool) {
	who, ok := d.recall(accessKeyID)
	return Credential{AccessKeyID: accessKeyID, AccountID: who.AccountID, Identity: who}, ok
}

func (d *Directory) recall(id string) (who event.UserIdentity, ok bool) {
	d.learned.mu.Lock()
	who, ok = d.learned.pending[id]
	d.learned.mu.Unlock()
	if ok {
		return who, true
	}
	err := d.store.View(func(tx *state.Tx) error {
		a, _, err := acquaintances.Get(tx, id)
		who = a.Who
		return err
	})
	return who, err == nil
}

// writeLearned writes what was learned.
func (d *Directory) writeLearned() error {
	all := d.learned.copied()
	if len(all) == 0 {
		return nil
	}
	now := time.Now().UTC().Truncate(time.Second)
	err := d.store.Update(func(tx *state.Tx) error {
		for id, who := range all {
			if _, err := acquaintances.Put(tx, id, acquaintance{who, now}); err != nil {
				return err
			}
		}
		return forgetOldest(tx, maxLearned)
	})
	if err == nil {
		d.learned.written(all)
	}
	return err
}

// learnedUsed notes that a key that was learned of made a call.
func learnedUsed(tx *state.Tx, id string, at time.Time) error {
	a, version, err := acquaintances.Get(tx, id)
	if errors.Is(err, state.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	a.Used = at.UTC().Truncate(time.Second)
	_, err = acquaintances.Update(tx, id, version, a)
	return err
}

// forgetOldest deletes acquaintances until there are at most n.
func forgetOldest(tx *state.Tx, n int) error {
	var all []state.Typed[acquaintance]
	for a, err := range acquaintances.List(tx, "") {
		if err != nil {
			return err
		}
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b state.Typed[acquaintance]) int { return a.Value.Used.Compare(b.Value.Used) })
	for _, a := range all[:max(0, len(all)-n)] {
		if err := acquaintances.Delete(tx, a.Key, a.Version); err != nil {
			return err
		}
	}
	return nil
}
