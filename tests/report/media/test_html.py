"""The page of a report: its figures for wide and for narrow screens."""

from __future__ import annotations

import re

import pytest


@pytest.mark.parametrize(("layout", "suffix"), [("broad", ""), ("narrow", "-narrow")])
def test_the_page_has_each_figure_for_wide_and_for_narrow_screens(written_page: str, layout: str, suffix: str) -> None:
    found = re.findall(rf'<svg class="{layout}"[^>]*aria-labelledby="([^"]+){suffix}-title"', written_page)
    assert sorted(found) == ["activation_std_by_layer", "claims_overview", "loss_curves"]


def test_figures_have_the_colours_of_the_page(written_page: str) -> None:
    pictures = re.findall(r'<svg class="(?:broad|narrow)".*?</svg>', written_page, re.DOTALL)
    assert pictures
    assert not any(re.search(r'(?:fill|stroke)="#', picture) for picture in pictures)
    used = {name for picture in pictures for name in re.findall(r"var\((--f-[\w-]+)\)", picture)}
    assert used <= set(re.findall(r"(--f-[\w-]+):#", written_page))


def test_no_id_of_the_page_occurs_twice(written_page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', written_page)
    assert len(ids) == len(set(ids))
