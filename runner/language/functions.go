package language

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// functions are what expressions can call: go-cty's pure functions under Terraform's names, and three that read the project's files.
// None reads a clock, the network or the environment.
type functions struct {
	dir   string
	table map[string]function.Function
}

func newFunctions(dir string) *functions {
	f := &functions{dir: dir, table: map[string]function.Function{
		"abs": stdlib.AbsoluteFunc, "can": tryfunc.CanFunc, "ceil": stdlib.CeilFunc, "chomp": stdlib.ChompFunc, "chunklist": stdlib.ChunklistFunc,
		"coalesce": stdlib.CoalesceFunc, "coalescelist": stdlib.CoalesceListFunc, "compact": stdlib.CompactFunc, "concat": stdlib.ConcatFunc,
		"contains": stdlib.ContainsFunc, "csvdecode": stdlib.CSVDecodeFunc, "distinct": stdlib.DistinctFunc, "element": stdlib.ElementFunc,
		"flatten": stdlib.FlattenFunc, "floor": stdlib.FloorFunc, "format": stdlib.FormatFunc, "formatlist": stdlib.FormatListFunc,
		"indent": stdlib.IndentFunc, "join": stdlib.JoinFunc, "jsondecode": stdlib.JSONDecodeFunc, "jsonencode": stdlib.JSONEncodeFunc,
		"keys": stdlib.KeysFunc, "length": stdlib.LengthFunc, "lookup": stdlib.LookupFunc, "lower": stdlib.LowerFunc,
		"max": stdlib.MaxFunc, "merge": stdlib.MergeFunc, "min": stdlib.MinFunc, "parseint": stdlib.ParseIntFunc,
		"range": rangeFunc, "regex": stdlib.RegexFunc, "regexall": stdlib.RegexAllFunc, "regexreplace": stdlib.RegexReplaceFunc,
		"replace": stdlib.ReplaceFunc, "reverse": stdlib.ReverseListFunc, "setintersection": stdlib.SetIntersectionFunc,
		"setproduct": stdlib.SetProductFunc, "setsubtract": stdlib.SetSubtractFunc, "setunion": stdlib.SetUnionFunc, "signum": stdlib.SignumFunc,
		"slice": stdlib.SliceFunc, "sort": stdlib.SortFunc, "split": stdlib.SplitFunc, "strlen": stdlib.StrlenFunc, "strrev": stdlib.ReverseFunc,
		"substr": stdlib.SubstrFunc, "title": stdlib.TitleFunc, "trim": stdlib.TrimFunc, "trimprefix": stdlib.TrimPrefixFunc,
		"trimspace": stdlib.TrimSpaceFunc, "trimsuffix": stdlib.TrimSuffixFunc, "try": tryfunc.TryFunc, "upper": stdlib.UpperFunc,
		"values": stdlib.ValuesFunc, "zipmap": stdlib.ZipmapFunc,
		"tobool": stdlib.MakeToFunc(cty.Bool), "tolist": stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)), "tomap": stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)),
		"tonumber": stdlib.MakeToFunc(cty.Number), "toset": stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)), "tostring": stdlib.MakeToFunc(cty.String),
		"basename": textFunc(func(s string) string { return filepath.Base(filepath.FromSlash(s)) }),
		"dirname":  textFunc(func(s string) string { return filepath.ToSlash(filepath.Dir(filepath.FromSlash(s))) }),
	}}
	f.table["startswith"] = predicate(strings.HasPrefix)
	f.table["endswith"] = predicate(strings.HasSuffix)
	f.table["strcontains"] = predicate(strings.Contains)
	f.table["markdown_urls"] = fileFunc([]string{"file"}, cty.Map(cty.String), f.markdownURLs)
	f.table["fileset"] = fileFunc([]string{"folder", "pattern"}, cty.List(cty.String), f.fileset)
	f.table["file"] = fileFunc([]string{"file"}, cty.String, f.text)
	return f
}

