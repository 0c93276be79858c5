package predictor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"weir/internal/forecast"
	"weir/internal/modelfile"
)

// Linear is a model of package forecast.
type Linear struct {
	Options  forecast.Model
	Fitted   forecast.Fitted
	Horizons []int
}

// Forecast implements Model.
func (l *Linear) Forecast(ctx context.Context, d *forecast.Data, targets, horizons []int) ([]Forecast, error) {
	all := make([]Forecast, len(horizons))
	for k, h := range horizons {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		all[k].Point = l.Fitted.Forecast(d, targets, h)
	}
	return all, nil
}

func (l *Linear) save(f *modelfile.File) (err error) {
	f.Header.Parameters = l.Fitted.Parameters()
	f.Header.Options, err = json.Marshal(l.Options)
	return err
}

func linearOf(f *modelfile.File, m *Fitted) (*Linear, error) {
	l := &Linear{Options: forecast.Model{Name: f.Header.Model, Order: m.Trial.Order, Period: m.Trial.Period, Window: m.Trial.Window}, Horizons: m.Horizons}
	if f.Header.Options != nil { // there are none in version 1
		d := json.NewDecoder(bytes.NewReader(f.Header.Options))
		d.DisallowUnknownFields()
		if err := d.Decode(&l.Options); err != nil {
			return nil, fmt.Errorf("options: %w", err)
		}
	}
	if l.Options.Name != f.Header.Model {
		return nil, fmt.Errorf("options of %.40q for model %.40q", l.Options.Name, f.Header.Model)
	}
	var err error
	l.Fitted, err = forecast.Restore(l.Options, f.Header.Parameters)
	return l, err
}
