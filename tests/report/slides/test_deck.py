"""The content of slides: which claims share a page, and how large a title is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from reportgen.figures import FIGURES
from reportgen.figures.slides import SlideFigure
from reportgen.report.slides.deck import (
    HIGHEST,
    LEAST,
    TITLES,
    SlideClaim,
    _height,
    _pages,
    _slides,
    _title,
    _TitleClaim,
    title_size,
)


def claims(count: int, words: int = 12, verdict: str = "supported") -> list[SlideClaim]:
    return [SlideClaim(f"Claim {at} " + "holds " * words, verdict, "0.5, 3 seeds") for at in range(count)]


@pytest.mark.parametrize("count", [0, 1, 4, 7, 13])
@pytest.mark.parametrize("words", [2, 12, 30])
def test_each_claim_is_on_one_page_and_no_page_is_too_full(count: int, words: int) -> None:
    pages = _pages(claims(count, words))
    assert [claim for page in pages for claim in page] == claims(count, words)
    assert all(sum(map(_height, page)) <= HIGHEST for page in pages)
    assert all(pages)


def test_pages_are_about_equally_full() -> None:
    sizes = [len(page) for page in _pages(claims(8))]
    assert max(sizes) - min(sizes) <= 1


def test_a_title_of_a_claim_that_is_not_supported_begins_with_the_verdict() -> None:
    titles = {verdict: _title(*claims(1, 0, verdict)) for verdict in ("supported", "contradicted", "inconclusive")}
    assert titles == {
        "supported": "Claim 0 ", "contradicted": "Contradicted: Claim 0 ", "inconclusive": "Inconclusive: Claim 0 "
    }  # fmt: skip
    assert _title(*claims(1, 0, "no verdict")) == _title(None) == ""


def test_a_longer_title_has_smaller_letters_but_never_smaller_than_the_text() -> None:
    sizes = [title_size("word " * count) for count in (3, 12, 22, 30, 60)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == TITLES[0][0]
    assert sizes[-1] == TITLES[-1][0] >= LEAST


def test_the_height_of_a_claim_counts_lines_that_end_before_a_long_word() -> None:
    words = SlideClaim("nine characters " + ("x" * 40 + " ") * 3, "supported", "1, 3 seeds")
    fluent = SlideClaim("nine characters " + ("x " * 60), "supported", "1, 3 seeds")
    assert _height(words) > _height(fluent)


def test_a_value_leaves_out_the_names_if_it_does_not_fit_on_a_line() -> None:
    short = SlideClaim("Says", "inconclusive", "a minus b: +0.5, 3 seeds", "+0.5, 3 seeds")
    assert short.on_one_line == short.value
    long = SlideClaim("Says", "inconclusive", f"{'a very long name ' * 8} minus b: +0.5, 3 seeds", "+0.5, 3 seeds")
    assert long.on_one_line == "+0.5, 3 seeds"


def test_the_title_of_a_slide_is_a_claim_whose_metric_the_fewest_other_figures_show() -> None:
    drawing: Any = SimpleNamespace(short="Nothing.")
    one = frozenset({"a"})
    figures = [SlideFigure(FIGURES[id_], drawing, "", one) for id_ in ("loss_by_rate", "loss_curves")]
    tested = [_TitleClaim(metric, one, SlideClaim(metric, "supported", "1")) for metric in ("train_loss", "lr")]
    document: Any = SimpleNamespace(story=None)
    assert [slide.title for slide in _slides(document, figures, tested)] == ["lr", "train_loss"]
