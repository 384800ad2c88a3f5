"""Runs agree with the NumPy reference step by step, and their records are complete."""

from __future__ import annotations

import dataclasses
import math
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from reportgen.data.dataset import Dataset
from reportgen.engine.network_spec import BatchNormSpec, DropoutSpec
from reportgen.engine.probes.arrays import probe_steps
from reportgen.engine.run import Run
from reportgen.engine.setup import set_up
from reportgen.engine.spec import EPOCH_COLUMNS, STATISTICS, RunSpec
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.train import Cancelled, train
from reportgen.registry import Component
from tests import naive
from tests.engine.networks import activation, data, init, optimizer, spec


def check_against_reference(run: RunSpec, dataset: Dataset, tolerance: float = 2e-4) -> None:
    """Assert that losses by step, scores and penalties agree with the reference up to float32 rounding."""
    outcome = train(run, dataset)
    reference = naive.Network(run, dataset)
    reference.train()
    assert outcome.status == "ok"
    np.testing.assert_allclose(outcome.arrays["step_loss"], reference.losses, rtol=tolerance, atol=tolerance)
    loss, accuracy = reference.score(dataset.x_val, dataset.y_val)
    assert outcome.final["val_loss"] == pytest.approx(loss, rel=tolerance, abs=tolerance)
    assert outcome.final["val_accuracy"] == pytest.approx(accuracy)
    assert outcome.arrays["epoch_val_loss"][-1] == pytest.approx(loss, rel=tolerance, abs=tolerance)
    penalty = sum(
        run.training.l2 / 2 * (la.p["W"] ** 2).sum() + run.training.l1 * abs(la.p["W"]).sum() for la in reference.layers
    )
    assert outcome.arrays["epoch_penalty"][-1] == pytest.approx(penalty, rel=1e-4)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_trains_as_the_reference(name: str) -> None:
    check_against_reference(spec(act=activation(name)), data())


@pytest.mark.parametrize(
    "o",
    [
        optimizer("sgd"),
        optimizer("sgd", momentum=0.9),
        optimizer("sgd", momentum=0.9, nesterov=True),
        optimizer("sgd", momentum=0.9, form="average"),
        optimizer("adagrad"),
        optimizer("rmsprop"),
        optimizer("adam"),
        optimizer("adamw", weight_decay=0.3),
        optimizer("lion", weight_decay=0.3),
        optimizer("muon", weight_decay=0.3),
        optimizer("muon", nesterov=False, adam_factor=0.5),
    ],
    ids=str,
)
@pytest.mark.parametrize("penalties", [{}, {"l2": 0.05, "l1": 0.01}, {"clip_norm": 0.3, "l2": 0.05}], ids=str)
def test_every_optimizer_with_penalties_and_clipping(o: Component, penalties: dict[str, float]) -> None:
    check_against_reference(
        spec(optimizer=o, lr=0.02, **penalties), data(), tolerance=2e-3 if o.name == "rmsprop" else 5e-4
    )


@pytest.mark.parametrize("batch_size", [1, 7, 0], ids=["one", "uneven", "full"])
@pytest.mark.parametrize("norm", [None, BatchNormSpec(momentum=0.7)], ids=["plain", "batchnorm"])
def test_every_batch_size_with_and_without_batch_norm(batch_size: int, norm: BatchNormSpec | None) -> None:
    check_against_reference(spec(batchnorm=norm, batch_size=batch_size, lr=0.01), data())


@pytest.mark.parametrize("mode", ["inverted", "scale_at_test", "unscaled"])
def test_every_form_of_dropout(mode: str) -> None:
    check_against_reference(spec(dropout=DropoutSpec(0.3, mode)), data())


def test_deliberate_errors_of_batch_normalization_have_their_effect() -> None:
    """Running statistics that are never updated stay at 0 and 1; test mode with batch statistics uses the batch's."""
    check_against_reference(spec(batchnorm=BatchNormSpec(update_running=False)), data())
    outcome = train(spec(batchnorm=BatchNormSpec(test_mode="batch"), batch_size=10), data(val=10))
    reference = naive.Network(spec(batchnorm=BatchNormSpec(test_mode="batch"), batch_size=10), data(val=10))
    reference.train()
    assert outcome.final["val_loss"] == pytest.approx(reference.score(data().x_val, data().y_val)[0], rel=1e-4)


@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "mse", "hinge"])
def test_every_loss(loss: str) -> None:
    check_against_reference(spec(loss=Component(loss)), data())


