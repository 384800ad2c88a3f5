"""The arrays of a record that a user brings: read without executing anything, and checked one by one.

Names and meanings are those of `reportgen.runs.record`; S steps, E + 1 rows of scores, P looks, L layers, U hidden
units, C classes.
"""

from __future__ import annotations

import difflib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.spec import EPOCH_COLUMNS, LOOK_METRICS, STATISTICS
from reportgen.errors import StudyError

Array = NDArray[Any]

SETTINGS = "run"
"""The member of an archive that holds the run's settings, as JSON text."""

REQUIRED = ("step_loss",)
MOST_BYTES = 4 * 2**30

SHAPES: dict[str, tuple[str, ...]] = {
    "step_loss": ("S",),
    **{f"epoch_{name}": ("E + 1",) for name in EPOCH_COLUMNS},
    "probe_step": ("P",),
    **{f"probe_{name}": ("P", "L") for name in STATISTICS},
    **{f"probe_{name}": ("P",) for name in LOOK_METRICS},
    "probe_unit_dead": ("P", "U"),
    "unit_layer": ("U",),
    "val_confusion": ("C", "C"),
    "train_confusion": ("C", "C"),
}
"""Every array that diagnoses read, and its shape."""

UNREAD = (
    "probe_activation_histogram",
    "probe_gradient_histogram",
    "activation_edges",
    "gradient_edges",
    "val_probabilities",
    "val_labels",
    "test_probabilities",
    "test_labels",
    "snapshot_step",
    "snapshot_single_val_loss",
    "snapshot_single_val_accuracy",
    "snapshot_val_probabilities",
)
"""Arrays of stored runs that no diagnosis reads; they may stay in."""

COUNTS = ("probe_step", "epoch_epoch", "epoch_step", "unit_layer", "val_confusion", "train_confusion")
ROWS = {
    "S": "one value a training step",
    "E + 1": "one value an epoch, the network before training first",
    "P": "one value a look at the layers",
    "L": "one column a layer, the output layer last",
    "U": "one column a hidden unit",
    "C": "one row and one column a class",
}


def read_archive(path: Path) -> dict[str, Array]:
    """Return the members of an .npz archive; raises StudyError where it is none, is damaged, or holds objects."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(info.file_size for info in archive.infolist())
        if size > MOST_BYTES:
            raise StudyError(f"the arrays take {size / 2**30:.1f} GiB", str(path), "at most 4 GiB")
        with np.load(path, allow_pickle=False) as members:
            return {name: _member(path, members, name) for name in members.files}
    except zipfile.BadZipFile as error:
        hint = "an .npz archive, as numpy.savez writes it, or a folder of them"
        raise StudyError("the file is no record, or a damaged one", str(path), hint) from error
    except (EOFError, OSError, ValueError) as error:
        hint = "an .npz archive, as numpy.savez writes it"
        raise StudyError(f"the file cannot be read as arrays: {error}", str(path), hint) from error


def _member(path: Path, members: Mapping[str, Array], name: str) -> Array:
    try:
        found = members[name]
    except ValueError as error:
        raise _refusal(path, name, "holds Python objects, which are not read", "plain numbers") from error
    if not isinstance(found, np.ndarray):
        raise _refusal(path, name, "is no array", "only arrays, saved by numpy.savez")
    return found


def checked(path: Path, arrays: Mapping[str, Array], units: tuple[int, ...], classes: int) -> dict[str, Array]:
    """Return the arrays that diagnoses read, in float64 or int64; raises StudyError at the first that cannot be.

    units: of the hidden layers.
    """
    for name in REQUIRED:
        if name not in arrays:
            raise StudyError(f"the array {name} is missing", str(path), "the loss of every training step, (S,)")
    for name in arrays:
        if name not in SHAPES and name not in UNREAD and name != SETTINGS:
            near = difflib.get_close_matches(name, SHAPES, n=1)
            raise StudyError(f"unknown array {name!r}", str(path), f"did you mean {near[0]!r}?" if near else None)
    sizes = {"L": len(units) + 1, "U": sum(units), "C": classes}
    return {name: _checked(path, name, arrays[name], sizes) for name in SHAPES if name in arrays}


def _checked(path: Path, name: str, array: Array, sizes: dict[str, int]) -> Array:
    """Return one array in its type; a size that is not known yet is the array's own."""
    if array.dtype.kind not in "fiub":
        raise _refusal(path, name, f"holds {array.dtype}, no numbers", "floats or integers")
    shape = SHAPES[name]
    if array.ndim == len(shape):
        for axis, size in zip(shape, array.shape, strict=True):
            sizes.setdefault(axis, size)
    wanted = tuple(sizes.get(axis, 0) for axis in shape)
    if array.ndim != len(shape) or array.shape != wanted:
        known = ", ".join(str(sizes[axis]) if axis in sizes else axis for axis in shape)
        words = "; ".join(dict.fromkeys(ROWS[axis] for axis in shape))
        raise _refusal(path, name, f"has shape {array.shape}", f"({known}{',' * (len(shape) == 1)}): {words}")
    if not array.size:
        raise _refusal(path, name, "is empty", "leave it out where nothing was measured")
    values = np.asarray(array, np.float64)
    _check_values(path, name, values)
    return values.astype(np.int64) if name in COUNTS and not name.startswith("epoch_") else values


def _check_values(path: Path, name: str, values: NDArray[np.float64]) -> None:
    if name in COUNTS:
        if not np.isfinite(values).all() or (values < 0).any() or (values % 1 != 0).any():
            raise _refusal(path, name, f"holds {_first(values)}", "whole numbers from 0 on")
        if name in ("probe_step", "epoch_step") and (np.diff(values) <= 0).any():
            raise _refusal(path, name, "does not rise from one entry to the next", "steps in order, each once")
    known = values[np.isfinite(values)]
    share = name.endswith(("accuracy", "_fraction", "unit_dead"))
    if share and ((known < 0).any() or (known > 1).any()):
        raise _refusal(path, name, f"holds {known[(known < 0) | (known > 1)][0]:g}", "a share from 0 to 1")
    if name.endswith(("_std", "_norm", "_ratio")) and (known < 0).any():
        raise _refusal(path, name, f"holds {known[known < 0][0]:g}", "a size, which is never below 0")
    if name.endswith(("_loss", "_penalty")) and (known < 0).any():
        words = "cross-entropy, squared error and hinge loss are never below 0, and no penalty is"
        raise _refusal(path, name, f"holds {known[known < 0][0]:g}", words)


def _first(values: NDArray[np.float64]) -> str:
    """Return the first value that is no count, for a message."""
    wrong = values[~np.isfinite(values) | (values < 0) | (values % 1 != 0)]
    return f"{wrong[0]:g}"


def _refusal(path: Path, name: str, found: str, right: str) -> StudyError:
    return StudyError(f"the array {name} {found}", str(path), right)
