package artifacts

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Parts reads of an action's record only its parts and how many seconds it took: what a plan wants of each of a thousand trials whose option changed. It
// is Record without the general decoder, which takes ten times as long; the seal is checked all the same.
func (s *Store) Parts(a ActionID) (parts []Part, seconds float64, err error) {
	path := s.recordPath(a)
	if info, err := os.Stat(path); err != nil {
		return nil, 0, err
	} else if info.Size() > maxRecord+int64(sealSize) {
		return nil, 0, fmt.Errorf("%s: %d bytes are no record", path, info.Size())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, err
	}
	if parts, seconds, ok := quickParts(data, a); ok {
		return parts, seconds, nil
	}
	r, err := s.Record(a)
	if err != nil {
		return nil, 0, err
	}
	return r.Parts, r.Seconds, nil
}

// The lines of a record as Commit writes it, as far as quickParts reads them.
const (
	linesHead  = "\n \"format\": 2,\n \"action\": \""
	partsStart = "\n \"parts\": [\n"
	partsEnd   = "\n ],\n"
	secondsAt  = "\n \"seconds\": "
)

// quickParts reads the lines that Commit writes; not ok for anything else.
func quickParts(data []byte, a ActionID) (parts []Part, seconds float64, ok bool) {
	if len(data) < sealSize || string(data[:sealSize]) != sealStart+OutputID(sha256.Sum256(data[sealSize:])).String()+sealEnd {
		return nil, 0, false
	}
	text := string(data[sealSize:])
	if !strings.HasPrefix(text, linesHead+a.String()+"\",\n") {
		return nil, 0, false
	}
	_, inside, found := strings.Cut(text, partsStart)
	inside, _, whole := strings.Cut(inside, partsEnd)
	if !found || !whole {
		return nil, 0, false
	}
	parts = make([]Part, 0, strings.Count(inside, "\n  {")+1)
	for line := range strings.SplitSeq(inside, "\n") {
		line = strings.TrimSuffix(strings.TrimLeft(line, " "), ",")
		if line == "{" {
			parts = append(parts, Part{})
			continue
		}
		if line == "}" {
			continue
		}
		name, value, _ := strings.Cut(line, ": ")
		if value, ok = unquote(value); !ok || len(parts) == 0 {
			return nil, 0, false
		}
		p := &parts[len(parts)-1]
		switch name {
		case `"name"`:
			p.Name = value
		case `"value"`:
			p.Value = value
		case `"digest"`:
			if p.Digest.UnmarshalText([]byte(value)) != nil {
				return nil, 0, false
			}
		default:
			return nil, 0, false
		}
	}
	at := strings.LastIndex(text, secondsAt)
	if at < 0 {
		return nil, 0, false
	}
	number, _, _ := strings.Cut(text[at+len(secondsAt):], "\n")
	seconds, err := strconv.ParseFloat(strings.TrimSuffix(number, ","), 64)
	return parts, seconds, err == nil
}

// unquote reads a JSON string.
func unquote(s string) (string, bool) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return "", false
	}
	if !strings.Contains(s, `\`) {
		return s[1 : len(s)-1], true
	}
	var out string
	err := json.Unmarshal([]byte(s), &out)
	return out, err == nil
}
