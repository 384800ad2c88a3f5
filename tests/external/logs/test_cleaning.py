"""From columns to curves: positions, units, resolutions and the notes on them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.external.logs.options import LogOptions
from reportgen.external.logs.raw import RawColumn
from reportgen.runs.training_log import TrainingLog
from tests.external.logs.logs import by_epoch, cleaned, codes, column

FALLING = [0.9, 0.7, 0.5, 0.4]


def positions(log: TrainingLog, role: str) -> list[float]:
    curve = log.curve(role)
    assert curve is not None
    return [float(position) for position in curve.positions]


@pytest.mark.parametrize("first", [0, 1])
def test_the_first_epoch_ends_at_one(first: int) -> None:
    log = cleaned(column("loss", FALLING, epochs=range(first, first + 4)))
    assert (log.unit, positions(log, "train_loss")) == ("epoch", [1, 2, 3, 4])


@pytest.mark.parametrize("steps", [[49, 99, 149, 199], [50, 100, 150, 200]])
def test_steps_are_completed_steps(steps: list[float]) -> None:
    log = cleaned(column("loss", FALLING, steps=steps))
    assert (log.unit, positions(log, "train_loss"), log.log_every) == ("step", [50, 100, 150, 200], 50)


def test_a_validation_before_training_is_at_zero() -> None:
    log = cleaned(column("loss", FALLING, steps=[10, 20, 30, 40]), column("val_loss", [1.0, 0.5], steps=[0, 40]))
    assert positions(log, "val_loss") == [0, 40]


def test_steps_and_epochs_give_the_steps_of_an_epoch() -> None:
    log = cleaned(
        column("loss", FALLING * 2, steps=range(4, 40, 5)[:8], epochs=[0, 0, 1, 1, 2, 2, 3, 3]),
        column("val_loss", FALLING, steps=[9, 19, 29, 39], epochs=range(4)),
        first_step=0,
    )
    assert (log.steps_per_epoch, positions(log, "val_loss")) == (10.0, [10, 20, 30, 40])


def test_epochs_get_steps_if_other_columns_have_them() -> None:
    log = cleaned(
        column("loss", FALLING, steps=[9, 19, 29, 39], epochs=range(4)),
        column("val_loss", FALLING, epochs=range(4)),
        first_step=0,
    )
    assert positions(log, "val_loss") == [10, 20, 30, 40]


def test_fractional_epochs_are_progress() -> None:
    log = cleaned(column("loss", FALLING, steps=[20, 40, 60, 80], epochs=[0.5, 1.0, 1.5, 2.0]))
    assert log.steps_per_epoch == 40


def test_a_validation_at_every_step_shows_that_steps_are_epochs() -> None:
    log = cleaned(*(column(name, FALLING, steps=range(4)) for name in ("train_loss", "val_loss")))
    assert (log.unit, positions(log, "val_loss")) == ("epoch", [1, 2, 3, 4])
    assert "epochs-as-steps" in codes(log)


def test_validation_by_epoch_beside_training_by_step_is_spread_over_the_steps() -> None:
    losses = column("train_loss", np.linspace(1, 0.1, 400).tolist(), steps=range(1, 401))
    log = cleaned(losses, column("val_loss", FALLING, steps=range(1, 5)))
    assert (log.unit, positions(log, "val_loss")) == ("step", [100, 200, 300, 400])


def test_several_values_in_an_epoch_are_spread_over_it() -> None:
    log = cleaned(column("loss", FALLING, epochs=[0, 0, 1, 1]))
    assert positions(log, "train_loss") == [0.5, 1, 1.5, 2]
    assert log.curves[0].resolution == "window"


def test_columns_without_positions_are_counted() -> None:
    assert positions(cleaned(column("loss", FALLING)), "train_loss") == [1, 2, 3, 4]


def test_percentages_become_shares_each_column_on_its_own() -> None:
    log = by_epoch(loss=[1.0, 0.5], accuracy=[50.0, 75.0], val_loss=[1.0, 0.5], val_accuracy=[0.5, 0.75])
    values = {curve.role: curve.values.tolist() for curve in log.curves}
    assert values["train_accuracy"] == values["val_accuracy"] == [0.5, 0.75]
    assert codes(log) == {"percent"}


def test_nan_is_kept_at_the_end() -> None:
    log = by_epoch(loss=[1.0, 0.5, math.nan, math.nan])
    assert np.isnan(log.curves[0].values[2:]).all()


def test_nan_between_values_marks_missing_ones() -> None:
    log = by_epoch(loss=[1.0, 0.9, 0.8, 0.7, 0.6], val_loss=[math.nan, 1.0, math.nan, 0.8, math.nan])
    assert positions(log, "val_loss") == [2, 4]
    assert codes(log) == {"nan-as-missing"}


def test_a_resumed_run_is_noted_with_its_position() -> None:
    log = cleaned(column("loss", [5, 4, 3, 2, 2.5, 1.5, 1], steps=[10, 20, 30, 40, 30, 40, 50]), first_step=1)
    assert (log.resumed_at, codes(log)) == ((20.0,), {"resumed"})


def test_invalid_positions_are_left_out() -> None:
    log = cleaned(column("loss", [1.0, 0.5, 0.2], steps=[1, -5, 3]), first_step=1)
    assert positions(log, "train_loss") == [1, 3]
    assert codes(log) == {"invalid-position"}


@pytest.mark.parametrize(
    ("steps", "resolution"),
    [([9, 19, 29, 39], "epoch"), ([4, 14, 24, 34], "step")],
)
def test_training_values_at_the_ends_of_epochs_are_of_epochs(steps: list[int], resolution: str) -> None:
    val = column("val_loss", FALLING, steps=[9, 19, 29, 39], epochs=range(4))
    log = cleaned(column("train_loss", FALLING, steps=steps, epochs=range(4)), val, first_step=0)
    assert [curve.resolution for curve in log.curves if curve.role == "train_loss"] == [resolution]


def test_training_values_at_the_ends_of_a_few_epochs_are_of_minibatches() -> None:
    epochs = range(20)
    val = column("val_loss", np.linspace(1, 0.1, 20), steps=[10 * epoch + 9 for epoch in epochs], epochs=epochs)
    train = column("train_loss", FALLING, steps=[49, 99, 149, 199], epochs=[4, 9, 14, 19])
    log = cleaned(train, val, first_step=0)
    assert [curve.resolution for curve in log.curves if curve.role == "train_loss"] == ["step"]


def test_step_and_epoch_columns_are_both_kept() -> None:
    log = cleaned(
        column("train_loss_step", FALLING, steps=[0, 1, 2, 3]), column("train_loss_epoch", [0.5, 0.4], steps=[1, 3])
    )
    assert [(curve.column, curve.resolution) for curve in log.curves] == [
        ("train_loss_step", "step"),
        ("train_loss_epoch", "epoch"),
    ]


@pytest.mark.parametrize(
    ("columns", "settings", "options", "task"),
    [
        ({"loss": [1.0, 0.5], "accuracy": [0.1, 0.5]}, {"num_classes": 3}, LogOptions(), ("classification", 3)),
        ({"loss": [1.0, 0.5], "accuracy": [0.1, 0.5]}, {}, LogOptions(), ("classification", None)),
        ({"loss": [1.0, -0.5]}, {}, LogOptions(), ("likelihood", None)),
        ({"loss": [1.0, 0.5], "mae": [1.0, 0.5]}, {}, LogOptions(), ("regression", None)),
        ({"loss": [1.0, 0.5]}, {}, LogOptions(), ("unknown", None)),
        ({"loss": [1.0, 0.5]}, {"model.n_classes": 10}, LogOptions(), ("classification", 10)),
        ({"loss": [1.0, -0.5]}, {}, LogOptions(task="regression"), ("regression", None)),
        ({"loss": [1.0, 0.5]}, {"num_classes": 3}, LogOptions(classes=10), ("classification", 10)),
    ],
)
def test_the_task_is_recognized_or_told(
    columns: dict[str, list[float]], settings: dict[str, int], options: LogOptions, task: tuple[str, int | None]
) -> None:
    raw = [column(name, values, epochs=range(2)) for name, values in columns.items()]
    log = cleaned(*raw, settings=settings, options=options)
    assert (log.task.kind, log.task.classes) == task
    assert log.task.reason


def test_the_seed_is_read_from_the_settings() -> None:
    log = cleaned(column("loss", FALLING, epochs=range(4)), settings={"trainer.seed": 7})
    assert log.seed == 7


def test_layer_statistics_become_curves() -> None:
    statistic = column("fc1/weight_std", FALLING, steps=[1, 2, 3, 4])
    log = cleaned(column("loss", FALLING, steps=[1, 2, 3, 4]), layers=(("fc1", "std", statistic),), first_step=1)
    assert log.layers["fc1"]["std"].values.tolist() == FALLING


NUMBERS = st.one_of(st.floats(), st.integers(-5, 40).map(float), st.sampled_from([math.nan, math.inf, 1e300, -1e-300]))
NAMES = ("loss", "train_loss", "val_loss", "accuracy", "val_acc", "lr", "grad_norm", "val_f1", "train_box_loss", "x")


@st.composite
def columns(draw: st.DrawFn) -> RawColumn:
    size = draw(st.integers(1, 12))
    numbers = st.lists(NUMBERS, min_size=size, max_size=size)
    steps, epochs = (draw(st.none() | numbers) for _ in range(2))
    return column(draw(st.sampled_from(NAMES)), draw(numbers), steps, epochs)


@settings(max_examples=30, deadline=None)
@given(st.lists(columns(), min_size=1, max_size=6, unique_by=lambda one: one.name))
@pytest.mark.filterwarnings("error")
def test_any_numbers_give_increasing_finite_positions_and_accuracies_as_shares(raw: list[RawColumn]) -> None:
    log = cleaned(*raw)
    for curve in log.curves:
        assert np.isfinite(curve.positions).all()
        assert (np.diff(curve.positions) > 0).all()
        if curve.role.endswith("accuracy"):
            known = curve.finite
            assert ((known >= 0) & (known <= 1)).all()
    assert {curve.column for curve in log.curves} | set(log.ignored) == {one.name for one in raw}


def test_values_at_every_other_validation_are_of_minibatches() -> None:
    validated = column("val_loss", [1.0] * 20, steps=range(5, 105, 5))
    log = cleaned(column("train_loss", [1.0] * 10, steps=range(10, 110, 10)), validated, first_step=1)
    assert log.curves[0].resolution == "step"
    log = cleaned(column("train_loss", [1.0] * 20, steps=range(5, 105, 5)), validated, first_step=1)
    assert log.curves[0].resolution == "window"


@pytest.mark.parametrize("name", ["lr", "grad_norm"])
def test_a_rate_at_the_end_of_an_epoch_is_of_a_step(name: str) -> None:
    counts: dict[str, list[float]] = {"steps": [10, 20, 30, 40], "epochs": [1, 2, 3, 4]}
    log = cleaned(column("train_loss", FALLING, **counts), column(name, FALLING, **counts), first_step=1)
    assert [curve.resolution for curve in log.curves] == ["epoch", "step"]
