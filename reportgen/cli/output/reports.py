"""Output of `reportgen run`, `render` and `check`: lines of text, and values for `--json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.cli.output.architectures import architecture_lines, architecture_values
from reportgen.cli.output.examples import example_lines, example_values
from reportgen.cli.output.plan_warnings import plan_warnings
from reportgen.engine.jit.folders import are_compiled
from reportgen.errors import MissingError
from reportgen.paths import QUIZ, RESULTS, SLIDES
from reportgen.runs.store import plain
from reportgen.study.planning.plan import Plan
from reportgen.workflow.costs.estimate import (
    SMALLER,
    Compiled,
    download_bytes,
    expected_seconds,
    peak_bytes,
    run_costs,
)
from reportgen.workflow.costs.memory import machine_bytes
from reportgen.workflow.request import RunRequest, plan_jobs, stored_records, unique
from reportgen.workflow.stored_runs import damaged_runs, project_request

if TYPE_CHECKING:  # the analysis takes half a second to load, and `check` does not need it
    from reportgen.workflow.outcomes import FailedRun, Report

STYLES = {"supported": "green", "contradicted": "red", "inconclusive": "yellow"}
"""Terminal colours of the verdicts."""

Line = tuple[str, str]  # a style, "" for none, and the text
ACTIVE = ("html", "pdf")
EXTRA = {SLIDES: ("slides.pdf", "slides-beamer.tex"), QUIZ: ("quiz.html",)}
"""Folders of further formats, with the file of each to open; the second one where Pango is missing."""


def report_lines(report: Report) -> Iterator[Line]:
    """Yield the verdicts, the outcomes of the runs, the findings and the path of a report."""
    study = report.plan.study
    yield "bold", f"{study.id}: {study.title}"
    if study.answer and not study.watermark:
        yield "", f"  {report.results['answer']['says']}"
    if study.watermark:
        yield "", "  a quick look: no verdicts"
    else:
        for claim in report.results["claims"]:
            says = " ".join(claim["says"].split())
            yield STYLES[claim["verdict"]], f"  {claim['verdict']:<13} {claim['id']}: {says}"
        yield "", f"  claims: {counted(verdict_counts(report))}"
    yield "", f"  runs: {counted(status_counts(report))} ({report.trained} trained, {report.stored} stored)"
    severities = Counter(finding["severity"] for finding in report.results["findings"])
    yield "", f"  findings: {severities.total()}{f' ({counted(severities)})' if severities else ''}"
    for failure in _grouped(report.failed):
        yield "red", f"  failed: {failure}"
    yield "", f"  report: {main_file(report)}{' (unchanged)' if report.unchanged else ''}"
    yield from (("", f"  {name}: {path}") for name, path in extra_files(report).items() if path != main_file(report))


def _grouped(failed: Sequence[FailedRun]) -> Iterator[str]:
    """Yield each error once, with the first run that it ended and the number of others."""
    ended: dict[str, list[FailedRun]] = {}
    for run in failed:
        ended.setdefault(run.error, []).append(run)
    for error, runs in ended.items():
        more = f", and {several(len(runs) - 1, 'more run')}" if len(runs) > 1 else ""
        yield f"{runs[0].name}{more}: {error}"


def report_values(report: Report) -> dict[str, Any]:
    """Return the values of `run --json` and `render --json` for a report."""
    files = {name: str(path) for name, path in formats_written(report).items()}
    values = {
        "study": report.plan.study.id,
        "folder": str(report.folder),
        **{name: files.get(name) for name in ACTIVE},
        **{name: str(path) for name, path in extra_files(report).items()},
        "results": str(report.folder / RESULTS),
        "trained": report.trained,
        "stored": report.stored,
        "statuses": status_counts(report),
        "failures": list(report.failures),
        "missing": report.missing.values | _others(report.missing) if report.missing else None,
        "verdicts": {} if report.plan.study.watermark else verdict_counts(report),
        "claims": _claims(report),
        "findings": len(report.results["findings"]),
        "unchanged": report.unchanged,
    }
    return dict(plain(values))


def _others(missing: MissingError) -> dict[str, Any]:
    return {"others": [error.values for error in missing.others]} if missing.others else {}


def main_file(report: Report) -> Path:
    """Return the path of the page, else the PDF, else the slides, else the quiz, else results.json."""
    written = formats_written(report) | extra_files(report)
    return next((written[name] for name in (*ACTIVE, *EXTRA) if name in written), report.folder / RESULTS)


def extra_files(report: Report) -> dict[str, Path]:
    """Return the first file of each further format that was written, by format."""
    folders = {path.name: path for path in report.paths}
    found = {
        name: next((folders[name] / file for file in files if (folders[name] / file).is_file()), None)
        for name, files in EXTRA.items()
        if name in folders
    }
    return {name: path for name, path in found.items() if path is not None}


def formats_written(report: Report) -> dict[str, Path]:
    """Return the paths of the written page and PDF by format."""
    return {path.suffix.removeprefix("."): path for path in report.paths if path.suffix in (".html", ".pdf")}


def verdict_counts(report: Report) -> dict[str, int]:
    """Return the number of claims with each verdict."""
    counts = Counter(claim["verdict"] for claim in report.results["claims"])
    return {verdict: counts[verdict] for verdict in STYLES}


def status_counts(report: Report) -> dict[str, int]:
    """Return the number of runs with each status; a run shared by two variants counts twice."""
    return dict(Counter(run["status"] for run in report.results["runs"]))


def has_unsupported_claim(report: Report) -> bool:
    """Return whether a required claim is not supported; all claims count if none is marked as required."""
    claims = _claims(report)
    required = [claim for claim in claims if claim["required"]] or claims
    return any(claim["verdict"] != "supported" for claim in required)


def counted(counts: Mapping[Any, int]) -> str:
    """Return counts as text, such as "3 supported, 1 contradicted"."""
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "none"


def check_values(request: RunRequest, workers: int) -> dict[str, Any]:
    """Return the values of `check --json` for a plan: runs, parameters, memory and time.

    Raises MissingError, as `run` does, if the data of a missing run are not available.
    """
    plan = project_request(request)
    study, jobs = plan.study, unique(plan_jobs(plan))
    records = stored_records(request, jobs)
    stored = {key for key, record in records.items() if record.status != "failed"}
    download = download_bytes(plan, [job for job in jobs if job.key not in stored])
    costs = run_costs(plan, jobs)
    missing = [job for job in jobs if job.key not in stored]
    compiled = Compiled(are_compiled(), are_compiled("convolution"))
    seconds = expected_seconds(plan, missing, costs, workers, compiled, request.formats)
    return {
        "study": study.id,
        "title": study.title,
        "variants": [variant.label for variant in plan.variants if variant.trial is None],
        "searches": [_search(plan, point) for point in dict.fromkeys(v.trial.point for v in plan.variants if v.trial)],
        "seeds": list(study.seeds),
        "claims": len(study.claims),
        "runs": len(jobs),
        "stored": len(stored),
        "damaged": damaged_runs(request, jobs, records),
        "warnings": plan_warnings(plan),
        "parameters": [pick((cost.parameters for cost in costs.values()), default=0) for pick in (min, max)],
        "data": example_values(plan) if not download else [],
        "architectures": architecture_values(plan, jobs, costs),
        "steps": sum(costs[job.key].steps for job in missing),
        "download_bytes": download,
        "memory_bytes": peak_bytes(costs, workers),
        "machine_bytes": machine_bytes(),
        "seconds": seconds.training + seconds.report,
        "seconds_of": asdict(seconds),
        "remedies": 0 if study.watermark else study.remedies.limit,
        "workers": workers,
    }


def several(count: int, noun: str) -> str:
    """Return a count with its noun, such as "1 run" or "1,200 runs"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def check_lines(values: Mapping[str, Any]) -> Iterator[Line]:
    """Yield the lines about a checked plan."""
    runs, stored = values["runs"], values["stored"]
    low, high = values["parameters"]
    size = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    yield "bold", f"{values['study']}: {values['title']}"
    trials = sum(stage["trials"] for search in values["searches"] for stage in search["stages"])
    counts = {"variant": len(values["variants"]), "trial": trials, "seed": len(values["seeds"])}
    yield "", f"  runs        {runs:,}: {', '.join(several(count, noun) for noun, count in counts.items() if count)}"
    if runs == stored:
        yield "", f"  to train    none ({stored:,} stored)"
    else:
        yield "", f"  to train    {runs - stored:,} ({stored:,} stored), {several(values['steps'], 'step')}"
    for text in values["damaged"]:
        yield "red", f"              {text}; it is trained again"
    for text in values["warnings"]:
        yield "yellow", f"  warning     {text}"
    if values["download_bytes"]:
        yield "", f"  download    {_megabytes(values['download_bytes'])} of data"
    yield "", f"  parameters  {size} per run"
    if runs > stored:
        yield "", f"  memory      about {_megabytes(values['memory_bytes'])} for training"
        if values["machine_bytes"] is not None and values["memory_bytes"] > values["machine_bytes"]:
            yield "red", f"              this process may use {_megabytes(values['machine_bytes'])}; {SMALLER}"
        yield from _time_lines(values)
    from reportgen.analysis.claims.verdicts import LEAST_SEEDS  # loads SciPy

    few = values["claims"] and len(values["seeds"]) < LEAST_SEEDS
    yield "", f"  claims      {values['claims']}{f' (a verdict needs at least {LEAST_SEEDS} seeds)' if few else ''}"
    yield from example_lines(values["data"])
    for label in values["variants"]:
        yield "", f"  variant     {label}"
    for search in values["searches"]:
        yield from _search_lines(search)
    yield from architecture_lines(values["architectures"])


