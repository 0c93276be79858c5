package train

import (
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"weir/internal/forecast"
	"weir/stages"
)

// TestUses: a model of internal/forecast is given the options that its description names, and a trial tells apart what differs in them.
func TestUses(t *testing.T) {
	fields := regexp.MustCompile(`\(([a-z_, ]+)\)$`)
	names := map[string]string{"order": "p", "difference": "d", "average": "q"}
	for _, name := range forecast.Models {
		s := defaults()
		s.Model.Name = name
		var got []string
		for _, field := range []string{"order", "period", "window"} {
			if s.Model.proper(field) {
				got = append(got, field)
			}
		}
		got = append(got, s.uses()...)
		var want []string
		if m := fields.FindStringSubmatch(forecast.Describe(name)); m != nil {
			for field := range strings.SplitSeq(m[1], ", ") {
				if arma := names[field]; arma != "" && strings.HasPrefix(name, "ar") && name != "ar" {
					field = arma
				}
				if field != "covariates" {
					want = append(want, field)
				}
			}
		}
		if name == "ar" {
			want = append(want, "strategy")
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s uses %v, it is described with %v", name, got, want)
		}
	}
}

// TestNames: the label's enum lists every model, so that mistakes are found where they are written.
func TestNames(t *testing.T) {
	for _, f := range stages.Fields(defaults()) {
		if f.Class != stages.Block {
			continue
		}
		want := append([]string{"lstm", "gru", "boosting", "forest"}, forecast.Models...)
		got := slices.Clone(f.Fields[0].Enum)
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("the label allows %v, there are %v", got, want)
		}
		for _, name := range want {
			if !regexp.MustCompile(`\b` + name + `\b`).MatchString(f.Doc) {
				t.Errorf("the documentation does not say what %s is", name)
			}
		}
	}
}

// TestOptions: what makes another configuration is in the trial, what does not is not.
func TestOptions(t *testing.T) {
	change := func(change func(*Train)) []forecast.Option {
		s := defaults()
		s.Model.Name = "lstm"
		change(s)
		return s.options()
	}
	for _, c := range []struct {
		change func(*Train)
		want   []forecast.Option
	}{
		{func(*Train) {}, nil},
		{func(s *Train) { s.Seed, s.Model.Rate, s.Model.P, s.Level = 2, 0.5, 7, 0.8 }, nil},
		{func(s *Train) { s.Decay, s.DecayEvery = "step", 5 }, []forecast.Option{{Name: "decay", Value: "step"}, {Name: "decay_every", Value: "5"}}},
		{func(s *Train) { s.Model.Attention, s.Quantiles = true, []float64{0.1, 0.5, 0.9} }, []forecast.Option{{Name: "quantiles", Value: "[0.1, 0.5, 0.9]"}, {Name: "attention", Value: "true"}}},
		{func(s *Train) { s.Model.Name, s.Model.Rate, s.Intervals = "boosting", 0.5, "none" }, []forecast.Option{{Name: "intervals", Value: "none"}, {Name: "rate", Value: "0.5"}}},
		{func(s *Train) { s.Model.Name, s.Model.P, s.Model.D = "arfima", 1, 2 }, []forecast.Option{{Name: "p", Value: "1"}}},
	} {
		if got := change(c.change); !reflect.DeepEqual(got, c.want) {
			t.Errorf("got %v, want %v", got, c.want)
		}
	}
}

// TestCost: the order in which a sweep starts, longest first, and memory that a machine has.
func TestCost(t *testing.T) {
	last := math.Inf(1)
	for _, c := range []struct {
		name   string
		change func(*Train)
	}{
		{"lstm", func(s *Train) { s.LookBack, s.Model.Layers = 60, 2 }}, {"lstm", func(s *Train) { s.LookBack = 60 }}, {"lstm", func(s *Train) {}}, {"lstm", func(s *Train) { s.Epochs = 20 }},
		{"forest", func(s *Train) { s.LookBack = 60 }}, {"auto", func(s *Train) {}}, {"boosting", func(s *Train) {}}, {"ar", func(s *Train) {}},
	} {
		s := defaults()
		s.Model.Name = c.name
		c.change(s)
		if cost := s.Cost(); cost >= last || cost <= 0 {
			t.Errorf("%s costs %v after %v", c.name, cost, last)
		} else {
			last = cost
		}
		if m := s.Memory(); m < 64<<20 || m > 1<<30 {
			t.Errorf("%s is to need %d bytes", c.name, m)
		}
	}
}
