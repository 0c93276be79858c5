package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"weir/runner"
	"weir/runner/language"
)

// tableOptions say which part of a table is shown, and how.
type tableOptions struct {
	output  string
	columns []string
	by      string // a column to sort by, -column for falling
	limit   int
	asCSV   bool
	asJSON  bool
}

func (a *App) tableCommand() *cobra.Command {
	var o tableOptions
	c := &cobra.Command{
		Use: "table STAGE", GroupID: forSight, Short: "a table that a stage left: the trials of a sweep", Args: oneStage,
		Long: "Table prints an output that is a CSV file, sorted if you like: numbers by their value, rows without one last.\n" +
			"On a terminal, columns with one value are said once above the table, and what does not fit is left out; elsewhere, and with --csv and --json, everything is there.",
		Example:           tableExamples,
		ValidArgsFunction: a.completeTables,
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case o.asCSV && o.asJSON:
				return usage("--csv or --json, not both")
			case o.limit < 0:
				return usage("--limit %d: expected 0 (all) or more", o.limit)
			}
			p, plan, err := a.plan(runner.PlanOptions{Targets: args})
			if err != nil {
				return err
			}
			defer p.Store.Save()
			steps := matching(plan, args[0])
			if len(steps) > 1 && o.asCSV {
				return usage("%s has %s, a CSV file has one table; say which, such as '%s'", args[0], plural(len(steps), "instance"), steps[0].Address)
			}
			for i, s := range steps {
				if i > 0 && !o.asJSON {
					fmt.Fprintln(a.Out)
				}
				if len(steps) > 1 && !o.asJSON {
					fmt.Fprintln(a.Out, s.Address)
				}
				if err := a.table(p, s, o); err != nil {
					return err
				}
			}
			return nil
		},
	}
	a.projectFlags(c.Flags())
	c.Flags().StringVar(&o.output, "output", "", "which `output`, where a stage has several tables")
	c.Flags().StringSliceVar(&o.columns, "columns", nil, "only these, in this order: `a,b,c`")
	c.Flags().StringVar(&o.by, "sort", "", "sort by a `column`; -column: the greatest first")
	c.Flags().IntVar(&o.limit, "limit", 0, "only the first `n` rows")
	c.Flags().Lookup("limit").DefValue = "all"
	c.Flags().BoolVar(&o.asCSV, "csv", false, "as CSV")
	c.Flags().BoolVar(&o.asJSON, "json", false, "one JSON object for each instance")
	return c
}

const tableExamples = `  weir table evaluate.forecast            every trial and baseline
  weir table 'evaluate.forecast["demo"]' --sort rmse --limit 10
  weir table evaluate.forecast --columns model,look_back,skill --sort=-skill
  weir table evaluate.forecast --csv > trials.csv
`

// tablesOf are the outputs of an instance that are CSV files.
func tablesOf(in *language.Instance) (all []*language.OutputField) {
	for i := range in.Outputs {
		if o := &in.Outputs[i]; !o.Dir && strings.EqualFold(path.Ext(o.File), ".csv") {
			all = append(all, o)
		}
	}
	return all
}

// completeTables completes the stages that have a table.
func (a *App) completeTables(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	p, err := a.project()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	e, _, diags := p.Load(a.experiment, a.vars, a.varFiles)
	if diags.HasErrors() {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, in := range e.Pipeline.Instances {
		if name := in.Kind.Name + "." + in.Name; len(tablesOf(in)) > 0 && (len(names) == 0 || names[len(names)-1] != name) {
			names = append(names, name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// chooseTable finds the output that is meant.
func chooseTable(s *runner.Step, name string) (string, error) {
	tables := tablesOf(s.Instance)
	names := make([]string, len(tables))
	for i, o := range tables {
		names[i] = o.Name
		if o.Name == name {
			return name, nil
		}
	}
	switch {
	case len(tables) == 0:
		return "", usage("%s has no output that is a CSV file", s.Address)
	case name != "":
		return "", usage("%s has no table %q; %s", s.Address, name, language.Suggest(name, names))
	case len(tables) > 1:
		return "", usage("%s has several tables; --output says which: %s", s.Address, strings.Join(names, ", "))
	}
	return names[0], nil
}

// jsonTable is `table --json`.
type jsonTable struct {
	Format  int              `json:"format"` // 1
	Stage   string           `json:"stage"`
	Output  string           `json:"output"`
	Columns []string         `json:"columns"`
	Rows    []map[string]any `json:"rows"`
}

// table prints one table.
func (a *App) table(p *runner.Project, s *runner.Step, o tableOptions) error {
	name, err := chooseTable(s, o.output)
	if err != nil {
		return err
	}
	if s.Status != runner.Cached {
		return &exitError{Failed, fmt.Errorf("%s is not computed (%s); `weir run '%s'` does it", s.Address, s.Reason, s.Address)}
	}
	out, ok := s.Outputs[name]
	if !ok {
		return &exitError{Failed, fmt.Errorf("%s did not write its output %s", s.Address, name)}
	}
	f, err := os.Open(p.Store.Path(out.ID))
	if err != nil {
		return &exitError{Failed, err}
	}
	defer f.Close()
	t, err := readSheet(f)
	if err != nil {
		return &exitError{Failed, fmt.Errorf("%s.%s: %w", s.Address, name, err)}
	}
	keep, err := t.arrange(o)
	if err != nil {
		return err
	}
	if newStyle(a.Out, a.Env).screen != nil {
		t.disarm()
	}
	switch {
	case o.asCSV:
		return t.writeCSV(a.Out)
	case o.asJSON:
		return json.NewEncoder(a.Out).Encode(jsonTable{1, s.Address, name, t.names, t.objects()})
	}
	a.printSheet(t, keep)
	return nil
}

// arrange sorts, cuts and chooses as asked for. It returns the column that was sorted by, -1 for none.
func (s *sheet) arrange(o tableOptions) (by int, err error) {
	by = -1
	find := func(name string) (int, error) {
		i, ok := s.column(name)
		if !ok {
			return 0, usage("no column %q; %s", name, language.Suggest(name, s.printableNames()))
		}
		return i, nil
	}
	if o.by != "" {
		name, falling := o.by, false
		if _, there := s.column(name); !there {
			name, falling = strings.CutPrefix(name, "-")
		}
		if by, err = find(name); err != nil {
			return by, err
		}
		s.sort(by, falling)
	}
	if o.limit > 0 && o.limit < len(s.rows) {
		s.rows = s.rows[:o.limit]
	}
	if len(o.columns) == 0 {
		return by, nil
	}
	var columns []int
	kept := -1
	for _, name := range o.columns {
		i, err := find(name)
		if err != nil {
			return by, err
		}
		if i == by {
			kept = len(columns)
		}
		columns = append(columns, i)
	}
	s.choose(columns)
	return kept, nil
}

// printSheet prints a table for people.
func (a *App) printSheet(t *sheet, keep int) {
	width := 0
	style := newStyle(a.Out, a.Env)
	if style.screen != nil {
		width = style.columns()
	}
	f := t.layOut(width, keep)
	if len(f.common) > 0 {
		fmt.Fprintln(a.Out, "  "+style.dim(style.hanging(strings.Join(f.common, " · "), 2)))
	}
	for i, line := range f.lines() {
		if i == 0 {
			line = style.strong(line)
		}
		fmt.Fprintln(a.Out, line)
	}
	if len(f.hidden) > 0 {
		text := "--columns or --csv to see " + strings.Join(f.hidden, ", ")
		fmt.Fprintln(a.Err, "  "+a.style.dim(a.style.hanging(text, 2)))
	}
}
