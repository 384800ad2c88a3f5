"""Weights & Biases: the file `run-*.wandb` of a run, which its program writes before it sends anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.errors import StudyError
from reportgen.external.logs.binary import begins_with
from reportgen.external.logs.events.blocks import MAGIC, Damage, read_records
from reportgen.external.logs.events.tensors import Histogram, histogram_of_buckets
from reportgen.external.logs.events.wire import VARINT, fields, parts
from reportgen.external.logs.raw import Array, LogFormat, RawColumn, RawLog
from reportgen.external.logs.roles import meaning_of
from reportgen.external.logs.settings import flat_settings, settings_in
from reportgen.external.logs.structured.documents import number, parse_json
from reportgen.external.logs.structured.records import Records
from reportgen.languages.translate import N_
from reportgen.runs.training_log import LogNote

NAME = "wandb"
HISTORY, CONFIG, RUN = 2, 5, 17
"""Fields of a record."""

STEP = "_step"
OWN_NAMES = ("_wandb", "_timestamp", "_runtime")
MAX_DEPTH = 8
MAX_BUCKETS = 10_000


@dataclass
class _Run:
    table: Records = field(default_factory=Records)
    settings: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    histograms: dict[str, list[tuple[float, Histogram]]] = field(default_factory=dict)
    damaged: int = 0


def find(path: Path) -> list[Path]:
    """Return a file of W&B, or the folder of the run that has one."""
    if path.is_dir():
        return [path] if len(_files(path)) == 1 else []
    return [path] if begins_with(path, MAGIC) else []


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in sorted(folder.glob("*.wandb")) if begins_with(path, MAGIC)]
    except OSError:
        return []


def read(path: Path) -> RawLog:
    """Return the run in a file of W&B or in the folder of one.

    Raises
    ------
    StudyError
        If the file is not one of W&B, or has no readable scores.
    """
    files = _files(path) if path.is_dir() else [path]
    if not files or not begins_with(files[0], MAGIC):
        raise StudyError("invalid-file", "the file is not a run of W&B", str(path))
    run, damage = _Run(), Damage()
    try:
        for record in read_records(files[0], damage):
            try:
                _add_record(run, record)
            except ValueError:
                run.damaged += 1
    except OSError as error:
        raise StudyError("unreadable-file", f"the file cannot be read: {error.strerror}", str(path)) from error
    settings, settings_notes = (run.settings, ()) if run.settings else _settings_beside(files[0])
    columns = run.table.columns()
    call_notes: tuple[LogNote, ...] = ()
    if not run.histograms:
        columns, call_notes = _without_validation_calls(columns)
    notes = (*_notes(run, damage), *settings_notes, *call_notes)
    if not columns:
        reason = f" ({notes[0].text})" if notes else ""
        raise StudyError("invalid-file", f"the run of W&B has no readable scores{reason}", str(path))
    return RawLog(
        path=path,
        format=NAME,
        name=run.name or files[0].stem,
        columns=columns,
        layers=tuple(_layers(run)),
        settings=settings,
        ignored={name: why for name, why in run.table.ignored.items() if name not in run.histograms},
        notes=notes,
    )


def _without_validation_calls(columns: Sequence[RawColumn]) -> tuple[tuple[RawColumn, ...], tuple[LogNote, ...]]:
    """Return columns whose steps count only calls with a training loss, if each call counts as a step.

    Without a step of its own, a call of `wandb.log` with validation scores alone counts as one too.
    """
    losses = [one for one in columns if (known := meaning_of(one.name)) and known.quantity == "loss"]
    training = [one.steps for one in losses if (known := meaning_of(one.name)) and known.split in (None, "train")]
    others = [one.steps for one in losses if (known := meaning_of(one.name)) and known.split == "val"]
    if len(training) != 1 or training[0] is None or not others:
        return tuple(columns), ()
    calls = training[0]
    every = np.unique(np.concatenate([calls, *(steps for steps in others if steps is not None)]))
    if every.size == calls.size or np.isin(np.concatenate([s for s in others if s is not None]), calls).any():
        return tuple(columns), ()
    if (np.diff(calls) < 1).any() or (np.diff(every) != 1).any():
        return tuple(columns), ()
    note = LogNote(
        "calls-as-steps", N_("steps are calls of wandb.log with a training loss, without those of validation")
    )
    # a validation call has the step of the training before it, in the count from 0 that all calls have
    placed = (one if one.steps is None else replace(one, steps=_position(calls, one.steps)) for one in columns)
    return tuple(placed), (note,)


def _position(calls: Array, steps: Array) -> Array:
    """Return the number of the last call at or before each step, from 0."""
    return np.asarray(np.maximum(np.searchsorted(calls, steps, "right") - 1.0, 0), np.float64)


def _settings_beside(file: Path) -> tuple[dict[str, Any], tuple[LogNote, ...]]:
    """Return the settings in `files/config.yaml`, where each has a value and a description."""
    found, notes = settings_in(file.parent / "files", "config.yaml")
    values = {name.removesuffix(".value"): value for name, value in found.items() if name.endswith(".value")}
    return {name: value for name, value in values.items() if not name.startswith("_wandb")}, notes


def _notes(run: _Run, damage: Damage) -> Iterator[LogNote]:
    if damage.first_at is not None:
        text = N_("damaged blocks, whose remaining scores are missing: {count}, the first at byte {place}")
        yield LogNote("damaged", text.format(count=damage.blocks, place=damage.first_at))
    if run.damaged:
        yield LogNote("damaged", N_("{count} records that cannot be read were left out").format(count=run.damaged))
    if damage.truncated_at is not None:
        text = N_("the file ends within a record at byte {place}, which was left out")
        yield LogNote("truncated", text.format(place=damage.truncated_at))
    if run.histograms:
        text = N_("mean and standard deviation of layers were computed from the buckets of histograms")
        yield LogNote("approximate-statistics", text)


def _add_record(run: _Run, record: bytes) -> None:
    found = parts(record, (HISTORY, CONFIG, RUN))
    for history in found[HISTORY]:
        _add_history(run, history)
    for config in found[CONFIG]:
        _add_config(run, config)
    for description in found[RUN]:
        texts = parts(description, (1, 4, 8))
        name = texts[8] or texts[1]
        run.name = name[-1].decode(errors="replace") if name else run.name
        for config in texts[4]:
            _add_config(run, config)


def _add_history(run: _Run, history: bytes) -> None:
    found = parts(history, (1, 2))
    values = _items(found[1])
    for message in found[2]:
        counted = [value for code, wire, value, _ in fields(message) if code == 1 and wire == VARINT]
        values.setdefault(STEP, counted[-1] if counted else 0)
    step = number(values.get(STEP)) or 0.0
    record: dict[str, Any] = {}
    for name, value in _leaves(values):
        if not isinstance(value, dict):
            record[name] = value
        elif (histogram := _histogram(value)) is not None:
            run.histograms.setdefault(name, []).append((step, histogram))
        else:
            run.table.ignored.setdefault(name, N_("not a number: an image, a table or the like"))
    run.table.add(record)


def _leaves(values: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield all values, with nested names joined by a slash. An object of W&B, which has a type, is one value."""
    for name, value in values.items():
        if isinstance(value, dict) and "_type" not in value and depth < MAX_DEPTH:
            yield from _leaves(value, f"{prefix}{name}/", depth + 1)
        elif prefix or name not in OWN_NAMES:
            yield f"{prefix}{name}", value


