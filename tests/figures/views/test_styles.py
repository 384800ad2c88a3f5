"""Styles of lines by the kind of setting in which their variants differ."""

from __future__ import annotations

from typing import Any

import pytest

from reportgen.figures.drawing.palette import COLOURS, RAMP
from reportgen.figures.views.styles import DASHED, SOLID, line_styles
from reportgen.study.planning.plan import Variant


def styles(*settings: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the colours and dashes of lines with one variant each."""
    groups = {f"line {at}": [Variant(f"v{at}", f"v{at}", one, {})] for at, one in enumerate(settings)}
    return [(style.colour, style.dash) for style in line_styles(groups).values()]


@pytest.mark.parametrize(
    "values",
    [
        [0.1, 0.001, 0.01],
        [{"name": "gaussian", "std": 1.0}, {"name": "gaussian", "std": 0.01}, {"name": "gaussian", "std": 0.1}],
        [[200, 200], [50, 50], [100, 100]],
        [0.9, None, 0.5],
    ],
)
def test_ordered_settings_have_the_colours_of_the_ramp_in_their_order(values: list[Any]) -> None:
    largest, smallest, middle = styles(*({"a": value} for value in values))
    assert (smallest[0], largest[0]) == (RAMP[0], RAMP[-1])
    assert middle[0] in RAMP[1:-1]
    assert {dash for _, dash in (smallest, middle, largest)} == {SOLID}


@pytest.mark.parametrize(("off", "on"), [(None, {"name": "batchnorm"}), (False, True), (0, 0.5), ("none", "cosine")])
def test_a_switch_is_solid_if_on_and_dashed_if_off(off: Any, on: Any) -> None:
    assert styles({"a": off}, {"a": on}) == [(COLOURS[0], DASHED), (COLOURS[1], SOLID)]


def test_a_switch_beside_other_settings_keeps_their_colours() -> None:
    found = styles(*({"norm": norm, "init": init} for init in ("he", "xavier") for norm in (False, True)))
    assert found == [(COLOURS[0], DASHED), (COLOURS[0], SOLID), (COLOURS[1], DASHED), (COLOURS[1], SOLID)]


def test_a_switch_beside_an_ordered_setting_keeps_the_ramp() -> None:
    found = styles(
        {"norm": False, "lr": 0.1}, {"norm": True, "lr": 0.1}, {"norm": False, "lr": 1}, {"norm": True, "lr": 1}
    )
    assert found == [(RAMP[0], DASHED), (RAMP[0], SOLID), (RAMP[-1], DASHED), (RAMP[-1], SOLID)]


def test_categories_have_the_colours_of_categories() -> None:
    found = styles({"activation": "relu"}, {"activation": "tanh"}, {"activation": "elu"})
    assert [colour for colour, _ in found] == list(COLOURS[:3])


def test_a_setting_that_varies_within_every_line_does_not_count() -> None:
    groups = {
        name: [Variant(f"{name}{lr}", name, {"init": name, "lr": lr}, {}) for lr in (0.1, 1)]
        for name in ("he", "xavier")
    }
    assert [style.colour for style in line_styles(groups).values()] == list(COLOURS[:2])


def test_every_line_has_a_style_of_its_own() -> None:
    found = line_styles({f"line {k}": [Variant(f"v{k}", f"v{k}", {"lr": k + 1}, {})] for k in range(12)})
    assert len(set(found.values())) == 12
