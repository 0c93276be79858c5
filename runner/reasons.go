package runner

import (
	"fmt"
	"slices"
	"strings"

	"weir/artifacts"
)

// reason says why a step is not cached: what changed since its address last ran. pending names inputs that are computed first.
func (k *keyer) reason(s *Step, last artifacts.ActionID, pending []string) string {
	if last.IsZero() {
		return "new"
	}
	parts, seconds, err := k.p.Store.Parts(last)
	switch {
	case err != nil && last == s.Action:
		return "its record is gone"
	case err != nil:
		return "new"
	}
	s.Seconds = seconds
	changes := slices.DeleteFunc(artifacts.Changes(parts, s.Parts), func(c artifacts.Change) bool {
		return isPending(c.Name, pending)
	})
	texts := Explain(changes)
	if len(pending) > 0 {
		texts = append(texts, "input "+strings.Join(pending, ", ")+" may change")
	}
	if len(texts) == 0 {
		return "its record is gone"
	}
	return strings.Join(texts, ", ")
}

// isPending says whether a part belongs to an input that is not computed yet.
func isPending(part string, pending []string) bool {
	name, ok := strings.CutPrefix(part, "input ")
	if !ok {
		return false
	}
	return slices.Contains(pending, fieldOf(name))
}

// fieldOf is the field of a part's name such as series, or inputs.eda["demo"].metrics.
func fieldOf(name string) string {
	if i := strings.IndexAny(name, ".["); i >= 0 {
		return name[:i]
	}
	return name
}

// Explain puts changes of a key into words, the telling ones first, at most four.
func Explain(changes []artifacts.Change) []string {
	var options, inputs, fields []string
	how := map[string]string{} // what happened to an input, by its field
	for _, c := range changes {
		class, name, _ := strings.Cut(c.Name, " ")
		switch class {
		case "kind":
			return []string{fmt.Sprintf("kind %s -> %s", c.Was, c.Is)}
		case "version":
			options = append(options, fmt.Sprintf("code version %s -> %s", c.Was, c.Is))
		case "option":
			options = append(options, optionChange(name, c))
		case "tool", "file":
			inputs = append(inputs, fmt.Sprintf("%s %s %s", class, name, verb(c)))
		default:
			field := fieldOf(name)
			was, seen := how[field]
			switch {
			case !seen:
				fields = append(fields, field)
				how[field] = verb(c)
			case was != verb(c):
				how[field] = "changed"
			}
		}
	}
	for _, field := range fields {
		inputs = append(inputs, "input "+field+" "+how[field])
	}
	texts := append(options, inputs...)
	if len(texts) > 4 {
		texts = append(texts[:3], fmt.Sprintf("and %d more", len(texts)-3))
	}
	return texts
}

func verb(c artifacts.Change) string {
	switch {
	case c.Was == "":
		return "added"
	case c.Is == "":
		return "gone"
	}
	return "changed"
}

func optionChange(name string, c artifacts.Change) string {
	was, is := plain(c.Was), plain(c.Is)
	if was == is {
		return name + " changed"
	}
	return fmt.Sprintf("%s %s -> %s", name, was, is)
}

// plain is a part's value for one line.
func plain(value string) string {
	value, _, _ = strings.Cut(value, "\x00")
	if value == "" {
		return `""`
	}
	if len(value) > 60 {
		value = strings.ToValidUTF8(value[:60], "") + "…"
	}
	return strings.ReplaceAll(value, "\n", " ")
}
