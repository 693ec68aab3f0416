package identity

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Prefixes of the unique ids that IAM gives, from the IAM user guide's
// "Understanding unique ID prefixes".
const (
	prefixAccessKey = "AKIA"
	prefixSession   = "ASIA"
	prefixUser      = "AIDA"
	prefixRole      = "AROA"
	prefixGroup     = "AGPA"
	prefixPolicy    = "ANPA"
	prefixProfile   = "AIPA"
)

// Lengths of unique ids: of keys, and of everything else.
const (
	keyIDLength = 20
	idLength    = 21
)

// Tag is a label of an entity or a session.
type Tag struct {
	Key   string `json:"k"`
	Value string `json:"v"`
}

// Entity is what all of IAM's entities have. Path begins and ends with "/".
type Entity struct {
	Name    string    `json:"name"`
	ID      string    `json:"id"`
	Path    string    `json:"path"`
	Created time.Time `json:"created"`
	Tags    []Tag     `json:"tags,omitempty"`
}

// NewEntity is an entity without an id, which it gets when it is kept.
func NewEntity(name, path string, created time.Time, tags []Tag) Entity {
	if path == "" {
		path = "/"
	}
	return Entity{Name: name, Path: path, Created: created.UTC().Truncate(time.Second), Tags: tags}
}

func (e *Entity) entity() *Entity { return e }

// arn is the entity's ARN, where resource is "user", "role" …
func (e *Entity) arn(account, resource string) string {
	return "arn:aws:iam::" + account + ":" + resource + e.Path + e.Name
}

// maxTags is IAM's quota of tags for one entity.
const maxTags = 50

// Tag adds tags; a tag whose key is there already, in whatever case, replaces it.
func (e *Entity) Tag(tags []Tag) error {
	if err := CheckTags(tags); err != nil {
		return err
	}
	kept := slices.Clone(e.Tags)
	for _, t := range tags {
		if i := indexTag(kept, t.Key); i >= 0 {
			kept[i] = t
		} else {
			kept = append(kept, t)
		}
	}
	if len(kept) > maxTags {
		return Refuse(LimitExceeded, "The number of tags has reached the maximum limit.")
	}
	e.Tags = kept
	return nil
}

// Untag removes the tags with the keys; those that are not there are no matter.
func (e *Entity) Untag(keys []string) {
	e.Tags = slices.DeleteFunc(slices.Clone(e.Tags), func(t Tag) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, t.Key) })
	})
}

// CheckTags refuses a key that occurs twice and one that is AWS's own.
func CheckTags(tags []Tag) error {
	for i, t := range tags {
		if indexTag(tags[:i], t.Key) >= 0 {
			return Refuse(InvalidInput, "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		if len(t.Key) >= 4 && strings.EqualFold(t.Key[:4], "aws:") {
			return Refuse(InvalidInput, "Tag keys beginning with 'aws:' are reserved for system use.")
		}
	}
	if len(tags) > maxTags {
		return Refuse(LimitExceeded, "The number of tags has reached the maximum limit.")
	}
	return nil
}

func indexTag(tags []Tag, key string) int {
	return slices.IndexFunc(tags, func(t Tag) bool { return strings.EqualFold(t.Key, key) })
}

// Grants are the policies of a user, group or role.
type Grants struct {
	// Attached are ARNs of managed policies, in the order of attachment.
	Attached []string `json:"attached,omitempty"`
	// Inline are policy documents by name.
	Inline map[string]string `json:"inline,omitempty"`
	// Boundary is the ARN of the permissions boundary; a group has none.
	Boundary string `json:"boundary,omitempty"`
}

// maxAttached is IAM's quota of managed policies attached to one entity.
const maxAttached = 10

func (g *Grants) attach(arn string) error {
	if slices.Contains(g.Attached, arn) {
		return nil
	}
	if len(g.Attached) >= maxAttached {
		return Refuse(LimitExceeded, "Cannot exceed quota for PoliciesPerEntity: %d", maxAttached)
	}
	g.Attached = append(g.Attached, arn)
	return nil
}

// Detach removes an attached policy and reports whether it was attached.
func (g *Grants) Detach(arn string) bool {
	i := slices.Index(g.Attached, arn)
	if i >= 0 {
		g.Attached = slices.Delete(g.Attached, i, i+1)
	}
	return i >= 0
}

// empty refuses to delete an entity that still has policies.
func (g *Grants) empty() error {
	switch {
	case len(g.Attached) > 0:
		return Refuse(DeleteConflict, "Cannot delete entity, must detach all policies first.")
	case len(g.Inline) > 0:
		return Refuse(DeleteConflict, "Cannot delete entity, must delete policies first.")
	}
	return nil
}

// inlineLimits are IAM's quotas of characters, white space not counted, of all
// inline policies of an entity together.
var inlineLimits = map[string]int{"user": 2048, "group": 5120, "role": 10240}

// PutInline sets an inline policy of a user, group or role.
func (g *Grants) PutInline(noun, owner, name, document string) error {
	total := significant(document)
	for other, d := range g.Inline {
		if other != name {
			total += significant(d)
		}
	}
	if limit := inlineLimits[noun]; total > limit {
		return Refuse(LimitExceeded, "Maximum policy size of %d bytes exceeded for %s %s", limit, noun, owner)
	}
	if g.Inline == nil {
		g.Inline = map[string]string{}
	}
	g.Inline[name] = document
	return nil
}

// significant counts the characters that count for a policy's size.
func significant(document string) int {
	n := 0
	for _, r := range document {
		if !strings.ContainsRune(" \t\r\n", r) {
			n++
		}
	}
	return n
}

func notFound(noun, name string) error {
	return Refuse(NoSuchEntity, "The %s with name %s cannot be found.", noun, name)
}

func exists(title, name string) error {
	return Refuse(EntityAlreadyExists, "%s with name %s already exists.", title, name)
}

func rootARN(account string) string { return fmt.Sprintf("arn:aws:iam::%s:root", account) }
