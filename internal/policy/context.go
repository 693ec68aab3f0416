package policy

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

// Context is what a request says of itself under condition keys
// ("aws:SourceIp"). Keys have no case. The zero Context has none.
//
// Values are strings: times as ISO 8601 or as seconds since 1970, booleans as
// "true" and "false", binary values as their bytes.
type Context struct {
	values map[string][]string
}

// ByService returns the condition keys of a call that a service of AWS's makes for a
// resource of an account.
func ByService(service, sourceARN, sourceAccount string, now time.Time) Context {
	var c Context
	c.Set("aws:SourceArn", sourceARN)
	c.Set("aws:SourceAccount", sourceAccount)
	c.Set("aws:PrincipalIsAWSService", "true")
	c.Set("aws:PrincipalServiceName", service)
	c.Set("aws:PrincipalServiceNamesList", service)
	c.Set("aws:ViaAWSService", "false")
	c.Set("aws:SecureTransport", "true")
	c.Set("aws:CurrentTime", now.UTC().Format(time.RFC3339))
	return c
}

// foldKey is the form of a key that all spellings share.
func foldKey(key string) string { return strings.ToLower(key) }

// Set gives a key its values, in place of those it had. A key without values is
// the same as one that is not there.
func (c *Context) Set(key string, values ...string) {
	if c.values == nil {
		c.values = make(map[string][]string)
	}
	c.values[foldKey(key)] = slices.Clone(values)
}

// Values returns a key's values, which are not to be changed.
func (c *Context) Values(key string) []string { return c.values[foldKey(key)] }

// Clone returns a copy that can be changed apart from c.
func (c *Context) Clone() Context { return Context{values: maps.Clone(c.values)} }

// All yields the keys, in lower case and sorted, with their values.
func (c *Context) All() iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		for _, key := range slices.Sorted(maps.Keys(c.values)) {
			if !yield(key, c.values[key]) {
				return
			}
		}
	}
}
