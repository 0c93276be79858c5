package lstm

import (
	"fmt"

	"weir/internal/stats"
)

// Decay is a way in which the learning rate falls.
type Decay string

// The ways. With e epochs done, the rate r of Options and the schedule's Factor f and Every n, they are Keras' schedules of the epoch (ExponentialDecay,
// the same with staircase, CosineDecay; E is Options.Epochs):
//
//	constant     r
//	exponential  r f^(e/n)
//	step         r f^floor(e/n)
//	cosine       r (1 + cos(pi e/E)) / 2
const (
	Constant    Decay = "constant"
	Exponential Decay = "exponential"
	Step        Decay = "step"
	Cosine      Decay = "cosine"
)

var decays = [...]Decay{Constant, Exponential, Step, Cosine}

// Schedule says how the learning rate follows the epochs. Its zero value is constant.
type Schedule struct {
	Decay  Decay
	Factor float64 // of exponential and step, more than 0 and at most 1; else 0
	Every  int     // epochs, of exponential and step, from 1; else 0
}

// Open says that a training of more epochs goes through the states of a shorter one: cosine depends on how many there will be.
func (s Schedule) Open() bool { return s.Decay != Cosine }

// decay is the way; the empty one is constant.
func (s Schedule) decay() Decay {
	if s.Decay == "" {
		return Constant
	}
	return s.Decay
}

// Check says what is wrong with the schedule.
func (s Schedule) Check() error {
	switch s.decay() {
	case Constant, Cosine:
		if s.Factor != 0 || s.Every != 0 {
			return fmt.Errorf("factor %v every %d: a schedule that is %s or %s has neither", s.Factor, s.Every, Constant, Cosine)
		}
		return nil
	case Exponential, Step:
		if !(s.Factor > 0 && s.Factor <= 1) {
			return fmt.Errorf("factor %v: expected more than 0 and at most 1", s.Factor)
		}
		if s.Every < 1 || s.Every > maxEpochs {
			return fmt.Errorf("every %d: expected 1 to %d epochs", s.Every, maxEpochs)
		}
		return nil
	}
	return fmt.Errorf("schedule %.40q: expected %s, %s, %s or %s", string(s.Decay), Constant, Exponential, Step, Cosine)
}

// Rate is the learning rate of an epoch, from 1, of epochs, when it begins with first. It is made of correctly rounded operations alone.
func (s Schedule) Rate(first float64, epoch, epochs int) float64 {
	done := epoch - 1
	switch s.Decay {
	case Exponential:
		rate := float64(first * power(s.Factor, done/s.Every))
		if rest := done % s.Every; rest > 0 {
			rate *= power(root(s.Factor, s.Every), rest)
		}
		return rate
	case Step:
		return float64(first * power(s.Factor, done/s.Every))
	case Cosine:
		cos, _ := stats.Turn(done, 2*epochs)
		return float64(first*(1+cos)) / 2
	}
	return first
}

// power is x^n by squaring.
func power(x float64, n int) float64 {
	p := 1.0
	for ; n > 0; n /= 2 {
		if n%2 == 1 {
			p = float64(p * x)
		}
		x = float64(x * x)
	}
	return p
}

// root is the n-th root of 0 < x <= 1 by bisection, to the last bits.
func root(x float64, n int) float64 {
	low, high := 0.0, 1.0
	for {
		middle := (low + high) / 2
		if middle <= low || middle >= high {
			return high
		}
		if power(middle, n) < x {
			low = middle
		} else {
			high = middle
		}
	}
}
