package series

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestInterval(t *testing.T) {
	for text, want := range map[string]time.Duration{"1s": time.Second, " 100 ms ": 100 * time.Millisecond, "1.5h": 90 * time.Minute, "5m": 5 * time.Minute, "1d": 24 * time.Hour, "0.5ms": 500 * time.Microsecond,
		"0.000123ms": 123} {
		var i Interval
		if err := i.UnmarshalText([]byte(text)); err != nil || time.Duration(i) != want {
			t.Errorf("%q is %v (%v), want %v", text, i, err, want)
		}
	}
	for _, text := range []string{"", "1", "s", "0s", "-1s", "1 fortnight", "1min", "1µs", "NaNs", "1e300d", "1s 1m", "0.0000001ms", "1.0000001ms", "Infs"} {
		var i Interval
		if err := i.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), `such as "100ms", "1s", "5m" or "1h"`) {
			t.Errorf("%q is %v (%v)", text, i, err)
		}
	}
}

func TestIntervalText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Interval(rapid.Int64Range(1, 1<<50).Draw(t, "ns"))
		var got Interval
		if err := got.UnmarshalText([]byte(want.String())); err != nil || got != want {
			t.Fatalf("%s is %d (%v), want %d", want, got, err, want)
		}
	})
}
