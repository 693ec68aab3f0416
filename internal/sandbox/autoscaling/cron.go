package autoscaling

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cron is a schedule in the form that scheduled actions have: minute, hour, day
// of the month, month, day of the week.
type cron struct {
	minute, hour, day, month, weekday set
	// A day must match one of the two, where both are restricted.
	anyDay, anyWeekday bool
	in                 *time.Location
}

// set is the numbers that a field allows.
type set uint64

func (s set) has(n int) bool { return s&(1<<n) != 0 }

// field is the form of one part of a schedule.
type field struct {
	least, most int
	names       []string // of the numbers from least on
}

func fields() []field {
	return []field{
		{0, 59, nil}, {0, 23, nil}, {1, 31, nil},
		{1, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
		{0, 7, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
	}
}

// parseCron reads a schedule; zone is an IANA name, or "" for UTC.
func parseCron(text, zone string) (cron, error) {
	c := cron{in: time.UTC}
	if zone != "" {
		var err error
		if c.in, err = time.LoadLocation(zone); err != nil || zone == "Local" {
			return c, fmt.Errorf("given time zone: %s is invalid", zone)
		}
	}
	parts := strings.Fields(text)
	if len(parts) != len(fields()) {
		return c, fmt.Errorf("given recurrence string: %s is invalid", text)
	}
	for i, to := range []*set{&c.minute, &c.hour, &c.day, &c.month, &c.weekday} {
		s, ok := fields()[i].parse(parts[i])
		if !ok {
			return c, fmt.Errorf("given recurrence string: %s is invalid", text)
		}
		*to = s
	}
	if c.weekday.has(7) {
		c.weekday |= 1
	}
	c.anyDay, c.anyWeekday = strings.HasPrefix(parts[2], "*"), strings.HasPrefix(parts[4], "*")
	return c, nil
}

// parse reads a list of numbers, names, ranges and steps.
func (f field) parse(text string) (set, bool) {
	var s set
	for item := range strings.SplitSeq(strings.ToLower(text), ",") {
		item, by, stepped := strings.Cut(item, "/")
		step := 1
		if stepped {
			var err error
			if step, err = strconv.Atoi(by); err != nil || step < 1 {
				return 0, false
			}
		}
		from, to, ok := f.span(item, stepped)
		if !ok {
			return 0, false
		}
		for n := from; n <= to; n += step {
			s |= 1 << n
		}
	}
	return s, true
}

// span is what an item goes over: "*", "5", "mon-fri", or "5" with a step, which
// goes on to the end.
func (f field) span(item string, stepped bool) (from, to int, ok bool) {
	if item == "*" {
		return f.least, f.most, true
	}
	low, high, ranged := strings.Cut(item, "-")
	from, ok = f.number(low)
	to = from
	switch {
	case ranged && ok:
		to, ok = f.number(high)
	case stepped:
		to = f.most
	}
	return from, to, ok && from <= to
}

func (f field) number(text string) (int, bool) {
	if i := slices.Index(f.names, text); i >= 0 {
		return f.least + i, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= f.least && n <= f.most
}

// horizon is how far ahead a schedule is looked at: the 29th of February comes
// again within eight years.
const horizon = 8 * 366

// next returns the first minute after t that the schedule names, if there is
// one.
func (c cron) next(t time.Time) (time.Time, bool) {
	t = t.In(c.in).Truncate(time.Minute).Add(time.Minute)
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, c.in)
	for range horizon {
		if c.onDay(day) {
			for hour := range 24 {
				for minute := range 60 {
					// An hour that the change to summer time skips is none.
					at := time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, c.in)
					if c.hour.has(hour) && c.minute.has(minute) && at.Hour() == hour && !at.Before(t) {
						return at.UTC(), true
					}
				}
			}
		}
		day = time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, c.in)
	}
	return time.Time{}, false
}

func (c cron) onDay(day time.Time) bool {
	if !c.month.has(int(day.Month())) {
		return false
	}
	byDay, byWeekday := c.day.has(day.Day()), c.weekday.has(int(day.Weekday()))
	if !c.anyDay && !c.anyWeekday {
		return byDay || byWeekday
	}
	return byDay && byWeekday
}
