package runner

import (
	"crypto/sha256"

	"weir/artifacts"
)

func digestOf(text string) string { return artifacts.OutputID(sha256.Sum256([]byte(text))).String() }
