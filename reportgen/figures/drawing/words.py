"""Words and numbers of captions, alternative texts and tick labels."""

from __future__ import annotations

import math
from collections.abc import Sequence

SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = 2) -> str:
    """Return a number for reading: that many significant digits, a power of ten outside 0.001 to 10000."""
    if math.isnan(value):
        return "no value"
    if math.isinf(value):
        return "overflow" if value > 0 else "−overflow"
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e4:
        places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        return _minus(f"{value:.{places}f}")
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{_minus(mantissa)}e{int(exponent)}"  # what is printed turns the e into a power of ten


def resolving(low: float, high: float) -> int:
    """Return the significant digits, from 2 to 5, that tell the ends of an interval apart."""
    largest, half = max(abs(low), abs(high)), (high - low) / 2
    if not math.isfinite(largest) or half <= 0:
        return 2
    return min(max(math.floor(math.log10(largest)) - math.floor(math.log10(half)) + 1, 2), 5)


def _minus(text: str) -> str:
    return text.replace("-", "−")


def power(exponent: int) -> str:
    """Return 10 to that power with a raised exponent, as tick labels have it; 1 and 10 as such."""
    if exponent in (0, 1):
        return str(10**exponent)
    return "10" + str(exponent).translate(SUPERSCRIPT)


def listing(items: Sequence[str]) -> str:
    """Return the items as in a sentence: "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def count(amount: int, noun: str, plural: str | None = None) -> str:
    """Return the amount with its noun in the right number."""
    return f"{amount} {noun if amount == 1 else plural or noun + 's'}"


def sentence(text: str) -> str:
    """Return the text with a capital first letter and one full stop."""
    line = text.strip().rstrip(".")
    return f"{line[:1].upper()}{line[1:]}." if line else ""


def prose(*sentences: str) -> str:
    """Return the sentences that are not empty as one text."""
    return " ".join(sentence for sentence in sentences if sentence)


def course(layers: Sequence[int], values: Sequence[float], output: int | None = None) -> str:
    """Return in words how a value runs over the layers: it falls, rises, is steady, or is zero.

    output: the number of the output layer, where it is among them, as the axis calls it by name.
    A change by less than a factor of two from the first to the last layer, and none larger between, counts as steady.
    """
    points = [(layer, value) for layer, value in zip(layers, values, strict=True) if math.isfinite(value)]
    if not points:
        return "has no finite value"
    (first, start), (last, end) = points[0], points[-1]
    low, high = min(v for _, v in points), max(v for _, v in points)
    if low == high == 0:
        return "is 0 in every layer" if len(points) > 1 else f"is 0 in {layer_name(first, output)}"
    if len(points) == 1:
        return f"is {number(start)} in {layer_name(first, output)}"
    if low < 0 < high:
        return f"lies between {number(low)} and {number(high)}"
    if (low > 0 and high / low < 2) or high <= 0:
        words = number(low), number(high)
        return f"stays at {words[0]}" if words[0] == words[1] else f"stays between {words[0]} and {words[1]}"
    ends = f"{number(start)} in {layer_name(first, output)} to {number(end)} in {layer_name(last, output)}"
    if 2 * end <= start and start > 0:
        return f"falls from {ends}"
    if end >= 2 * start:
        return f"rises from {ends}"
    return f"runs from {ends}, between {number(low)} and {number(high)}"


def layer_name(number: int, output: int | None) -> str:
    """Return a layer as captions call it; output: the number of the output layer, which the axis calls by name."""
    return f"the output layer ({number})" if number == output else f"layer {number}"
