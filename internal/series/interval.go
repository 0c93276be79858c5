package series

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Interval is a positive length of time as users write it: a number and a unit, ms, s, m (minutes), h or d, such as "100ms", "1s", "1.5h",
// "5 m". Zero is "" and means that none was given.
type Interval time.Duration

var units = []struct {
	name string
	ns   int64
}{{"ms", int64(time.Millisecond)}, {"s", int64(time.Second)}, {"m", int64(time.Minute)}, {"h", int64(time.Hour)}, {"d", 24 * int64(time.Hour)}}

// UnmarshalText reads the form above; the error says what is allowed.
func (i *Interval) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	number := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZµ")
	unit := s[len(number):]
	for _, u := range units {
		if u.name != unit {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		ns := v * float64(u.ns)
		whole := math.Round(ns) // 0.000123ms is 122.99999999999999 ns
		if err != nil || !(whole >= 1) || whole > 1<<62 || math.Abs(ns-whole) > 1e-15*whole {
			break
		}
		*i = Interval(whole)
		return nil
	}
	return fmt.Errorf("%.40q is no length of time: write a number above 0 and ms, s, m (minutes), h or d, such as \"100ms\", \"1s\", \"5m\" or \"1h\"", s)
}

// MarshalText gives the shortest text, with the largest unit that divides the interval: "1s" for 1000ms.
func (i Interval) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// String is the form of MarshalText.
func (i Interval) String() string {
	if i == 0 {
		return ""
	}
	for n := len(units) - 1; n >= 0; n-- {
		if int64(i)%units[n].ns == 0 {
			return strconv.FormatInt(int64(i)/units[n].ns, 10) + units[n].name
		}
	}
	return strconv.FormatFloat(float64(i)/float64(time.Millisecond), 'f', -1, 64) + "ms"
}
