"""How often the diagnoses are right: `python -m benchmarks.diagnosis`; see `docs/diagnosis-benchmark.md`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.diagnosis.cases import load_cases
from benchmarks.diagnosis.halves import halves
from benchmarks.diagnosis.result import HALVES, TITLES, run
from benchmarks.diagnosis.show import invalid_lines, lines
from reportgen.runs.executors import default_workers

INVALID = 1


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diagnosis", description=__doc__)
    parser.add_argument("--half", choices=tuple(HALVES), default="both", help="score these cases (default both)")
    parser.add_argument("--rules", nargs="+", choices=tuple(TITLES), default=list(TITLES), help="sets of rules")
    parser.add_argument("--case", nargs="+", metavar="NAME", help="these cases alone")
    parser.add_argument("--jobs", type=int, default=default_workers(), help="runs trained at a time")
    parser.add_argument("--folder", type=Path, help="where runs are kept for the next time (default: a temporary one)")
    parser.add_argument("--checks", action="store_true", help="print every check of every case with its values")
    return parser.parse_args(given)


def main(given: list[str] | None = None) -> int:
    """Run the benchmark, print and write what was asked for; return 1 where a case is not what it says it is."""
    options = _arguments(given)
    folder = options.folder or Path(tempfile.gettempdir()) / "reportgen-diagnosis"
    everything = load_cases()
    half_of = halves(everything)
    cases = [c for c in everything if half_of[c.name] in HALVES[options.half]]
    if options.case:
        cases = [case for case in cases if case.name in options.case]
    result = run(
        cases,
        folder,
        half_of=half_of,
        workers=options.jobs,
        rule_sets=options.rules,
        say=lambda text: print(text, file=sys.stderr),
    )
    if options.checks:
        for name, checks in result.checks.items():
            for check in checks:
                print(f"{name}: {check.words}: {', '.join(f'{v:.4g}' for v in check.values)} {check.holds}")
    print("\n".join(lines(result, options.half)))
    if result.invalid:
        print("\nnot what they say they are:", *invalid_lines(result), sep="\n", file=sys.stderr)
    return INVALID if result.invalid else 0


if __name__ == "__main__":
    sys.exit(main())
