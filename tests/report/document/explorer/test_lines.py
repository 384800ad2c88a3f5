"""The lines of the explorer: colours of the figures, dash patterns by panel, and what is shown at first."""

from __future__ import annotations

from itertools import product

from reportgen.figures.drawing.palette import BY_NAME
from reportgen.figures.views.series import layout
from reportgen.report.document.explorer.lines import GREY_PATTERN, explorer_lines
from tests.figures.examples import analysis, claim, lecture_grid, record, result, summary


def test_a_variant_has_its_colour_of_the_figures() -> None:
    grid = lecture_grid(seeds=1)
    lines = explorer_lines(grid)
    coloured = [series for series in layout(grid).series if not series.grey]
    assert coloured
    assert [BY_NAME[lines[one.id].colour].light for one in coloured] == [one.style.colour for one in coloured]


def test_variants_of_several_panels_have_different_patterns_and_one_panel_is_shown() -> None:
    grid = lecture_grid(seeds=1)
    lines, (first, second) = explorer_lines(grid), layout(grid).panels
    coloured = [lines[one.id] for panel in (first, second) for one in panel.series if not one.grey]
    assert len({(line.colour, line.pattern) for line in coloured}) == len(coloured)
    assert [line.is_shown for line in coloured] in ([True] * 5 + [False] * 5, [False] * 5 + [True] * 5)
    greys = [lines[one.id] for panel in (first, second) for one in panel.series if one.grey]
    assert {(line.pattern, line.is_shown) for line in greys} == {(GREY_PATTERN, False)}
    assert len({line.colour for line in greys}) == len(greys)


def test_the_panel_with_most_variants_of_claims_is_shown() -> None:
    rows = [summary(f"{a} {b}", [record()], {"x.a": f"a{a}", "x.b": f"b{b}"}) for a, b in product(range(2), range(4))]
    panels = layout(analysis(rows)).panels
    named = [one.id for one in panels[1].series]
    lines = explorer_lines(analysis(rows, results=[result(claim(), named)]))
    assert {lines[one.id].is_shown for one in panels[0].series} == {False}
    assert {lines[one.id].is_shown for one in panels[1].series} == {True}
