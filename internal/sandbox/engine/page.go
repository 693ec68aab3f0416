package engine

import (
	"encoding/base64"
	"encoding/json"
)

// Paging is the form of a service's pages.
type Paging struct {
	// Size is the request member with the size of a page, In the one with
	// the token, Out the member of the answer with the next one.
	Size, In, Out string
	// Default is the size of a page where the caller gives none.
	Default int
	// BadToken answers a token that is not one of this operation's.
	BadToken Fault
}

// pageState is where a page begins, and whether another follows it. A page
// begins after the resource that the one before ended with, so what is made or
// deleted meanwhile shifts nothing.
type pageState struct {
	size  int
	after uint64
	query string
	last  uint64
	more  bool
}

// token is what a page token holds.
type token struct {
	After uint64 `json:"a"`
	Query string `json:"q"`
}

func (x *Exec) page() (*pageState, error) {
	p := x.service.Paging
	state := &pageState{size: p.Default, query: x.queryHash()}
	if n := x.Params.Int(p.Size); n > 0 {
		state.size = int(min(n, 1<<20))
	}
	in := x.Params.Str(p.In)
	if in == "" {
		return state, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(in)
	if err != nil {
		return nil, p.BadToken.With("token", in)
	}
	var t token
	if err := json.Unmarshal(b, &t); err != nil || t.Query != state.query {
		return nil, p.BadToken.With("token", in)
	}
	state.after = t.After
	return state, nil
}

// begun reports whether a resource is on the page, or on a later one.
func (s *pageState) begun(seq uint64, newest bool) bool {
	if s.after == 0 {
		return true
	}
	if newest {
		return seq < s.after
	}
	return seq > s.after
}

// queryHash identifies what is asked, whatever the page.
func (x *Exec) queryHash() string {
	query := make(map[string]any, len(x.Params))
	for k, v := range x.Params {
		if k != x.service.Paging.In && k != x.service.Paging.Size && k != "DryRun" {
			query[k] = toJSON(v)
		}
	}
	return digest(x.Call.Operation.Name, query)
}

// finish puts the token of the next page into the answer.
func (s *pageState) finish(x *Exec, out map[string]any) {
	if !s.more || x.Call.Operation.Output.Member(x.service.Paging.Out) == nil {
		return
	}
	b, err := json.Marshal(token{After: s.last, Query: s.query})
	if err != nil {
		panic("sandbox: encode a page token: " + err.Error())
	}
	out[x.service.Paging.Out] = base64.RawURLEncoding.EncodeToString(b)
}
