"""Arrays of layers that a caller passes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reportgen import Recorder
from reportgen.errors import UsageError
from reportgen.external.reader import read_records
from tests.external.recording.test_recorder import RATE, Network


@pytest.mark.parametrize("units_axis", [0, 1])
def test_arrays_of_convolutions_are_recorded_by_channel(tmp_path: Path, units_axis: int) -> None:
    """Channels are the second axis as in PyTorch, or the last one as in Keras."""
    draws = np.random.default_rng(0)
    net = Network()
    z, w = draws.normal(size=(60, 4, 5, 3)), draws.normal(size=(4, 2, 3, 3))
    z[:, 1] = -np.abs(z[:, 1])
    pairs = [(z, 2 * z), (np.ones((60, 3)), np.ones((60, 3)))], [(w, 3 * w), (draws.normal(size=(3, 60)),) * 2]
    if units_axis:
        pairs = (
            [tuple(part.transpose(0, 2, 3, 1) for part in pairs[0][0]), pairs[0][1]],
            [tuple(part.transpose(2, 3, 1, 0) for part in pairs[1][0]), tuple(part.T for part in pairs[1][1])],
        )
    recorder = Recorder(net.x, net.y, None, None, activation="relu", units_axis=units_axis, lr=RATE)
    recorder.look(*pairs, [(np.zeros(4), np.ones(4)), (np.zeros(3), np.ones(3))])
    recorder.step(1.0, [part for part, _ in pairs[1]])
    recorder.look(*pairs, [(np.zeros(4), np.ones(4)), (np.zeros(3), np.ones(3))])
    recorder.save(tmp_path / "a.npz")
    found = read_records(tmp_path / "a.npz")[0].record
    assert [layer.kind for layer in found.spec.network.layers] == ["conv", "dense"]
    assert [layer.units for layer in found.spec.network.layers] == [4, 3]
    assert found.arrays["probe_unit_dead"].tolist() == [[0, 1, 0, 0]] * 2
    flat = w.reshape(4, -1)
    expected = {
        "activation_std": np.maximum(z, 0).std(),
        "preactivation_std": z.std(),
        "dead_fraction": 0.25,
        "gradient_norm": np.linalg.norm(2 * z),
        "weight_unit_spread": np.linalg.norm(flat - flat.mean(0)) / np.linalg.norm(flat),
        "update_ratio": 0.0,
    }
    for name, value in expected.items():
        assert found.statistic(name)[1, 0] == pytest.approx(value), name


def test_gradients_of_other_shapes_are_errors() -> None:
    net = Network()
    recorder = Recorder(net.x, net.y, None, None, activation="relu", lr=RATE)
    z, w, b = np.ones((60, 3)), np.ones((3, 5)), np.ones(3)
    for lists in (([(z, z[:2])], [(w, w)], [(b, b)]), ([(z, z)], [(w, w.T)], [(b, b)])):
        with pytest.raises(UsageError) as caught:
            recorder.look(*lists)
        assert (caught.value.code, caught.value.where) == ("wrong-shape", "layer 1")


@pytest.mark.parametrize("shortcut", [1, 0, None])
def test_shortcuts_between_given_arrays_are_recognized(tmp_path: Path, shortcut: int | None) -> None:
    """0 is a shortcut from a tensor that is not given."""
    draws = np.random.default_rng(0)
    x, y = draws.normal(size=(30, 6)), np.arange(30) % 3
    weights = [draws.normal(size=size) / 3 for size in ((8, 6), (8, 8), (8, 8), (3, 8))]
    z = [x @ weights[0].T]
    for number, w in enumerate(weights[1:], 2):
        z.append(np.maximum(z[-1], 0) @ w.T)
        if number == 3 and shortcut is not None:
            z[-1] += np.maximum(z[0], 0) if shortcut else draws.normal(size=z[-1].shape)
    lists = [[(part, part) for part in parts] for parts in (z, weights, [np.zeros(len(w)) for w in weights])]
    recorder = Recorder(x, y, activation="relu", lr=RATE)
    recorder.look(*lists)
    recorder.step(1.0, weights)
    recorder.save(tmp_path / "a.npz")
    layers = read_records(tmp_path / "a.npz")[0].record.spec.network.layers
    adds = None if shortcut is None else shortcut - 1
    assert [layer.adds for layer in layers] == [None, None, adds, None]
