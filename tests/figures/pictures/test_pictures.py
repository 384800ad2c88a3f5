"""What all pictures have in common: they fit on the page, and have captions, alternative texts and numbers.

On a phone they are tested with all other figures, in test_contrast.py.
"""

from __future__ import annotations

import warnings

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from reportgen.figures import FIGURES
from reportgen.figures.pictures.table import PICTURES
from tests.figures.examples import analysis, record, summary
from tests.figures.pictures.trained import CHOSEN, DIGITS, LAYERS, MOONS, PATH, ROTATED, SEARCH, drawn

STUDIES = {
    "activation_functions": MOONS + LAYERS,
    "learning_rate_schedules": DIGITS + CHOSEN,
    "dropout_masks": DIGITS + CHOSEN,
    "search_layout": SEARCH,
    "data_cloud": DIGITS,
    "eigen_images": DIGITS,
    "reduced_images": DIGITS,
    "whitened_images": DIGITS,
    "unit_path": PATH,
    "decision_boundary": MOONS + LAYERS,
    "filters_over_training": DIGITS + CHOSEN,
    "confusion_matrix": DIGITS + CHOSEN,
    "generalization_gap": MOONS + LAYERS,
    "loss_line": MOONS + LAYERS,
    "saturation_map": MOONS + LAYERS,
    "dead_units_map": MOONS + LAYERS,
    "update_ratio_over_steps": MOONS + LAYERS,
    "update_angle_over_steps": ROTATED,
    "curvature_over_steps": MOONS.replace("loss_line", "curvature") + LAYERS,
}


def test_every_picture_is_drawn_here() -> None:
    assert set(STUDIES) == {kind.id for kind in PICTURES}
    assert set(STUDIES) <= set(FIGURES)


@pytest.mark.parametrize("id_", STUDIES)
def test_a_picture_fits_on_the_page_and_has_its_texts(id_: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawing = drawn(id_, STUDIES[id_])
    figure = drawing.figure
    FigureCanvasAgg(figure)
    inside, (width, height) = figure.get_tightbbox(figure.canvas.get_renderer()), figure.get_size_inches()
    assert width == 6.5
    assert height < 9
    assert min(inside.x0, inside.y0) > -0.02
    assert inside.x1 < width + 0.02
    assert inside.y1 < height + 0.02
    assert all(text.endswith(".") and len(text) > 20 for text in (drawing.caption, drawing.alt, drawing.short))
    assert "nan" not in drawing.caption.lower().split()
    assert drawing.finding
    assert drawing.rows
    assert {len(row) for row in drawing.rows} == {len(drawing.columns)}


@pytest.mark.parametrize("id_", STUDIES)
def test_records_without_the_data_of_a_picture_have_none(id_: str) -> None:
    assert FIGURES[id_].draw(analysis([])) is None
    untrained = analysis([summary("a", [record(0, 1)])])
    assert FIGURES[id_].draw(untrained) is None
