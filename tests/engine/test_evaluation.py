"""Additional evaluations agree with the reference, or with a run that has the same network."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from reportgen.data.streams import stream
from reportgen.engine.inspect.probabilities import scores, softmax
from reportgen.engine.math.random import key_words
from reportgen.engine.network_spec import BatchNormSpec, DropoutSpec
from reportgen.engine.spec import EvaluationSpec, RunSpec
from reportgen.engine.tables.schedules import SCHEDULES, cycle_ends
from reportgen.engine.train import Outcome, train
from reportgen.registry import Component
from tests import naive
from tests.engine.networks import activation, component, data, spec

DATA = data(n=30)
RESTARTS = component(SCHEDULES, "warm_restarts", cycle=1)


def outcome(run: RunSpec, **asked: Any) -> Outcome:
    return train(dataclasses.replace(run, evaluation=EvaluationSpec(**asked)), DATA)


def reference_scores(p: np.ndarray) -> tuple[float, float]:
    """Accuracy and cross-entropy on the validation split."""
    y = DATA.y_val
    return float((p.argmax(axis=1) == y).mean()), float(-np.log(p[np.arange(len(y)), y]).mean())


def check(found: Outcome, kind: str, p: np.ndarray) -> None:
    """Assert that scores are those of the probabilities, and differences are to the trained network."""
    accuracy, loss = reference_scores(p)
    assert found.final[f"{kind}_val_accuracy"] == pytest.approx(accuracy)
    assert found.final[f"{kind}_val_loss"] == pytest.approx(loss, rel=1e-4)
    for score, value in (("accuracy", accuracy), ("loss", loss)):
        difference = value - found.final[f"val_{score}"]
        assert found.final[f"{kind}_val_{score}_difference"] == pytest.approx(difference, abs=1e-4)


class Averaging(naive.Network):
    """The reference, which also averages its parameters over all steps from number `first`."""

    def __init__(self, run: RunSpec, first: int) -> None:
        super().__init__(run, DATA)
        self.first, self.taken = first, 0
        self.sums = [{name: np.zeros_like(p) for name, p in layer.p.items()} for layer in self.layers]

    def update(self, t: int) -> None:
        super().update(t)
        if t >= self.first:
            self.taken += 1
            for layer, sums in zip(self.layers, self.sums, strict=True):
                for name in sums:
                    sums[name] = sums[name] + layer.p[name]

    def average(self) -> None:
        for layer, sums in zip(self.layers, self.sums, strict=True):
            layer.p = {name: total / self.taken for name, total in sums.items()}


def test_predictions_are_the_softmax_of_the_trained_network() -> None:
    run = spec(dropout=DropoutSpec(0.3), batchnorm=BatchNormSpec())
    found = outcome(run, predictions=True)
    reference = naive.Network(run, DATA)
    reference.train()
    p = found.arrays["val_probabilities"]
    assert p.dtype == np.float32
    np.testing.assert_allclose(p, softmax(reference.forward(DATA.x_val, "test")), atol=1e-4)
    np.testing.assert_array_equal(found.arrays["val_labels"], DATA.y_val)
    assert reference_scores(p) == pytest.approx((found.final["val_accuracy"], found.final["val_loss"]), rel=1e-5)
    assert "test_probabilities" not in found.arrays  # there is no test split


@pytest.mark.parametrize("mode", ["inverted", "scale_at_test", "unscaled"])
def test_monte_carlo_dropout_averages_probabilities_over_the_reference_masks(mode: str) -> None:
    run = spec(dropout=DropoutSpec(0.4, mode))
    found = outcome(run, mc_dropout=3)
    reference = naive.Network(run, DATA)
    reference.train()
    reference.keys = key_words(run.seed, "mc dropout")
    check(found, "mc", np.mean([softmax(reference.forward(DATA.x_val, "train", draw)) for draw in range(3)], axis=0))


def test_without_dropout_all_passes_are_the_network_itself() -> None:
    found = outcome(spec(batchnorm=BatchNormSpec()), mc_dropout=2)
    assert found.final["mc_val_accuracy_difference"] == 0
    assert found.final["mc_val_loss_difference"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("start", [1, 2, 3])
def test_averaged_weights_are_the_mean_over_all_steps_from_the_epoch_on(start: int) -> None:
    run = spec()  # three epochs of four steps
    found = outcome(run, polyak_start=start)
    reference = Averaging(run, first=4 * (start - 1) + 1)
    reference.train()
    assert reference.taken == 4 * (4 - start)
    reference.average()
    check(found, "polyak", softmax(reference.forward(DATA.x_val, "test")))


def test_averaged_weights_get_batch_norm_statistics_of_their_own() -> None:
    run = spec(batchnorm=BatchNormSpec())
    found = outcome(run, polyak_start=2)
    reference = Averaging(run, first=5)
    reference.train()
    reference.average()
    norms = [layer for layer in reference.layers if layer.spec.batchnorm]
    for layer in norms:  # without memory, the running values are those of the last batch
        layer.spec = dataclasses.replace(layer.spec, batchnorm=BatchNormSpec(momentum=0.0))
    order = stream(run.seed, "polyak").permutation(30)
    kept = []
    for begin in range(0, 30, 8):
        part = order[begin : begin + 8]
        reference.forward(DATA.x_train[part], "train")
        kept.append((len(part), [(layer.mean, layer.var) for layer in norms]))
    for i, layer in enumerate(norms):
        layer.mean = sum(n * values[i][0] for n, values in kept) / 30
        layer.var = sum(n * values[i][1] for n, values in kept) / 30
    check(found, "polyak", softmax(reference.forward(DATA.x_val, "test")))


def test_an_average_that_never_starts_has_nan_scores() -> None:
    assert np.isnan(outcome(spec(), polyak_start=9).final["polyak_val_accuracy"])


def test_snapshots_are_the_networks_of_runs_that_end_with_their_cycle() -> None:
    run = spec(schedule=RESTARTS)
    found = outcome(run, snapshots=True, predictions=True)
    np.testing.assert_array_equal(found.arrays["snapshot_step"], [4, 8, 12])
    assert found.final["snapshots"] == 3
    each = []
    for k in range(3):
        shorter = dataclasses.replace(run, training=dataclasses.replace(run.training, epochs=k + 1))
        alone = outcome(shorter, predictions=True)
        each.append(alone.arrays["val_probabilities"].astype(float))
        np.testing.assert_array_equal(found.arrays["snapshot_val_probabilities"][k], each[k].astype(np.float32))
        assert found.arrays["snapshot_single_val_accuracy"][k] == pytest.approx(alone.final["val_accuracy"])
        assert found.arrays["snapshot_single_val_loss"][k] == pytest.approx(alone.final["val_loss"], rel=1e-5)
    accuracy, loss = reference_scores(np.mean(each, axis=0))
    assert found.final["snapshot_val_accuracy"] == pytest.approx(accuracy)
    assert found.final["snapshot_val_loss"] == pytest.approx(loss, rel=1e-5)
    single = found.arrays["snapshot_single_val_loss"].mean()
    assert found.final["snapshot_val_loss_difference"] == pytest.approx(loss - single, rel=1e-3, abs=1e-6)
    assert loss <= single  # the logarithm is concave


def test_a_schedule_without_cycles_has_no_snapshots() -> None:
    found = outcome(spec(), snapshots=True)
    assert found.final["snapshots"] == 0
    assert np.isnan(found.final["snapshot_val_accuracy"])
    assert found.arrays["snapshot_val_probabilities"].shape == (0, 10, 4)


def test_cycles_end_where_the_rate_is_lowest() -> None:
    doubling = component(SCHEDULES, "warm_restarts", cycle=2, factor=2.0)
    assert cycle_ends(doubling, 14) == [2, 6, 14]
    assert cycle_ends(doubling, 13) == [2, 6]
    assert cycle_ends(component(SCHEDULES, "warmup", epochs=1, then=doubling), 8) == [3, 7]
    assert cycle_ends(Component("constant"), 10) == []


def test_evaluations_do_not_change_the_run_and_add_scores_after_the_six() -> None:
    run = spec(schedule=RESTARTS, dropout=DropoutSpec(0.2), batchnorm=BatchNormSpec())
    plain = train(run, DATA)
    asked = dataclasses.replace(run, evaluation=EvaluationSpec(True, 3, 2, True))
    found = train(asked, DATA)
    for name, values in plain.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], values)
    assert list(found.final)[:6] == list(plain.final)
    assert tuple(found.final)[6:] == asked.evaluation.scores
    np.testing.assert_equal({name: found.final[name] for name in plain.final}, plain.final)


def test_other_losses_have_accuracies_alone_and_no_split_has_none() -> None:
    hinge = outcome(spec(loss=Component("hinge"), dropout=DropoutSpec(0.2)), mc_dropout=2)
    assert np.isnan(hinge.final["mc_val_loss"])
    assert 0 <= hinge.final["mc_val_accuracy"] <= 1
    run = dataclasses.replace(spec(schedule=RESTARTS), evaluation=EvaluationSpec(True, 2, 1, True))
    empty = train(run, data(n=30, val=0))
    assert all(np.isnan(empty.final[name]) for name in run.evaluation.scores if name != "snapshots")


def test_a_diverged_network_has_accuracy_zero() -> None:
    run = spec(lr=1e30, act=activation("relu"), schedule=RESTARTS)
    found = outcome(run, mc_dropout=2, polyak_start=1, predictions=True)
    assert found.status == "diverged"
    assert found.final["mc_val_accuracy"] == 0
    assert np.isnan(found.final["polyak_val_loss"])
    assert scores(np.full((3, 2), np.nan), np.array([0, 1, 0]))[1] == 0


@pytest.mark.parametrize(("n", "classes", "batch"), [(1, 1, 1), (2, 2, 1), (5, 3, 0)])
def test_one_example_one_unit_and_one_class(n: int, classes: int, batch: int) -> None:
    run = spec(widths=(1,), classes=classes, batch_size=batch, schedule=RESTARTS, dropout=DropoutSpec(0.5))
    run = dataclasses.replace(run, evaluation=EvaluationSpec(True, 2, 1, True))
    found = train(run, data(n=n, classes=classes, val=1))
    assert found.arrays["val_probabilities"].shape == (1, classes)
    assert all(np.isfinite(found.final[name]) for name in run.evaluation.scores)


def test_snapshots_after_every_so_many_epochs_need_no_restarts() -> None:
    found = outcome(spec(), snapshots=2)
    epochs = spec().training.epochs
    assert found.final["snapshots"] == epochs // 2
    per_epoch = found.steps // epochs
    assert list(found.arrays["snapshot_step"]) == [per_epoch * end for end in range(2, epochs + 1, 2)]


def facts_of(batchnorm: BatchNormSpec | None, **training: Any) -> dict[str, Any]:
    return train(spec(widths=(6,), bias=0.0, batchnorm=batchnorm, batch_size=4, **training), DATA).facts


def test_only_batch_statistics_at_test_time_make_an_answer_depend_on_its_batch() -> None:
    assert facts_of(BatchNormSpec(), epochs=3)["batch_dependent_fraction"] == 0.0
    assert facts_of(BatchNormSpec(test_mode="batch"), epochs=3)["batch_dependent_fraction"] > 0
    assert "batch_dependent_fraction" not in facts_of(None)


@pytest.mark.parametrize(("mode", "scale"), [("inverted", 1.0), ("scale_at_test", 1.0), ("unscaled", 0.25)])
def test_outputs_under_dropout_are_those_of_test_mode_on_average_where_dropout_scales(mode: str, scale: float) -> None:
    """Two linear layers pass on the mean of their masks exactly: 1 with scaling, the share that is kept without."""
    linear = spec(widths=(60, 60), act=activation("identity"), bias=0.0, dropout=DropoutSpec(0.5, mode), epochs=0)
    assert train(linear, data(n=400)).facts["train_mode_scale"] == pytest.approx(scale, rel=0.15)
    assert "train_mode_scale" not in facts_of(None)


def test_the_identity_of_batch_norm_has_no_gap_and_a_shifted_output_has() -> None:
    """Before training gamma is 1, beta 0, the running mean 0 and the running variance 1: the identity up to epsilon."""
    assert facts_of(BatchNormSpec(), epochs=0)["bn_identity_gap"] == pytest.approx(0.0, abs=1e-4)
    assert facts_of(BatchNormSpec(epsilon=3.0), epochs=0)["bn_identity_gap"] == pytest.approx(0.5)
    assert facts_of(BatchNormSpec(), epochs=5)["bn_identity_gap"] > 0.05
    assert "bn_identity_gap" not in facts_of(None)
