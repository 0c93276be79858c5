package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"weir/runner"
)

// headline is the first line of run and plan.
func (a *App) headline(plan *runner.Plan) string {
	cached, pending := plan.Count(runner.Cached), plan.Pending()
	text := fmt.Sprintf("weir %s · %s · %s", Version, plan.Experiment.Name, plural(len(plan.Steps), "action"))
	switch {
	case pending == 0:
		text += ", all cached"
	case cached == 0:
		text += fmt.Sprintf(", %s to run", count(int64(pending)))
	default:
		text += fmt.Sprintf(", %s cached, %s to run", count(int64(cached)), count(int64(pending)))
	}
	if n := plan.Count(runner.Skipped); n > 0 {
		text += fmt.Sprintf(", %d left out", n)
	}
	return text
}

// plan loads and plans; mistakes are shown.
func (a *App) plan(o runner.PlanOptions) (*runner.Project, *runner.Plan, error) {
	p, e, err := a.load()
	if err != nil {
		return nil, nil, err
	}
	plan, diags := p.Plan(e, o)
	if err := a.report(diags, e.Pipeline.Files); err != nil {
		return nil, nil, err
	}
	return p, plan, nil
}

func (a *App) planCommand() *cobra.Command {
	var o runner.PlanOptions
	var asJSON, all, detailed bool
	var out string
	c := &cobra.Command{
		Use: "plan [TARGET...]", GroupID: forSight, Short: "what would run, and why",
		Long: "Plan reads files and records and changes nothing. What needs something that runs first is decided when that is there:\n" +
			"\"input series may change\" means that it does not run when the series comes out as it was.",
		Example: planExamples,
		RunE: func(_ *cobra.Command, args []string) error {
			o.Targets = args
			p, plan, err := a.plan(o)
			if err != nil {
				return err
			}
			defer p.Store.Save()
			if out != "" {
				if err := writePlan(out, a.freeze(plan, o)); err != nil {
					return &exitError{Failed, err}
				}
			}
			if asJSON {
				a.printPlanJSON(plan)
			} else {
				a.printPlan(plan, all)
			}
			if !all {
				a.tellLeft(plan, o.Targets)
			}
			if detailed && plan.Pending() > 0 {
				return exit(Pending)
			}
			return nil
		},
	}
	a.projectFlags(c.Flags())
	c.Flags().BoolVar(&o.Force, "force", false, "as if the targets were not cached")
	c.Flags().BoolVar(&asJSON, "json", false, "the plan as JSON")
	c.Flags().BoolVar(&all, "all", false, "list what is cached too")
	c.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 10 when there is work")
	c.Flags().StringVar(&out, "out", "", "write the plan to a `file` for run --plan")
	return c
}

const planExamples = `  weir plan                          what is not cached, with the reason
  weir plan --all                    everything
  weir plan -e mawi train            the stages of a kind, and what they need
  weir plan --detailed-exitcode      exit 10 when there is work, 0 when there is none
`

func (a *App) printPlan(plan *runner.Plan, all bool) {
	head := a.headline(plan)
	if s := plan.Estimate(jobs()); s > 0 {
		head += ", about " + took(time.Duration(s*float64(time.Second)))
	}
	if plan.Pending() == 0 {
		head += " · nothing to do"
	}
	fmt.Fprintln(a.Err, head)
	lines := planLines(plan, all)
	width := 0
	for _, l := range lines {
		width = min(64, max(width, len(l.address)))
	}
	for _, l := range lines {
		reason := newStyle(a.Out, a.Env).hanging(l.reason, width+4)
		if l.status == runner.Cached {
			reason = a.style.dim(reason)
		}
		fmt.Fprintf(a.Out, "  %-*s  %s\n", width, l.address, reason)
	}
}

// tellLeft says of instances that are targets by their own address why a search left them out.
func (a *App) tellLeft(plan *runner.Plan, targets []string) {
	for _, s := range plan.Steps {
		if s.Left && slices.Contains(targets, s.Address) {
			fmt.Fprintf(a.Err, "  %s\n", a.style.hanging(s.Address+"  left out: "+s.Reason, 4))
		}
	}
}

