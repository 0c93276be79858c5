// Package stages is the contract between the runner and the kinds of stage: what a stage is given, what it must leave, and how it
// tells people what it does. One folder below holds one kind. The runner knows this package only, never a kind; a kind knows
// this package, artifacts and internal/*, never the runner and never another kind.
//
// A kind is a struct. Its fields are its whole interface, so that reading the struct is reading the documentation:
//
//	type Decode struct {
//		Capture stages.Input  `hcl:"capture" doc:"the capture: pcap or pcapng, plain, gzip or zstd"`
//		Damage  string        `hcl:"on_damage,optional" enum:"keep fail" doc:"..."`
//		Packets stages.Output `hcl:"packets" file:"packets.parquet" doc:"one row per IP packet"`
//	}
//
// Field types and their tags:
//
//	Input                     an artifact or a file to read; required unless the tag says ",optional"
//	Tree                      artifacts by name, as deep as the reference that is given: a stage, all its instances, a map of stages
//	Output, OutputDir         what the stage writes; file:"NAME" is its name in `weir do -o`; ",optional" may be left out
//	string, bool, int, int64, float64, []string, []int, []float64, map[string]string, and types whose pointer
//	implements encoding.TextUnmarshaler (options written as text: "1s")
//	                          options; required unless ",optional"; defaults are what the constructor sets; enum:"a b" lists what is allowed
//	a struct with ",block"    a block of options (`model "lstm" { units = 50 }`); the field with ",label" takes the block's label
//
// A stage reads its inputs, writes its outputs, reports progress, and has no other effect: no clock, no network (but fetch), no environment, no
// global randomness. It honours its context (checked once per batch or block), returns an error that says what is wrong with which file and
// what to do, and never panics on bad input.
package stages

import (
	"context"
	"io"
	"math"

	"github.com/hashicorp/go-hclog"

	"weir/artifacts"
)

// Kind is one kind of stage: a row of the table in main.go.
type Kind struct {
	Name    string
	Version int          // changes when the same inputs would give other bytes
	Summary string       // one line for `weir help`
	New     func() Stage // a pointer to the kind's struct, defaults set
	// Memory is what one running instance may need, in bytes; 0 stands for DefaultMemory. The scheduler starts no more than fit.
	Memory int64
	// Resumes says that the stage goes on with what an interrupted attempt left in Env.Unfinished.
	Resumes bool
	// Tool names an executable without which the stage is skipped, not failed (pdflatex). Its digest is part of the key.
	Tool string
}

// DefaultMemory is what a stage is taken to need when its kind says nothing.
const DefaultMemory = 256 << 20

// Stage does the work of one instance. The runner fills the struct's options, inputs and output paths, calls Run once, and keeps the
// outputs when the error is nil.
type Stage interface {
	Run(ctx context.Context, env *Env) error
}

// Validator is implemented by a stage whose options must fit together. It sees options only (inputs are not known yet) and is called
// while the pipeline is loaded.
type Validator interface {
	// Validate returns nil or an error, best an *OptionError so that the message points at the option.
	Validate() error
}

// FileReader is implemented by a stage that reads local files which its options name (exec's inputs, fetch's file URLs). Their
// digests become part of the key by name, and Run finds them in Env.Files.
type FileReader interface {
	// Files lists paths relative to the project's root (dir), slash-separated, or absolute ones; each at most once.
	Files(dir string) ([]string, error)
}

// Pinner is implemented by a stage whose first output must have the digest that weir.lock names for a URL, also when it is cached.
type Pinner interface {
	// PinURL is the URL; "" when there is nothing to pin.
	PinURL() string
}

// ToolUser is implemented by a stage that runs programs which its options name. Their digests become part of the key by name.
type ToolUser interface {
	// Tools lists names to look up in PATH, or paths; each at most once.
	Tools() []string
}

// Lengthy is implemented by a stage with an option that only says how long its work goes on: the states of a longer work begin with those of a
// shorter one, bit for bit. Where that does not hold (a learning rate that falls over all epochs) the stage says so with "".
type Lengthy interface {
	// Length returns the hcl name of the option ("epochs") and its value; "" when this configuration has none (a baseline). It sees options only.
	Length() (option string, n int)
}

// Costly is implemented by a stage that can tell from its options how long it takes beside others of its kind. The longest start first.
type Costly interface {
	// Cost is relative; any unit will do.
	Cost() float64
}

// Sized is implemented by a stage that can tell from its options what memory it needs, in bytes. It stands before Kind.Memory; 0 for unknown.
type Sized interface {
	Memory() int64
}

// OptionError is a mistake in one option.
type OptionError struct {
	Option  string // its hcl name; "model.units" for one inside a block
	Message string // what is wrong and what was expected
}

// Error implements error.
func (e *OptionError) Error() string { return e.Option + ": " + e.Message }

// Input is one artifact that a stage reads.
type Input struct {
	ID   artifacts.OutputID // digest of the content
	Path string             // the file to open, read-only; empty when an optional input was not given or the artifact is a directory
	Base string             // the file name it should have where a name matters: packets.parquet
	From string             // for messages: a file's name, or `decode.packets["demo"].packets`
	// Files maps slash-separated names to paths when the artifact is a directory; nil otherwise.
	Files map[string]Input
}

