#!/usr/bin/env bash
# Decoding beside tcpdump: CPU seconds of `weir do decode` (to a Parquet table) and of `tcpdump -nn -q` (to text) over the same capture, three times in
# turn, the least of each; prints the ratio, packets/s and the bytes of a row.
#
#   docs/benchmarks/decode.sh [SECONDS]     of synthetic backbone traffic, about 1,000 packets a second (900)
#   WEIR=path/to/weir takes that binary instead of building one
set -euo pipefail
seconds=${1:-900}
cd "$(dirname "$0")/../.."
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
[ -n "${WEIR:-}" ] || { WEIR=$work/weir; CGO_ENABLED=0 go build -o "$WEIR" .; }
"$WEIR" do fetch "url=synthetic://backbone?seconds=$seconds&seed=1" -o "$work/f" > "$work/log" 2>&1
capture=$(echo "$work"/f/*)
TIMEFORMAT='%U %S'
cpu() { { time "$@" > "$work/out" 2> "$work/log"; } 2>&1 | awk '{ print $1 + $2 }'; }
for i in 1 2 3; do
  cpu "$WEIR" do decode "capture=$capture" -o "$work/d$i" >> "$work/ours"
  if command -v tcpdump > /dev/null; then cpu tcpdump -nn -q -r "$capture" >> "$work/theirs"; fi
done
rows=$(grep -oE '"rows": *[0-9]+' "$work/d1/decode.json" | grep -oE '[0-9]+')
ours=$(sort -n "$work/ours" | head -n 1)
awk -v n="$rows" -v s="$ours" -v b="$(stat -c %s "$work/d1/packets.parquet")" 'BEGIN { printf "weir     %6.2f CPU s  %5.2f million packets a CPU second, %.1f bytes a row of %d\n", s, n / s / 1e6, b / n, n }'
if [ -e "$work/theirs" ]; then
  awk -v s="$(sort -n "$work/theirs" | head -n 1)" -v o="$ours" 'BEGIN { printf "tcpdump  %6.2f CPU s\nratio    %6.1f\n", s, s / o }'
else echo "tcpdump is not installed: no ratio"; fi
