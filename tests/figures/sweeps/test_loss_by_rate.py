"""The figure of a range test."""

from __future__ import annotations

import pytest

from reportgen.figures.sweeps.loss_by_rate import draw
from tests.figures.examples import analysis, record, summary
from tests.figures.gallery import range_test


def test_the_lowest_median_loss_is_marked_and_in_the_caption() -> None:
    drawing = draw(analysis([range_test()]))
    assert drawing is not None
    (ring,) = [line for line in drawing.figure.axes[0].lines if line.get_markersize() == 8]
    assert ring.get_xdata()[0] == pytest.approx(1e-3)
    assert "lowest at a learning rate of 0.0010" in drawing.caption
    assert "3 runs of 3 diverged" in drawing.caption


def test_the_rows_have_a_loss_of_each_seed_at_each_rate() -> None:
    drawing = draw(analysis([range_test()]))
    assert drawing is not None
    rows = [dict(zip(drawing.columns, row, strict=True)) for row in drawing.rows]
    lowest = min((row for row in rows if row["score"] == "val_loss"), key=lambda row: row["median"])
    assert (lowest["lr"], lowest["median"]) == (pytest.approx(1e-3), pytest.approx(0.151))
    assert len(lowest["values_by_seed"].split()) == 3


def test_variants_that_differ_in_a_constant_rate_alone_are_circles() -> None:
    constant = summary("constant", [record(s, 3, 4) for s in range(3)])
    constant.variant.settings.update({"training.schedule": "constant", "training.lr": 1e-3})
    wide = summary("wide", [record(s, 3, 4) for s in range(3)])
    wide.variant.settings.update({"training.schedule": "constant", "training.lr": 1e-2, "network.hidden": [9]})
    drawing = draw(analysis([range_test(), constant, wide]))
    assert drawing is not None
    (circles,) = [line for line in drawing.figure.axes[0].lines if line.get_markersize() == 4.6]
    assert list(circles.get_xdata()) == [1e-3]


def test_a_study_without_a_range_test_has_no_figure() -> None:
    assert draw(analysis([summary("a", [record(s, 3, 4) for s in range(3)])])) is None
