package cli

import (
	"bufio"
	"fmt"
	"os"
)

// memory is what running stages may need together unless --memory says otherwise: 70 % of what is free now.
func memory() int64 {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return unknownMemory
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kib int64
		if n, _ := fmt.Sscanf(lines.Text(), "MemAvailable: %d kB", &kib); n == 1 {
			return kib << 10 / 10 * 7
		}
	}
	return unknownMemory
}

const unknownMemory = 4 << 30
