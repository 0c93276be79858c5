# Reference values for internal/forecast/honest_test.go: numpy 2, scipy 1.17, statsmodels 0.15, scikit-learn 1.9, arch 8.0.
import json, numpy as np
from scipy import stats
from sklearn.metrics import average_precision_score, precision_recall_curve, mean_pinball_loss, brier_score_loss
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.power import TTestPower
from statsmodels.regression.linear_model import yule_walker
from arch.bootstrap import SPA, MovingBlockBootstrap

def lcg(n, seed):  # the same numbers in Go: s = (s*1103515245 + 12345) mod 2^31, s/2^31
    s, out = seed, []
    for _ in range(n):
        s = (s * 1103515245 + 12345) % 2**31
        out.append(s / 2**31)
    return np.array(out)

g = {}
u = lcg(300, 1)
p = np.round(lcg(300, 2) * 20) / 20  # with ties
y = (u < 0.1 + 0.5 * p).astype(int)
pr, rc, th = precision_recall_curve(y, p)
g["event"] = dict(average_precision=average_precision_score(y, p), precision=pr[:-1][::-1].tolist(), recall=rc[:-1][::-1].tolist(), threshold=th[::-1].tolist(), brier=brier_score_loss(y, p), positives=int(y.sum()))
g["binomial"] = [[k, n, *map(float, proportion_confint(k, n, method="beta"))] for k, n in [(0, 10), (3, 10), (10, 10), (171, 180), (6300, 7000)]]
a, lo, hi = lcg(200, 3) * 10, lcg(200, 4) * 4, 5 + lcg(200, 5) * 4
g["interval"] = dict(pinball=float((mean_pinball_loss(a, lo, alpha=0.05) + mean_pinball_loss(a, hi, alpha=0.95)) / 2), width=float((hi - lo).mean()), coverage=float(((a >= lo) & (a <= hi)).mean()),
    winkler=float(np.mean((hi - lo) + 20 * np.maximum(lo - a, 0) + 20 * np.maximum(a - hi, 0))))
g["power"] = [[n, float(TTestPower().solve_power(nobs=n, alpha=0.05, power=0.8))] for n in (30, 180, 3000)]
L = lcg(5 * 12, 6).reshape(5, 12)  # [model][block]
L[1, :4] = L[0, :4]
g["ranks"] = dict(mean=np.apply_along_axis(stats.rankdata, 0, L).mean(axis=1).tolist(), p=float(stats.friedmanchisquare(*L).pvalue))
n = 400
e = lcg(n * 9, 7).reshape(9, n) - 0.5
d = e[0] * 0
noise = e + 0.5 * np.roll(e, 1, axis=1)
bench = (noise[0] * 4) ** 2
models = np.stack([(noise[0] * 4 * (1 - 0.055 * s) + 3 * noise[k]) ** 2 for k, s in zip(range(1, 9), [9, 6, 3, 0, -2, -4, -6, -8])], axis=1)
out = {}
for name, cols in {"some": slice(0, 8), "worse": slice(4, 8)}.items():
    spa = SPA(bench, models[:, cols], block_size=8, reps=20000, bootstrap="mbb", studentize=True, nested=False, seed=1)
    spa.compute()
    plain = SPA(bench, models[:, cols], block_size=8, reps=20000, bootstrap="mbb", studentize=False, seed=1)
    plain.compute()
    out[name] = dict(spa=float(spa.pvalues["consistent"]), white=float(plain.pvalues["upper"]))
g["spa"] = out
x = np.cumsum(lcg(500, 8) - 0.5) * 0.3 + lcg(500, 9)
rho, sigma = yule_walker(x, order=6, method="mle", demean=True)
g["yule_walker"] = rho.tolist()
bs = MovingBlockBootstrap(8, bench, seed=3)
m = np.array([data[0][0].mean() for data in bs.bootstrap(20000)])
g["bootstrap"] = dict(mean=float(m.mean()), sd=float(m.std()), low=float(np.percentile(m, 2.5)), high=float(np.percentile(m, 97.5)))
json.dump(g, open("honest.json", "w"), indent=1)
print({k: (v if k in ("spa", "power", "ranks", "bootstrap") else "") for k, v in g.items()})
