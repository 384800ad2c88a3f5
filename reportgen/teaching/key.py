"""The key of an assignment: what a report must contain, and the points for it. The lecturer edits and keeps it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from reportgen import disk
from reportgen.errors import StudyError
from reportgen.languages.translate import ENGLISH, known_languages
from reportgen.study.loading.dump import as_yaml
from reportgen.study.loading.messages import study_error
from reportgen.study.model.section import Number, Section
from reportgen.study.syntax.yaml12 import MOST_BYTES, Document, read

FORMAT = "reportgen-key"

HEAD = """\
# The key of an assignment. Keep this file, and do not hand it out.
# You can change `points`, the `weight` of each claim and the claims of each gap. `reportgen grade` needs the rest.
"""


class Points(Section):
    """The points for each part of a report.

    Attributes
    ----------
    report : for a report that agrees with the records of its runs.
    prediction : for each claim with a prediction and a reason, times the weight of the claim.
    right : for each prediction that equals the verdict, times the weight of the claim.
    gap : for each gap whose claims are supported.
    own_claim : for each claim of the student's own with a verdict other than inconclusive.
    own_claims : the largest number of own claims that count.
    """

    report: Number = Field(default=2.0, ge=0)
    prediction: Number = Field(default=1.0, ge=0)
    right: Number = Field(default=1.0, ge=0)
    gap: Number = Field(default=2.0, ge=0)
    own_claim: Number = Field(default=1.0, ge=0)
    own_claims: int = Field(default=1, ge=0, le=100)


class KeyClaim(Section):
    """A claim of the assignment; `test` is what determines its verdict."""

    id: str
    says: str
    weight: Number = Field(default=1.0, ge=0)
    test: dict[str, Any]


class Gap(Section):
    """A setting that the student chooses, and the claims that it has to support."""

    setting: str
    claims: list[str] = Field(min_length=1)


class Key(Section):
    """The key of an assignment.

    Attributes
    ----------
    assignment, title : id and title of the study.
    engine : version of the engine with which the assignment was made.
    lang : code of the language of the instructions and the feedback.
    seeds : the smallest number of seeds.
    data : fingerprint of the user's data file by variant.
    common, variants : the settings that all variants share, and those of each variant, by dotted path.
    checksum : of everything but points, weights and the claims of gaps; empty in keys of earlier versions.
    """

    format: Literal["reportgen-key"]
    version: Literal[1]
    assignment: str
    title: str
    engine: int
    lang: str = ENGLISH
    seeds: int = Field(ge=1)
    points: Points = Field(default_factory=Points)
    claims: list[KeyClaim]
    gaps: list[Gap] = Field(default_factory=list)
    data: dict[str, str] = Field(default_factory=dict)
    common: dict[str, Any]
    variants: dict[str, dict[str, Any]]
    checksum: str = ""

    @property
    def settings(self) -> dict[str, dict[str, Any]]:
        """All settings of each variant."""
        return {variant: {**self.common, **own} for variant, own in self.variants.items()}

    def own_checksum(self) -> str:
        """Return the checksum of everything that the lecturer does not change."""
        changing: Any = {"points": True, "claims": {"__all__": {"weight"}}, "gaps": {"__all__": {"claims"}}}
        return disk.checksum(self.model_dump(exclude=changing))


def write_key(key: Key) -> str:
    """Return the text of the file of a key."""
    values = key.model_dump(exclude={"lang"} if key.lang == ENGLISH else None)
    return HEAD + as_yaml(values | {"checksum": key.own_checksum()}, compact=True)


def read_key(path: Path) -> Key:
    """Return the key in a file.

    Raises
    ------
    StudyError : the file cannot be read, is not the key of an assignment ("invalid-key"), or has an invalid value.
    """
    try:
        text = disk.read_text(path, "utf-8-sig", MOST_BYTES)
    except FileNotFoundError:
        raise StudyError("file-not-found", "the key does not exist", str(path), "the file after --key") from None
    except UnicodeDecodeError:
        raise StudyError("invalid-key", "the file is not UTF-8 text", str(path), "the file after --key") from None
    except OSError as error:
        message = f"cannot read the key: {error.strerror or error}"
        raise StudyError("unreadable-file", message, str(path)) from None
    document = read(text, str(path))
    if not isinstance(document.value, dict) or document.value.get("format") != FORMAT:
        hint = f"`reportgen assignment` writes keys, with format: {FORMAT}"
        raise StudyError("invalid-key", "the file is not the key of an assignment", str(path), hint)
    return _checked(document)


def _checked(document: Document) -> Key:
    """Return the key in a document; raises StudyError for an invalid value, an unknown claim or a changed part."""
    try:
        key = Key.model_validate(document.value)
    except ValidationError as error:
        raise study_error(error, document.value, partial(_where, document)) from None
    if key.lang not in known_languages():
        message = f"unknown language {key.lang!r}"
        raise StudyError("unknown-value", message, document.where(("lang",)), f"one of {', '.join(known_languages())}")
    known = [claim.id for claim in key.claims]
    for index, gap in enumerate(key.gaps):
        for position, claim in enumerate(gap.claims):
            if claim not in known:
                place = document.where(("gaps", index, "claims", position))
                raise StudyError("unknown-name", f"unknown claim {claim!r}", place, f"one of {', '.join(known)}")
    if key.checksum not in ("", key.own_checksum()):
        message = "a part of the key that grading needs has changed since `reportgen assignment` wrote it"
        hint = "change only points, weights and the claims of gaps"
        raise StudyError("invalid-key", message, document.name, hint)
    return key


def _where(document: Document, path: tuple[str | int, ...], key: bool) -> str:
    return document.where(path, key)
