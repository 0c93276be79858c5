package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/runner"
)

func (a *App) runCommand() *cobra.Command {
	var o runner.RunOptions
	var plan runner.PlanOptions
	var asJSON bool
	var planFile string
	var wait int
	c := &cobra.Command{
		Use: "run [TARGET...]", GroupID: forWork, Short: "do what is missing",
		Long: "Run computes what the pipeline needs and the store does not have, and puts the results into results/EXPERIMENT.\n" +
			"A target is a stage (decode.packets), one instance of it (decode.packets[\"demo\"]) or a kind (decode); what it needs runs too.\n" +
			"Ctrl-C stops cleanly, the next run goes on from there; a second Ctrl-C kills.",
		Example: runExamples,
		RunE: func(c *cobra.Command, args []string) error {
			if f := c.Flags(); planFile != "" && (len(args) > 0 || f.Changed("experiment") || f.Changed("var") || f.Changed("var-file") || plan.Force) {
				return usage("--plan: targets, values and --force are in the plan already")
			}
			plan.Targets = args
			o.NoWait = c.Flags().Changed("wait") && wait == 0
			return a.run(c.Context(), plan, o, asJSON, planFile)
		},
	}
	a.projectFlags(c.Flags())
	c.Flags().IntVarP(&o.Jobs, "jobs", "j", jobs(), "how many stages run at once")
	c.Flags().Int64Var(&o.Memory, "memory", memory(), "`bytes` that running stages may need together")
	c.Flags().BoolVarP(&o.KeepGoing, "keep-going", "k", false, "after a failure go on with what does not need it")
	c.Flags().BoolVar(&plan.Force, "force", false, "run the targets although they are cached")
	c.Flags().BoolVar(&asJSON, "json", false, "what happens as JSON lines on stdout")
	c.Flags().StringVar(&planFile, "plan", "", "run exactly what plan --out wrote into this `file`, or nothing")
	c.Flags().IntVar(&wait, "wait", 1, "0: exit 5 where another run computes the same now, instead of waiting for it")
	c.Flags().Lookup("jobs").DefValue = "one for each core"
	c.Flags().Lookup("memory").DefValue = "70 % of what is free"
	return c
}

const runExamples = `  weir run                                       the experiment demo: offline, ends with results/demo/report.html
  weir run -e mawi                               the values of experiments/mawi/experiment.hcl, results in results/mawi
  weir run -var 'captures={mine="a.pcap.gz"}'    a capture of your own, same questions
  weir run 'decode.packets["demo"]'              this instance, and what it needs
  weir run -k -j 4                               four stages at once; a failure stops only what needs it
  weir run --plan p.json                         what plan --out p.json planned; nothing when something changed since
`

func (a *App) run(ctx context.Context, po runner.PlanOptions, o runner.RunOptions, asJSON bool, planFile string) error {
	began := time.Now()
	if o.Jobs < 1 {
		return usage("-j %d: at least one stage runs at a time", o.Jobs)
	}
	var frozen *frozenPlan
	if planFile != "" {
		var err error
		if frozen, err = readPlan(planFile); err != nil {
			return usage("%s: %w", planFile, err)
		}
		a.experiment, a.vars, a.varFiles = frozen.Experiment, frozen.Vars, nil
		po.Targets, po.Force = frozen.Targets, frozen.Force
	}
	p, plan, err := a.plan(po)
	if err != nil {
		return err
	}
	if frozen != nil {
		if err := frozen.matches(plan); err != nil {
			return usage("%s no longer fits: %w; make a new plan", planFile, err)
		}
	}
	if plan.Pending() == 0 {
		err := a.nothingToDo(p, plan, began, asJSON)
		a.tellLeft(plan, po.Targets)
		return err
	}
	fmt.Fprintf(a.Err, "%s\n", a.headline(plan))
	var events *json.Encoder
	if asJSON {
		events = json.NewEncoder(a.Out)
	}
	d := newDisplay(ctx, a.style, a.Err, groupsOf(plan), events)
	d.wanted = plan.Count(runner.Cached) + plan.Pending()
	result := p.Run(ctx, plan, o, d)
	d.close()
	a.tellLeft(plan, po.Targets)
	return a.conclude(p, plan, result, d)
}

