"""The picture of a search shows its trials, and the same number of trials by the other method."""

from __future__ import annotations

from tests.figures.pictures.trained import LAYERS, MOONS, SEARCH, by_default, drawn, rows_of, trained

PATHS = ("training.lr", "training.l2")


def test_the_trained_points_are_the_trials() -> None:
    rows = [row for row in rows_of(drawn("search_layout", SEARCH)) if row["trained"]]
    (search,) = trained(SEARCH).searches
    for number, one in enumerate(search.trials, start=1):
        own = {row["setting"]: row for row in rows if row["trial"] == number}
        assert [own[path]["value"] for path in PATHS] == [one.trial.values[path] for path in PATHS]


def test_the_grid_has_as_many_points_and_few_values() -> None:
    drawing = drawn("search_layout", SEARCH)
    rows = [row for row in rows_of(drawing) if not row["trained"]]
    assert {row["method"] for row in rows} == {"grid"}
    assert len(rows) == 2 * 9
    assert all(len({row["value"] for row in rows if row["setting"] == path}) == 3 for path in PATHS)
    assert "9 values" in drawing.caption
    assert "3 values" in drawing.caption


def test_the_layout_is_drawn_by_default_for_searches_only() -> None:
    assert by_default("search_layout", SEARCH)
    assert not by_default("search_layout", MOONS + LAYERS)
