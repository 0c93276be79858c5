package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"weir/internal/metric"
	"weir/stages"
)

// leaf is one artifact among the inputs.
type leaf struct {
	path []string // names from the inputs attribute down: forecast, demo, metrics
	stages.Input
}

// entry is one metric and the artifact it stands in.
type entry struct {
	metric.Metric
	from *leaf
}

// group is what one stage instance gave: everything below forecast.demo.
type group struct {
	name    string // forecast.demo
	capture string // demo; empty for a stage without for_each
	entries []entry
	byName  map[string][]entry
	byModel map[string]map[string][]entry // by name and modelKey, made when first asked for
	varies  map[string]map[string]bool    // by model: options in which its configurations differ
	figures map[string]figure
	table   *leaf // trials.csv; nil when there is none
}

// index finds metrics by name: a sweep has many thousand of them.
func (g *group) index() {
	g.byName = map[string][]entry{}
	for _, e := range g.entries {
		g.byName[e.Name] = append(g.byName[e.Name], e)
	}
	g.byModel, g.varies = map[string]map[string][]entry{}, map[string]map[string]bool{}
	first, one, shared := map[string]map[string]string{}, map[string]string{}, map[string]bool{}
	for _, e := range g.byName["selected"] {
		for k, v := range e.Labels {
			if old, ok := one[k]; ok && old != v {
				shared[k] = true
			}
			one[k] = v
		}
		model := e.Labels["model"]
		if first[model] == nil {
			first[model], g.varies[model] = e.Labels, map[string]bool{}
		}
		for _, labels := range []map[string]string{e.Labels, first[model]} {
			for k := range labels {
				if e.Labels[k] != first[model][k] {
					g.varies[model][k] = true
				}
			}
		}
	}
	g.varies[everyone] = shared
}

// about lists the metrics of a name about the model with these labels.
func (g *group) about(name string, labels map[string]string) []entry {
	models := g.byModel[name]
	if models == nil {
		models = map[string][]entry{}
		for _, e := range g.byName[name] {
			key := modelKey(e.Labels)
			models[key] = append(models[key], e)
		}
		g.byModel[name] = models
	}
	return models[modelKey(labels)]
}

type figure struct {
	svg, pdf stages.Input
	from     *leaf
}

// library is everything a template may ask for.
type library struct {
	leaves   []*leaf // sorted by path
	groups   map[string]*group
	captures []string // sorted keys; [""] when no input has for_each
}

// outputs are the names of outputs in this program: below one of them a tree has no more names.
var outputs = []string{"metrics", "figures", "summary", "decomposition", "packets", "series", "sizes", "capture", "best", "model", "onnx", "predictions",
	"history", "examples", "table", "tables", "html", "tex", "numbers", "pdf"}

// open reads the metrics of all inputs and finds the figures.
func open(tree stages.Tree) (*library, error) {
	lib := &library{groups: map[string]*group{}}
	lib.collect(tree, nil)
	if len(lib.leaves) == 0 {
		return nil, errors.New("the report has no inputs: give it some by name, inputs = { eda = stage.eda.traffic }")
	}
	for _, l := range lib.leaves {
		if err := lib.read(l); err != nil {
			return nil, fmt.Errorf("input %s: %w", strings.Join(l.path, "."), err)
		}
	}
	keys := map[string]bool{}
	for _, g := range lib.groups {
		g.index()
		if g.capture != "" {
			keys[g.capture] = true
		}
	}
	lib.captures = slices.Sorted(maps.Keys(keys))
	if len(keys) == 0 {
		lib.captures = []string{""}
	}
	return lib, nil
}

func (lib *library) collect(t stages.Tree, at []string) {
	if t.Leaf != nil {
		lib.leaves = append(lib.leaves, &leaf{slices.Clone(at), *t.Leaf})
	}
	for _, name := range slices.Sorted(maps.Keys(t.Named)) {
		lib.collect(t.Named[name], append(at, name))
	}
	for i, child := range t.List {
		lib.collect(child, append(at, fmt.Sprintf("%04d", i)))
	}
}

