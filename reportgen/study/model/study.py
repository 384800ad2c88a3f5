"""Frozen, validated models of a study file and of a study with its overrides."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, InstanceOf, field_validator, model_validator

from reportgen.data.spec import DataSpec
from reportgen.languages.translate import ENGLISH, known_languages
from reportgen.registry import Component, Plugin, table_of
from reportgen.study.model.claims import Claim
from reportgen.study.model.components import below, problem, shown, suggest, whole_number
from reportgen.study.model.data_settings import MOST_SEED
from reportgen.study.model.sanity import SANITY_CHECKS, read_checks
from reportgen.study.model.search import read_search
from reportgen.study.model.section import Section, Takes
from reportgen.study.model.settings import Settings
from reportgen.study.model.student import read_student, student_seeds
from reportgen.study.planning.variants import Point

MOST_SEEDS = 1000

LANGUAGE_CODES = ", ".join(f"`{code}`" for code in known_languages())


def figure_names() -> list[str]:
    """Return the ids of all figures, sorted."""
    return sorted(table_of("figure"))


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


def _language(value: Any) -> str:
    known = known_languages()
    code = value.casefold() if isinstance(value, str) else value
    if code not in known:
        raise problem("unknown-value", f"unknown language {shown(value)}", f"one of {', '.join(known)}")
    return str(code)


def _remedies(value: Any) -> Any:
    return {"limit": 0} if value is False else ({} if value is True else value)


class Remedies(Section):
    """The largest number of remedies to try; 0 tries none."""

    example: ClassVar[str] = "{limit: 6}"
    limit: int = Field(
        default=6, ge=0, le=1000, description="largest number of remedies to try; `remedies: false` is equivalent to 0"
    )


def _answer(value: Any) -> Any:
    return {"says": value} if isinstance(value, str) else value


class Answer(Section):
    """The answer to the question, which the report shows only if the claims that it names have the verdicts it needs.

    A claim whose value it cites must be supported, unless the answer lists it as contradicted or inconclusive.
    """

    example: ClassVar[str] = '{says: "He reaches {val_accuracy(he)}.", claims: [he-learns]}'
    says: str = Field(
        min_length=1,
        max_length=1000,
        description="sentence with [measured values](#answer) in braces, such as `{val_accuracy(he)}`",
    )
    claims: tuple[str, ...] = Field(
        default=(), strict=False, description="ids of the claims that must be supported for the answer to be shown"
    )
    contradicted: tuple[str, ...] = Field(
        default=(), strict=False, description="ids of the claims that must be contradicted for the answer to be shown"
    )
    inconclusive: tuple[str, ...] = Field(
        default=(), strict=False, description="ids of the claims that must be inconclusive for the answer to be shown"
    )


class StudyFile(Settings):
    """The contents of a study file; the loader checks its variants, searches and claims further."""

    title: str = Field(min_length=1, max_length=300, description="title of the report")
    question: str = Field(
        min_length=1, max_length=1000, description="question of the study, the first sentence of the report"
    )
    lang: Annotated[str, BeforeValidator(_language), Takes(LANGUAGE_CODES)] = Field(
        default=ENGLISH, description="[language](howto.md#a-report-in-another-language) of the report"
    )
    answer: Annotated[Answer | None, BeforeValidator(_answer), Takes("text, or these settings")] = Field(
        default=None, description="[answer](#answer) with measured values; by default the verdicts in words"
    )
    plugins: Annotated[tuple[str, ...], Takes("list of paths")] = Field(
        default=(),
        strict=False,
        description="Python files that add rows to the tables, relative to the study; need `--allow-code`",
    )
    introduction: Annotated[str, Takes("Markdown with `$math$`")] = Field(
        default="", description="background for the reader"
    )
    closing: Annotated[str, Takes("Markdown")] = Field(default="", description="suggestions of what to try next")
    vary: Annotated[dict[str, list[Any]], Takes("mapping of paths to lists")] = Field(
        default_factory=dict, description="[grid of variants](#what-varies)"
    )
    variants: Annotated[dict[str, dict[str, Any]], Takes("mapping of names to settings")] = Field(
        default_factory=dict, description="variants by name"
    )
    search: Annotated[
        Any, BeforeValidator(read_search), Takes("mapping of paths to ranges, with options of the search")
    ] = Field(default=None, description="[settings to search](#searching)")
    seeds: Annotated[tuple[int, ...], BeforeValidator(_seeds), Takes("integer, or a list")] = Field(
        default=(0, 1, 2, 3, 4),
        description=f"number of runs of each variant, 1 to {MOST_SEEDS}, or a list of their seeds",
    )
    ensembles: Annotated[
        bool | tuple[int, ...], BeforeValidator(_ensembles), Takes("true, false, or a list of sizes")
    ] = Field(
        default=False, description="average the probabilities of each variant's seeds and score them; needs `data.seed`"
    )
    sanity: Annotated[
        tuple[str, ...], BeforeValidator(read_checks), Takes(f"list of {', '.join(f'`{x}`' for x in SANITY_CHECKS)}")
    ] = Field(default=(), description="additional [checks](#sanity-checks)")
    student: Annotated[str | None, BeforeValidator(read_student), Takes("text, or integer")] = Field(
        default=None, description="id of the student, which [determines the seeds](assignments.md#seeds-of-a-student)"
    )
    copy_data: bool = Field(
        default=True, description="copy your own data files into the report, so that it can be moved and verified"
    )
    predict_first: bool = Field(
        default=False,
        description="hide the answer, the figures and the verdicts of the page until the reader opens them "
        "below the [quiz](assignments.md#quiz); PDF and slides show them after its questions",
    )
    claims: Annotated[tuple[Claim, ...], Field(strict=False)] = ()
    figures: tuple[str, ...] = Field(
        default=(), strict=False, description="[figures](#figures) of the report; by default all that apply"
    )
    remedies: Annotated[Remedies, BeforeValidator(_remedies)] = Field(default_factory=Remedies)

    @model_validator(mode="before")
    @classmethod
    def _seeds_of_student(cls, value: Any) -> Any:
        """Replace the number of seeds by the seeds of the student; a list of other seeds is an error."""
        if not isinstance(value, dict) or value.get("student") is None:
            return value
        student, seeds = below("student", partial(read_student, value["student"])), value.get("seeds")
        if isinstance(seeds, list):
            message = "seeds and student exclude each other, because the id of the student determines the seeds"
            raise problem("conflicting-settings", message, "give the number of seeds, such as seeds: 5", ("seeds",))
        count = len(cls.model_fields["seeds"].default) if seeds is None else seeds
        valid = isinstance(count, int) and not isinstance(count, bool) and 1 <= count <= MOST_SEEDS
        return value | {"seeds": list(student_seeds(student, count))} if valid else value

    @field_validator("figures")
    @classmethod
    def _figures_exist(cls, figures: tuple[str, ...]) -> tuple[str, ...]:
        names: list[str] = []
        for index, figure in enumerate(figures):
            row = table_of("figure").find(figure)
            if row is None:
                raise problem("unknown-name", f"unknown figure {figure!r}", suggest(figure, figure_names()), (index,))
            if row.name in names:
                raise problem("duplicate-value", f"duplicate figure {figure!r}", "list each figure once", (index,))
            names.append(row.name)
        return tuple(names)

    @field_validator("claims")
    @classmethod
    def _ids_differ(cls, claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
        ids: set[str] = set()
        for index, claim in enumerate(claims):
            if claim.id in ids:
                raise problem(
                    "duplicate-value", f"duplicate claim id {claim.id!r}", "give each claim its own id", (index, "id")
                )
            ids.add(claim.id)
        return claims


class Study(StudyFile):
    """A study with its overrides and its origin.

    Attributes
    ----------
    written : the settings of the file with overrides, as plain values; variants change this base.
    search_is_typed : whether overrides set the size of the search, which `--quick` then keeps.
    plugin_files : the loaded files that `plugins` names.
    points : the variants and searches.
    data_places : the place that names each data set.
    """

    id: str
    sha256: str
    folder: Path
    watermark: str | None = None
    search_is_typed: bool = False
    written: dict[str, Any]
    plugin_files: tuple[Plugin, ...] = ()
    points: tuple[InstanceOf[Point], ...] = ()
    data_places: dict[Component, str] = Field(default_factory=dict)

    @property
    def has_verdicts(self) -> bool:
        """Whether the report gives verdicts: there are claims, and it is not a quick look."""
        return bool(self.claims) and not self.watermark

    def place_of(self, data: DataSpec) -> str:
        """Return the place in the file, or the flag, that names the data set; "" if there is none."""
        return self.data_places.get(data.source, "")
