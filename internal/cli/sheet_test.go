package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

const trials = `protocol,model,look_back,rmse,rmse_low,skill
strict,lstm,20,121000.5,119000,0.021
strict,naive,,123456789,120000,0
strict,ar,60,99.5,,
strict,lstm,100,NaN,119000,-0.5
`

func sheetOf(t *testing.T, text string) *sheet {
	t.Helper()
	s, err := readSheet(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func firsts(s *sheet, column int) (cells []string) {
	for _, row := range s.rows {
		cells = append(cells, row[column])
	}
	return cells
}

// TestSort: numbers by value, then texts, then nothing, in both directions.
func TestSort(t *testing.T) {
	for by, want := range map[string][]string{
		"look_back":  {"20", "60", "100", ""},
		"-look_back": {"100", "60", "20", ""},
		"rmse":       {"99.5", "121000.5", "123456789", "NaN"},
		"model":      {"ar", "lstm", "lstm", "naive"},
	} {
		s := sheetOf(t, trials)
		at, err := s.arrange(tableOptions{by: by})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, firsts(s, at)); diff != "" {
			t.Errorf("%s: %s", by, diff)
		}
	}
}

func TestLayOut(t *testing.T) {
	s := sheetOf(t, trials)
	wide := s.layOut(0, -1)
	if diff := cmp.Diff(strings.Split(`  protocol  model  look_back         rmse  rmse_low  skill
  strict    lstm          20      121,001   119,000  0.021
  strict    naive             123,456,789   120,000      0
  strict    ar            60         99.5
  strict    lstm         100          NaN   119,000   -0.5`, "\n"), wide.lines()); diff != "" || len(wide.common) > 0 {
		t.Errorf("%s %q", diff, wide.common)
	}
	for _, width := range []int{80, 40, 20, 1} {
		f := s.layOut(width, 3)
		if diff := cmp.Diff([]string{"protocol strict"}, f.common); diff != "" {
			t.Error(diff)
		}
		for _, line := range f.lines() {
			if n := utf8.RuneCountInString(line); n > max(width, 22) {
				t.Errorf("width %d: %q has %d", width, line, n)
			}
		}
		if !strings.Contains(f.lines()[0], "rmse") {
			t.Errorf("width %d: %q lost the column that it is sorted by", width, f.lines()[0])
		}
	}
	if f := s.layOut(45, -1); strings.Contains(f.lines()[0], "rmse_low") || !strings.Contains(f.lines()[0], "skill") || len(f.hidden) != 1 {
		t.Errorf("%q", f.lines()[0])
	}
}

func TestObjects(t *testing.T) {
	s := sheetOf(t, trials)
	data, err := json.Marshal(s.objects()[3])
	if want := `{"look_back":100,"model":"lstm","protocol":"strict","rmse":"NaN","rmse_low":119000,"skill":-0.5}`; err != nil || string(data) != want {
		t.Errorf("%s %v", data, err)
	}
	if data, _ := json.Marshal(s.objects()[2]); !strings.Contains(string(data), `"skill":null`) {
		t.Errorf("%s", data)
	}
}

// TestHostileSheets: what is no table is one clear error, soon.
func TestHostileSheets(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "it is empty",
		"a,b\n1\n":                       "wrong number of fields",
		"a,a\n":                          `column "a" is there twice`,
		strings.Repeat("a,", 2000):       "2,001 columns",
		"a\n\"" + strings.Repeat("x", 9): "extraneous or missing",
		"a\n" + strings.Repeat("1\n", maxCells+2): "more than",
		"a\n" + strings.Repeat("x", maxSheet+2):   "more than",
	} {
		if _, err := readSheet(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %s", text, err, want)
		}
	}
}

func FuzzSheet(f *testing.F) {
	f.Add(trials, 60, "rmse")
	f.Add("a,b\n\x1b[2J,\"1\n2\"\n", 10, "-a")
	f.Add("ä,b\r\n\xff,1e999\r\n0x1p2,1_000\r\n", 0, "b")
	f.Fuzz(func(t *testing.T, text string, width int, by string) {
		s, err := readSheet(strings.NewReader(text))
		if err != nil {
			return
		}
		keep, err := s.arrange(tableOptions{by: by})
		if err != nil {
			keep = -1
		}
		f := s.layOut(width, keep)
		for _, line := range append(f.lines(), f.common...) {
			for _, r := range line {
				if !unicode.IsPrint(r) {
					t.Fatalf("%q is printed", r)
				}
			}
		}
		if _, err := json.Marshal(s.objects()); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := s.writeCSV(&out); err != nil {
			t.Fatal(err)
		}
		again, err := readSheet(&out)
		if err == nil && len(s.names) > 1 && fmt.Sprintf("%q", again.rows) != fmt.Sprintf("%q", s.rows) {
			t.Fatalf("%q became %q", s.rows, again.rows)
		}
	})
}

// TestDisarm: on a terminal CSV and JSON hold nothing that it would obey, also in names, and nothing else changes.
func TestDisarm(t *testing.T) {
	s := sheetOf(t, "\ufeffa\x1b[2J,b\n\u009b31m,\"Grüße, 7\x7f\"\n")
	s.disarm()
	var out bytes.Buffer
	if err := s.writeCSV(&out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("a·[2J,b\n·31m,\"Grüße, 7·\"\n", out.String()); diff != "" {
		t.Error(diff)
	}
	if _, err := sheetOf(t, "a\x1b[2J\n1\n").arrange(tableOptions{by: "b"}); err == nil || strings.ContainsRune(err.Error(), '\x1b') {
		t.Errorf("%q", err)
	}
}

// TestFit: a narrow terminal keeps what was measured beside what a row is, and leaves out what is mostly empty.
func TestFit(t *testing.T) {
	s := sheetOf(t, `rank,model,units,look_back,epochs,patience,rmse,mae,rmse_low,skill
1,gru,50,20,30,,121000.5,98000.25,119000,0.25
2,lstm,,20,,,121500.5,98500.25,,0.125
3,naive,,,,,131000,99000,,0
`)
	for width, want := range map[int]string{
		100: "  rank  model  units  look_back  epochs     rmse     mae  rmse_low  skill",
		64:  "  rank  model  units  look_back  epochs     rmse     mae  skill",
		54:  "  rank  model  look_back     rmse     mae  skill",
		29:  "  rank  model     rmse",
	} {
		f := s.layOut(width, -1)
		if got := f.lines()[0]; got != want {
			t.Errorf("%d columns: %q, want %q", width, got, want)
		}
	}
}
