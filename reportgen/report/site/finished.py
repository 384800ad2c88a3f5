"""Read finished reports from their folders."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from reportgen import disk
from reportgen.analysis.results import ClaimResult
from reportgen.errors import ResultsError
from reportgen.languages.translate import ENGLISH, known_languages
from reportgen.paths import DATA, MANIFEST, PAGE, RESULTS
from reportgen.report.document.claim_words import QUANTITIES
from reportgen.report.publish.manifest import changed_files, checksums
from reportgen.report.publish.replacement import refuse_unfinished
from reportgen.report.results.results import FORMAT, VERSION
from reportgen.study.model.claims import Verdict

Name = Annotated[str, StringConstraints(pattern=r"^[^/\\:\x00-\x1f]+$", max_length=200)]  # part of a file name
Real = float | None


def _known_quantity(name: str) -> str:
    if name not in QUANTITIES:
        raise ValueError(f"unknown quantity {name[:40]!r}")
    return name


def _known_language(code: str) -> str:
    return code if code in known_languages() else ENGLISH


Language = Annotated[str, AfterValidator(_known_language)]


class _Part(BaseModel):
    """A part of results.json; unknown keys are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class _Study(_Part):
    id: Name
    title: str
    question: str
    watermark: str | None = None
    student: str | None = None
    lang: Language = ENGLISH
    predict_first: bool = False


class _Provenance(_Part):
    reportgen: str | None = None
    python: str | None = None
    numpy: str | None = None
    numba: str | None = None
    platform: str | None = None
    train_seconds: Real = None
    finished: str | None = None


class FinishedVariant(_Part):
    """A variant of a report; settings: all settings by dotted path."""

    id: str
    label: str
    settings: dict[str, Any] = {}


class FinishedRun(_Part):
    """A run of a report; final: its scores, None for NaN."""

    seed: int
    status: Literal["ok", "diverged", "stopped", "failed"]
    key: Annotated[str, StringConstraints(pattern=r"^[0-9a-z]*$")] = ""  # the name of a folder
    variant: str = ""
    final: dict[str, Real] = {}


class FinishedFinding(_Part):
    """A finding of a rule in a variant."""

    rule: str
    variant: str
    severity: str = ""
    message: str = ""


