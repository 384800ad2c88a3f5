"""The picture of dropout shows the masks of the training."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.figures.pictures.components.dropout_masks import MEASURED, STEPS
from tests.figures.pictures.trained import CHOSEN, DIGITS, LAYERS, MOONS, by_default, drawn, rows_of


def test_hidden_units_are_dropped_in_training_only() -> None:
    rows = rows_of(drawn("dropout_masks", DIGITS + CHOSEN))
    kept = {name: [row["kept"] for row in rows if row["layer"] == name and row["step"]] for name in ("input", "output")}
    assert all(all(values) for values in kept.values())
    hidden = np.array([row["kept"] for row in rows if row["layer"] == "layer 1"]).reshape(STEPS + 1, 8)
    assert hidden[-1].all()
    assert 0 < hidden[:-1].sum() < hidden[:-1].size
    assert not (hidden[0] == hidden[1]).all() or not (hidden[1] == hidden[2]).all()


def test_the_caption_has_the_share_over_many_steps() -> None:
    caption = drawn("dropout_masks", DIGITS + CHOSEN).caption
    share = float(caption.partition("layer 1 keeps ")[2].partition("%")[0])
    assert share == pytest.approx(50, abs=100 * 3 * 0.5 / np.sqrt(8 * MEASURED))


def test_dropout_that_differs_is_drawn_by_default() -> None:
    assert by_default("dropout_masks", DIGITS + CHOSEN)
    assert not by_default("dropout_masks", MOONS + LAYERS)
