"""The callback for Keras records losses, scores and learning rates with one line."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import reportgen
from reportgen.external.reader import read_records

pytest.importorskip("torch")
os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")


@pytest.mark.filterwarnings("ignore")
def test_one_line_records_a_run(tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    x = draws.normal(size=(120, 6)).astype(np.float32)
    y = x[:, :3].argmax(1)
    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(3, activation="softmax")]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    callback = reportgen.KerasCallback(tmp_path / "a.npz", x[:90], y[:90], x[90:], y[90:], batch_size=30)
    assert isinstance(callback, keras.callbacks.Callback)
    model.fit(x[:90], y[:90], epochs=3, batch_size=30, verbose=0, callbacks=[callback])
    [found] = read_records(tmp_path / "a.npz")
    record = found.record
    assert record.steps == 9
    assert record.spec.training.lr == pytest.approx(0.01)
    assert [layer.units for layer in record.spec.network.layers] == [8, 3]
    assert record.spec.network.layers[0].activation.name == "tanh"
    assert record.facts["framework"] == "keras"
    assert record.epochs("train_loss")[-1] < record.epochs("train_loss")[0]
    assert record.epochs("batch_loss")[1] == pytest.approx(record.arrays["step_loss"][:3].mean())