def _time_lines(values: Mapping[str, Any]) -> Iterator[Line]:
    """Yield the estimated time and its parts."""
    parts, workers = values["seconds_of"], values["workers"]
    rough = "" if parts["measured"] else "roughly estimated, "
    yield "", f"  time        {rough}about {shown_duration(values['seconds'])} with {several(workers, 'job')}:"
    yield "", f"              training {shown_duration(parts['training'])}, report {shown_duration(parts['report'])}"
    if parts["remedies"]:
        remedies = f"{values['remedies']} remed{'y' if values['remedies'] == 1 else 'ies'} of findings"
        yield "", f"              up to {shown_duration(parts['remedies'])} more for at most {remedies}"
    if parts["compiling"]:
        yield "", f"              {shown_duration(parts['compiling'])} more to compile the kernels, once per machine"


def _search(plan: Plan, point: str) -> dict[str, Any]:
    """Return the settings of a search, and the trials, runs and epochs of each stage."""
    own = [(v, v.trial) for v in plan.variants if v.trial is not None and v.trial.point == point]
    search, label = own[0][1].asked, own[0][1].search
    stages = []
    for number in range(1, len(search.stages) + 1):
        trials = [(variant, trial) for variant, trial in own if trial.stage == number]
        epochs = sorted({variant.settings["training.epochs"] for variant, _ in trials})
        runs = sum(len(trial.seeds) for _, trial in trials)
        stages.append({"trials": len(trials), "runs": runs, "epochs": epochs})
    settings = {
        path: (searched.kind, list(searched.choices) or [searched.low, searched.high])
        for path, searched in search.ranges.items()
    }
    return {"search": label, "method": search.method, "metric": search.metric, "settings": settings, "stages": stages}


