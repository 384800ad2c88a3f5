"""Selects the variants of a claim."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reportgen.data.datasets import DATASETS
from reportgen.data.preprocessing.steps import STEPS
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.inits import INITS
from reportgen.engine.tables.losses import LOSSES
from reportgen.engine.tables.norms import NORMS
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.engine.tables.schedules import SCHEDULES
from reportgen.study.planning.plan import Variant

_TABLES = (DATASETS, STEPS, ACTIVATIONS, INITS, LOSSES, NORMS, OPTIMIZERS, SCHEDULES)


def matches(variant: Variant, where: Mapping[str, Any]) -> bool:
    """Return whether the variant has all settings of `where`, given by label, name or value.

    The key `variant` selects by the label or id of the variant, or by several ids.
    """
    return all(_has(variant, path, wanted) for path, wanted in where.items())


def matching_variants(variants: Sequence[Variant], where: Mapping[str, Any]) -> list[Variant]:
    """Return the variants that have all settings of `where`, in order."""
    return [variant for variant in variants if matches(variant, where)]


def where_alone(
    variant: Variant, where: Mapping[str, Any], variants: Sequence[Variant], free: str | None
) -> dict[str, Any]:
    """Return `where` with the settings that select one of its variants, or those that differ from it in `free` only.

    A variant that changes nothing, or less than another, has no settings that select it alone, only its id.
    """
    narrowed = {**where, **_without(variant.varied, free)}
    selected = matching_variants(variants, narrowed)
    wanted = [one for one in selected if one == variant or (free is not None and _differ_in(free, one, variant))]
    return narrowed if wanted == selected else {**narrowed, "variant": tuple(one.id for one in wanted)}


def _differ_in(path: str, one: Variant, other: Variant) -> bool:
    """Return whether two variants differ in nothing but the setting at a path, or a part of it."""
    return all(
        _without(getattr(one, each), path) == _without(getattr(other, each), path) for each in ("varied", "settings")
    )


def _without(values: Mapping[str, Any], path: str | None) -> dict[str, Any]:
    """Return the values without those at a path, of which it is a part, or which are parts of it."""
    parts = f"{path}."
    return {
        name: value
        for name, value in values.items()
        if not f"{name}.".startswith(parts) and not parts.startswith(f"{name}.")
    }


def by_label(variants: Sequence[Variant], path: str) -> dict[str, list[Variant]]:
    """Return the variants by their labels for a varied path, in the order of the study."""
    groups: dict[str, list[Variant]] = {}
    for variant in variants:
        groups.setdefault(variant.varied.get(path, ""), []).append(variant)
    return groups


def _has(variant: Variant, path: str, wanted: Any) -> bool:
    if path == "variant":
        return variant.id in wanted if isinstance(wanted, tuple) else wanted in (variant.label, variant.id)
    if path in variant.varied and str(wanted) == variant.varied[path]:
        return True
    found, value = setting(variant.settings, path)
    return found and _same(value, wanted)


def setting(settings: Mapping[str, Any], path: str) -> tuple[bool, Any]:
    """Return whether a setting exists, and its value; the path may continue into the parameters of a component."""
    if path in settings:
        return True, settings[path]
    if path in _OF_WIDTHS and isinstance(settings.get("network.hidden"), list):
        return _OF_WIDTHS[path](settings["network.hidden"])
    parts = path.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        place = ".".join(parts[:cut])
        value: Any = {"name": settings.get("data.name")} if place == "data" else settings.get(place)
        for part in parts[cut:]:
            found, value = _part(value, part)
        if found:
            return True, value
    return False, None


def _part(value: Any, key: str) -> tuple[bool, Any]:
    """Return whether there is a value at a key of a mapping or component, or at an index of a list, and the value."""
    if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
        return True, value[int(key)]
    whole = _with_left_out(value)
    return key in whole, whole.get(key)


def _with_left_out(value: Any) -> dict[str, Any]:
    """Return a mapping, or the mapping of a component, with the parameters that it leaves out if they have defaults."""
    mapping = value if isinstance(value, dict) else {"name": value}
    name = mapping.get("name")
    rows = [table[name] for table in _TABLES if isinstance(name, str) and name in table]
    return {p.name: p.default for row in rows for p in row.parameters if p.added} | mapping


def _one_width(widths: list[int]) -> tuple[bool, int | None]:
    """Return the common width of all hidden layers, if there is one."""
    return (True, widths[0]) if len(set(widths)) == 1 else (False, None)


_OF_WIDTHS: dict[str, Callable[[list[int]], tuple[bool, Any]]] = {
    "network.hidden.layers": lambda widths: (True, len(widths)),
    "network.hidden.width": _one_width,
}
"""Settings that describe a list of widths, computed from the list."""


def _same(value: Any, wanted: Any) -> bool:
    """Return whether a setting has a value; a component may be given by its name or some of its parameters."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return _truth(value) is _truth(wanted)
    if isinstance(wanted, dict) and isinstance(value, (dict, str)):
        whole = _with_left_out(value)
        return all(key in whole and _same(whole[key], item) for key, item in wanted.items())
    if isinstance(value, dict):
        return bool(value.get("name", value.get("rate")) == _canonical(wanted))
    if isinstance(value, list):
        return _same_list(value, wanted)
    if value is None:
        return wanted in (None, "none", 0)
    return bool(value == _canonical(wanted))


def _same_list(values: list[Any], wanted: Any) -> bool:
    """Return whether a list has a value; a list of one entry may be given by the entry, an empty list by none."""
    if wanted in (None, "none"):
        return not values
    items = wanted if isinstance(wanted, list) else [wanted]
    return len(items) == len(values) and all(_same(a, b) for a, b in zip(values, items, strict=True))


def _canonical(name: Any) -> Any:
    if not isinstance(name, str):
        return name
    return next((rows.aliases[name] for rows in _TABLES if name in rows.aliases), name)


def _truth(value: Any) -> bool:
    return value is not None and value is not False
