"""Reference forecasts by numpy, scipy, scikit-learn and statsmodels for reference_test.go: python reference.py > reference.json
x is 360 steps with a season of 12; rows [0, 280) train, all later ones test. Forecasts at horizon h see x[..t-h]."""
import json, warnings
import numpy as np
from scipy.optimize import least_squares, minimize_scalar
from scipy.signal import lfilter
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler
from statsmodels.tsa.api import ExponentialSmoothing
from statsmodels.tsa.forecasting.theta import ThetaModel
warnings.simplefilter("ignore")
n, k, m = 360, 280, 12
r = np.random.default_rng(7)
c = np.round(r.normal(size=n), 3)                       # a covariate, seen as far as x
e, u = r.normal(size=n), np.zeros(n)
for t in range(n): u[t] = (0.7 * u[t - 1] + 0.4 * e[t - 1] + 0.8 * c[t - 1] if t else 0) + e[t]
x = np.round(200 + 0.03 * np.arange(n) + 4 * np.sin(2 * np.pi * np.arange(n) / m) + 3 * u, 3)
T = np.arange(k, n); tr = x[:k]; out = dict(x=x.tolist(), covariate=c.tolist(), end=k, period=m)
def put(name, h, f, **more): out.setdefault("models", []).append(dict(name=name, horizon=h, forecasts=np.asarray(f, float).tolist(), **more))
lags = lambda t, p, h: np.array([x[i - h - p + 1:i - h + 1][::-1] for i in t])
def fit(X, y, a):
    s = StandardScaler().fit(X); g = Ridge(alpha=a, solver="cholesky").fit(s.transform(X), y); return lambda Z: g.predict(s.transform(Z))
