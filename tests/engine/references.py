"""Runs of the engine beside the reference implementation, trained once for all tests of a process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from unittest import mock

import numpy as np
import pytest

from reportgen.data.dataset import Dataset
from reportgen.engine import train as training
from reportgen.engine.network import BETA, BIAS, GAMMA, LEARNED, MULTIPLIER, NO_STEP, TRAIN, WEIGHTS
from reportgen.engine.probes.probe_spec import ProbeSpec
from reportgen.engine.setup import Setup, set_up
from reportgen.engine.spec import RunSpec
from reportgen.engine.step import gather, gradient
from tests.engine.image_networks import TRAINING, images, run_of
from tests.naive_images import Network

COLUMNS = {"W": WEIGHTS, "g": GAMMA, "s": LEARNED, "m": MULTIPLIER}


class Recorded(Network):
    """The reference, which keeps the parameters before its last step."""

    def update(self, t: int) -> None:
        self.before = [dict(layer.p) for layer in self.layers]
        super().update(t)


@dataclass
class Pair:
    """A trained run and the reference after the same steps."""

    run: RunSpec
    outcome: training.Outcome
    setup: Setup
    reference: Recorded


def train_both(run: RunSpec) -> Pair:
    setups: list[Setup] = []

    def keep(spec: RunSpec, dataset: Dataset) -> Setup:
        setups.append(set_up(spec, dataset))
        return setups[-1]

    with mock.patch.object(training, "set_up", keep):
        outcome = training.train(run, images())
    reference = Recorded(run, images())
    reference.train()
    return Pair(run, outcome, setups[0], reference)


@cache
def trained(name: str) -> Pair:
    """Return the trained pair of one of the NETWORKS, with its settings of TRAINING and two probes."""
    run = run_of(name, **TRAINING.get(name, {}))
    return train_both(replace(run, probes=ProbeSpec(2, 18, singular_values=True)))


def compared(setup: Setup, reference: Network, gradients: bool = False) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return pairs of the parameters, or gradients, of each block in the engine and in the reference.

    The number of values in all blocks is the number of parameters of the engine.
    """
    vector, pairs = setup.state.grads if gradients else setup.state.params, []
    for operation, code in zip(reference.layers, setup.net.codes, strict=True):
        for name, values in operation.p.items():
            column = (BETA if code[GAMMA] >= 0 else BIAS) if name == "b" else COLUMNS[name]
            assert code[column] >= 0, name
            expected = operation.grad[name] if gradients else values
            pairs.append((vector[code[column] : code[column] + values.size], np.ravel(expected)))
    assert sum(found.size for found, _ in pairs) == vector.size
    return pairs


def check_training(name: str, tolerance: float = 1e-5) -> None:
    """Assert that losses by step, scores, and trained parameters agree with the reference."""
    pair, data = trained(name), images()
    assert pair.outcome.status == "ok"
    np.testing.assert_allclose(pair.outcome.arrays["step_loss"], pair.reference.losses, rtol=tolerance, atol=tolerance)
    for found, expected in compared(pair.setup, pair.reference):
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
    for split, x, y in (("train", data.x_train, data.y_train), ("val", data.x_val, data.y_val)):
        loss, accuracy = pair.reference.score(x, y)
        np.testing.assert_allclose(pair.outcome.final[f"{split}_loss"], loss, rtol=tolerance, atol=tolerance)
        assert pair.outcome.final[f"{split}_accuracy"] == pytest.approx(accuracy)


def check_gradient(name: str) -> None:
    """Assert that the gradient of a batch in float64, with dropout, agrees with the reference."""
    check_gradient_of(run_of(name), images(), 9, np.float64, 1e-11)


def check_gradient_of(run: RunSpec, data: Dataset, rows: int, dtype: type, tolerance: float) -> None:
    """Assert that loss and gradient agree; each block up to the tolerance times its largest value, or 1."""
    setup = set_up(replace(run, training=replace(run.training, batch_size=rows)), data, dtype)
    reference = Network(run, data)
    for found, expected in compared(setup, reference):
        found += (0.1 * np.sin(np.arange(found.size))).astype(dtype)  # otherwise Fixup has zeros and ones
        expected[:] = found
    x = np.ascontiguousarray(setup.dataset.x_train, dtype).reshape(-1)
    gather(x, data.y_train, data.features, np.arange(rows), setup.work)
    loss = gradient(setup.net, setup.state, setup.work, setup.recipe, rows, TRAIN, NO_STEP)
    expected_loss = reference.backward(reference.forward(data.x_train[:rows], "train"), data.y_train[:rows])
    np.testing.assert_allclose(loss, expected_loss, rtol=tolerance)
    for found, expected in compared(setup, reference, gradients=True):
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * max(1.0, np.abs(expected).max()))
