package report

import (
	"os"
	"path/filepath"
	"testing"

	"weir/stages"
)

var both = []string{"published", "strict"}

// Kept for looking at: WEIR_REPORT_DIR=/some/folder go test -run TestLook.
func TestLook(t *testing.T) {
	to := os.Getenv("WEIR_REPORT_DIR")
	if to == "" {
		t.Skip("WEIR_REPORT_DIR names no folder")
	}
	for _, language := range []string{"en", "pt", "es"} {
		dir, env, err := run(t, &Report{Language: language, Inputs: inputs(map[string]map[string]stages.Tree{"demo": whole(t, "demo", both, -0.01, 0.3, false)})})
		if err != nil {
			t.Fatal(language, err)
		}
		_, findings, _ := env.Said()
		t.Log(findings)
		if err := os.CopyFS(filepath.Join(to, language), os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
	}
}

// mawi is the experiment's own template.
func mawi(t testing.TB) stages.Input {
	in := stages.Input{Path: filepath.Join("..", "..", "experiments", "mawi", "report.md"), From: "experiments/mawi/report.md"}
	if _, err := os.Stat(in.Path); err != nil {
		t.Fatal(err)
	}
	return in
}

func TestLookMawi(t *testing.T) {
	to := os.Getenv("WEIR_REPORT_DIR")
	if to == "" {
		t.Skip("WEIR_REPORT_DIR names no folder")
	}
	dir, _, err := run(t, &Report{Language: "pt", Template: mawi(t), Inputs: inputs(map[string]map[string]stages.Tree{
		"200701251400.dump.gz": whole(t, "200701251400.dump.gz", both, -0.01, 0.3, false), "200701011800.dump.gz": whole(t, "200701011800.dump.gz", both, 0.05, 0.003, true)})})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(to, "mawi"), os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
}
