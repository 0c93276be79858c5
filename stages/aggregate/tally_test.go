package aggregate

import (
	"strings"
	"testing"
	"time"
)

// Times far from each other cost a block each: their number is limited.
func TestScattered(t *testing.T) {
	y := newTally(int64(time.Second))
	y.limit = 10
	for i := range int64(10) {
		if _, err := y.cell(i * int64(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := y.cell(int64(time.Hour) * 11); err == nil || !strings.Contains(err.Error(), "more than 4,194,304 intervals of 1s") {
		t.Error(err)
	}
	if _, err := y.cell(-1 << 63); err == nil {
		t.Error("a time before 1678 was taken")
	}
}
