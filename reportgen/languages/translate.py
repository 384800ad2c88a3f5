"""The current language: its words and its form of numbers.

Messages in English are the keys of the catalogues, so English itself needs none. A text that is made before its
language is known, such as the reason of a verdict, is English; `translated` finds its message again.
"""

from __future__ import annotations

import datetime
import gettext as catalogues
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TypeVar

Item = TypeVar("Item")

ENGLISH = "en"
DOMAIN = "reportgen"
FOLDER = Path(__file__).resolve().parent

_current: ContextVar[str] = ContextVar("language", default=ENGLISH)


def known_languages() -> tuple[str, ...]:
    """Return the codes of the languages: English, and each that has a catalogue."""
    found = sorted(path.parents[1].name for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))
    return (ENGLISH, *found)


def current_language() -> str:
    """Return the code of the current language, such as "de"."""
    return _current.get()


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Use a language for all texts that are made in the block; `code` is one of `known_languages`."""
    token = _current.set(code)
    try:
        yield
    finally:
        _current.reset(token)


def in_english(make: Callable[[], Item]) -> Item:
    """Return the result of a function that is called in English, such as data that are the same in all languages."""
    with in_language(ENGLISH):
        return make()


@cache
def _catalogue(code: str) -> catalogues.NullTranslations:
    if code == ENGLISH:
        return catalogues.NullTranslations()
    return catalogues.translation(DOMAIN, FOLDER, [code])


def _(message: str) -> str:
    """Return a message in the current language."""
    return _catalogue(_current.get()).gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """Return the form of a message for a number, in the current language."""
    return _catalogue(_current.get()).ngettext(one, many, count)


def pgettext(context: str, message: str) -> str:
    """Return a message in the current language; the context tells apart uses of one English word."""
    return _catalogue(_current.get()).pgettext(context, message)


def NN_(one: str, many: str) -> tuple[str, str]:  # noqa: N802 (as N_)
    """Return both forms of a message; marks a message with a number that is translated where it is shown."""
    return one, many


def N_(message: str) -> str:  # noqa: N802 (the usual name, which extraction knows)
    """Return a message as it is; marks one that is translated where it is shown."""
    return message


def numeral(text: str) -> str:
    """Return an English numeral, such as "1,234.5", with the decimal and thousands separators of the language."""
    code = _current.get()
    return text if code == ENGLISH else text.translate(_separators(code))


@cache
def _separators(code: str) -> dict[int, str]:
    symbols = _locale(code).number_symbols["latn"]
    return str.maketrans({".": symbols["decimal"], ",": symbols["group"]})


def percentage(numeral_text: str) -> str:
    """Return a number in percent with the sign of the language, such as "93.3%" or "93,3 %"."""
    code = _current.get()
    if code == ENGLISH:
        return f"{numeral_text}%"
    suffix = _locale(code).percent_formats[None].suffix[0]
    return f"{numeral_text}{suffix}"


def day(date: str) -> str:
    """Return an ISO date in the form of the language; English keeps it as it is."""
    code = _current.get()
    if code == ENGLISH:
        return date
    from babel.dates import format_date

    return format_date(datetime.date.fromisoformat(date), "long", locale=code)


@cache
def _locale(code: str):  # type: ignore[no-untyped-def]
    from babel import Locale  # an English report does not load it

    return Locale.parse(code)


class Bilingual(str):
    """An English text with its form in one other language, which `translated` and formatting use in that language."""

    _language: str
    _other: str

    def __new__(cls, english: str, language: str, other: str) -> Bilingual:
        """Return the text; other: its form in the language with the code `language`."""
        self = super().__new__(cls, english)
        self._language, self._other = language, other
        return self

    @property
    def current(self) -> str:
        """The form in the current language, English if it is neither."""
        return self._other if _current.get() == self._language else str.__str__(self)

    def __format__(self, spec: str) -> str:
        return format(self.current, spec)

    def map(self, change: Callable[[str], str]) -> Bilingual:
        """Return the text with a change of both forms."""
        return Bilingual(change(str.__str__(self)), self._language, change(self._other))


def mapped(text: str, change: Callable[[str], str]) -> str:
    """Return a changed text, in both languages if it has two."""
    return text.map(change) if isinstance(text, Bilingual) else change(text)


def translated(text: str) -> str:
    """Return an English text of the engine in the current language.

    The text consists of messages with their values filled in, separated by semicolons. A part that is no message
    stays as it is.
    """
    if isinstance(text, Bilingual):
        return text.current
    if _current.get() == ENGLISH or not text:
        return text
    return "; ".join(map(_part, text.split("; ")))


def _part(text: str) -> str:
    found = _filled(text, _current.get())
    return text if found is None else found


def _filled(text: str, code: str, numerals: bool = True) -> str | None:
    """Return the translation of a message with its values, None if the text is no message.

    numerals: give decimal numbers in the values the form of the language.
    """
    catalogue = _catalogue(code)
    plain = catalogue.gettext(text)
    if plain != text:
        return plain
    for pattern, message in _patterns(code):
        if match := pattern.fullmatch(text):
            values = {name: _value(value, numerals and name not in _NAMES) for name, value in match.groupdict().items()}
            return message.format(**values)
    return None


_NUMERAL = re.compile(r"“([^”]*)”|(?<![\w.-])-?\d+(?:,\d{3})*(?:(?:\.\d+)?%|\.\d+(?![\w.]))")
"""A name in quotes, which stays as it is, or a decimal number or a percentage."""


_NAMES = ("label", "settings", "places")
"""Names of values that contain labels of variants, whose numbers stay as written."""


def _value(text: str, numerals: bool) -> str:
    """Return a filled-in value: a message itself, or a text whose decimal numbers take the form of the language."""
    parts = text.split(", ")
    listed = [_filled(part, _current.get(), numerals) for part in parts]
    if len(parts) > 1 and all(listed):
        return ", ".join(map(str, listed))
    found = listed[0] if len(parts) == 1 else _filled(text, _current.get(), numerals)
    if found is None and len(parts) > 1:
        return ", ".join(_value(part, numerals) for part in parts)
    return found or (_NUMERAL.sub(_localized, text) if numerals else text)


def _localized(found: re.Match[str]) -> str:
    if found[1] is not None:
        return quoted(found[1])
    text = numeral(found[0].removesuffix("%"))
    return percentage(text) if found[0].endswith("%") else text


def quoted(text: str) -> str:
    """Return a text in the quotation marks of the language."""
    return _("“{text}”").format(text=text)


@cache
def _patterns(code: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the messages with values as patterns, those with the most fixed text first, and their translations."""
    entries = getattr(_catalogue(code), "_catalog", {})
    named = [(key, text) for key, text in entries.items() if isinstance(key, str) and _PLACE.search(key)]
    sized = [(len(re.findall("[a-z]", _PLACE.sub("", key))), key, text) for key, text in named]
    longest = sorted(((size, key, text) for size, key, text in sized if _is_telling(key, size)), reverse=True)
    return tuple((_pattern(key), text) for _size, key, text in longest)


def _is_telling(message: str, letters: int) -> bool:
    """Return whether a message has enough fixed letters to be found again; few suffice with values of some names."""
    return letters >= LETTERS or (letters > 0 and set(_PLACE.findall(message)) <= _SPECIFIC)


LETTERS = 4
"""Number of fixed letters of a message from which it cannot be mistaken for another one."""

_SPECIFIC = {"low", "high", "layers", "setting", "score", "level"}
_PLACE = re.compile(r"\{(\w+)\}")
_VALUES = dict.fromkeys(("count", "total", "least", "number"), "[^ ]+") | dict.fromkeys(("low", "high"), "[^,]+")
"""Patterns of values by name: numbers, and the ends of a range; other values may be of several words."""


def _pattern(message: str) -> re.Pattern[str]:
    parts = _PLACE.split(message)
    names = parts[1::2]
    groups = [
        f"(?P={name})" if name in names[:at] else f"(?P<{name}>{_VALUES.get(name, '.+')})"
        for at, name in enumerate(names)
    ]
    texts = list(map(re.escape, parts[::2]))
    return re.compile("".join(text + group for text, group in zip(texts, [*groups, ""], strict=True)))