class FinishedClaim(_Part):
    """A claim of a report with its verdict; a measured value or bound is None for NaN."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    says: str
    source: str | list[str] | None = None
    lecture: int | None = None
    verdict: Verdict
    measured: Real
    interval: tuple[Real, Real]
    n: Annotated[int, Field(ge=0)]
    expected: str
    metric: str = ""
    quantity: Annotated[str, AfterValidator(_known_quantity)] = "value"
    at_layer: int | None = None
    by_layer: list[tuple[int, Real, Real]] = []
    sides: str = ""


class FinishedFigure(_Part):
    """A figure of a report with the file figures/<id>.svg.

    opens: whether it is the first of the report; dark: whether there is a file for a dark ground.
    """

    id: Name
    title: str
    alt: str
    opens: bool = False
    dark: bool = False


class FinishedAnswer(_Part):
    """The answer of a report: one or a few sentences; shown: in the language of the report, if it is not English."""

    says: str
    shown: str = ""


class Results(_Part):
    """The content of results.json, as far as it is used."""

    study: _Study
    provenance: _Provenance
    runs: list[FinishedRun]
    claims: list[FinishedClaim]
    variants: list[FinishedVariant] = []
    findings: list[FinishedFinding] = []
    figures: list[FinishedFigure] = []
    answer: FinishedAnswer | None = None


@dataclass(frozen=True)
class Finished:
    """A report in a folder.

    Attributes
    ----------
    seeds, statuses : the number of seeds, and the number of runs by status
    figure : the figure that opens the report, None if its file is missing
    pages : the names of the page and the PDF, as far as the files exist
    verdicts, unread : for a diagnosis, the number of its runs or settings by verdict, and of unreadable files
    answer : the sentence that opens the report; empty for a diagnosis, and for reports of earlier versions
    student, lang : the id of the student whose report it is, empty without one, and the code of its language
    predict_first : whether the report asks for predictions before it shows its answer
    digests : the SHA-256 of the file with its results by name, from before it was read
    """

    folder: Path
    id: str
    title: str
    question: str
    watermark: str | None
    claims: tuple[ClaimResult, ...]
    seeds: int
    statuses: Mapping[str, int]
    train_seconds: float
    figure: FinishedFigure | None
    pages: tuple[str, ...]
    verdicts: Mapping[str, int] = field(default_factory=dict)
    unread: int = 0
    answer: str = ""
    student: str = ""
    lang: str = ENGLISH
    predict_first: bool = False
    digests: Mapping[str, str] = field(default_factory=dict)


def read_results(folder: Path, unchanged: bool = True) -> Results:
    """Return the results in the folder of a report.

    Raises
    ------
    ResultsError
        If results.json is invalid; or, with `unchanged`, if it is not the file in the manifest ("results-changed").
    """
    path = folder / RESULTS
    results = _checked(read_values(path), path)
    if unchanged:
        refuse_changed(folder, _again(path), (RESULTS, MANIFEST))
    return results


def refuse_changed(folder: Path, hint: str, names: Collection[str] | None = None) -> None:
    """Raise ResultsError ("results-changed") if a file of a report has changed since it was written.

    names: the files that matter, all by default but for copies of data. Reports of earlier versions have no manifest.
    """
    for name in changed_files(folder):
        if name in names if names is not None else not name.startswith(f"{DATA}/"):
            message = "the file has changed since the report was written"
            raise ResultsError("results-changed", message, where=str(folder / name), hint=hint)


def read_report(folder: Path) -> Finished:
    """Return the report in a folder; raises ResultsError if results.json is invalid or any file has changed."""
    digests = checksums(folder, [RESULTS])
    results = read_results(folder)
    refuse_changed(folder, _again(folder / RESULTS))
    study, runs = results.study, results.runs
    return Finished(
        folder=folder,
        id=study.id,
        title=study.title,
        question=study.question,
        watermark=study.watermark,
        claims=tuple(claim_result(claim) for claim in results.claims),
        seeds=len({run.seed for run in runs}),
        statuses=Counter(run.status for run in runs),
        train_seconds=_number(results.provenance.train_seconds),
        figure=opening_of(results.figures, folder),
        pages=tuple(name for name in (PAGE, f"{study.id}.pdf") if disk.is_own_file(folder / name)),
        answer=(results.answer.shown or results.answer.says) if results.answer else "",
        student=study.student or "",
        lang=study.lang,
        predict_first=study.predict_first,
        digests=digests,
    )


def read_values(path: Path) -> dict[str, Any]:
    """Return the values in a results.json; raises ResultsError if it is damaged, unfinished or of another version."""
    refuse_unfinished(path.parent)
    try:
        values = json.loads(disk.read_text(path))
    except OSError as error:
        raise ResultsError("unreadable-file", f"cannot read: {error.strerror or error}", where=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise ResultsError("invalid-results", "not valid JSON", where=str(path), hint=_again(path)) from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        hint = f'a results.json has "format": "{FORMAT}"'
        raise ResultsError("invalid-results", "not the results of a report", where=str(path), hint=hint)
    if values.get("version") != VERSION:
        message = f"the results have version {str(values.get('version'))[:20]}; this reportgen reads version {VERSION}"
        raise ResultsError("results-version", message, where=str(path), hint=_again(path))
    return values


def _checked(values: dict[str, Any], path: Path) -> Results:
    try:
        return Results.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ResultsError("invalid-results", f"{place}: {first['msg'].lower()}", str(path), _again(path)) from error


def _again(path: Path) -> str:
    return f"write the report {path.parent.name} again with reportgen render"


def claim_result(claim: FinishedClaim) -> ClaimResult:
    """Return a claim of results.json as the result that it was written from, without its values by seed."""
    sources = (claim.source,) if isinstance(claim.source, str) else tuple(claim.source or ())
    lo, hi = claim.interval
    return ClaimResult(
        id=claim.id,
        says=claim.says,
        sources=sources,
        lecture=claim.lecture,
        required=False,
        verdict=claim.verdict,
        measured=_number(claim.measured),
        interval=(_number(lo), _number(hi)),
        n=claim.n,
        expected=claim.expected,
        metric=claim.metric,
        variants=(),
        per_seed={},
        quantity=claim.quantity,  # type: ignore[arg-type] # validated by _known_quantity
        at_layer=claim.at_layer,
        by_layer=tuple((layer, _number(mean), given) for layer, mean, given in claim.by_layer),
        sides=claim.sides,
    )


def opening_of(figures: Sequence[FinishedFigure], folder: Path) -> FinishedFigure | None:
    """Return the figure that opens the report, None if its file is missing."""
    files = folder / "figures"
    found = next((figure for figure in figures if figure.opens and disk.is_own_file(files / f"{figure.id}.svg")), None)
    return found and found.model_copy(update={"dark": disk.is_own_file(files / f"{found.id}-dark.svg")})


def _number(value: float | None) -> float:
    return math.nan if value is None else value
