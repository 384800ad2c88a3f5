"""Numerals as print has them: true minus signs, and powers of ten with raised exponents."""

from __future__ import annotations

import re

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_NUMBER = re.compile(r"“[^”]*”|(?<![\w.-])(-?\d+(?:\.\d+)?)(?:e([+-]?\d+))?(?!\w)")


def power_of_ten(exponent: str | int) -> str:
    """Return the power of ten that follows a mantissa."""
    return f"×10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def minus(text: str) -> str:
    """Return text with true minus signs in the place of hyphens."""
    return text.replace("-", "−")


def exponents(text: str) -> str:
    """Return text with numbers such as 3e-07 as powers of ten, and true minus signs; names in “quotes” stay."""
    return _NUMBER.sub(_printed, text)


def _printed(found: re.Match[str]) -> str:
    mantissa, exponent = found.groups()
    if mantissa is None:
        return found.group(0)
    if exponent is None:
        return minus(mantissa)
    alone = power_of_ten(exponent).removeprefix("×")
    return {"1": alone, "-1": f"−{alone}"}.get(mantissa, minus(mantissa) + power_of_ten(exponent))
