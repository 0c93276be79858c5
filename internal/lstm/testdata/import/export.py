#!/usr/bin/env python3
"""Writes ONNX graphs as PyTorch (both exporters) and Keras (tf2onnx) export them, and beside each the forecasts y of some windows x.

usage: export.py FOLDER torch; export.py FOLDER keras      (one process cannot hold both; torch, onnxscript, keras 3 with tensorflow, tf2onnx, onnx)
"""
import json
import os
import sys

os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
import numpy as np
import onnx

out = sys.argv[1]
x = np.random.default_rng(1).random((3, 7, 1), np.float32)


def keep(name, y):
    """Drops traces of the source, which name files."""
    path = f"{out}/{name}.onnx"
    m = onnx.load(path)
    del m.metadata_props[:], m.graph.metadata_props[:], m.graph.value_info[:]
    for n in m.graph.node:
        n.doc_string = ""
        del n.metadata_props[:]
    onnx.save(m, path)
    flat = lambda v: [float(f) for f in np.asarray(v).reshape(-1)]
    json.dump({"x": flat(x), "y": flat(y)}, open(path + ".json", "w"))


def pytorch():
    import torch

    class Net(torch.nn.Module):
        def __init__(self, cell, layers, both, how):
            super().__init__()
            self.how, self.cell = how, getattr(torch.nn, cell)(1, 5, layers, batch_first=True, bidirectional=both)
            self.dense = torch.nn.Linear(10 if both else 5, 2)

        def forward(self, x):
            y, h = self.cell(x)
            h = h[0] if isinstance(h, tuple) else h
            return self.dense({"last": lambda: y[:, -1, :], "h": lambda: h[-1], "cat": lambda: torch.cat([h[-2], h[-1]], dim=1)}[self.how]())

    for name, (cell, layers, both, how) in {
        "lstm_last": ("LSTM", 1, False, "last"), "lstm2_h": ("LSTM", 2, False, "h"), "gru_h": ("GRU", 1, False, "h"),
        "bilstm2": ("LSTM", 2, True, "cat"), "gru_last": ("GRU", 2, False, "last"), "bi_wrong": ("LSTM", 1, True, "last"),
    }.items():
        torch.manual_seed(1)
        m, t = Net(cell, layers, both, how).eval(), torch.from_numpy(x)
        y = m(t).detach().numpy()
        torch.onnx.export(m, (t,), f"{out}/torch_{name}_old.onnx", dynamo=False, input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "b"}, "y": {0: "b"}})
        keep(f"torch_{name}_old", y)
        if how != "last" or not both:
            torch.onnx.export(m, (t,), f"{out}/torch_{name}_new.onnx", dynamo=True, external_data=False, dynamic_shapes=({0: torch.export.Dim("batch")},))
            keep(f"torch_{name}_new", y)


def with_keras():
    import keras
    from keras import layers as L

    files = {"gru": [".keras"], "bi": [".keras", ".h5"], "stack": [".weights.h5"], "lstm": [".h5"]}
    for name, stack in {
        "lstm": [L.LSTM(5), L.Dense(2)], "stack": [L.LSTM(5, return_sequences=True), L.LSTM(4), L.Dense(1)],
        "bi": [L.Bidirectional(L.LSTM(5)), L.Dense(1)], "gru": [L.GRU(5), L.Dense(1)],
    }.items():
        keras.utils.set_random_seed(1)
        m = keras.Sequential([keras.Input((7, 1))] + stack)
        y = m(x)
        m.export(f"{out}/keras_{name}.onnx", format="onnx")
        keep(f"keras_{name}", y)
        for end in files[name]:
            m.save_weights(f"{out}/keras_{name}{end}") if "weights" in end else m.save(f"{out}/keras_{name}{end}")


pytorch() if sys.argv[2] == "torch" else with_keras()
