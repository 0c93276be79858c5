// Package importer reads a user's own table, CSV or Parquet, into the forms the other stages read: a regular series where the table has a
// column of times, labelled examples where it has a column of labels instead. It stands beside decode and aggregate, for data that never was
// a capture.
//
// A series gets the median distance of its times as interval, or `every`. Times are put in order; a time that occurs twice is an error. Where times are
// missing the series has a gap, which ends a segment unless `fill` says otherwise. A row with an empty value counts as missing.
//
// Numbers are the nearest float64 to the text (strconv.ParseFloat), as pandas' float_precision="round_trip" reads them. Nothing is resampled,
// and a table without a header line is refused.
package importer

import (
	"context"
	"fmt"
	"strings"

	"weir/internal/series"
	"weir/stages"
)

// Import is the stage; its fields are its interface.
type Import struct {
	File     stages.Input    `hcl:"file" doc:"a table: CSV (comma, semicolon, tab, # or | between the columns, quoted or not, plain or gzip) or Parquet, recognised by content"`
	Time     string          `hcl:"time,optional" doc:"the column of times; default: the first that holds times"`
	Value    []string        `hcl:"value,optional" doc:"the columns of values; default: all that hold numbers"`
	Label    string          `hcl:"label,optional" doc:"the column of labels, for examples; default: label or class, when there is no column of times"`
	Epoch    string          `hcl:"epoch,optional" enum:"auto s ms us ns" doc:"unit of times that are numbers since 1970 UTC; auto goes by their size"`
	Decimal  string          `hcl:"decimal,optional" enum:". ," doc:"the decimal point of the numbers"`
	Every    series.Interval `hcl:"every,optional" doc:"length of an interval; default: the median distance of the times"`
	Fill     string          `hcl:"fill,optional" enum:"none zero previous" doc:"missing rows: end a segment, are zeros, or repeat the row before (their coverage is 0)"`
	Gap      series.Interval `hcl:"gap,optional" doc:"with fill: a gap of this length or longer is not filled; default: 10 intervals"`
	Partial  bool            `hcl:"partial_edges,optional" doc:"the first and the last row cover only a part of their interval, as where a capture begins and ends inside it: their coverage is 0.5, and protocol strict leaves them out"`
	Unit     string          `hcl:"unit,optional" doc:"unit of the values; default: B where the name says bytes, packets where it says packets"`
	Series   stages.Output   `hcl:"series,optional" file:"series.parquet" doc:"time, the values under their own names, coverage; written when there is a column of times"`
	Examples stages.Output   `hcl:"examples,optional" file:"examples.parquet" doc:"the columns as read; written when there is no column of times but one of labels"`
}

// Kind is the row for the table of kinds.
func Kind() stages.Kind {
	return stages.Kind{
		Name: "import", Version: 1, Summary: "a CSV or Parquet table of your own to a series or to labelled examples",
		New: func() stages.Stage { return &Import{Epoch: "auto", Decimal: ".", Fill: "none"} },
	}
}

// Validate checks that the options fit together.
func (m *Import) Validate() error {
	for _, o := range []struct{ name, value, allowed string }{{"epoch", m.Epoch, "auto s ms us ns"}, {"decimal", m.Decimal, ". ,"}, {"fill", m.Fill, "none zero previous"}} {
		if !strings.Contains(" "+o.allowed+" ", " "+o.value+" ") {
			return &stages.OptionError{Option: o.name, Message: fmt.Sprintf("%q is not one of %s", o.value, o.allowed)}
		}
	}
	if m.Gap != 0 && m.Fill == "none" {
		return &stages.OptionError{Option: "gap", Message: "has no effect without fill = \"zero\" or \"previous\""}
	}
	if m.Time != "" && m.Label != "" {
		return &stages.OptionError{Option: "label", Message: "examples have no column of times: give time or label"}
	}
	return nil
}

// values splits the names of the value columns, which may come as one text with commas.
func (m *Import) values() (names []string) {
	for _, text := range m.Value {
		for name := range strings.SplitSeq(text, ",") {
			if name = strings.TrimSpace(name); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

// Run reads the file once and writes one of the two outputs.
func (m *Import) Run(ctx context.Context, env *stages.Env) error {
	if err := m.Validate(); err != nil {
		return err
	}
	src, err := open(m.File, env.Progress)
	if err != nil {
		return err
	}
	defer src.close()
	if err := src.start(m.Decimal); err != nil {
		return err
	}
	plan, err := m.plan(src)
	if err != nil {
		return err
	}
	if plan.time < 0 {
		return m.importExamples(ctx, env, src, plan)
	}
	return m.importSeries(ctx, env, src, plan)
}

func (m *Import) importSeries(ctx context.Context, env *stages.Env, src *source, p plan) error {
	if m.Series.Path == "" {
		return fmt.Errorf("%s: has a column of times (%s): the output is `series`", m.File.From, src.names[p.time])
	}
	f, err := readFrame(ctx, src, p)
	if err != nil {
		return err
	}
	s, report, err := f.series(m)
	if err != nil {
		return err
	}
	if err := s.Write(m.Series.Path); err != nil {
		return err
	}
	for _, line := range report {
		env.Warn(line)
	}
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = c.Name
	}
	env.Summarize(fmt.Sprintf("%s every %s, %s: %s", series.Count(s.Len(), "row"), series.Interval(s.Step),
		series.Count(len(s.Segments()), "segment"), shorten(names)))
	return nil
}

func (m *Import) importExamples(ctx context.Context, env *stages.Env, src *source, p plan) error {
	if m.Examples.Path == "" {
		return fmt.Errorf("%s: has no column of times but one of labels (%s): the output is `examples`", m.File.From, src.names[p.label])
	}
	rows, err := writeExamples(ctx, src, p, m.Examples.Path)
	if err != nil {
		return err
	}
	env.Summarize(fmt.Sprintf("%s, label %s", series.Count(rows, "example"), src.names[p.label]))
	return nil
}

// shorten lists at most five names.
func shorten(names []string) string {
	if len(names) > 5 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:5], ", "), len(names)-5)
	}
	return strings.Join(names, ", ")
}
