"""Records that hold scores only: an NPZ archive of scores by epoch or of losses at some steps, judged as a log is.

A record with the settings of its network and the loss of every step is complete, and is no log; `external.reader` reads
it. Every other record with scores is a log: settings and layer statistics are not needed for it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reportgen import disk
from reportgen.engine.spec import EPOCH_COLUMNS
from reportgen.errors import StudyError
from reportgen.external.arrays import IGNORED, MAGIC, SETTINGS, Array, array_names, read_archive, read_arrays
from reportgen.external.checks import array_error, inconsistent
from reportgen.external.logs.binary import begins_with
from reportgen.external.logs.raw import LogFormat, RawColumn, RawLog
from reportgen.external.logs.settings import flat_settings
from reportgen.external.settings import ARCHIVE, KEYS, mapping_of, refuse_unknown, seed_of, settings_of
from reportgen.languages.translate import N_
from reportgen.runs.checks import SHAPES
from reportgen.runs.training_log import LogNote

NAME = "npz"
LOSSES, LOSS_STEPS = "step_loss", "step_loss_step"
SCORES = tuple(f"epoch_{name}" for name in EPOCH_COLUMNS if name not in ("epoch", "step"))
POSITIONS = ("epoch_epoch", "epoch_step", LOSS_STEPS)


def find(path: Path) -> Sequence[Path]:
    """Return the file if it is an archive with scores that is no complete record."""
    try:
        return [path] if path.is_file() and is_of_scores(path) else []
    except StudyError:
        return []


def is_of_scores(path: Path) -> bool:
    """Return whether a file is an archive with scores, and not the record of a known network at every step."""
    if not begins_with(path, MAGIC):
        return False
    names = set(array_names(path))
    if LOSSES not in names:
        return not names.isdisjoint(SCORES)
    if LOSS_STEPS in names:
        return True
    try:
        with disk.open_regular(path) as file:
            head = settings_of(path, read_arrays(path, file, (SETTINGS,)))[1]
    except OSError:
        return False
    except StudyError as error:
        return error.code == "missing-settings"
    return "network" not in head and "format" not in head


def read(path: Path) -> RawLog:
    """Return the scores of a record as a log.

    Raises
    ------
    StudyError : the archive is damaged, has an unknown or invalid array, or has invalid settings.
    """
    arrays = {name: array for name, array in read_archive(path).items() if name not in IGNORED}
    place, head = _settings(path, arrays)
    refuse_unknown(place, head, KEYS)
    training = mapping_of(place, head, "training")
    known = {name: _checked(path, name, arrays[name]) for name in (*SCORES, *POSITIONS, LOSSES) if name in arrays}
    _refuse_unknown_arrays(path, arrays)
    skipped = [name for name in arrays if name not in known and name != SETTINGS]
    ignored = dict.fromkeys(skipped, N_("it needs the settings of the network and the loss of every step"))
    note = LogNote(
        "scores-only", N_("the record is judged as a log, since it has no network or not the loss of every step")
    )
    return RawLog(
        path=path,
        format=NAME,
        name=path.parent.name if path.name == ARCHIVE else path.stem,
        columns=(*_losses(path, known), *_by_epoch(path, known, training.get("epochs"))),
        settings=flat_settings(
            {name: value for name, value in head.items() if name not in ("final", "status", "seed")}
        ),
        seed=seed_of(place, head, 0) if "seed" in head else None,
        first_epoch=1,
        first_step=1,
        ignored=ignored,
        notes=(note,),
    )


def _settings(path: Path, arrays: Mapping[str, Array]) -> tuple[str, dict[str, Any]]:
    try:
        return settings_of(path, arrays)
    except StudyError as error:
        if error.code != "missing-settings":
            raise
        return str(path), {}


def _refuse_unknown_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    allowed = (*SHAPES, LOSS_STEPS, SETTINGS)
    for name in arrays:
        if name not in allowed:
            near = difflib.get_close_matches(name, allowed, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "rename or remove it"
            raise array_error("unknown-array", path, name, "unknown array", hint)


def _checked(path: Path, name: str, array: Array) -> Array:
    """Return an array of scores as float64; raises StudyError unless it is a list of numbers."""
    if array.dtype.kind not in "fiu":
        raise array_error("wrong-type", path, name, f"expected numbers, found {array.dtype}", "floats or integers")
    if array.ndim != 1:
        raise array_error("wrong-shape", path, name, f"expected a list, found shape {array.shape}", "one axis")
    if not array.size:
        raise array_error("empty-value", path, name, "the array is empty", "remove the array")
    return np.asarray(array, np.float64)


def _losses(path: Path, arrays: Mapping[str, Array]) -> Iterator[RawColumn]:
    """Yield the losses of minibatches at their steps, at every step without `step_loss_step`."""
    if LOSSES in arrays:
        losses = arrays[LOSSES]
        steps = arrays.get(LOSS_STEPS, np.arange(1.0, losses.size + 1))
        if steps.size != losses.size:
            message = f"{steps.size} steps, but step_loss has {losses.size} values"
            raise inconsistent(path, LOSS_STEPS, message, "the step of each loss, from 1")
        yield RawColumn(LOSSES, losses, steps=steps, resolution="step")


def _by_epoch(path: Path, arrays: Mapping[str, Array], epochs: Any) -> Iterator[RawColumn]:
    """Yield the scores by epoch; the first row is of the network before training unless there is one row an epoch."""
    names = [name for name in SCORES if name in arrays]
    rows = len(arrays[names[0]]) if names else 0
    numbers = arrays.get("epoch_epoch", np.arange(float(rows)) + (epochs == rows))
    steps = arrays.get("epoch_step")
    if steps is None and LOSSES in arrays and LOSS_STEPS not in arrays:
        steps = np.linspace(0, arrays[LOSSES].size, rows + (epochs == rows)).round()[-rows:]
    for name in (*names, *POSITIONS[:2]):
        if name in arrays and names and len(arrays[name]) != rows:
            message = f"{len(arrays[name])} rows, but {names[0]} has {rows}"
            raise inconsistent(path, name, message, "a row for each epoch")
    for name in names:
        known = ~np.isnan(arrays[name])
        known[1:] |= known.any()  # a first row that is unknown, or validation scores without validation examples
        if known.any():
            at = None if steps is None else steps[known]
            yield RawColumn(name, arrays[name][known], at, numbers[known], resolution="epoch")


RECORD = LogFormat(NAME, "scores in an NPZ archive", "`*.npz`", find, read, magic=MAGIC)
