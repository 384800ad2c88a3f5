"""Metrics, settings and their values as text."""

from __future__ import annotations

from typing import Any

from reportgen.analysis.metrics.scales import in_points, is_difference, is_share
from reportgen.languages.translate import N_, _, ngettext, numeral, percentage
from reportgen.study.metrics.table import metric_of
from reportgen.study.planning.layer_words import layers_in_words

_SPELLED = {
    "val": "validation",
    "train": "training",
    "std": "standard deviation",
    "lr": "learning rate",
    "bn": "batch-norm",
    "mc": "Monte Carlo",
    "preactivation": "pre-activation",
    "trainable": "trainable value",
    "var": "variance",
    "ns": "time in ns",
    "l1": "L1",
    "l2": "L2",
}
_SETTINGS = {
    "data.samples": N_("examples"),
    "data.train": N_("training examples"),
    "network.dropout.rate": N_("dropout rate"),
    "network.hidden": N_("hidden units"),
    "network.hidden.layers": N_("hidden layers"),
    "network.hidden.width": N_("hidden units per layer"),
    "training.l1": N_("L1 strength"),
    "training.l2": N_("L2 strength"),
}
"""Names of settings for which the last part of the path is unclear."""


def amount(value: float, metric: str) -> str:
    """Return all digits of a number from a study: shares in percent, differences of shares in percentage points."""
    if is_difference(metric):
        return points(value)
    return percentage(numeral(f"{100 * value:g}")) if is_share(metric) else numeral(f"{value:g}")


def margin(value: float, metric: str) -> str:
    """Return all digits of an allowed or expected difference between two values of a metric."""
    return points(value) if in_points(metric) else numeral(f"{value:g}")


def points(value: float) -> str:
    """Return all digits of a difference of shares, in percentage points."""
    text = ngettext("{value} point", "{value} points", 1 if abs(value) == 0.01 else 2)
    return text.format(value=numeral(f"{100 * value:g}"))


def words(name: str) -> str:
    """Return the name of a metric or a check in the current language: "validation accuracy" for val_accuracy."""
    return _(english_words(name))


def english_words(name: str) -> str:
    """Return the name of a metric or a check in English, which is the key of its translation."""
    return metric_of(name).words or _spelled(name)


def _spelled(name: str) -> str:
    """Return an identifier as English words."""
    return " ".join(_SPELLED.get(part, part) for part in name.split("_"))


def setting_name(path: str) -> str:
    """Return the dotted path of a setting as words, such as "learning rate" for training.lr."""
    return _(english_name(path))


def english_name(path: str) -> str:
    """Return the dotted path of a setting as English words, which are the key of its translation."""
    return _SETTINGS.get(path) or _spelled(path.rsplit(".", 1)[-1])


def sentence(text: str) -> str:
    """Return the text with its first letter capitalized."""
    return text[:1].upper() + text[1:]


def setting(value: Any) -> str:
    """Return the value of a setting as in a study file."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)) and (layers := layers_in_words(value)) is not None:
        return layers
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
