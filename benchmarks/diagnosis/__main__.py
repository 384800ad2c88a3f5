"""Accuracy of the diagnoses: `python -m benchmarks.diagnosis`; see `docs/diagnosis-benchmark.md`."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import reportgen
from benchmarks.diagnosis import cost, random_score
from benchmarks.diagnosis.at_random import sample, together
from benchmarks.diagnosis.cases import load_cases
from benchmarks.diagnosis.data import Remedies, everything, figures
from benchmarks.diagnosis.halves import SCORING, halves
from benchmarks.diagnosis.logs import page as log_page
from benchmarks.diagnosis.logs import result as log_result
from benchmarks.diagnosis.page import page
from benchmarks.diagnosis.remedies import helped, tested, tried_remedies
from benchmarks.diagnosis.result import HALVES, OWN, TITLES, Result, run
from benchmarks.diagnosis.show import check_lines, invalid_lines, lines, percent
from reportgen.analysis.diagnosis.benchmark import FIGURES
from reportgen.runs.executors import default_workers

INVALID = 1
PAGE = Path(__file__).resolve().parents[2] / "docs" / "diagnosis-benchmark.md"


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diagnosis", description=__doc__)
    parser.add_argument(
        "--half", choices=tuple(HALVES), default="both", help="half of the cases to score (default both)"
    )
    parser.add_argument("--rules", nargs="+", choices=tuple(TITLES), default=list(TITLES), help="rule sets to score")
    parser.add_argument("--case", nargs="+", metavar="NAME", help="only these cases")
    parser.add_argument("--jobs", type=int, default=default_workers(), help="number of concurrent training runs")
    parser.add_argument("--folder", type=Path, help="folder of stored runs (default: a temporary folder)")
    parser.add_argument("--remedies", action="store_true", help="test the remedies of findings in the scoring half")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the complete result to FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the docs page to FILE")
    parser.add_argument(
        "--publish", action="store_true", help=f"write the numbers that reports quote to {FIGURES.name}"
    )
    parser.add_argument("--checks", action="store_true", help="print all checks of all cases with their values")
    parser.add_argument("--random", type=int, metavar="N", help="score N faulty and N healthy random networks instead")
    parser.add_argument(
        "--seed", type=int, nargs="+", default=[0], help="seeds of the random networks; several are scored together"
    )
    parser.add_argument(
        "--cost", nargs="+", metavar="STUDY", help="measure the cost of diagnosing these studies instead"
    )
    parser.add_argument(
        "--scores", action="store_true", help="score the forms on scores, on logs of all cases, instead"
    )
    parser.add_argument("--runmedic", metavar="PYTHON", help="with --scores: an interpreter with runmedic installed")
    options = parser.parse_args(given)
    whole = options.half == "both" and not options.case and OWN in options.rules
    if options.cost:
        if options.markdown or options.json or options.case or options.remedies:
            parser.error("--cost allows only --publish and --folder")
        return options
    if options.scores:
        if options.markdown or options.json or options.remedies or (options.publish and options.case):
            parser.error("--scores allows only --runmedic, --random, --seed, --publish, --jobs, --folder, --case")
        return options
    if (options.publish or options.markdown) and not (whole and options.remedies):
        parser.error("--publish and --markdown require all cases, the rules of reportgen and --remedies")
    if options.random and (options.markdown or options.json or options.case):
        parser.error("--random allows only --seed, --remedies, --publish, --jobs and --folder")
    return options


def sources_of_records() -> str:
    """Return 12 hexadecimal digits of a hash of the code that affects records, but not of the rules."""
    package, digest = Path(reportgen.__file__).parent, hashlib.sha256()
    for path in sorted(file for name in ("engine", "data", "runs") for file in (package / name).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def main(given: list[str] | None = None) -> int:
    """Run the benchmark, print and write the results; return 1 if a check of a case fails."""
    options = _arguments(given)
    folder = options.folder or Path(tempfile.gettempdir()) / f"reportgen-diagnosis-{sources_of_records()}"
    if options.cost:
        return _cost(options, folder)
    if options.scores:
        return _on_logs(options, folder)
    if options.random:
        return _at_random(options, folder)
    everything = load_cases()
    half_of = halves(everything)
    cases = [c for c in everything if half_of[c.name] in HALVES[options.half]]
    if options.case:
        cases = [case for case in cases if case.name in options.case]
    result = run(cases, folder, half_of=half_of, workers=options.jobs, rule_sets=options.rules, say=_say)
    tried = _tried(result, folder, options.jobs) if options.remedies else {}
    print("\n".join(_text(result, tried, options)))
    if result.invalid:
        print("\ncases with failed checks:", *invalid_lines(result), sep="\n", file=sys.stderr)
        return INVALID
    _write(result, tried, options)
    return 0


def _at_random(options: argparse.Namespace, folder: Path) -> int:
    """Score the rules on random networks, for all seeds together."""
    drawn = [sample(options.random, seed, folder, options.jobs, _say) for seed in options.seed]
    whole = together(drawn)
    faulty = [network for network in whole.judged if network.fault] if options.remedies else []
    tried = {network.case.case.name: random_score.remedies(network, folder, options.jobs) for network in faulty}
    print("\n".join(random_score.lines(whole, tried)))
    if options.publish:
        found = random_score.published(whole, tried, options.seed)
        _write_text(random_score.DRAWN, json.dumps(found, indent=1) + "\n")
        _write_text(PAGE, random_score.updated(PAGE.read_text(encoding="utf-8"), found))
    return 0


def _on_logs(options: argparse.Namespace, folder: Path) -> int:
    """Score the forms on scores, on logs of the cases."""
    before = json.loads(log_result.RESULT.read_text(encoding="utf-8")) if log_result.RESULT.is_file() else {}
    if options.random:
        found_drawn = log_result.run_drawn(options.random, options.seed, folder, options.jobs, _say)
        print("\n".join(log_page.row_lines(found_drawn.rows)))
        drawn = {
            "date": datetime.now(UTC).date().isoformat(),
            "seeds": options.seed,
            "rows": log_result.plain_rows(found_drawn.rows),
            "unsteady": [found_drawn.unsteady.count, found_drawn.unsteady.of],
            "by_rule": log_result.plain_by_rule(found_drawn.by_rule),
        }
        published = {**before, "drawn": drawn}
    else:
        cases = [case for case in load_cases() if not options.case or case.name in options.case]
        found = log_result.run(cases, folder, options.jobs, _say, options.runmedic)
        print("\n".join(log_page.lines(found)))
        published = {**before, **log_result.plain(found)}
    if options.publish:
        _write_text(log_result.RESULT, json.dumps(published, indent=1) + "\n")
        _write_text(PAGE, log_page.updated(PAGE.read_text(encoding="utf-8"), published))
    return 0


def _cost(options: argparse.Namespace, folder: Path) -> int:
    """Measure the cost of diagnosing relative to training, for studies and for all cases."""
    costs = [*map(cost.of_study, options.cost), cost.of_cases(folder)]
    print("\n".join(cost.lines(costs)))
    if options.publish:
        _write_text(cost.COSTS, json.dumps(cost.published(costs), indent=1) + "\n")
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _tried(result: Result, folder: Path, workers: int) -> Remedies:
    """Return the tested remedies of the faults in the scoring half."""
    faults = [case for case in result.valid(SCORING) if case.faulty]
    return {case.name: tried_remedies(result.measured[case.name], folder, workers) for case in faults}


def _text(result: Result, tried: Remedies, options: argparse.Namespace) -> Iterator[str]:
    if options.checks:
        yield from check_lines(result)
    yield from lines(result, options.half)
    if tried:
        yield f"remedies, scoring half: tested in {percent(tested(tried))}, helped in {percent(helped(tried))}"


def _write(result: Result, tried: Remedies, options: argparse.Namespace) -> None:
    if options.json:
        _write_text(options.json, json.dumps(everything(result, tried), indent=1, ensure_ascii=False) + "\n")
    if options.markdown:
        _write_text(options.markdown, page(result, tried))
    if options.publish:
        _write_text(FIGURES, json.dumps(figures(result, tried), indent=1) + "\n")


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
