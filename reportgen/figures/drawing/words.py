"""Words and numbers in captions, alternative texts and tick labels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from reportgen.analysis.metrics.scales import is_share
from reportgen.analysis.words import formatting
from reportgen.analysis.words.nouns import NOUNS
from reportgen.analysis.words.numerals import exponents, power_of_ten
from reportgen.languages.translate import _, ngettext, numeral


def number(value: float, digits: int = 2) -> str:
    """Return a number as reports write it, with words for values that are not finite."""
    if math.isnan(value):
        return _("no value")
    if math.isinf(value):
        return _("overflow") if value > 0 else _("−overflow")
    return formatting.number(value, digits)


def score(value: float, name: str) -> str:
    """Return a score as reports write it: accuracies in percent, losses as numbers."""
    return formatting.percent(value) if is_share(name) and math.isfinite(value) else number(value, 3)


def setting_value(value: float) -> str:
    """Return the value of a setting in full: authors choose values with few digits."""
    return numeral(exponents(f"{value:.6g}"))


def resolving(low: float, high: float) -> int:
    """Return the number of significant digits, from 2 to 5, at which the ends of an interval differ."""
    largest, half = max(abs(low), abs(high)), (high - low) / 2
    if not math.isfinite(largest) or half <= 0:
        return 2
    return min(max(math.floor(math.log10(largest)) - math.floor(math.log10(half)) + 1, 2), 5)


def power(exponent: int) -> str:
    """Return a power of ten as a tick label: 1 and 10 as such, others with a raised exponent."""
    return str(10**exponent) if exponent in (0, 1) else power_of_ten(exponent).removeprefix("×")


THOUSANDS, MILLIONS = 1e4, 1e6
"""Ticks between these are written in full."""


def tick(value: float) -> str:
    """Return the full number of a tick, so that the axis needs no common factor or offset.

    Thousands have no exponent, so that 7500 and 10,000 on one axis look alike.
    """
    if THOUSANDS <= abs(value) < MILLIONS:
        return numeral(f"{value:,.0f}")
    return numeral(exponents(f"{value:.4g}"))


def count(amount: int, noun: str, plural: str | None = None) -> str:
    """Return the amount with its noun, a key of `nouns.NOUNS`, in singular or plural."""
    one, many = NOUNS.get(noun, (f"{{count}} {noun}", f"{{count}} {plural or noun + 's'}"))
    return ngettext(one, many, amount).format(count=amount)


def span(amounts: Sequence[int], noun: str) -> str:
    """Return the amounts with their noun, such as "3 to 6 epochs"."""
    low, high = min(amounts), max(amounts)
    if low == high:
        return count(high, noun)
    return _("{low} to {amount}").format(low=low, amount=count(high, noun))


def joined(values: Iterable[float]) -> str:
    """Return the values of seeds as a field of a CSV file, with all digits."""
    return " ".join(repr(float(value)) for value in values)


def sentence(text: str) -> str:
    """Return the text with a capital first letter and a full stop."""
    line = text.strip().rstrip(".")
    return f"{line[:1].upper()}{line[1:]}." if line else ""


def prose(*sentences: str) -> str:
    """Return the sentences as one text, without empty ones."""
    return " ".join(sentence for sentence in sentences if sentence)


def course(
    layers: Sequence[int],
    values: Sequence[float],
    output: int | None = None,
    write: Callable[[float], str] = number,
) -> str:
    """Describe how a value changes from layer to layer: it falls, rises, is steady, or is zero.

    A value is steady if the largest is less than twice the smallest. output: the number of the output layer, if it is
    among the layers. write: the function that formats a value.
    """
    points = [(layer, value) for layer, value in zip(layers, values, strict=True) if math.isfinite(value)]
    if not points:
        return _("has no finite value")
    (first, start), (last, end) = points[0], points[-1]
    low, high = min(v for _layer, v in points), max(v for _layer, v in points)
    if low == high == 0 and len(points) > 1:
        return _("is 0 in every layer")
    if len(points) == 1:
        value = "0" if start == 0 else write(start)
        return _("is {value} in {layer}").format(value=value, layer=layer_name(first, output))
    if low < 0 < high:
        return _("lies between {low} and {high}").format(low=write(low), high=write(high))
    if (low > 0 and high / low < 2) or high <= 0:
        text = _("stays at {low}") if write(low) == write(high) else _("stays between {low} and {high}")
        return text.format(low=write(low), high=write(high))
    if 2 * end <= start and start > 0:
        text = _("falls from {start} in {first} to {end} in {last}")
    elif end >= 2 * start:
        text = _("rises from {start} in {first} to {end} in {last}")
    else:
        text = _("goes from {start} in {first} to {end} in {last}, and lies between {low} and {high}")
    ends = {"start": write(start), "end": write(end), "low": write(low), "high": write(high)}
    return text.format(**ends, first=layer_name(first, output), last=layer_name(last, output))


def descriptions(lines: Sequence[str], most: int, noun: str) -> str:
    """Return at most `most` lines as sentences, and a sentence on the number of further ones."""
    left = len(lines) - most
    more = _(" And {amount}.").format(amount=count(left, f"more {noun}")) if left > 0 else ""
    return f"{'. '.join(lines[:most])}.{more}"


def layer_name(number: int, output: int | None) -> str:
    """Return the name of a layer in captions; output: the number of the output layer."""
    text = _("the output layer ({number})") if number == output else _("layer {number}")
    return text.format(number=number)
