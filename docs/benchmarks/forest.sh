#!/usr/bin/env bash
# Trees beside scikit-learn's in the same run, one thread each: CPU seconds of a fit and of the answers for the test rows, the error on rows that were not trained on,
# and both as ratios (ours / theirs). Each side's best of three fits (of large: one).
#
#   docs/benchmarks/forest.sh           PYTHON=a Python with scikit-learn
#   docs/benchmarks/forest.sh large     also a million rows of 30 features (4 GB of memory)
#
# lags: 60 lags of ../shared/data/series/isp_it_eu_5m.csv, where it is there. friedman: Friedman's first problem, 10,000 rows.
# packets: protocol and length of ../shared/data/packets, 102,597 rows of three classes.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
CGO_ENABLED=0 go test -c -o "$work/forest.test" ./internal/forest
(cd internal/forest && "$work/forest.test" -test.run '^$' -test.bench 'Peers' -test.benchtime 3x -large="${1:-no}") | tee "$work/ours" | grep -v Peers || :
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "${PYTHON:-$HOME/.cache/weir-check/venv/bin/python}" - "${1:-}" "$work/ours" << 'P'
import os, sys, time
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
large, ours = sys.argv[1] == "large", {}
for line in open(sys.argv[2]):
    if line.startswith("BenchmarkPeers/"):
        f = line.split()
        ours[f[0].split("/")[1].rsplit("-", 1)[0] if f[0][-2:-1] == "-" else f[0].split("/")[1]] = {f[i + 1]: float(f[i]) for i in range(2, len(f), 2)}

def mix(z):  # splitmix64
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return z ^ z >> np.uint64(31)

def uniform(start, n):
    with np.errstate(over="ignore"):
        return (mix(np.arange(start, start + n, dtype=np.uint64)) >> np.uint64(11)) / 2.0**53

def friedman(n, start):
    u = uniform(start, 22 * n).reshape(n, 22); x = u[:, :10]
    return x, 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - .5)**2 + 10 * x[:, 3] + 5 * x[:, 4] + u[:, 10:].sum(1) - 6

def wide(n, start):
    u = uniform(start, 30 * n).reshape(n, 30)
    return u, (u[:, 0] + u[:, 1] * u[:, 2] + u[:, 3] * (u[:, 4] > .5) + .5 * u[:, 5] > 1.25).astype(float)

rmse = lambda m, x, y: np.sqrt(np.mean((m.predict(x) - y)**2))
pinball = lambda m, x, y: np.mean(np.maximum(.9 * (y - m.predict(x)), -.1 * (y - m.predict(x))))
wrong = lambda m, x, y: np.mean(m.predict(x) != y)
H = lambda **o: HistGradientBoostingRegressor(early_stopping=False, random_state=0, **o)
cases = []
series = "../shared/data/series/isp_it_eu_5m.csv"
if os.path.exists(series):
    x = np.loadtxt(series, delimiter=",", skiprows=1)[:, 1]; L = 60; n = int(len(x) * .8) - L
    w = np.lib.stride_tricks.sliding_window_view(x, L + 1); w = w[:, :-1].copy(), w[:, -1].copy()
    lags = (w[0][:n], w[1][:n], w[0][n:], w[1][n:])
    cases += [("lags_boosted", H(), lags, rmse, 3), ("lags_forest", RandomForestRegressor(20, random_state=0), lags, rmse, 1)]
f = friedman(10000, 1) + friedman(5000, 1 << 32)
cases += [("friedman_boosted", H(), f, rmse, 3), ("friedman_quantile", H(loss="quantile", quantile=.9), f, pinball, 3), ("friedman_forest", RandomForestRegressor(20, random_state=0), f, rmse, 1)]
packets = "../shared/data/packets/browsing_video_voip.csv"
if os.path.exists(packets):
    d = np.loadtxt(packets, comments=None, delimiter="#", skiprows=1)
    with np.errstate(over="ignore"):
        test = mix(np.arange(len(d), dtype=np.uint64)) % np.uint64(10) < 3
    p = (d[~test, 1:], d[~test, 0], d[test, 1:], d[test, 0])
    cases += [("packets_forest", RandomForestClassifier(100, random_state=0), p, wrong, 1), ("packets_boosted", HistGradientBoostingClassifier(early_stopping=False, random_state=0), p, wrong, 1)]
if large:
    w = wide(1000000, 1) + wide(100000, 1 << 40)
    cases += [("large_boosted", H(), w, rmse, 1), ("large_classes", HistGradientBoostingClassifier(early_stopping=False, random_state=0), w, wrong, 1)]
print(f"{'':18}{'fit: weir':>10}{'sklearn':>9}{'ratio':>7}{'answers: weir':>15}{'sklearn':>9}{'ratio':>7}{'error: weir':>13}{'sklearn':>12}{'ratio':>8}")
for name, model, (x, y, tx, ty), score, times in cases:
    fit = []
    for _ in range(times):
        c = time.process_time(); model.fit(x, y); fit.append(time.process_time() - c)
    answers = []
    for _ in range(3):
        c = time.process_time(); model.predict(tx); answers.append(time.process_time() - c)
    e = score(model, tx, ty); o = ours[name]
    print(f"{name:18}{o['fit_s']:10.3f}{min(fit):9.3f}{o['fit_s'] / min(fit):7.2f}{o['answers_s']:15.4f}{min(answers):9.4f}{o['answers_s'] / min(answers):7.2f}{o['error']:13.6g}{e:12.6g}{o['error'] / e:8.4f}", flush=True)
P
