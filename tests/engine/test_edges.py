"""Edge cases agree with the reference: one example, one unit, one class, features without variance."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from reportgen.data.dataset import Dataset
from reportgen.engine.network_spec import BatchNormSpec, DropoutSpec
from reportgen.engine.probes.probe_spec import ProbeSpec
from reportgen.engine.spec import EvaluationSpec, RunSpec
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.inits import INITS
from reportgen.engine.tables.losses import LOSSES
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.engine.train import Outcome, train
from reportgen.registry import Component
from tests import naive
from tests.engine.networks import activation, data, init, optimizer, spec

EVERYTHING = EvaluationSpec(predictions=True, mc_dropout=2, polyak_start=1, snapshots=True)


def constant(dataset: Dataset) -> Dataset:
    """The data with features that are the same in all examples: no variance anywhere."""
    same = {f"x_{split}": np.ones_like(getattr(dataset, f"x_{split}")) for split in ("train", "val", "test")}
    return dataclasses.replace(dataset, **same)


def agrees(run: RunSpec, dataset: Dataset, rtol: float = 2e-3) -> Outcome:
    """Train the run with all evaluations and probes, and assert that its losses agree with the reference."""
    full = dataclasses.replace(run, evaluation=EVERYTHING, probes=ProbeSpec(3, 10, True, False))
    found = train(full, dataset)
    reference = naive.Network(run, dataset)
    reference.train()
    np.testing.assert_allclose(found.arrays["step_loss"], reference.losses, rtol=rtol, atol=1e-5)
    assert found.status == "ok"
    return found


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_one_unit_per_layer_and_one_example_per_batch(name: str) -> None:
    run = spec(widths=(1, 1), act=activation(name), batch_size=1, epochs=2, lr=0.02)
    agrees(run, data(n=6, val=2))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_one_training_example(name: str) -> None:
    run = spec(optimizer=optimizer(name), batch_size=0, lr=0.01)
    found = agrees(run, data(n=1, val=1))
    assert found.steps == 3


@pytest.mark.parametrize("loss", LOSSES)
def test_one_class(loss: str) -> None:
    found = agrees(spec(classes=1, loss=Component(loss), lr=0.02), data(classes=1))
    assert found.final["val_accuracy"] == 1
    np.testing.assert_array_equal(found.arrays["val_probabilities"], 1)
    if loss != "mse":
        np.testing.assert_array_equal(found.arrays["step_loss"], 0)


@pytest.mark.parametrize("norm", [None, BatchNormSpec(), BatchNormSpec(test_mode="batch", update_running=False)])
@pytest.mark.parametrize("batch", [1, 8])
def test_features_without_variance(norm: BatchNormSpec | None, batch: int) -> None:
    """Batch-norm then passes no gradient below, up to rounding, which grows by 1 / sqrt(epsilon) in each layer."""
    run = spec(batchnorm=norm, batch_size=batch, lr=0.02, epochs=2)
    found = agrees(run, constant(data()))
    assert np.isfinite(found.final["val_loss"])
    if norm:
        assert found.arrays["probe_weight_gradient_norm"][0, 0] == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("name", INITS)
@pytest.mark.parametrize("flat", [False, True], ids=["varied", "constant"])
def test_every_initialization_of_one_unit_on_any_features(name: str, flat: bool) -> None:
    dataset = constant(data()) if flat else data()
    found = train(spec(widths=(1, 3), weights=init(name), epochs=0), dataset)
    assert np.isfinite(found.arrays["probe_weight_norm"]).all()
    assert np.isfinite(found.final["train_loss"])


@pytest.mark.parametrize("mode", ["inverted", "scale_at_test", "unscaled"])
def test_dropout_of_a_single_unit(mode: str) -> None:
    agrees(spec(widths=(1,), dropout=DropoutSpec(0.5, mode), batch_size=1, lr=0.02), data(n=6, val=1))


def test_no_hidden_layer_and_a_last_batch_of_one() -> None:
    found = agrees(spec(widths=(), batch_size=29, lr=0.05), data(n=30))
    assert found.steps == 6
