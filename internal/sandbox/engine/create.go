package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Create makes a resource of the request.
type Create struct {
	Kind string
	// Same, where set, returns what the request would make if it is there
	// already; the answer shows it.
	Same func(x *Exec) *Resource
	// Set are attributes that are not request members of the same name; they
	// are made before those of the kind.
	Set []Field
	// Check, where set, refuses what the model allows and the service does
	// not.
	Check func(x *Exec) error
	// Then does what else follows.
	Then func(x *Exec, r *Resource) error
	// Out are members of the answer that the resource does not have.
	Out []Field
}

func (Create) reads() bool { return false }

func (c Create) run(x *Exec) (map[string]any, error) {
	k := x.Kind(c.Kind)
	again, err := x.Replayed(c.Kind)
	if err != nil {
		return nil, err
	}
	if len(again) > 0 {
		return c.answer(x, k, again[0])
	}
	if c.Same != nil {
		if r := c.Same(x); r != nil {
			return c.answer(x, k, r)
		}
	}
	if c.Check != nil {
		if err := c.Check(x); err != nil {
			return nil, err
		}
	}
	a := make(Attrs)
	x.copied(k, a)
	if k.NewID.make == nil {
		a.Set(k.ID, x.Params[k.ID])
	}
	x.tag(k, a)
	x.Remember(a)
	a[hashKey] = x.requestHash()
	if err := x.fill(a, c.Set, true); err != nil {
		return nil, err
	}
	r, err := x.Add(c.Kind, a)
	if err != nil {
		return nil, err
	}
	if c.Then != nil {
		if err := c.Then(x, r); err != nil {
			return nil, err
		}
	}
	return c.answer(x, k, r)
}

func (c Create) answer(x *Exec, k *Kind, r *Resource) (map[string]any, error) {
	shown := x.shown(k, r)
	out := x.answer(k, []Attrs{shown})
	for _, f := range c.Out {
		v, err := f.Value.make(x, shown)
		if err != nil {
			return nil, err
		}
		Attrs(out).Set(f.Path, v)
	}
	return out, nil
}

// The client's token, and a hash of the request that came with it, are kept
// with what the request made.
const (
	tokenKey = ".clientToken"
	hashKey  = ".clientTokenRequest"
)

// token returns the request's idempotency token, or "".
func (x *Exec) token() string {
	for _, m := range members(x.Call.Operation.Input) {
		if m.IdempotencyToken || m.Name == "ClientToken" || m.Name == "clientToken" {
			return x.Params.Str(m.Name)
		}
	}
	return ""
}

// Replayed returns what an earlier request with the same client token made.
func (x *Exec) Replayed(kind string) ([]*Resource, error) {
	token := x.token()
	if token == "" {
		return nil, nil
	}
	var made []*Resource
	for _, r := range x.List(kind) {
		if r.Str(tokenKey) != token {
			continue
		}
		if r.Str(hashKey) != x.requestHash() {
			return nil, x.service.TokenReused.With("token", token)
		}
		made = append(made, r)
	}
	return made, nil
}

// SameRequest finds what an equal request has made, for [Create.Same].
func SameRequest(kind string) func(x *Exec) *Resource {
	return func(x *Exec) *Resource {
		for _, r := range x.List(kind) {
			if r.Str(hashKey) == x.requestHash() {
				return r
			}
		}
		return nil
	}
}

// Remember keeps the request's client token with what the request makes.
func (x *Exec) Remember(a Attrs) {
	if token := x.token(); token != "" {
		a[tokenKey], a[hashKey] = token, x.requestHash()
	}
}

func (x *Exec) requestHash() string {
	return digest(x.Call.Operation.Name, toJSON(map[string]any(x.Params)))
}

// digest identifies values that JSON can show.
func digest(values ...any) string {
	b, err := json.Marshal(values)
	if err != nil {
		panic(fmt.Sprintf("sandbox: hash a request: %v", err))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:12])
}
