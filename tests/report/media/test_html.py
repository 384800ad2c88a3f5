"""The page of a report: its figures for wide and for narrow screens."""

from __future__ import annotations

import re

import pytest

from reportgen import figures
from reportgen.report.write import write
from tests.report.test_report import analysed


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, set[str]]:
    """Return a page, and the ids of its figures."""
    folder = tmp_path_factory.mktemp("report")
    analysis = analysed(folder)
    drawings = figures.draw_all(analysis)
    write(analysis, drawings, folder, ["html"])
    return (folder / "index.html").read_text(encoding="utf-8"), {drawing.id for drawing in drawings}


@pytest.mark.parametrize(("layout", "suffix"), [("broad", ""), ("narrow", "-narrow")])
def test_the_page_has_each_figure_for_wide_and_for_narrow_screens(
    written: tuple[str, set[str]], layout: str, suffix: str
) -> None:
    page, ids = written
    found = re.findall(rf'<svg class="{layout}"[^>]*aria-labelledby="([^"]+){suffix}-title"', page)
    assert sorted(found) == sorted(ids)


def test_figures_have_the_colours_of_the_page(written: tuple[str, set[str]]) -> None:
    page, _ = written
    pictures = re.findall(r'<svg class="(?:broad|narrow)".*?</svg>', page, re.DOTALL)
    assert pictures
    assert not any(re.search(r'(?:fill|stroke)="#', picture) for picture in pictures)
    used = {name for picture in pictures for name in re.findall(r"var\((--f-[\w-]+)\)", picture)}
    assert used <= set(re.findall(r"(--f-[\w-]+):#", page))


def test_no_id_of_the_page_occurs_twice(written: tuple[str, set[str]]) -> None:
    ids = re.findall(r'\bid="([^"]+)"', written[0])
    assert len(ids) == len(set(ids))
