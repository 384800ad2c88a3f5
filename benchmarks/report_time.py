"""Time, memory and file sizes of a report: `python -m benchmarks.report_time [STUDY]`.

The study runs three times on the command line: with an empty kernel cache, with a full kernel cache but no stored runs,
and with all runs stored.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.memory import peak_bytes

ROOT = Path(__file__).resolve().parents[1]
GOALS = {"cold": 60.0, "warm": 30.0}
HELP_SECONDS, PEAK_MB, FILE_MB = 0.5, 1000.0, 3.0


def measure(study: Path) -> dict[str, Any]:
    """Return the seconds of each case and of --help, the peak memory in MB, and the sizes of the files in MB."""
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"NUMBA_CACHE_DIR": str(Path(folder) / "kernels")}
        commands = {
            "cold": ["run", str(study), "-q", "-o", str(Path(folder) / "reports")],
            "warm": ["run", str(study), "-q", "-o", str(Path(folder) / "reports"), "--fresh"],
            "stored": ["run", str(study), "-q", "-o", str(Path(folder) / "reports")],
            "help": ["--help"],
        }
        seconds = {case: _seconds(command, env) for case, command in commands.items()}
        report = Path(folder) / "reports" / study.stem
        files = {"html": report / "index.html", "pdf": report / f"{study.stem}.pdf"}
        sizes = {name: path.stat().st_size / 1e6 for name, path in files.items() if path.exists()}
    return {"seconds": seconds, "peak_mb": peak_bytes(children=True) / 1e6, "size_mb": sizes}


def _seconds(arguments: list[str], env: dict[str, str]) -> float:
    start = time.perf_counter()
    command = [sys.executable, "-m", "reportgen", *arguments]
    subprocess.run(command, env=env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def lines(found: dict[str, Any]) -> list[str]:
    """Return a line for each measured value with its goal."""
    seconds, goals = found["seconds"], GOALS | {"help": HELP_SECONDS}
    rows = [(f"{case} (s)", seconds[case], goals.get(case)) for case in seconds]
    rows += [("peak memory (MB)", found["peak_mb"], PEAK_MB)]
    rows += [(f"{name} (MB)", size, FILE_MB) for name, size in found["size_mb"].items()]
    return [f"{name:<18}{value:>9.2f}   {_verdict(value, goal)}" for name, value, goal in rows]


def _verdict(value: float, goal: float | None) -> str:
    if goal is None:
        return ""
    return f"goal at most {goal:g}: {'met' if value <= goal else 'NOT met'}"


def main() -> None:
    """Measure, print the values, and write the JSON file if requested."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report_time", description=__doc__)
    parser.add_argument("study", type=Path, nargs="?", default=ROOT / "studies" / "init.yaml")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the values to FILE")
    options = parser.parse_args()
    found = measure(options.study.resolve())
    print("\n".join(lines(found)))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
