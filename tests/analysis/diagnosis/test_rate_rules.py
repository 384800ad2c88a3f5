"""Rules on the size of steps: a rate too high or too low is named on real runs, and look-alikes are left alone."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.diagnosis.evidence.course import training_course
from reportgen.analysis.diagnosis.evidence.learning_rate import COMMON_RATE, lower, other_rates
from reportgen.analysis.diagnosis.evidence.outcome import guess_loss
from reportgen.analysis.diagnosis.evidence.swings import over_epochs, swing
from reportgen.analysis.diagnosis.rules.optimization.lr_too_high import sign
from reportgen.engine.spec import DropoutSpec
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
def test_no_rate_is_blamed_where_none_is_at_fault(name: str) -> None:
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
def test_a_rate_that_is_too_high_is_named_and_a_lower_one_proposed(name: str) -> None:
    records = runs(**TOO_HIGH[name])
    finding = found("lr_too_high", records)
    assert finding is not None
    assert finding.severity in ("error", "warning")
    assert finding.seeds == (0, 1, 2)
    assert finding.proposals[0].change["training.lr"] <= TOO_HIGH[name]["lr"] / 10
    assert "3 of 3 seeds" in finding.message
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
def test_a_rate_that_is_too_low_is_named_and_a_higher_one_helps(name: str) -> None:
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
def test_units_that_died_at_a_high_rate_between_two_looks_are_no_sign_of_a_low_one(lr: float) -> None:
    records = runs(act=activation("relu"), lr=lr, looks=2)
    assert {record.status for record in records} == {"ok"}
    assert alarm("lr_too_low", records) is None


def test_the_gradient_of_a_bad_start_is_none_that_a_low_rate_has_to_keep() -> None:
    """A bias that all examples share is soon unlearned; what tells them apart has hardly begun."""
    records = runs(widths=(100, 100), act=activation("sigmoid"), lr=3e-4, optimizer=optimizer("adagrad"), epochs=15)
    assert all(training_course(record).first > guess_loss(record) for record in records)
    assert alarm("lr_too_low", records) is not None


def test_no_rate_at_all_is_called_so() -> None:
    finding = found("lr_too_low", runs(lr=0.0))
    assert finding is not None
    assert [proposal.change for proposal in finding.proposals] == [{"training.lr": 0.01}]


def test_a_gradient_that_vanished_is_no_low_rate() -> None:
    records = runs(weights=init("gaussian", std=0.001), widths=(16,) * 6, lr=0.01)
    assert alarm("lr_too_low", records) is None


def test_small_steps_do_what_their_gradients_promise() -> None:
    seen = training_course(run(lr=0.002, batch_size=0, epochs=200))
    assert seen is not None
    assert seen.predicted_decrease == pytest.approx(seen.log_decrease, rel=0.15)
    large = training_course(run(lr=30.0))
    assert large is not None
    assert large.predicted_decrease > 20 * max(large.log_decrease, 0.1)


def test_what_gradients_promise_hardly_depends_on_how_many_examples_were_looked_at() -> None:
    """On labels without a signal the gradient of few examples is mostly their luck: as it is, it promises 2.3 times."""
    noise = clouds(noise=1.0)
    few, all_of_them = (training_course(run(lr=0.02, data=noise, examples=examples)) for examples in (50, 400))
    assert few is not None
    assert all_of_them is not None
    assert 0.6 < few.predicted_decrease / all_of_them.predicted_decrease < 1.7


def test_a_net_that_a_penalty_pulled_in_has_no_rate_that_is_too_high() -> None:
    record = run(lr=0.05, l2=0.5, epochs=30)
    assert record.statistic("weight_norm")[-1].prod() < 0.5 * record.statistic("weight_norm")[0].prod()
    assert sign(record) is None


def test_the_effect_of_a_step_is_a_bound_on_how_far_losses_move() -> None:
    record = run(lr=0.05, batch_size=0, epochs=1)
    seen = training_course(record)
    assert seen is not None
    before, after = record.epochs("train_loss")
    assert (before - after) / before < seen.step_effects[0]


def test_guessing_costs_what_the_best_constant_answer_costs() -> None:
    record = run(epochs=0)
    skewed = dataclasses.replace(record, facts={**record.facts, "class_counts": [70, 10, 10, 10]})
    p = np.array([0.7, 0.1, 0.1, 0.1])
    assert guess_loss(skewed) == pytest.approx(-(p * np.log(p)).sum())
    squared = dataclasses.replace(skewed.spec.training, loss=Component("mse"))
    spec = dataclasses.replace(skewed.spec, training=squared)
    best = min(np.mean([np.mean((q - np.eye(4)[k]) ** 2) * 4 * p[k] for k in range(4)]) for q in (p, np.full(4, 0.25)))
    assert guess_loss(dataclasses.replace(skewed, spec=spec)) == pytest.approx(best)


def test_a_loss_that_only_falls_does_not_swing_and_one_that_alternates_does() -> None:
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


def test_an_epochs_mean_counts_examples_and_not_batches() -> None:
    record = run(epochs=12, batch_size=133)  # batches of 133, 133, 133 and 1
    losses = np.tile([1.0, 1.0, 1.0, 0.0], 12)
    losses[3::8] = 50.0
    falls = {"step_loss": losses, "epoch_train_loss": np.linspace(1, 0.5, 13)}
    assert swing(dataclasses.replace(record, arrays={**record.arrays, **falls})) < 0.2


def test_an_epoch_that_leaves_its_last_batch_of_few_out_is_cut_where_it_was_scored() -> None:
    record = run(epochs=12, batch_size=133)  # four steps an epoch by the settings, three were made
    arrays = {"step_loss": np.tile([1.0, 2.0, 6.0], 12), "epoch_step": np.arange(13) * 3}
    assert over_epochs(dataclasses.replace(record, arrays={**record.arrays, **arrays})).tolist() == [3.0] * 12


def test_a_loss_beyond_reason_that_is_finite_counts_as_broken_out() -> None:
    record = run(epochs=2)
    steps = record.arrays["step_loss"].size
    burst = {"step_loss": np.geomspace(1.4, 1e6, steps)}
    assert sign(dataclasses.replace(record, arrays={**record.arrays, **burst})) == "beyond reason"


@pytest.mark.parametrize(("right", "named"), [(0.6, True), (0.95, False)])
def test_first_steps_that_threw_the_loss_beyond_reason_count_where_the_net_never_got_over_it(
    right: float, named: bool
) -> None:
    record = run(lr=0.05, epochs=40)
    losses = record.arrays["step_loss"].copy()
    losses[: losses.size // 50] = 1e3
    final = {**record.final, "train_accuracy": right, "val_accuracy": right}
    thrown = dataclasses.replace(record, arrays={**record.arrays, "step_loss": losses}, final=final)
    assert (sign(thrown) == "thrown at the start") == named
    finding = found("lr_too_high", [thrown] * 3)
    assert (finding is not None) == named
    assert finding is None or (finding.severity == "warning" and "threw the loss from" in finding.message)


def test_what_was_learned_and_lost_again_shows_in_the_scores_of_three_epochs() -> None:
    record = run(epochs=3, lr=3.0, batch_size=1)
    quiet = np.full(record.arrays["step_loss"].size, 0.9)
    poor = {**record.final, "train_accuracy": 0.5}

    def with_scores(*scores: float) -> str | None:
        losses = {"step_loss": quiet, "epoch_train_loss": np.array(scores)}
        changed = dataclasses.replace(record, final=poor, arrays={**record.arrays, **losses})
        return sign(changed)

    assert with_scores(1.5, 0.6, 1.0, 0.9) == "lost ground"
    assert with_scores(1.5, 1.0, 0.95, 0.9) is None


def test_scores_of_some_twenty_steps_are_read_though_their_last_block_has_one_alone() -> None:
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


def test_a_rate_is_the_cause_of_a_divergence_that_began_sane() -> None:
    from reportgen.analysis.diagnosis.diagnose import diagnose
    from reportgen.analysis.summary import variant_summary
    from reportgen.study.planning.plan import Variant

    summary = variant_summary(Variant("v", "v", {}, {}), runs(lr=1e5, **RELU))
    findings = {finding.rule: finding for finding in diagnose([summary])}
    assert findings["nan_divergence"].consequence_of == "lr_too_high"
    assert findings["lr_too_high"].consequence_of is None


def test_in_the_place_of_a_rate_beyond_all_use_a_common_one_is_advised() -> None:
    one = small_record(planned(lr=1e300))
    advice, change = lower(one, "smaller steps")
    assert advice == "Lower the learning rate to one that is common, 0.01"
    assert change.change == {"training.lr": COMMON_RATE}
    assert [proposal.change["training.lr"] for proposal in other_rates(one)] == [COMMON_RATE / 10]
