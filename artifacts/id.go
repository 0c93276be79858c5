package artifacts

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// OutputID names an artifact by its content: the SHA-256 of its uncompressed bytes (of the manifest, for a directory).
type OutputID [sha256.Size]byte

// ActionID names a piece of work: the SHA-256 of everything that may change what it produces. See Key.
type ActionID [sha256.Size]byte

// ErrDigest is wrapped by errors about text that is no digest.
var ErrDigest = errors.New("not a digest")

// String gives the digest whole, "sha256:" and 64 lower-case hex digits.
func (id OutputID) String() string { return "sha256:" + hex.EncodeToString(id[:]) }

// Short gives the digest for people, as sha256:9f2c…e1. It does not identify anything by itself.
func (id OutputID) Short() string { return short(id) }

// IsZero says that the ID was never set.
func (id OutputID) IsZero() bool { return id == OutputID{} }

// MarshalText implements encoding.TextMarshaler in the form of String.
func (id OutputID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the form that String writes; its error wraps ErrDigest.
func (id *OutputID) UnmarshalText(text []byte) error {
	return parse((*[sha256.Size]byte)(id), string(text))
}

// String gives the digest whole, "sha256:" and 64 lower-case hex digits.
func (id ActionID) String() string { return "sha256:" + hex.EncodeToString(id[:]) }

// Short gives the digest for people, as sha256:9f2c…e1. It does not identify anything by itself.
func (id ActionID) Short() string { return short(id) }

// IsZero says that the ID was never set.
func (id ActionID) IsZero() bool { return id == ActionID{} }

// MarshalText implements encoding.TextMarshaler in the form of String.
func (id ActionID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the form that String writes; its error wraps ErrDigest.
func (id *ActionID) UnmarshalText(text []byte) error {
	return parse((*[sha256.Size]byte)(id), string(text))
}

func short[ID ~[sha256.Size]byte](id ID) string {
	return "sha256:" + hex.EncodeToString(id[:2]) + "…" + hex.EncodeToString(id[sha256.Size-1:])
}

// ParseOutputID reads "sha256:<64 hex digits>"; its error wraps ErrDigest.
func ParseOutputID(text string) (id OutputID, err error) {
	return id, id.UnmarshalText([]byte(text))
}

func parse(id *[sha256.Size]byte, text string) error {
	digits, ok := strings.CutPrefix(text, "sha256:")
	if !ok || len(digits) != hex.EncodedLen(sha256.Size) {
		return fmt.Errorf("%w: %.80q, expected sha256: and 64 hex digits", ErrDigest, text)
	}
	if _, err := hex.Decode(id[:], []byte(digits)); err != nil {
		return fmt.Errorf("%w: %.80q: %w", ErrDigest, text, err)
	}
	return nil
}
