"""Rounding of numbers, intervals, shares, p values and durations to text; nothing else in a report rounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from reportgen.analysis.statistics import ROUNDING
from reportgen.analysis.words.numerals import exponents, minus, power_of_ten
from reportgen.languages.translate import _, numeral, percentage

NONE = "–"
_MOST_DIGITS = 5
_LARGEST_WHOLE = 1e6

Bounds = Sequence[float]


def number(value: float | int | None, digits: int = 3) -> str:
    """Return a number with `digits` significant digits, with a power of ten if it is very small or large.

    An integer below a million keeps all its digits. Other numbers keep at least four digits before the decimal point.
    """
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    mantissa, exponent = f"{float(value):.{digits - 1}e}".split("e")
    if -4 <= int(exponent) < 6:
        if isinstance(value, int):
            return _grouped(str(value))
        places = max(digits - 1 - int(exponent), 0)
        beyond = min(max(digits, 4) - 1 - int(exponent), 0)  # rounded once, since 3.60500185 is not 3.60
        return _grouped(f"{round(value, beyond) if beyond else value:.{places}f}")
    return numeral(minus(mantissa)) + power_of_ten(exponent)


def whole(value: float | int | None) -> str:
    """Return a number as an integer with narrow spaces between thousands."""
    return NONE if value is None or not math.isfinite(value) else _grouped(f"{round(value)}")


def about(value: int) -> str:
    """Return a count rounded to two digits: 171 becomes 170."""
    return whole(float(f"{value:.2g}"))


def percent(value: float | None, digits: int = 1) -> str:
    """Return a share in percent; 0% and 100% appear only for exactly 0 and 1."""
    if value is None or not math.isfinite(value):
        return NONE
    if value in (0.0, 1.0):
        return percentage(f"{100 * value:.0f}")
    least, scaled = 10.0**-digits, 100 * value
    if 0 < scaled < least:
        return _("below {value}").format(value=percentage(numeral(f"{least:g}")))
    if 100 - least < scaled < 100:
        return _("above {value}").format(value=percentage(numeral(f"{100 - least:.{digits}f}")))
    text = f"{scaled:.{digits}f}"
    if float(text) == 0:
        return percentage(number(scaled, 1))
    if abs(float(text)) == 100 and abs(value) != 1:
        text = f"{scaled:.{digits + 3}f}"
    return percentage(numeral(minus(text)))


def interval(bounds: Bounds) -> str:
    """Return "lo to hi" with enough digits to distinguish the ends, or a dash if an end is NaN."""
    lo, hi = bounds
    if math.isnan(lo) or math.isnan(hi):
        return NONE
    if not (math.isfinite(lo) and math.isfinite(hi)):
        return span(number(lo), number(hi))
    return _range(lo, hi, resolving(bounds))


def span(lo: str, hi: str) -> str:
    """Return "lo to hi", or a single number if both are the same."""
    return lo if lo == hi else _("{low} to {high}").format(low=lo, high=hi)


def resolving(bounds: Bounds) -> int:
    """Return the significant digits, at least 3, at which the ends of an interval differ by two units in the last one.

    If the ends are the same with the most digits, the result is the number of digits that this value needs.
    """
    lo, hi = bounds
    if not (math.isfinite(lo) and math.isfinite(hi)) or hi < lo:
        return 3
    full = f"{lo:.{_MOST_DIGITS - 1}e}"
    if full == f"{hi:.{_MOST_DIGITS - 1}e}":
        return next((n for n in (3, 4) if float(f"{lo:.{n - 1}e}") == float(full)), _MOST_DIGITS)
    largest = max(abs(lo), abs(hi))
    orders = math.floor(math.log10(largest)) - math.floor(math.log10(max((hi - lo) / 2, 5e-324)))
    return min(max(orders + 1, 3), _MOST_DIGITS)


def _range(lo: float, hi: float, digits: int) -> str:
    """Return both ends with the same decimal places or the same power of ten, unless one end would round to 0."""
    unit, places, power = _scale(lo, hi, digits)
    if not (_shows(lo / unit, places) and _shows(hi / unit, places)):
        return span(number(lo), number(hi))
    text = span(_fixed(lo / unit, places), _fixed(hi / unit, places))
    return f"({text}){power}" if power and " " in text else f"{text}{power}"


def _scale(lo: float, hi: float, digits: int) -> tuple[float, int, str]:
    """Return the power of ten of an interval, its decimal places, and the power as text."""
    largest = max(abs(lo), abs(hi))
    exponent = int(f"{largest:.{digits - 1}e}".split("e")[1]) if largest else 0
    if -4 <= exponent < 6:
        return 1.0, max(digits - 1 - exponent, 0), ""
    return 10.0 ** max(exponent, -300), digits - 1, power_of_ten(exponent) if exponent >= -300 else ""


def within(value: float | None, bounds: Bounds) -> str:
    """Return an estimate with the decimal places and the power of ten of its interval.

    A whole number that does not vary, such as a count, has no decimal places.
    """
    lo, hi = bounds
    if value is not None and lo == value == hi and float(value).is_integer() and abs(value) < _LARGEST_WHOLE:
        return number(int(value))
    if value is None or not all(map(math.isfinite, (value, lo, hi))):
        return number(value)
    unit, places, power = _scale(lo, hi, resolving(bounds))
    if not all(_shows(end / unit, places) for end in (value, lo, hi)):
        return number(value)
    return _in_powers(value, unit, places) if power and value else _fixed(value / unit, places)


def _in_powers(value: float, unit: float, places: int) -> str:
    """Return a value rounded to `places` decimals of the power of ten `unit`, with a mantissa from 1 to below 10."""
    exponent = round(math.log10(unit))
    own = int(f"{value:.{places}e}".split("e")[1])
    decimals = max(places + own - exponent, 0)
    mantissa, power = f"{value:.{decimals}e}".split("e")
    return numeral(minus(mantissa)) + power_of_ten(power)


def _shows(value: float, places: int) -> bool:
    return value == 0 or float(f"{value:.{places}f}") != 0


def _fixed(value: float, places: int) -> str:
    return _grouped(f"{value:.{places}f}") if value else "0"


def percent_interval(bounds: Bounds) -> str:
    """Return an interval of shares in percent, with enough decimals to distinguish the ends."""
    lo, hi = bounds
    if not (math.isfinite(lo) and math.isfinite(hi)):
        return NONE
    digits = resolving_percent(bounds)
    return span(percent(lo, digits), percent(hi, digits))


def resolving_percent(bounds: Bounds) -> int:
    """Return the decimals, from 1 to 3, that distinguish the ends of an interval of shares."""
    lo, hi = bounds
    return _resolving_places(bounds, lambda digits: percent(lo, digits) != percent(hi, digits))


def _resolving_places(bounds: Bounds, suffice: Callable[[int], bool]) -> int:
    """Return the fewest decimals, from 1 to 3, at which the percentages differ and that suffice; 1 if none do."""
    lo, hi = bounds
    if not (math.isfinite(lo) and math.isfinite(hi)) or lo == hi:
        return 1
    places = (digits for digits in (1, 2, 3) if f"{100 * lo:.{digits}f}" != f"{100 * hi:.{digits}f}")
    return next(filter(suffice, places), 1)


def points(value: float | None, digits: int = 1) -> str:
    """Return a difference of two shares in percentage points with its sign; differences due to rounding are 0."""
    if value is None or not math.isfinite(value):
        return NONE
    return _in_points(_signed_percentage(value, digits))


def points_interval(bounds: Bounds) -> str:
    """Return the interval of a difference of shares in percentage points."""
    ends = _signed_ends(bounds)
    return _in_points(span(*ends)) if ends else NONE


def _in_points(text: str) -> str:
    return _("{value} points").format(value=text)


def resolving_points(bounds: Bounds) -> int:
    """Return the decimals, from 1 to 3, that distinguish the ends of an interval from each other and from 0."""
    ends = [100 * end for end in bounds if abs(end) > ROUNDING]
    return _resolving_places(bounds, lambda digits: all(abs(end) >= 0.5 * 10**-digits for end in ends))


def deviation(value: float | None, digits: int = 1) -> str:
    """Return a relative deviation in percent with its sign; deviations due to rounding are 0%."""
    if value is None or not math.isfinite(value):
        return NONE
    return percentage(_signed_percentage(value, digits))


def deviation_interval(bounds: Bounds) -> str:
    """Return the interval of a relative deviation in percent."""
    ends = _signed_ends(bounds)
    return span(*map(percentage, ends)) if ends else NONE


def _signed_ends(bounds: Bounds) -> tuple[str, str] | None:
    """Return the ends of an interval of shares in percent with their signs, None if an end is not finite."""
    lo, hi = bounds
    if not (math.isfinite(lo) and math.isfinite(hi)):
        return None
    digits = resolving_points(bounds)
    return _signed_percentage(lo, digits), _signed_percentage(hi, digits)


def _signed_percentage(share: float, digits: int) -> str:
    return signed(100 * share if abs(share) > ROUNDING else 0.0, digits)


def signed(value: float, digits: int = 1) -> str:
    """Return a number with its sign and `digits` decimals, or with one significant digit if it would round to 0."""
    text = numeral(minus(f"{value:+.{digits}f}")) if abs(value) >= 0.5 * 10**-digits else number(value, 1)
    return text if value <= 0 or text.startswith("+") else f"+{text}"


def p_value(value: float | None) -> str:
    """Return a p value with two digits, or as a bound below 0.001 or above 0.99."""
    if value is None or math.isnan(value):
        return NONE
    if value > 0.99:
        return f"p > {numeral('0.99')}"
    return f"p < {numeral('0.001')}" if value < 0.001 else f"p = {numeral(f'{value:.2g}')}"


LARGEST_EFFECT = 100
"""Largest effect size, in standard deviations, that is written as a number."""


def effect_size(value: float | None) -> str:
    """Return an effect size with two digits, or as a bound beyond LARGEST_EFFECT; rounding errors are 0."""
    if value is not None and abs(value) > LARGEST_EFFECT:
        return f"> {LARGEST_EFFECT}" if value > 0 else f"< −{LARGEST_EFFECT}"
    return number(0.0 if value is not None and abs(value) < ROUNDING else value, 2)


def duration(seconds: float | None) -> str:
    """Return a time span in ms, s, min or h."""
    if seconds is None or not math.isfinite(seconds):
        return NONE
    if seconds < 1:
        return (
            f"{1000 * seconds:.0f} ms" if seconds >= 0.001 or seconds == 0 else _("below {value}").format(value="1 ms")
        )
    if seconds < 120:
        return f"{numeral(f'{seconds:.1f}')} s"
    return f"{numeral(f'{seconds / 60:.1f}')} min" if seconds < 7200 else f"{numeral(f'{seconds / 3600:.1f}')} h"


def given(value: float) -> str:
    """Return all digits of a number from a study."""
    return numeral(minus(exponents(f"{value:g}")))


def _grouped(text: str) -> str:
    """Return a decimal number with a minus sign, and with separated thousands from five digits on."""
    head, dot, tail = text.partition(".")
    if len(head.lstrip("-")) > 4:
        head = f"{int(head):,}"
    return numeral(minus(head + dot + tail))
