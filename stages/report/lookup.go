package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"
)

// errMissing says that a metric with these labels is not there; exists turns it into false.
type errMissing struct{ message string }

func (e errMissing) Error() string { return e.message }

// group returns the group of that path.
func (lib *library) find(name string) (*group, error) {
	if g := lib.groups[name]; g != nil {
		return g, nil
	}
	return nil, errMissing{fmt.Sprintf("no input %q%s", name, near(name, slices.Sorted(maps.Keys(lib.groups))))}
}

// match lists the entries of a name whose labels are as asked: key, value, ... where an empty value means that the label is not there. Values of
// single seeds and folds are left out unless the label is asked for; of several horizons the smallest is meant unless another is.
func (g *group) match(name string, labels []string) ([]entry, error) {
	if len(labels)%2 != 0 {
		return nil, fmt.Errorf("labels of %s come in pairs, key and value: %s", name, strings.Join(labels, " "))
	}
	named := g.byName[name]
	var found []entry
	for _, e := range named {
		if fits(e, labels) {
			found = append(found, e)
		}
	}
	if !asked(labels, "horizon") {
		found = nearest(found)
	}
	if len(found) == 0 {
		return nil, errMissing{g.explain(name, labels, named)}
	}
	return found, nil
}

func asked(labels []string, key string) bool {
	for i := 0; i < len(labels); i += 2 {
		if labels[i] == key {
			return true
		}
	}
	return false
}

func fits(e entry, labels []string) bool {
	for i := 0; i < len(labels); i += 2 {
		if e.Labels[labels[i]] != labels[i+1] {
			return false
		}
	}
	for _, part := range []string{"seed", "fold"} {
		if _, ok := e.Labels[part]; ok && !asked(labels, part) {
			return false
		}
	}
	return true
}

// nearest keeps the entries of each protocol's smallest horizon, and those without one.
func nearest(found []entry) []entry {
	least := map[string]int{}
	for _, e := range found {
		if h, err := strconv.Atoi(e.Labels["horizon"]); err == nil {
			p := e.Labels["protocol"]
			if old, ok := least[p]; !ok || h < old {
				least[p] = h
			}
		}
	}
	return slices.DeleteFunc(found, func(e entry) bool {
		h, err := strconv.Atoi(e.Labels["horizon"])
		return err == nil && h > least[e.Labels["protocol"]]
	})
}

// one returns the only match.
func (g *group) one(name string, labels []string) (entry, error) {
	found, err := g.match(name, labels)
	if err != nil {
		return entry{}, err
	}
	if len(found) > 1 {
		return entry{}, fmt.Errorf("%d metrics %s in %s: say which one by %s", len(found), describe(name, labels), g.name, differing(found))
	}
	return found[0], nil
}

func describe(name string, labels []string) string {
	var parts []string
	for i := 0; i+1 < len(labels); i += 2 {
		parts = append(parts, labels[i]+"="+labels[i+1])
	}
	if len(parts) == 0 {
		return fmt.Sprintf("%q", name)
	}
	return fmt.Sprintf("%q with %s", name, strings.Join(parts, ", "))
}

// explain says what is wrong with a question that has no answer.
func (g *group) explain(name string, labels []string, named []entry) string {
	if len(named) == 0 {
		names := map[string]bool{}
		for _, e := range g.entries {
			names[e.Name] = true
		}
		return fmt.Sprintf("no metric %q in %s%s", name, g.name, near(name, slices.Sorted(maps.Keys(names))))
	}
	for i := 0; i+1 < len(labels); i += 2 {
		values := map[string]bool{}
		for _, e := range named {
			if v, ok := e.Labels[labels[i]]; ok {
				values[v] = true
			}
		}
		if len(values) == 0 {
			keys := map[string]bool{}
			for _, e := range named {
				for k := range e.Labels {
					keys[k] = true
				}
			}
			return fmt.Sprintf("%q in %s has no label %q%s", name, g.name, labels[i], near(labels[i], slices.Sorted(maps.Keys(keys))))
		}
		if labels[i+1] != "" && !values[labels[i+1]] {
			return fmt.Sprintf("%q in %s has no %s=%s%s", name, g.name, labels[i], labels[i+1], near(labels[i+1], slices.Sorted(maps.Keys(values))))
		}
	}
	return fmt.Sprintf("no metric %s in %s: each label exists, this combination does not", describe(name, labels), g.name)
}

// differing lists the labels in which entries differ, with their values.
func differing(found []entry) string {
	values := map[string]map[string]bool{}
	for _, e := range found {
		for k, v := range e.Labels {
			if values[k] == nil {
				values[k] = map[string]bool{}
			}
			values[k][v] = true
		}
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(values)) {
		everywhere := !slices.ContainsFunc(found, func(e entry) bool { _, ok := e.Labels[k]; return !ok })
		if len(values[k]) > 1 || !everywhere {
			list := slices.Sorted(maps.Keys(values[k]))
			if len(list) > 6 {
				list = append(list[:6], "...")
			}
			parts = append(parts, fmt.Sprintf("%s (%s)", k, strings.Join(list, ", ")))
		}
	}
	if len(parts) == 0 {
		return "nothing: they have the same labels, which is a mistake of the stage that wrote them"
	}
	return strings.Join(parts, " or ")
}

// near suggests what was meant, or lists what there is.
func near(word string, known []string) string {
	best, distance := "", len(word)/3+2
	for _, k := range known {
		if d := levenshtein.Distance(word, k, nil); d < distance {
			best, distance = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf(": did you mean %q?", best)
	}
	if len(known) == 0 {
		return ": there are none"
	}
	if len(known) > 12 {
		known = append(slices.Clone(known[:12]), "...")
	}
	return ": there are " + strings.Join(known, ", ")
}
