"""The figure of ensembles by their number of networks."""

from __future__ import annotations

import pytest

from reportgen.figures.sweeps.ensemble_size import draw
from tests.figures.examples import analysis, record, summary
from tests.figures.gallery import ensembles


def test_a_line_starts_at_the_mean_of_the_networks_and_has_a_point_for_each_size() -> None:
    drawing = draw(ensembles())
    assert drawing is not None
    points = [row[2:4] for row in drawing.rows if row[1] == "train 100"]
    assert points == [(1, pytest.approx(0.895)), (2, pytest.approx(0.92)), (4, pytest.approx(0.94))]
    lines = [line for line in drawing.figure.axes[0].lines if list(line.get_xdata()) == [1, 2, 4]]
    assert len(lines) == 2


def test_the_caption_gives_the_gain_of_the_largest_ensemble() -> None:
    drawing = draw(ensembles())
    assert drawing is not None
    assert "“train 300”: 89.5% for one network, 94.0% for 4, +2.0 points" in drawing.caption


def test_a_study_without_ensembles_has_no_figure() -> None:
    assert draw(analysis([summary("a", [record(0, 3, 4)])])) is None
