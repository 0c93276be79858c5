#!/usr/bin/env bash
# An epoch of LSTM(50) over 36,815 points beside Keras (as it comes, and with XLA) and PyTorch, each on one thread: CPU seconds for each look-back and batch,
# all in turn, the median of the rounds; and what a sweep of 50 epochs of batch 64 and 20 of batch 32 for each look-back makes of them.
#
#   docs/benchmarks/peers.sh [ROUNDS]    PYTHON=a Python with numpy, tensorflow-cpu and torch; LOOKBACKS="10 20 30 60"; BATCHES="64 32"; WEIR=path
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-3}
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
[ -n "${WEIR:-}" ] || { WEIR=$work/weir; CGO_ENABLED=0 go build -o "$WEIR" .; }
awk 'BEGIN { srand(1); print "time,bytes"; for (i = 0; i < 36815; i++) { u = 0; for (k = 0; k < 12; k++) u += rand(); z = .8 * z + .6 * (u - 6); printf "%d,%.3f\n", 1700000000 + i, exp(7.6 + .5 * z) } }' > "$work/s.csv"
"$WEIR" do import "file=$work/s.csv" time=time value=bytes -o "$work/s" > "$work/log" 2>&1
TIMEFORMAT='%U %S'
train() { # EPOCHS LOOKBACK BATCH: CPU seconds of the process
  rm -rf "$work/m"
  { time "$WEIR" do train "series=$work/s/series.parquet" model=lstm model.units=50 "look_back=$2" "epochs=$1" "batch=$3" seed=1 protocol=published -o "$work/m" > "$work/out" 2> "$work/log"; } 2>&1 | awk '{ print $1 + $2 }'
}
for ((i = 0; i < rounds; i++)); do
  for batch in ${BATCHES:-64 32}; do
    for back in ${LOOKBACKS:-10 20 30 60}; do
      for who in keras xla torch; do
        printf '%s %s %s %s\n' "$batch" "$back" "$who" "$("${PYTHON:-python3}" docs/benchmarks/peers.py epoch "$who" "$back" "$batch" 2> "$work/log")"
      done
      awk -v a="$(train 1 "$back" "$batch")" -v b="$(train 5 "$back" "$batch")" -v k="$batch $back" 'BEGIN { print k, "weir", (b - a) / 4 }'
    done
  done
done > "$work/all"
sort -k1,1nr -k2,2n -k3,3 -k4,4n "$work/all" | awk '
  function middle(key, n) { n = count[key]; return n % 2 ? v[key, (n + 1) / 2] : (v[key, n / 2] + v[key, n / 2 + 1]) / 2 }
  { key = $1 " " $2 " " $3; v[key, ++count[key]] = $4; if (!(($1, $2) in seen)) { seen[$1, $2]; line[++lines] = $1 " " $2 } }
  END {
    print "| batch | look-back | Keras | with XLA | PyTorch | weir | best / weir | Keras / weir |\n| --- | --- | --- | --- | --- | --- | --- | --- |"
    for (i = 1; i <= lines; i++) {
      split(line[i], p, " "); k = middle(line[i] " keras"); x = middle(line[i] " xla"); t = middle(line[i] " torch"); w = middle(line[i] " weir")
      best = k < x ? k : x; if (t < best) best = t
      printf "| %s | %s | %.2f | %.2f | %.2f | %.3f | %.1f | %.1f |\n", p[1], p[2], k, x, t, w, best / w, k / w
      e = p[1] == 64 ? 50 : 20; K += e * k; X += e * x; T += e * t; W += e * w
    }
    best = K < X ? K : X; if (T < best) best = T
    printf "| sweep | | %.0f | %.0f | %.0f | %.0f | %.1f | %.1f |\n", K, X, T, W, best / W, K / W
  }'
