"""The settings of a `where` as text."""

from __future__ import annotations

import re
from typing import Any

from reportgen.analysis.words.names import english_name, setting_name
from reportgen.languages.translate import _, numeral, quoted


def named(where: dict[str, Any]) -> str:
    """Return a `where` in words; numbers and boolean values include the name of the setting, as in "hidden units 32".

    A name that resembles a formula, such as the name of some inits, is in quotes.
    """
    return ", ".join(_named(path, value) for path, value in where.items())


def _named(path: str, value: Any) -> str:
    text = str(value)
    if text.lower() in ("true", "on"):
        return _("with {setting}").format(setting=setting_name(path))
    if text.lower() in ("false", "off"):
        return _("without {setting}").format(setting=setting_name(path))
    if text.lower() == "none":
        return _("no {setting}").format(setting=_short_name(path))
    if is_number(text) and path != "variant":
        return f"{setting_name(path)} {numeral(text)}"
    return text if _PLAIN.fullmatch(text) else quoted(text)


def _short_name(path: str) -> str:
    """Return the name of a setting without "strength" or "rate", if there is a word for it."""
    name = english_name(path)
    return _(name.removesuffix(" strength").removesuffix(" rate"))


_PLAIN = re.compile(r"[^\W\d][\w .,:-]*")
"""A name that does not resemble a number or a formula."""


def is_number(text: str) -> bool:
    """Return whether the label of a value is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
