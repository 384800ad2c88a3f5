"""Verification of a report: recomputes results.json and tables/ from the stored runs and compares them."""

from __future__ import annotations

import csv
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reportgen import disk, figures
from reportgen.analysis.results import Analysis
from reportgen.audit.diff import Difference, result_differences, table_differences
from reportgen.engine.spec import ENGINE_VERSION
from reportgen.errors import ResultsError, StoreError
from reportgen.paths import RESULTS, SANITY, STUDY
from reportgen.report.publish.manifest import changed_files
from reportgen.report.results.results import results_dict
from reportgen.report.results.tables import csv_text, tables_of
from reportgen.report.site.finished import Results, read_results, read_values
from reportgen.runs.executors import Job
from reportgen.study.loading.loader import load_study
from reportgen.study.planning.plan import Plan, make_plan
from reportgen.workflow.analysing.analyse import analyse_runs
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.lost_runs import lost_records
from reportgen.workflow.request import RunRequest, plan_jobs, unique
from reportgen.workflow.stored_runs import CollectedRuns, StoredRuns, stored_stages

PATH = "data.path"
PATHS = (PATH, f"search.{PATH}")
"""Settings with paths of data, which depend on the folder of the study file."""

SHOWN = 12  # characters of a run's key in messages


@dataclass(frozen=True)
class Verification:
    """The result of verifying a report.

    Attributes
    ----------
    folder : the report's folder.
    study : id of the study.
    runs : number of runs in the plan.
    differences : differences between the report and its recomputation.
    plan : the plan of the study in the report.
    analysis : the recomputed results, None if records or measurements are missing or damaged.
    """

    folder: Path
    study: str
    runs: int
    differences: tuple[Difference, ...]
    plan: Plan = field(repr=False)
    analysis: Analysis | None = field(repr=False)


def verify_report(folder: Path, allow_code: bool = False, captions: bool = True) -> Verification:
    """Return the differences between a report and the records of its runs.

    If records are missing or damaged, these are the only differences, since nothing can be recomputed.

    Parameters
    ----------
    allow_code : load the plug-ins in the study.
    captions : draw the figures and compare the numbers in their captions, which takes most of the time; and compare all
        files of the report with their digests in the manifest.

    Raises
    ------
    ResultsError
        If results.json cannot be read, or another version of the engine trained the runs.
    StudyError
        If the study in the report cannot be read.
    MissingError
        If the data are not available; the keys of the runs depend on them.
    """
    results, reported = read_results(folder, unchanged=False), read_values(folder / RESULTS)
    request = _request(folder, results, reported, allow_code)
    _refuse_other_engine(request, results)
    request, records = stored_stages(request)
    request = replace(request, plan=_with_paths(request.plan, results))
    jobs = unique(plan_jobs(request.plan))
    differences = tuple(_faults(request, [job for job in jobs if job.key not in records], results))
    analysis = None
    if not differences:
        if not captions:
            reported.pop("figures", None)
        try:
            analysis, differences = _recomputed(CollectedRuns(request, records), reported)
        except StoreError as error:  # a measurement is not as it was stored
            place = Path(error.where or folder / SANITY).relative_to(folder).as_posix()
            differences = (Difference(place, "", None, None, f"{place}: {error.message}"),)
    if captions:
        differences += tuple(_in_files(folder, {difference.file for difference in differences}))
    return Verification(folder, results.study.id, len(jobs), differences, request.plan, analysis)


def _request(folder: Path, results: Results, reported: Mapping[str, Any], allow_code: bool) -> RunRequest:
    """Return the request that produced the report, from the study file inside it."""
    command = str((reported.get("provenance") or {}).get("command") or "")
    mark = {"watermark": results.study.watermark} if results.study.watermark else {}
    study = load_study(folder / STUDY, mark, allow_code=allow_code).study
    origin = {"id": results.study.id, "sha256": reported["study"].get("sha256")}  # of the original file
    typed = any(part.startswith("search") for part in _words(command))
    return RunRequest(
        make_plan(study.model_copy(update={**origin, "search_is_typed": typed})),
        folder,
        ("json",),
        command,
        folder / STUDY,
    )


def _with_paths(plan: Plan, results: Results) -> Plan:
    """Return the plan with the data paths in results.json, which are relative to the original study file."""
    reported = {variant.id: variant.settings for variant in results.variants}
    variants = []
    for variant in plan.variants:
        settings = dict(variant.settings)
        for path in settings.keys() & PATHS:
            settings[path] = reported.get(variant.id, {}).get(path, settings[path])
        variants.append(replace(variant, settings=settings))
    return replace(plan, variants=tuple(variants))


