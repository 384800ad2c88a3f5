"""Keras's history as JSON: lists of scores, one value an epoch, by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.errors import StudyError
from reportgen.external.logs.raw import LogFormat, RawColumn, RawLog
from reportgen.external.logs.structured.documents import number, quick_json, read_json
from reportgen.languages.translate import N_

NAME = "keras-json"
EPOCH_NAMES = ("epoch", "epochs")
NESTED_NAMES = ("history", "metrics")

MAX_DEPTH = 4
"""A history may be inside an object, such as {"history": {...}, "params": {...}}."""


def find(path: Path) -> list[Path]:
    """Return a file that has lists of numbers of one length by name."""
    return [path] if path.suffix.lower() in (".json", ".txt", "") and _history(quick_json(path)) else []


def read(path: Path) -> RawLog:
    """Return the run of a history.

    Raises
    ------
    StudyError
        If the file is not valid JSON or has no lists of numbers.
    """
    document = read_json(path)
    history = _history(document)
    if not history:
        raise StudyError("invalid-file", "the file has no lists of one number an epoch, as a history has", str(path))
    length = max(map(len, history.values()))
    epochs = _epochs(document, history, length)
    names = [name for name in history if name not in EPOCH_NAMES]
    columns = [_column(name, history[name], epochs) for name in names if _is_numeric(history[name])]
    parameters = document.get("params")
    settings = parameters if isinstance(parameters, dict) else {}
    planned = [number(settings.get(name)) for name in ("epochs", "steps")]
    return RawLog(
        path=path,
        format=NAME,
        name=path.stem,
        columns=tuple(columns),
        settings={name: value for name, value in settings.items() if number(value) is not None},
        first_epoch=0 if epochs[0] == 0 else 1,
        planned_steps=_product(planned),
        ignored={name: N_("not a list of numbers") for name in names if not _is_numeric(history[name])},
    )


def _product(planned: list[float | None]) -> int | None:
    """Return the number of steps of all epochs, None if it is not known."""
    if any(value is None or not math.isfinite(value) or value < 1 for value in planned):
        return None
    return int(math.prod(value for value in planned if value is not None))


def _column(name: str, cells: list[Any], epochs: list[float]) -> RawColumn:
    pairs = [(epoch, found) for epoch, cell in zip(epochs, cells, strict=False) if (found := _cell(cell)) is not None]
    columns = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    return RawColumn(name, columns[1], epochs=columns[0], resolution="epoch")


def _cell(cell: Any) -> float | None:
    """Return a value of a list; null is NaN, as some programs write it."""
    return math.nan if cell is None else number(cell)


def _epochs(document: Mapping[str, Any], history: Mapping[str, list[Any]], length: int) -> list[float]:
    """Return the epochs as the file counts them, or else from 1."""
    for source in (history, document):
        for name in EPOCH_NAMES:
            listed = source.get(name)
            if isinstance(listed, list) and len(listed) >= length and _is_numeric(listed):
                return [float(value) for value in listed[:length]]
    return [float(epoch) for epoch in range(1, length + 1)]


def _is_numeric(cells: list[Any]) -> bool:
    return all(_cell(cell) is not None for cell in cells) and any(number(cell) is not None for cell in cells)


def _history(document: Any, depth: int = 0) -> dict[str, list[Any]]:
    """Return the lists of a history in a document; empty if it has none, or lists that do not belong together."""
    if not isinstance(document, dict) or depth > MAX_DEPTH:
        return {}
    for name in NESTED_NAMES:
        if isinstance(document.get(name), dict):
            return _history(document[name], depth + 1)
    lists = {name: cells for name, cells in document.items() if isinstance(cells, list)}
    numeric = {name: cells for name, cells in lists.items() if cells and _is_numeric(cells)}
    scores = [len(cells) for name, cells in numeric.items() if name not in EPOCH_NAMES]
    if not scores or len(numeric) * 2 < len(document) or min(scores) * 2 < max(scores):
        return {}
    return lists


KERAS_HISTORY = LogFormat(
    name=NAME,
    title="Keras History saved as JSON",
    files="`*.json`",
    find=find,
    read=read,
    generic=True,
)
