"""Writers of binary logs, independent of the readers: each follows the published format with the simplest code."""

from __future__ import annotations

import json
import sqlite3
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 * (crc & 1))
    return crc ^ 0xFFFFFFFF


def masked(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) % 2**32)


def frame(data: bytes) -> bytes:
    """A TFRecord."""
    length = struct.pack("<Q", len(data))
    return length + masked(length) + data + masked(data)


def varint(value: int) -> bytes:
    value %= 2**64
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def whole(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def text(number: int, data: bytes | str) -> bytes:
    data = data.encode() if isinstance(data, str) else data
    return varint(number << 3 | 2) + varint(len(data)) + data


def double(number: int, value: float) -> bytes:
    return varint(number << 3 | 1) + struct.pack("<d", value)


def single(number: int, value: float) -> bytes:
    return varint(number << 3 | 5) + struct.pack("<f", value)


def event(step: int, *values: bytes, wall: float = 1.7e9) -> bytes:
    """A frame with an event of these values of a summary."""
    return frame(double(1, wall) + whole(2, step) + text(5, b"".join(text(1, value) for value in values)))


def version(wall: float = 1.7e9) -> bytes:
    """The first frame of every event file."""
    return frame(double(1, wall) + text(3, "brain.Event:2"))


def scalar(tag: str, value: float) -> bytes:
    return text(1, tag) + single(2, value)


def tensor(tag: str, kind: int, content: bytes, shape: Sequence[int] = ()) -> bytes:
    dimensions = b"".join(text(2, whole(1, size)) for size in shape)
    return text(1, tag) + text(8, whole(1, kind) + text(2, dimensions) + content)


def histogram(tag: str, count: float, total: float, squares: float) -> bytes:
    moments = double(1, -1.0) + double(2, 1.0) + double(3, count) + double(4, total) + double(5, squares)
    return text(1, tag) + text(5, moments + text(6, struct.pack("<d", 1.0)) + text(7, struct.pack("<d", count)))


def hyperparameters(settings: Mapping[str, float | str | bool]) -> bytes:
    def value(of: float | str | bool) -> bytes:
        if isinstance(of, bool):
            return whole(4, of)
        return text(3, of) if isinstance(of, str) else double(2, of)

    entries = b"".join(text(1, text(1, name) + text(2, value(of))) for name, of in settings.items())
    plugin = text(1, "hparams") + text(2, text(3, entries))
    return text(1, "_hparams_/session_start_info") + text(9, text(1, plugin))


def write_events(path: Path, *frames: bytes, wall: float = 1.7e9) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(version(wall) + b"".join(frames))
    return path


def wandb_file(records: Iterable[bytes]) -> bytes:
    """A file of W&B: pieces in blocks of 32 KiB."""
    out = bytearray(b":W&B" + struct.pack("<HB", 0xBEE1, 0))

    def piece(kind: int, data: bytes) -> None:
        out.extend(struct.pack("<IHB", zlib.crc32(bytes([kind]) + data), len(data), kind) + data)

    for record in records:
        rest, first = record, True
        while True:
            space = 2**15 - len(out) % 2**15
            if space < 7:
                out.extend(bytes(space))
                space = 2**15
            part, rest = rest[: space - 7], rest[space - 7 :]
            piece((1 if first else 4) if not rest else (2 if first else 3), part)
            first = False
            if not rest:
                break
    return bytes(out)


def wandb_item(name: str, value: Any) -> bytes:
    parts = name.split("/") if "/" in name else []
    key = b"".join(text(2, part) for part in parts) if parts else text(1, name)
    return key + text(16, json.dumps(value))


def wandb_history(step: int, values: Mapping[str, Any]) -> bytes:
    items = b"".join(text(1, wandb_item(name, value)) for name, value in {**values, "_step": step}.items())
    return whole(1, step) + text(2, items + text(2, whole(1, step)))


def wandb_run(name: str, config: Mapping[str, Any]) -> bytes:
    items = b"".join(text(1, wandb_item(key, value)) for key, value in config.items())
    return text(17, text(1, "abc123") + text(4, items) + text(8, name))


def mlflow_database(path: Path, runs: Mapping[str, Sequence[tuple[str, float, bool, int]]]) -> Path:
    """A database of MLflow: metrics (key, value, is_nan, step) by run; a run called "gone" is deleted."""
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE experiments (experiment_id INTEGER, name TEXT, lifecycle_stage TEXT)")
        database.execute("INSERT INTO experiments VALUES (0, 'Default', 'active')")
        database.execute("CREATE TABLE runs (run_uuid TEXT, name TEXT, lifecycle_stage TEXT, experiment_id INTEGER)")
        database.execute(
            "CREATE TABLE metrics (key TEXT, value REAL, timestamp BIGINT, run_uuid TEXT, step BIGINT, is_nan BOOLEAN)"
        )
        database.execute("CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT)")
        for number, (name, metrics) in enumerate(runs.items()):
            run, stage = f"{number:032x}", "deleted" if name == "gone" else "active"
            database.execute("INSERT INTO runs VALUES (?, ?, ?, 0)", (run, name, stage))
            database.execute("INSERT INTO params VALUES ('lr', '0.1', ?)", (run,))
            for time, (key, value, is_nan, step) in enumerate(metrics):
                database.execute("INSERT INTO metrics VALUES (?,?,?,?,?,?)", (key, value, time, run, step, is_nan))
    database.close()
    return path