func (lib *library) group(l *leaf) *group {
	names := l.path
	if len(names) > 1 && slices.Contains(outputs, names[len(names)-1]) {
		names = names[:len(names)-1]
	}
	name := strings.Join(names, ".")
	g := lib.groups[name]
	if g == nil {
		g = &group{name: name, figures: map[string]figure{}}
		if len(names) > 1 {
			g.capture = names[1]
		}
		lib.groups[name] = g
	}
	return g
}

// read takes what the report understands of an artifact, by its content: a list of metrics, decode.json, a folder of figures. Everything else is
// named in the provenance only.
func (lib *library) read(l *leaf) error {
	g := lib.group(l)
	if l.Files != nil {
		g.addFigures(l)
		return nil
	}
	if !l.Given() {
		return nil
	}
	if l.path[len(l.path)-1] == "table" {
		g.table = l
		return nil
	}
	first, err := firstByte(l.Path)
	if err != nil {
		return err
	}
	var metrics []metric.Metric
	switch last := l.path[len(l.path)-1]; {
	case first == '[' && (last == "metrics" || !slices.Contains(outputs, last)):
		if metrics, err = metric.Read(l.Path); err != nil {
			return err
		}
	case first == '{':
		if metrics, err = decodeMetrics(l.Path); err != nil {
			return err
		}
	}
	for _, m := range metrics {
		g.entries = append(g.entries, entry{m, l})
	}
	return nil
}

func firstByte(file string) (byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.Read(b[:]); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	return b[0], nil
}

func (g *group) addFigures(l *leaf) {
	for _, name := range slices.Sorted(maps.Keys(l.Files)) {
		base, ending := strings.TrimSuffix(name, path.Ext(name)), path.Ext(name)
		f := g.figures[base]
		switch ending {
		case ".svg":
			f.svg = l.Files[name]
		case ".pdf":
			f.pdf = l.Files[name]
		default:
			continue
		}
		f.from = l
		g.figures[base] = f
	}
}

// maxSummary bounds a decode.json, in bytes.
const maxSummary = 1 << 20

// decodeMetrics turns decode.json into metrics named decode_<field>: counts, bytes, times in seconds since 1970, skipped packets by the label
// reason. Other JSON objects give none.
func decodeMetrics(file string) ([]metric.Metric, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxSummary {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) != nil || fields["packets_read"] == nil {
		return nil, nil
	}
	var list []metric.Metric
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		raw := fields[name]
		var number float64
		var truth bool
		var reasons map[string]float64
		switch {
		case string(raw) == "null":
		case json.Unmarshal(raw, &truth) == nil:
			v := 0.0
			if truth {
				v = 1
			}
			list = append(list, metric.Of("decode_"+name, v, ""))
		case json.Unmarshal(raw, &number) == nil:
			unit := decodeUnit(name)
			if instantField(name) {
				number, unit = seconds(raw, number), "s"
			}
			list = append(list, metric.Of("decode_"+name, number, unit))
		case name == "skipped" && json.Unmarshal(raw, &reasons) == nil:
			total := 0.0
			for _, reason := range slices.Sorted(maps.Keys(reasons)) {
				list = append(list, metric.Of("decode_skipped", reasons[reason], "packets", "reason", reason))
				total += reasons[reason]
			}
			list = append(list, metric.Of("decode_skipped_all", total, "packets"))
		}
	}
	return list, nil
}

func instantField(name string) bool {
	return name == "first" || name == "last" || name == "earliest" || name == "latest"
}

func decodeUnit(name string) string {
	switch name {
	case "packets_read", "rows", "ipv4", "ipv6", "tcp", "udp", "other", "out_of_order", "with_ports", "without_time":
		return "packets"
	case "wire_bytes", "captured_bytes", "snap_length", "stopped_at":
		return "B"
	}
	return ""
}

// seconds divides nanoseconds exactly enough for a clock with milliseconds.
func seconds(raw json.RawMessage, fallback float64) float64 {
	var ns int64
	if json.Unmarshal(raw, &ns) != nil {
		return fallback / 1e9
	}
	return float64(ns/1e6) / 1000
}
