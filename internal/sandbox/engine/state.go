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
	// Clock is an attribute with the time from which a resource lives on a
	// clock of its own, see [Options.Clock]. A resource without it does not.
	Clock string
	// Log is an attribute that lists the states that began by themselves,
	// for a service that must act on each of them, see [Exec.Passed].
	Log string
}

// Step ends a state.
type Step struct {
	// To is the state that follows; "" means that the resource is forgotten.
	To string
	// Else is an attribute that, where a resource has it, names the state
	// that follows instead.
	Else string
	// After is how long the state lasts. An engine may shorten it, see
	// [Options.Pace].
	After time.Duration
	// Until is an attribute with the time at which the state ends, instead
	// of After, on the resource's own clock if it has one.
	Until string
	// Keep says that After is for people who look, and is never shortened.
	Keep bool
}

// since is when the state began.
const since = ".since"

// tempo is how fast time goes by in an engine.
type tempo struct {
	pace  float64 // of states that last some time
	clock float64 // of resources that live on a clock of their own
}

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
func (s *States) settle(r *Resource, now time.Time, t tempo) *Resource {
	if s == nil || r == nil {
		return r
	}
	own := false
	for {
		step, ok := s.Next[r.Str(s.Path)]
		if !ok {
			return r
		}
		end, ok := s.end(step, r.Attrs, t)
		if !ok || now.Before(end) {
			return r
		}
		// A state that lasts no time still shows in the answer that began
		// it, so it ends at the first later call.
		if !now.After(r.Time(since)) && step.Until == "" {
			return r
		}
		to := step.To
		if name := r.Str(step.Else); step.Else != "" && name != "" {
			to = name
		}
		if to == "" {
			return nil
		}
		if !own {
			r, own = r.clone(), true
		}
		s.enter(r.Attrs, to, end)
		for path, v := range s.Enter[to] {
			r.Set(path, clone(v))
		}
		if s.Log != "" {
			r.Append(s.Log, map[string]any{"State": to, "At": end})
		}
	}
}

// end returns when the step ends its state, if that is known.
func (s *States) end(step Step, a Attrs, t tempo) (time.Time, bool) {
	if step.Until != "" {
		at := a.Time(step.Until)
		return s.when(a, at, t), !at.IsZero()
	}
	after := step.After
	if !step.Keep {
		after = time.Duration(float64(after) * t.pace)
	}
	return a.Time(since).Add(after), true
}

// when returns the time at which the resource's own clock shows at.
func (s *States) when(a Attrs, at time.Time, t tempo) time.Time {
	if s.Clock == "" || !a.Has(s.Clock) {
		return at
	}
	began := a.Time(s.Clock)
	return began.Add(time.Duration(float64(at.Sub(began)) / t.clock))
}

// Passed is a state that began by itself.
type Passed struct {
	State string
	At    time.Time
}

// Passed returns the states of a resource that began by themselves, in their
// order, of a kind whose states have a Log.
func (x *Exec) Passed(kind string, r *Resource) []Passed {
	var all []Passed
	for _, p := range r.Subs(x.Kind(kind).States.Log) {
		all = append(all, Passed{State: p.Str("State"), At: p.Time("At")})
	}
	return all
}

// Ends returns when the resource's state ends by itself, if it does and that is
// known.
func (x *Exec) Ends(kind string, r *Resource) (time.Time, bool) {
	s := x.Kind(kind).States
	step, ok := s.Next[r.Str(s.Path)]
	if !ok {
		return time.Time{}, false
	}
	return s.end(step, r.Attrs, x.engine.tempo)
}

// When returns the time at which the resource's own clock shows at.
func (x *Exec) When(kind string, r *Resource, at time.Time) time.Time {
	return x.Kind(kind).States.when(r.Attrs, at, x.engine.tempo)
}
