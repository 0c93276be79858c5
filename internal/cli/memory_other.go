//go:build !linux

package cli

// memory is what running stages may need together unless --memory says otherwise.
func memory() int64 { return 4 << 30 }
