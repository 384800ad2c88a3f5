"""How well `check` estimates the time of studies: `python -m benchmarks.estimates STUDY...`.

Each study is checked, and then run with an empty folder and without remedies, which `check` lists apart. The table
shows the estimated and the measured seconds: of the processor, which other programs change little, and of the clock,
which is meaningful on a quiet machine only.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
GOAL = 0.3
"""Largest relative error."""


def measure(study: str, formats: str, jobs: int) -> dict[str, Any]:
    """Return the estimated and the measured seconds of a study."""
    with tempfile.TemporaryDirectory() as folder:
        options = [study, "-o", folder, "-f", formats, "-j", str(jobs), "--set", "remedies=false", "--json"]
        begin = time.perf_counter()
        text = _output(["check", *options])
        checked = time.perf_counter() - begin
        [plan] = json.loads(text)
        before, begin = _processor(), time.perf_counter()
        _output(["run", *options])
        wall, used = time.perf_counter() - begin, _processor() - before
    return {
        "study": plan["study"],
        "check": checked,
        "processor": (plan["seconds_of"]["processor"], used),
        "clock": (plan["seconds"], wall),
    }


def _output(arguments: list[str]) -> str:
    command = [sys.executable, "-m", "reportgen", *arguments]
    found = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return found.stdout


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def line(found: dict[str, Any]) -> str:
    """Return a line of the table."""
    parts = [f"{found['study']:<28}", f"{found['check']:>7.1f}"]
    for name in ("processor", "clock"):
        estimated, measured = found[name]
        parts.append(f"{estimated:>8.1f}{measured:>8.1f}{estimated / measured:>7.2f}")
    return "".join(parts)


def main() -> None:
    """Print a line for each study, and how many are within the goal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimates", description=__doc__)
    parser.add_argument("studies", nargs="+", help="names of shipped studies, or files")
    parser.add_argument("-f", "--format", default="json", help="formats of the reports")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    print(f"{'study':<28}{'check':>7}{'est.':>8}{'cpu':>8}{'ratio':>7}{'est.':>8}{'clock':>8}{'ratio':>7}")
    near = []
    for study in options.studies:
        found = measure(study, options.format, options.jobs)
        near.append([abs(estimate / real - 1) <= GOAL for estimate, real in (found["processor"], found["clock"])])
        print(line(found), flush=True)
    for place, name in enumerate(("processor", "clock")):
        print(f"{name}: {sum(row[place] for row in near)} of {len(near)} within {GOAL:.0%}")


if __name__ == "__main__":
    main()
