"""The results of a diagnosis for programs: diagnosis.json and the folder tables/."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from reportgen.analysis.words.foreign import printable
from reportgen.disk import replace_file
from reportgen.figures.drawing.figure import Drawing
from reportgen.languages.translate import ENGLISH
from reportgen.paths import DIAGNOSIS_FORMAT
from reportgen.report.results.results import verdict_values
from reportgen.report.results.tables import Row, Table, write_csv
from reportgen.report.training.inputs import TrainingReport
from reportgen.report.training.rows import rows_of
from reportgen.report.training.unjudged import cases_of
from reportgen.runs.store import plain
from reportgen.runs.training_log import SCORES

VERSION = 1


def diagnosis_dict(report: TrainingReport, drawings: Sequence[Drawing]) -> dict[str, Any]:
    """Return the content of diagnosis.json: the values of `diagnose --json`, the verdicts, files and provenance.

    drawings: the figures in the order of the report, whose first opens it.
    """
    values = {
        "format": DIAGNOSIS_FORMAT,
        "version": VERSION,
        "id": report.id,
        "title": report.name,
        **({} if report.language == ENGLISH else {"lang": report.language}),
        "provenance": report.provenance,
        "files": [vars(file) for file in report.files],
        "groups": [
            {
                "group": row.group.name,
                **verdict_values(row.group.diagnosis),
                "runs": [run.name for run in row.group.runs],
            }
            for row in rows_of(report.groups)
        ],
        **report.values,
        **({"figures": [_figure(drawing, drawing is drawings[0]) for drawing in drawings]} if drawings else {}),
    }
    return dict(plain(values))


def _figure(drawing: Drawing, opens: bool) -> dict[str, Any]:
    return {name: getattr(drawing, name) for name in ("id", "title", "caption", "alt")} | {"opens": opens}


def write_diagnosis(report: TrainingReport, path: Path, drawings: Sequence[Drawing]) -> Path:
    """Write diagnosis.json in one step and return its path."""
    text = json.dumps(diagnosis_dict(report, drawings), indent=1, ensure_ascii=False, allow_nan=False)
    # A surrogate, as in a file name that is not valid UTF-8, becomes its escape, which is valid JSON.
    replace_file(path, f"{text}\n".encode(errors="backslashreplace"))
    return path


def write_tables(report: TrainingReport, folder: Path) -> list[Path]:
    """Write the tables into the folder, create it if necessary, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    return [write_csv(folder / f"{name}.csv", *build(report)) for name, build in TABLES.items()]


def runs(report: TrainingReport) -> Table:
    """Return one row per run: its group with the verdict, its file, and the last value of each score."""
    columns = ("group", "verdict", "run", "path", "format", "seed", "unit", "end", *SCORES, "findings", "rules_judged")
    return columns, _runs(report)


def _runs(report: TrainingReport) -> Iterator[Row]:
    for row in rows_of(report.groups):
        for run in row.group.runs:
            last = [
                float(c.values[-1]) if (c := run.curve(role)) is not None and c.values.size else None for role in SCORES
            ]
            found = " ".join(finding.rule for finding in row.group.findings)
            head = (
                row.group.name,
                row.group.verdict,
                run.name,
                printable(str(run.path), None),
                run.format,
                run.seed,
                run.unit,
                run.end,
            )
            yield (*head, *last, found, row.judged)


def findings(report: TrainingReport) -> Table:
    """Return one row per finding; evidence is JSON."""
    columns = ("rule", "severity", "variant", "seeds", "layers", "step", "message", "advice", "sources", "evidence")
    names = (*columns, "consequence_of")
    rows = (tuple(getattr(f, name) for name in names) for group in report.groups for f in group.findings)
    return ("rule", "severity", "group", *names[3:]), rows


def not_judged(report: TrainingReport) -> Table:
    """Return one row per group and rule that could not judge."""
    cases = (case for group in report.groups for case in cases_of(group))
    rows = ((case.group, case.rule, case.reason, case.remedy, " ".join(case.missing)) for case in cases)
    return ("group", "rule", "reason", "what_to_log", "missing"), rows


def columns(report: TrainingReport) -> Table:
    """Return one row per column of a run: its role, or why it was ignored."""
    return ("run", "column", "role", "resolution", "values", "first", "last", "ignored"), _columns(report)


def _columns(report: TrainingReport) -> Iterator[Row]:
    for run in (run for group in report.groups for run in group.runs):
        for c in run.curves:
            ends = (float(c.values[0]), float(c.values[-1])) if c.values.size else (None, None)
            yield (run.name, c.column, c.role, c.resolution, c.values.size, *ends, None)
        for name, reason in run.ignored.items():
            yield (run.name, name, None, None, None, None, None, reason)


TABLES: dict[str, Callable[[TrainingReport], Table]] = {
    "runs": runs,
    "findings": findings,
    "not_judged": not_judged,
    "columns": columns,
}