def test_the_same_bytes_from_one_thread_and_from_two() -> None:
    runs = [spec(seed=seed, dropout=DropoutSpec(0.2), batchnorm=BatchNormSpec()) for seed in range(6)]
    alone = [train(run, data()) for run in runs]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda run: train(run, data()), runs))
    for a, b in zip(alone, together, strict=True):
        assert a.arrays.keys() == b.arrays.keys()
        assert all(a.arrays[name].tobytes() == b.arrays[name].tobytes() for name in a.arrays)


def test_runs_of_one_seed_share_their_noise_and_another_seed_has_its_own() -> None:
    small, large = (train(spec(weights=init("gaussian", std=s), epochs=0), data()) for s in (0.01, 1.0))
    ratio = large.arrays["probe_weight_norm"] / small.arrays["probe_weight_norm"]
    np.testing.assert_allclose(ratio, 100, rtol=1e-5)
    other = train(spec(weights=init("gaussian", std=1.0), epochs=0, seed=1), data())
    assert not np.allclose(other.arrays["probe_weight_norm"], large.arrays["probe_weight_norm"])


def test_a_diverging_run_is_recorded_up_to_the_first_loss_that_is_not_finite() -> None:
    outcome = train(spec(act=activation("relu"), lr=1e9, epochs=20), data())
    assert outcome.status == "diverged"
    assert outcome.steps == outcome.stopped_at_step == len(outcome.arrays["step_loss"])
    assert not np.isfinite(outcome.arrays["step_loss"][-1])
    assert np.isfinite(outcome.arrays["step_loss"][:-1]).all()
    assert outcome.arrays["probe_step"][-1] == outcome.steps


def test_without_epochs_only_the_initial_network_is_probed() -> None:
    outcome = train(spec(epochs=0), data())
    assert outcome.status == "ok"
    assert outcome.steps == 0
    assert list(outcome.arrays["probe_step"]) == [0]
    assert list(outcome.arrays["epoch_epoch"]) == [0]
    assert math.isnan(outcome.arrays["epoch_batch_loss"][0])


@pytest.mark.parametrize("epochs", [0, 1])
def test_no_step_is_made_after_the_last_one(epochs: int) -> None:
    run, dataset = spec(epochs=epochs), data(n=40)
    started = Run(run, dataset, set_up(run, dataset), lambda: False, lambda done, total: None)
    started.start()
    started.train(started.total + 3)
    assert (started.step, started.losses.size) == (started.total, started.total)


def test_arrays_have_the_documented_names_and_shapes() -> None:
    outcome = train(spec(), data())
    probes, epochs = len(outcome.arrays["probe_step"]), 3
    assert outcome.arrays["probe_step"][0] == 0
    assert outcome.arrays["probe_step"][-1] == outcome.steps
    assert all(outcome.arrays[f"probe_{name}"].shape == (probes, 3) for name in STATISTICS)
    assert all(outcome.arrays[f"epoch_{name}"].shape == (epochs + 1,) for name in EPOCH_COLUMNS)
    assert outcome.arrays["probe_unit_dead"].shape == (probes, 13)
    assert list(outcome.arrays["unit_layer"]) == [1] * 7 + [2] * 6
    assert math.isnan(outcome.final["test_loss"])


def test_a_run_without_probes() -> None:
    outcome = train(spec(looks=0), data())
    assert "probe_step" not in outcome.arrays
    np.testing.assert_array_equal(outcome.arrays["step_loss"], train(spec(looks=9), data()).arrays["step_loss"])


def test_cancelling_raises_within_the_run() -> None:
    with pytest.raises(Cancelled):
        train(spec(epochs=1000), data(), cancel=lambda: True)


