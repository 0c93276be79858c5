#!/bin/bash
# What a build of N tiny stages costs beside its processes: a plan, a cold run, a run with nothing to do, one changed input. One row for each
# phase and tool (tab-separated: tool, N, phase, CPU seconds, seconds, MB of the largest process), weir beside make and ninja where they are installed.
#
#   WORK=/tmp/dag docs/benchmarks/dag.sh 10000     WEIR=path/to/weir takes that binary instead of building one; TOOLS="weir ninja" picks rows
set -u
N=${1:?usage: dag.sh N}
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
WORK=${WORK:-${TMPDIR:-/tmp}/weir-dag}; export WORK
mkdir -p "$WORK"
if [ -z "${WEIR:-}" ]; then WEIR=$WORK/weir; (cd "$ROOT" && CGO_ENABLED=0 go build -o "$WEIR" .) || exit 1; fi
MEAS=$ROOT/docs/benchmarks/meas.py

fresh() { # a folder with N inputs of 1 KiB and the command of a stage: shell built-ins only, one sh process
  W=$WORK/$1-$N; rm -rf "$W"; mkdir -p "$W/in" "$W/out"; cd "$W" || exit 1
  python3 - "$N" <<'P'
import sys, hashlib
for i in range(int(sys.argv[1])):
    s = ''.join(hashlib.sha256(b'%d-%d' % (i, k)).hexdigest() for k in range(16))[:1023]
    open('in/s%d.txt' % i, 'w').write(s + '\n')
P
  printf '%s\n' 'read -r x < "$1"; printf "%s %s\n" "$2" "$x" > "$3"' > s.sh
}

phases() { # uses the arrays PLAN and RUN
  local tool=$1
  m() { python3 "$MEAS" "$tool" "$N" "$@"; }
  m plan_cold "${PLAN[@]}"; m cold "${RUN[@]}"; m noop "${RUN[@]}"; m plan_noop "${PLAN[@]}"
  sleep 1.1; sed -i 's/^..../beef/' "in/s$((N/2)).txt"
  m plan_1 "${PLAN[@]}"; m change1 "${RUN[@]}"
}

weir() {
  fresh weir
  cat > pipeline.hcl <<P
stage "exec" "one" {
  for_each = { for i in range($N) : "s\${i}" => i % 7 }
  command  = ["sh", "s.sh", "in/\${each.key}.txt", each.value, "out.txt"]
  inputs   = ["s.sh", "in/\${each.key}.txt"]
  outputs  = { out = "out.txt" }
}
stage "exec" "join" {
  command = ["sh", "-c", "cat out/*.txt > join.txt"]
  inputs  = { for k, s in stage.exec.one : "out/\${k}.txt" => s.out }
  outputs = { join = "join.txt" }
}
results { files = { "join.txt" = stage.exec.join.join } }
P
  RUN=("$WEIR" run -j2); PLAN=("$WEIR" plan); phases weir
}

make_() {
  fresh make
  python3 - "$N" > Makefile <<'P'
import sys; n = int(sys.argv[1])
print('all: join.txt\njoin.txt: ' + ' '.join('out/s%d.txt' % i for i in range(n)) + '\n\t@cat out/*.txt > $@')
for i in range(n): print('out/s%d.txt: in/s%d.txt\n\t@read -r x < $<; printf "%%s %%s\\n" %d "$$x" > $@' % (i, i, i % 7))
P
  RUN=(make -s -j2); PLAN=(make -n --debug=b); phases make
}

ninja_() {
  fresh ninja
  python3 - "$N" > build.ninja <<'P'
import sys; n = int(sys.argv[1])
print('rule s\n  command = read -r x < $in; printf "%s %s\\n" $p "$$x" > $out\nrule j\n  command = cat out/*.txt > $out')
for i in range(n): print('build out/s%d.txt: s in/s%d.txt\n  p = %d' % (i, i, i % 7))
print('build join.txt: j ' + ' '.join('out/s%d.txt' % i for i in range(n)))
P
  RUN=(ninja -j2 --quiet); PLAN=(ninja -n -d explain); phases ninja
}

printf 'tool\tn\tphase\tcpu_s\twall_s\trss_mb\n'
for tool in ${TOOLS:-weir make ninja}; do
  case $tool in
    weir) weir ;;
    make|ninja) if command -v "$tool" > /dev/null; then "${tool}_"; else echo "# $tool is not installed"; fi ;;
  esac
done
