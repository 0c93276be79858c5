#!/usr/bin/env python3
"""What others take for the LSTM that weir trains: layers LSTM(50) and Dense(1), mean squared error, Adam, one input.

    peers.py epoch keras|xla|torch LOOKBACK BATCH   prints the CPU seconds of an epoch over the first 80 % of 36,815 points, on one thread
    peers.py sweep                                  fits the eight models of a short sweep on 902 points, as a script with Keras does

keras is Keras with TensorFlow and its defaults, xla the same with jit_compile. Needs numpy, and tensorflow-cpu or torch (pip has all)."""
import os, statistics, sys, time
task, *rest = sys.argv[1:]
if task == 'epoch':
    os.environ['OMP_NUM_THREADS'] = '1'
os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
import numpy as np


def series(n):
    noise, x, log = np.random.default_rng(1), 0.0, []
    for _ in range(n):
        x = .8 * x + .6 * noise.standard_normal()
        log.append(x)
    y = np.exp(np.array(log) / 2)
    return ((y - y.min()) / (y.max() - y.min())).astype(np.float32)


def windows(y, back):
    return np.lib.stride_tricks.sliding_window_view(y, back)[:-1, :, None].copy(), y[back:, None].copy()


def network(back, **compile):
    import keras
    model = keras.Sequential([keras.layers.Input((back, 1)), keras.layers.LSTM(50), keras.layers.Dense(1)])
    model.compile(optimizer='adam', loss='mean_squared_error', **compile)
    return model


def keras_epochs(x, y, batch, epochs, **compile):
    import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    import keras
    took = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.began = time.process_time()

        def on_epoch_end(self, epoch, logs=None):
            took.append(time.process_time() - self.began)

    network(x.shape[1], **compile).fit(x, y, batch_size=batch, epochs=epochs, verbose=0, callbacks=[Clock()])
    return took


def torch_epochs(x, y, batch, epochs):
    import torch
    torch.set_num_threads(1)
    cell, out = torch.nn.LSTM(1, 50, batch_first=True), torch.nn.Linear(50, 1)
    adam = torch.optim.Adam([*cell.parameters(), *out.parameters()], eps=1e-7)
    x, y, took = torch.from_numpy(x), torch.from_numpy(y), []
    for _ in range(epochs):
        began = time.process_time()
        for some in torch.randperm(len(x)).split(batch):
            adam.zero_grad()
            loss = torch.nn.functional.mse_loss(out(cell(x[some])[1][0][0]), y[some])
            loss.backward()
            adam.step()
            loss.item()
        took.append(time.process_time() - began)
    return took


if task == 'epoch':
    who, back, batch = rest[0], int(rest[1]), int(rest[2])
    x, y = windows(series(36815), back)
    n = len(x) * 4 // 5
    x, y = x[:n], y[:n]
    took = torch_epochs(x, y, batch, 3) if who == 'torch' else keras_epochs(x, y, batch, 3, **({'jit_compile': True} if who == 'xla' else {}))
    print('%.4f' % statistics.median(took[1:]))  # the first one compiles
else:
    y = series(902)
    for epochs, batch in ((50, 64), (20, 32)):
        for back in (10, 20, 30, 60):
            x, t = windows(y, back)
            n = len(x) * 4 // 5
            model = network(back)
            model.fit(x[:n], t[:n], epochs=epochs, batch_size=batch, verbose=0)
            error = model.predict(x[n:], verbose=0) - t[n:]
            print(back, epochs, batch, float((error * error).mean()))
