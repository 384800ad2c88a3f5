"""Large studies: processor time, memory, open files and size of the page: `python -m benchmarks.scale [STUDY...]`.

Each study trains tiny networks, is rendered as HTML from its stored runs, or as PDF if its text is large, and is
compared with the same study of two runs and no text, which gives the growth of memory and of open files. A training
before all others compiles the kernels, which takes more memory than thousands of runs. Processor time hardly depends on
other programs.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
LOOK_SECONDS = 0.1
"""Interval at which open files are counted."""

RATES = [0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0]
GOALS = {"render_s": 60.0, "train_growth_mb": 100.0, "render_growth_mb": 100.0, "page_mb": 3.0}


@dataclass(frozen=True)
class Cost:
    """Processor time in seconds, peak memory in MB, and the largest number of open files of a command."""

    seconds: float
    peak_mb: float
    files: int


def study(rates: Sequence[float], seeds: int, layers: int = 1, claims: int = 1) -> dict[str, Any]:
    """Return a study of tiny networks that varies the learning rate."""
    pairs = [(low, high) for low in rates for high in rates if low < high]
    return {
        "title": f"{len(rates)} learning rates",
        "question": "Does the learning rate matter?",
        "data": {"name": "moons", "samples": 100},
        "network": {"hidden": {"layers": layers, "width": 4}, "activation": "tanh"},
        "training": {"epochs": 1, "batch_size": 20},
        "vary": {"training.lr": list(rates)},
        "seeds": seeds,
        "remedies": {"limit": 0},
        "claims": [
            {
                "id": f"claim-{number}",
                "says": f"The learning rate {high} is better than {low}, comparison {number}.",
                "measure": {"metric": "train_loss"},
                "where": {"training.lr": high},
                "expect": {"less_than": {"training.lr": low}},
            }
            for number, (low, high) in enumerate((pairs * claims)[:claims])
        ],
    }


def many_rates(count: int) -> list[float]:
    """Return learning rates from 0.01 to 2 at equal ratios."""
    return [float(f"{0.01 * 200 ** (at / (count - 1)):.4g}") for at in range(count)]


def with_text(introduction: str) -> dict[str, Any]:
    """Return a study of two runs with an introduction."""
    return study(RATES[:2], 1) | {"introduction": introduction}


def table_of(columns: int) -> str:
    """Return a table with one row."""
    rows = ([f"c{at}" for at in range(columns)], ["-"] * columns, list(map(str, range(columns))))
    return "\n".join(f"|{'|'.join(row)}|" for row in rows)


STUDIES: dict[str, dict[str, Any]] = {
    "runs": study(RATES, 1000),
    "stored": study(RATES, 300),
    "variants": study(many_rates(200), 5),
    "wide": study(many_rates(200), 50),
    "claims": study(many_rates(20), 5, claims=100),
    "layers": study(RATES[:3], 5, layers=200),
    "formulas": with_text(" ".join(rf"$a_{{{at}}}^2 + \frac{{{at}}}{{b}}$" for at in range(5000))),
    "columns": with_text(table_of(2000)),
}
"""10 000 and 3000 runs of ten variants, 200 variants, 10 000 runs of 200 variants, 100 claims, 200 layers, and texts
with 5000 formulas and with a table of 2000 columns."""


def cost_of(*arguments: str) -> Cost:
    """Return the cost of a reportgen command, which must succeed."""
    command = [sys.executable, "-m", "reportgen", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    files = 0
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        with contextlib.suppress(OSError):  # the process has just ended, or the system has no such folder
            files = max(files, len(os.listdir(f"/proc/{process.pid}/fd")))
        time.sleep(LOOK_SECONDS)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)}: exit code {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6, files)


def measure(name: str, folder: Path, jobs: int) -> dict[str, Any]:
    """Return the costs of training and rendering a study, and of the same one with two runs."""
    values, form = STUDIES[name], "pdf" if "introduction" in STUDIES[name] else "html"
    small = values | {"vary": {"training.lr": values["vary"]["training.lr"][:2]}, "seeds": 1, "claims": []}
    small.pop("introduction", None)
    least, full = _costs(f"{name}-least", small, folder, jobs, form), _costs(name, values, folder, jobs, form)
    page = folder / name / ("index.html" if form == "html" else f"{name}.pdf")
    return {
        "runs": len(values["vary"]["training.lr"]) * values["seeds"],
        "train_s": full["train"].seconds,
        "render_s": full["render"].seconds,
        "least_render_s": least["render"].seconds,
        **{f"{part}_growth_mb": full[part].peak_mb - least[part].peak_mb for part in full},
        **{f"{part}_more_files": full[part].files - least[part].files for part in full},
        "page_mb": page.stat().st_size / 1e6,
        "costs": {part: asdict(cost) for part, cost in full.items()},
    }


def _costs(name: str, values: Mapping[str, Any], folder: Path, jobs: int, form: str) -> dict[str, Cost]:
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(dict(values), sort_keys=False), encoding="utf-8")
    output = ("-o", str(folder), "-q")
    train = cost_of("run", str(path), "--shard", "1/1", "-j", str(jobs), *output)
    return {"train": train, "render": cost_of("render", str(path), "-f", form, *output)}


def line(name: str, found: Mapping[str, Any]) -> str:
    """Return the measured values of a study on one line, and the goals that it misses."""
    words = (f"{key} {value:.4g}" for key, value in found.items() if key != "costs")
    missed = [key for key, goal in GOALS.items() if found[key] > goal]
    return f"{name}: {', '.join(words)}{f'; NOT met: {missed}' if missed else ''}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the values, and write the JSON file if requested; arguments: by default those of the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("studies", nargs="*", choices=[*STUDIES, []], metavar="STUDY", help=", ".join(STUDIES))
    parser.add_argument("-j", "--jobs", type=int, default=2, help="runs at a time in training")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the values to FILE")
    options = parser.parse_args(arguments)
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        _costs("compiled", study(RATES[:2], 1), Path(folder), options.jobs, "html")
        for name in options.studies or STUDIES:
            results[name] = measure(name, Path(folder), options.jobs)
            print(line(name, results[name]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