for h in (1, 5):
    p = 8; t = np.arange(p + h - 1, k)
    put("ridge", h, fit(np.c_[lags(t, p, h), c[t - h]], x[t], 2.0)(np.c_[lags(T, p, h), c[T - h]]), order=p, penalty=2.0, covariates=True)
    D = lambda t: lags(t, p, h)[:, 1:] - x[t - h][:, None]
    put("nlinear", h, x[T - h] + fit(D(t), x[t] - x[t - h], 2.0)(D(T)), order=p, penalty=2.0)
    w = 5; M = np.zeros((p, p))                          # moving average of the reversed window, edges repeated, as two maps of p weights each
    for i in range(p):
        for o in range(w): M[i, min(max(i + o - (w - 1) // 2, 0), p - 1)] += 1 / w
    two = lambda t: np.c_[lags(t, p, h) @ M.T, lags(t, p, h) @ (np.eye(p) - M).T]
    X = two(t); mu = X.mean(0); s2 = x[t].var(); g = Ridge(alpha=2.0 * s2, solver="cholesky").fit(X - mu, x[t]); put("dlinear", h, g.predict(two(T) - mu), order=p, window=w, penalty=2.0)
    W = lambda t: np.c_[tuple(f(2 * np.pi * j * t / m) for j in (1, 2) for f in (np.cos, np.sin))]
    put("fourier", h, fit(np.c_[lags(t, p, h), W(t)], x[t], 0.0)(np.c_[lags(T, p, h), W(T)]), order=p, period=m, harmonics=2, penalty=0.0)
def css(w, p, q, const, skip):                           # residuals of an ARMA with zero errors before the first
    def res(v):
        cst, phi, th = (v[0] if const else 0.0), v[const:const + p], v[const + p:]
        y = lfilter(np.r_[1, -phi], [1.0], w) - cst
        return lfilter([1.0], np.r_[1, th], y[p:] if skip else y)
    return res
def best(f, dim): return min((least_squares(f, s, xtol=1e-15, ftol=1e-15, gtol=1e-15) for s in (np.zeros(dim), np.full(dim, 0.2), np.r_[0, np.full(dim - 1, -0.2)])), key=lambda g: g.cost)
for p, d, q in ((2, 0, 1), (1, 1, 1), (3, 1, 2), (0, 2, 1), (2, 0, 0)):
    const = int(d == 0); w = np.diff(tr, d); mu, sd = (w.mean() if const else 0), w.std(); g = best(css((w - mu) / sd, p, q, const, True), const + p + q)
    v = g.x.copy(); phi, th = v[const:const + p], v[const + p:]; cst = v[0] * sd + mu * (1 - phi.sum()) if const else 0.0
    W = np.diff(x, d); E = np.r_[np.zeros(p), lfilter([1.0], np.r_[1, th], (lfilter(np.r_[1, -phi], [1.0], W) - cst)[p:])]
    for h in (1, 5):
        f = []
        for t in T:
            o = t - h + 1; ws, es = list(W[:o - d]), list(E[:o - d])
            for _ in range(h): ws.append(cst + sum(b * ws[-1 - i] for i, b in enumerate(phi)) + sum(b * es[-1 - j] for j, b in enumerate(th))); es.append(0.0)
            y = np.array(ws[-h:])
            for j in range(d - 1, -1, -1): y = np.diff(x[:o], j)[-1] + np.cumsum(y)
            f.append(y[-1])
        put("arima", h, f, order=p, difference=d, average=q, sse=2 * g.cost * sd ** 2, parameters=dict(constant=cst, sse=1, **{f"ar_{i+1}": b for i, b in enumerate(phi)}, **{f"ma_{i+1}": b for i, b in enumerate(th)}))
def frac(d, N): return np.cumprod(np.r_[1.0, [(j - 1 - d) / j for j in range(1, N)]])
for p, q in ((1, 0), (1, 1)):
    mu, sd = tr.mean(), tr.std(); z = (tr - mu) / sd; inner = lambda d: best(css(lfilter(frac(d, k), [1.0], z), p, q, 0, False), p + q)
    d = min((minimize_scalar(lambda d: inner(d).cost, bounds=b, method="bounded", options=dict(xatol=1e-6)) for b in ((-.45, .2), (.1, .6), (.5, .95))), key=lambda g: g.fun).x
    g = inner(d); phi, th = g.x[:p], g.x[p:]; a = -lfilter(np.r_[1, -phi], np.r_[1, th], frac(d, n))[1:]; f = []
    for h in (1, 5):
        f = []
        for t in T:
            y = list(x[:t - h + 1] - mu)
            for _ in range(h): y.append(sum(b * y[-1 - i] for i, b in enumerate(a[:len(y)])))
            f.append(mu + y[-1])
        put("arfima", h, f, order=p, average=q, sse=2 * g.cost * sd ** 2, parameters=dict(memory=d, mean=mu, sse=1, **{f"ar_{i+1}": b for i, b in enumerate(phi)}, **{f"ma_{i+1}": b for i, b in enumerate(th)}))
cy = 5; a, z = tr[:m].mean(), tr[(cy - 1) * m:cy * m].mean(); b = (z - a) / ((cy - 1) * m); l = a - b * (m + 1) / 2
s = np.array([(tr[:cy * m] - (l + b * np.arange(1, cy * m + 1)))[i::m].mean() for i in range(m)])
kw = dict(trend="add", seasonal="add", seasonal_periods=m, initialization_method="known", initial_level=l, initial_trend=b, initial_seasonal=s)
g = min((ExponentialSmoothing(tr, **kw).fit(optimized=True, start_params=st) if st is not None else ExponentialSmoothing(tr, **kw).fit() for st in (None,)), key=lambda g: g.sse)
q = dict(smoothing_level=float(g.params["smoothing_level"]), smoothing_trend=float(g.params["smoothing_trend"]), smoothing_seasonal=float(g.params["smoothing_seasonal"]))
par = dict(alpha=q["smoothing_level"], beta=q["smoothing_trend"], gamma=q["smoothing_seasonal"], level=float(l), trend=float(b), sse=1, **{f"season_{i+1}": float(v) for i, v in enumerate(s)})
for h in (1, 5): put("holt_winters", h, [ExponentialSmoothing(x[:t - h + 1], **kw).fit(optimized=False, **q).forecast(h)[-1] for t in T], period=m, sse=float(g.sse), parameters=par)
th = ThetaModel(tr, deseasonalize=False, period=1).fit(); b0, al = float(th.params["b0"]), float(th.params["alpha"])
from statsmodels.tsa.api import SimpleExpSmoothing
l0 = float(SimpleExpSmoothing(tr, initialization_method="legacy-heuristic").fit(smoothing_level=al, optimized=False).params["initial_level"])
for h in (1, 5):
    f = []
    for t in T:
        o = t - h + 1; lev = SimpleExpSmoothing(x[:o], initialization_method="known", initial_level=l0).fit(smoothing_level=al, optimized=False).forecast(1)[0]
        f.append(lev + 0.5 * b0 * (h - 1 + 1 / al - (1 - al) ** o / al))
    put("theta", h, f, parameters=dict(alpha=al, level=l0, slope=b0, sse=1))
formula = [float(np.ravel(th._one_step)[0]) + 0.5 * b0 * (h - 1 + 1 / al - (1 - al) ** k / al) for h in range(1, 6)]
assert np.allclose(formula, th.forecast(5), rtol=1e-12), (formula, th.forecast(5))   # the formula above is ThetaModel's
print(json.dumps(out))
