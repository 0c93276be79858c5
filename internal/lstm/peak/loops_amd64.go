//go:build amd64 && !purego

package peak

import "golang.org/x/sys/cpu"

// Loops are those that run on this machine.
func Loops() []Loop {
	var loops []Loop
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		loops = append(loops, Loop{"AVX2", 2 * 24 * 8, fmaAVX2})
		if cpu.X86.HasAVX512F {
			loops = append(loops, Loop{"AVX-512", 2 * 48 * 16, fmaAVX512})
		}
	}
	return loops
}
