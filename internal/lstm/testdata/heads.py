#!/usr/bin/env python3
"""Writes heads.json: what Keras in float64 computes for networks with several outputs, quantile loss and attention, and its learning-rate schedules.

usage: heads.py > heads.json      (keras 3 with tensorflow, CPU)
"""
import json
import os

os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

keras.config.set_floatx("float64")
CASES = {
    "outputs": dict(cell="LSTM", units=[4], both=False, features=2, outputs=3, attention=0, quantiles=[]),
    "quantiles": dict(cell="GRU", units=[4], both=False, features=1, outputs=4, attention=0, quantiles=[0.1, 0.75]),
    "attention": dict(cell="LSTM", units=[4, 3], both=True, features=1, outputs=2, attention=5, quantiles=[]),
    "attention_gru": dict(cell="GRU", units=[5], both=False, features=2, outputs=1, attention=3, quantiles=[]),
}


def build(c, look_back):
    x = h = keras.Input((look_back, c["features"]))
    parts = []
    for n in c["units"]:
        cell = getattr(layers, c["cell"])(n, return_sequences=True)
        parts.append(layers.Bidirectional(cell) if c["both"] else cell)
        h = parts[-1](h)
    u = c["units"][-1]
    last = ops.concatenate([h[:, -1, :u], h[:, 0, u:]], axis=-1) if c["both"] else h[:, -1]
    if c["attention"]:
        parts += [layers.Dense(c["attention"], activation="tanh"), layers.Dense(1, use_bias=False)]
        alpha = ops.softmax(parts[-1](parts[-2](h)), axis=1)
        last = ops.concatenate([ops.sum(alpha * h, axis=1), last], axis=-1)
    parts.append(layers.Dense(c["outputs"]))
    m = keras.Model(x, parts[-1](last))
    return m, [w for p in parts for w in p.trainable_weights]


def run(name, c):
    rng = np.random.default_rng(len(name))
    single = lambda *shape: rng.uniform(0, 1, shape).astype(np.float32).astype(np.float64)
    x, y = single(6, 5, c["features"]), single(6, c["outputs"])
    m, weights = build(c, 5)
    for w in weights:
        w.assign((w.numpy() + rng.uniform(-0.2, 0.2, w.shape)).astype(np.float32))
    flat = lambda v: [float(f) for f in np.asarray(v).reshape(-1)]
    out = dict(c, look_back=5, inputs=flat(x), targets=flat(y), initial=[flat(w) for w in weights], prediction=flat(m(x)))

    def loss():
        e = y - m(x)
        if not c["quantiles"]:
            return tf.reduce_mean(e * e)
        q = np.resize(c["quantiles"], c["outputs"])
        return tf.reduce_mean(tf.maximum(q * e, (q - 1) * e))

    adam = keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.01, 2, 0.5))
    for step in range(4):
        with tf.GradientTape() as tape:
            v = loss()
        gradients = tape.gradient(v, [w.value for w in weights])
        if step == 0:
            out.update(loss=float(v), gradients=[flat(g) for g in gradients])
        adam.apply(gradients, weights)
    out["after"] = [flat(w) for w in weights]
    return out


schedules = keras.optimizers.schedules
rates = {
    "exponential": schedules.ExponentialDecay(0.01, 3, 0.5),
    "step": schedules.ExponentialDecay(0.01, 3, 0.5, staircase=True),
    "cosine": schedules.CosineDecay(0.01, 10),
}
print(json.dumps({"cases": {n: run(n, c) for n, c in CASES.items()}, "rates": {n: [float(s(e)) for e in range(10)] for n, s in rates.items()}}))
