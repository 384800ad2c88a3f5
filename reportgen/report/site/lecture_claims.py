"""The claims of the lectures, read from lecture_claims.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from reportgen.report.site.listed_claims import lecture_sentence

FILE = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True)
class LectureClaim:
    """A claim of the lectures; number: the value of `lecture` in a study, sources: the keys of the lectures."""

    number: int
    says: str
    sources: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The claim in the current language."""
        return lecture_sentence(self.number, self.says)


@cache
def lecture_claims() -> tuple[LectureClaim, ...]:
    """Return all claims in the order of their numbers."""
    listed = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return tuple(LectureClaim(claim["number"], claim["says"], tuple(claim["sources"])) for claim in listed)
