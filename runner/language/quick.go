package language

import (
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"weir/stages"
)

// prepared is an attribute of a stage block. It is evaluated for every instance, so what can be known once is kept.
type prepared struct {
	*hclsyntax.Attribute
	at    hcl.Range // of the expression
	fixed bool      // it depends on neither each nor matrix
	val   cty.Value // of a fixed one, after its first evaluation
	arg   *Value    // of a fixed input, likewise

	declared map[string]string // of fixed outputs, likewise

	texts []quickText // nil: hcl evaluates it
	list  bool        // texts are the items of a list, else there is one
}

// quickText is a text with each.key, each.value and matrix.NAME in it. Of such texts pipelines of many instances consist; going
// through cty costs ten times as much.
type quickText []quickPart

type quickPart struct {
	text string
	root string // "each" or "matrix", and then text is the name
}

func (b *block) prepare(body *hclsyntax.Body) []*prepared {
	if all, ok := b.prepared[body]; ok {
		return all
	}
	all := []*prepared{}
	for _, a := range sortedAttributes(body) {
		p := &prepared{Attribute: a, at: a.Expr.Range(), fixed: true}
		for _, t := range a.Expr.Variables() {
			if root := t.RootName(); root == "each" || root == "matrix" {
				p.fixed = false
			}
		}
		if !p.fixed {
			p.texts, p.list = quickTexts(a.Expr)
		}
		all = append(all, p)
	}
	b.prepared[body] = all
	return all
}

// quickTexts reads a text or a list of texts; nil when there is anything else in it.
func quickTexts(expr hclsyntax.Expression) (texts []quickText, list bool) {
	items := []hclsyntax.Expression{expr}
	if tuple, ok := expr.(*hclsyntax.TupleConsExpr); ok {
		items, list = tuple.Exprs, true
	}
	for _, item := range items {
		t, ok := readQuick(item)
		if !ok {
			return nil, list
		}
		texts = append(texts, t)
	}
	return texts, list
}

func readQuick(expr hclsyntax.Expression) (quickText, bool) {
	switch e := expr.(type) {
	case *hclsyntax.LiteralValueExpr:
		if e.Val.IsNull() || e.Val.Type() != cty.String {
			return nil, false
		}
		return quickText{{text: e.Val.AsString()}}, true
	case *hclsyntax.ScopeTraversalExpr:
		if root := e.Traversal.RootName(); len(e.Traversal) == 2 && (root == "each" || root == "matrix") {
			if a, ok := e.Traversal[1].(hcl.TraverseAttr); ok {
				return quickText{{root: root, text: a.Name}}, true
			}
		}
	case *hclsyntax.TemplateExpr:
		var t quickText
		for _, part := range e.Parts {
			p, ok := readQuick(part)
			if !ok {
				return nil, false
			}
			t = append(t, p...)
		}
		return t, len(t) > 0
	}
	return nil, false
}

// surroundings are what an instance's expressions see besides the block's: each and matrix. The hcl context is made when it is needed.
type surroundings struct {
	block  *hcl.EvalContext
	keyed  bool
	key    string
	value  cty.Value
	matrix cty.Value // NilVal without a matrix
	made   *hcl.EvalContext
}

func (s *surroundings) context() *hcl.EvalContext {
	if s.made == nil {
		s.made = s.block.NewChild()
		s.made.Variables = map[string]cty.Value{}
		if s.keyed {
			s.made.Variables["each"] = cty.ObjectVal(map[string]cty.Value{"key": cty.StringVal(s.key), "value": s.value})
		}
		if s.matrix != cty.NilVal {
			s.made.Variables["matrix"] = s.matrix
		}
	}
	return s.made
}

// text evaluates t; not ok when hcl must: for what is no plain text or whole number, and for what Unicode may want to normalise.
func (s *surroundings) text(t quickText) (string, bool) {
	var b strings.Builder
	for _, part := range t {
		text, ok := part.text, true
		if part.root != "" {
			text, ok = s.lookup(part)
		}
		if !ok {
			return "", false
		}
		if len(t) == 1 {
			return text, isASCII(text)
		}
		b.WriteString(text)
	}
	return b.String(), isASCII(b.String())
}

func (s *surroundings) lookup(p quickPart) (string, bool) {
	var v cty.Value
	switch {
	case p.root == "each" && s.keyed && p.text == "key":
		return s.key, true
	case p.root == "each" && s.keyed && p.text == "value":
		v = s.value
	case p.root == "matrix" && s.matrix != cty.NilVal && s.matrix.Type().IsObjectType() && s.matrix.Type().HasAttribute(p.text):
		v = s.matrix.GetAttr(p.text)
	default:
		return "", false
	}
	if !v.IsKnown() || v.IsNull() {
		return "", false
	}
	switch v.Type() {
	case cty.String:
		return v.AsString(), true
	case cty.Number:
		n, exact := v.AsBigFloat().Int64()
		return strconv.FormatInt(n, 10), exact == 0 && n != 0 || v.RawEquals(cty.Zero) // not for -0
	}
	return "", false
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// quickArgument decodes an input made of texts; not ok when hcl must, also to tell about mistakes.
func (d *decoder) quickArgument(f *stages.Field, p *prepared) (Value, bool) {
	whole := f.Class == stages.ArgsList && p.list && len(p.texts) > 0 || f.Class == stages.SourceSet && p.list || f.Class == stages.InputFile && !p.list
	if p.texts == nil || !whole {
		return Value{}, false
	}
	v := Value{Kind: List, Items: make([]Value, 0, len(p.texts))}
	for _, t := range p.texts {
		text, ok := d.around.text(t)
		if !ok {
			return v, false
		}
		var item Value
		problem := ""
		switch f.Class {
		case stages.ArgsList:
			item, problem = d.l.wordText(text)
		default:
			if len(t) == 1 && t[0].root != "" && !d.around.isText(t[0]) {
				return v, false // a number is no path
			}
			item, problem = d.l.leafText(text)
		}
		if problem != "" {
			return v, false
		}
		if !p.list {
			return item, true
		}
		v.Items = append(v.Items, item)
	}
	return v, true
}

func (s *surroundings) isText(p quickPart) bool {
	return p.text == "key" && p.root == "each" || p.root == "each" && s.value.Type() == cty.String || p.root == "matrix" && s.matrix.GetAttr(p.text).Type() == cty.String
}
