package forecast

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/internal/series"
	"weir/internal/stats"
)

// Covariate is something besides the series itself that a forecaster may see.
type Covariate struct {
	Name   string
	Unit   string
	Values []float64 // finite, one per row
	Known  bool      // known in advance, as the time of day is: may be seen at the target itself; else only as far as x
}

// Derived covariates. Shares are of the interval's packets, 0 where there are none; times are UTC, as cosine and sine of a full turn a day or a week (from Monday), so
// that midnight is near to itself.
const (
	TCPShare   = "tcp_share"
	UDPShare   = "udp_share"
	TimeOfDay  = "time_of_day"
	TimeOfWeek = "time_of_week"
)

var derived = []string{TCPShare, UDPShare, TimeOfDay, TimeOfWeek}

// maxCovariates bounds how many one forecaster may ask for.
const maxCovariates = 64

// CovariateNames lists what can be asked for besides the columns of the series, which are seen as far as x is.
func CovariateNames() []string { return slices.Clone(derived) }

// covariatesOf makes the columns for names: two for a time. The forecast column itself is always seen and is none.
func covariatesOf(s *series.Series, forecast string, names []string) ([]Covariate, error) {
	if len(names) > maxCovariates {
		return nil, fmt.Errorf("%d covariates, expected at most %d", len(names), maxCovariates)
	}
	var list []Covariate
	for i, name := range names {
		if name == forecast || slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("covariate %q: expected each once, and not the column that is forecast", name)
		}
		switch name {
		case TCPShare, UDPShare:
			share, err := shareOf(s, name, "packets_"+strings.TrimSuffix(name, "_share"))
			if err != nil {
				return nil, err
			}
			list = append(list, share)
		case TimeOfDay:
			list = append(list, turns(s.Time, name, 24*time.Hour, 0)...)
		case TimeOfWeek:
			list = append(list, turns(s.Time, name, 7*24*time.Hour, 3*24*time.Hour)...) // 1 January 1970 was a Thursday
		default:
			c, err := s.Column(name)
			if err != nil {
				return nil, fmt.Errorf("covariate: %w; derived ones are %s", err, strings.Join(derived, ", "))
			}
			list = append(list, Covariate{Name: c.Name, Unit: c.Unit, Values: c.Values})
		}
	}
	return list, nil
}

func shareOf(s *series.Series, name, part string) (Covariate, error) {
	a, err := s.Column(part)
	if err != nil {
		return Covariate{}, fmt.Errorf("covariate %s: %w", name, err)
	}
	all, err := s.Column("packets")
	if err != nil {
		return Covariate{}, fmt.Errorf("covariate %s: %w", name, err)
	}
	c := Covariate{Name: name, Values: make([]float64, s.Len())}
	for i, v := range a.Values {
		if all.Values[i] > 0 {
			c.Values[i] = v / all.Values[i]
		}
	}
	return c, nil
}

// turns gives cosine and sine of the phase of each time in a cycle that began shift before 1970, to the millisecond.
func turns(times []int64, name string, cycle, shift time.Duration) []Covariate {
	cos, sin := make([]float64, len(times)), make([]float64, len(times))
	n := int64(cycle / time.Millisecond)
	for i, t := range times {
		at := (t/int64(time.Millisecond) + int64(shift/time.Millisecond)) % n
		cos[i], sin[i] = stats.Turn(int((at+n)%n), int(n))
	}
	return []Covariate{{Name: name + "_cos", Values: cos, Known: true}, {Name: name + "_sin", Values: sin, Known: true}}
}
