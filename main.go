// Weir turns network captures into reports whose every number can be traced back to the packets.
//
// This file holds what a process needs: signals, exit codes, and the one table of the kinds of stage.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"weir/internal/cli"
	"weir/stages"
	"weir/stages/aggregate"
	"weir/stages/decode"
	"weir/stages/eda"
	"weir/stages/evaluate"
	"weir/stages/exec"
	"weir/stages/fetch"
	"weir/stages/importer"
	"weir/stages/predict"
	"weir/stages/report"
	"weir/stages/train"
	"weir/stages/typeset"
)

// kinds is every kind of stage that a pipeline can use.
func kinds() []stages.Kind {
	return []stages.Kind{
		fetch.Kind(), decode.Kind(), aggregate.Kind(), importer.Kind(), eda.Kind(),
		train.Kind(), predict.Kind(), evaluate.Kind(), report.Kind(), typeset.Kind(), exec.Kind(),
	}
}

func main() { os.Exit(run(kinds())) }

// run is the whole program but for its exit.
func run(kinds []stages.Kind) int {
	if exec.IsGuard(os.Args) {
		exec.Guard(os.Stdin)
		return 0
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(cli.Interrupted) // running commands die with us, see stages/exec
	}()
	app := &cli.App{Kinds: kinds, In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Getenv}
	return app.Main(ctx, os.Args[1:])
}
