"""Time and memory of reading logs of five million rows: CSV, JSON Lines and events of TensorBoard.

`python -m benchmarks.log_reading [ROWS] [FORMAT ...]` writes a log of steps and losses in each format into a temporary
folder, reads it in a process of its own, and prints its time and its largest memory.
"""

from __future__ import annotations

import multiprocessing
import resource
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reportgen.external.logs.events.wire import CRC_TABLE

ROWS = 5_000_000
MOST_MEGABYTES = 500
BLOCK = 100_000
VALIDATE_EVERY = 5_000

Losses = NDArray[np.float64]
Bytes = NDArray[np.uint8]


def blocks(rows: int) -> Iterator[tuple[range, Losses]]:
    """Yield the steps of a log in blocks, with their losses."""
    random = np.random.default_rng(0)
    for start in range(0, rows, BLOCK):
        steps = range(start, min(start + BLOCK, rows))
        yield steps, np.exp(-np.arange(steps.start, steps.stop) / rows) + random.normal(0, 0.01, len(steps))


def write_csv(folder: Path, rows: int) -> Path:
    """Write a row for each step, with sparse validation losses."""
    path = folder / "log.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("epoch,step,train_loss,lr,val_loss\n")
        for steps, losses in blocks(rows):
            file.writelines(
                f"{step // VALIDATE_EVERY},{step},{loss:.8f},0.001,{'' if (step + 1) % VALIDATE_EVERY else 0.5}\n"
                for step, loss in zip(steps, losses, strict=True)
            )
    return path


def write_json_lines(folder: Path, rows: int) -> Path:
    """Write an object for each step, and one for each validation loss."""
    path = folder / "log.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for steps, losses in blocks(rows):
            for step, loss in zip(steps, losses, strict=True):
                file.write(f'{{"step": {step}, "train_loss": {loss:.8f}, "lr": 0.001}}\n')
                if not (step + 1) % VALIDATE_EVERY:
                    file.write(f'{{"step": {step}, "val_loss": 0.5}}\n')
    return path


def write_events(folder: Path, rows: int) -> Path:
    """Write a scalar for each step as an event file of TensorBoard."""
    with (folder / "events.out.tfevents.1700000000.host.1.0").open("wb") as file:
        file.write(_framed(np.frombuffer(b"\x09" + bytes(8) + b"\x1a\x0dbrain.Event:2", np.uint8)[None]).tobytes())
        for steps, losses in blocks(rows):
            file.write(_framed(_events(np.arange(steps.start, steps.stop), losses)).tobytes())
    return folder


def _events(steps: NDArray[np.int64], losses: Losses) -> Bytes:
    """Return an event in each row: wall time, step as a number of four bytes, and the loss."""
    tag = b"train/loss"
    value = b"\x0a" + bytes([len(tag)]) + tag + b"\x15"
    head = b"\x09" + struct.pack("<d", 1.7e9) + b"\x10"
    summary = b"\x2a" + bytes([len(value) + 6]) + b"\x0a" + bytes([len(value) + 4]) + value
    sevens = [(steps >> shift & 127 | (128 if shift < 21 else 0)).astype(np.uint8) for shift in (0, 7, 14, 21)]
    floats = losses.astype("<f4").view(np.uint8).reshape(-1, 4)
    return np.hstack([_repeated(head, len(steps)), np.stack(sevens, axis=1), _repeated(summary, len(steps)), floats])


def _repeated(data: bytes, rows: int) -> Bytes:
    return np.tile(np.frombuffer(data, np.uint8), (rows, 1))


def _framed(data: Bytes) -> Bytes:
    """Return rows with their lengths and the checksums of both."""
    lengths = _repeated(struct.pack("<Q", data.shape[1]), len(data))
    return np.hstack([lengths, _checksums(lengths), data, _checksums(data)])


def _checksums(data: Bytes) -> Bytes:
    """Return the masked CRC-32C of each row, in four bytes."""
    crc = np.full(len(data), 0xFFFFFFFF, np.int64)
    for column in data.T:
        crc = CRC_TABLE[(crc ^ column) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    masked = ((crc >> 15 | crc << 17) & 0xFFFFFFFF) + 0xA282EAD8
    return (masked & 0xFFFFFFFF).astype("<u4").view(np.uint8).reshape(-1, 4)


WRITERS: Mapping[str, Callable[[Path, int], Path]] = {
    "csv": write_csv,
    "jsonl": write_json_lines,
    "tensorboard": write_events,
}


def read(path: Path, name: str) -> None:
    """Read a log and print the time and the memory of this process."""
    from reportgen.external.logs.collect import read_logs

    start, processor = time.perf_counter(), time.process_time()
    [[log]] = read_logs(path).values()
    seconds = time.perf_counter() - start
    processor = time.process_time() - processor
    values = sum(curve.values.size for curve in log.curves)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name}: {values} values in {seconds:.1f} s ({processor:.1f} s of a core)")
    print(f"{name}: {megabytes:.0f} MB of at most {MOST_MEGABYTES} MB")


def main() -> None:
    """Measure the formats that are named on the command line, by default all."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    for name in sys.argv[2:] or WRITERS:
        with tempfile.TemporaryDirectory() as folder:
            path = WRITERS[name](Path(folder), rows)
            size = sum(file.stat().st_size for file in Path(folder).iterdir())
            print(f"{name}: {rows} rows, {size / 2**20:.0f} MB")
            process = multiprocessing.get_context("spawn").Process(target=read, args=(path, name))
            process.start()
            process.join()


if __name__ == "__main__":
    main()
