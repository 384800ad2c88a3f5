"""Roles of columns: one column for each role, the others with a reason, and never a silent wrong role."""

from __future__ import annotations

import math

import pytest

from reportgen.errors import StudyError
from reportgen.external.logs.options import LogOptions
from tests.external.logs.logs import by_epoch, cleaned, codes, column, roles

RUN = [0.9, 0.5, 0.3]
SHARES = [0.5, 0.7, 0.9]


def test_keras_names_have_their_roles() -> None:
    log = by_epoch(loss=RUN, accuracy=SHARES, val_loss=RUN, val_accuracy=SHARES, lr=RUN)
    assert roles(log) == {
        "train_loss": "loss",
        "train_accuracy": "accuracy",
        "val_loss": "val_loss",
        "val_accuracy": "val_accuracy",
        "lr": "lr",
    }


def test_an_accuracy_without_a_split_is_ignored_where_it_may_be_of_validation() -> None:
    log = by_epoch(train_loss=RUN, valid_loss=RUN, accuracy=SHARES)
    assert roles(log) == {"train_loss": "train_loss", "val_loss": "valid_loss"}
    assert "--val-accuracy" in log.ignored["accuracy"]


@pytest.mark.parametrize("others", [("loss",), ("train_loss", "val_accuracy"), ("train_loss", "accuracy_step")])
def test_an_accuracy_without_a_split_is_of_training_if_other_columns_show_it(others: tuple[str, ...]) -> None:
    log = by_epoch(accuracy=SHARES, **dict.fromkeys(others, SHARES))
    assert "accuracy" in [curve.column for curve in log.curves if curve.role == "train_accuracy"]


@pytest.mark.parametrize("name", ["accuracy", "bleu_1"])
def test_a_score_without_a_split_is_ignored_beside_a_loss_with_one(name: str) -> None:
    log = by_epoch(training_loss=RUN, **{name: SHARES})
    assert roles(log) == {"train_loss": "training_loss"}
    assert name in log.ignored


def test_a_total_is_preferred_to_its_parts() -> None:
    log = by_epoch(train_box_loss=RUN, train_loss=RUN, train_cls_loss=RUN)
    assert roles(log) == {"train_loss": "train_loss"}
    assert set(log.ignored) == {"train_box_loss", "train_cls_loss"}


def test_parts_without_a_total_are_not_added() -> None:
    log = by_epoch(train_box_loss=RUN, train_cls_loss=RUN, val_loss=RUN)
    assert roles(log) == {"val_loss": "val_loss"}
    assert all("--loss" in reason for reason in log.ignored.values())


def test_a_single_part_is_the_loss() -> None:
    assert roles(by_epoch(train_dice_loss=RUN)) == {"train_loss": "train_dice_loss"}


def test_test_scores_are_no_validation() -> None:
    log = by_epoch(train_loss=RUN, test_loss=RUN, test_acc=SHARES)
    assert roles(log) == {"train_loss": "train_loss"}
    assert set(log.ignored) == {"test_loss", "test_acc"}


def test_different_quantities_do_not_share_a_role() -> None:
    log = by_epoch(loss=RUN, ce_loss=RUN, lr=RUN, val_lr=RUN)
    assert roles(log) == {"train_loss": "loss", "lr": "lr"}
    assert set(log.ignored) == {"ce_loss", "val_lr"}


def test_all_scores_are_kept_with_their_directions() -> None:
    log = by_epoch(loss=RUN, val_f1=SHARES, val_mae=RUN)
    assert [(curve.column, curve.higher_is_better) for curve in log.curves if curve.role == "val_score"] == [
        ("val_f1", True),
        ("val_mae", False),
    ]


@pytest.mark.parametrize("values", [[0.1, -0.2, 0.5], [50.0, 120.0, 130.0], [0.9, 1.2, 1.3]])
def test_values_that_are_neither_shares_nor_percentages_are_no_accuracy(values: list[float]) -> None:
    log = by_epoch(loss=RUN, accuracy=values)
    assert "train_accuracy" not in roles(log)
    assert "accuracy" in log.ignored


def test_named_columns_have_their_roles() -> None:
    columns = [column(name, SHARES, epochs=range(3)) for name in ("train_loss", "fit", "hits")]
    named = LogOptions(columns={"train_loss": "fit", "val_accuracy": "hits"})
    log = cleaned(*columns, options=named)
    assert roles(log) == {"train_loss": "fit", "val_accuracy": "hits"}
    assert "--loss" in log.ignored["train_loss"]


@pytest.mark.parametrize(
    ("columns", "code"),
    [({"train_loss": "los"}, "missing-column"), ({"val_accuracy": "big"}, "out-of-range")],
)
def test_a_named_column_must_exist_and_fit(columns: dict[str, str], code: str) -> None:
    known = [column("loss", RUN, epochs=range(3)), column("big", [1.0, 500.0, 2.0], epochs=range(3))]
    with pytest.raises(StudyError) as caught:
        cleaned(*known, options=LogOptions(columns=columns))
    assert caught.value.code == code


@pytest.mark.parametrize("name", ["ppl", "perplexity"])
def test_the_logarithm_of_a_perplexity_stands_in_for_a_loss(name: str) -> None:
    log = by_epoch(**{f"train_{name}": [math.e**2, math.e], f"valid_{name}": [math.e**3, math.e**2]})
    assert {curve.role: curve.values.tolist() for curve in log.curves} == {
        "train_loss": pytest.approx([2, 1]),
        "val_loss": pytest.approx([3, 2]),
    }
    assert "score-as-loss" in codes(log)


def test_an_error_of_a_regression_stands_in_for_a_loss() -> None:
    log = by_epoch(train_mse=[4.0, 1.0], val_mse=[5.0, 2.0], val_r2=[0.1, 0.2])
    assert roles(log) == {"train_loss": "train_mse", "val_loss": "val_mse", "val_score": "val_r2"}
    assert log.task.kind == "regression"


def test_a_score_beside_a_loss_stays_a_score() -> None:
    log = by_epoch(loss=[4.0, 1.0], val_loss=[5.0, 2.0], val_mse=[5.0, 2.0])
    assert (roles(log)["val_score"], codes(log)) == ("val_mse", set())
