package engine

import "time"

// States are those of a kind, and what leads from one to the next by itself.
type States struct {
	// Path is the attribute that names the state.
	Path string
	// Code is the attribute that numbers it, by Codes; "" has none.
	Code  string
	Codes map[string]int64
	// Next says how a state ends by itself.
	Next map[string]Step
	// Enter says what changes when a state begins by itself: a nil value
	// removes the attribute.
	Enter map[string]map[string]any
}

// Step ends a state.
type Step struct {
	// To is the state that follows; "" means that the resource is forgotten.
	To string
	// After is how long the state lasts. An engine may shorten it, see
	// [Options.Pace].
	After time.Duration
	// Until is an attribute with the time at which the state ends, instead
	// of After.
	Until string
	// Keep says that After is for people who look, and is never shortened.
	Keep bool
}

// since is when the state began.
const since = ".since"

// enter puts the resource into the state.
func (s *States) enter(a Attrs, state string, now time.Time) {
	a.Set(s.Path, state)
	if s.Code != "" {
		a.Set(s.Code, s.Codes[state])
	}
	a.Set(since, now)
}

// settle returns the resource with the states that have followed by now, or nil
// where it is forgotten. It leaves r as it is.
func (s *States) settle(r *Resource, now time.Time, pace float64) *Resource {
	if s == nil || r == nil {
		return r
	}
	own := false
	for {
		step, ok := s.Next[r.Str(s.Path)]
		if !ok {
			return r
		}
		end, ok := step.end(r.Attrs, pace)
		if !ok || now.Before(end) {
			return r
		}
		// A state that lasts no time still shows in the answer that began
		// it, so it ends at the first later call.
		if !now.After(r.Time(since)) && step.Until == "" {
			return r
		}
		if step.To == "" {
			return nil
		}
		if !own {
			r, own = r.clone(), true
		}
		s.enter(r.Attrs, step.To, end)
		for path, v := range s.Enter[step.To] {
			r.Set(path, clone(v))
		}
	}
}

// end returns when the state ends, if that is known.
func (s Step) end(a Attrs, pace float64) (time.Time, bool) {
	if s.Until != "" {
		at := a.Time(s.Until)
		return at, !at.IsZero()
	}
	after := s.After
	if !s.Keep {
		after = time.Duration(float64(after) * pace)
	}
	return a.Time(since).Add(after), true
}
