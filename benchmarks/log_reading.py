"""Time and memory of reading a log of five million rows.

`python -m benchmarks.log_reading [ROWS]` writes a CSV file of steps, losses, rates and sparse validation scores into a
temporary folder, reads it in a process of its own, and prints its time and its largest memory.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROWS = 5_000_000
MOST_MEGABYTES = 500
BLOCK = 100_000
VALIDATE_EVERY = 5_000


def write(path: Path, rows: int) -> None:
    """Write a log with a row for each step."""
    random = np.random.default_rng(0)
    with path.open("w", encoding="utf-8") as file:
        file.write("epoch,step,train_loss,lr,val_loss\n")
        for start in range(0, rows, BLOCK):
            steps = range(start, min(start + BLOCK, rows))
            losses = np.exp(-np.arange(steps.start, steps.stop) / rows) + random.normal(0, 0.01, len(steps))
            file.writelines(
                f"{step // VALIDATE_EVERY},{step},{loss:.8f},0.001,{'' if (step + 1) % VALIDATE_EVERY else 0.5}\n"
                for step, loss in zip(steps, losses, strict=True)
            )


def read(path: Path) -> None:
    """Read a log and print the time and the memory of this process."""
    from reportgen.external.logs.collect import read_logs

    start, processor = time.perf_counter(), time.process_time()
    [[log]] = read_logs(path).values()
    seconds = time.perf_counter() - start
    processor = time.process_time() - processor
    values = sum(curve.values.size for curve in log.curves)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{values} values in {seconds:.1f} s ({processor:.1f} s of a core)")
    print(f"{megabytes:.0f} MB of at most {MOST_MEGABYTES} MB")


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        write(path, rows)
        print(f"{rows} rows, {path.stat().st_size / 2**20:.0f} MB")
        process = multiprocessing.get_context("spawn").Process(target=read, args=(path,))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
