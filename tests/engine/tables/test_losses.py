"""Label smoothing: the loss, its derivative, its smallest value, the loss of guessing, and PyTorch."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from reportgen.analysis.diagnosis.evidence.outcome import above_least, guess_loss
from reportgen.analysis.sanity import chance_loss
from reportgen.engine.inspect.gradcheck import check_gradients
from reportgen.engine.network import NO_STEP, TRAIN
from reportgen.engine.setup import set_up
from reportgen.engine.spec import EvaluationSpec, RunSpec
from reportgen.engine.step import gather, gradient
from reportgen.engine.tables.losses import LOSSES, guess_of, is_likelihood, least_of, smoothing_of
from reportgen.engine.train import train
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from reportgen.study.model.components import read_component
from tests.engine.networks import data, spec
from tests.engine.test_train import check_against_reference

SMOOTHED = Component.of("softmax_cross_entropy", smoothing=0.2)
PLAIN = Component("softmax_cross_entropy")


def test_a_run_agrees_with_the_reference() -> None:
    check_against_reference(spec(loss=SMOOTHED), data())


def test_gradients_agree_with_central_differences() -> None:
    checks = check_gradients(spec(loss=SMOOTHED), data(), examples=8, most=20)
    assert max(check.relative_error for check in checks) < 1e-6


def first_loss(run: RunSpec) -> tuple[float, np.ndarray]:
    """The loss and the gradient of the biases of a linear network on eight examples."""
    setup = set_up(run, data(), np.float64)
    gather(setup.examples.x, setup.examples.y, setup.dataset.features, np.arange(8), setup.work)
    loss = gradient(setup.net, setup.state, setup.work, setup.recipe, 8, TRAIN, NO_STEP)
    return loss, setup.state.grads[-4:].copy()


def test_loss_and_derivative_agree_with_pytorch() -> None:
    torch = pytest.importorskip("torch")
    run = spec(widths=(), loss=SMOOTHED)
    setup = set_up(run, data(), np.float64)
    weights = torch.tensor(setup.state.params[:20].reshape(5, 4).copy())
    bias = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    logits = torch.tensor(data().x_train[:8], dtype=torch.float64) @ weights + bias
    expected = torch.nn.functional.cross_entropy(logits, torch.tensor(data().y_train[:8]), label_smoothing=0.2)
    expected.backward()
    loss, of_bias = first_loss(run)
    assert loss == pytest.approx(float(expected), rel=1e-12)
    np.testing.assert_allclose(of_bias, bias.grad.numpy(), rtol=1e-10)


def test_the_key_and_the_numbers_without_smoothing_are_those_of_the_plain_loss() -> None:
    zero = read_component({"name": "softmax_cross_entropy", "smoothing": 0}, LOSSES, "loss")
    assert zero == PLAIN
    assert read_component({"name": "CrossEntropyLoss", "smoothing": 0.2}, LOSSES, "loss") == SMOOTHED


def test_the_loss_of_guessing_is_ln_c_for_equal_classes_and_the_smoothed_entropy_otherwise() -> None:
    assert chance_loss(spec(loss=SMOOTHED)) == math.log(4)
    assert guess_of(SMOOTHED, [5, 5, 5, 5]) == pytest.approx(math.log(4))
    shares = 0.8 * np.array([0.7, 0.1, 0.1, 0.1]) + 0.05
    assert guess_of(SMOOTHED, [7, 1, 1, 1]) == pytest.approx(-(shares * np.log(shares)).sum())
    assert guess_of(PLAIN, [1, 3]) == LOSSES[PLAIN.name].guess([1, 3])


def test_the_smallest_loss_is_the_entropy_of_a_smoothed_label() -> None:
    assert least_of(PLAIN, 4) == 0
    assert least_of(SMOOTHED, 4) == pytest.approx(-(0.85 * math.log(0.85) + 0.15 * math.log(0.05)))
    sharp = Component.of("softmax_cross_entropy", smoothing=0.2)
    run = spec(loss=sharp, lr=1.0, epochs=300, widths=(30,), looks=0)
    losses = train(run, data(n=8, val=2)).arrays["step_loss"]
    assert losses.min() >= least_of(SMOOTHED, 4) - 1e-6
    assert losses[-1] == pytest.approx(least_of(SMOOTHED, 4), abs=0.02)


def test_levels_of_rules_lie_between_the_smallest_loss_and_guessing(record: RunRecord) -> None:
    smoothed = replace(record, spec=replace(record.spec, training=replace(record.spec.training, loss=SMOOTHED)))
    assert above_least(record, 0.5) == 0.5 * guess_loss(record)
    classes = record.spec.network.layers[-1].units
    middle = (guess_loss(smoothed) + least_of(SMOOTHED, classes)) / 2
    assert above_least(smoothed, 0.5) == pytest.approx(middle)


@pytest.fixture
def record() -> RunRecord:
    """A record with the facts that the loss of guessing needs."""
    run = spec()
    o = train(replace(run, training=replace(run.training, epochs=1)), data())
    facts = o.facts | {"class_counts": [9, 9, 6, 6], "classes": 4}
    return RunRecord("k", run, o.status, o.stopped_at_step, o.steps, 0.1, o.final, facts, o.arrays)


def test_smoothed_losses_are_not_compared_with_cross_entropies_of_averages() -> None:
    assert is_likelihood(PLAIN)
    assert not is_likelihood(SMOOTHED)
    assert smoothing_of(Component("mse")) == 0
    run = replace(spec(loss=SMOOTHED), evaluation=EvaluationSpec(snapshots=1))
    found = train(run, data()).final
    assert math.isnan(found["snapshot_val_loss"])
    assert not math.isnan(found["snapshot_val_accuracy"])