def _add_config(run: _Run, config: bytes) -> None:
    settings = flat_settings(_items(parts(config, (1,))[1]))
    run.settings |= {name: value for name, value in settings.items() if not name.startswith("_wandb")}


def _items(messages: Sequence[bytes]) -> dict[str, Any]:
    """Return the values of items by name. An item with several names is in a mapping for each name but the last."""
    values: dict[str, Any] = {}
    for message in messages:
        found = parts(message, (1, 2, 16))
        names = [name.decode(errors="replace") for name in found[1][-1:] or found[2]]
        if names and found[16]:
            inner = values
            for name in names[:-1]:
                below = inner.setdefault(name, {})
                inner = below if isinstance(below, dict) else {}
            inner[names[-1]] = _json(found[16][-1])
    return values


def _json(text: bytes) -> Any:
    try:
        return parse_json(text, "")
    except StudyError as error:
        raise ValueError(error.message) from error


def _histogram(value: Mapping[str, Any]) -> Histogram | None:
    """Mean and standard deviation of a histogram of W&B: counts, and edges of which there is one more."""
    counts, edges = value.get("values"), value.get("bins")
    if not isinstance(counts, list) or not isinstance(edges, list) or len(edges) != len(counts) + 1:
        packed = value.get("packedBins")
        if not isinstance(counts, list) or not isinstance(packed, dict):
            return None
        low, width = number(packed.get("min")), number(packed.get("size"))
        if low is None or width is None:
            return None
        edges = [low + width * place for place in range(len(counts) + 1)]
    numbers = [number(found) for found in (*counts, *edges)]
    if len(counts) > MAX_BUCKETS or any(found is None for found in numbers):
        return None
    bounds = np.array(numbers[len(counts) :], dtype=np.float64)
    return histogram_of_buckets(np.column_stack([bounds[:-1], bounds[1:], np.array(numbers[: len(counts)], float)]))


def _layers(run: _Run) -> Iterator[tuple[str, str, RawColumn]]:
    for name, found in run.histograms.items():
        steps = np.array([step for step, _ in found])
        yield name, "mean", RawColumn(name, np.array([histogram.mean for _, histogram in found]), steps=steps)
        yield name, "std", RawColumn(name, np.array([histogram.std for _, histogram in found]), steps=steps)


WANDB = LogFormat(
    name=NAME,
    title="Weights & Biases",
    files="`run-*.wandb`",
    find=find,
    read=read,
    magic=MAGIC,
)
