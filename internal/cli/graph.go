package cli

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"weir/runner/language"
)

func (a *App) graphCommand() *cobra.Command {
	var format string
	var instances bool
	c := &cobra.Command{
		Use: "graph", GroupID: forSight, Short: "the stages and what they need, as dot, mermaid or svg", Args: noArguments,
		Example: "  weir graph --format svg > graph.svg\n  weir graph --instances | dot -Tpdf > graph.pdf\n",
		RunE: func(*cobra.Command, []string) error {
			_, e, err := a.load()
			if err != nil {
				return err
			}
			g := newGraph(e.Pipeline, instances)
			switch format {
			case "dot":
				fmt.Fprint(a.Out, g.dot())
			case "mermaid":
				fmt.Fprint(a.Out, g.mermaid())
			case "svg":
				fmt.Fprint(a.Out, g.svg())
			default:
				return usage("no format %q; there is dot, mermaid, svg", format)
			}
			return nil
		},
	}
	a.projectFlags(c.Flags())
	c.Flags().StringVar(&format, "format", "dot", "dot, mermaid or svg")
	c.Flags().BoolVar(&instances, "instances", false, "a node for every instance instead of one for each stage")
	return c
}

// graph is the DAG to draw: nodes in the order of the pipeline, edges from what is needed to what needs it.
type graph struct {
	labels []string
	counts []int // instances behind a node
	needs  [][]int
}

func newGraph(p *language.Pipeline, instances bool) *graph {
	g := &graph{}
	node := map[string]int{}
	edge := map[[2]int]bool{}
	of := make([]int, len(p.Instances))
	for i, in := range p.Instances {
		name := in.Kind.Name + "." + in.Name
		if instances {
			name = in.Address
		}
		n, ok := node[name]
		if !ok {
			n = len(g.labels)
			node[name] = n
			g.labels = append(g.labels, name)
			g.counts = append(g.counts, 0)
			g.needs = append(g.needs, nil)
		}
		of[i] = n
		g.counts[n]++
		needs := in.Needs
		if gate := in.Gate; gate != nil && instances { // in a search: its combination, a round before
			needs = slices.Concat(needs, gate.Rung.Combinations[gate.Combination])
		}
		for _, need := range needs {
			if e := [2]int{of[need], n}; !edge[e] {
				edge[e] = true
				g.needs[n] = append(g.needs[n], of[need])
			}
		}
	}
	return g
}

func (g *graph) label(n int) string {
	if g.counts[n] > 1 {
		return fmt.Sprintf("%s × %d", g.labels[n], g.counts[n])
	}
	return g.labels[n]
}

func (g *graph) dot() string {
	var b strings.Builder
	b.WriteString("digraph weir {\n\trankdir=LR\n\tnode [shape=box, style=rounded, fontname=sans]\n")
	for n := range g.labels {
		fmt.Fprintf(&b, "\tn%d [label=%q]\n", n, g.label(n))
	}
	for n, needs := range g.needs {
		for _, m := range needs {
			fmt.Fprintf(&b, "\tn%d -> n%d\n", m, n)
		}
	}
	b.WriteString("}\n")
	return b.String()
}

func (g *graph) mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for n := range g.labels {
		fmt.Fprintf(&b, "\tn%d[\"%s\"]\n", n, strings.ReplaceAll(g.label(n), `"`, "#quot;"))
	}
	for n, needs := range g.needs {
		for _, m := range needs {
			fmt.Fprintf(&b, "\tn%d --> n%d\n", m, n)
		}
	}
	return b.String()
}

// Geometry of the SVG, in pixels.
const (
	boxWidth, boxHeight = 210, 30
	gapX, gapY          = 60, 16
	margin              = 12
)

// svg draws the nodes in layers: a node stands right of everything that it needs.
func (g *graph) svg() string {
	layer := make([]int, len(g.labels))
	row := make([]int, len(g.labels))
	var rows []int
	for n := range g.labels { // needed nodes have smaller numbers
		for _, m := range g.needs[n] {
			layer[n] = max(layer[n], layer[m]+1)
		}
		for len(rows) <= layer[n] {
			rows = append(rows, 0)
		}
		row[n] = rows[layer[n]]
		rows[layer[n]]++
	}
	tallest := 0
	for _, r := range rows {
		tallest = max(tallest, r)
	}
	x := func(n int) int { return margin + layer[n]*(boxWidth+gapX) }
	y := func(n int) int {
		free := (tallest - rows[layer[n]]) * (boxHeight + gapY) / 2
		return margin + free + row[n]*(boxHeight+gapY)
	}
	width, height := 2*margin+len(rows)*(boxWidth+gapX)-gapX, 2*margin+tallest*(boxHeight+gapY)-gapY
	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n", width, height, width, height)
	b.WriteString("<defs><marker id=\"to\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" fill=\"#555\"/></marker></defs>\n")
	fmt.Fprintf(&b, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", width, height)
	for n, needs := range g.needs {
		for _, m := range needs {
			x1, y1, x2, y2 := x(m)+boxWidth, y(m)+boxHeight/2, x(n), y(n)+boxHeight/2
			fmt.Fprintf(&b, "<path d=\"M%d %dC%d %d %d %d %d %d\" fill=\"none\" stroke=\"#555\" marker-end=\"url(#to)\"/>\n", x1, y1, x1+gapX/2, y1, x2-gapX/2, y2, x2, y2)
		}
	}
	for n := range g.labels {
		fmt.Fprintf(&b, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\" fill=\"#eef4fa\" stroke=\"#336\"/><text x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"#113\">%s</text>\n",
			x(n), y(n), boxWidth, boxHeight, x(n)+boxWidth/2, y(n)+boxHeight/2+4, html.EscapeString(shorten(g.label(n), 32)))
	}
	b.WriteString("</svg>\n")
	return b.String()
}
