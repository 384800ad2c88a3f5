"""Names of the code and settings as text: a statistic or a setting in words, a value as a study would write it."""

from __future__ import annotations

from typing import Any

from reportgen.analysis.metrics.scales import in_points, is_difference, is_share

_SPELLED = {
    "val": "validation",
    "train": "training",
    "std": "standard deviation",
    "lr": "learning rate",
    "bn": "batch-norm",
    "mc": "Monte Carlo",
    "preactivation": "pre-activation",
    "var": "variance",
    "ns": "time in ns",
    "l1": "L1",
    "l2": "L2",
}
_SETTINGS = {
    "data.samples": "examples",
    "data.train": "training examples",
    "network.dropout.rate": "dropout rate",
    "network.hidden": "hidden units",
    "network.hidden.layers": "hidden layers",
    "network.hidden.width": "hidden units per layer",
    "training.l1": "L1 strength",
    "training.l2": "L2 strength",
}
"""Settings that the last part of their path would name badly."""


def amount(value: float, metric: str) -> str:
    """Return a number that an author wrote, in full, as its metric is read: shares in percent, their gaps in points."""
    if is_difference(metric):
        return points(value)
    return f"{100 * value:g}%" if is_share(metric) else f"{value:g}"


def margin(value: float, metric: str) -> str:
    """Return how far apart an author allows or wants two values of a metric, in full."""
    return points(value) if in_points(metric) else f"{value:g}"


def points(value: float) -> str:
    """Return a difference of shares that an author wrote in percentage points, in full."""
    return f"{100 * value:g} point{'' if abs(value) == 0.01 else 's'}"


def words(name: str) -> str:
    """Return a name of the code as words: val_accuracy is "validation accuracy"."""
    return " ".join(_SPELLED.get(part, part) for part in name.split("_"))


def setting_name(path: str) -> str:
    """Return a setting's dotted path as words: training.lr is "learning rate"."""
    return _SETTINGS.get(path) or words(path.rsplit(".", 1)[-1])


def sentence(text: str) -> str:
    """Return the text with a capital first letter, the others as they are."""
    return text[:1].upper() + text[1:]


def setting(value: Any) -> str:
    """Return a setting's value as a study would write it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        rest = ", ".join(f"{key} {setting(item)}" for key, item in value.items() if key != "name")
        return (f"{value['name']} ({rest})" if rest else str(value["name"])) if "name" in value else rest or "none"
    if isinstance(value, (list, tuple)):
        return _items(list(value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _items(values: list[Any]) -> str:
    if not values:
        return "none"
    if len(values) > 2 and all(value == values[0] for value in values):
        return f"{len(values)} × {setting(values[0])}"
    return ", ".join(setting(value) for value in values)
