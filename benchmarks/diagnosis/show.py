"""Result of the benchmark as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill

from benchmarks.diagnosis.halves import TUNING
from benchmarks.diagnosis.result import HALVES, OWN, TITLES, Result
from benchmarks.diagnosis.score import NOTHING, Score, Share, confusion, misdiagnosis, right_cause, score

WIDTH = 116
"""Width of a line of prose in the docs."""


def paragraph(text: str, indent: str = "") -> str:
    """Return the text wrapped for the docs; indent: indentation of all lines but the first."""
    return fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def percent(share: Share) -> str:
    """Return a share with its counts and interval: "95% (19/20, 75-100%)"."""
    if share.value is None:
        return "-"
    low, high = share.interval
    return f"{share.value:.0%} ({share.count}/{share.of}, {100 * low:.0f}-{100 * high:.0f}%)"


def lines(result: Result, half: str) -> Iterator[str]:
    """Return the lines of the result on a half."""
    for part in dict.fromkeys((*HALVES[half], half)):
        cases = result.valid(part)
        faults = sum(case.faulty for case in cases)
        yield f"\n{part}: {faults} faults, {len(cases) - faults} controls"
        yield f"  {'':20}{'recall':26}{'false alarms':26}{'right cause':26}stray alarms"
        for name, alarms in result.alarms.items():
            yield f"  {TITLES[name]:20}{_row(score(cases, alarms))}"
    if OWN in result.alarms:
        yield from _by_rule(result, half)
        yield from _confusion(result, half)
        yield from _failures(result)
    runs = sum(len(case.records) for case in result.measured.values())
    each = 1000 * result.diagnose_seconds / max(runs, 1)
    yield f"\ndiagnosing {runs} runs took {result.diagnose_seconds:.2f} s, {each:.2f} ms per run; see --cost"


def _row(found: Score) -> str:
    shares = (found.recall, found.false_alarms, found.right_cause, found.strays)
    return "".join(f"{percent(share):26}" for share in shares).rstrip()


def _by_rule(result: Result, half: str) -> Iterator[str]:
    yield f"\n  {'rule':24}{'fires where planted':26}{'fires on controls':26}fires on other faults"
    for row in score(result.valid(half), result.alarms[OWN]).by_rule:
        yield f"  {row.rule:24}{percent(row.recall):26}{percent(row.false_alarms):26}{percent(row.elsewhere)}"


def _confusion(result: Result, half: str) -> Iterator[str]:
    yield "\n  planted: fired"
    for planted, fired in sorted(confusion(result.valid(half), result.alarms[OWN]).items()):
        often = sorted(fired.items(), key=lambda item: (-item[1], item[0]))
        yield f"  {planted:24}{', '.join(f'{count} {name}' for name, count in often)}"


def _failures(result: Result) -> Iterator[str]:
    """Return the cases of the tuning half that our rules get wrong; those of the other half stay hidden."""
    yield "\n  wrong on the tuning half"
    for case in result.valid(TUNING):
        alarms = result.alarms[OWN][case.name]
        fired = ", ".join(alarm.rule for alarm in alarms) or NOTHING
        if case.faulty and not right_cause(case, alarms):
            bad = ", ".join(alarm.rule for alarm in alarms if misdiagnosis(case, alarm))
            missing = ", ".join(sorted(case.must - {alarm.rule for alarm in alarms}))
            yield f"  {case.name}: fired {fired}; missing {missing or NOTHING}; must not {bad or NOTHING}"
        elif not case.faulty and alarms:
            yield f"  {case.name} (control): fired {fired}"


def invalid_lines(result: Result) -> Iterator[str]:
    """Return the failed checks of all cases."""
    for name in result.invalid:
        for check in result.checks[name]:
            if not check.holds:
                values = ", ".join(f"{value:.4g}" for value in check.values)
                yield f"  {name}: {check.words} does not hold: {values}"


def check_lines(result: Result) -> Iterator[str]:
    """Return every check of every case with its values."""
    for name, checks in result.checks.items():
        for check in checks:
            values = ", ".join(f"{value:.4g}" for value in check.values)
            yield f"{name}: {check.words}: {values}: {'holds' if check.holds else 'DOES NOT HOLD'}"
