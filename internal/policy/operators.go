package policy

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

func compileEquals(value string, variables bool) (test, error) {
	t := newTemplate(value, variables)
	return func(c *Context, v string) bool {
		want, ok := t.expand(c)
		return ok && v == want
	}, nil
}

func compileEqualsFold(value string, variables bool) (test, error) {
	t := newTemplate(value, variables)
	return func(c *Context, v string) bool {
		want, ok := t.expand(c)
		return ok && strings.EqualFold(v, want)
	}, nil
}

func compileLike(value string, variables bool) (test, error) {
	return newPattern(value, variables).matches, nil
}

func compileARN(value string, variables bool) (test, error) {
	return newARNPattern(value, variables, true).matches, nil
}

func compileBool(value string, variables bool) (test, error) {
	t := newTemplate(value, variables)
	if t.constant() && !isBool(value) {
		return nil, fmt.Errorf("%q is neither true nor false", value)
	}
	return func(c *Context, v string) bool {
		want, ok := t.expand(c)
		return ok && isBool(want) && strings.EqualFold(v, want)
	}, nil
}

func compileNull(value string, _ bool) (test, error) {
	if !isBool(value) {
		return nil, fmt.Errorf("%q is neither true nor false", value)
	}
	return func(_ *Context, v string) bool { return strings.EqualFold(v, value) }, nil
}

func isBool(s string) bool { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") }

// compileBinary compares bytes with what the policy has in base64.
func compileBinary(value string, _ bool) (test, error) {
	want, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return nil, fmt.Errorf("%q is not base64", value)
	}
	return func(_ *Context, v string) bool { return v == string(want) }, nil
}

// compileIP matches an address with a prefix of the policy; one without a
// length is an address.
func compileIP(value string, _ bool) (test, error) {
	prefix, err := netip.ParsePrefix(value)
	if err != nil {
		address, err := netip.ParseAddr(value)
		if err != nil || address.Zone() != "" {
			return nil, fmt.Errorf("%q is neither an IP address nor a range of them", value)
		}
		prefix = netip.PrefixFrom(address, address.BitLen())
	}
	if prefix.Addr().Is4In6() && prefix.Bits() >= 96 {
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
	}
	return func(_ *Context, v string) bool {
		address, err := netip.ParseAddr(v)
		return err == nil && prefix.Contains(address.Unmap())
	}, nil
}

func numeric(holds func(int) bool) func(string, bool) (test, error) {
	return func(value string, _ bool) (test, error) {
		want, err := parseDecimal(value)
		if err != nil {
			return nil, err
		}
		return func(_ *Context, v string) bool {
			have, err := parseDecimal(v)
			return err == nil && holds(have.compare(want))
		}, nil
	}
}

// decimal is a number of any length: a float has too few digits for some ids.
type decimal struct {
	negative        bool
	whole, fraction string // without zeros that mean nothing
}

func parseDecimal(s string) (decimal, error) {
	digits, negative := strings.CutPrefix(s, "-")
	if !negative {
		digits = strings.TrimPrefix(s, "+")
	}
	whole, fraction, dot := strings.Cut(digits, ".")
	if whole == "" || dot && fraction == "" || !isDigits(whole) || !isDigits(fraction) {
		return decimal{}, fmt.Errorf("%q is not a number", s)
	}
	d := decimal{negative, strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")}
	if d.whole == "" && d.fraction == "" {
		d.negative = false
	}
	return d, nil
}

func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

func (d decimal) compare(e decimal) int {
	if d.negative != e.negative {
		if d.negative {
			return -1
		}
		return 1
	}
	c := cmp.Or(
		cmp.Compare(len(d.whole), len(e.whole)),
		strings.Compare(d.whole, e.whole),
		strings.Compare(d.fraction, e.fraction),
	)
	if d.negative {
		return -c
	}
	return c
}

func date(holds func(int) bool) func(string, bool) (test, error) {
	return func(value string, _ bool) (test, error) {
		want, err := parseInstant(value)
		if err != nil {
			return nil, err
		}
		return func(_ *Context, v string) bool {
			have, err := parseInstant(v)
			return err == nil && holds(have.compare(want))
		}, nil
	}
}

// instant is a time. Policies use dates up to the largest 64-bit number of
// seconds, which time.Time cannot compare.
type instant struct {
	seconds     int64
	nanoseconds int
}

// dateLayouts are the forms of ISO 8601 that the W3C's note names, and the ones
// without a zone, which is UTC. Go reads a fraction of seconds after each "05".
var dateLayouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04",
	"2006-01-02T15:04:05Z0700", "2006-01-02", "2006-01",
}

// parseInstant reads a date, or seconds since 1970. A number of four digits is
// seconds, not a year: years alone are not told from them.
func parseInstant(s string) (instant, error) {
	if isDigits(s) {
		seconds, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return instant{}, fmt.Errorf("%q is not a time", s)
		}
		return instant{seconds: seconds}, nil
	}
	if len(s) > 64 {
		return instant{}, errors.New("a time of more than 64 characters")
	}
	upper := strings.ToUpper(s)
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, upper); err == nil {
			return instant{t.Unix(), t.Nanosecond()}, nil
		}
	}
	return instant{}, fmt.Errorf("%q is not a time", s)
}

func (i instant) compare(j instant) int {
	return cmp.Or(cmp.Compare(i.seconds, j.seconds), cmp.Compare(i.nanoseconds, j.nanoseconds))
}
