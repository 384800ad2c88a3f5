"""The study file as a frozen model: what the author wrote, checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from reportgen.data.spec import DataSpec
from reportgen.registry import Component
from reportgen.study.model.claims import Claim
from reportgen.study.model.components import problem, shown, suggest
from reportgen.study.model.figure_names import figure_names
from reportgen.study.model.sanity import read_checks
from reportgen.study.model.search import read_search
from reportgen.study.model.section import Section
from reportgen.study.model.settings import MOST_SEED, Settings

MOST_SEEDS = 1000


def _seeds(value: Any) -> tuple[int, ...]:
    if isinstance(value, int) and not isinstance(value, bool):
        if not 1 <= value <= MOST_SEEDS:
            raise problem(
                "?", f"{value} seeds are not possible", f"1 to {MOST_SEEDS}, or a list of seeds such as [0, 1, 2]"
            )
        return tuple(range(value))
    if not isinstance(value, (list, tuple)) or not value:
        raise problem(
            "?", f"expected how many seeds, or a list of them, found {shown(value)}", "such as 5 or [0, 1, 2]"
        )
    for index, seed in enumerate(value):
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MOST_SEED:
            raise problem("?", f"{shown(seed)} is not a seed", f"whole numbers from 0 to {MOST_SEED}", (index,))
        if seed in value[:index]:
            raise problem("?", f"the seed {seed} stands here a second time", "each seed once", (index,))
    if len(value) > MOST_SEEDS:
        raise problem("?", f"{len(value)} seeds are too many", f"at most {MOST_SEEDS}")
    return tuple(value)


def _ensembles(value: Any) -> bool | tuple[int, ...]:
    if isinstance(value, bool):
        return value
    if not isinstance(value, (list, tuple)):
        raise problem("?", f"expected true, false or a list of sizes, found {shown(value)}", "such as [2, 5]")
    for index, size in enumerate(value):
        if isinstance(size, bool) or not isinstance(size, int) or not 2 <= size <= MOST_SEEDS:
            raise problem("?", f"an ensemble of {shown(size)} is not possible", f"2 to {MOST_SEEDS} members", (index,))
    return tuple(value)


def _remedies(value: Any) -> Any:
    return {"limit": 0} if value is False else ({} if value is True else value)


class Remedies(Section):
    """How many remedies may be tried; 0 is none."""

    limit: Annotated[int, Field(ge=0, le=1000)] = 6


class StudyFile(Settings):
    """What a study file holds; what varies or is searched is checked further when the plan is made."""

    title: Annotated[str, Field(min_length=1, max_length=300)]
    question: Annotated[str, Field(min_length=1, max_length=1000)]
    plugins: Annotated[tuple[str, ...], Field(strict=False)] = ()
    introduction: str = ""
    closing: str = ""
    vary: dict[str, list[Any]] = Field(default_factory=dict)
    variants: dict[str, dict[str, Any]] = Field(default_factory=dict)
    search: Annotated[Any, BeforeValidator(read_search)] = None
    seeds: Annotated[tuple[int, ...], BeforeValidator(_seeds)] = (0, 1, 2, 3, 4)
    ensembles: Annotated[bool | tuple[int, ...], BeforeValidator(_ensembles)] = False
    sanity: Annotated[tuple[str, ...], BeforeValidator(read_checks)] = ()
    claims: Annotated[tuple[Claim, ...], Field(strict=False)] = ()
    figures: Annotated[tuple[str, ...], Field(strict=False)] = ()
    remedies: Annotated[Remedies, BeforeValidator(_remedies)] = Field(default_factory=Remedies)

    @field_validator("figures")
    @classmethod
    def _figures_exist(cls, figures: tuple[str, ...]) -> tuple[str, ...]:
        known = figure_names()
        for index, figure in enumerate(figures):
            if figure not in known:
                raise problem("?", f"unknown figure {figure!r}", suggest(figure, known), (index,))
            if figure in figures[:index]:
                raise problem("?", f"the figure {figure!r} stands here a second time", "each figure once", (index,))
        return figures

    @field_validator("claims")
    @classmethod
    def _ids_differ(cls, claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
        seen: set[str] = set()
        for index, claim in enumerate(claims):
            if claim.id in seen:
                raise problem("?", f"a second claim has the id {claim.id!r}", "each id once", (index, "id"))
            seen.add(claim.id)
        return claims


class Study(StudyFile):
    """A study as it is run: the file's contents with overrides, and where it came from.

    tree: the checked file with overrides as plain values, the base that variants change. search_is_typed: overrides
    say how much to search, which a quick look then keeps. data_places: where the study names each of its data sets.
    """

    id: str
    sha256: str
    folder: Path
    watermark: str | None = None
    search_is_typed: bool = False
    tree: dict[str, Any]
    data_places: dict[Component, str] = Field(default_factory=dict)

    def place_of(self, data: DataSpec) -> str:
        """Return the file, line, column and key, or the flag, that name the data set; "" where no file does."""
        return self.data_places.get(data.source, "")
