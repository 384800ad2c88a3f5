"""Finished reports, read from their folders: what a site of many reports shows of each."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from reportgen.analysis.results import ClaimResult
from reportgen.errors import ResultsError, UsageError
from reportgen.paths import PAGE, RESULTS
from reportgen.report.document.claim_words import QUANTITIES
from reportgen.report.results.results import FORMAT, VERSION

Name = Annotated[str, StringConstraints(pattern=r"^[^/\\:\x00-\x1f]+$", max_length=200)]  # names a file of the report
Real = float | None


def _known_quantity(name: str) -> str:
    if name not in QUANTITIES:
        raise ValueError(f"unknown quantity {name[:40]!r}")
    return name


class _Part(BaseModel):
    """A part of results.json; later versions may have said more than is read here."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class _Study(_Part):
    id: Name
    title: str
    question: str
    watermark: str | None = None


class _Provenance(_Part):
    reportgen: str | None = None
    python: str | None = None
    numpy: str | None = None
    numba: str | None = None
    platform: str | None = None
    train_seconds: Real = None


class FinishedVariant(_Part):
    """A variant of a report; settings: every setting by its dotted path."""

    id: str
    label: str
    settings: dict[str, Any] = {}


class FinishedRun(_Part):
    """A run of a report; final: its scores, None for one that is no number."""

    seed: int
    status: Literal["ok", "diverged", "stopped", "failed"]
    key: str = ""
    variant: str = ""
    final: dict[str, Real] = {}


class FinishedFinding(_Part):
    """What a rule found in a variant."""

    rule: str
    variant: str
    severity: str = ""
    message: str = ""


class FinishedClaim(_Part):
    """A claim of a report with its verdict; None for a measured value or a bound that is no number."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    says: str
    source: str | list[str] | None = None
    lecture: int | None = None
    verdict: Literal["supported", "contradicted", "inconclusive"]
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
    """A figure of a report: its file is figures/<id>.svg, where there is one. opens: before all others."""

    id: Name
    title: str
    alt: str
    opens: bool = False


class Results(_Part):
    """What results.json holds, as far as it is read again."""

    study: _Study
    provenance: _Provenance
    runs: list[FinishedRun]
    claims: list[FinishedClaim]
    variants: list[FinishedVariant] = []
    findings: list[FinishedFinding] = []
    figures: list[FinishedFigure] = []


@dataclass(frozen=True)
class Finished:
    """A report as its folder holds it.

    seeds: how many different ones the runs have; statuses: how many runs ended in each way; figure: the one that
    opens the report, None where the folder has no file of it. pages: the names of the page and the PDF, as far as
    they are there.
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


def find_reports(arguments: Iterable[str | Path]) -> list[Path]:
    """Return the folders of the reports that are meant by reports' folders, folders of them, and files results.json.

    Each comes once, in the order given. Raises UsageError for what is none of these.
    """
    found: dict[Path, Path] = {}
    for argument in arguments:
        for folder in _meant(Path(argument)):
            found.setdefault(folder.resolve(), folder)
    return list(found.values())


def read_results(folder: Path) -> Results:
    """Return the results of a report's folder; raises ResultsError where its results.json cannot be read."""
    path = folder / RESULTS
    return _checked(read_values(path), path)


def read_report(folder: Path) -> Finished:
    """Return the report of a folder; raises ResultsError where its results.json is not one that can be read."""
    results = read_results(folder)
    study, runs = results.study, results.runs
    return Finished(
        folder=folder,
        id=study.id,
        title=study.title,
        question=study.question,
        watermark=study.watermark,
        claims=tuple(_claim(claim) for claim in results.claims),
        seeds=len({run.seed for run in runs}),
        statuses=Counter(run.status for run in runs),
        train_seconds=_number(results.provenance.train_seconds),
        figure=_opening(results.figures, folder),
        pages=tuple(name for name in (PAGE, f"{study.id}.pdf") if (folder / name).is_file()),
    )


def _meant(path: Path) -> list[Path]:
    if path.name == RESULTS and path.is_file():
        return [path.parent]
    if (path / RESULTS).is_file():
        return [path]
    inside = sorted(each.parent for each in path.glob(f"*/{RESULTS}")) if path.is_dir() else []
    if not inside:
        if not path.is_dir():
            raise UsageError("file-not-found", "no such folder", where=str(path), hint="a folder with a report")
        hint = f"reportgen run writes a report with its {RESULTS}"
        raise UsageError("report-not-found", "the folder contains no report", where=str(path), hint=hint)
    return inside


def read_values(path: Path) -> dict[str, Any]:
    """Return the values in a results.json; raises ResultsError if it is damaged or of another version."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
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
        message = f"{place}: {first['msg'].lower()}"
        raise ResultsError("invalid-results", message, where=str(path), hint=_again(path)) from error


def _again(path: Path) -> str:
    return f"write the report {path.parent.name} again with reportgen render"


def _claim(claim: FinishedClaim) -> ClaimResult:
    """Return the claim as the report had it, as far as results.json says."""
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
        quantity=claim.quantity,  # type: ignore[arg-type] # the words for it are looked up where it is shown
        at_layer=claim.at_layer,
        by_layer=tuple((layer, _number(mean), given) for layer, mean, given in claim.by_layer),
        sides=claim.sides,
    )


def _opening(figures: Sequence[FinishedFigure], folder: Path) -> FinishedFigure | None:
    """Return the figure that opens the report, as far as its file is there."""
    return next((one for one in figures if one.opens and (folder / "figures" / f"{one.id}.svg").is_file()), None)


def _number(value: float | None) -> float:
    return math.nan if value is None else value