def _words(command: str) -> Sequence[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return ()


def _refuse_other_engine(request: RunRequest, results: Results) -> None:
    engines = {request.store.engine(run.key) for run in results.runs if run.key.isalnum()} - {None}
    if engines and ENGINE_VERSION not in engines:
        trained = ", ".join(sorted(map(str, engines)))
        message = f"engine version {trained} trained the runs, and this reportgen has version {ENGINE_VERSION}"
        written = results.provenance.reportgen or "of that version"
        hint = f"verify it with reportgen {written}, or run the study again"
        raise ResultsError("engine-mismatch", message, where=str(request.folder), hint=hint)


def _faults(request: RunRequest, missing: Sequence[Job], results: Results) -> Iterator[Difference]:
    """Yield the fault of each record that is missing or cannot be read."""
    reported = {(run.variant, run.seed): run.key for run in results.runs}
    labels = {variant.id: variant.label for variant in request.plan.variants}
    for job in missing:
        place = f"{labels[job.run.variant]}, seed {job.run.seed}"
        key = reported.get((job.run.variant, job.run.seed), job.key)
        if key == job.key:
            fault = str(request.store.fault(job.run, job.fingerprint))
            yield Difference(f"runs/{job.key}", place, None, job.key, f"runs/{job.key}: {place}: {fault}")
        else:
            text = f"{key[:SHOWN]}; from {STUDY} and the data it is {job.key[:SHOWN]}, which is not stored"
            yield Difference(RESULTS, place, key, job.key, f"{RESULTS}: runs: {place}: key: {text}")


def _recomputed(
    collected: CollectedRuns, reported: Mapping[str, Any]
) -> tuple[Analysis | None, tuple[Difference, ...]]:
    """Return the analysis of the records and the differences of the report from it.

    If the record of a remedy or sanity check is missing or damaged, this is the difference, and there is no analysis.
    """
    request, runs = collected.request, StoredRuns()
    analysis = analyse_runs(collected, runs, ProgressListener()).analysis
    if lost := lost_records(request, runs):
        return None, tuple(Difference(one.file, one.place, None, None, str(one)) for one in lost)
    return analysis, (*_in_results(analysis, reported), *_in_tables(analysis, request.folder / "tables"))


def _in_results(analysis: Analysis, reported: Mapping[str, Any]) -> Iterator[Difference]:
    drawings = figures.draw_all(analysis) if "figures" in reported else []
    recomputed = results_dict(analysis, drawings)
    _without_later_parts(recomputed, reported)
    if "searches" in recomputed:
        recomputed["searches"] = _with_reported_paths(recomputed["searches"], reported.get("searches"))
    yield from result_differences(RESULTS, reported, recomputed)


def _without_later_parts(recomputed: dict[str, Any], reported: Mapping[str, Any]) -> None:
    """Remove the parts that reports of earlier versions lack."""
    if "lang" not in reported["study"]:
        recomputed["study"].pop("lang", None)
    if "answer" not in reported:
        del recomputed["answer"]
    elif isinstance(reported["answer"], dict) and "shown" not in reported["answer"]:
        recomputed["answer"].pop("shown", None)


def _in_files(folder: Path, known: Collection[str]) -> Iterator[Difference]:
    """Yield each file of the report that is not the one in the manifest, except those with known differences."""
    for name in changed_files(folder):
        if name not in known:
            yield Difference(name, "", None, None, f"{name}: has changed since it was written")


def _with_reported_paths(recomputed: Any, reported: Any) -> Any:
    """Return recomputed values with the paths of data in the reported ones, as in `_with_paths`."""
    if isinstance(recomputed, list) and isinstance(reported, list) and len(recomputed) == len(reported):
        return [_with_reported_paths(*pair) for pair in zip(recomputed, reported, strict=True)]
    if not isinstance(recomputed, dict) or not isinstance(reported, dict):
        return recomputed
    return {
        key: reported[key] if key == PATH and key in reported else _with_reported_paths(value, reported.get(key))
        for key, value in recomputed.items()
    }


def _in_tables(analysis: Analysis, folder: Path) -> Iterator[Difference]:
    for name, build in tables_of(analysis).items():
        file = f"tables/{name}.csv"
        try:
            reported = disk.read_text(folder / f"{name}.csv")
            yield from table_differences(file, name, reported, csv_text(*build(analysis)))
        except OSError as error:
            yield Difference(file, "", None, None, f"{file}: cannot be read: {error.strerror or error}")
        except (ValueError, csv.Error):
            yield Difference(file, "", None, None, f"{file}: not a CSV table")
