package plot

import (
	"fmt"
	"math"
	"time"

	"weir/internal/locale"
)

// clockStep is a distance between ticks on a clock axis, with the distance of the smaller ticks between.
type clockStep struct{ seconds, minor float64 }

const day = 86400

func clockSteps() []clockStep {
	return []clockStep{
		{0.001, 0.0002}, {0.002, 0.0005}, {0.005, 0.001}, {0.01, 0.002}, {0.02, 0.005}, {0.05, 0.01}, {0.1, 0.02}, {0.2, 0.05}, {0.5, 0.1},
		{1, 0.2}, {2, 0.5}, {5, 1}, {10, 2}, {15, 5}, {30, 5}, {60, 10}, {120, 30}, {300, 60}, {600, 120}, {900, 300}, {1800, 300},
		{3600, 600}, {7200, 1800}, {3 * 3600, 3600}, {6 * 3600, 3600}, {12 * 3600, 3 * 3600},
		{day, 6 * 3600}, {2 * day, day / 2}, {7 * day, day}, {14 * day, 7 * day},
	}
}

// clockTicks puts ticks on round times of day in UTC, then round dates. Seconds are shown where ticks need them; at midnight
// the date stands in place of 00:00. Weeks start on Mondays, months and years where the calendar says.
func clockTicks(lo, hi float64, n int, l *locale.Locale) []tick {
	for _, s := range clockSteps() {
		if (hi-lo)/s.seconds <= float64(n)+1e-6 {
			return evenClock(lo, hi, s, l)
		}
	}
	return calendarTicks(lo, hi, n, l)
}

func evenClock(lo, hi float64, s clockStep, l *locale.Locale) []tick {
	var ticks []tick
	perStep := math.Round(s.seconds / s.minor)
	origin := 0.0
	if s.seconds >= 7*day {
		origin = 4 * day // weeks start on Mondays; 1970-01-01 was a Thursday
	}
	first, last := math.Ceil((lo-origin)/s.minor-1e-6), math.Floor((hi-origin)/s.minor+1e-6)
	for i := first; i <= last; i++ {
		t := tick{at: origin + float64(i*s.minor), minor: math.Mod(i, perStep) != 0}
		if !t.minor {
			t.label = clockLabel(t.at, s.seconds, l)
		}
		ticks = append(ticks, t)
	}
	return ticks
}

func clockLabel(seconds, step float64, l *locale.Locale) string {
	t := moment(seconds)
	midnight := t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 && t.Nanosecond() == 0
	switch {
	case step >= day || midnight && step >= 3600:
		return dayMonth(t, l)
	case step >= 60:
		return t.Format("15:04")
	default:
		return l.Clock(t)
	}
}

// moment rounds to a thousandth of a second, the finest step.
func moment(seconds float64) time.Time {
	return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
}

func dayMonth(t time.Time, l *locale.Locale) string {
	return fmt.Sprintf("%d%s%s", t.Day(), locale.NoBreak, month(t, l))
}

// month is the first three letters of the month's name: they are unambiguous in all three languages.
func month(t time.Time, l *locale.Locale) string {
	names := [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
	switch l.Code {
	case "pt":
		names = [12]string{"jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez"}
	case "es":
		names = [12]string{"ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"}
	}
	return names[t.Month()-1]
}

// calendarTicks puts ticks at starts of months (every 1, 2, 3 or 6) or of years (1, 2, 5, 10, ...).
func calendarTicks(lo, hi float64, n int, l *locale.Locale) []tick {
	months := 0
	for _, m := range []int{1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12000, 24000, 60000, 120000} {
		if months = m; (hi-lo)/(30.44*day*float64(m)) <= float64(n) {
			break
		}
	}
	from := moment(lo)
	index := from.Year()*12 + int(from.Month()) - 1
	var ticks []tick
	for index -= mod(index, months); ; index += months {
		t := time.Date(index/12, time.Month(index%12+1), 1, 0, 0, 0, 0, time.UTC)
		at := float64(t.Unix())
		switch {
		case at > hi:
			return ticks
		case at < lo:
		case months >= 12:
			ticks = append(ticks, tick{at: at, label: fmt.Sprintf("%04d", t.Year())})
		case t.Month() == time.January || len(ticks) == 0:
			ticks = append(ticks, tick{at: at, label: month(t, l) + locale.NoBreak + fmt.Sprintf("%04d", t.Year())})
		default:
			ticks = append(ticks, tick{at: at, label: month(t, l)})
		}
	}
}
