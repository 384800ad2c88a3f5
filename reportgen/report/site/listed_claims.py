"""The listed claims of lectures and papers in the languages of a site, from listed_claims.<code>.yaml."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from reportgen.languages.translate import current_language

FOLDER = Path(__file__).resolve().parent


def lecture_sentence(number: int, english: str) -> str:
    """Return a claim of the lectures in the current language, in English if it has no list."""
    return str(_listed(current_language()).get("lectures", {}).get(number, english))


def paper_sentence(number: int, part: str, english: str) -> str:
    """Return the part "says" or "printed" of a claim of a paper in the current language, else in English."""
    return str(_listed(current_language()).get("papers", {}).get(number, {}).get(part, english))


@cache
def _listed(language: str) -> dict[str, Any]:
    path = FOLDER / f"listed_claims.{language}.yaml"
    return dict(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.is_file() else {}