func (f *functions) names() []string {
	names := make([]string, 0, len(f.table))
	for name := range f.table {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// rangeFunc is Terraform's range(limit), range(start, limit) and range(start, limit, step), for up to MaxInstances whole or broken steps.
var rangeFunc = function.New(&function.Spec{
	VarParam: &function.Parameter{Name: "bounds", Type: cty.Number},
	Type:     function.StaticReturnType(cty.List(cty.Number)),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		var limit cty.Value
		start, step := cty.Zero, cty.NumberIntVal(1)
		switch len(args) {
		case 1:
			limit = args[0]
		case 2, 3:
			start, limit = args[0], args[1]
			if len(args) == 3 {
				step = args[2]
			}
		default:
			return cty.NilVal, fmt.Errorf("range takes a limit, a start and a limit, or a start, a limit and a step")
		}
		if step.RawEquals(cty.Zero) {
			return cty.NilVal, function.NewArgErrorf(2, "the step is zero")
		}
		up := step.GreaterThan(cty.Zero).True()
		var values []cty.Value
		for n := start; up && n.LessThan(limit).True() || !up && n.GreaterThan(limit).True(); n = n.Add(step) {
			if values = append(values, n); len(values) > MaxInstances {
				return cty.NilVal, fmt.Errorf("more than %d values", MaxInstances)
			}
		}
		if len(values) == 0 {
			return cty.ListValEmpty(cty.Number), nil
		}
		return cty.ListVal(values), nil
	},
})

func textFunc(do func(string) string) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}}, Type: function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.StringVal(do(args[0].AsString())), nil
		},
	})
}

func predicate(do func(s, part string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}, {Name: "part", Type: cty.String}}, Type: function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(do(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

func fileFunc(params []string, ret cty.Type, do func(args []string) (cty.Value, error)) function.Function {
	spec := &function.Spec{Type: function.StaticReturnType(ret)}
	for _, p := range params {
		spec.Params = append(spec.Params, function.Parameter{Name: p, Type: cty.String})
	}
	spec.Impl = func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		texts := make([]string, len(args))
		for i, a := range args {
			texts[i] = a.AsString()
			if strings.Contains(texts[i], "\x00") {
				return cty.NilVal, function.NewArgErrorf(i, "an output of a stage is not there yet when the pipeline is read")
			}
		}
		v, err := do(texts)
		if err != nil {
			return cty.NilVal, err
		}
		return convert.Convert(v, ret)
	}
	return function.New(spec)
}

func (f *functions) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(f.dir, filepath.FromSlash(name))
}

func (f *functions) text(args []string) (cty.Value, error) {
	data, err := readBounded(f.path(args[0]))
	return cty.StringVal(string(data)), err
}

// captureURL is the document's pattern for the captures that a Markdown file lists, widened to pcap and pcapng, gzip and zstd.
var captureURL = regexp.MustCompile(`\b(?:https?|s3)://[A-Za-z0-9._~:/?#@!$&*+,;=%-]+?/([A-Za-z0-9._-]+?)\.(?:dump|pcap|pcapng|cap)(?:\.gz|\.zst)?\b`)

// markdownURLs maps the base name of each capture that a Markdown file names (200701251400) to its URL. The same URL twice counts once.
func (f *functions) markdownURLs(args []string) (cty.Value, error) {
	data, err := readBounded(f.path(args[0]))
	if err != nil {
		return cty.NilVal, err
	}
	urls := map[string]cty.Value{}
	for _, m := range captureURL.FindAllSubmatch(data, -1) {
		name, url := string(m[1]), cty.StringVal(string(m[0]))
		if old, ok := urls[name]; ok && old.Equals(url).False() {
			return cty.NilVal, fmt.Errorf("%s: %s and %s have the same name", args[0], old.AsString(), url.AsString())
		}
		urls[name] = url
	}
	if len(urls) == 0 {
		return cty.NilVal, fmt.Errorf("%s: no URL of a capture in it (http, https or s3, ending in .dump, .pcap, .pcapng or .cap, maybe .gz or .zst)", args[0])
	}
	return cty.MapVal(urls), nil
}

// fileset lists the files below a folder that match a pattern, sorted; * stays inside a folder, ** does not.
func (f *functions) fileset(args []string) (cty.Value, error) {
	root := f.path(args[0])
	if info, err := os.Stat(root); err != nil {
		return cty.NilVal, err
	} else if !info.IsDir() {
		return cty.NilVal, &fs.PathError{Op: "fileset", Path: args[0], Err: fs.ErrInvalid}
	}
	names, err := doublestar.Glob(os.DirFS(root), args[1], doublestar.WithFilesOnly())
	if err != nil {
		return cty.NilVal, err
	}
	if len(names) == 0 {
		return cty.ListValEmpty(cty.String), nil
	}
	slices.Sort(names)
	values := make([]cty.Value, len(names))
	for i, n := range names {
		values[i] = cty.StringVal(n)
	}
	return cty.ListVal(values), nil
}
