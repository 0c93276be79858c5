package series

import "strconv"

// Count writes a number of things for messages, with thousands separators: "1 segment", "14,772 rows". what is the singular; "" gives the number
// alone.
func Count(n int, what string) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	switch {
	case what == "":
		return s
	case n == 1:
		return s + " " + what
	}
	return s + " " + what + "s"
}
