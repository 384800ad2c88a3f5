"""Arrays for pictures: they equal closed forms, are off by default, and change nothing else."""

from __future__ import annotations

import dataclasses
import gc
from typing import Any

import numpy as np
import pytest

from reportgen.engine.inspect.boundary import SIDE, Boundary
from reportgen.engine.inspect.unit_path import MOST_WEIGHTS
from reportgen.engine.network import WEIGHTS
from reportgen.engine.network_spec import BatchNormSpec
from reportgen.engine.probes.probe_spec import ProbeSpec
from reportgen.engine.setup import Setup, set_up
from reportgen.engine.spec import PruningSpec, RunSpec
from reportgen.engine.train import train
from tests.engine.convolutional import lenet, run
from tests.engine.image_networks import images
from tests.engine.networks import activation, data, spec

REQUESTED = {"weights": True, "boundary": True, "unit_path": 4, "loss_line": True}


def arrays_of(planned: RunSpec, dataset: Any = None, **probes: Any) -> dict[str, np.ndarray]:
    """The arrays of a run with these settings of probes."""
    chosen = dataclasses.replace(planned, probes=ProbeSpec(3, 1000, **probes))
    return train(chosen, data(n=40, features=2) if dataset is None else dataset).arrays


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def test_the_key_of_a_run_without_pictures_does_not_mention_them() -> None:
    plain = spec()
    assert not any(name in plain.canonical() for name in ("boundary", "unit_path", "loss_line", "weights"))
    for name, value in REQUESTED.items():
        asked = dataclasses.replace(plain, probes=dataclasses.replace(plain.probes, **{name: value}))
        assert asked.key("") != plain.key("")


def test_pictures_change_nothing_else() -> None:
    plain, full = arrays_of(spec(epochs=2)), arrays_of(spec(epochs=2), **REQUESTED)
    assert not any(name.startswith(("boundary", "path", "line", "filter")) for name in plain)
    assert {name.split("_")[0] for name in set(full) - set(plain)} == {"boundary", "path", "line"}
    for name, values in plain.items():
        np.testing.assert_array_equal(full[name], values)


def test_the_buffers_of_a_run_are_released_when_it_ends() -> None:
    """A reference cycle would keep them until a garbage collection, which trains hundreds of small runs later."""
    arrays_of(spec(epochs=2), **REQUESTED)
    gc.collect()
    gc.disable()
    try:
        before = live_setups()
        arrays_of(spec(epochs=2), **REQUESTED)
        assert live_setups() == before
    finally:
        gc.enable()


def live_setups() -> int:
    """The number of buffers of runs in memory; `isinstance` would fail for proxies of objects that are gone."""
    return sum(type(each) is Setup for each in gc.get_objects())


def test_the_filters_by_step_begin_and_end_with_the_filters_of_the_record() -> None:
    arrays = arrays_of(run(lenet(), epochs=2), images(), weights=True)
    np.testing.assert_array_equal(arrays["filter_step"], arrays["probe_step"])
    np.testing.assert_array_equal(arrays["filters_by_step"][[0, -1]], arrays["filters"])


def test_the_regions_of_a_linear_network_are_those_of_its_scores() -> None:
    dataset = data(n=40, features=2)
    setup = set_up(spec(widths=(), epochs=0), dataset)
    grid = Boundary(setup)
    found = grid.regions()
    weights = setup.state.params[:8].reshape(2, 4).astype(np.float64)
    across, up = (np.linspace(low, high, SIDE) for low, high in zip(grid.low, grid.high, strict=True))
    points = np.array([[x, y] for y in up for x in across])
    p = softmax(points @ weights)
    np.testing.assert_allclose(found[1].ravel(), p.max(axis=1), rtol=1e-4)
    assert (found[0].ravel() == p.argmax(axis=1)).mean() > 0.999
    assert (grid.low < dataset.x_train.min(axis=0)).all()
    assert (grid.high > dataset.x_train.max(axis=0)).all()


