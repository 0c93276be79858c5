package lstm

import (
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// TestStrayFMA reads what the compiler makes of the package for every architecture on which it fuses x*y + z unless a conversion stands between. Only
// fma and chains may hold fused operations: there the product is exact in float64, so that fusing changes nothing. Packages whose numbers are written likewise have none at all.
func TestStrayFMA(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles for other architectures")
	}
	for _, c := range []struct{ arch, fused string }{{"arm64", "FMADDD"}, {"ppc64le", "FMADD"}, {"riscv64", "FMADDD"}, {"s390x", "FMADD"}} {
		t.Run(c.arch, func(t *testing.T) { strayFMA(t, ".", c.arch, c.fused) })
	}
	for _, dir := range []string{"../forecast", "../forest", "../predictor"} {
		t.Run(dir, func(t *testing.T) { strayFMA(t, dir, "arm64", "") })
	}
}

func strayFMA(t *testing.T, dir, arch, fused string) {
	build := exec.Command("go", "build", "-gcflags=-S", dir)
	build.Env = append(os.Environ(), "GOARCH="+arch, "GOOS=linux", "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	if err != nil {
		t.Skipf("no compiler here: %v", err)
	}
	seen := 0
	function := ""
	for _, line := range regexp.MustCompile(`(?m)^(\S+) STEXT|\((\S+:\d+)\)\t(FN?M(?:ADD|SUB)[SD]?)\t`).FindAllSubmatch(out, -1) {
		switch {
		case len(line[1]) > 0:
			function = string(line[1])
		case function == "weir/internal/lstm.fma" || function == "weir/internal/lstm.chains" || function == "weir/internal/lstm.fmaTie":
			if string(line[3]) != fused {
				t.Errorf("%s: %s in %s", line[2], line[3], function)
			}
			seen++
		default:
			t.Errorf("%s: %s in %s, which fuses on some machines and not on others", line[2], line[3], function)
		}
	}
	if seen == 0 && fused != "" {
		t.Error("no fused operation found at all: the test looks for the wrong thing")
	}
}
