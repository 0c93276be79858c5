package synthetic

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"
)

// The bytes are part of the contract: a change here needs another version of the kind fetch.
func TestGolden(t *testing.T) {
	for address, want := range map[string]string{
		"synthetic://backbone?seconds=20&seed=1":                                                       "de037a3ed313b03db091e6da935d51c3b3362ac8388571da16ec8d679f73c70a",
		"synthetic://backbone?seconds=20&seed=2&rate=300&ipv6=1&snaplen=128&vlan=0.5":                  "5a6790402f1011ead152d7efe791f727e6a6980088e391a106e206f2d6d34aed",
		"synthetic://backbone?seconds=5&seed=18446744073709551615&ipv6=0&start=1999-12-31T23:59:57.5Z": "a72f2fd0fb00db4a0f499320fc52d40d3997f92f0569b25168eed0f046d4de7e",
	} {
		o, err := Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		h := sha256.New()
		if _, err := o.Write(t.Context(), h, nil); err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", address, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	o, err := Parse("synthetic://backbone")
	if err != nil || o != Defaults() {
		t.Errorf("without parameters: %+v, %v", o, err)
	}
	o, err = Parse("synthetic://backbone?seconds=60&seed=7&rate=50&snaplen=128&ipv6=1&vlan=0&wave=0.2&start=2007-01-25T14:00:00Z")
	want := Options{60, 7, 50, 128, time.Date(2007, 1, 25, 14, 0, 0, 0, time.UTC), 1, 0, 0.2}
	if err != nil || o != want {
		t.Errorf("got %+v, %v", o, err)
	}
	for address, want := range map[string]string{
		"synthetic://backbone?sede=1":                     `unknown parameter "sede", did you mean "seed"?`,
		"synthetic://backbone?colour=1":                   "expected one of seconds, seed",
		"synthetic://backbone?seed=1&seed=2":              "given twice",
		"synthetic://backbone?seed=-1":                    "expected a whole number",
		"synthetic://backbone?seconds=0":                  "1 to 86,400",
		"synthetic://backbone?seconds=1e3":                "1 to 86,400",
		"synthetic://backbone?rate=1000001":               "1 to 1,000,000",
		"synthetic://backbone?seconds=86400&rate=900000":  "lower one of them",
		"synthetic://backbone?snaplen=60":                 "76 to 65,535",
		"synthetic://backbone?ipv6=NaN":                   "share of IPv6",
		"synthetic://backbone?vlan=1.5":                   "share of sessions",
		"synthetic://backbone?wave=-1":                    "0 to 0.5",
		"synthetic://backbone?start=yesterday":            "RFC 3339",
		"synthetic://backbone?start=1969-01-01T00:00:00Z": "1970 to 2105",
		"synthetic://backbon?seed=1":                      "the only synthetic capture is synthetic://backbone",
		"synthetic://backbone/x":                          "the only synthetic capture",
		"synthetic://backbone?%zz":                        "parameters",
	} {
		if _, err := Parse(address); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("synthetic://backbone?seconds=900&seed=1")
	f.Add("synthetic://backbone?start=2007-01-25T14:00:00Z&ipv6=0.5&wave=1e-3")
	f.Fuzz(func(t *testing.T, address string) {
		if o, err := Parse(address); err == nil && o.check() != nil {
			t.Errorf("%q gives options out of bounds: %+v", address, o)
		}
	})
}

// The default capture has the size, mix and long-range dependence that the package promises.
func TestDefault(t *testing.T) {
	if testing.Short() {
		t.Skip("generates 900 seconds")
	}
	truth, err := Defaults().Write(t.Context(), io.Discard, nil)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, got, low, high float64) {
		if !(got >= low && got <= high) {
			t.Errorf("%s is %.4g, expected %g to %g", what, got, low, high)
		}
	}
	n := float64(truth.Packets)
	check("packets", n, 800e3, 1000e3)
	check("bytes", float64(truth.FileBytes), 50e6, 70e6)
	check("rows, ARP and damaged less packets", float64(truth.Rows+truth.ARP+truth.Damaged-truth.Packets), 0, 0)
	check("IPv6", float64(truth.IPv6)/n, 0.03, 0.2)
	check("TCP", float64(truth.TCP)/n, 0.7, 0.9)
	check("UDP", float64(truth.UDP)/n, 0.1, 0.25)
	check("other", float64(truth.Other)/n, 0.01, 0.08)
	check("ARP", float64(truth.ARP), 1000, 6000)
	check("damaged", float64(truth.Damaged), 20, 200)
	check("fragments", float64(truth.Fragments), 1000, 30000)
	check("extended", float64(truth.Extended), 500, 30000)
	check("QinQ", float64(truth.QinQ), 500, 30000)
	check("wire over captured", float64(truth.WireBytes)/float64(truth.CapturedBytes), 8, 14)
	check("seconds touched", float64(len(truth.Series)), 901, 901)
	check("first", float64(truth.First-Defaults().Start.UnixNano()), 0, 1e8)
	check("last", float64(Defaults().Start.UnixNano()+900e9-truth.Last), 0, 1e8)

	x := make([]float64, 0, 899)
	for _, s := range truth.Series[1 : len(truth.Series)-1] {
		x = append(x, float64(s.Wire))
	}
	check("coefficient of variation", math.Sqrt(variance(x))/mean(x), 0.1, 0.3)
	check("Hurst exponent", hurst(x), 0.7, 0.95)
}

// hurst is read from how the variance of means over m seconds falls: m^(2H-2), m = 1, 2, 4 ... 64, by least squares in the logarithms.
func hurst(x []float64) float64 {
	var sx, sy, sxx, sxy, n float64
	for m := 1; m <= 64; m *= 2 {
		var means []float64
		for i := 0; i+m <= len(x); i += m {
			means = append(means, mean(x[i:i+m]))
		}
		a, b := math.Log(float64(m)), math.Log(variance(means))
		sx, sy, sxx, sxy, n = sx+a, sy+b, sxx+a*a, sxy+a*b, n+1
	}
	return 1 + (n*sxy-sx*sy)/(n*sxx-sx*sx)/2
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

func variance(x []float64) float64 {
	m, sum := mean(x), 0.0
	for _, v := range x {
		sum += (v - m) * (v - m)
	}
	return sum / float64(len(x)-1)
}

func TestSeriesAddsUp(t *testing.T) {
	o := Defaults()
	o.Seconds = 10
	var records int64
	last := int64(0)
	var file bytes.Buffer
	truth, err := o.Each(t.Context(), &file, func(r Record) {
		records++
		if r.Time < last {
			t.Fatalf("packet %d goes back in time", records)
		}
		if last = r.Time; r.Captured > o.Snap || r.Captured > r.Wire || r.Wire < 60 || r.Wire > 1600 {
			t.Fatalf("packet %d: %d of %d bytes", records, r.Captured, r.Wire)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	var sum Second
	for _, s := range truth.Series {
		sum.Wire += s.Wire
		sum.Captured += s.Captured
		sum.Packets += s.Packets
		sum.WireTCP += s.WireTCP + s.WireUDP + s.WireOther
	}
	if sum.Wire != truth.WireBytes || sum.WireTCP != truth.WireBytes || sum.Captured != truth.CapturedBytes || sum.Packets != truth.Rows {
		t.Errorf("the seconds sum to %+v, the capture has %+v", sum, truth)
	}
	if truth.Packets != records || truth.FileBytes != int64(file.Len()) || truth.TCP+truth.UDP+truth.Other != truth.Rows || truth.IPv4+truth.IPv6 != truth.Rows {
		t.Errorf("does not add up: %+v", truth)
	}
}

func TestStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Defaults().Write(ctx, io.Discard, func(seconds int) {
		if seconds == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: %v", err)
	}
	full := errors.New("no space")
	if _, err := Defaults().Write(t.Context(), failing{full}, nil); !errors.Is(err, full) {
		t.Errorf("full disk: %v", err)
	}
	if _, err := (Options{}).Write(t.Context(), io.Discard, nil); err == nil {
		t.Error("zero options are accepted")
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestExponentialAndPareto(t *testing.T) {
	s := newSource(5)
	const n = 200_000
	var sum, over, far, left float64
	for range n {
		sum += s.exponential()
		if s.pareto() > 8 { // 8^(-4/3) = 1/16
			over++
		}
		if s.residual() > 27 { // 3/4 · 27^(-1/3) = 1/4
			far++
		}
		left += s.normal()
	}
	for what, got := range map[string][2]float64{
		"mean of the exponential": {sum / n, 1}, "P(pareto > 8)": {16 * over / n, 1}, "P(residual > 27)": {4 * far / n, 1}, "1 + mean of the normal": {1 + left/n, 1},
	} {
		if math.Abs(got[0]-got[1]) > 0.03 {
			t.Errorf("%s: %g, expected %g", what, got[0], got[1])
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	o := Defaults()
	o.Seconds = 100
	packets := int64(0)
	for b.Loop() {
		truth, err := o.Write(b.Context(), io.Discard, nil)
		if err != nil {
			b.Fatal(err)
		}
		packets += truth.Packets
		b.SetBytes(truth.FileBytes)
	}
	b.ReportMetric(float64(packets)/b.Elapsed().Seconds(), "packets/s")
}

func ExampleOptions_Write() {
	o, _ := Parse("synthetic://backbone?seconds=2&rate=100")
	truth, _ := o.Write(context.Background(), io.Discard, nil)
	fmt.Println(len(truth.Series), "seconds touched")
	// Output: 3 seconds touched
}
