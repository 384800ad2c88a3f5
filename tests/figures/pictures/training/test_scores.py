"""Pictures of scores and layer statistics: confusion matrix, gap, heat maps and update ratios."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reportgen.figures import FIGURES
from reportgen.figures.drawing.surface import SLIDE, drawing_on
from reportgen.figures.pictures.training.layer_map import MISSING
from reportgen.figures.slides import fits
from tests.figures.examples import analysis, claim, record, result, summary
from tests.figures.pictures.trained import DIGITS, LAYERS, MOONS, by_default, drawn, rows_of, trained


def claimed(id_: str, metric: str, **measure: object) -> bool:
    """Return whether a study with a claim on this metric gets the picture without naming it."""
    one = claim(measure={"metric": metric, **measure})
    rows = [summary("a", [record(seed, 4, 3) for seed in range(2)])]
    return FIGURES[id_].draw(analysis(rows, [one], [result(one, metric=metric)])) is not None


def test_the_matrix_counts_the_validation_examples_of_all_runs() -> None:
    drawing = drawn("confusion_matrix", DIGITS)
    (outcome,) = trained(DIGITS).outcomes
    counts = sum(one.arrays["val_confusion"] for one in outcome.records)
    found = np.array([row["examples"] for row in rows_of(drawing)]).reshape(10, 10)
    np.testing.assert_array_equal(found, counts)
    accuracy = np.mean([one.final["val_accuracy"] for one in outcome.records])
    assert f"{100 * accuracy:.1f}% of the examples are on the diagonal" in drawing.caption
    numbers = {text.get_text() for text in drawing.figure.axes[0].texts}
    assert {str(count) for count in np.unique(counts) if count} <= numbers
    assert "0" not in numbers


def test_the_caption_names_the_most_confused_classes() -> None:
    made = record(0, 3, 2)
    counts = np.array([[8, 2, 0], [0, 10, 0], [1, 0, 9]])
    rows = [summary("a", [replace(made, arrays={**made.arrays, "val_confusion": counts})])]
    drawing = FIGURES["confusion_matrix"].draw(analysis(rows, figures=("confusion_matrix",)))
    assert drawing is not None
    assert "20.0% of class 0 are taken for class 1" in drawing.caption


@pytest.mark.parametrize(("counts", "uneven"), [([[5, 5], [4, 6]], False), ([[50, 0], [4, 6]], True)])
def test_classes_of_uneven_size_get_a_matrix_by_default(counts: list[list[int]], uneven: bool) -> None:
    made = record(0, 3, 2)
    rows = [summary("a", [replace(made, arrays={**made.arrays, "val_confusion": np.array(counts)})])]
    assert (FIGURES["confusion_matrix"].draw(analysis(rows)) is not None) == uneven


def test_the_gap_is_the_difference_of_the_mean_accuracies() -> None:
    drawing = drawn("generalization_gap", MOONS + LAYERS)
    for outcome in trained(MOONS + LAYERS).outcomes:
        own = [row for row in rows_of(drawing) if row["variant"] == outcome.variant.id]
        for column in ("train_accuracy", "val_accuracy", "val_loss"):
            expected = np.mean([one.epochs(column) for one in outcome.records], axis=0)
            np.testing.assert_allclose([row[column] for row in own], expected)


@pytest.mark.parametrize(("val", "words"), [(0.97, "stay together"), (0.6, "a gap opens")])
def test_the_caption_names_the_shape_of_the_gap(val: float, words: str) -> None:
    made = record(0, 3, 4)
    made.arrays["epoch_train_accuracy"][:] = np.linspace(0.2, 1, 5)
    made.arrays["epoch_val_accuracy"][:] = np.linspace(0.2, val, 5)
    made.arrays["epoch_val_loss"][:] = [2, 1, 0.5, 0.6, 0.8]
    rows = [summary("a", [made])]
    drawing = FIGURES["generalization_gap"].draw(analysis(rows, figures=("generalization_gap",)))
    assert drawing is not None
    assert words in drawing.caption
    assert "rises again after epoch 2" in drawing.caption


@pytest.mark.parametrize(
    ("id_", "statistic"), [("saturation_map", "saturated_fraction"), ("dead_units_map", "dead_fraction")]
)
def test_a_heat_map_is_the_mean_over_the_runs(id_: str, statistic: str) -> None:
    drawing = drawn(id_, MOONS + LAYERS)
    names = {row["variant"] for row in rows_of(drawing)}
    for outcome in (one for one in trained(MOONS + LAYERS).outcomes if one.variant.id in names):
        own = [row for row in rows_of(drawing) if row["variant"] == outcome.variant.id]
        expected = np.mean([one.statistic(statistic)[:, :-1] for one in outcome.records], axis=0)
        found = np.array([row["share"] for row in own]).reshape(expected.T.shape)
        np.testing.assert_allclose(found, expected.T)
        assert [row["step"] for row in own[: len(expected)]] == outcome.records[0].probe_steps.tolist()


def test_a_layer_without_the_statistic_has_a_dash() -> None:
    rows = [summary("a", [record(0, 4, 3, statistics={"saturated_fraction": [0.5, np.nan, 0.0, np.nan]})])]
    drawing = FIGURES["saturation_map"].draw(analysis(rows, figures=("saturation_map",)))
    assert drawing is not None
    words = [text.get_text() for text in drawing.figure.axes[0].texts]
    assert words == ["50"] * 3 + [MISSING] * 3 + ["0"] * 3
    assert MISSING in drawing.caption


def test_a_diverged_run_is_not_in_a_heat_map_of_others() -> None:
    shares = {0: [0.2, 0.2, 0.2], 1: [1.0, 1.0, 1.0]}
    records = [
        record(seed, 3, 3, status="diverged" if seed else "ok", statistics={"dead_fraction": share})
        for seed, share in shares.items()
    ]
    drawing = FIGURES["dead_units_map"].draw(analysis([summary("a", records)], figures=("dead_units_map",)))
    assert drawing is not None
    assert {row[drawing.columns.index("share")] for row in drawing.rows} == {0.2}


def test_the_ratios_are_those_of_the_probes_after_the_first() -> None:
    drawing = drawn("update_ratio_over_steps", MOONS + LAYERS)
    for outcome in trained(MOONS + LAYERS).outcomes:
        own = [row for row in rows_of(drawing) if row["variant"] == outcome.variant.id]
        expected = np.mean([one.statistic("update_ratio")[1:] for one in outcome.records], axis=0)
        np.testing.assert_allclose(np.array([row["ratio"] for row in own]).reshape(expected.shape), expected)


def test_claims_choose_the_pictures_of_their_metrics() -> None:
    assert claimed("generalization_gap", "accuracy_gap", epoch="last")
    assert claimed("saturation_map", "saturated_fraction", layer="last", step="last")
    assert claimed("dead_units_map", "dead_fraction", layer="last", step="last")
    assert claimed("update_ratio_over_steps", "update_ratio", layer="last", step="last")
    for id_ in ("generalization_gap", "saturation_map", "dead_units_map", "update_ratio_over_steps"):
        assert not claimed(id_, "activation_std", layer="last", step=0)
    assert not by_default("confusion_matrix", DIGITS)


def on_a_slide(id_: str, classes: int, layers: int) -> tuple[list[float], float]:
    """Return the font sizes of the words in the cells of a figure on a slide, and the height of a row in points."""
    made = record(0, layers + 1, 2, statistics={"dead_fraction": np.linspace(0.1, 0.9, layers + 1)})
    counts = np.full((classes, classes), 7)
    rows = [summary(label, [replace(made, arrays={**made.arrays, "val_confusion": counts})]) for label in "ab"]
    with drawing_on(SLIDE):
        drawing = FIGURES[id_].draw(analysis(rows, figures=(id_,)))
    assert drawing is not None
    assert fits(drawing)
    (ax, *_) = drawing.figure.axes
    sizes = [float(text.get_fontsize()) for text in ax.texts if text.get_text().isdecimal()]
    count = classes if id_ == "confusion_matrix" else layers
    return sizes, 72 * ax.get_position().height * float(drawing.figure.get_size_inches()[1]) / count


@pytest.mark.parametrize(
    ("id_", "classes", "layers", "numbered"),
    [
        ("confusion_matrix", 3, 2, True),
        ("confusion_matrix", 10, 2, True),
        ("confusion_matrix", 12, 2, False),
        ("dead_units_map", 3, 6, True),
        ("dead_units_map", 3, 12, False),
    ],
)
def test_numbers_on_a_slide_leave_room_in_their_rows(id_: str, classes: int, layers: int, numbered: bool) -> None:
    sizes, height = on_a_slide(id_, classes, layers)
    assert bool(sizes) == numbered
    assert all(1.1 * size <= height for size in sizes)
