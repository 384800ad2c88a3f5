"""The outcome of a run is judged by the loss of guessing and by simple models on the same data."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.diagnosis.evidence.outcome import (
    CLOSE_FIT,
    end_loss,
    fits,
    fits_closely,
    guess_loss,
    learned_task,
    start_loss,
    stuck,
)
from reportgen.engine.network_spec import BatchNormSpec
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from tests.analysis.diagnosis.planted import changed, clouds, record
from tests.engine.networks import spec

SIMPLE = {
    "baseline_val_n": 100,
    "baseline_left_out_n": 100,
    "baseline_majority": 0.25,
    "baseline_linear": 0.6,
    "baseline_neighbours": 0.5,
    "baseline_linear_left_out": 0.6,
    "baseline_neighbours_left_out": 0.5,
}


def ended(accuracy: float, loss: float, val: float = 0.0, facts: dict[str, Any] | None = None) -> RunRecord:
    """Return a run with four classes and these final scores."""
    one = record(clouds(), epochs=1)
    one = dataclasses.replace(
        one,
        final={**one.final, "train_accuracy": accuracy, "val_accuracy": val},
        facts={**one.facts, "class_counts": [40, 40, 40, 40], **(facts or {})},
    )
    losses = np.array([2.0, loss])
    return changed(one, epoch_train_loss=losses, epoch_batch_loss=np.array([np.nan, loss]))


def test_the_loss_of_guessing_is_the_entropy_of_the_labels() -> None:
    skewed = dataclasses.replace(ended(0.5, 1.0), facts={"class_counts": [90, 10, 0, 0]})
    assert guess_loss(skewed) == pytest.approx(-0.9 * np.log(0.9) - 0.1 * np.log(0.1))
    for loss, cost in (("mse", 0.18 / 4), ("hinge", 0.4)):
        of_loss = dataclasses.replace(skewed, spec=spec(loss=Component(loss)))
        assert guess_loss(of_loss) == pytest.approx(cost)
    assert guess_loss(dataclasses.replace(skewed, facts={})) == pytest.approx(np.log(4))


def test_accurate_predictions_with_a_loss_near_guessing_are_not_a_fit() -> None:
    assert fits(ended(0.95, 0.3))
    assert not fits_closely(ended(0.95, 0.3))
    assert fits_closely(ended(0.99, 0.1))
    assert not fits(ended(0.95, 1.2))
    assert not fits(ended(0.6, 0.9))


def test_a_network_as_good_as_simple_models_fits_overlapping_classes() -> None:
    assert fits(ended(0.65, 0.9, val=0.61, facts=SIMPLE))
    assert not fits(ended(0.65, 0.9, val=0.5, facts=SIMPLE))
    assert not fits(ended(0.65, 0.9, val=0.3, facts=SIMPLE | {"baseline_linear": 0.3, "baseline_neighbours": 0.3}))


def test_a_record_without_simple_models_is_not_compared() -> None:
    counts = {name: SIMPLE[name] for name in ("baseline_val_n", "baseline_left_out_n")}
    assert learned_task(ended(0.95, 0.3, val=0.3, facts=counts))
    assert stuck(ended(0.25, 2.0, facts=counts))


def test_memorizing_alone_is_not_learning_the_task() -> None:
    assert learned_task(ended(0.99, 0.1, val=0.55, facts=SIMPLE))
    assert not learned_task(ended(0.99, 0.1, val=0.35, facts=SIMPLE), CLOSE_FIT)
    assert learned_task(ended(0.99, 0.1, val=0.35), CLOSE_FIT)
    assert not learned_task(ended(0.95, 0.1, val=0.9, facts=SIMPLE), CLOSE_FIT)


def test_a_network_without_a_signal_is_not_stuck() -> None:
    assert stuck(ended(0.3, 1.38))
    assert stuck(ended(0.3, 1.38, facts=SIMPLE))
    blind = SIMPLE | {"baseline_linear_left_out": 0.28, "baseline_neighbours_left_out": 0.2}
    assert not stuck(ended(0.3, 1.38, facts=blind))
    assert not stuck(ended(0.6, 0.9))


def test_a_diverged_run_is_stuck() -> None:
    gone = dataclasses.replace(ended(0.9, 0.2), status="diverged")
    assert end_loss(gone) == np.inf
    assert stuck(gone)
    assert not fits(gone)


def test_batch_normalization_uses_the_loss_of_the_first_batch() -> None:
    one = record(clouds(scale=40.0), batchnorm=BatchNormSpec(), epochs=1)
    assert start_loss(one) == pytest.approx(float(one.arrays["step_loss"][0]))
    plain = record(clouds(), epochs=1)
    assert start_loss(plain) == pytest.approx(float(plain.epochs("train_loss")[0]))