def test_the_grid_is_recorded_at_each_probe_with_examples() -> None:
    arrays = arrays_of(spec(epochs=2), boundary=True)
    assert arrays["boundary_class"].shape == arrays["boundary_probability"].shape == (3, SIDE, SIDE)
    np.testing.assert_array_equal(arrays["boundary_step"], arrays["probe_step"])
    np.testing.assert_array_equal(arrays["boundary_examples"], data(n=40, features=2).x_train)
    assert "boundary_class" not in arrays_of(spec(epochs=2), data(n=40), boundary=True)  # five features


def test_the_path_of_a_unit_follows_its_gradient() -> None:
    dataset, rate = data(n=40, features=2), 0.1
    arrays = arrays_of(spec(widths=(), epochs=3, batch_size=0, lr=rate), dataset, unit_path=2)
    assert arrays["path_step"].tolist() == [0, 1, 2]
    setup = set_up(spec(widths=()), dataset)
    begin = setup.net.codes[0, WEIGHTS]
    weights = setup.state.params[begin : begin + 8].reshape(2, 4).astype(np.float64)
    error = softmax(dataset.x_train @ weights) - np.eye(4)[dataset.y_train]
    gradient = dataset.x_train.T @ error / len(error)
    np.testing.assert_allclose(arrays["path_weights"][1], weights[:, 0] - rate * gradient[:, 0], atol=1e-5)


def test_the_path_holds_a_unit_of_each_dense_layer() -> None:
    arrays = arrays_of(spec(widths=(100, 6), epochs=1), unit_path=1)
    assert arrays["path_layer"].tolist() == [1] * 2 + [2] * MOST_WEIGHTS + [3] * 6
    assert arrays["path_weights"].shape == (2, len(arrays["path_layer"]))


def test_the_ends_of_the_line_are_the_scores_before_and_after_training() -> None:
    out = train(dataclasses.replace(spec(epochs=3), probes=ProbeSpec(loss_line=True)), data(n=40))
    line, first, last = out.arrays, 10, 30
    assert line["line_position"][[first, last]].tolist() == [0, 1]
    for name in ("loss", "accuracy"):
        values = line[f"line_val_{name}"]
        assert values[first] == pytest.approx(out.arrays[f"epoch_val_{name}"][0], rel=1e-6)
        assert values[last] == pytest.approx(out.final[f"val_{name}"], rel=1e-6)
        assert line[f"line_train_{name}"][last] == pytest.approx(out.final[f"train_{name}"], rel=1e-5)


def test_the_line_of_a_convex_loss_is_convex() -> None:
    values = arrays_of(spec(widths=(), epochs=3), data(n=40), loss_line=True)["line_train_loss"]
    assert (np.diff(values, 2) > -1e-6).all()


def test_the_line_leaves_the_network_with_batch_normalization_unchanged() -> None:
    normal = spec(epochs=2, batchnorm=BatchNormSpec())
    plain, full = (
        train(dataclasses.replace(normal, probes=ProbeSpec(loss_line=on)), data(n=40)) for on in (False, True)
    )
    np.testing.assert_array_equal(list(plain.final.values()), list(full.final.values()))
    assert np.isfinite(full.arrays["line_val_loss"]).all()


def test_a_diverged_network_has_no_line() -> None:
    assert "line_position" not in arrays_of(spec(act=activation("relu"), epochs=2, lr=1e30), loss_line=True)


def test_the_pictures_of_a_pruned_network_are_those_of_the_last_training() -> None:
    pruned = spec(epochs=3, pruning=PruningSpec(0.5, 1, rewind=1), batch_size=8)
    arrays = arrays_of(pruned, data(n=40, features=2), boundary=True, unit_path=8)
    assert arrays["path_step"].tolist() == list(range(9))
    np.testing.assert_array_equal(arrays["boundary_step"], arrays["probe_step"])
    removed = arrays["path_weights"][-1] == 0
    assert removed.any()
    assert (arrays["path_weights"][5][removed] == 0).all()  # the step of the rewind: epoch 1
    assert (arrays["path_weights"][4][removed] != 0).all()
