//go:build (!amd64 && !arm64) || purego

package lstm

// selected are the kernels of this machine.
var selected = portable

func available() []kernels { return []kernels{portable} }
