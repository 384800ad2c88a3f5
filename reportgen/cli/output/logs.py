"""Output of `reportgen diagnose` about logs: which column was taken for what, and what was ignored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reportgen.external.logs.formats import FORMATS
from reportgen.runs.training_log import ROLES, Resolution, TrainingLog

RESOLUTIONS: dict[Resolution, str] = {"step": "by step", "window": "means of windows", "epoch": "by epoch"}
INDENT = "  "

MOST_NAMES = 5
"""Largest number of ignored columns that one line names; `--json` lists all."""


def log_lines(logs: Sequence[TrainingLog], indent: str) -> Iterator[tuple[str, str]]:
    """Yield the columns, ignored columns and notes of the runs of a group; equal descriptions are given once."""
    described: dict[tuple[str, ...], list[str]] = {}
    for log in logs:
        described.setdefault(tuple(_run_lines(log)), []).append(log.name)
    for lines, names in described.items():
        inner = indent
        if len(logs) > 1:
            yield "", f"{indent}{', '.join(names)}"
            inner += INDENT
        yield from (("", inner + line) for line in lines)


def title(name: str, logs: Sequence[TrainingLog]) -> str:
    """Return the name of a group with its format and its number of runs."""
    formats = dict.fromkeys(FORMATS[log.format].title if log.format in FORMATS else log.format for log in logs)
    runs = f", {len(logs)} runs" if len(logs) > 1 else ""
    return f"{name} ({'; '.join(formats)}{runs})"


def _run_lines(log: TrainingLog) -> Iterator[str]:
    for curve in log.curves:
        count = curve.values.size
        values = f"{count} value{'s' * (count != 1)}"
        yield f"{ROLES[curve.role]} <- {curve.column} ({RESOLUTIONS[curve.resolution]}, {values})"
    if log.layers:
        yield f"statistics of {len(log.layers)} layers"
    yield f"length: {_length(log)}"
    classes = f" with {log.task.classes} classes" if log.task.classes else ""
    yield f"task: {log.task.kind}{classes}" + (f", since {log.task.reason}" if log.task.kind != "unknown" else "")
    yield from _ignored_lines(log)
    for note in log.notes:
        yield f"decision: {note.text}"


def _ignored_lines(log: TrainingLog) -> Iterator[str]:
    """Yield one line for each reason with the columns that were ignored for it, at most MOST_NAMES of them."""
    columns: dict[str, list[str]] = {}
    for name, reason in log.ignored.items():
        columns.setdefault(reason, []).append(name)
    for reason, names in columns.items():
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        yield f"ignored: {', '.join(names[:MOST_NAMES])}{more} ({reason})"


def _length(log: TrainingLog) -> str:
    """Return the length of a run in steps or epochs, with what is known of its steps."""
    parts = [f"{log.end:g} {log.unit}{'s' * (log.end != 1)}"]
    if log.unit == "step" and log.steps_per_epoch is not None:
        parts.append(f"{log.steps_per_epoch:g} in an epoch")
    if log.unit == "step" and log.log_every is not None:
        parts.append(f"one value every {log.log_every}" if log.log_every > 1 else "a value at every step")
    return ", ".join(parts)


def log_values(group: str, log: TrainingLog) -> dict[str, Any]:
    """Return a log as a value of `logs` in `diagnose --json`."""
    return {
        "file": str(log.path),
        "format": log.format,
        "group": group,
        "run": log.name,
        "unit": log.unit,
        "task": {"kind": log.task.kind, "classes": log.task.classes, "reason": log.task.reason},
        "seed": log.seed,
        "steps_per_epoch": log.steps_per_epoch,
        "planned_steps": log.planned_steps,
        "log_every": log.log_every,
        "resumed_at": list(log.resumed_at),
        "columns": [
            {
                "role": curve.role,
                "column": curve.column,
                "resolution": curve.resolution,
                "values": int(curve.values.size),
                "higher_is_better": curve.higher_is_better,
            }
            for curve in log.curves
        ],
        "layers": {layer: list(statistics) for layer, statistics in log.layers.items()},
        "ignored": dict(log.ignored),
        "notes": [{"code": note.code, "text": note.text} for note in log.notes],
    }