func (a *App) nothingToDo(p *runner.Project, plan *runner.Plan, began time.Time, asJSON bool) error {
	written, err := p.HandOut(plan)
	if err != nil {
		return &exitError{Failed, err}
	}
	p.Remember(plan)
	if asJSON {
		json.NewEncoder(a.Out).Encode(runEvent{Format: 1, Event: "nothing to do"})
	}
	fmt.Fprintln(a.Err, atRight(a.headline(plan)+" · nothing to do", a.style.dim(took(time.Since(began))), min(100, a.style.columns()-1)))
	if len(written) > 0 {
		fmt.Fprintf(a.Err, "%s put back into results/%s\n", plural(len(written), "file"), plan.Experiment.Name)
	}
	return nil
}

// conclude hands the results out and says how the run ended.
func (a *App) conclude(p *runner.Project, plan *runner.Plan, r *runner.Result, d *display) error {
	if _, err := p.HandOut(plan); err != nil {
		return &exitError{Failed, err}
	}
	there := plan.Count(runner.Cached)
	switch {
	case errors.Is(r.Err, context.Canceled):
		fmt.Fprintf(a.Err, "%s of %s done, the rest continues with `%s`\n", count(int64(there)), count(int64(d.wanted)), a.again())
		return exit(Interrupted)
	case errors.Is(r.Err, runner.ErrHeld):
		fmt.Fprintf(a.Err, "%s: %v\n", r.Failed[0].Address, r.Err)
		return exit(Held)
	case r.Err != nil:
		var parts []string
		if d.blocked > 0 {
			parts = append(parts, fmt.Sprintf("skipped %s that %s it", plural(d.blocked, "action"), choose(d.blocked, "needs", "need")))
		}
		if rest := r.Skipped - d.blocked; rest > 0 {
			parts = append(parts, fmt.Sprintf("%s not started (--keep-going starts them)", count(int64(rest))))
		}
		parts = append(parts, fmt.Sprintf("%s done · exit %d", count(int64(there)), Failed))
		fmt.Fprintln(a.Err, strings.Join(parts, " · "))
		return exit(Failed)
	}
	if d.spared > 0 {
		fmt.Fprintln(a.Err, a.style.dim(fmt.Sprintf("  %s did not have to run: what %s came out as before", plural(d.spared, "action"), choose(d.spared, "it needs", "they need"))))
	}
	a.made(plan)
	for _, sentence := range p.Findings(plan, 2) {
		fmt.Fprintln(a.Err, a.style.strong(a.style.broken(sentence, 0)))
	}
	return nil
}

// again is the command that continues a run.
func (a *App) again() string {
	if a.experiment == defaultExperiment {
		return "weir run"
	}
	return "weir run -e " + a.experiment
}

// made says what is in the results folder, first what to open first.
func (a *App) made(plan *runner.Plan) {
	dir := "results/" + plan.Experiment.Name + "/"
	var first string
	var others []string
	for _, r := range plan.Experiment.Pipeline.Results {
		switch s := plan.Step(r.Ref.Instance); {
		case s == nil || s.Status != runner.Cached:
		case first == "" && strings.HasSuffix(r.Path, ".html"):
			first = r.Path
		default:
			others = append(others, r.Path)
		}
	}
	if first == "" && len(others) == 0 {
		return
	}
	fmt.Fprintln(a.Err)
	if first != "" {
		fmt.Fprintf(a.Err, "%s   open this first\n", dir+first)
	}
	if n := len(others); n > 6 {
		others = append(others[:5:5], fmt.Sprintf("and %d more", n-5))
	}
	if len(others) > 0 {
		fmt.Fprintln(a.Err, a.style.broken(dir+"   "+strings.Join(others, ", "), 2))
	}
	for _, s := range plan.Steps {
		if s.Status == runner.Skipped && s.Kind.Tool != "" {
			fmt.Fprintf(a.Err, "%s   left out: %s; `weir doctor` says what to install\n", s.Address, s.Reason)
		}
	}
	fmt.Fprintln(a.Err)
}
