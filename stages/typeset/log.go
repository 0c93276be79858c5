package typeset

import (
	"bufio"
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

var (
	errorLine   = regexp.MustCompile(`^(?:\./)?([^:\s][^:]*\.(?:tex|sty|cls|def|fd|aux|out|ltx)):(\d+): (.*)$`)
	contextLine = regexp.MustCompile(`^l\.(\d+) ?(.*)$`)
	overfull    = regexp.MustCompile(`^(Overfull \\[hv]box \([0-9.]+pt too (?:wide|high)\).*)$`)
	warning     = regexp.MustCompile(`^LaTeX Warning: (.*(?:undefined|multiply defined|multiply-defined|too large|Label\(s\) may have changed).*)$`)
	missing     = regexp.MustCompile(`^Missing character: (.*)$`)
	written     = regexp.MustCompile(`^Output written on report\.pdf \((\d+) pages?, `)
)

// maxWarnings bounds how many lines are passed on.
const maxWarnings = 20

// firstError finds TeX's first error: file, line, message, and the text it stopped at.
func firstError(log []byte) (message string, found bool) {
	lines := bufio.NewScanner(bytes.NewReader(log))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := strings.ToValidUTF8(lines.Text(), "?")
		if !found {
			if m := errorLine.FindStringSubmatch(line); m != nil {
				message, found = fmt.Sprintf("%s:%s: %s", m[1], m[2], m[3]), true
			} else if strings.HasPrefix(line, "! ") {
				message, found = strings.TrimPrefix(line, "! "), true
			}
			continue
		}
		if m := contextLine.FindStringSubmatch(line); m != nil {
			if !strings.Contains(message, ":"+m[1]+": ") {
				message = "line " + m[1] + ": " + message
			}
			if at := strings.TrimSpace(m[2]); at != "" {
				message += fmt.Sprintf(" (at %.120q)", at)
			}
			break
		}
	}
	return message, found
}

// read takes from the log how many pages there are and what a reader of the paper would see: overfull boxes, undefined references, missing characters.
func read(log []byte) (summary string, warnings []string) {
	seen := map[string]bool{}
	summary = "no pages"
	lines := bufio.NewScanner(bytes.NewReader(log))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := strings.ToValidUTF8(lines.Text(), "?")
		text := ""
		if m := written.FindStringSubmatch(line); m != nil {
			summary = m[1] + " pages"
			if m[1] == "1" {
				summary = "1 page"
			}
		} else if m := overfull.FindStringSubmatch(line); m != nil {
			text = strings.ToLower(m[1][:1]) + m[1][1:]
		} else if m := warning.FindStringSubmatch(line); m != nil {
			text = strings.TrimSuffix(strings.TrimSpace(m[1]), ".")
		} else if m := missing.FindStringSubmatch(line); m != nil {
			text = "missing character: " + m[1]
		}
		if text != "" && !seen[text] {
			seen[text] = true
			warnings = append(warnings, text)
		}
	}
	if n := len(warnings); n > maxWarnings {
		warnings = append(warnings[:maxWarnings], fmt.Sprintf("and %d more such lines", n-maxWarnings))
	}
	return summary, warnings
}
