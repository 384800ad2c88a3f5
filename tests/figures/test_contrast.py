"""Contrast of all figures on both grounds, from the colours in their SVG (WCAG 2.1, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from reportgen.figures import FIGURES
from reportgen.figures.drawing import palette
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.export import screen_svg, svg_text
from reportgen.figures.drawing.surface import PHONE, SLIDE, drawing_on
from reportgen.figures.slides import fits
from tests.figures.gallery import GALLERY, example, pictures, shown_ids

pytestmark = pytest.mark.slow

SVG = "{http://www.w3.org/2000/svg}"
TEXT, LINE = 4.5, 3.0
SCREEN = 350
"""Pixels of a figure on a screen of 390 pixels."""

SOFT = {tone.light for tone in palette.TONES if tone.role == "soft"}
SOFT_DARK = {tone.dark for tone in palette.TONES if tone.role == "soft"}


def elements(
    element: ET.Element, inherited: dict[str, str] | None = None
) -> Iterator[tuple[ET.Element, dict[str, str]]]:
    """Yield all drawn elements with their paint, which groups pass on to their children."""
    keys = ("fill", "stroke", "opacity", "fill-opacity", "stroke-opacity")
    paint = (inherited or {}) | {key: element.get(key, "") for key in keys if element.get(key)}
    yield element, paint
    for child in element:
        if child.tag not in (f"{SVG}defs", f"{SVG}title", f"{SVG}desc"):
            yield from elements(child, paint)


def faint(svg: str, ground: str, soft: set[str]) -> list[str]:
    """Return the colours of text and of opaque lines without enough contrast with the ground."""
    found = []
    for element, paint in elements(ET.fromstring(svg)):
        if element.tag == f"{SVG}text" and palette.contrast(paint.get("fill", "#000000"), ground) < TEXT:
            found.append(f"text {paint.get('fill')}: {''.join(element.itertext())}")
        stroke = paint.get("stroke", "none")
        opaque = not any(float(paint.get(key, "1")) < 1 for key in ("opacity", "stroke-opacity"))
        if element.tag in (f"{SVG}path", f"{SVG}use") and stroke not in ("none", *soft) and opaque:
            found += [f"line {stroke}"] if palette.contrast(stroke, ground) < LINE else []
    return found


def test_the_examples_include_every_figure_of_the_table() -> None:
    assert shown_ids({name: example(name) for name in GALLERY}) >= set(FIGURES)


@pytest.mark.parametrize("name", GALLERY)
def test_text_and_lines_have_enough_contrast_on_both_grounds(name: str) -> None:
    light, dark = palette.BY_NAME["ground"].light, palette.BY_NAME["ground"].dark
    assert example(name)
    for drawing, svg in zip(example(name), pictures(name), strict=True):
        assert faint(svg, light, SOFT) == [], drawing.id
        assert faint(palette.dark(svg), dark, SOFT_DARK) == [], drawing.id


@pytest.mark.parametrize("name", GALLERY)
def test_a_narrow_figure_is_inside_its_canvas_and_its_text_is_readable_on_a_phone(name: str) -> None:
    for drawing in example(name):
        assert drawing.narrow is not None, drawing.id
        with warnings.catch_warnings(), _style.settings(), drawing_on(PHONE):
            warnings.simplefilter("error")
            figure = drawing.narrow()
        FigureCanvasAgg(figure)
        inside = figure.get_tightbbox(figure.canvas.get_renderer())
        width, height = figure.get_size_inches()
        assert width == PHONE.width
        assert inside.x0 > -0.02, drawing.id
        assert inside.y0 > -0.02, drawing.id
        assert inside.x1 < width + 0.02, drawing.id
        assert inside.y1 < height + 0.02, drawing.id
        sizes = [text.get_fontsize() for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
        assert min(sizes) * SCREEN / (72 * PHONE.width) >= 11, drawing.id


@pytest.mark.parametrize("name", GALLERY)
def test_a_slide_has_enough_contrast_and_is_inside_its_canvas(name: str, tmp_path: Path) -> None:
    with drawing_on(SLIDE):
        shown = [one for one in GALLERY[name](tmp_path) if one.id in FIGURES and FIGURES[one.id].slide and fits(one)]
    for drawing in shown:
        assert faint(svg_text(drawing), palette.BY_NAME["ground"].light, SOFT) == [], drawing.id
        FigureCanvasAgg(drawing.figure)
        inside = drawing.figure.get_tightbbox(drawing.figure.canvas.get_renderer())
        width, height = drawing.figure.get_size_inches()
        assert min(inside.x0, inside.y0) > -0.03, drawing.id
        assert inside.x1 < width + 0.03, drawing.id
        assert inside.y1 < height + 0.03, drawing.id


@pytest.mark.parametrize("name", GALLERY)
def test_every_colour_is_in_the_palette_so_that_it_has_a_dark_one(name: str) -> None:
    for drawing, svg in zip(example(name), pictures(name), strict=True):
        used = set(re.findall(r'(?:fill|stroke)="(#[^"]*)"', svg))
        assert used <= set(palette.BY_LIGHT), drawing.id
        assert not re.search(r'(?:fill|stroke)="#', screen_svg(drawing, svg)), drawing.id


@pytest.mark.parametrize("name", GALLERY)
def test_a_picture_is_a_small_file(name: str) -> None:
    assert {
        one.id: len(svg) for one, svg in zip(example(name), pictures(name), strict=True) if len(svg) > 150_000
    } == {}


@pytest.mark.parametrize("tone", palette.TONES, ids=lambda tone: tone.name)
def test_a_colour_has_the_contrast_of_its_role(tone: palette.Tone) -> None:
    ground = palette.BY_NAME["ground"]
    least = {"text": TEXT, "line": LINE, "soft": 1.0}[tone.role]
    assert palette.contrast(tone.light, ground.light) >= least
    assert palette.contrast(tone.dark, ground.dark) >= least


@pytest.mark.parametrize("colour", [*palette.COLOURS, *palette.RAMP])
def test_names_of_series_have_the_contrast_of_text(colour: str) -> None:
    tone, ground = palette.BY_LIGHT[palette.text_colour(colour)], palette.BY_NAME["ground"]
    assert palette.contrast(tone.light, ground.light) >= TEXT
    assert palette.contrast(tone.dark, ground.dark) >= TEXT


@pytest.mark.parametrize("area", ["region", "image-layer", "dense-layer", "other-layer"])
@pytest.mark.parametrize("text", ["ink", "muted"])
def test_text_on_an_area_has_enough_contrast(area: str, text: str) -> None:
    for scheme in palette.SCHEMES:
        colours = [getattr(palette.BY_NAME[name], scheme) for name in (text, area)]
        assert palette.contrast(*colours) >= TEXT


def test_contrast_is_that_of_the_guidelines() -> None:
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert palette.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
