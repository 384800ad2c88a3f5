"""Figures on slides: few lines in the colours of the other slides, one row of panels, large text."""

from __future__ import annotations

import pytest
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D

from reportgen.analysis.results import Analysis
from reportgen.figures import FIGURES, Drawing, draw_all
from reportgen.figures.drawing import style
from reportgen.figures.drawing.surface import SLIDE, drawing_on, surface
from reportgen.figures.slides import MOST_SLIDES, SlideFigure, draw_slides, fits
from tests.figures.examples import analysis, record, summary

pytestmark = pytest.mark.slow


def grid(epochs: int = 4) -> Analysis:
    """Return an analysis of two activations with five initializations each."""
    return analysis(
        [
            summary(
                f"{act}, {init}",
                [record(seed, 6, epochs, start=0.1 * at) for seed in range(3)],
                {"network.activation": act, "network.init": init},
            )
            for act in ("tanh", "relu")
            for at, init in enumerate(("tiny", "small", "xavier", "he", "large"), start=1)
        ]
    )


@pytest.fixture(scope="module")
def drawings() -> list[Drawing]:
    return draw_all(grid())


@pytest.fixture(scope="module")
def slides(drawings: list[Drawing]) -> list[SlideFigure]:
    return draw_slides(grid(), drawings)


def test_a_slide_shows_at_most_four_variants(slides: list[SlideFigure]) -> None:
    assert slides
    assert all(1 <= len(slide.variants) <= 4 for slide in slides)


def test_the_text_of_a_slide_is_not_small_and_the_figure_fits(slides: list[SlideFigure]) -> None:
    assert all(fits(slide.drawing) for slide in slides)
    page_width = 12.35
    assert SLIDE.tiny * page_width / SLIDE.width >= 18


def test_a_figure_for_a_page_does_not_fit_on_a_slide(drawings: list[Drawing]) -> None:
    assert not any(fits(drawing) for drawing in drawings)


def test_slides_of_a_figure_have_ids_of_their_own_and_are_few(slides: list[SlideFigure]) -> None:
    ids = [slide.drawing.id for slide in slides]
    assert len(ids) == len(set(ids))
    counts = [sum(slide.kind.id == id_ for slide in slides) for id_ in FIGURES]
    assert max(counts) <= MOST_SLIDES
    assert {slide.panel for slide in slides if slide.kind.id == "activation_std_by_layer"} == {"tanh", "relu"}


def test_the_caption_of_a_slide_names_only_variants_that_it_shows(slides: list[SlideFigure]) -> None:
    for slide in slides:
        other = "relu" if slide.panel == "tanh" else "tanh"
        assert f"“{other}" not in slide.drawing.caption


def test_a_variant_has_one_colour_on_all_slides(slides: list[SlideFigure]) -> None:
    colours: dict[str, set[str]] = {}
    for legend in (legend for slide in slides for legend in slide.drawing.figure.legends):
        for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
            if isinstance(handle, Line2D) and "," in text.get_text():
                colours.setdefault(text.get_text(), set()).add(to_hex(handle.get_color()))
    assert len(colours) == 8
    assert {len(found) for found in colours.values()} == {1}


def test_the_claims_overview_is_no_slide(slides: list[SlideFigure]) -> None:
    assert FIGURES["claims_overview"].slide is None
    assert not any(slide.kind.id == "claims_overview" for slide in slides)


def test_a_figure_on_another_surface_has_its_size_and_the_page_is_the_default() -> None:
    with drawing_on(SLIDE):
        assert surface() is SLIDE
        figure, _ = style.grid(1, 2, 2.4)
    assert figure.get_size_inches() == pytest.approx((SLIDE.width, SLIDE.height))
    assert style.grid(1, 2, 2.4)[0].get_size_inches()[0] == pytest.approx(6.5)
