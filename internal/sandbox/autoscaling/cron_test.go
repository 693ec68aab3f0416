package autoscaling

import (
	"testing"
	"time"
)

func TestCronNamesTheNextMinute(t *testing.T) {
	after := time.Date(2026, 2, 27, 10, 30, 20, 0, time.UTC) // a Friday
	tests := []struct{ cron, zone, want string }{
		{"* * * * *", "", "2026-02-27T10:31:00Z"},
		{"30 10 * * *", "", "2026-02-28T10:30:00Z"},
		{"0 9 * * MON-FRI", "", "2026-03-02T09:00:00Z"},
		{"0 9 * * 7", "", "2026-03-01T09:00:00Z"},
		{"*/20 * * * *", "", "2026-02-27T10:40:00Z"},
		{"5/20 11,12 * * *", "", "2026-02-27T11:05:00Z"},
		{"0 0 1 jan *", "", "2027-01-01T00:00:00Z"},
		{"0 0 29 2 *", "", "2028-02-29T00:00:00Z"},
		{"0 0 13 * 5", "", "2026-03-06T00:00:00Z"}, // the 13th, or a Friday
		{"0 9 * * *", "Europe/Berlin", "2026-02-28T08:00:00Z"},
		{"30 2 29 3 *", "Europe/Berlin", "2027-03-29T00:30:00Z"}, // not in the hour that is skipped in 2026
	}
	for _, tt := range tests {
		t.Run(tt.cron, func(t *testing.T) {
			c, err := parseCron(tt.cron, tt.zone)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := c.next(after)
			if !ok || got.Format(time.RFC3339) != tt.want {
				t.Errorf("after %s comes %s, want %s", after.Format(time.RFC3339), got.Format(time.RFC3339), tt.want)
			}
		})
	}
	never, err := parseCron("0 0 31 2 *", "")
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := never.next(after); ok {
		t.Errorf("the 31st of February comes at %s", got)
	}
}

func FuzzCron(f *testing.F) {
	for _, text := range []string{"", "* * * *", "60 * * * *", "1-0 * * * *", "*/0 * * * *", "a * * * *", "0 0 0 * *", "* * * * * *", "1-5/2 3 * dec sun"} {
		f.Add(text, "")
	}
	f.Add("* * * * *", "Mars/Olympus")
	now := time.Date(2026, 2, 27, 10, 30, 20, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text, zone string) {
		c, err := parseCron(text, zone)
		if err != nil {
			return
		}
		if at, ok := c.next(now); ok && !at.After(now) {
			t.Errorf("%q comes at %s, which is not after %s", text, at, now)
		}
	})
}
