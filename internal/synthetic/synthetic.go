// Package synthetic generates the capture behind `synthetic://backbone?...`: a backbone link's packets, for trying weir without a
// network and for tests that need to know the truth. It stands before everything else in the pipeline; stages/fetch uses it.
//
//	o, err := synthetic.Parse("synthetic://backbone?seconds=900&seed=1")
//	truth, err := o.Write(ctx, file, nil)
//
// The bytes are a classic pcap file, little-endian, microseconds, Ethernet. As in the traces that the WIDE project publishes, TCP and UDP packets
// are kept up to the end of their transport header (the payload is removed) and everything else up to the snap length; wire
// lengths are those of the whole frame. What is in it:
//
//   - TCP (bulk transfers, web, interactive, lone SYNs), UDP (streams, DNS, NTP, fragmented datagrams), ICMP and ICMPv6, ESP and GRE, over IPv4
//     and IPv6, some IPv6 with extension headers, some frames with a VLAN tag or two (QinQ), ARP, and a few IPv4
//     headers with an impossible length (IHL below 5);
//   - hosts and ports by Zipf's law, addresses from the blocks reserved for benchmarks and documentation (198.18.0.0/15, RFC 2544; 2001:db8::/32, RFC 3849),
//     checksums right for a payload of zeros;
//   - sessions that arrive at random and last for a Pareto time with exponent 4/3 (the M/G/∞ model), so that the number of active sessions, and with it
//     the traffic of a second, is long-range dependent with a Hurst exponent near (3-4/3)/2 = 0.83: M. S. Taqqu, W. Willinger, R. Sherman,
//     "Proof of a fundamental result in self-similar traffic modeling", 1997. In a session, packets come in trains;
//   - a common pace that all sessions follow second by second: a damped oscillation of about seven seconds (an AR(2) process) and a weak wave of one minute.
//
// The capture begins and ends within a second, so the first and last second are partial.
//
// The same options give the same bytes on every machine: one PCG, integers, and only those floating-point operations that IEEE 754 rounds
// correctly (+, -, ×, ÷, √), never fused. It streams: memory is that of the sessions active at one time (and 40 bytes of truth a second).
//
// It does not model congestion control, round trips between real hosts, or routing, and payloads are zeros: it is for counting, not for protocol analysis.
package synthetic

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agext/levenshtein"
)

// Options say what to generate. The zero value is not valid: start from Defaults or Parse.
type Options struct {
	Seconds int       // length of the capture, 1 to 86,400
	Seed    uint64    // any number; other seeds give other traffic of the same kind
	Rate    int       // mean packets per second over many seeds, 1 to 1,000,000; one capture differs, as long-range dependence has it
	Snap    int       // snap length in bytes, 76 to 65,535
	Start   time.Time // when the capture begins, 1970 to 2105; microseconds
	IPv6    float64   // share of the sessions that use IPv6, 0 to 1; at 1 there is no IPv4 and no ARP
	VLAN    float64   // share of the sessions in tagged frames, 0 to 1; a fifth of them has two tags
	Wave    float64   // amplitude of the minute wave relative to the mean, 0 to 0.5
}

// Limits of the options, and of their product.
const (
	MaxSeconds = 86_400
	MaxRate    = 1_000_000
	MaxPackets = 1_000_000_000 // Seconds × Rate
	MinSnap    = 76            // every header up to the ports fits
	MaxSnap    = 65_535
)

// Scheme is the scheme of the URLs that Parse reads.
const Scheme = "synthetic"

// Defaults are the options of `synthetic://backbone`: 900 seconds from Monday 2026-01-05 14:00:00.43 UTC at about 1,000 packets a second.
func Defaults() Options {
	return Options{
		Seconds: 900,
		Seed:    1,
		Rate:    1000,
		Snap:    96,
		Start:   time.Date(2026, 1, 5, 14, 0, 0, 430_000_000, time.UTC),
		IPv6:    0.1,
		VLAN:    0.05,
		Wave:    0.08,
	}
}

// Parameters lists the parameters of a synthetic URL in the order in which help shows them, each with what it means and its default.
func Parameters() [][2]string {
	return [][2]string{
		{"seconds", "length of the capture, 1 to 86,400 (900)"},
		{"seed", "a whole number; another seed is another capture of the same kind (1)"},
		{"rate", "mean packets per second, 1 to 1,000,000 (1000)"},
		{"snaplen", "snap length in bytes, 76 to 65,535 (96)"},
		{"start", "when the capture begins, RFC 3339 (2026-01-05T14:00:00.43Z)"},
		{"ipv6", "share of IPv6 sessions, 0 to 1; 1 leaves no IPv4 and no ARP (0.1)"},
		{"vlan", "share of sessions in VLAN-tagged frames, 0 to 1 (0.05)"},
		{"wave", "relative amplitude of the minute wave, 0 to 0.5 (0.08)"},
	}
}

