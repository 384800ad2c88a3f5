"""Rules on the size of steps: learning rates too high or too low in real runs, and similar healthy runs."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.diagnosis.evidence.course import training_course
from reportgen.analysis.diagnosis.evidence.learning_rate import common_rate, lower, other_rates
from reportgen.analysis.diagnosis.evidence.outcome import guess_loss
from reportgen.analysis.diagnosis.evidence.swings import over_epochs, swing
from reportgen.analysis.diagnosis.rules.optimization.lr_too_high import sign
from reportgen.engine.network_spec import DropoutSpec
from reportgen.registry import Component
from tests.analysis.diagnosis.rate_runs import alarm, clouds, found, run, runs
from tests.engine.networks import activation, init, optimizer
from tests.runs.records import planned
from tests.runs.records import record as small_record

RELU = {"act": activation("relu"), "weights": init("he_normal")}
RATES = ("lr_too_high", "lr_too_low")

HEALTHY: dict[str, dict[str, Any]] = {
    "sgd": {},
    "momentum": {"optimizer": optimizer("sgd", momentum=0.9), "lr": 0.02},
    "adam": {"optimizer": optimizer("adam"), "lr": 0.01},
    "rmsprop": {"optimizer": optimizer("rmsprop"), "lr": 0.003},
    "adagrad": {"optimizer": optimizer("adagrad"), "lr": 0.05},
    "batch of one": {"batch_size": 1, "lr": 0.01, "epochs": 2},
    "full batch, at the edge of stability": {"batch_size": 0, "lr": 1.0, "epochs": 150},
    "noisy labels at their limit": {"data": clouds(noise=0.5), "epochs": 20, "lr": 0.05},
    "pure noise": {"data": clouds(distance=0.0), "epochs": 3, "lr": 0.05},
    "dropout": {"dropout": DropoutSpec(0.5), "epochs": 15},
    "decays to nothing": {"schedule": Component.of("exponential", factor=0.3), "epochs": 12},
    "warm restarts": {"schedule": Component.of("warm_restarts", cycle=3, factor=1.0), "epochs": 12},
    "raised until it breaks": {"schedule": Component.of("range_test", low=1e-6, high=100.0), "epochs": 5, **RELU},
    "long after it fits": {"epochs": 80, **RELU},
    "one step": {"batch_size": 0, "epochs": 1},
    "no training": {"epochs": 0},
    "no hidden layer": {"widths": ()},
}


@pytest.mark.parametrize("name", HEALTHY)
def test_suitable_learning_rates_raise_no_alarm(name: str) -> None:
    records = runs(**HEALTHY[name])
    assert {rule: alarm(rule, records) for rule in RATES} == dict.fromkeys(RATES)


TOO_HIGH: dict[str, dict[str, Any]] = {
    "diverges": {"lr": 1e5, **RELU},
    "kills all units": {"lr": 10.0, "widths": (16, 16, 16), **RELU},
    "flat parts of tanh": {"lr": 30.0},
    "adam": {"lr": 1.0, "optimizer": optimizer("adam"), "widths": (16,) * 4},
    "full batch": {"lr": 300.0, "batch_size": 0, "epochs": 100},
    "momentum": {"lr": 10.0, "optimizer": optimizer("sgd", momentum=0.9)},
    "mean squared error": {"lr": 1e3, "loss": Component("mse")},
    "batch of one, three epochs": {"lr": 0.7, "batch_size": 1, "epochs": 3, **RELU},
}


@pytest.mark.parametrize("name", TOO_HIGH)
def test_a_learning_rate_too_high_is_reported_with_a_lower_one(name: str) -> None:
    records = runs(**TOO_HIGH[name])
    finding = found("lr_too_high", records)
    assert finding is not None
    assert finding.severity in ("error", "warning")
    assert finding.seeds == (0, 1, 2)
    assert finding.proposals[0].change["training.lr"] <= TOO_HIGH[name]["lr"] / 10
    assert sum(map(int, re.findall(r"(\d) of 3 seeds", finding.message))) == 3  # each with its own sign
    diverged = sum(record.status == "diverged" for record in records)
    assert "NaN" not in finding.message or f"NaN ({diverged} of 3 seeds" in finding.message
    assert alarm("lr_too_low", records) is None


TOO_LOW: dict[str, dict[str, Any]] = {
    "sgd": {"lr": 1e-5},
    "a thousandth": {"lr": 1e-3, "epochs": 2},
    "adam": {"lr": 1e-6, "optimizer": optimizer("adam")},
    "full batch": {"lr": 1e-4, "batch_size": 0, "epochs": 60},
    "batch of one": {"lr": 1e-6, "batch_size": 1, "epochs": 1},
    "hinge loss": {"lr": 1e-5, "loss": Component("hinge")},
    "cosine": {"lr": 1e-5, "schedule": Component("cosine")},
}


@pytest.mark.parametrize("name", TOO_LOW)
def test_a_learning_rate_too_low_is_reported_and_a_higher_one_helps(name: str) -> None:
    records = runs(**TOO_LOW[name])
    finding = found("lr_too_low", records)
    assert finding is not None
    assert finding.severity in ("error", "warning")
    assert alarm("lr_too_high", records) is None
    higher = finding.proposals[0].change["training.lr"]
    assert higher >= 10 * TOO_LOW[name]["lr"]
    after = runs(**(TOO_LOW[name] | {"lr": higher}))
    assert np.mean([r.final["train_loss"] for r in after]) < 0.8 * np.mean([r.final["train_loss"] for r in records])


@pytest.mark.parametrize("lr", [3.0, 10.0])
def test_units_that_died_between_two_probes_are_no_sign_of_a_low_learning_rate(lr: float) -> None:
    records = runs(act=activation("relu"), lr=lr, looks=2)
    assert {record.status for record in records} == {"ok"}
    assert alarm("lr_too_low", records) is None


def test_the_gradient_of_a_poor_start_is_excluded_from_the_maximum() -> None:
    """A bias common to all examples is soon unlearned, while learning has hardly begun."""
    records = runs(widths=(100, 100), act=activation("sigmoid"), lr=3e-4, optimizer=optimizer("adagrad"), epochs=15)
    assert all(training_course(record).first > guess_loss(record) for record in records)
    assert alarm("lr_too_low", records) is not None


def test_a_learning_rate_of_zero_is_reported() -> None:
    finding = found("lr_too_low", runs(lr=0.0))
    assert finding is not None
    assert [proposal.change for proposal in finding.proposals] == [{"training.lr": 0.01}]


def test_a_vanished_gradient_is_not_a_low_learning_rate() -> None:
    records = runs(weights=init("gaussian", std=0.001), widths=(16,) * 6, lr=0.01)
    assert alarm("lr_too_low", records) is None


def test_small_steps_achieve_the_predicted_decrease() -> None:
    seen = training_course(run(lr=0.002, batch_size=0, epochs=200))
    assert seen is not None
    assert seen.predicted_decrease == pytest.approx(seen.log_decrease, rel=0.15)
    large = training_course(run(lr=30.0))
    assert large is not None
    assert large.predicted_decrease > 20 * max(large.log_decrease, 0.1)


def test_the_predicted_decrease_hardly_depends_on_the_number_of_probe_examples() -> None:
    """Without a signal, the gradient of few examples is mostly noise and predicts 2.3 times the decrease."""
    noise = clouds(noise=1.0)
    few, all_of_them = (training_course(run(lr=0.02, data=noise, examples=examples)) for examples in (50, 400))
    assert few is not None
    assert all_of_them is not None
    assert 0.6 < few.predicted_decrease / all_of_them.predicted_decrease < 1.7


def test_weights_shrunk_by_a_penalty_are_no_sign_of_a_high_learning_rate() -> None:
    record = run(lr=0.05, l2=0.5, epochs=30)
    assert record.statistic("weight_norm")[-1].prod() < 0.5 * record.statistic("weight_norm")[0].prod()
    assert sign(record) is None


def test_the_effect_of_a_step_bounds_the_change_of_losses() -> None:
    record = run(lr=0.05, batch_size=0, epochs=1)
    seen = training_course(record)
    assert seen is not None
    before, after = record.epochs("train_loss")
    assert (before - after) / before < seen.step_effects[0]


def test_the_loss_of_guessing_is_the_loss_of_the_best_constant_prediction() -> None:
    record = run(epochs=0)
    skewed = dataclasses.replace(record, facts={**record.facts, "class_counts": [70, 10, 10, 10]})
    p = np.array([0.7, 0.1, 0.1, 0.1])
    assert guess_loss(skewed) == pytest.approx(-(p * np.log(p)).sum())
    squared = dataclasses.replace(skewed.spec.training, loss=Component("mse"))
    spec = dataclasses.replace(skewed.spec, training=squared)
    best = min(np.mean([np.mean((q - np.eye(4)[k]) ** 2) * 4 * p[k] for k in range(4)]) for q in (p, np.full(4, 0.25)))
    assert guess_loss(dataclasses.replace(skewed, spec=spec)) == pytest.approx(best)


def test_an_alternating_loss_oscillates_and_a_decreasing_one_does_not() -> None:
    record = run(epochs=12)
    epochs = np.arange(12)
    fall = 2.0 * np.exp(-epochs / 4)

    def size(by_epoch: np.ndarray) -> float:
        steps = np.repeat(by_epoch, record.arrays["step_loss"].size // 12)
        losses = {"step_loss": steps, "epoch_train_loss": np.append(2.0, fall)}
        return swing(dataclasses.replace(record, arrays={**record.arrays, **losses}))

    assert size(fall) == 0
    assert size(fall + np.where(epochs % 2, 0.3, -0.3)) > 0.2
    assert size(1 + 0.5 * np.sin(2 * epochs)) > 0.1


def test_the_mean_of_an_epoch_weights_examples_equally() -> None:
    record = run(epochs=12, batch_size=133)  # batches of 133, 133, 133 and 1
    losses = np.tile([1.0, 1.0, 1.0, 0.0], 12)
    losses[3::8] = 50.0
    falls = {"step_loss": losses, "epoch_train_loss": np.linspace(1, 0.5, 13)}
    assert swing(dataclasses.replace(record, arrays={**record.arrays, **falls})) < 0.2


def test_epochs_without_their_last_batch_are_split_at_their_ends() -> None:
    record = run(epochs=12, batch_size=133)  # four steps per epoch by the settings, three in the record
    arrays = {"step_loss": np.tile([1.0, 2.0, 6.0], 12), "epoch_step": np.arange(13) * 3}
    assert over_epochs(dataclasses.replace(record, arrays={**record.arrays, **arrays})).tolist() == [3.0] * 12


def test_an_implausible_finite_loss_counts_as_broken_out() -> None:
    record = run(epochs=2)
    steps = record.arrays["step_loss"].size
    burst = {"step_loss": np.geomspace(1.4, 1e6, steps)}
    assert sign(dataclasses.replace(record, arrays={**record.arrays, **burst})) == "beyond reason"


@pytest.mark.parametrize(("right", "named"), [(0.6, True), (0.95, False)])
def test_an_implausible_loss_of_the_first_steps_counts_without_recovery(right: float, named: bool) -> None:
    record = run(lr=0.05, epochs=40)
    losses = record.arrays["step_loss"].copy()
    losses[: losses.size // 50] = 1e3
    final = {**record.final, "train_accuracy": right, "val_accuracy": right}
    thrown = dataclasses.replace(record, arrays={**record.arrays, "step_loss": losses}, final=final)
    assert (sign(thrown) == "thrown at the start") == named
    finding = found("lr_too_high", [thrown] * 3)
    assert (finding is not None) == named
    assert finding is None or (finding.severity, finding.evidence["sign"]) == ("warning", "thrown at the start")


@pytest.mark.parametrize(("least", "named"), [(2.0, True), (0.5, False)])
def test_a_validation_loss_that_stays_above_guessing_is_no_recovery(least: float, named: bool) -> None:
    record = run(lr=0.05, epochs=40)
    losses = record.arrays["step_loss"].copy()
    losses[: losses.size // 50] = 1e3
    val = np.full_like(record.arrays["epoch_val_loss"], 3.0)
    val[-1] = least
    fitting = {**record.final, "train_accuracy": 0.95, "val_accuracy": 0.95}
    arrays = {**record.arrays, "step_loss": losses, "epoch_val_loss": val}
    assert (sign(dataclasses.replace(record, arrays=arrays, final=fitting)) == "thrown at the start") == named


def test_a_narrow_layer_explains_a_loss_that_does_not_settle() -> None:
    shown = runs(widths=(16, 1, 16), lr=0.6, epochs=20)
    finding = found("lr_too_high", shown)
    assert finding is not None
    assert finding.causes is not None
    assert "underfitting" in finding.causes
    wide = found("lr_too_high", runs(**TOO_HIGH["flat parts of tanh"]))
    assert wide is not None
    assert wide.causes is None


def test_lost_progress_is_visible_in_three_epochs() -> None:
    record = run(epochs=3, lr=3.0, batch_size=1)
    quiet = np.full(record.arrays["step_loss"].size, 0.9)
    poor = {**record.final, "train_accuracy": 0.5}

    def with_scores(*scores: float) -> str | None:
        losses = {"step_loss": quiet, "epoch_train_loss": np.array(scores)}
        changed = dataclasses.replace(record, final=poor, arrays={**record.arrays, **losses})
        return sign(changed)

    assert with_scores(1.5, 0.6, 1.0, 0.9) == "lost ground"
    assert with_scores(1.5, 1.0, 0.95, 0.9) is None


def test_a_last_block_of_a_single_step_is_accepted() -> None:
    record = run(epochs=5, lr=30.0, batch_size=100)
    assert 16 < record.arrays["step_loss"].size < 32
    arrays = {
        "step_loss": np.full_like(record.arrays["step_loss"], 0.9),
        "epoch_train_loss": [1.5, 0.6, 1.2, 1.3, 1.3, 1.3],
    }
    changed = dataclasses.replace(
        record, arrays={**record.arrays, **arrays}, final=record.final | {"train_accuracy": 0.5}
    )
    with np.errstate(all="raise"):
        assert sign(changed) == "lost ground"


def test_the_learning_rate_causes_a_divergence_from_a_plausible_loss() -> None:
    from reportgen.analysis.diagnosis.diagnose import diagnose
    from reportgen.analysis.summary import variant_summary
    from reportgen.study.planning.plan import Variant

    summary = variant_summary(Variant("v", "v", {}, {}), runs(lr=1e5, **RELU))
    findings = {finding.rule: finding for finding in diagnose([summary])}
    assert findings["nan_divergence"].consequence_of == "lr_too_high"
    assert findings["lr_too_high"].consequence_of is None


def test_an_unusable_learning_rate_is_replaced_by_a_common_one() -> None:
    one = small_record(planned(lr=1e300))
    advice, change = lower(one, "smaller steps")
    assert "0.01" in advice
    assert change.change == {"training.lr": common_rate(one)}
    assert [proposal.change["training.lr"] for proposal in other_rates(one)] == [common_rate(one) / 10]
