"""Pictures of networks during training: decision boundary, path of a unit, filters and loss on a line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reportgen.figures.pictures.training.loss_line import draw as draw_line
from reportgen.figures.pictures.training.unit_path import draw as draw_path
from tests.figures.examples import analysis, record, summary
from tests.figures.pictures.trained import CHOSEN, DIGITS, LAYERS, MOONS, PATH, by_default, drawn, rows_of, trained


def test_the_regions_are_those_of_the_record() -> None:
    rows = rows_of(drawn("decision_boundary", MOONS + LAYERS))
    for outcome in trained(MOONS + LAYERS).outcomes:
        own = [row for row in rows if row["variant"] == outcome.variant.id]
        arrays = outcome.records[0].arrays
        assert {row["step"] for row in own} == set(arrays["boundary_step"].tolist())
        last = [row for row in own if row["step"] == arrays["boundary_step"][-1]]
        grid = np.array([[int(label) for label in str(row["classes"]).split()] for row in last])
        np.testing.assert_array_equal(grid, arrays["boundary_class"][-1])


def test_the_caption_counts_examples_on_the_side_of_their_class() -> None:
    caption = drawn("decision_boundary", MOONS + LAYERS).caption
    out = trained(MOONS + LAYERS).outcomes[0].records[0]
    words = caption.partition("“tanh”")[2]
    share = float(words.partition(", and ")[2].partition("%")[0]) / 100
    assert share == pytest.approx(out.final["train_accuracy"], abs=0.03)


def test_positive_inputs_move_both_weights_in_the_same_direction() -> None:
    drawing = drawn("unit_path", PATH)
    rows = rows_of(drawing)
    shares = {}
    for label in ("positive", "centred"):
        own = [row for row in rows if row["label"] == label]
        path = np.array([row["value"] for row in own]).reshape(-1, 2)
        moves = np.diff(path, axis=0)
        shares[label] = ((moves > 0).all(axis=1) | (moves < 0).all(axis=1)).mean()
    assert shares["positive"] == 1 > shares["centred"]
    assert "in 100% of the steps" in drawing.caption


def test_the_path_is_that_of_the_record() -> None:
    rows = rows_of(drawn("unit_path", PATH))
    outcome = trained(PATH).outcomes[0]
    for row in (row for row in rows if row["variant"] == outcome.variant.id):
        assert row["value"] == outcome.records[0].arrays["path_weights"][row["step"], row["weight"] - 1]


@pytest.mark.parametrize(("agreements", "layer"), [((1.0, 0.4), 2), ((0.4, 0.4), 1), ((1.0, 1.0), 1)])
def test_the_layer_is_one_whose_inputs_have_one_sign_in_some_variants(
    agreements: tuple[float, float], layer: int
) -> None:
    rows = []
    for name, agreement in zip("ab", agreements, strict=True):
        made = record(0, 3, 2, statistics={"sign_agreement_example": [0.3, agreement, 0.3]})
        path = {
            "path_step": np.arange(4),
            "path_layer": np.repeat([1, 2, 3], 2),
            "path_weights": np.random.default_rng(0).normal(size=(4, 6)),
        }
        rows.append(summary(name, [replace(made, arrays={**made.arrays, **path})]))
    drawing = draw_path(analysis(rows))
    assert drawing is not None
    assert {row[drawing.columns.index("layer")] for row in drawing.rows} == {layer}


def test_the_filters_are_those_of_the_record() -> None:
    drawing = drawn("filters_over_training", DIGITS + CHOSEN)
    variant = str(drawing.rows[0][0])
    own = [row for row in rows_of(drawing) if row["variant"] == variant and row["filter"] == 2]
    arrays = next(o for o in trained(DIGITS + CHOSEN).outcomes if o.variant.id == variant).records[0].arrays
    for step, filters in zip(arrays["filter_step"], arrays["filters_by_step"], strict=True):
        image = [[float(w) for w in str(row["weights"]).split()] for row in own if row["step"] == step]
        np.testing.assert_allclose(image, filters[1, :, :, 0], rtol=1e-4, atol=1e-6)


def test_the_line_is_the_mean_over_the_runs() -> None:
    drawing = drawn("loss_line", MOONS + LAYERS)
    outcome = trained(MOONS + LAYERS).outcomes[1]
    own = [row for row in rows_of(drawing) if row["variant"] == outcome.variant.id]
    ends = {row["position"]: row for row in own if row["position"] in (0, 1)}
    for at, epoch in ((0, 0), (1, -1)):
        expected = np.mean([one.epochs("val_loss")[epoch] for one in outcome.records])
        assert ends[at]["val_loss"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("bump", "words"), [(0.0, "without a barrier"), (3.0, "barrier of 4.0 at 0.5")])
def test_a_barrier_is_a_loss_above_both_ends(bump: float, words: str) -> None:
    position = np.arange(-10, 31) / 20
    loss = 1 + bump * np.where(position == 0.5, 1.0, 0.0) - 0.5 * (position > 0.5)
    arrays = {"line_position": position} | {f"line_{split}_loss": loss for split in ("train", "val")}
    made = record(0, 3, 2)
    drawing = draw_line(analysis([summary("a", [replace(made, arrays={**made.arrays, **arrays})])]))
    assert drawing is not None
    assert words in drawing.caption


def test_pictures_of_recorded_arrays_are_drawn_by_default() -> None:
    for id_ in ("decision_boundary", "loss_line", "unit_path"):
        assert by_default(id_, MOONS + LAYERS)
        assert not by_default(id_, DIGITS)
    assert by_default("filters_over_training", DIGITS)
