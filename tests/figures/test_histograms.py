"""Tests of the histogram figures."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.analysis.results import VariantSummary
from reportgen.figures import FIGURES
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.views.bins import outline
from tests.figures.examples import analysis, record, summary


def drawn(*variants: VariantSummary) -> Drawing:
    drawing = FIGURES["activation_histograms"].draw(analysis(variants))
    assert drawing is not None
    return drawing


def test_the_shares_of_a_layer_sum_to_one() -> None:
    drawing = drawn(summary("a", [record(s, 4) for s in range(2)]))
    layer, share = drawing.columns.index("layer"), drawing.columns.index("share")
    for number in (1, 2, 3):
        assert sum(row[share] for row in drawing.rows if row[layer] == number) == pytest.approx(1)


@pytest.mark.parametrize(("layers", "is_counted"), [(11, False), (61, True)])
def test_layers_that_are_not_shown_are_counted(layers: int, is_counted: bool) -> None:
    drawing = drawn(summary("a", [record(0, layers)]))
    assert len({row[drawing.columns.index("layer")] for row in drawing.rows}) == 10
    assert (f"10 of {layers - 1} layers" in drawing.caption) == is_counted


def test_histograms_of_one_layer_are_side_by_side() -> None:
    made = drawn(*(summary(f"v{k}", [record(k, 2, 0)]) for k in range(5)))
    tops = [round(ax.get_position().y1, 6) for ax in made.figure.axes]
    assert len(tops) == 5
    assert len(set(tops)) == 2
    assert [ax.get_title() for ax in made.figure.axes] == [f"v{k}" for k in range(5)]


def test_the_tallest_bar_of_a_histogram_is_cut_at_twice_the_next() -> None:
    x, height = outline(np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.8, 0.1, 0.1]))
    assert list(x) == [0, 0, 1, 1, 2, 2, 3, 3]
    assert list(height) == [0, 1, 1, 0.5, 0.5, 0.5, 0.5, 0]


def test_a_bar_next_to_a_tiny_one_is_not_cut() -> None:
    _, height = outline(np.array([0.0, 1.0, 2.0]), np.array([0.99, 0.01]))
    assert height[3] == pytest.approx(0.01 / 0.99)


@pytest.mark.parametrize("figure", ["activation_histograms", "gradient_histograms"])
@pytest.mark.parametrize(
    ("rates", "name"), [((1, 10), "tanh, lr 1 and lr 10"), ((1, 2, 3, 4), "tanh, lr 1, lr 2 and 2 more")]
)
def test_variants_with_identical_initial_networks_share_a_panel_and_keep_their_data(
    figure: str, rates: tuple[int, ...], name: str
) -> None:
    rows = [summary(f"tanh, lr {lr}", [record(0, 4)]) for lr in rates] + [summary("relu", [record(1, 4)])]
    drawing = FIGURES[figure].draw(analysis(rows))
    assert drawing is not None
    assert len(drawing.figure.axes) == 2
    assert f"“{name}”" in drawing.caption
    assert {row[0] for row in drawing.rows} == {row.variant.id for row in rows}
