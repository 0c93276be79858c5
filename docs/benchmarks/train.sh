#!/usr/bin/env bash
# Training beside matrix products: the arithmetic a CPU second of an LSTM(50) epoch (look-back 20, batch 64, 36,815 points; the time of 9 epochs minus that
# of 3, so that what is done once does not count) and of numpy's single-precision product of 1024 x 1024 on one thread, in turn; prints the ratio.
#
#   docs/benchmarks/train.sh        PYTHON=a Python with numpy; WEIR=path/to/weir takes that binary instead of building one
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
[ -n "${WEIR:-}" ] || { WEIR=$work/weir; CGO_ENABLED=0 go build -o "$WEIR" .; }
# A bursty series: the logarithm is noise with memory.
awk 'BEGIN { srand(1); print "time,bytes"; for (i = 0; i < 36815; i++) { u = 0; for (k = 0; k < 12; k++) u += rand(); z = .8 * z + .6 * (u - 6); printf "%d,%.3f\n", 1700000000 + i, exp(7.6 + .5 * z) } }' > "$work/s.csv"
"$WEIR" do import "file=$work/s.csv" time=time value=bytes -o "$work/s" > "$work/log" 2>&1
TIMEFORMAT='%U %S'
cpu() { { time "$@" > "$work/out" 2> "$work/log"; } 2>&1 | awk '{ print $1 + $2 }'; }
epochs() { cpu "$WEIR" do train "series=$work/s/series.parquet" model=lstm model.units=50 look_back=20 "epochs=$1" batch=64 seed=1 protocol=published -o "$work/m$2-$1"; }
product() { # GFLOP/s, or nothing
  OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 "${PYTHON:-python3}" - 2> "$work/log" << 'P' || :
import time, numpy as np
a = np.random.default_rng(1).standard_normal((1024, 1024), dtype=np.float32)
a @ a; c = time.process_time()
for _ in range(20): a @ a
print(20 * 2 * 1024**3 / (time.process_time() - c) / 1e9)
P
}
# 29,436 windows train (the first 80 % of 36,795). A window has 20 steps with products of 200 x 50 multiply-adds forward, back and for the weights, but 19
# where the state before the first step would enter, which is zero; and 200 for the one input, forward and for the weights.
for i in 1 2 3; do
  product >> "$work/peak"
  awk -v a="$(epochs 3 "$i")" -v b="$(epochs 9 "$i")" 'BEGIN { s = (b - a) / 6; print s, 29436 * 2 * 200 * (3 * 19 * 50 + 2 * 20) / s / 1e9 }' >> "$work/ours"
done
sort -n "$work/ours" | head -n 1 | awk '{ printf "weir     %6.3f CPU s an epoch = %.0f GFLOP/s\n", $1, $2 }'
if [ -s "$work/peak" ]; then
  paste -d ' ' "$work/ours" "$work/peak" | awk '{ if ($2 / $3 > r) r = $2 / $3; if ($3 > p) p = $3 } END { printf "sgemm    %6.0f GFLOP/s on one thread (numpy)\nratio    %6.2f\n", p, r }'
else echo "no Python with numpy (set PYTHON): no ratio"; fi
