"""The rule on class imbalance reports classes that accuracy hides, and no similar cases."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.analysis.diagnosis.held_out_runs import (
    CLASSES,
    found,
    run,
    runs,
    with_spec,
)


def confusion(recognized: float, rare: int, common: int = 60) -> np.ndarray:
    """Return counts of four classes; a share of the rare last one is recognized, the rest is taken for the first."""
    counts = np.diag([common, common, common, 0]).astype(np.int32)
    counts[3] = [rare - round(recognized * rare), 0, 0, round(recognized * rare)]
    return counts


def unbalanced(recognized: float, rare: int = 12) -> dict[str, Any]:
    return {
        "facts": {"class_counts": [120, 120, 120, rare]},
        "arrays": {
            "val_confusion": confusion(recognized, rare // 2),
            "train_confusion": confusion(recognized, rare, 120),
        },
    }


def test_a_class_much_rarer_in_training_than_in_validation_is_reported() -> None:
    """Only if a quarter of it is missed, or it costs five points of accuracy, and the splits differ in it."""
    counts = np.diag([60, 60, 60, 20]).astype(np.int32)
    counts[3, 0] = 40
    table = {"val_confusion": counts, "train_confusion": np.diag([100, 100, 100, 10]).astype(np.int32)}
    even, scarce = {"class_counts": [100] * 4}, {"class_counts": [100, 100, 100, 5]}
    finding = found("class_imbalance", runs(arrays=table, facts=scarce))
    assert finding is not None
    assert finding.evidence["classes"] == [3]
    assert {"60", "180", "3"} <= set(re.findall(r"\d+", finding.message))
    assert found("class_imbalance", runs(arrays=table, facts=even)) is None
    for recognized, named in ((28, True), (42, True), (47, True), (50, False)):
        known = {**table, "val_confusion": np.diag([60, 60, 60, recognized]).astype(np.int32)}
        known["val_confusion"][3, 0] = 60 - recognized
        assert (found("class_imbalance", runs(arrays=known, facts=scarce)) is not None) == named
    few = np.diag([60, 60, 60, 0]).astype(np.int32)
    few[3, 0] = 1
    assert found("class_imbalance", runs(arrays={**table, "val_confusion": few}, facts=scarce)) is None


def test_a_rare_class_that_is_never_predicted_is_reported() -> None:
    finding = found("class_imbalance", runs(**unbalanced(0.0)))
    assert finding is not None
    assert finding.evidence["classes"] == [3]
    assert finding.metric == "val_balanced_accuracy"


def test_proposals_for_a_rare_class_missing_from_one_seed() -> None:
    counts = np.diag([60, 60, 0, 0]) + np.outer([0, 0, 12, 12], [1, 0, 0, 0])
    arrays = {"train_confusion": counts, "val_confusion": counts}
    records = [run(seed, facts={"class_counts": [60, 60, 12, 12 if seed else 0]}, arrays=arrays) for seed in (0, 1, 2)]
    finding = found("class_imbalance", records)
    assert finding is not None
    assert finding.evidence["classes"] == [2, 3]
    assert dict(finding.proposals[-1].change["data.keep"]) == {0: 0.2, 1: 0.2}


def test_restoring_dropped_examples_is_the_first_proposal() -> None:
    data = replace(run().spec.data, keep=((3, 0.1),))
    finding = found("class_imbalance", with_spec(runs(**unbalanced(0.0)), data=data))
    assert finding is not None
    assert dict(finding.proposals[0].change) == {"data.keep": {}}


@pytest.mark.parametrize(("labels", "key"), [(["1", "2", "5", "7"], 7), (["a", "b", "c", "d"], "d")])
def test_proposals_name_classes_by_their_labels(labels: list[str], key: int | str) -> None:
    data = replace(run().spec.data, keep=((key, 0.1),))
    given = unbalanced(0.0)
    given["facts"] = given.get("facts", {}) | {"class_labels": labels}
    finding = found("class_imbalance", with_spec(runs(**given), data=data))
    assert finding is not None
    assert dict(finding.proposals[0].change) == {"data.keep": {}}
    assert dict(finding.proposals[-1].change["data.keep"]).keys() <= {type(key)(label) for label in labels}
    assert dict(finding.proposals[-1].change["data.keep"])[key] == 0.1


def test_undersampling_adjusts_the_number_of_training_examples() -> None:
    data = replace(run().spec.data, train=372)
    finding = found("class_imbalance", with_spec(runs(**unbalanced(0.0)), data=data))
    assert finding is not None
    assert finding.proposals[-1].change["data.train"] == 4 * 12
    assert "data.train" not in finding.proposals[0].change


@pytest.mark.parametrize(
    "given",
    [
        unbalanced(0.5),  # unbalanced and healthy
        unbalanced(0.0, rare=2),  # too few examples
        unbalanced(0.0) | {"facts": {"class_counts": [100] * CLASSES}},  # a common class: the network does not train
        unbalanced(0.0) | {"curves": {"train_accuracy": 0.4}},  # low accuracy
        {},  # no predictions in the record
    ],
)
def test_cases_that_resemble_class_imbalance_are_not_reported(given: dict[str, Any]) -> None:
    assert found("class_imbalance", runs(**given)) is None


def test_shuffling_is_proposed_for_splits_of_sorted_rows() -> None:
    """If validation contains a single class, the recall of the others is measured in training."""
    table = {
        "val_confusion": np.diag([0, 0, 0, 0]).astype(np.int32),
        "train_confusion": np.diag([100, 100, 100, 2]).astype(np.int32),
    }
    table["val_confusion"][3] = [60, 0, 0, 30]
    records = runs(arrays=table, facts={"class_counts": [100, 100, 100, 5]})
    sorted_rows = with_spec(records, data=replace(records[0].spec.data, shuffle=False))
    for given, change in ((records, "training.epochs"), (sorted_rows, "data.shuffle")):
        finding = found("class_imbalance", given)
        assert finding is not None
        assert finding.evidence["classes"] == [3]
        assert change in finding.proposals[0].change
