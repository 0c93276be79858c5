#!/usr/bin/env bash
# Whole processes. A short sweep as a script runs it (eight models of LSTM(50): look-backs 10, 20, 30, 60 with 50 epochs of batch 64 and 20 of batch 32, on 902
# points) by Keras and by weir with nothing cached, in turn: CPU, time, memory. And a sweep of those eight on 902 and on LONG points with a tenth of the epochs, one
# stage at a time and as many as there are cores.
#
#   docs/benchmarks/sweep.sh [ROUNDS]    PYTHON=a Python with numpy and tensorflow-cpu; LONG=36815 points; WEIR=path/to/weir
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-3} long=${LONG:-36815} here=$PWD
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
[ -n "${WEIR:-}" ] || { WEIR=$work/weir; CGO_ENABLED=0 go build -o "$WEIR" .; }
points() { awk -v n="$1" 'BEGIN { srand(1); print "time,bytes"; for (i = 0; i < n; i++) { u = 0; for (k = 0; k < 12; k++) u += rand(); z = .8 * z + .6 * (u - 6); printf "%d,%.3f\n", 1700000000 + i, exp(7.6 + .5 * z) } }'; }
project() { # FOLDER SHARE POINTS...: a sweep over series of so many points with 1/SHARE of the epochs
  local folder=$1 share=$2 n; shift 2
  mkdir -p "$folder/experiments/demo"; : > "$folder/experiments/demo/experiment.hcl"
  for n in "$@"; do points "$n" > "$folder/$n.csv"; done
  local names; names=$(printf '"%s", ' "$@")
  cat > "$folder/pipeline.hcl" << P
stage "import" "series" {
  for_each = toset([${names%, }])
  file     = "\${each.key}.csv"
  time     = "time"
  value    = "bytes"
}
stage "train" "sweep" {
  for_each = toset([${names%, }])
  matrix = {
    look_back = [10, 20, 30, 60]
    schedule  = { long = { epochs = $((50 / share)), batch = 64 }, short = { epochs = $((20 / share)), batch = 32 } }
  }
  series    = stage.import.series[each.key].series
  protocol  = "published"
  look_back = matrix.look_back
  epochs    = matrix.schedule.epochs
  batch     = matrix.schedule.batch
  model "lstm" {
    units = 50
  }
}
P
}
once() { python3 "$here/docs/benchmarks/meas.py" "$@" | tee -a "$work/table"; } # tool n phase command: CPU s, time s, MB
weir() { # FOLDER TOOL N PHASE JOBS
  rm -rf "$1/.weir" "$1/results" "$1/artifacts"
  (cd "$1" && once "$2" "$3" "$4" "$WEIR" run -j "$5")
}
project "$work/short" 1 902
project "$work/both" 10 902 "$long"
printf 'tool\tn\tphase\tCPU s\ts\tMB\n'
for ((i = 0; i < rounds; i++)); do
  weir "$work/short" weir 902 short "$(nproc)"
  once keras 902 short "${PYTHON:-python3}" "$here/docs/benchmarks/peers.py" sweep
done
for ((i = 0; i < rounds; i++)); do
  weir "$work/both" weir-1 "$long" sweep 1
  weir "$work/both" "weir-$(nproc)" "$long" sweep "$(nproc)"
done
sort -k1,1 -k3,3 -k5,5n "$work/table" | awk -F '\t' '{ k = $1 " " $3; c[k, ++n[k]] = $4; t[k, n[k]] = $5; m[k, n[k]] = $6; if (n[k] == 1) order[++o] = k; if (NF > 6) print "failed:", $0 }
  END { for (i = 1; i <= o; i++) { k = order[i]; h = int((n[k] + 1) / 2); CPU[k] = c[k, h]; S[k] = t[k, h]; MB[k] = m[k, h]; printf "%-14s CPU %7.2f s   time %7.2f s   %4d MB\n", k, CPU[k], S[k], MB[k] }
    printf "short sweep, Keras / weir: CPU %.1f, time %.1f\n", CPU["keras short"] / CPU["weir short"], S["keras short"] / S["weir short"]
    for (k in S) if (k ~ /^weir-[0-9]+ sweep/ && k !~ /^weir-1 /) printf "sweep, one at a time / %s: %.2f\n", k, S["weir-1 sweep"] / S[k] }'
