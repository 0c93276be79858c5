package decode

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// describe tells a person about the capture, in three lines (two without packets): what it is and when, how much, of what.
func (s *summary) describe() []string {
	what := s.Format
	if s.Compression != "" {
		what += " in " + s.Compression
	}
	what += ", " + s.linkNames()
	if s.SnapLength > 0 {
		what += ", snap length " + humanize.Comma(int64(s.SnapLength))
	}
	if s.timed {
		what += " · " + between(s.earliest, s.latest)
	}
	lines := []string{what, fmt.Sprintf("packets %s   rows %s   skipped %s   wire %s   captured %s", humanize.Comma(s.PacketsRead), humanize.Comma(s.Rows),
		humanize.Comma(s.PacketsRead-s.Rows), humanize.Bytes(uint64(s.Wire)), humanize.Bytes(uint64(s.Captured)))}
	if s.Rows > 0 {
		lines = append(lines, fmt.Sprintf("IPv4 %s · IPv6 %s   TCP %s · UDP %s · other %s", humanize.Comma(s.IPv4), humanize.Comma(s.IPv6),
			humanize.Comma(s.TCP), humanize.Comma(s.UDP), humanize.Comma(s.Other)))
	}
	return lines
}

// linkNames names at most three link types.
func (s *summary) linkNames() string {
	switch n := len(s.LinkTypes); {
	case n == 0:
		return "no interfaces"
	case n > 3:
		return fmt.Sprintf("%s and %d other link types", strings.Join(s.LinkTypes[:3], ", "), n-3)
	}
	return strings.Join(s.LinkTypes, ", ")
}

// between writes a span of time: "2021-03-04 11:20:01.204 .. 11:21:31.610 UTC (90.4 s)". The date is repeated where it changes.
func between(first, last int64) string {
	const date, clock = "2006-01-02 ", "15:04:05.000"
	from, to := time.Unix(0, first).UTC(), time.Unix(0, last).UTC()
	layout := clock
	if from.Format(date) != to.Format(date) {
		layout = date + clock
	}
	seconds := float64(last)/1e9 - float64(first)/1e9 // the difference may not fit int64
	length := fmt.Sprintf("%.3g s", seconds)
	if exact := last - first; seconds >= 1000 && exact > 0 {
		length = time.Duration(exact).Round(time.Second).String()
	} else if seconds >= 1000 {
		length = "centuries"
	}
	return fmt.Sprintf("%s .. %s UTC (%s)", from.Format(date+clock), to.Format(layout), length)
}
