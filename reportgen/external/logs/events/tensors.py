"""Values of TensorBoard summaries that are more than one number: tensors, histograms and hyperparameters."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reportgen.external.logs.events.wire import DELIMITED, DOUBLE, EIGHT_BYTES, FLOAT, VARINT, fields, parts, varint

HALF, BFLOAT16 = 19, 14

CONTENT_TYPES = {
    FLOAT: "<f4",
    DOUBLE: "<f8",
    3: "<i4",
    4: "u1",
    5: "<i2",
    6: "i1",
    9: "<i8",
    10: "?",
    BFLOAT16: "<u2",
    17: "<u2",
    HALF: "<f2",
    22: "<u4",
    23: "<u8",
}
"""NumPy types of the contents of a tensor by TensorFlow's types; bfloat16 as its bits."""

VALUE_FIELDS = {5: "<f4", 6: "<f8", 7: "", 10: "", 11: "", 13: "", 16: "", 17: ""}
"""Fields of a tensor that list its values, with their types; empty for varints."""

MAX_VALUES = 1_000_000
"""More values than any histogram has: larger tensors are not decoded."""


class Histogram(NamedTuple):
    """Mean and standard deviation of the values of a histogram; exact unless they were computed from its buckets."""

    mean: float
    std: float
    exact: bool


class Hyperparameters(NamedTuple):
    """Hyperparameters in an event, by name."""

    values: dict[str, Any]


Decoded = float | Histogram | Hyperparameters | None


def decode_value(message: bytes) -> Decoded:
    """Decode a value of a summary; None if it is an image, a text or another thing without numbers.

    Raises
    ------
    ValueError
        If the message is damaged.
    """
    found = parts(message, (5, 8, 9))
    if found[9] and (settings := _hyperparameters(found[9][-1])) is not None:
        return settings
    if found[5]:
        return _histogram_of_moments(found[5][-1])
    if found[8]:
        return _number_or_histogram(tensor_values(found[8][-1]))
    return None


def _number_or_histogram(values: NDArray[np.float64] | None) -> Decoded:
    if values is None or not values.size:
        return None
    if values.size == 1:
        return float(values.flat[0])
    return histogram_of_buckets(values) if values.ndim == 2 and values.shape[1] == 3 else None


def tensor_values(message: bytes) -> NDArray[np.float64] | None:
    """Return the values of a tensor in its shape, or flat if they are fewer; None if they are not real numbers."""
    kind, content, listed = 0, b"", list[NDArray[Any]]()
    shape: tuple[int, ...] = ()
    for number, wire, value, end in fields(message):
        if number == 1 and wire == VARINT:
            kind = value
        elif number == 2 and wire == DELIMITED:
            shape = _shape(message[value:end])
        elif number == 4 and wire == DELIMITED:
            content = message[value:end]
        elif number in VALUE_FIELDS:
            listed.append(_listed(message, number, wire, value, end))
    if kind not in CONTENT_TYPES or len(content) > 8 * MAX_VALUES:
        return None
    values = _typed(content, kind) if content else _from_list(listed, kind)
    return values.reshape(shape) if math.prod(shape) == values.size else values


def _shape(message: bytes) -> tuple[int, ...]:
    sizes = []
    for dimension in parts(message, (2,))[2]:
        size = [value for number, wire, value, _ in fields(dimension) if number == 1 and wire == VARINT]
        sizes.append(size[-1] if size else 0)
    return tuple(sizes)


def _typed(content: bytes, kind: int) -> NDArray[np.float64]:
    code = np.dtype(CONTENT_TYPES[kind])
    values = np.frombuffer(content[: len(content) // code.itemsize * code.itemsize], code)
    return _from_bits(values) if kind == BFLOAT16 else values.astype(np.float64)


def _from_bits(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the numbers with these bits in bfloat16, which are the upper half of those of float32."""
    return (values.astype(np.uint32) << 16).view(np.float32).astype(np.float64)


def _listed(message: bytes, number: int, wire: int, value: int, end: int) -> NDArray[Any]:
    if wire == VARINT:
        return np.array([value], dtype=np.float64)
    code = VALUE_FIELDS[number]
    if code:
        size = np.dtype(code).itemsize
        return np.frombuffer(message[value : value + (end - value) // size * size], code)
    numbers = []
    while value < end:
        found, value = varint(message, value, end)
        if value < 0:
            raise ValueError("not a protocol buffer")
        numbers.append(found)
    return np.array(numbers, dtype=np.float64)


def _from_list(listed: list[NDArray[Any]], kind: int) -> NDArray[np.float64]:
    """Return the listed values; those of half precision are given as their bits."""
    values = np.concatenate([np.zeros(0), *listed])
    if kind not in (HALF, BFLOAT16):
        return values
    bits = np.clip(values, 0, 0xFFFF).astype(np.uint16)
    return _from_bits(bits) if kind == BFLOAT16 else bits.view(np.float16).astype(np.float64)


def _histogram_of_moments(message: bytes) -> Histogram | None:
    """Mean and standard deviation from the number, the sum and the sum of squares, which the message states."""
    found = dict.fromkeys((3, 4, 5), 0.0)
    for number, wire, value, end in fields(message):
        if number in found and wire == EIGHT_BYTES:
            found[number] = float(np.frombuffer(message[value:end], "<f8")[0])
    count, total, squares = found.values()
    if not count > 0:
        return None
    mean = total / count
    return Histogram(mean, math.sqrt(max(squares / count - mean * mean, 0.0)), exact=True)


def histogram_of_buckets(buckets: NDArray[np.float64]) -> Histogram | None:
    """Mean and standard deviation from buckets (left, right, count), (k, 3), with uniform values in each bucket."""
    left, right, count = buckets.T
    total = count.sum()
    if not total > 0:
        return None
    with np.errstate(all="ignore"):
        mean = float((count * (left + right) / 2).sum() / total)
        second = float((count * (left * left + left * right + right * right) / 3).sum() / total)
        return Histogram(mean, float(np.sqrt(max(second - mean * mean, 0.0))), exact=False)


def _hyperparameters(metadata: bytes) -> Hyperparameters | None:
    """Return the settings in the metadata of TensorBoard's plug-in for hyperparameters; None for other metadata."""
    for plugin in parts(metadata, (1,))[1]:
        found = parts(plugin, (1, 2))
        if found[1] == [b"hparams"] and found[2]:
            starts = parts(found[2][-1], (3,))[3]
            entries = [entry for start in starts for entry in parts(start, (1,))[1]]
            return Hyperparameters(dict(pair for entry in entries for pair in _setting(entry)))
    return None


def _setting(entry: bytes) -> list[tuple[str, Any]]:
    found = parts(entry, (1, 2))
    if not found[1] or not found[2]:
        return []
    name, message = found[1][-1].decode(errors="replace"), found[2][-1]
    for number, wire, value, end in fields(message):
        if number == 2 and wire == EIGHT_BYTES:
            return [(name, float(np.frombuffer(message[value:end], "<f8")[0]))]
        if number == 3 and wire == DELIMITED:
            return [(name, message[value:end].decode(errors="replace"))]
        if number == 4 and wire == VARINT:
            return [(name, bool(value))]
    return []
