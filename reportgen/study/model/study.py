"""Frozen, validated models of a study file and of a study with its overrides."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from reportgen.data.spec import DataSpec
from reportgen.registry import Component
from reportgen.study.model.claims import Claim
from reportgen.study.model.components import problem, shown, suggest, whole_number
from reportgen.study.model.figure_names import figure_names
from reportgen.study.model.sanity import read_checks
from reportgen.study.model.search import read_search
from reportgen.study.model.section import Section
from reportgen.study.model.settings import MOST_SEED, Settings

MOST_SEEDS = 1000


def _seeds(value: Any) -> tuple[int, ...]:
    if isinstance(value, int) and not isinstance(value, bool):
        return tuple(range(whole_number(value, "a number of seeds", 1, MOST_SEEDS)))
    if not isinstance(value, (list, tuple)):
        message = f"expected the number of seeds or a list of seeds, found {shown(value)}"
        raise problem("wrong-type", message, "such as 5 or [0, 1, 2]")
    if not value:
        raise problem("empty-value", "the list of seeds is empty", "give at least one seed, such as [0]")
    for index, seed in enumerate(value):
        whole_number(seed, "a seed", 0, MOST_SEED, (index,))
        if seed in value[:index]:
            raise problem("duplicate-value", f"duplicate seed {seed}", "list each seed once", (index,))
    if len(value) > MOST_SEEDS:
        raise problem("too-many", f"{len(value)} seeds are too many", f"at most {MOST_SEEDS}")
    return tuple(value)


def _ensembles(value: Any) -> bool | tuple[int, ...]:
    if isinstance(value, bool):
        return value
    if not isinstance(value, (list, tuple)):
        message = f"expected true, false or a list of ensemble sizes, found {shown(value)}"
        raise problem("wrong-type", message, "such as [2, 5]")
    return tuple(whole_number(size, "an ensemble size", 2, MOST_SEEDS, (index,)) for index, size in enumerate(value))


def _remedies(value: Any) -> Any:
    return {"limit": 0} if value is False else ({} if value is True else value)


class Remedies(Section):
    """The largest number of remedies to try; 0 tries none."""

    limit: Annotated[int, Field(ge=0, le=1000)] = 6


class StudyFile(Settings):
    """The contents of a study file; the loader checks its variants, searches and claims further."""

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
                raise problem("unknown-name", f"unknown figure {figure!r}", suggest(figure, known), (index,))
            if figure in figures[:index]:
                raise problem("duplicate-value", f"duplicate figure {figure!r}", "list each figure once", (index,))
        return figures

    @field_validator("claims")
    @classmethod
    def _ids_differ(cls, claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
        seen: set[str] = set()
        for index, claim in enumerate(claims):
            if claim.id in seen:
                raise problem(
                    "duplicate-value", f"duplicate claim id {claim.id!r}", "give each claim its own id", (index, "id")
                )
            seen.add(claim.id)
        return claims


class Study(StudyFile):
    """A study with its overrides and its origin.

    Attributes
    ----------
    tree : the settings of the file with overrides, as plain values; variants change this base.
    search_is_typed : whether overrides set the size of the search, which `--quick` then keeps.
    data_places : the place that names each data set.
    """

    id: str
    sha256: str
    folder: Path
    watermark: str | None = None
    search_is_typed: bool = False
    tree: dict[str, Any]
    data_places: dict[Component, str] = Field(default_factory=dict)

    def place_of(self, data: DataSpec) -> str:
        """Return the place in the file, or the flag, that names the data set; "" if there is none."""
        return self.data_places.get(data.source, "")
