package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/artifacts"
	"weir/runner"
)

func (a *App) whyCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "why STAGE", GroupID: forSight, Short: "why a stage ran or would run", Args: oneStage,
		Long:    "Why lists the parts of a stage's key: its options, the digests of its inputs, files and tools. Where it would run, it marks what changed.",
		Example: "  weir why 'decode.packets[\"demo\"]'\n  weir why train.lstm --json\n",
		RunE: func(_ *cobra.Command, args []string) error {
			p, plan, err := a.plan(runner.PlanOptions{Targets: args})
			if err != nil {
				return err
			}
			defer p.Store.Save()
			for i, s := range matching(plan, args[0]) {
				if i > 0 && !asJSON {
					fmt.Fprintln(a.Out)
				}
				if err := a.why(p, s, plan.Experiment.Name, asJSON); err != nil {
					return err
				}
			}
			return nil
		},
	}
	a.projectFlags(c.Flags())
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object for each instance")
	return c
}

func oneStage(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("which stage? One address as `weir plan --all` prints it, in quotes: 'decode.packets[\"demo\"]'")
	}
	return nil
}

// matching are the steps that a target names, without those that they need.
func matching(plan *runner.Plan, target string) []*runner.Step {
	var named []*runner.Step
	for _, s := range plan.Steps {
		if s.Address == target || s.Kind.Name+"."+s.Name == target || s.Kind.Name == target {
			named = append(named, s)
		}
	}
	return named
}

// jsonWhy is `why --json`.
type jsonWhy struct {
	Format int               `json:"format"` // 1
	Stage  string            `json:"stage"`
	Status string            `json:"status"`
	Reason string            `json:"reason,omitempty"`
	Parts  []artifacts.Part  `json:"parts"`
	Record *artifacts.Record `json:"record,omitempty"` // of the cached action, or of the last one
}

func (a *App) why(p *runner.Project, s *runner.Step, experiment string, asJSON bool) error {
	last, _ := p.Last(experiment, s.Address)
	if s.Status == runner.Cached {
		last = s.Action
	}
	record, err := p.Store.Record(last)
	if err != nil {
		record = nil // there is none, or it is damaged: then it would run, and the reason says so
	}
	if asJSON {
		return json.NewEncoder(a.Out).Encode(jsonWhy{1, s.Address, s.Status.String(), s.Reason, s.Parts, record})
	}
	fmt.Fprintf(a.Out, "%s\n", s.Address)
	switch {
	case s.Status == runner.Cached && record != nil:
		fmt.Fprintf(a.Out, "  cached since %s by %s (%s)\n", record.Finished.Format("2006-01-02 15:04 UTC"), byWhom(record), took(seconds(record.Seconds)))
		if record.Reason != "" {
			fmt.Fprintf(a.Out, "  last ran because: %s\n", record.Reason)
		}
	case s.Status == runner.Skipped:
		fmt.Fprintf(a.Out, "  left out: %s\n", s.Reason)
	default:
		fmt.Fprintf(a.Out, "  would run: %s\n", s.Reason)
	}
	if !s.Action.IsZero() {
		fmt.Fprintf(a.Out, "  action %s\n", s.Action)
	}
	var was []artifacts.Part
	if s.Status != runner.Cached && record != nil {
		was = record.Parts
	}
	changed := map[string]artifacts.Change{}
	if was != nil {
		for _, c := range artifacts.Changes(was, s.Parts) {
			changed[c.Name] = c
		}
	}
	for _, part := range s.Parts {
		value, _, _ := strings.Cut(part.Value, "\x00")
		line := fmt.Sprintf("  %-28s %s", part.Name, firstOf(strings.ReplaceAll(value, "\n", " "), `""`))
		if c, ok := changed[part.Name]; ok {
			old, _, _ := strings.Cut(firstOf(c.Was, "not there"), "\x00")
			line += a.style.warn("   was " + old)
		}
		fmt.Fprintln(a.Out, line)
	}
	for _, o := range s.Instance.Outputs {
		if out, ok := s.Outputs[o.Name]; ok {
			fmt.Fprintf(a.Out, "  output %-21s %s  %s\n", o.Name, out.ID, size(out.Size))
		}
	}
	return nil
}

func byWhom(r *artifacts.Record) string {
	if here, err := os.Hostname(); err == nil && r.Host == here {
		return "this machine"
	}
	return firstOf(r.Host, "another machine")
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func (a *App) logCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "log STAGE", GroupID: forSight, Short: "what a stage printed when it last ran", Args: oneStage,
		Example: "  weir log 'train.lstm[\"demo\", look_back=20, seed=1]'\n",
		RunE: func(_ *cobra.Command, args []string) error {
			p, e, err := a.load()
			if err != nil {
				return err
			}
			found := false
			for _, in := range e.Pipeline.Instances {
				if in.Address != args[0] && in.Kind.Name+"."+in.Name != args[0] {
					continue
				}
				found = true
				_, tried := p.Last(e.Name, in.Address)
				f, err := os.Open(p.Store.LogPath(tried))
				if errors.Is(err, fs.ErrNotExist) {
					fmt.Fprintf(a.Err, "%s has not run here\n", in.Address)
					continue
				}
				if err != nil {
					return &exitError{Failed, err}
				}
				_, err = io.Copy(a.Out, f)
				f.Close()
				if err != nil {
					return &exitError{Failed, err}
				}
			}
			if !found {
				return usage("no stage %s; `weir plan --all` lists them", args[0])
			}
			return nil
		},
	}
	a.projectFlags(c.Flags())
	return c
}
