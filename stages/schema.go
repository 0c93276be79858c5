package stages

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Class says what a field of a kind is for.
type Class uint8

// The classes of fields.
const (
	Option    Class = iota // a plain value
	InputFile              // Input
	InputTree              // Tree
	ArgsList               // Args
	SourceSet              // Sources
	OutputOne              // Output
	OutputSet              // OutputDir
	OutputMap              // Outputs: named by the pipeline
	Block                  // a block of options
	Label                  // a block's label
)

// Field is one field of a kind, as its struct declares it.
type Field struct {
	Name     string // hcl name
	Class    Class
	Type     reflect.Type
	Optional bool
	Doc      string
	Enum     []string // what is allowed; nil: anything
	File     string   // for outputs: the name in `weir do -o`
	Default  string   // of an optional option, as text
	Fields   []Field  // of a Block

	index int
}

// Of returns the field's value inside the struct that holds it.
func (f *Field) Of(holder reflect.Value) reflect.Value { return holder.Field(f.index) }

// Fields lists the fields of a stage (a pointer to a struct) in the order of the struct. It panics where the struct breaks the contract.
func Fields(s Stage) []Field { return fieldsOf(reflect.ValueOf(s).Elem()) }

var (
	classes = map[reflect.Type]Class{
		reflect.TypeFor[Input](): InputFile, reflect.TypeFor[Tree](): InputTree, reflect.TypeFor[Args](): ArgsList, reflect.TypeFor[Sources](): SourceSet,
		reflect.TypeFor[Output](): OutputOne, reflect.TypeFor[OutputDir](): OutputSet, reflect.TypeFor[Outputs](): OutputMap,
	}
	textType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func fieldsOf(v reflect.Value) []Field {
	var fields []Field
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		tag, ok := sf.Tag.Lookup("hcl")
		if !ok || !sf.IsExported() {
			continue
		}
		name, flags, _ := strings.Cut(tag, ",")
		f := Field{Name: name, Type: sf.Type, Doc: sf.Tag.Get("doc"), File: sf.Tag.Get("file"), Optional: flags == "optional", index: i}
		if e := sf.Tag.Get("enum"); e != "" {
			f.Enum = strings.Fields(e)
		}
		class, special := classes[sf.Type]
		switch {
		case special:
			f.Class = class
		case flags == "label":
			f.Class = Label
		case flags == "block":
			f.Class = Block
			f.Fields = fieldsOf(v.Field(i))
		case !isOption(sf.Type):
			panic(fmt.Sprintf("stages: field %s.%s has type %s, which the contract does not know", v.Type(), sf.Name, sf.Type))
		}
		if f.Class == Option && f.Optional {
			f.Default = Text(v.Field(i))
		}
		fields = append(fields, f)
	}
	return fields
}

func isOption(t reflect.Type) bool {
	if reflect.PointerTo(t).Implements(textType) {
		return true
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Float64:
		return true
	case reflect.Slice:
		return slices.Contains([]reflect.Kind{reflect.String, reflect.Int, reflect.Float64}, t.Elem().Kind())
	case reflect.Map:
		return t.Key().Kind() == reflect.String && t.Elem().Kind() == reflect.String
	}
	return false
}

// Text is the canonical text of an option's value: what is hashed into the key and shown to people. Equal values have equal texts.
func Text(v reflect.Value) string {
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		if err == nil {
			return string(text)
		}
	}
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Slice:
		items := make([]string, v.Len())
		for i := range items {
			items[i] = quoteItem(Text(v.Index(i)))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		items := make([]string, len(keys))
		for i, k := range keys {
			items[i] = quoteItem(k.String()) + "=" + quoteItem(v.MapIndex(k).String())
		}
		return "{" + strings.Join(items, ", ") + "}"
	}
	return fmt.Sprint(v.Interface())
}

// quoteItem quotes what would make two different lists look alike.
func quoteItem(s string) string {
	if s == "" || strings.ContainsAny(s, ",=[]{}\" \n") {
		return fmt.Sprintf("%q", s)
	}
	return s
}

// FieldByName finds what a pipeline sets: an option, a block, an input, or Outputs; nil when there is no such field. An output may have the
// name of an option: train's model is a block where it is set and a file where it is referred to.
func FieldByName(fields []Field, name string) *Field {
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == name && f.Class != OutputOne && f.Class != OutputSet })
	if i < 0 {
		return nil
	}
	return &fields[i]
}

// OutputByName finds an output that the kind declares, or nil.
func OutputByName(fields []Field, name string) *Field {
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == name && (f.Class == OutputOne || f.Class == OutputSet) })
	if i < 0 {
		return nil
	}
	return &fields[i]
}

// IsOutput says whether the field is written by the stage.
func (f *Field) IsOutput() bool {
	return f.Class == OutputOne || f.Class == OutputSet || f.Class == OutputMap
}
