"""`reportgen verify`: a report against its records.

Everything that results.json and tables/ say is computed anew from the stored runs and held against what stands there.
"""

from __future__ import annotations

import csv
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reportgen import figures
from reportgen.analysis.results import Analysis
from reportgen.audit.diff import Difference, result_differences, table_differences
from reportgen.engine.spec import ENGINE_VERSION
from reportgen.errors import ResultsError
from reportgen.paths import RESULTS, STUDY
from reportgen.report.results.results import results_dict
from reportgen.report.results.tables import TABLES, csv_text
from reportgen.report.site.finished import Results, read_results, read_values
from reportgen.runs.executors import Job
from reportgen.study.loading.loader import load_study
from reportgen.study.planning.plan import Plan, make_plan
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.request import RunRequest, plan_jobs, unique
from reportgen.workflow.run import analyse_stored
from reportgen.workflow.search_stages import stored_stages

PATH = "data.path"
SHOWN = 12  # letters of a run's key that tell it from others


@dataclass(frozen=True)
class Verification:
    """What became of holding a report against its records: how many runs its plan has, and what differs."""

    folder: Path
    study: str
    runs: int
    differences: tuple[Difference, ...]


def verify_report(folder: Path, allow_code: bool = False) -> Verification:
    """Return how a report agrees with its records.

    Where records are missing or damaged, these are the differences: nothing can be computed without them. Raises
    ResultsError where results.json cannot be read or another engine has trained, StudyError where its study cannot,
    and MissingError where the data are not at hand, by which the runs are known. allow_code: load the plug-ins that the
    study names.
    """
    results, told = read_results(folder), read_values(folder / RESULTS)
    request = _order(folder, results, told, allow_code)
    _refuse_other_engine(request, results)
    request, records = stored_stages(request)
    request = replace(request, plan=_with_paths(request.plan, results))
    jobs = unique(plan_jobs(request.plan))
    found = tuple(_faults(request, [job for job in jobs if job.key not in records], results))
    if not found:
        analysis = analyse_stored(request, records, ProgressListener()).analysis
        found = (*_in_results(analysis, told), *_in_tables(analysis, folder / "tables"))
    return Verification(folder, results.study.id, len(jobs), found)


def _order(folder: Path, results: Results, told: Mapping[str, Any], allow_code: bool) -> RunRequest:
    """Return the order that the report was made by, from the study that it keeps."""
    command = str((told.get("provenance") or {}).get("command") or "")
    mark = {"watermark": results.study.watermark} if results.study.watermark else {}
    study = load_study(folder / STUDY, mark, allow_code=allow_code).study
    made_of = {"id": results.study.id, "sha256": told["study"].get("sha256")}  # of the file, which need not be here
    typed = any(part.startswith("search") for part in _words(command))
    return RunRequest(
        make_plan(study.model_copy(update={**made_of, "search_is_typed": typed})),
        folder,
        ("json",),
        command,
        folder / STUDY,
    )


def _with_paths(plan: Plan, results: Results) -> Plan:
    """Return the plan with the paths of data as results.json has them, seen from where the study lay."""
    told = {variant.id: variant.settings for variant in results.variants}
    variants = [
        replace(one, settings={**one.settings, PATH: told.get(one.id, {}).get(PATH, one.settings[PATH])})
        if PATH in one.settings
        else one
        for one in plan.variants
    ]
    return replace(plan, variants=tuple(variants))


def _words(command: str) -> Sequence[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return ()


def _refuse_other_engine(request: RunRequest, results: Results) -> None:
    engines = {request.store.engine(run.key) for run in results.runs if _is_key(run.key)} - {None}
    if engines and ENGINE_VERSION not in engines:
        trained = ", ".join(sorted(map(str, engines)))
        message = f"engine version {trained} trained the runs, and this reportgen has version {ENGINE_VERSION}"
        written = results.provenance.reportgen or "of that version"
        hint = f"verify it with reportgen {written}, or run the study again"
        raise ResultsError("engine-mismatch", message, where=str(request.folder), hint=hint)


def _is_key(text: str) -> bool:
    return text.isalnum()


def _faults(request: RunRequest, missing: Sequence[Job], results: Results) -> Iterator[Difference]:
    """Yield what is wrong with each record that the study's plan asks for and that cannot be read."""
    told = {(run.variant, run.seed): run.key for run in results.runs}
    labels = _labels(request.plan)
    for job in missing:
        place = f"{labels[job.run.variant]}, seed {job.run.seed}"
        key = told.get((job.run.variant, job.run.seed), job.key)
        if key == job.key:
            fault = str(request.store.fault(job.run, job.fingerprint))
            yield Difference(f"runs/{job.key}", place, None, job.key, f"runs/{job.key}: {place}: {fault}")
        else:
            text = f"{key[:SHOWN]}, but by {STUDY} and the data the run is {job.key[:SHOWN]}, which is not stored"
            yield Difference(RESULTS, place, key, job.key, f"{RESULTS}: runs: {place}: key: {text}")


def _labels(plan: Plan) -> dict[str, str]:
    return {variant.id: variant.label for variant in plan.variants}


def _in_results(analysis: Analysis, told: Mapping[str, Any]) -> Iterator[Difference]:
    drawings = figures.draw_all(analysis) if "figures" in told else []
    yield from result_differences(RESULTS, told, results_dict(analysis, drawings))


def _in_tables(analysis: Analysis, folder: Path) -> Iterator[Difference]:
    for name, build in TABLES.items():
        file = f"tables/{name}.csv"
        try:
            told = (folder / f"{name}.csv").read_text(encoding="utf-8")
            yield from table_differences(file, name, told, csv_text(*build(analysis)))
        except OSError as error:
            yield Difference(file, "", None, None, f"{file}: cannot be read: {error.strerror or error}")
        except (ValueError, csv.Error):
            yield Difference(file, "", None, None, f"{file}: this is no table in CSV")
