"""The claims of papers of the last ten years, read from modern_claims.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from reportgen.report.site.listed_claims import paper_sentence

FILE = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True)
class ModernClaim:
    """A claim of a paper.

    Attributes
    ----------
    paper : a key of reportgen/report/document/papers.yaml
    printed : the result that the paper prints, in words
    tests : ids of the claims that test it, by the name of their study
    """

    number: int
    says: str
    paper: str
    printed: str
    tests: Mapping[str, tuple[str, ...]]

    @property
    def shown(self) -> str:
        """The claim in the current language."""
        return paper_sentence(self.number, "says", self.says)

    @property
    def shown_print(self) -> str:
        """The printed result in the current language."""
        return paper_sentence(self.number, "printed", self.printed)


@cache
def modern_claims() -> tuple[ModernClaim, ...]:
    """Return all claims in the order of their numbers."""
    listed = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return tuple(
        ModernClaim(**claim | {"tests": {study: tuple(ids) for study, ids in claim["tests"].items()}})
        for claim in listed
    )
