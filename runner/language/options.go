package language

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/gocty"

	"weir/stages"
)

// typeError is a value of the wrong type; the hint says where the options are listed.
type typeError struct{ want, got string }

func (e *typeError) Error() string { return "expected " + e.want + ", got " + e.got }

// SetOption sets an option from a value. A single value will do for a list of one.
func SetOption(f *stages.Field, target reflect.Value, val cty.Value) error {
	if val.IsNull() {
		return &typeError{want(f.Type), "null"}
	}
	if holdsOutput(val) {
		return errors.New("it takes a plain value, not an output of a stage")
	}
	if t, ok := target.Addr().Interface().(encoding.TextUnmarshaler); ok {
		text, err := convert.Convert(val, cty.String)
		if err != nil {
			return &typeError{"text", val.Type().FriendlyName()}
		}
		return t.UnmarshalText([]byte(text.AsString()))
	}
	if f.Type.Kind() == reflect.Slice && val.Type().IsPrimitiveType() {
		val = cty.TupleVal([]cty.Value{val})
	}
	t, err := gocty.ImpliedType(reflect.Zero(f.Type).Interface())
	if err != nil {
		return err
	}
	got, err := convert.Convert(val, t)
	if err != nil {
		return &typeError{want(f.Type), shown(val)}
	}
	fresh := reflect.New(f.Type)
	if err := gocty.FromCtyValue(got, fresh.Interface()); err != nil {
		return &typeError{want(f.Type), shown(val)}
	}
	if len(f.Enum) > 0 {
		for i := range max(1, lengthOf(fresh.Elem())) {
			v := fresh.Elem()
			if v.Kind() == reflect.Slice {
				if v.Len() == 0 {
					break
				}
				v = v.Index(i)
			}
			if s := stages.Text(v); !slices.Contains(f.Enum, s) {
				return fmt.Errorf("%q is not allowed; %s", s, cmp.Or(Suggest(s, f.Enum), "there is "+strings.Join(f.Enum, ", ")))
			}
		}
	}
	target.Set(fresh.Elem())
	return nil
}

func lengthOf(v reflect.Value) int {
	if v.Kind() == reflect.Slice {
		return v.Len()
	}
	return 1
}

func want(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list, each item " + want(t.Elem())
	case reflect.Map:
		return "a map of texts"
	}
	return "text"
}

func shown(val cty.Value) string {
	if val.IsNull() {
		return "null"
	}
	if val.Type() == cty.String {
		return "the text " + quote(val.AsString())
	}
	if val.Type() == cty.Number {
		return val.AsBigFloat().Text('g', -1)
	}
	return val.Type().FriendlyName()
}
