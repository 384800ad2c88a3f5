"""Styles of lines by what their variants differ in.

Ordered settings, such as learning rates, widths and standard deviations, get colours of a ramp. If variants differ in
a setting that is on or off, the line is solid with it and dashed without it. Other settings get the colours of
categories.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reportgen.figures.drawing.palette import RAMP
from reportgen.figures.drawing.style import DASHES, MARKERS, SeriesStyle, series_style
from reportgen.figures.drawing.surface import surface
from reportgen.study.planning.plan import Variant

SOLID, DASHED = DASHES[0], DASHES[1]
OFF: tuple[Any, ...] = (None, False, 0, "none", [])
"""Values that switch a setting off."""


def line_styles(groups: Mapping[str, Sequence[Variant]]) -> dict[str, SeriesStyle]:
    """Return the style of each line; `groups` maps the names of lines to their variants.

    The styles of the surface come first, so that a variant has the same style in several figures.
    """
    fixed = {name: _fixed(group) for name, group in groups.items()}
    known = {name: style for name, style in fixed.items() if style is not None}
    return known if len(known) == len(groups) else _chosen(groups)


def _fixed(group: Sequence[Variant]) -> SeriesStyle | None:
    """Return the style that the surface has for the variants of a line, None if it has none or several."""
    found = [surface().styles.get(variant.id) for variant in group]
    return found[0] if found and all(style == found[0] for style in found) else None


def _chosen(groups: Mapping[str, Sequence[Variant]]) -> dict[str, SeriesStyle]:
    settings = _differing(list(groups.values()))
    orders = [numbers for values in settings if (numbers := _numbers(values)) is not None]
    switches = [on for values in settings if (on := _switch(values)) is not None]
    rest = len(settings) - len(orders) - len(switches)
    dashes = [SOLID if on else DASHED for on in switches[0]] if _agree(switches) else []
    if orders and not rest and _agree([_ranks(numbers) for numbers in orders]) and (dashes or not switches):
        colours = _ramp(_ranks(orders[0]))
        found = list(zip(colours, dashes or [SOLID] * len(groups), strict=True))
    elif dashes and not orders and rest:
        kinds = list(zip(*(map(_key, values) for values in settings if _switch(values) is None), strict=True))
        different = list(dict.fromkeys(kinds))
        colours = [series_style(different.index(kind)).colour for kind in kinds]
        found = list(zip(colours, dashes, strict=True))
    elif dashes and not orders:
        found = [(series_style(at).colour, dash) for at, dash in enumerate(dashes)]
    else:
        found = []
    if len(set(found)) < len(groups):
        return {name: series_style(at) for at, name in enumerate(groups)}
    return {
        name: SeriesStyle(colour, MARKERS[at % len(MARKERS)], dash)
        for at, (name, (colour, dash)) in enumerate(zip(groups, found, strict=True))
    }


def _differing(groups: Sequence[Sequence[Variant]]) -> list[list[Any]]:
    """Return the values of each setting in which the lines differ, in the order of the lines.

    A setting that also varies within a line, such as one that makes the panels, does not distinguish lines.
    """
    paths = dict.fromkeys(path for group in groups for variant in group for path in variant.settings)
    found = []
    for path in paths:
        values = [list({_key(v.settings.get(path)): v.settings.get(path) for v in group}.values()) for group in groups]
        if len({tuple(sorted(map(_key, own))) for own in values}) > 1:
            found.append([own[0] if len(own) == 1 else own for own in values])
    return found


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _switch(values: Sequence[Any]) -> list[bool] | None:
    """Return whether a setting is on in each line, None if it has more values than on and off."""
    on = [value not in OFF for value in values]
    different = {_key(value) for value, is_on in zip(values, on, strict=True) if is_on}
    return on if len(different) == 1 and not all(on) else None


def _numbers(values: Sequence[Any]) -> list[float] | None:
    """Return a setting of each line as numbers, None if it is not ordered; off counts as 0."""
    if _switch(values) is not None:
        return None
    found = [_number(value) for value in _reduced(values)]
    return [number for number in found if number is not None] if None not in found else None


def _reduced(values: Sequence[Any]) -> list[Any]:
    """Return the values, or the one parameter in which components or lists of equal numbers differ."""
    if all(isinstance(value, dict) for value in values):
        keys = {key for value in values for key in value if len({_key(one.get(key)) for one in values}) > 1}
        return [value.get(next(iter(keys))) for value in values] if len(keys) == 1 else list(values)
    if all(isinstance(value, list) and value and len({_key(one) for one in value}) == 1 for value in values):
        widths, depths = [value[0] for value in values], [len(value) for value in values]
        return widths if len(set(depths)) == 1 else depths if len({_key(width) for width in widths}) == 1 else []
    return list(values)


def _number(value: Any) -> float | None:
    if value in OFF:
        return 0.0
    return float(value) if isinstance(value, (int, float)) else None


def _ranks(numbers: Sequence[float]) -> list[int]:
    ordered = sorted(set(numbers))
    return [ordered.index(number) for number in numbers]


def _agree(orders: Sequence[Sequence[Any]]) -> bool:
    """Return whether there is an order, and all are the same."""
    return bool(orders) and all(list(order) == list(orders[0]) for order in orders)


def _ramp(ranks: Sequence[int]) -> list[str]:
    """Return evenly spaced colours of the ramp for ranks from 0; beyond its length, neighbours share a colour."""
    last = max(ranks) or 1
    return [RAMP[round(rank * (len(RAMP) - 1) / last)] for rank in ranks]