// Parse reads a URL such as synthetic://backbone?seconds=900&seed=1. Unknown and repeated parameters and values out of bounds are errors
// that say what is allowed.
func Parse(address string) (Options, error) {
	o := Defaults()
	u, err := url.Parse(address)
	if err != nil {
		return o, fmt.Errorf("not a URL: %w", err)
	}
	if u.Scheme != Scheme || u.Host != "backbone" || strings.Trim(u.Path, "/") != "" || u.User != nil || u.Fragment != "" {
		return o, fmt.Errorf("%q: the only synthetic capture is synthetic://backbone?seconds=900&seed=1", address)
	}
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return o, fmt.Errorf("%s: parameters: %w", address, err)
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names) // so that of several mistakes always the same is reported
	for _, name := range names {
		if len(values[name]) > 1 {
			return o, fmt.Errorf("%s: parameter %q is given twice", address, name)
		}
		if err := o.set(name, values[name][0]); err != nil {
			return o, fmt.Errorf("%s: %w", address, err)
		}
	}
	if err := o.check(); err != nil {
		return o, fmt.Errorf("%s: %w", address, err)
	}
	return o, nil
}

// set gives one parameter its value.
func (o *Options) set(name, value string) (err error) {
	switch name {
	case "seconds":
		o.Seconds, err = strconv.Atoi(value)
	case "seed":
		o.Seed, err = strconv.ParseUint(value, 10, 64)
	case "rate":
		o.Rate, err = strconv.Atoi(value)
	case "snaplen":
		o.Snap, err = strconv.Atoi(value)
	case "start":
		o.Start, err = time.Parse(time.RFC3339Nano, value)
	case "ipv6":
		o.IPv6, err = strconv.ParseFloat(value, 64)
	case "vlan":
		o.VLAN, err = strconv.ParseFloat(value, 64)
	case "wave":
		o.Wave, err = strconv.ParseFloat(value, 64)
	default:
		return unknown(name)
	}
	if err != nil {
		return fmt.Errorf("%s=%q: expected %s", name, value, meaning(name))
	}
	return nil
}

// check finds values out of bounds.
func (o Options) check() error {
	bad := func(name string, value any) error {
		return fmt.Errorf("%s=%v: expected %s", name, value, meaning(name))
	}
	within := func(x, high float64) bool { return x >= 0 && x <= high } // false for NaN
	switch {
	case o.Seconds < 1 || o.Seconds > MaxSeconds:
		return bad("seconds", o.Seconds)
	case o.Rate < 1 || o.Rate > MaxRate:
		return bad("rate", o.Rate)
	case o.Snap < MinSnap || o.Snap > MaxSnap:
		return bad("snaplen", o.Snap)
	case o.Start.Unix() < 0 || o.Start.Unix() > math.MaxUint32-2*MaxSeconds:
		return fmt.Errorf("start=%s: a pcap file holds the years 1970 to 2105", o.Start.Format(time.RFC3339))
	case !within(o.IPv6, 1):
		return bad("ipv6", o.IPv6)
	case !within(o.VLAN, 1):
		return bad("vlan", o.VLAN)
	case !within(o.Wave, 0.5):
		return bad("wave", o.Wave)
	case int64(o.Seconds)*int64(o.Rate) > MaxPackets:
		return fmt.Errorf("seconds=%d and rate=%d make more than %d packets: lower one of them", o.Seconds, o.Rate, MaxPackets)
	}
	return nil
}

// meaning is the description of a known parameter.
func meaning(name string) string {
	for _, p := range Parameters() {
		if p[0] == name {
			return p[1]
		}
	}
	panic("synthetic: parameter without description: " + name)
}

// unknown is the error for a parameter that does not exist.
func unknown(name string) error {
	var all []string
	best, distance := "", 3
	for _, p := range Parameters() {
		all = append(all, p[0])
		if d := levenshtein.Distance(name, p[0], nil); d < distance {
			best, distance = p[0], d
		}
	}
	if best != "" {
		return fmt.Errorf("unknown parameter %q, did you mean %q?", name, best)
	}
	return fmt.Errorf("unknown parameter %q, expected one of %s", name, strings.Join(all, ", "))
}
