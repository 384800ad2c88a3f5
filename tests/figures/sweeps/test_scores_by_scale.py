"""The figure of scores by the scale of the initial weights."""

from __future__ import annotations

from dataclasses import replace

from reportgen.figures.drawing.palette import COLOURS
from reportgen.figures.sweeps.scores_by_scale import draw
from tests.figures.gallery import scales


def test_the_axis_is_the_measured_scale_and_each_line_a_setting_of_batch_normalization() -> None:
    drawing = draw(scales())
    assert drawing is not None
    found = {(row[2], row[1]) for row in drawing.rows}
    assert found == {(name, scale) for name in ("plain", "batch-norm") for scale in (0.01, 0.1, 1.0)}


def test_the_line_with_batch_normalization_is_solid_and_the_other_dashed() -> None:
    drawing = draw(scales())
    assert drawing is not None
    lines = [
        line for line in drawing.figure.axes[0].lines if len(line.get_xdata()) == 3 and line.get_markersize() == 3.4
    ]
    styles = {line.get_color(): line.get_linestyle() for line in lines}
    assert styles == {COLOURS[0]: "--", COLOURS[1]: "-"}


def test_two_scales_give_no_figure() -> None:
    made = scales()
    two = tuple(row for row in made.variants if "std 1.0" not in row.variant.label)
    assert draw(replace(made, variants=two)) is None
