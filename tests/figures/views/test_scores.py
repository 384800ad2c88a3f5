"""Tests of the choice of scores."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from reportgen.analysis.results import Estimate, VariantSummary
from reportgen.figures import FIGURES
from reportgen.figures.views.scores import (
    FEWEST_SEEDS,
    MOST_SEEDS,
    drawn_seeds,
    seeds_note,
    shown_scores,
    some_seeds,
)
from tests.figures.examples import analysis, claim, record, summary


def row(*scores: str) -> VariantSummary:
    made = summary("plain", [record(seed, 3, 2) for seed in range(3)])
    more = {f"{name}_{score}": Estimate(0.5, 0.4, 0.6, 3) for name in scores for score in ("accuracy", "loss")}
    return dataclasses.replace(made, scores={**made.scores, **more})


def about(*metrics: str, **measure: Any) -> list[Any]:
    return [claim(f"c{k}", measure={"metric": metric, **measure}) for k, metric in enumerate(metrics)]


def test_without_claims_the_order_is_test_validation_training() -> None:
    assert shown_scores(analysis([row("test")]), [row("test")]) == "test"
    assert shown_scores(analysis([row()], about("activation_std")), [row()]) == "val"
    assert shown_scores(analysis([]), []) is None


def test_the_scores_that_most_claims_measure_are_shown() -> None:
    rows = [row("snapshot_val")]
    assert shown_scores(analysis(rows, about("snapshot_val_accuracy", "snapshot_val_loss", "val_loss")), rows) == (
        "snapshot_val"
    )
    assert shown_scores(analysis(rows, about("train_loss")), rows) == "train"


def test_claims_on_the_course_of_training_do_not_count() -> None:
    rows = [row()]
    assert shown_scores(analysis(rows, about("train_loss", epoch=0)), rows) == "val"


def test_the_figure_names_the_scores_that_it_shows() -> None:
    drawing = FIGURES["final_scores"].draw(analysis([row("snapshot_val")], about("snapshot_val_accuracy")))
    assert drawing is not None
    assert drawing.caption.startswith("Snapshot validation scores")
    assert drawing.rows[0][2] == "snapshot_val_accuracy"


def test_few_seeds_are_all_drawn_in_their_order() -> None:
    values = np.array([3.0, 1.0, 2.0])
    np.testing.assert_array_equal(some_seeds(values, 1000), values)
    assert seeds_note(3, 1000) == ""


def test_of_many_seeds_evenly_spaced_ranks_with_both_ends_are_drawn() -> None:
    values = np.random.default_rng(0).permutation(1001).astype(float)
    drawn = some_seeds(np.stack([values, np.where(values > 500, np.nan, values)], axis=1), 1)
    assert len(drawn) == drawn_seeds(1001, 1) == MOST_SEEDS
    assert drawn[0].tolist() == [0, 0]
    assert drawn[-1].tolist() == [1000, 500]
    assert np.abs(np.diff(drawn[:, 0]) - 1000 / (MOST_SEEDS - 1)).max() <= 1
    assert str(MOST_SEEDS) in seeds_note(1001, 1)


def test_more_variants_have_fewer_marks_each() -> None:
    assert drawn_seeds(1000, 200) == FEWEST_SEEDS
    assert drawn_seeds(5, 200) == 5
