"""Words and numbers in captions, alternative texts and tick labels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from reportgen.analysis.metrics.scales import is_share
from reportgen.analysis.words import formatting
from reportgen.analysis.words.numerals import exponents, power_of_ten


def number(value: float, digits: int = 2) -> str:
    """Return a number as reports write it, with words for values that are not finite."""
    if math.isnan(value):
        return "no value"
    if math.isinf(value):
        return "overflow" if value > 0 else "−overflow"
    return formatting.number(value, digits)


def score(value: float, name: str) -> str:
    """Return a score as reports write it: accuracies in percent, losses as numbers."""
    return formatting.percent(value) if is_share(name) and math.isfinite(value) else number(value, 3)


def setting_value(value: float) -> str:
    """Return the value of a setting in full: authors choose values with few digits."""
    return exponents(f"{value:.6g}")


def resolving(low: float, high: float) -> int:
    """Return the number of significant digits, from 2 to 5, at which the ends of an interval differ."""
    largest, half = max(abs(low), abs(high)), (high - low) / 2
    if not math.isfinite(largest) or half <= 0:
        return 2
    return min(max(math.floor(math.log10(largest)) - math.floor(math.log10(half)) + 1, 2), 5)


def power(exponent: int) -> str:
    """Return a power of ten as a tick label: 1 and 10 as such, others with a raised exponent."""
    return str(10**exponent) if exponent in (0, 1) else power_of_ten(exponent).removeprefix("×")


def listing(items: Sequence[str]) -> str:
    """Return the items as in a sentence, such as "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def count(amount: int, noun: str, plural: str | None = None) -> str:
    """Return the amount with its noun in singular or plural."""
    return f"{amount} {noun if amount == 1 else plural or noun + 's'}"


def span(amounts: Sequence[int], noun: str) -> str:
    """Return the amounts with their noun, such as "3 to 6 epochs"."""
    low, high = min(amounts), max(amounts)
    return count(high, noun) if low == high else f"{low} to {count(high, noun)}"


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
        return "has no finite value"
    (first, start), (last, end) = points[0], points[-1]
    low, high = min(v for _, v in points), max(v for _, v in points)
    if low == high == 0:
        return "is 0 in every layer" if len(points) > 1 else f"is 0 in {layer_name(first, output)}"
    if len(points) == 1:
        return f"is {write(start)} in {layer_name(first, output)}"
    if low < 0 < high:
        return f"lies between {write(low)} and {write(high)}"
    if (low > 0 and high / low < 2) or high <= 0:
        words = write(low), write(high)
        return f"stays at {words[0]}" if words[0] == words[1] else f"stays between {words[0]} and {words[1]}"
    ends = f"{write(start)} in {layer_name(first, output)} to {write(end)} in {layer_name(last, output)}"
    if 2 * end <= start and start > 0:
        return f"falls from {ends}"
    if end >= 2 * start:
        return f"rises from {ends}"
    return f"goes from {ends}, and lies between {write(low)} and {write(high)}"


def descriptions(lines: Sequence[str], most: int, noun: str) -> str:
    """Return at most `most` lines as sentences, and a sentence on the number of further ones."""
    more = f" And {count(len(lines) - most, f'more {noun}')}." if len(lines) > most else ""
    return f"{'. '.join(lines[:most])}.{more}"


def joined(values: Iterable[float]) -> str:
    """Return the values of seeds as a field of a CSV file, with all digits."""
    return " ".join(repr(float(value)) for value in values)


def layer_name(number: int, output: int | None) -> str:
    """Return the name of a layer in captions; output: the number of the output layer."""
    return f"the output layer ({number})" if number == output else f"layer {number}"
