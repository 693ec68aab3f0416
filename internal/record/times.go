package record

import (
	"strconv"
	"time"
)

// stamp writes a moment as a JSON value.
type stamp func(b []byte, t time.Time) []byte

// The forms that CloudTrail gives a timestamp in parameters and answers. Most
// services print java.util.Date through the JDK's default format, which JDK 9
// and JDK 20 changed.
var (
	// jdk8 is "Jan 31, 2021 6:30:14 AM".
	jdk8 = layout(`"Jan 2, 2006 3:04:05 PM"`)
	// jdk9 has a comma after the year.
	jdk9 = layout(`"Jan 2, 2006, 3:04:05 PM"`)
	// jdk20 has also a narrow no-break space (U+202F) before AM and PM.
	jdk20 = layout("\"Jan 2, 2006, 3:04:05\u202fPM\"")
)

func layout(layout string) stamp {
	return func(b []byte, t time.Time) []byte { return t.UTC().AppendFormat(b, layout) }
}

// epochMillis is what EC2's legacy operations use.
func epochMillis(b []byte, t time.Time) []byte { return strconv.AppendInt(b, t.UnixMilli(), 10) }

// isoMillis is what EC2's wrapped answers use.
var isoMillis = layout(`"2006-01-02T15:04:05.000Z"`)

// isoShort is a wrapped request's: seconds, unless the client sent more.
func isoShort(b []byte, t time.Time) []byte {
	if t.Nanosecond() != 0 {
		return isoMillis(b, t)
	}
	return t.UTC().AppendFormat(b, `"2006-01-02T15:04:05Z"`)
}

// epochSeconds is a number of seconds, with a fraction where there is one.
func epochSeconds(b []byte, t time.Time) []byte {
	if t.Nanosecond() == 0 {
		return strconv.AppendInt(b, t.Unix(), 10)
	}
	return strconv.AppendFloat(b, float64(t.UnixMilli())/1000, 'f', -1, 64)
}
