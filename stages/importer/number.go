package importer

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// missing are the texts that stand for no value.
var missing = []string{"", "NA", "N/A", "n/a", "NaN", "nan", "NAN", "null", "NULL", "None", "-", "#N/A"}

func isMissing(text string) bool { return slices.Contains(missing, strings.TrimSpace(text)) }

// looksNumeric says that the text consists of a number's characters.
func looksNumeric(text string) bool {
	digit := false
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			digit = true
		case c == '.' || c == '+' || c == '-' && (i == 0 || text[i-1] == 'e' || text[i-1] == 'E'):
		case (c == 'e' || c == 'E') && digit:
		default:
			return false
		}
	}
	return digit
}

// number reads a finite number with the given decimal point. The error says what to do about a comma.
func number(text, decimal string) (float64, error) {
	s := strings.TrimSpace(text)
	plain := s
	if decimal == "," {
		if strings.Contains(s, ".") {
			return 0, fmt.Errorf("%.60q is no number with a decimal comma; thousands separators are not understood", s)
		}
		plain = strings.Replace(s, ",", ".", 1)
	}
	if looksNumeric(plain) {
		v, err := strconv.ParseFloat(plain, 64)
		if err == nil && !math.IsInf(v, 0) {
			return v, nil
		}
		if err != nil && strings.Contains(err.Error(), "range") {
			return 0, fmt.Errorf("%.60q is beyond the largest number", s)
		}
	}
	if decimal == "." && strings.Count(s, ",") == 1 && looksNumeric(strings.Replace(s, ",", ".", 1)) {
		return 0, fmt.Errorf("%.60q is no number; if the comma is a decimal point, say decimal = \",\"", s)
	}
	if looksNumeric(strings.ReplaceAll(s, ",", "")) {
		return 0, fmt.Errorf("%.60q is no number; thousands separators are not understood", s)
	}
	return 0, fmt.Errorf("%.60q is no number", s)
}
