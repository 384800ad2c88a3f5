"""Names at the ends of lines."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from reportgen.figures.drawing.axis import Scale
from reportgen.figures.drawing.ends import (
    Curve,
    coincidences,
    coinciding,
    names_of,
    room_for,
    spread,
    with_hidden,
    write_names,
)
from reportgen.figures.drawing.surface import PHONE, drawing_on

UNIT = Scale(False, 0.0, 1.0)


def curve(name: str, *values: float) -> Curve:
    return Curve.of(name, "#0072b2", np.arange(len(values)), values, UNIT)


def test_lines_that_coincide_are_named_together() -> None:
    names = names_of([curve("a", 0.1, 0.5), curve("b", 0.1, 0.505), curve("c", 0.1, 0.9), curve("d", 0.1, 0.5)])
    assert [name.text for name in names] == ["a, b and d", "c"]


def test_a_grey_line_behind_a_coloured_one_is_named_with_it_and_a_visible_one_is_not() -> None:
    shown = with_hidden([curve("a", 0.1, 0.5)], [curve("hidden", 0.1, 0.5), curve("visible", 0.1, 0.9)])
    assert [name.text for name in names_of(shown)] == ["a and hidden"]


def test_lines_that_only_end_at_the_same_place_have_names_of_their_own() -> None:
    assert [name.text for name in names_of([curve("a", 0.1, 0.5), curve("b", 0.9, 0.5)])] == ["a", "b"]


def test_names_with_commas_are_separated_by_semicolons() -> None:
    same = [curve(name, 0.1, 0.5) for name in ("plain, He", "plain, small", "both")]
    assert names_of(same)[0].text.replace("\n", " ") == "plain, He; plain, small and both"


def test_the_name_of_a_line_with_gaps_is_at_its_last_point() -> None:
    (name,) = names_of([curve("a", 0.1, 0.4, np.nan), curve("lost", np.nan, np.nan, np.nan)])
    assert (name.x, name.y) == (1.0, pytest.approx(0.4))


def test_a_panel_without_a_finite_line_has_no_names() -> None:
    ax = Figure().subplots()
    lost = [curve("a", np.nan, np.nan), curve("b", np.nan, np.inf)]
    write_names(ax, lost)
    assert (list(ax.texts), list(ax.figure.findobj(LineCollection))) == ([], [])
    write_names(ax, [*lost, curve("c", 0.1, 0.5)])
    assert [text.get_text() for text in ax.texts] == ["c"]


def test_a_sentence_names_only_lines_that_coincide_in_every_panel() -> None:
    both, apart = [curve("a", 0.1), curve("b", 0.1)], [curve("a", 0.1), curve("b", 0.5)]
    assert "“a” and “b”" in coincidences([both, both])
    assert coincidences([both, apart]) == ""


def test_places_do_not_overlap_and_stay_near_the_wanted_ones() -> None:
    wanted, sizes = [0.5, 0.5, 0.52, 1.5], [0.2, 0.2, 0.4, 0.2]
    places = spread(wanted, sizes, 2.0)
    gaps = [(sizes[k] + sizes[k + 1]) / 2 for k in range(3)]
    assert all(after - before >= gap - 1e-9 for before, after, gap in zip(places, places[1:], gaps, strict=False))
    assert places[3] == pytest.approx(1.5)
    assert np.mean(places[:3]) == pytest.approx(np.mean(wanted[:3]), abs=0.05)


def test_places_stay_inside_the_panel() -> None:
    places = spread([2.0, 2.0, 2.0], [0.3, 0.3, 0.3], 2.0)
    assert places[-1] + 0.15 < 2.1


def test_single_lines_crowded_panels_and_phones_have_a_legend() -> None:
    two = [curve("a", 0.1, 0.2), curve("b", 0.5, 0.6)]
    assert room_for([[two]], 1, 2.0).inches > 0
    assert room_for([[two[:1]]], 1, 2.0).inches == 0
    crowded = [curve(f"line {k}", 0.1, k / 40) for k in range(40)]
    assert room_for([[crowded]], 1, 2.0).inches == 0
    with drawing_on(PHONE):
        assert room_for([[two]], 1, 2.0).inches == 0


def test_the_last_of_many_panels_has_names_only_if_it_has_all_lines() -> None:
    two, one = [curve("a", 0.1, 0.2), curve("b", 0.5, 0.6)], [curve("c", 0.5, 0.6)]
    assert room_for([[two[:1], two[1:], two]], 3, 2.0).inches > 0
    assert room_for([[one, two[1:], two]], 3, 2.0).inches == 0


def test_a_line_that_ends_between_others_has_a_legend() -> None:
    lines = [curve("a", 0.1, 0.2, 0.3, 0.4), curve("b", 0.5, 0.6, 0.7)]
    assert room_for([[lines]], 1, 2.0).inches == 0


def test_each_panel_is_searched_once_for_lines_that_coincide(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    coincides = Curve.coincides
    monkeypatch.setattr(Curve, "coincides", lambda one, other: compared.append(1) or coincides(one, other))
    panel = [curve(f"{number}", 0.1 * (number // 2), 0.5) for number in range(16)]
    assert len(coinciding([panel, panel])) == 8
    assert len(compared) == 2 * sum(number // 2 + 1 if number % 2 else number // 2 for number in range(16))
