"""Tests of the figure of accuracy against sparsity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.engine.spec import PruningSpec
from reportgen.figures import FIGURES, draw_all
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.sparsity_accuracy import draw
from tests.figures.examples import analysis, claim, record, summary

SPARSITY = [0.0, 0.5, 0.75, 0.9]


def pruned(label: str, accuracies: Sequence[float], seeds: int = 3, **arrays: Any) -> VariantSummary:
    """A variant with these validation accuracies by round, a little different for each seed."""
    records = []
    for seed in range(seeds):
        one = record(seed, 3, 2)
        values = {f"round_{split}_{score}": np.full(4, np.nan) for split in ("test",) for score in ("accuracy", "loss")}
        values |= {
            "round_sparsity": np.array(SPARSITY),
            "round_val_accuracy": np.array(accuracies) + 0.001 * seed,
            "round_train_accuracy": np.ones(4),
            "round_best_epoch": np.array([2.0, 2.0, 1.0, 2.0]),
        }
        records.append(replace(one, arrays={**one.arrays, **values, **arrays}))
    return summary(label, records, {"training.pruning.weights": label})


def drawn(made: Analysis) -> Drawing:
    drawing = draw(made)
    assert drawing is not None
    return drawing


def test_each_variant_has_a_point_for_each_round() -> None:
    drawing = drawn(analysis([pruned("winning", [0.9, 0.91, 0.9, 0.8]), pruned("random", [0.9, 0.85, 0.7, 0.4])]))
    rows = [row for row in drawing.rows if row[2] == "val_accuracy"]
    assert [row[1] for row in rows] == ["winning"] * 4 + ["random"] * 4
    assert [row[4] for row in rows[:4]] == pytest.approx([1, 0.5, 0.25, 0.1])
    assert [row[5] for row in rows[4:]] == pytest.approx([0.901, 0.851, 0.701, 0.401])
    assert {row[8] for row in rows} == {3}


def test_the_axis_falls_from_all_weights_to_the_sparsest_network() -> None:
    accuracy, best = drawn(analysis([pruned("winning", [0.9, 0.91, 0.9, 0.8])])).figure.axes
    for ax in (accuracy, best):
        high, low = ax.get_xlim()
        assert high > 1 > 0.1 > low
        assert ax.get_xscale() == "log"
    assert [label.get_text() for label in accuracy.get_xticklabels()] == ["100%", "50%", "25%", "10%"]


def test_the_caption_compares_the_sparsest_network_with_the_dense_one() -> None:
    drawing = drawn(analysis([pruned("winning", [0.9, 0.91, 0.9, 0.8])]))
    for number in ("90.1%", "80.1%", "10.0%"):
        assert number in drawing.caption
    assert "winning" in drawing.alt


def test_a_round_after_divergence_has_no_point() -> None:
    lost = np.array([0.0, 0.5, np.nan, np.nan])
    row = pruned("winning", [0.9, 0.8, np.nan, np.nan], round_sparsity=lost)
    assert [one[3] for one in drawn(analysis([row])).rows if one[2] == "val_accuracy"] == [0, 1]


def test_claims_choose_the_accuracy() -> None:
    rows = [pruned("winning", [0.9, 0.91, 0.9, 0.8])]
    names = {row[2] for row in drawn(analysis(rows)).rows}
    assert names == {"val_accuracy", "best_epoch"}
    claims = [claim("a", measure={"metric": "round_train_accuracy"})]
    assert "train_accuracy" in {row[2] for row in drawn(analysis(rows, claims)).rows}


def test_without_validation_examples_there_is_one_panel() -> None:
    empty = {name: np.full(4, np.nan) for name in ("round_val_accuracy", "round_best_epoch")}
    drawing = drawn(analysis([pruned("winning", [0.9] * 4, **empty)]))
    assert len(drawing.figure.axes) == 1
    assert {row[2] for row in drawing.rows} == {"train_accuracy"}


def test_a_study_without_pruning_has_no_figure() -> None:
    assert draw(analysis([summary("dense", [record(0, 3, 2)])])) is None
    assert draw(analysis([])) is None


def test_one_seed_has_no_interval() -> None:
    drawing = drawn(analysis([pruned("winning", [0.9, 0.91, 0.9, 0.8], seeds=1)]))
    assert "interval" not in drawing.caption


def with_pruning(row: VariantSummary, **settings: Any) -> VariantSummary:
    pruning = PruningSpec(0.9, 3, **settings)
    records = [
        replace(one, spec=replace(one.spec, training=replace(one.spec.training, pruning=pruning)))
        for one in row.records
    ]
    return replace(row, records=tuple(records))


def test_the_caption_explains_weights_that_remain_in_the_output_layer() -> None:
    row = pruned("winning", [0.9, 0.91, 0.9, 0.8])
    assert "output_rate 0.5" in drawn(analysis([with_pruning(row)])).caption
    assert "output_rate" not in drawn(analysis([with_pruning(row, output_rate=1.0)])).caption


def test_epochs_have_whole_ticks() -> None:
    row = pruned("winning", [0.9] * 4)
    best = drawn(analysis([row])).figure.axes[1]
    assert all(tick == int(tick) for tick in best.get_yticks())


@pytest.mark.parametrize("id_", ["loss_curves", "accuracy_curves", "activation_std_by_layer"])
def test_figures_of_pruned_runs_name_the_last_training(id_: str) -> None:
    dense = pruned("dense", [0.9] * 4)
    drawings = {drawing.id: drawing.caption for drawing in draw_all(analysis([with_pruning(dense, rewind=1)]))}
    assert "last training only" in drawings[id_]
    assert "rewind" in drawings[id_]
    assert "last training only" not in FIGURES[id_].draw(analysis([dense])).caption  # type: ignore[union-attr]
