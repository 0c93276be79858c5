// Package aggregate turns a packets table into a regular series: bytes and packets per interval, by transport protocol, flows and opened
// connections, and a histogram of packet sizes. It stands between decode and eda, train and evaluate.
//
// Intervals are half-open, [k*every, (k+1)*every) since 1970 UTC. An interval without a packet is a row of zeros; outside the capture there is
// no row. A silence of `gap` or longer ends a segment, if it leaves at least one interval empty; so does a clock that jumps. Packets are placed
// by their time, whatever their order in the file. The edges of a segment are kept and marked: coverage is the fraction of the interval between
// the segment's first and last packet.
//
// flows counts the different bidirectional five-tuples of the interval's packets: both endpoints whichever of them sent, and the protocol; a packet without
// ports (ICMP, a later fragment) belongs to the flow of its two hosts and its protocol. The count is exact, whatever the order of the packets; 262,144
// pairs of interval and flow are held in memory, more go to the scratch folder. syn counts TCP packets with SYN set and ACK not, the first packets of
// connections. A table without addresses and ports gives no column flows, one without tcp_flags (an older one, or another program's) no column syn.
//
// Nothing is resampled, smoothed or filled in.
package aggregate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"weir/internal/series"
	"weir/internal/table"
	"weir/stages"
)

// Aggregate is the stage; its fields are its interface.
type Aggregate struct {
	Packets stages.Input    `hcl:"packets" doc:"a packets table, as decode writes it"`
	Every   series.Interval `hcl:"every,optional" doc:"length of an interval, 1ms to 1h"`
	Gap     series.Interval `hcl:"gap,optional" doc:"a silence of this length or longer ends a segment instead of counting as zeros"`
	Series  stages.Output   `hcl:"series" file:"series.parquet" doc:"one row per interval: time, wire_bytes, captured_bytes, packets, the same by protocol, flows, syn, coverage"`
	Sizes   stages.Output   `hcl:"sizes,optional" file:"sizes.parquet" doc:"packet sizes: how many packets of each length, wire and captured, by protocol"`
}

// Kind is the row for the table of kinds.
func Kind() stages.Kind {
	return stages.Kind{
		Name: "aggregate", Version: 2, Summary: "packets to a series: bytes, packets, flows and opened connections per interval",
		New: func() stages.Stage {
			return &Aggregate{Every: series.Interval(time.Second), Gap: series.Interval(10 * time.Minute)}
		},
	}
}

// Validate checks the ranges of the options.
func (a *Aggregate) Validate() error {
	if e := time.Duration(a.Every); e < time.Millisecond || e > time.Hour {
		return &stages.OptionError{Option: "every", Message: fmt.Sprintf("%s is outside 1ms..1h", a.Every)}
	}
	if a.Gap <= 0 {
		return &stages.OptionError{Option: "gap", Message: "must be longer than nothing"}
	}
	return nil
}

// Run reads the packets once; memory is bounded by the number of intervals, which is limited (see maxBlocks).
func (a *Aggregate) Run(ctx context.Context, env *stages.Env) error {
	if err := a.Validate(); err != nil {
		return err
	}
	t := newTally(int64(a.Every))
	names, err := t.choose(a.Packets.Path, env.Scratch)
	if err != nil {
		return err
	}
	if t.flows != nil {
		defer t.flows.close()
	}
	if err := a.read(ctx, env, t, names); err != nil {
		return err
	}
	s, err := t.series(int64(a.Gap))
	if err != nil {
		return fmt.Errorf("%s: %w", a.Packets.From, err)
	}
	if err := s.Write(a.Series.Path); err != nil {
		return err
	}
	if a.Sizes.Path != "" {
		if err := table.Write(a.Sizes.Path, t.sizes.table()); err != nil {
			return err
		}
	}
	a.tell(env, s, t)
	return nil
}

// choose says which columns of a packets table are to be read, and prepares for those that not every table has.
func (t *tally) choose(path, scratch string) (names []string, err error) {
	columns, err := table.Schema(path)
	if err != nil {
		return nil, err
	}
	has := func(name string) bool {
		return slices.ContainsFunc(columns, func(c table.Column) bool {
			text := name == "src_ip" || name == "dst_ip"
			return c.Name == name && text == (c.Type == table.Text) && c.Type != table.Float64 && c.Type != table.Timestamp
		})
	}
	names = slices.Clone(sumColumns)
	if !slices.ContainsFunc(flowColumns, func(name string) bool { return !has(name) }) {
		t.flows = newFlows(scratch)
		names = append(names, flowColumns...)
	}
	if t.flags = has(flagsColumn); t.flags {
		names = append(names, flagsColumn)
	}
	return names, nil
}

func (a *Aggregate) read(ctx context.Context, env *stages.Env, t *tally, names []string) error {
	var done int64
	env.Progress.Total(0, "packets")
	return table.Scan(a.Packets.Path, names, func(batch *table.Table) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := t.add(batch); err != nil {
			return fmt.Errorf("%s: %w", a.Packets.From, err)
		}
		done += int64(batch.Rows())
		env.Progress.Done(done)
		return nil
	})
}

// tell says what came out.
func (a *Aggregate) tell(env *stages.Env, s *series.Series, t *tally) {
	segments := s.Segments()
	partial := 0
	for _, g := range segments {
		if s.Coverage[g.Lo] < 1 {
			partial++
		}
		if g.Len() > 1 && s.Coverage[g.Hi-1] < 1 {
			partial++
		}
	}
	length := fmt.Sprintf("%s x %s", series.Count(s.Len(), ""), a.Every)
	if time.Duration(a.Every) == time.Second {
		length = series.Count(s.Len(), "") + " s"
	}
	env.Summarize(fmt.Sprintf("%s, %s, %s", length, series.Count(len(segments), "segment"), series.Count(partial, "partial edge")))
	if t.disordered > 0 {
		env.Warn(fmt.Sprintf("%s earlier than the one before; placed by time", series.Count(t.disordered, "packet")))
	}
	if t.timeless > 0 {
		env.Warn(fmt.Sprintf("%s without a time; left out", series.Count(t.timeless, "packet")))
	}
	if t.flows != nil && t.flows.why != "" {
		env.Warn("flows are not counted: " + t.flows.why)
	}
	if len(segments) > 1 {
		env.Warn(fmt.Sprintf("%s of %s or more without packets: no window crosses from one segment to the next", series.Count(len(segments)-1, "gap"), a.Gap))
	}
	if s.Len() == 0 {
		env.Warn("no packets: the series is empty")
	}
}
