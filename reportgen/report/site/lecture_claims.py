"""The claims of the lectures, in our own words, as lecture_claims.yaml lists them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

FILE = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True)
class LectureClaim:
    """One claim: its number, which a study's claim gives as `lecture`, and the keys of the lectures that make it."""

    number: int
    says: str
    sources: tuple[str, ...]


@cache
def lecture_claims() -> tuple[LectureClaim, ...]:
    """Return all claims by rising number."""
    listed = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return tuple(LectureClaim(one["number"], one["says"], tuple(one["sources"])) for one in listed)