type planLine struct {
	address, reason string
	status          runner.Status
}

// planLines lists the steps that are not cached, in order; many instances of one stage with one reason share a line, which names the stage.
func planLines(plan *runner.Plan, all bool) []planLine {
	var lines []planLine
	alike := map[planLine]int{} // how many share stage, reason and status
	shared := func(s *runner.Step, l planLine) planLine { return planLine{stageName(s), l.reason, l.status} }
	each := func(do func(*runner.Step, planLine)) {
		for _, s := range plan.Steps {
			l := planLine{s.Address, s.Reason, s.Status}
			switch {
			case (s.Status == runner.Cached || s.Left) && !all:
				continue
			case s.Status == runner.Skipped:
				l.reason = "left out: " + s.Reason
			case s.Status == runner.Cached:
				l.reason = "cached"
			}
			do(s, l)
		}
	}
	each(func(s *runner.Step, l planLine) { alike[shared(s, l)]++ })
	each(func(s *runner.Step, l planLine) {
		key := shared(s, l)
		switch n := alike[key]; {
		case n < 0: // has its line
		case n < manyInstances:
			lines = append(lines, l)
		default:
			lines = append(lines, planLine{key.address, plural(n, "instance") + ": " + l.reason, l.status})
			alike[key] = -1
		}
	})
	return lines
}

// jsonPlan is `plan --json`.
type jsonPlan struct {
	Format     int        `json:"format"` // 1
	Experiment string     `json:"experiment"`
	Steps      []jsonStep `json:"steps"`
}

type jsonStep struct {
	Stage  string `json:"stage"`
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
	Action string `json:"action,omitempty"` // known when all inputs are
}

func stepsJSON(plan *runner.Plan) []jsonStep {
	steps := []jsonStep{}
	for _, s := range plan.Steps {
		j := jsonStep{Stage: s.Address, Status: s.Status.String(), Reason: s.Reason}
		if !s.Action.IsZero() {
			j.Action = s.Action.String()
		}
		steps = append(steps, j)
	}
	return steps
}

func (a *App) printPlanJSON(plan *runner.Plan) {
	e := json.NewEncoder(a.Out)
	e.SetIndent("", " ")
	e.Encode(jsonPlan{1, plan.Experiment.Name, stepsJSON(plan)})
}

// frozenPlan is a plan in a file. It holds while every step has the same status and action.
type frozenPlan struct {
	jsonPlan
	Vars    []string `json:"vars"` // name=value in HCL, every variable
	Targets []string `json:"targets"`
	Force   bool     `json:"force"`
}

func (a *App) freeze(plan *runner.Plan, o runner.PlanOptions) *frozenPlan {
	f := &frozenPlan{jsonPlan: jsonPlan{1, plan.Experiment.Name, stepsJSON(plan)}, Targets: o.Targets, Force: o.Force}
	f.Vars = append(f.Vars, plan.Experiment.Pipeline.Assignments()...)
	return f
}

func (f *frozenPlan) matches(plan *runner.Plan) error {
	now := stepsJSON(plan)
	if len(now) != len(f.Steps) {
		return fmt.Errorf("it has %d steps, the pipeline has %d now", len(f.Steps), len(now))
	}
	for i, s := range now {
		was := f.Steps[i]
		switch {
		case s.Stage != was.Stage:
			return fmt.Errorf("it has %s where the pipeline has %s now", was.Stage, s.Stage)
		case s.Status != was.Status:
			return fmt.Errorf("%s was to be %q and would be %q now", s.Stage, was.Status, s.Status)
		case s.Action != was.Action:
			return fmt.Errorf("%s would be another action now", s.Stage)
		}
	}
	return nil
}

func writePlan(path string, f *frozenPlan) error {
	data, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o666)
}

// maxPlan bounds a plan file, in bytes.
const maxPlan = 256 << 20

func readPlan(path string) (*frozenPlan, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxPlan {
		return nil, fmt.Errorf("%d bytes are no plan", info.Size())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var f frozenPlan
	if err := json.Unmarshal(data, &f); err != nil || f.Format != 1 {
		return nil, fmt.Errorf("no plan of this version of weir: %v", err)
	}
	return &f, nil
}
