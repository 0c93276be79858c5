package language

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Bounds of what an expression may be and evaluate to. They are far beyond every pipeline; without them a small file can make a huge value
// (ten locals, each ten times the one before), or an expression so deep that it overflows the stack.
const (
	maxValue    = 64 << 20 // bytes, about
	maxExponent = 4096     // binary, of a number; the largest float64 has 1024
	maxNesting  = 250      // brackets
	maxText     = 2 << 20  // bytes of one text; a file() is at most half as long
	maxOperands = 1000     // operators, calls and indexes that are not separated by a comma or a new line
	perElement  = 48       // bytes that an element of a collection counts for
)

const tooLarge = "a pipeline describes work; large data belongs into files that stages read"

// bounded says what is too large about a value, or nothing.
func bounded(val cty.Value) string {
	budget := maxValue
	return measure(val, &budget)
}

func measure(val cty.Value, budget *int) string {
	if *budget -= perElement; *budget < 0 {
		return fmt.Sprintf("the value is too large: more than %d MiB", maxValue>>20)
	}
	if !val.IsKnown() || val.IsNull() {
		return ""
	}
	t := val.Type()
	switch {
	case t == cty.String:
		n := len(val.AsString())
		if *budget -= n; n > maxText {
			return fmt.Sprintf("the text is too large: more than %d MiB", maxText>>20)
		}
	case t == cty.Number:
		if f := val.AsBigFloat(); f.IsInf() || f.MantExp(nil) > maxExponent || f.Sign() != 0 && f.MantExp(nil) < -maxExponent {
			return "the number is out of range: beyond 1e1233, or nearer to 0 than 1e-1233"
		}
	case t.IsCollectionType() || t.IsObjectType() || t.IsTupleType():
		for it := val.ElementIterator(); it.Next(); {
			k, v := it.Element()
			if k.Type() == cty.String {
				*budget -= len(k.AsString())
			}
			if problem := measure(v, budget); problem != "" {
				return problem
			}
		}
	}
	return ""
}

// shallow checks, before anything recursive reads it, that a source nests no deeper than the stack allows.
func shallow(tokens hclsyntax.Tokens) *hcl.Diagnostic {
	type level struct {
		open     hclsyntax.TokenType
		operands int
	}
	levels := []level{{open: hclsyntax.TokenOBrace}}
	operands := 0
	for _, token := range tokens {
		top := &levels[len(levels)-1]
		switch token.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl,
			hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc:
			top.operands++
			operands++
			levels = append(levels, level{open: token.Type})
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc:
			if len(levels) > 1 {
				operands -= top.operands
				levels = levels[:len(levels)-1]
			}
		case hclsyntax.TokenComma:
			operands -= top.operands
			top.operands = 0
		case hclsyntax.TokenNewline:
			if top.open == hclsyntax.TokenOBrace {
				operands -= top.operands
				top.operands = 0
			}
		case hclsyntax.TokenIdent, hclsyntax.TokenNumberLit, hclsyntax.TokenQuotedLit, hclsyntax.TokenStringLit, hclsyntax.TokenComment:
		default:
			top.operands++
			operands++
		}
		if len(levels) > maxNesting || operands > maxOperands {
			return &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "the expression is too deep", Subject: token.Range.Ptr(),
				Detail: fmt.Sprintf("at most %d nested brackets and %d operators in one expression; give parts of it names in locals", maxNesting, maxOperands),
			}
		}
	}
	return nil
}
