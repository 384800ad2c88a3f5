import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from reportgen.figures import FIGURES
from reportgen.figures.drawing.export import svg_text
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.svg import SVG, tidy
from reportgen.figures.drawing.svg_path import shorten
from tests.figures.examples import lecture_grid


@pytest.fixture(scope="module")
def texts() -> list[tuple[Drawing, str]]:
    """Return two figures with their SVG."""
    grid = lecture_grid(epochs=3, seeds=2)
    drawn = [FIGURES[id_].draw(grid) for id_ in ("activation_std_by_layer", "activation_histograms")]
    return [(drawing, svg_text(drawing)) for drawing in drawn if drawing is not None]


def absolute(path: str) -> list[tuple[float, float]]:
    """Return the points of a path in the short form, by the rules of SVG for m, implicit l and z."""
    found: list[tuple[float, float]] = []
    x = y = 0.0
    for outline in re.findall(r"m[^mz]*z?", path):
        numbers = [float(number) for number in re.findall(r"-?(?:\d+\.\d+|\.\d+|\d+)", outline)]
        start = len(found)
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            found.append((x, y))
        if outline.endswith("z"):
            x, y = found[start]
    return found


def test_a_shortened_outline_draws_the_same_to_a_twentieth_of_a_point() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(-400, 400, (300, 2))
    path = "M " + " L ".join(f"{x:.6f} {y:.6f}" for x, y in points[:150]) + " z"
    path += " M " + " L ".join(f"{x:.6f} {y:.6f}" for x, y in points[150:])
    short = shorten(path)
    assert np.abs(np.array(absolute(short)) - points).max() < 0.0501
    assert len(short) < 0.6 * len(path)


def test_points_on_horizontal_or_vertical_lines_are_dropped() -> None:
    assert shorten("M 0 0 L 1 0 L 2 0 L 2 1 L 2 5 z") == "m0 0 2 0 0 5z"


def test_a_line_that_turns_back_on_itself_keeps_its_point() -> None:
    assert absolute(shorten("M 0 0 L 5 0 L 2 0")) == [(0, 0), (5, 0), (2, 0)]


def test_curves_are_unchanged() -> None:
    assert shorten("M 0 0 Q 1 1 2 2") == "M 0 0 Q 1 1 2 2"


def test_no_style_sheet_or_style_attribute_is_left(texts: list[tuple[Drawing, str]]) -> None:
    for _, text in texts:
        for element in ET.fromstring(text).iter():
            assert "style" not in element.attrib
            assert element.tag.rpartition("}")[2] not in ("style", "script", "metadata")


def test_title_and_description_name_the_figure(texts: list[tuple[Drawing, str]]) -> None:
    for drawing, text in texts:
        root = ET.fromstring(text)
        assert root.get("role") == "img"
        by_id = {element.get("id"): element.text for element in root.iter() if element.get("id")}
        assert by_id[root.get("aria-labelledby")] == drawing.title
        assert by_id[root.get("aria-describedby")] == drawing.alt


def test_two_figures_on_one_page_share_no_id_and_every_reference_is_kept(texts: list[tuple[Drawing, str]]) -> None:
    seen: set[str] = set()
    for _, text in texts:
        ids = set(re.findall(r'\bid="([^"]+)"', text))
        references = {one or other for one, other in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text)}
        assert references
        assert references <= ids
        assert not ids & seen
        seen |= ids


def test_nothing_is_fetched_from_elsewhere(texts: list[tuple[Drawing, str]]) -> None:
    for _, text in texts:
        assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", text)


CIRCLE = "M 0 0.65 C 0.17 0.65 0.34 0.58 0.46 0.46 C 0.58 0.34 0.65 0.17 0.65 0 z"


def markers(style: str) -> ET.Element:
    """Return the path of two circles in a style."""
    source = f"""<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">
    <defs><path id="circle" d="{CIRCLE}"/></defs>
    <use xlink:href="#circle" x="3" y="4" style="{style}"/><use xlink:href="#circle" x="5.5" y="6" style="{style}"/>
    </svg>"""
    [path] = ET.fromstring(tidy(source, "circles", "Circles", "Two circles.")).iter(f"{{{SVG}}}path")
    return path


@pytest.mark.parametrize(
    ("style", "width", "opacity"),
    [
        ("fill: #ff0000; stroke: #ff0000; stroke-width: 0.9", "2.2", None),
        ("fill: #ff0000; stroke: #ff0000; fill-opacity: 0.5; stroke-opacity: 0.5", "2.3", "0.5"),
        ("fill: #ff0000; fill-opacity: 0.75", "1.3", "0.75"),
    ],
)
def test_circles_of_one_colour_are_dots(style: str, width: str, opacity: str | None) -> None:
    path = markers(style)
    assert path.get("d") == "m3 4h0m2.5 2h0"
    assert (path.get("fill"), path.get("stroke"), path.get("stroke-linecap")) == ("none", "#ff0000", "round")
    assert (path.get("stroke-width"), path.get("stroke-opacity")) == (width, opacity)


@pytest.mark.parametrize("fill", ["none", "#ffffff"])
def test_circles_with_an_edge_of_their_own_keep_it(fill: str) -> None:
    path = markers(f"fill: {fill}; stroke: #ff0000; stroke-width: 0.7")
    assert (path.get("fill"), path.get("stroke"), path.get("stroke-width")) == (fill, "#ff0000", "0.7")
    assert re.fullmatch(r"(M[\d. ]+a0\.65 0\.65 0 1 1-\.01 0z){2}", path.get("d", ""))


@pytest.mark.parametrize(("transform", "keeps"), [('transform="scale(2)"', True), ("", False)])
def test_a_clip_path_stays_with_the_transform_whose_coordinates_it_has(transform: str, keeps: bool) -> None:
    path = f'<path d="M 1 1 L 2 2" clip-path="url(#area)" stroke="#ff0000" {transform}/>'
    area = '<defs><clipPath id="area"><rect width="9" height="9"/></clipPath></defs>'
    source = f'<svg xmlns="http://www.w3.org/2000/svg">{area}{path}{path}</svg>'
    root = ET.fromstring(tidy(source.encode(), "lines", "Lines", "Two lines."))
    paths = list(root.iter(f"{{{SVG}}}path"))
    assert len(paths) == 2
    assert ["clip-path" in path.attrib for path in paths] == [keeps, keeps]
    assert len([group for group in root.iter(f"{{{SVG}}}g") if "clip-path" in group.attrib]) == (not keeps)
