"""The names that a study can use, with a summary of each, for `reportgen list` and `describe`."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from reportgen.plugins.loading import load_installed
from reportgen.registry import loose, table_of

Entries = Mapping[str, Any]
"""Maps names to their descriptions: a table row, a rule, a figure, or a sentence."""


def rows_of(kind: str) -> Callable[[], Entries]:
    """Return a function that returns the rows of a kind, including those of installed plug-ins."""

    def entries() -> Entries:
        load_installed()
        return table_of(kind)

    return entries


def layers() -> Entries:
    """Return the rows of layers that studies name, without those that belong to residual blocks."""
    return {name: row for name, row in rows_of("layer")().items() if row.form}


def studies_of(pack: str) -> Callable[[], Entries]:
    """Return a function that reads the titles of the studies of a pack, "" for those of the lectures.

    The studies are not validated, which would take seconds.
    """

    def entries() -> Entries:
        from reportgen.shipped import pack_studies

        return {name: _title(Path(path)) for name, path in pack_studies(pack).items()}

    return entries


@functools.cache
def _title(path: Path) -> str:
    """Return the title of a shipped study; each search for a name asks for all of them."""
    from reportgen.study.syntax.yaml12 import read

    return str(read(path.read_text(encoding="utf-8"), str(path)).value["title"])


def claims() -> Entries:
    """Return the claims of the lectures by their numbers, which claims of studies give as `lecture`."""
    from reportgen.report.site.lecture_claims import lecture_claims

    return {str(claim.number): f"{claim.says} ({', '.join(claim.sources)})" for claim in lecture_claims()}


def lectures() -> Entries:
    """Return the lectures by the keys that claims of studies give as `source`."""
    from reportgen.report.document.sources import LECTURES

    return LECTURES


def checks() -> Entries:
    from reportgen.study.model.sanity import SANITY_CHECKS

    return SANITY_CHECKS


def sections() -> Entries:
    """Return the sections of a study file by their paths."""
    from reportgen.study.reference.explained import sections

    return sections()


def settings() -> Entries:
    """Return the settings of a study file by their paths."""
    from reportgen.study.reference.explained import explained, without_links

    return {setting.path: without_links(setting.what) for setting in explained()}


KINDS: dict[str, Callable[[], Entries]] = {
    "activations": rows_of("activation"),
    "inits": rows_of("init"),
    "optimizers": rows_of("optimizer"),
    "schedules": rows_of("schedule"),
    "losses": rows_of("loss"),
    "layers": layers,
    "normalizations": rows_of("normalization"),
    "datasets": rows_of("data set"),
    "preprocess": rows_of("preprocessing step"),
    "sections": sections,
    "settings": settings,
    "checks": checks,
    "rules": rows_of("rule"),
    "figures": rows_of("figure"),
    "metrics": rows_of("metric"),
    "expectations": rows_of("expectation"),
    "studies": studies_of(""),
    "modern": studies_of("modern"),
    "claims": claims,
    "lectures": lectures,
}


WORDS = {"data": "datasets", "expect": "expectations", "preprocessing": "preprocess", "sanity": "checks"}
"""Words of a study file that differ from the kind of their values."""


def kind_of(word: str, known: Collection[str]) -> str | None:
    """Return the kind that a word means, in singular or plural and without regard to case; None if it is unknown."""
    word = word.strip().casefold().replace(" ", "").replace("_", "").replace("-", "")
    singular = word.removesuffix("s")
    forms = (word, WORDS.get(word, ""), f"{word}s", f"{word}es", f"{word.removesuffix('y')}ies", singular)
    return next((form for form in forms if form in known), None)


def find_entries(name: str) -> list[tuple[str, str, Any]]:
    """Return kind, full name and entry of all matches of a name, an alias, or the last part of a path.

    The indices of a path in a study, as in network.layers.0.conv.filters, are ignored. If nothing matches, names are
    compared as in `loose`; then the components with a parameter of this name match.
    """
    from reportgen.study.model.components import SAME_PARAMETERS

    name = re.sub(r"(\.\d+|\[\d+\])(?=\.)", "", name).replace("residual.layers.", "")
    if found := _matches(name):
        return found
    entries = [(kind, known, entry) for kind, entries in KINDS.items() for known, entry in entries().items()]
    parameter = SAME_PARAMETERS.get(name, name)
    return [one for one in entries if loose(name) in map(loose, (one[1], *getattr(one[2], "aliases", ())))] or [
        one for one in entries if parameter in (own.name for own in getattr(one[2], "parameters", ()))
    ]


def _matches(name: str) -> list[tuple[str, str, Any]]:
    """Return the entries with this very name."""
    return [
        (kind, known, entry)
        for kind, entries in KINDS.items()
        for known, entry in entries().items()
        if name == known
        or name in getattr(entry, "aliases", ())
        or (kind in ("sections", "settings") and known.endswith(f".{name}"))
    ]
