package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"weir/runner/language"
	"weir/stages"
)

// The groups of commands in `weir help`, in their order.
const (
	forWork  = "work"
	forSight = "see"
	forOrder = "keep in order"
)

func (a *App) helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND | KIND]", Short: "what a command or a kind of stage does", GroupID: forOrder,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				a.overview(root)
				return nil
			}
			if c, _, err := root.Find(args); err == nil && c != root {
				return c.Help()
			}
			for _, k := range a.Kinds {
				if k.Name == args[0] {
					a.describe(k)
					return nil
				}
			}
			return usage("no command and no kind of stage %q; %s", args[0], language.Suggest(args[0], append(commandNames(root), a.kindNames()...)))
		},
	}
}

// overview is `weir help`.
func (a *App) overview(root *cobra.Command) {
	fmt.Fprintf(a.Out, "weir: %s\n\n", root.Short)
	fmt.Fprint(a.Out, root.Example)
	for _, g := range root.Groups() {
		fmt.Fprintf(a.Out, "\n%s\n", g.Title)
		for _, c := range root.Commands() {
			if c.GroupID == g.ID && !c.Hidden {
				fmt.Fprintf(a.Out, "  %-11s %s\n", c.Name(), c.Short)
			}
		}
	}
	fmt.Fprintln(a.Out, "\nkinds of stage")
	for _, k := range a.Kinds {
		fmt.Fprintf(a.Out, "  %-11s %s\n", k.Name, k.Summary)
	}
	fmt.Fprintln(a.Out, "\n`weir help COMMAND` and `weir help KIND` say more. Exit codes: 0 done, 1 a stage failed, 2 wrong arguments or a mistake in")
	fmt.Fprintln(a.Out, "the pipeline, 5 another run has the work (--wait=0), 10 there is work (plan --detailed-exitcode), 130 interrupted.")
}

// explain is the help of one command.
func (a *App) explain(c *cobra.Command) {
	fmt.Fprintf(a.Out, "%s   %s\n", c.UseLine(), c.Short)
	if c.Long != "" {
		fmt.Fprintln(a.Out)
		for line := range strings.SplitSeq(c.Long, "\n") {
			fmt.Fprintln(a.Out, a.style.broken(line, 0))
		}
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintln(a.Out)
		for _, sub := range c.Commands() {
			fmt.Fprintf(a.Out, "  %-11s %s\n", sub.Name(), sub.Short)
		}
	}
	if c.Example != "" {
		fmt.Fprintf(a.Out, "\nexamples\n%s", c.Example)
	}
	flags := pflag.NewFlagSet(c.Name(), pflag.ContinueOnError)
	flags.AddFlagSet(c.LocalFlags())
	flags.AddFlagSet(c.InheritedFlags())
	if f := flags.Lookup("help"); f != nil {
		f.Hidden = true
	}
	if flags.HasAvailableFlags() {
		fmt.Fprintf(a.Out, "\nflags\n%s", flags.FlagUsagesWrapped(min(120, a.style.columns())))
	}
}

// describe prints a kind as its struct declares it.
func (a *App) describe(kind stages.Kind) {
	fields := stages.Fields(kind.New())
	fmt.Fprintln(a.Out, a.style.broken(fmt.Sprintf("%s (version %d): %s", kind.Name, kind.Version, kind.Summary), 2))
	if kind.Tool != "" {
		fmt.Fprintf(a.Out, "needs the program %s; without it the stage is left out\n", kind.Tool)
	}
	section := func(title string, fits func(stages.Class) bool) {
		said := false
		for _, f := range fields {
			if !fits(f.Class) {
				continue
			}
			if !said {
				said = true
				fmt.Fprintf(a.Out, "\n%s\n", title)
			}
			a.field(f, "  ")
		}
	}
	section("inputs", func(c stages.Class) bool {
		return c == stages.InputFile || c == stages.InputTree || c == stages.SourceSet || c == stages.ArgsList
	})
	section("options", func(c stages.Class) bool { return c == stages.Option || c == stages.Block })
	section("outputs", func(c stages.Class) bool {
		return c == stages.OutputOne || c == stages.OutputSet || c == stages.OutputMap
	})
	fmt.Fprintf(a.Out, "\nby hand\n  %s\n", byHand(kind.Name, fields))
}

