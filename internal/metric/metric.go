// Package metric reads and writes metrics.json: the flat list of named numbers from which every table, macro and sentence of a
// report is rendered. Stages write it, the report reads it; nothing else carries a number into a report.
package metric

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
)

// Metric is one number. A value that is not finite is written as null and read as NaN.
type Metric struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"`
	Value  Number            `json:"value"`
	Unit   string            `json:"unit,omitempty"` // "B/s", "B²/s²", "s", "packets", "" for a pure number
	Low    *Number           `json:"low,omitempty"`  // the interval's ends, where there is one
	High   *Number           `json:"high,omitempty"`
	Count  *int64            `json:"count,omitempty"` // how many values (seeds, points) the number summarises
}

// Number is a float64 whose non-finite values are null in JSON.
type Number float64

// MarshalJSON implements json.Marshaler: the shortest decimal that reads back to the same float64, or null.
func (n Number) MarshalJSON() ([]byte, error) {
	if f := float64(n); math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON implements json.Unmarshaler; null is NaN.
func (n *Number) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*n = Number(math.NaN())
		return nil
	}
	return json.Unmarshal(data, (*float64)(n))
}

// MaxFile bounds what Read accepts, in bytes.
const MaxFile = 64 << 20

// Of makes a metric; labels are key, value, key, value.
func Of(name string, value float64, unit string, labels ...string) Metric {
	m := Metric{Name: name, Value: Number(value), Unit: unit}
	if len(labels)%2 != 0 {
		panic("metric: labels come in pairs")
	}
	for i := 0; i < len(labels); i += 2 {
		if m.Labels == nil {
			m.Labels = map[string]string{}
		}
		m.Labels[labels[i]] = labels[i+1]
	}
	return m
}

// Between returns m with an interval.
func (m Metric) Between(low, high float64) Metric {
	l, h := Number(low), Number(high)
	m.Low, m.High = &l, &h
	return m
}

// Over returns m with the number of values that it summarises.
func (m Metric) Over(count int) Metric {
	c := int64(count)
	m.Count = &c
	return m
}

// Write writes the metrics one a line, in the order given, as a JSON list.
func Write(path string, metrics []Metric) error {
	var b strings.Builder
	b.WriteString("[\n")
	for i, m := range metrics {
		line, err := json.Marshal(m)
		if err != nil {
			return fmt.Errorf("metric %s: %w", m.Name, err)
		}
		b.Write(line)
		if i+1 < len(metrics) {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString("]\n")
	return os.WriteFile(path, []byte(b.String()), 0o666)
}

// Read reads what Write wrote. Unknown fields and a file over MaxFile are errors that name the file.
func Read(path string) ([]Metric, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxFile {
		return nil, fmt.Errorf("%s: more than %d bytes of metrics", path, MaxFile)
	}
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	var metrics []Metric
	if err := d.Decode(&metrics); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: something follows the list of metrics", path)
	}
	return metrics, nil
}

// Find returns the metrics of that name whose labels include all the given pairs (key, value, ...), in their order.
func Find(metrics []Metric, name string, labels ...string) []Metric {
	return slices.DeleteFunc(slices.Clone(metrics), func(m Metric) bool {
		if m.Name != name {
			return true
		}
		for i := 0; i+1 < len(labels); i += 2 {
			if v, ok := m.Labels[labels[i]]; !ok || v != labels[i+1] {
				return true
			}
		}
		return false
	})
}
