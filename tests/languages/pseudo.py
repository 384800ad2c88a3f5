"""A pseudo-language for tests: messages have another alphabet, so that English that is no message stands out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from reportgen.languages import translate
from reportgen.languages.translate import ENGLISH
from reportgen.report.document import merging

CODE = "de"
"""The pseudo-language replaces the German catalogue; it has the German form of numbers."""

_LATIN, _CYRILLIC = "abcdefghijklmnopqrstuvwxyz", "абцдефгхийклмнопярстувжшыз"
_LETTERS = str.maketrans(_LATIN + _LATIN.upper(), _CYRILLIC + _CYRILLIC.upper())
_KEPT = re.compile(r"(%\(\w+\)s|%%|\{\w+\}|<[^>]*>|&\w+;|`[^`]*`|\$[^$]*\$)")
"""Parts of a message that are no words: placeholders, markup, code and formulas."""

HIDDEN = {"script", "style", "code", "pre", "math", "cite"}
OWN = {"references", "settings"}
"""Classes of parts with names of papers and of settings."""


def pseudo(message: str) -> str:
    """A message with its words in the other alphabet."""
    parts = _KEPT.split(message)
    return "".join(part if at % 2 else part.translate(_LETTERS) for at, part in enumerate(parts))


@contextmanager
def pseudo_language(folder: Path) -> Iterator[None]:
    """Use the pseudo-language for reports in German; folder: for its catalogue."""
    own = translate.FOLDER / CODE / "LC_MESSAGES" / f"{translate.DOMAIN}.po"
    with own.open("rb") as file:
        catalogue = read_po(file, locale=CODE)
    for message in catalogue:
        if message.id:
            forms = message.id if isinstance(message.id, tuple) else (message.id,)
            made = tuple(map(pseudo, forms))
            message.string = made if isinstance(message.id, tuple) else made[0]
    target = folder / CODE / "LC_MESSAGES" / f"{translate.DOMAIN}.mo"
    target.parent.mkdir(parents=True)
    with target.open("wb") as file:
        write_mo(file, catalogue)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(translate, "FOLDER", folder)
        _forget()
        try:
            yield
        finally:
            _forget()


def _forget() -> None:
    for cached in (translate._catalogue, translate._patterns, merging._words):
        cached.cache_clear()


class Texts(HTMLParser):
    """The texts of a page, with those of its pictures and for screen readers, without code and sources.

    hidden: elements whose text is left out; foreign: leave out the parts that are marked as English.
    """

    def __init__(self, page: str, hidden: Set[str] = HIDDEN, foreign: bool = False) -> None:
        super().__init__()
        self.hidden, self.foreign = hidden, foreign
        self.parts: list[str] = []
        self.open: list[tuple[str, bool]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        outside = self.open[-1][1] if self.open else False
        inherited = given["lang"] == ENGLISH if self.foreign and "lang" in given else outside
        hidden = inherited or tag in self.hidden or not OWN.isdisjoint((given.get("class") or "").split())
        if tag not in ("meta", "link", "br", "input", "img", "hr", "path", "use", "rect", "image"):
            self.open.append((tag, hidden))
        if not hidden:
            self.parts += [
                given[name] or "" for name in ("aria-label", "alt", "data-wide", "data-name") if name in given
            ]

    def handle_endtag(self, tag: str) -> None:
        if any(name == tag for name, _hidden in self.open):
            while self.open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not (self.open and self.open[-1][1]):
            self.parts.append(data)


def english_words(texts: list[str], known: str) -> dict[str, str]:
    """Words of two letters or more in the Latin alphabet that are not in the text `known`, each with its context."""
    allowed = set(re.findall(r"[A-Za-z]+", known))
    found = {}
    for text in texts:
        for word in re.findall(r"[A-Za-z]{2,}", text):
            if word not in allowed:
                found[word] = " ".join(text.split())[:160]
    return found
