"""Finished reports that need no new analysis, because nothing that they were made from has changed.

The manifest of a report records what it was made from: a hash of the study, the command, the program and its
libraries; the digests of the stored runs and measurements that its analysis read; and the formats that were written.
A report with the same origin, whose files have the checksums in its manifest, would be written again as it is.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from importlib.metadata import requires
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement

from reportgen import disk
from reportgen.paths import RESULTS, RUNS, SANITY
from reportgen.report.publish.left_out import left_out_of
from reportgen.report.publish.manifest import MadeFrom, checksums, read_manifest, read_origin
from reportgen.runs.provenance import plugins_used, versions
from reportgen.runs.store import Store
from reportgen.shipped import package_version, sources_hash, templates_folder
from reportgen.study.loading.loader import dump_study
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.outcomes import Report
from reportgen.workflow.ownership import source_of
from reportgen.workflow.request import RunRequest, plan_jobs
from reportgen.workflow.stored_runs import StoredRuns

if TYPE_CHECKING:
    from reportgen.analysis.results import Analysis

PACKAGE = Path(__file__).resolve().parents[1]


def unchanged_report(request: RunRequest) -> Report | None:
    """Return the report in the folder of a request, None if it must be written."""
    origin, files = read_origin(request.folder), read_manifest(request.folder)
    if origin is None or files is None or not set(request.formats) <= set(origin.formats):
        return None
    if origin.inputs != inputs_hash(request) or origin.records != _digests(request.folder, origin.records):
        return None
    if checksums(request.folder, files) != files:
        return None
    paths = tuple(request.folder / name for name in sorted({name.split("/")[0] for name in files}))
    results, analyse = disk.read_json(request.folder / RESULTS), partial(_analysis, request)
    left_out = left_out_of(request.plan, request.formats)
    return Report(
        request.plan, request.folder, paths, results, 0, origin.runs, unchanged=True, left_out=left_out, analyse=analyse
    )


def _analysis(request: RunRequest) -> Analysis:
    from reportgen.workflow.analysing.analyse import analyse_runs

    runs = StoredRuns()
    return analyse_runs(runs.collect(request), runs, ProgressListener()).analysis


def origin_of(request: RunRequest, keys: Iterable[str], runs: int) -> MadeFrom:
    """Return what the report of a request is made from.

    keys: of all stored runs that the analysis read. runs: number of runs without those of remedies and checks.
    """
    names = [*(f"{RUNS}/{key}" for key in keys), *_measurements(request.folder)]
    return MadeFrom(inputs_hash(request), _digests(request.folder, names), runs, tuple(sorted(request.formats)))


def inputs_hash(request: RunRequest) -> str:
    """Return a hash of everything that determines a report, but for the stored runs and measurements.

    The keys of the runs contain the fingerprints of the data and the version of the engine.
    """
    study = request.plan.study
    parts: dict[str, Any] = {
        "program": program_hashes(),
        "versions": {**versions(), **{name: package_version(name) for name in _libraries()}},
        "study": [study.sha256, study.watermark, dump_study(study, request.folder)],
        "source": None if request.file is None else source_of(request.file, request.folder),
        "command": request.command,
        "script": request.script,
        "runs": sorted({job.key for job in plan_jobs(request.plan)}),
        "plugins": plugins_used(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


@functools.cache
def program_hashes() -> list[str]:
    """Return the hashes of the package and its templates at the first call, before this process has loaded them all.

    If they are replaced while the process runs, its report is not one of the new program.
    """
    return [sources_hash(PACKAGE, "*.*"), sources_hash(templates_folder(), "*.*")]


def _libraries() -> list[str]:
    """Return the names of the packages that reportgen requires."""
    needed = (Requirement(text) for text in requires("reportgen") or [])
    return sorted(one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""}))


def _measurements(folder: Path) -> list[str]:
    return sorted(f"{SANITY}/{path.name}" for path in (folder / SANITY).glob("*.json"))


def _digests(folder: Path, names: Collection[str] | Mapping[str, str]) -> dict[str, str]:
    """Return the SHA-256 of stored runs and measurements by name, without those that cannot be read."""
    store, found = Store(folder / RUNS), {}
    for name in names:
        place, _, key = name.partition("/")
        digest = store.digest(key) if place == RUNS else checksums(folder / place, [key]).get(key)
        if digest is not None:
            found[name] = digest
    return found