def _search_lines(search: Mapping[str, Any]) -> Iterator[Line]:
    yield "", f"  search      {search['search']}: {search['method']}, by {search['metric']}"
    for path, (kind, values) in search["settings"].items():
        yield "", f"              {path}, {kind.replace('_', ' ')} {', '.join(map(str, values))}"
    for number, stage in enumerate(search["stages"], 1):
        low, high = stage["epochs"][0], stage["epochs"][-1]
        epochs = f"{low}" if low == high else f"{low} to {high}"
        work = f"{several(stage['trials'], 'trial')}, {several(stage['runs'], 'run')}"
        yield "", f"              stage {number}: {work} of {epochs} epoch{'' if epochs == '1' else 's'}"


def _claims(report: Report) -> list[dict[str, Any]]:
    required = {claim.id: claim.required for claim in report.plan.study.claims}
    names = ("id", "verdict", "measured", "interval", "n")
    return [
        {name: claim[name] for name in names} | {"required": required[claim["id"]]}
        for claim in report.results["claims"]
    ]


def _megabytes(count: int) -> str:
    return f"{max(count / 1e6, 1):,.0f} MB"


def shown_duration(seconds: float) -> str:
    """Return a time span, such as "a second", "12 s" or "3 min"."""
    if seconds < 1:
        return "a second"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
