"""`python -m benchmarks.fuzz [SECONDS] [TARGET ...]` fuzzes the readers in turn, and prints the rate and every failure.

A failure is any exception but a `ReportgenError`, or a case that takes longer than `LONGEST` seconds. Its files are
kept in the folder fuzz-failures/, named by the target, the seed and the number of the case.
"""

from __future__ import annotations

import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from benchmarks.fuzz.mutate import mutated
from benchmarks.fuzz.targets import TARGETS, Files, Target, files_of
from reportgen.errors import ReportgenError

LONGEST = 20.0
MEMORY = 6 * 2**30
FAILURES = Path("fuzz-failures")


class TooSlowError(BaseException):
    """A case takes too long."""


@dataclass(frozen=True)
class Failure:
    """A case that ended with another exception than a `ReportgenError`: the exception and where it was raised."""

    target: str
    case: int
    error: str
    place: str


def corpus(target: Target) -> list[Files]:
    """Return the valid cases of a target, which its reader accepts."""
    with tempfile.TemporaryDirectory() as made:
        target.make(Path(made))
        return [files_of(folder) for folder in sorted(Path(made).iterdir())]


def cases(target: Target, seed: int, count: int | None = None) -> Iterator[tuple[int, Files]]:
    """Yield numbered mutated cases, without an end if `count` is None; equal arguments give equal cases."""
    valid = corpus(target)
    number = 0
    while count is None or number < count:
        draw = random.Random(f"{target.name} {seed} {number}")
        files = dict(draw.choice(valid))
        name = draw.choice(sorted(files))
        files[name] = mutated(name, files[name], draw)
        yield number, files
        number += 1


def failure_of(target: Target, number: int, files: Files, folder: Path) -> Failure | None:
    """Return the failure of a case, whose files are written into a folder; None if it is read or refused."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    target.after(folder)
    try:
        target.read(folder)
    except ReportgenError as error:
        if error.code != "internal-error":
            return None
        return Failure(target.name, number, str(error), "")
    except (Exception, TooSlowError) as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if "reportgen" in frame.filename] or frames
        place = f"{Path(own[-1].filename).name}:{own[-1].lineno}"
        return Failure(target.name, number, f"{type(error).__name__}: {error}"[:200], place)
    return None


def fuzz(target: Target, seed: int, seconds: float) -> tuple[int, list[Failure]]:
    """Return the number of cases that were read in a time, and the failures, one for each place."""
    end, found, count = time.monotonic() + seconds, dict[tuple[str, str], Failure](), 0
    for number, files in cases(target, seed):
        if time.monotonic() > end:
            break
        with tempfile.TemporaryDirectory() as made:
            signal.setitimer(signal.ITIMER_REAL, LONGEST)
            failure = failure_of(target, number, files, Path(made))
            signal.setitimer(signal.ITIMER_REAL, 0)
            count += 1
            if failure and (key := (failure.place, failure.error.split(":")[0])) not in found:
                found[key] = failure
                shutil.copytree(made, FAILURES / f"{target.name}-{seed}-{number}", dirs_exist_ok=True)
    return count, list(found.values())


def _stop(signal_number: int, frame: FrameType | None) -> None:
    raise TooSlowError("takes too long")


def main(arguments: Sequence[str]) -> int:
    """Fuzz the named targets, or all; return 1 if there is a failure."""
    seconds = float(arguments[0]) if arguments else 60.0
    chosen = [TARGETS[name] for name in arguments[1:]] or list(TARGETS.values())
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _stop)
    seed, failed, total, begin = time.time_ns() % 10**6, 0, 0, time.monotonic()
    for target in chosen:
        count, failures = fuzz(target, seed, seconds / len(chosen))
        total, failed = total + count, failed + len(failures)
        print(f"{target.name}: {count} cases, {len(failures)} failures (seed {seed})", flush=True)
        for failure in failures:
            print(f"  case {failure.case}: {failure.place}: {failure.error}", flush=True)
    print(f"{total} cases, {total / (time.monotonic() - begin) * 3600:,.0f} an hour in one process, {failed} failures")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
