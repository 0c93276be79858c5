//go:build !amd64 || purego

package peak

// Loops are those that run on this machine: none.
func Loops() []Loop { return nil }