// Given says whether an optional input is there.
func (in Input) Given() bool { return in.Path != "" || in.Files != nil }

// Tree is a nested collection of artifacts, as a reference gives it. Exactly one of its fields is set.
//
//	stage.eda.traffic                       with for_each: Named by each.key, each Named by output name
//	stage.train.lstm["demo"][*]             List, each Named by output name
//	{ eda = stage.eda.traffic, data = ... } Named
type Tree struct {
	Leaf  *Input
	Named map[string]Tree
	List  []Tree
}

// Output is a file that a stage writes. The runner sets Path to a file that does not exist yet, in a folder of the action's own.
type Output struct {
	Path string
}

// OutputDir is a folder that a stage fills. The runner creates it; its files become one artifact, empty folders are lost.
type OutputDir struct {
	Path string
}

// Env is what the runner gives to a stage besides its fields.
type Env struct {
	Log     hclog.Logger // Named(stage); the action's log file, nothing per packet
	LogFile io.Writer    // the same file, for the output of commands; nil in tests
	Scratch string       // an empty folder for temporary files, removed afterwards
	// Unfinished is a folder that outlives a failed or interrupted attempt and is there again for the next one of the same action; it is
	// removed when the action succeeds. Empty where nothing can be kept. What lies in it may be cut anywhere.
	Unfinished string
	Progress   Progress // never nil
	Files      map[string]Input
	Pins       Pins // digests fixed in weir.lock, for fetch; never nil
	Workers    int  // how many goroutines the stage may keep busy; results never depend on it
	// Checkpoints are those of the action without its length, see Lengthy; never nil. Only a Lengthy stage has any.
	Checkpoints Checkpoints

	score    *float64
	summary  string
	findings []string
	warnings []string
}

// Progress is what a person sees of a running stage. Its methods are cheap and safe for concurrent use.
type Progress interface {
	// Total says how much there is to do, in the given unit ("packets", "bytes", "epochs"); 0 when unknown.
	Total(n int64, unit string)
	// Done sets how much is done.
	Done(n int64)
	// Note is a short text beside the bar, such as "loss 0.0041".
	Note(text string)
}

// Checkpoints keeps states of a long work by its length (training: epochs). They belong to the action without its length, so that a longer one goes
// on from a shorter one, and a killed one from where it was.
type Checkpoints interface {
	// Latest finds the longest whole one that is not longer than most. Its bytes were checked against their digest, and the file is the action's own
	// until it ends. The stage bounds and checks what it reads none the less.
	Latest(most int) (length int, path string, ok bool)
	// Keep makes a state durable. It may leave one out that comes within a second of another, but never that of the action's whole length: a stage
	// calls it after every epoch and looks at no clock. A state that cannot be kept, as on a full disk, is a warning and no error.
	Keep(length int, data []byte) error
}

// Pins remembers the digest that a URL had when it was first fetched.
type Pins interface {
	// Pin returns the digest ("sha256:...") recorded for a URL, and whether there is one.
	Pin(url string) (digest string, ok bool)
	// SetPin records a digest for a URL that has none yet. It is durable when it returns.
	SetPin(url, digest string) error
}

// Summarize sets the one line that stands behind the stage's name when it is done: "908,733 rows, 3,715 skipped".
func (e *Env) Summarize(text string) { e.summary = text }

// Find adds a sentence that a reader of the run's last lines wants first. The first ones of the last stage are printed.
func (e *Env) Find(sentence string) { e.findings = append(e.findings, sentence) }

// Warn adds a line that is shown under the stage and kept in its record.
func (e *Env) Warn(text string) { e.warnings = append(e.warnings, text) }

// Score sets what a search ranks by, smaller is better (train: the validation loss of the weights that it keeps). It is kept in the record. NaN and
// infinite ones rank last, as none does.
func (e *Env) Score(v float64) {
	e.score = nil
	if !math.IsNaN(v) && !math.IsInf(v, 0) {
		e.score = &v
	}
}

// Scored returns what Score set; nil when there is nothing.
func (e *Env) Scored() *float64 { return e.score }

// Said returns what the stage told: its summary, findings and warnings.
func (e *Env) Said() (summary string, findings, warnings []string) {
	return e.summary, e.findings, e.warnings
}

// Quiet is an Env for tests and for callers without a terminal: no log, no progress, no pins, no checkpoints.
func Quiet(scratch string) *Env {
	return &Env{Log: hclog.NewNullLogger(), Scratch: scratch, Progress: silent{}, Pins: noPins{}, Checkpoints: noCheckpoints{}, Workers: 1}
}

type silent struct{}

func (silent) Total(int64, string) {}
func (silent) Done(int64)          {}
func (silent) Note(string)         {}

type noCheckpoints struct{}

func (noCheckpoints) Latest(int) (int, string, bool) { return 0, "", false }
func (noCheckpoints) Keep(int, []byte) error         { return nil }

type noPins struct{}

func (noPins) Pin(string) (string, bool)   { return "", false }
func (noPins) SetPin(string, string) error { return nil }
