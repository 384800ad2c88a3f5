"""Additional evaluations of convolutional and residual networks agree with the reference, and with each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reportgen.data.streams import stream
from reportgen.engine.inspect.probabilities import softmax
from reportgen.engine.math.random import key_words
from reportgen.engine.network_spec import BatchNormSpec, NetworkSpec
from reportgen.engine.probes.probe_spec import ProbeSpec
from reportgen.engine.spec import EvaluationSpec, RunSpec
from reportgen.engine.train import Outcome, train
from tests.engine.image_networks import GLOBAL, conv, images, output, run_of
from tests.naive_images import Network

RUN = replace(run_of("norm", epochs=3), evaluation=EvaluationSpec(True, 3, 2, 1))
DATA = images()


class Averaging(Network):
    """The reference, which also sums its parameters over all steps from number `first`."""

    first, taken = 4, 0  # three steps an epoch, from the second epoch on

    def update(self, t: int) -> None:
        super().update(t)
        if t >= self.first:
            self.taken += 1
            for layer in self.layers:
                for name, values in layer.p.items():
                    self.sums.setdefault((layer.index, name), np.zeros_like(values))
                    self.sums[layer.index, name] += values

    def average(self) -> None:
        for layer in self.layers:
            layer.p = {name: self.sums[layer.index, name] / self.taken for name in layer.p}


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return train(RUN, DATA)


@pytest.fixture
def reference() -> Averaging:
    network = Averaging(RUN, DATA)
    network.sums = {}
    network.train()
    return network


def test_predictions_are_those_of_the_reference_and_of_the_scores(outcome: Outcome, reference: Averaging) -> None:
    p, y = outcome.arrays["val_probabilities"], DATA.y_val
    np.testing.assert_allclose(p, softmax(reference.forward(DATA.x_val, "test")), atol=1e-5)
    assert (p.argmax(axis=1) == y).mean() == pytest.approx(outcome.final["val_accuracy"])
    assert -np.log(p[np.arange(len(y)), y]).mean() == pytest.approx(outcome.final["val_loss"], rel=1e-5)


def test_confusion_matrices_are_those_of_the_predictions(outcome: Outcome) -> None:
    counts = np.zeros((4, 4), int)
    np.add.at(counts, (DATA.y_val, outcome.arrays["val_probabilities"].argmax(axis=1)), 1)
    np.testing.assert_array_equal(outcome.arrays["val_confusion"], counts)
    trained = outcome.arrays["train_confusion"]
    assert np.trace(trained) / trained.sum() == pytest.approx(outcome.final["train_accuracy"])


def test_monte_carlo_dropout_averages_the_passes_of_the_reference(outcome: Outcome, reference: Averaging) -> None:
    """Batch normalization is in test mode, and dropout in training mode."""
    reference.keys = key_words(RUN.seed, "mc dropout")
    passes = [softmax(reference.forward(DATA.x_val, "dropping", draw)) for draw in range(3)]
    check(outcome, "mc", np.mean(passes, axis=0))


def check(outcome: Outcome, kind: str, p: np.ndarray) -> None:
    y = DATA.y_val
    assert outcome.final[f"{kind}_val_accuracy"] == pytest.approx((p.argmax(axis=1) == y).mean())
    assert outcome.final[f"{kind}_val_loss"] == pytest.approx(-np.log(p[np.arange(len(y)), y]).mean(), rel=1e-4)


def test_averaged_weights_get_their_own_moments_of_channels(outcome: Outcome, reference: Averaging) -> None:
    reference.average()
    norms = [layer for layer in reference.layers if layer.spec.batchnorm]
    for layer in norms:  # without memory, the running values are those of the last batch
        layer.spec = replace(layer.spec, batchnorm=BatchNormSpec(momentum=0.0))
    order, kept = stream(RUN.seed, "polyak").permutation(20), []
    for batch, part in enumerate((order[:8], order[8:16], order[16:])):
        reference.forward(DATA.x_train[part], "train", batch)
        kept.append((len(part) / 20, [(layer.mean, layer.var) for layer in norms]))
    for i, layer in enumerate(norms):
        layer.mean = sum(share * values[i][0] for share, values in kept)
        layer.var = sum(share * values[i][1] for share, values in kept)
    check(outcome, "polyak", softmax(reference.forward(DATA.x_val, "test")))


def test_the_last_snapshot_is_the_trained_network(outcome: Outcome) -> None:
    assert outcome.arrays["snapshot_step"].tolist() == [3, 6, 9]
    snapshots = outcome.arrays["snapshot_val_probabilities"]
    np.testing.assert_array_equal(snapshots[-1], outcome.arrays["val_probabilities"])
    check(outcome, "snapshot", snapshots.mean(axis=0))


def test_early_stopping_restores_weights_and_moments_of_the_best_epoch() -> None:
    run = replace(run_of("norm", epochs=60, lr=0.3, patience=3), evaluation=EvaluationSpec(predictions=True))
    found = train(run, DATA)
    losses = found.arrays["epoch_val_loss"]
    best = int(np.argmin(losses[1:])) + 1
    assert found.status == "stopped"
    assert best < len(losses) - 1
    assert found.final["val_loss"] == pytest.approx(losses[best], rel=1e-6)
    assert (found.arrays["val_probabilities"].argmax(axis=1) == DATA.y_val).mean() == found.final["val_accuracy"]


def hessian(run: RunSpec) -> np.ndarray:
    """The Hessian of the initial loss of the reference, by central differences of its gradient."""
    reference = Network(run, DATA)
    flat = [(operation, name) for operation in reference.layers for name in operation.p]

    def gradient() -> np.ndarray:
        reference.backward(reference.forward(DATA.x_train, "probe"), DATA.y_train)
        return np.concatenate([operation.grad[name].ravel() for operation, name in flat])

    columns = []
    for operation, name in flat:
        values = operation.p[name].reshape(-1)
        for k in range(values.size):
            values[k] += 1e-5
            above = gradient()
            values[k] -= 2e-5
            columns.append((above - gradient()) / 2e-5)
            values[k] += 1e-5
    return np.array(columns)


def test_the_curvature_of_a_residual_network_is_the_largest_eigenvalue_of_its_hessian() -> None:
    nodes = (conv(2, 2, stride=2), conv(2, 2, adds=0), GLOBAL, output())
    run = replace(run_of("conv", epochs=0), network=NetworkSpec(nodes), probes=ProbeSpec(1, 1000, curvature=True))
    expected = np.linalg.eigvalsh(hessian(run)).max()
    assert train(run, DATA).arrays["probe_curvature"][0] == pytest.approx(expected, rel=0.01)
