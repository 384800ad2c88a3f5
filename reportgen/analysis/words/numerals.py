"""Numerals for print, with minus signs (U+2212) and powers of ten with superscript exponents."""

from __future__ import annotations

import re

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_NUMBER = re.compile(r"[“„«][^”“»]*[”“»]|(?<![\w.-])(-?\d+(?:[.,]\d+)?)(?:e([+-]?\d+))?(?!\w)")


def power_of_ten(exponent: str | int) -> str:
    """Return the power of ten after a mantissa, such as "×10⁻⁷"."""
    return f"×10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def minus(text: str) -> str:
    """Return text with minus signs (U+2212) instead of hyphens."""
    return text.replace("-", "−")


def exponents(text: str) -> str:
    """Return text with minus signs and with powers of ten for 3e-07 and the like; names in “quotes” are unchanged."""
    return _NUMBER.sub(_printed, text)


def _printed(number: re.Match[str]) -> str:
    mantissa, exponent = number.groups()
    if mantissa is None:
        return number.group(0)
    if exponent is None:
        return minus(mantissa)
    power = power_of_ten(exponent).removeprefix("×")
    return {"1": power, "-1": f"−{power}"}.get(mantissa, minus(mantissa) + power_of_ten(exponent))
