"""Figures in the PDF: an order and sizes that fill the pages."""

from __future__ import annotations

from reportgen.report.document.arrange import GAP, HEADING, LEAST, PAGE, Block, arrange, caption_height


def block(id_: str, picture: float) -> Block:
    return Block(id_, picture, 10.0)


def test_figures_that_fit_keep_their_order_and_size() -> None:
    assert arrange([block("a", 60), block("b", 70)], PAGE) == [("a", 60), ("b", 70)]
    assert arrange([], 10.0) == []


def test_the_first_figure_that_fits_fills_the_rest_of_a_page() -> None:
    placed = arrange([block("tall", 200), block("low", 60)], 100.0)
    assert placed == [("low", 60), ("tall", 200)]


def test_figures_of_a_page_shrink_together_to_fill_it() -> None:
    placed = arrange([block("a", 120), block("b", 120)], PAGE)
    heights = dict(placed)
    assert heights["a"] == heights["b"]
    assert LEAST * 120 < heights["a"] < 120
    assert abs(sum(heights.values()) + 2 * (10 + GAP) - PAGE) < 1e-9


def test_no_figure_becomes_too_small_to_read() -> None:
    assert arrange([block("a", 200)], 100.0) == [("a", 200)]
    assert arrange([block("a", 200), block("b", 200)], PAGE) == [("a", 200), ("b", 200)]


def test_a_figure_taller_than_a_page_is_drawn_to_fit_one() -> None:
    assert arrange([block("a", 400)], 20.0) == [("a", PAGE - HEADING - 10 - GAP)]


def test_a_longer_caption_has_more_lines() -> None:
    assert caption_height("word") < caption_height("word " * 40) < caption_height("word " * 80)