def test_progress_counts_up_to_the_total() -> None:
    seen: list[tuple[int, int]] = []
    train(spec(), data(), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (12, 12)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_many_small_steps_can_be_cancelled() -> None:
    seen = [0]
    train(spec(widths=(2,) * 9, batch_size=1, epochs=1000, looks=2), data(), progress=lambda done, _: seen.append(done))
    assert np.diff(seen).max() <= 10_000


def test_a_single_probe_is_at_initialization() -> None:
    outcome = train(spec(looks=1), data())
    assert outcome.steps == 12
    assert list(outcome.arrays["probe_step"]) == probe_steps(1, 12) == [0]


def test_stop_above_ends_a_run_whose_cost_has_grown() -> None:
    outcome = train(spec(act=activation("identity"), loss=Component("mse"), lr=1.0, epochs=50, stop_above=3.0), data())
    assert outcome.status == "stopped"
    assert outcome.stopped_at_step == outcome.steps < 50 * 4
    last, first = outcome.arrays["epoch_batch_loss"][-1], outcome.arrays["epoch_train_loss"][0]
    assert last > 3 * first


def test_early_stopping_scores_the_best_epoch() -> None:
    noisy = data(n=20, val=40)
    run = spec(widths=(50,), epochs=400, patience=5, lr=0.5, batch_size=5)
    outcome = train(run, noisy)
    assert outcome.status == "stopped"
    losses = outcome.arrays["epoch_val_loss"]
    best = int(np.argmin(losses[1:])) + 1
    assert len(losses) - 1 == best + 5
    assert outcome.final["val_loss"] == pytest.approx(losses[best], rel=1e-6)


@pytest.mark.parametrize(
    "schedule", [Component.of("cosine"), Component.of("warmup", epochs=2, then=Component("cosine"))]
)
def test_arrays_by_step_grow_with_the_steps(schedule: Component, monkeypatch: pytest.MonkeyPatch) -> None:
    run = spec(epochs=9, batch_size=3, schedule=schedule, patience=9)
    expected = train(run, data())
    monkeypatch.setattr("reportgen.engine.run._FIRST_STEPS", 2)
    found = train(run, data())
    for name, values in expected.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], values, err_msg=name)
    assert found.arrays["epoch_lr"][1] != found.arrays["epoch_lr"][-1]


def test_epochs_after_an_early_stop_take_no_memory() -> None:
    run = spec(epochs=1_000_000, batch_size=1, patience=2, lr=0.5)
    train(spec(epochs=1), data())  # compiles
    tracemalloc.start()
    outcome = train(run, data())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outcome.status == "stopped"
    assert peak < 200e6


def test_without_shuffling_batches_have_the_order_of_the_data() -> None:
    run = spec(shuffle=False, epochs=1, lr=0.0)
    outcome = train(run, data())
    reference = naive.Network(run, data())
    x, y = data().x_train, data().y_train
    expected = [
        naive.loss_and_delta("softmax_cross_entropy", reference.forward(x[i : i + 8], "train"), y[i : i + 8])[0]
        for i in range(0, 30, 8)
    ]
    np.testing.assert_allclose(outcome.arrays["step_loss"], expected, rtol=1e-5)


@pytest.mark.parametrize(("count", "total", "expected"), [(0, 9, []), (1, 9, [0]), (2, 9, [0, 9]), (5, 0, [0])])
def test_few_probe_steps(count: int, total: int, expected: list[int]) -> None:
    assert probe_steps(count, total) == expected


def test_probe_steps_are_about_evenly_spaced_in_log_time() -> None:
    steps = probe_steps(10, 10_000)
    assert steps[0] == 0
    assert steps[-1] == 10_000
    assert len(steps) <= 10
    ratios = np.diff(np.log(steps[2:]))
    assert ratios.max() < 2 * ratios.min()


def test_one_class_one_feature_one_unit_one_example() -> None:
    tiny = data(n=1, features=1, classes=1, val=0)
    outcome = train(spec(widths=(1,), classes=1, batch_size=1, batchnorm=BatchNormSpec()), tiny)
    assert outcome.status == "ok"
    assert outcome.final["train_loss"] == pytest.approx(0.0, abs=1e-6)
    assert math.isnan(outcome.final["val_loss"])


def test_augmentation_changes_training_batches_only() -> None:
    from reportgen.engine.spec import AugmentSpec

    still = train(spec(epochs=1), data())
    noisy = train(spec(epochs=1, augment=AugmentSpec(noise=0.5)), data())
    assert not np.allclose(still.arrays["step_loss"], noisy.arrays["step_loss"])
    np.testing.assert_array_equal(still.arrays["epoch_val_loss"][0], noisy.arrays["epoch_val_loss"][0])
    again = train(spec(epochs=1, augment=AugmentSpec(noise=0.5)), data())
    np.testing.assert_array_equal(noisy.arrays["step_loss"], again.arrays["step_loss"])


def test_images_are_shifted_flipped_and_cropped() -> None:
    from reportgen.engine.spec import AugmentSpec

    images = dataclasses.replace(data(features=9), image_shape=(1, 3, 3))
    still = train(spec(epochs=1), images)
    for augment in (AugmentSpec(shift=1, flip=True), AugmentSpec(crop=1, border="edge")):
        moved = train(spec(epochs=1, augment=augment), images)
        assert not np.allclose(still.arrays["step_loss"], moved.arrays["step_loss"])
