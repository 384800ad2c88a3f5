"""The one place that rounds: numbers, intervals, shares, p values, durations as text, and the Jinja filters of them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

NONE = "–"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float | int | None, digits: int = 3) -> str:
    """Return a number in so many significant digits, in powers of ten where it is very small or large."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NONE
    if isinstance(value, float) and math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    rounded = float(f"{float(value):.{digits - 1}e}")
    exponent = math.floor(math.log10(abs(rounded)))
    if -4 <= exponent < 6:
        text = f"{rounded:.{max(digits - 1 - exponent, 0)}f}"
        return _minus(text)
    mantissa = (
        f"{rounded / 10.0**exponent:.{digits - 1}f}"
        if exponent > -300
        else f"{float(value):.{digits - 1}e}".split("e")[0]
    )
    return _minus(f"{mantissa} × 10{str(exponent).translate(_SUPERSCRIPT)}")


def whole(value: float | int | None) -> str:
    """Return a whole number with thin spaces between thousands."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NONE
    return _minus(f"{round(value):,}".replace(",", "\u202f"))


def percent(value: float | None, digits: int = 1) -> str:
    """Return a share as percent; 0% and 100% appear only where they are exactly true."""
    if value is None or not math.isfinite(value):
        return NONE
    if value in (0.0, 1.0):
        return f"{100 * value:.0f}%"
    least = 10.0**-digits
    scaled = 100 * value
    if 0 < scaled < least:
        return f"below {least:g}%"
    if 100 - least < scaled < 100:
        return f"above {100 - least:.{digits}f}%"
    text = f"{scaled:.{digits}f}%"
    return _minus(text if float(text[:-1]) else f"{scaled:.1g}%")


def interval(bounds: tuple[float, float] | list[float], digits: int = 3) -> str:
    """Return [lo, hi] as text with a common look; a dash where there is none."""
    lo, hi = bounds
    if not (math.isfinite(lo) and math.isfinite(hi)):
        return NONE
    return f"{number(lo, digits)} to {number(hi, digits)}"


def percent_interval(bounds: tuple[float, float] | list[float]) -> str:
    """Return [lo, hi] of shares as percent."""
    lo, hi = bounds
    return NONE if not (math.isfinite(lo) and math.isfinite(hi)) else f"{percent(lo)} to {percent(hi)}"


def p_value(value: float | None) -> str:
    """Return a p value: two digits, or that it is below 0.001."""
    if value is None or math.isnan(value):
        return NONE
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"


def duration(seconds: float | None) -> str:
    """Return a time span in the units that people use."""
    if seconds is None or not math.isfinite(seconds):
        return NONE
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def score(value: float | None, name: str) -> str:
    """Return a score as its kind is read: accuracies in percent, losses as numbers."""
    return percent(value) if name.endswith(("accuracy", "fraction")) else number(value)


def score_interval(bounds: tuple[float, float], name: str) -> str:
    """Return the interval of a score as its kind is read."""
    return percent_interval(bounds) if name.endswith(("accuracy", "fraction")) else interval(bounds)


def exponents(text: str) -> str:
    """Return text with numbers such as 3e-07 written as powers of ten."""

    def power(found: re.Match[str]) -> str:
        return f"{found.group(1)} × 10{str(int(found.group(2))).translate(_SUPERSCRIPT)}"

    return re.sub(r"(?<![\w.])(\d+(?:\.\d+)?)e([+-]?\d+)(?!\w)", power, text)


def measured(claim: Any) -> str:
    """Return what a claim measured, as its kind is read: a value, a difference, a ratio, a deviation, a share."""
    if claim.quantity in ("deviation", "share"):
        return percent(claim.measured)
    return number(claim.measured) if claim.quantity == "ratio" else score(claim.measured, claim.metric)


def measured_interval(claim: Any) -> str:
    """Return the interval of what a claim measured."""
    if claim.quantity in ("deviation", "share"):
        return percent_interval(claim.interval)
    return interval(claim.interval) if claim.quantity == "ratio" else score_interval(claim.interval, claim.metric)


def words(name: str) -> str:
    """Return a name of the code as words: val_accuracy is "validation accuracy"."""
    spelled = {"val": "validation", "std": "standard deviation", "lr": "learning rate", "bn": "batch-norm"}
    return " ".join(spelled.get(part, part) for part in name.split("_"))


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


def _minus(text: str) -> str:
    return text.replace("-", "−")


_FUNCTIONS = (
    number,
    whole,
    percent,
    interval,
    percent_interval,
    p_value,
    duration,
    score,
    score_interval,
    words,
    setting,
)

FILTERS: dict[str, Callable[..., str]] = {
    function.__name__: function for function in (*_FUNCTIONS, exponents, measured, measured_interval)
}
"""What templates call, by name."""
