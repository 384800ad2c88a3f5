"""What a study may name, with one line on each: `reportgen list` shows it, and `describe` finds names in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reportgen.cli.reference.descriptions import plain
from reportgen.plugins.loading import load_installed
from reportgen.registry import table_of

Entries = Mapping[str, Any]
"""Names to whatever describes them: a table row, a rule, a figure, or a sentence."""


def rows_of(kind: str) -> Callable[[], Entries]:
    """Return a function that returns the rows of a kind, those of installed plug-ins among them."""

    def entries() -> Entries:
        load_installed()
        return table_of(kind)

    return entries


def studies() -> Entries:
    """Return the shipped studies; only their titles are read, since checking all of them takes seconds."""
    from reportgen.shipped import shipped_studies
    from reportgen.study.syntax.yaml12 import read

    found = shipped_studies().items()
    return {name: str(read(path.read_text(encoding="utf-8"), str(path)).value["title"]) for name, path in found}


def claims() -> Entries:
    """Return the claims of the lectures, by the number that a study's claim gives as `lecture`."""
    from reportgen.report.site.lecture_claims import lecture_claims

    return {str(one.number): f"{one.says} ({', '.join(one.sources)})" for one in lecture_claims()}


def lectures() -> Entries:
    """Return the lectures by the keys that claims give as `source`."""
    from reportgen.report.document.sources import LECTURES

    return LECTURES


def checks() -> Entries:
    """Return the sanity checks."""
    from reportgen.study.model.sanity import SANITY_CHECKS

    return SANITY_CHECKS


def settings() -> Entries:
    """Return the settings of a study file by their paths."""
    from reportgen.study.reference.explained import explained

    return {one.path: plain(one.what) for one in explained()}


KINDS: dict[str, Callable[[], Entries]] = {
    "activations": rows_of("activation"),
    "inits": rows_of("init"),
    "optimizers": rows_of("optimizer"),
    "schedules": rows_of("schedule"),
    "losses": rows_of("loss"),
    "layers": rows_of("layer"),
    "datasets": rows_of("data set"),
    "preprocess": rows_of("preprocessing step"),
    "settings": settings,
    "checks": checks,
    "rules": rows_of("rule"),
    "figures": rows_of("figure"),
    "metrics": rows_of("metric"),
    "expectations": rows_of("expectation"),
    "studies": studies,
    "claims": claims,
    "lectures": lectures,
}


def find_entries(name: str) -> list[tuple[str, str, Any]]:
    """Return the kind, full name and entry of everything of that name or alias; a setting's last part will do."""
    return [
        (kind, known, entry)
        for kind, entries in KINDS.items()
        for known, entry in entries().items()
        if name == known or name in getattr(entry, "aliases", ()) or (kind == "settings" and known.endswith(f".{name}"))
    ]
