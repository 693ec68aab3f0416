package awsapi

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// The forms of a timestamp on the wire, as the models name them.
const (
	iso8601       = "iso8601"
	rfc822        = "rfc822"
	unixTimestamp = "unixTimestamp"
)

// layouts are the texts that AWS's services take for a timestamp besides a
// number of seconds. Fractions of a second are accepted in all of them.
var layouts = []string{
	time.RFC3339,
	"2006-01-02T15:04:05",
	"2006-01-02T15:04Z07:00",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05",
	"2006-01-02",
	"20060102T150405Z",
	time.RFC1123,
	"Mon, _2 Jan 2006 15:04:05 MST",
	"Mon, _2 Jan 2006 15:04:05 -0700",
	time.RFC850,
	time.ANSIC,
}

// parseTimestamp reads a timestamp in any of the forms that AWS accepts. The
// format that a model names binds those who write, not those who read.
func parseTimestamp(text string) (time.Time, error) {
	const longest = 64 // time.Parse copies what it refuses
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, fmt.Errorf("a timestamp is empty")
	}
	if len(text) > longest {
		return time.Time{}, fmt.Errorf("%.64q… is not a timestamp", text)
	}
	if t, ok := parseEpoch(text); ok {
		return t, nil
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.64q is not a timestamp", text)
}

// maxEpoch is the end of the year 9999, after which no other format can follow.
const maxEpoch = 253402300799

// parseEpoch reads seconds since 1970. A plain decimal is read exactly; a float
// would lose nanoseconds.
func parseEpoch(text string) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	if sec, err := strconv.ParseInt(whole, 10, 64); err == nil && isDigits(fraction) && len(whole) != 8 {
		if sec < -maxEpoch || sec > maxEpoch {
			return time.Time{}, false
		}
		nsec, _ := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
		if whole[0] == '-' {
			nsec = -nsec
		}
		return time.Unix(sec, nsec).UTC(), true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(math.Abs(f) <= maxEpoch) {
		return time.Time{}, false
	}
	return epochTime(f), true
}

// epochTime is the time of a floating number of seconds, to the millisecond:
// a float of today's date holds no more than microseconds, and AWS means
// milliseconds.
func epochTime(seconds float64) time.Time {
	return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
}

func isDigits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// formatTimestamp writes a timestamp as the shape says, or, where it does not
// say, in the format that is usual at that place of the protocol. Times are cut
// to milliseconds, as Smithy has it.
func formatTimestamp(s *Shape, t time.Time, usual string) string {
	format := usual
	if s.TimestampFormat != "" {
		format = s.TimestampFormat
	}
	t = t.UTC()
	switch format {
	case rfc822:
		return t.Format("Mon, 02 Jan 2006 15:04:05 GMT")
	case unixTimestamp:
		return string(appendEpoch(nil, t))
	}
	if t.Nanosecond() < int(time.Millisecond) {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}

// appendEpoch appends seconds since 1970 with at most three decimals.
func appendEpoch(b []byte, t time.Time) []byte {
	ms := t.UnixMilli()
	if ms < 0 {
		b, ms = append(b, '-'), -ms
	}
	b = strconv.AppendInt(b, ms/1000, 10)
	if ms%1000 == 0 {
		return b
	}
	fraction := strconv.AppendInt([]byte{'.'}, 1000+ms%1000, 10)
	fraction = append(fraction[:1], fraction[2:]...)
	return append(b, strings.TrimRight(string(fraction), "0")...)
}