// byHand is the shortest `weir do` of a kind.
func byHand(kind string, fields []stages.Field) string {
	words := []string{"weir do", kind}
	for _, f := range fields {
		switch {
		case f.Class == stages.Block:
			for _, inner := range f.Fields {
				if inner.Class == stages.Label && len(inner.Enum) > 0 {
					words = append(words, f.Name+"="+inner.Enum[0])
				}
			}
		case f.Optional || f.IsOutput():
		case f.Class == stages.InputFile:
			words = append(words, f.Name+"=FILE")
		case f.Class == stages.InputTree:
			words = append(words, f.Name+"=FOLDER")
		case f.Class == stages.ArgsList:
			words = append(words, f.Name+"=PROGRAM", f.Name+"=WORD")
		default:
			words = append(words, f.Name+"="+strings.ToUpper(firstOf(append(f.Enum, "value")...)))
		}
	}
	return strings.Join(append(words, "-o DIR"), " ")
}

// hanging breaks a text into lines that fit the terminal, those after the first indented; elsewhere it stays one line.
func (s style) hanging(text string, indent int) string {
	return s.hangingWithin(text, indent, s.columns()-1)
}

// broken is hanging for a text that stays as it is, with its blanks, where it fits.
func (s style) broken(text string, indent int) string {
	if printed(text) < s.columns() {
		return text
	}
	return s.hanging(text, indent)
}

// hangingWithin is hanging for lines that end before the column.
func (s style) hangingWithin(text string, indent, column int) string {
	room := column - indent
	if s.screen == nil || room < 20 {
		return text
	}
	var b strings.Builder
	at := 0
	for word := range strings.FieldsSeq(text) {
		n := printed(word)
		switch {
		case at == 0:
		case at+1+n > room:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = 0
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String()
}

func (a *App) field(f stages.Field, indent string) {
	if f.Class == stages.Block {
		a.block(f, indent)
		return
	}
	var notes []string
	switch {
	case f.IsOutput() && f.Optional:
		notes = append(notes, "may be left out")
	case f.IsOutput():
	case !f.Optional:
		notes = append(notes, "required")
	case f.Default != "" && f.Default != "[]" && f.Default != "{}":
		notes = append(notes, "default "+f.Default)
	}
	if len(f.Enum) > 0 {
		notes = append(notes, strings.Join(f.Enum, " or "))
	}
	if f.File != "" {
		notes = append(notes, f.File)
	}
	text := f.Doc
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, "; ") + ")"
	}
	a.item(indent, f.Name, text)
}

// item is one line of help: a name and what it is.
func (a *App) item(indent, name, text string) {
	line := strings.TrimRight(fmt.Sprintf("%s%-16s %s", indent, name, a.style.hanging(text, len(indent)+17)), " ")
	fmt.Fprintln(a.Out, line)
}

// fewNames is how many labels of a block fit into its first line.
const fewNames = 4

// block prints a block and what is in it. Its label, where there is one, is listed like an option when it may be many things.
func (a *App) block(f stages.Field, indent string) {
	name, within := f.Name, indent+"  "
	var label *stages.Field
	for i := range f.Fields {
		if f.Fields[i].Class == stages.Label {
			label = &f.Fields[i]
		}
	}
	switch {
	case label == nil:
	case len(label.Enum) > 0 && len(label.Enum) <= fewNames:
		name += " \"" + strings.Join(label.Enum, "\" | \"") + "\""
	default:
		name += " \"NAME\""
	}
	a.item(indent, name+" { }", f.Doc)
	if label != nil && len(label.Enum) > fewNames {
		a.item(within, "NAME", strings.Join(label.Enum, ", "))
	}
	for _, inner := range f.Fields {
		if inner.Class != stages.Label {
			a.field(inner, within)
		}
	}
}
