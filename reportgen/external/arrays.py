"""Arrays of an external record: read without unpickling, and checked individually.

Names and meanings are documented in `reportgen.runs.record`. Shapes: S steps, E epochs, P probes, L layers, U hidden
units, C classes.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from reportgen import disk
from reportgen.data.readers.npy import Archive, ArrayFileError
from reportgen.engine.spec import STATISTICS
from reportgen.errors import StudyError
from reportgen.external.checks import array_error, check_together
from reportgen.runs.checks import SHAPES

Array = NDArray[Any]

SETTINGS = "run"
"""Name of the member of an archive that contains the settings of the run as JSON text."""

REQUIRED = ("step_loss",)
MAGIC = b"PK\x03\x04"
"""First bytes of an NPZ archive, which is a ZIP archive of arrays."""

MOST_BYTES = 4 * 2**30
IGNORED = (
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
"""Arrays of stored runs that no diagnosis reads; a record may contain them."""

DEFINED_EVERYWHERE = tuple(
    f"probe_{name}"
    for name in STATISTICS
    if name.startswith(
        ("activation_m", "activation_std", "preactivation_", "gradient_m", "gradient_std", "gradient_norm")
    )
    or name in ("zero_fraction", "dead_fraction", "weight_gradient_norm", "bias_gradient_norm")
)
"""Statistics defined for every layer; an array of these with only NaN was not measured and is omitted."""

COUNTS = ("probe_step", "epoch_epoch", "epoch_step", "unit_layer", "val_confusion", "train_confusion")
AXES = {
    "S": "one value per training step",
    "E + 1": "one value per epoch, the network before training first",
    "P": "one value per probe",
    "L": "one column per layer, the output layer last",
    "U": "one column per hidden unit",
    "C": "one row and one column per class",
}


def read_archive(path: Path) -> dict[str, Array]:
    """Return the members of an .npz archive; raises StudyError if it is damaged, too large, or has Python objects."""
    try:
        with disk.open_regular(path) as file:
            return read_arrays(path, file)
    except OSError as error:
        message, hint = (
            f"the file cannot be read: {error.strerror or error}",
            "an .npz archive, as numpy.savez writes it",
        )
        raise StudyError("invalid-file", message, str(path), hint) from error


def read_arrays(path: Path, file: IO[bytes], names: Collection[str] | None = None) -> dict[str, Array]:
    """Return the members of the archive in an open file, of these names if any are given; errors as in `read_archive`.

    path : the file in messages.
    """
    try:
        archive = Archive(file, MOST_BYTES)
        return {name: archive.array(name) for name in archive.names if names is None or name in names}
    except ArrayFileError as error:
        if error.name:
            raise array_error(error.code, path, error.name, error.message, ARRAY_HINTS[error.code]) from error
        file.seek(0)
        is_archive = error.code == "too-large" or file.read(len(MAGIC)) == MAGIC
        message = error.message if is_archive else "the file is not an NPZ archive"
        hint = "an .npz archive, as numpy.savez writes it, or a folder of them"
        raise StudyError(error.code, message, str(path), hint) from error
    except MemoryError as error:
        message = "the arrays need more memory than this machine has"
        raise StudyError("too-large", message, str(path), "fewer or smaller arrays") from error


ARRAY_HINTS = {
    "invalid-file": "save it with numpy.savez",
    "object-array": "numbers",
    "not-an-array": "only arrays",
    "too-large": "fewer or smaller arrays",
}
"""What would be right instead of an array that cannot be read, by code of the error."""


def array_names(path: Path) -> Sequence[str]:
    """Return the names of the arrays of an archive, none of a file that is not an archive."""
    try:
        with disk.open_regular(path) as file:
            return Archive(file, MOST_BYTES).names
    except (OSError, ArrayFileError):
        return ()


def check_arrays(path: Path, arrays: Mapping[str, Array], units: tuple[int, ...], classes: int) -> dict[str, Array]:
    """Return the arrays that diagnoses read, as float64 or int64; raises StudyError for the first invalid array.

    units: number of units of each hidden layer.
    """
    for name in REQUIRED:
        if name not in arrays:
            raise _missing(path, name, "the loss of every training step, (S,)")
    for name in arrays:
        if name not in SHAPES and name not in IGNORED and name != SETTINGS:
            near = difflib.get_close_matches(name, SHAPES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "rename or remove it"
            raise array_error("unknown-array", path, name, "unknown array", hint)
    sizes = {"L": len(units) + 1, "U": sum(units), "C": classes}
    checked = {name: _checked(path, name, arrays[name], sizes) for name in SHAPES if name in arrays}
    probed = next((name for name in checked if name.startswith("probe_")), None)
    if probed is not None and "probe_step" not in checked:
        raise _missing(path, "probe_step", f"the steps after which {probed} was measured")
    if "probe_unit_dead" in checked:
        checked.setdefault("unit_layer", np.repeat(np.arange(1, len(units) + 1), units))
    check_together(path, checked, units)
    return {
        name: values for name, values in checked.items() if name not in DEFINED_EVERYWHERE or not np.isnan(values).all()
    }


def _missing(path: Path, name: str, hint: str) -> StudyError:
    return StudyError("missing-array", f"the array {name} is missing", str(path), hint)


def _checked(path: Path, name: str, array: Array, sizes: dict[str, int]) -> Array:
    """Return one array in its final type and add its axes to `sizes`; raises StudyError if it is invalid."""
    if array.dtype.kind not in "fiu" and not (array.dtype.kind == "b" and name == "probe_unit_dead"):
        raise array_error("wrong-type", path, name, f"expected numbers, found {array.dtype}", "floats or integers")
    shape = SHAPES[name]
    if array.ndim == len(shape):
        for axis, size in zip(shape, array.shape, strict=True):
            sizes.setdefault(axis, size)
    expected = tuple(sizes.get(axis, 0) for axis in shape)
    if array.ndim != len(shape) or array.shape != expected:
        known = ", ".join(str(sizes[axis]) if axis in sizes else axis for axis in shape)
        words = "; ".join(dict.fromkeys(AXES[axis] for axis in shape))
        message = f"expected shape ({known}{',' * (len(shape) == 1)}), found {array.shape}"
        raise array_error("wrong-shape", path, name, message, words)
    if not array.size:
        hint = "at least one step" if name in REQUIRED else "remove the array"
        raise array_error("empty-value", path, name, "the array is empty", hint)
    values = np.asarray(array, np.float64)
    _check_values(path, name, values)
    return values.astype(np.int64) if name in COUNTS and not name.startswith("epoch_") else values


NONNEGATIVE = ("_std", "_norm", "_ratio", "_spread", "_lr", "_loss", "_penalty")
"""Suffixes of the names of nonnegative arrays."""


def _check_values(path: Path, name: str, values: NDArray[np.float64]) -> None:
    """Raise StudyError for the first value outside the range of the array."""
    finite = values[np.isfinite(values)]
    if name in COUNTS:
        valid = np.isfinite(values) & (values >= 0) & (values % 1 == 0)
        _refuse(path, name, values[~valid], "whole numbers of at least 0")
        if name in ("probe_step", "epoch_step") and (np.diff(values) <= 0).any():
            hint = "steps in increasing order, each once"
            raise array_error("unordered-steps", path, name, "the steps do not increase", hint)
    if name == "probe_unit_dead":
        _refuse(path, name, values[~np.isin(values, (0, 1))], "1 for a unit that is zero on every example, else 0")
    if name.endswith(("accuracy", "_fraction")):
        _refuse(path, name, finite[(finite < 0) | (finite > 1)], "fractions from 0 to 1")
    if name.endswith(NONNEGATIVE) and name != "step_loss":  # a wrong loss function may give negative losses
        _refuse(path, name, finite[finite < 0], "numbers of at least 0")


def _refuse(path: Path, name: str, wrong: NDArray[np.float64], hint: str) -> None:
    """Raise StudyError for the first of the wrong values, if there are any."""
    if wrong.size:
        raise array_error("out-of-range", path, name, f"invalid value {wrong[0]:g}", hint)
