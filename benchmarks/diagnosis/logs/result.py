"""Result of the benchmark on logs: shares by kind of log, number of runs, half and rule set."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.diagnosis import at_random
from benchmarks.diagnosis.alarms import Alarm
from benchmarks.diagnosis.build import measure, prepare, train_all, write_files
from benchmarks.diagnosis.cases import Case
from benchmarks.diagnosis.halves import SCORING, TUNING, halves
from benchmarks.diagnosis.logs import judge, only_logs, peers
from benchmarks.diagnosis.logs.judge import LoggedCase
from benchmarks.diagnosis.logs.writers import NORMS, WRITERS
from benchmarks.diagnosis.published import PUBLISHED
from benchmarks.diagnosis.score import Share, misdiagnosis, stray
from reportgen.analysis.diagnosis.benchmark import LOG_FIGURES
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.engine.spec import ENGINE_VERSION

SEEDS = (100, 101, 102)
"""Seeds of the runs behind the logs; those of the records are 0 to 2."""

RESULT = LOG_FIGURES
OWN, UNTOLD = "reportgen", "reportgen, number of classes not given"
DRAWN = "drawn"

Judge = Callable[[LoggedCase, Sequence[int]], tuple[Alarm, ...]]


@dataclass(frozen=True)
class Row:
    """Scores of a rule set on one kind of log, with one or three runs, on one half.

    recall: faults with any alarm; visible: the same for faults that scores can show in principle. false_alarms: healthy
    networks with any alarm. right_cause: faults for which the alarms name every required rule, and no misdiagnosis.
    named: the same as a share of the faults with an alarm. strays: faults with an alarm that is neither expected nor
    allowed. causes: mean number of rules that an alarm may stand for.
    """

    rules: str
    log: str
    runs: int
    half: str
    recall: Share
    visible: Share
    false_alarms: Share
    right_cause: Share
    named: Share
    strays: Share
    causes: float


@dataclass(frozen=True)
class Drawn:
    """Scores on networks drawn at random, and the healthy ones that are left out since they are not steady.

    unsteady: how many of these have an alarm in a log of three runs. by_rule: as in `LogResult`, with one of several
    diagnoses as planted.
    """

    rows: tuple[Row, ...]
    unsteady: Share
    by_rule: Mapping[str, Mapping[str, Share]]


@dataclass(frozen=True)
class LogResult:
    """All rows, the shares of faults and healthy networks for which each rule fires, and wrong cases of tuning.

    only_logs: rows of the faults that only logs show.
    """

    date: str
    rows: tuple[Row, ...]
    only_logs: tuple[Row, ...]
    by_rule: Mapping[str, Mapping[str, Share]]
    failures: tuple[str, ...]


def logged_cases(cases: Sequence[Case], folder: Path, workers: int, say: Callable[[str], None]) -> list[LoggedCase]:
    """Train the runs of all cases that are not stored, and return the cases with their logs."""
    folder.mkdir(parents=True, exist_ok=True)
    write_files(folder)
    prepared = [dataclasses.replace(prepare(case, folder, SEEDS), twin=()) for case in cases]
    say(f"{train_all(prepared, folder, workers)} runs trained, the others were stored")
    return [judge.logged(measure(one, folder), folder / "logs") for one in prepared]


def run(
    cases: Sequence[Case], folder: Path, workers: int, say: Callable[[str], None], runmedic: str | None = None
) -> LogResult:
    """Return the scores of all rule sets on the logs of the cases. runmedic: an interpreter where it is installed."""
    half_of, known = halves(cases), logged_cases(cases, folder, workers, say)
    rows, failures = list[Row](), list[str]()
    for writer in WRITERS:
        sets = dict(_judges(writer.name, known, runmedic))
        for name, judged in sets.items():
            for runs in (len(SEEDS), 1):
                alarms = {(one.case.name, seeds): judged(one, seeds) for one in known for seeds in _groups(one, runs)}
                for half in (SCORING, TUNING):
                    chosen = [one for one in known if half_of[one.case.name] == half]
                    rows.append(_row(name, writer.name, runs, half, chosen, alarms))
                    if name == OWN and half == TUNING:
                        failures += _failures(writer.name, runs, chosen, alarms)
    planted = {half: only_logs.planted_logs(folder / "planted", SEEDS, workers, half) for half in only_logs.HALVES}
    only = [row for half, cases in planted.items() for row in _planted_rows(half, cases, runmedic)]
    by_rule = _by_rule([*known, *(case for cases in planted.values() for case in cases)])
    return LogResult(datetime.now(UTC).date().isoformat(), tuple(rows), tuple(only), by_rule, tuple(failures))


def _planted_rows(half: str, cases: Sequence[LoggedCase], runmedic: str | None) -> Iterator[Row]:
    """Yield the scores on logs of faults that only logs show, for each kind of log that has some of them."""
    for writer in (*WRITERS, NORMS):
        chosen = [one for one in cases if writer.name in one.writers]
        for name, judged in (*_own_judges(writer.name), *_runmedic(writer.name, chosen, runmedic)):
            for runs in (len(SEEDS), 1):
                alarms = {(one.case.name, seeds): judged(one, seeds) for one in chosen for seeds in _groups(one, runs)}
                yield _row(name, writer.name, runs, half, chosen, alarms)


def run_drawn(count: int, seeds: Sequence[int], folder: Path, workers: int, say: Callable[[str], None]) -> Drawn:
    """Return the scores of our forms on logs of networks drawn at random.

    count: the number of faulty and of healthy networks of each seed. Healthy networks that are not steady do not count.
    """
    drawn = at_random.together([at_random.sample(count, seed, folder, workers, say) for seed in seeds])
    rows, known, unsteady = list[Row](), list[LoggedCase](), list[LoggedCase]()
    for one in drawn.judged:
        counts = one.fault is not None or at_random.is_steady(one.case.own)
        (known if counts else unsteady).append(judge.logged(one.case, folder / "logs"))
    alarmed = [one for one in unsteady if any(_is_alarmed(one, writer.name) for writer in WRITERS)]
    for writer in WRITERS:
        for name, judged in _own_judges(writer.name):
            for runs in (len(SEEDS), 1):
                alarms = {(one.case.name, seeds): judged(one, seeds) for one in known for seeds in _groups(one, runs)}
                rows.append(_row(name, writer.name, runs, DRAWN, known, alarms))
    return Drawn(tuple(rows), Share(len(alarmed), len(unsteady)), _by_rule(known))


def _is_alarmed(case: LoggedCase, writer: str) -> bool:
    return bool(judge.alarms(judge.found(case, writer, True, case.seeds)))


def _groups(case: LoggedCase, runs: int) -> list[tuple[int, ...]]:
    return [case.seeds] if runs > 1 else [(seed,) for seed in case.seeds]


def _judges(writer: str, cases: Sequence[LoggedCase], runmedic: str | None) -> Iterator[tuple[str, Judge]]:
    yield from _own_judges(writer)
    yield from _runmedic(writer, cases, runmedic)
    for rule_set in PUBLISHED if writer == WRITERS[0].name else ():
        yield rule_set.title, lambda case, seeds, one=rule_set: peers.published_alarms(one, case.measured, seeds)


def _runmedic(writer: str, cases: Sequence[LoggedCase], python: str | None) -> Iterator[tuple[str, Judge]]:
    """Yield runmedic as a judge, if there is an interpreter where it is installed."""
    if python is not None:
        paths = [path for case in cases for path in case.paths[writer].values()]
        checks = peers.runmedic_checks(python, paths)
        yield peers.RUNMEDIC, lambda case, seeds: peers.runmedic_alarms(_of_subject(case, writer, seeds, checks))


def _own_judges(writer: str) -> Iterator[tuple[str, Judge]]:
    yield OWN, lambda case, seeds: judge.alarms(judge.found(case, writer, True, seeds))
    yield UNTOLD, lambda case, seeds: judge.alarms(judge.found(case, writer, False, seeds))


def _of_subject(
    case: LoggedCase, writer: str, seeds: Sequence[int], checks: Mapping[Path, tuple[str, ...]]
) -> list[tuple[str, ...]]:
    found = case.paths[writer].items()
    return [checks[path] for (variant, seed), path in found if variant == case.subject and seed in seeds]


def _row(name: str, log: str, runs: int, half: str, cases: Sequence[LoggedCase], alarms: Mapping[Any, Any]) -> Row:
    judged = [(one.case, alarms[one.case.name, seeds]) for one in cases for seeds in _groups(one, runs)]
    faults = [(case, found) for case, found in judged if case.faulty]
    healthy = [found for case, found in judged if not case.faulty]
    alarmed = [(case, found) for case, found in faults if found]
    visible = [found for case, found in faults if judge.is_visible(case)]
    says = [len(alarm.says) for _, found in alarmed for alarm in found]
    return Row(
        rules=name,
        log=log,
        runs=runs,
        half=half,
        recall=Share(len(alarmed), len(faults)),
        visible=Share(sum(map(bool, visible)), len(visible)),
        false_alarms=Share(sum(map(bool, healthy)), len(healthy)),
        right_cause=Share(sum(names_cause(*one) for one in faults), len(faults)),
        named=Share(sum(names_cause(*one) for one in alarmed), len(alarmed)),
        strays=Share(sum(any(stray(case, alarm) for alarm in found) for case, found in alarmed), len(faults)),
        causes=sum(says) / len(says) if says else 0.0,
    )


def names_cause(case: Case, alarms: Sequence[Alarm]) -> bool:
    """Return whether the alarms name every rule that must fire, and none can only stand for a misdiagnosis.

    For a network drawn at random, one of the diagnoses that name its fault is enough.
    """
    named = frozenset().union(*(alarm.says for alarm in alarms))
    right = bool(case.must & named) if case.family == at_random.FAMILY else case.must <= named
    return right and not any(misdiagnosis(case, alarm) for alarm in alarms)


def _failures(log: str, runs: int, cases: Sequence[LoggedCase], alarms: Mapping[Any, Any]) -> Iterator[str]:
    """Yield the cases of the tuning half that three runs get wrong; those of the other half stay hidden."""
    for one in cases if runs > 1 else ():
        found = alarms[one.case.name, one.seeds]
        fired = ", ".join(alarm.rule for alarm in found) or "nothing"
        if bool(found) != one.case.faulty or (found and not names_cause(one.case, found)):
            yield f"{log}: {one.case.name} ({', '.join(sorted(one.case.must)) or 'healthy'}): fired {fired}"


def _by_rule(cases: Sequence[LoggedCase]) -> dict[str, dict[str, Share]]:
    """Return by rule, for three runs and both halves and logs: faults and healthy networks for which it fires."""
    fired = [
        (one.case, {f.rule for f in judge.found(one, writer, True, one.seeds) if f.severity != "info"})
        for one in cases
        for writer in one.writers
    ]
    found = {}
    for rule in sorted(id_ for id_, row in RULES.items() if row.on_scores is not None):
        planted = [rule in names for case, names in fired if rule in case.must]
        healthy = [rule in names for case, names in fired if not case.faulty]
        other = [rule in names for case, names in fired if case.faulty and rule not in case.must | case.may]
        shares = {"planted": planted, "healthy": healthy, "elsewhere": other}
        found[rule] = {name: Share(sum(values), len(values)) for name, values in shares.items()}
    return found


def plain(result: LogResult) -> dict[str, Any]:
    """Return the result as plain data."""
    rows, by_rule = plain_rows(result.rows), plain_by_rule(result.by_rule)
    head = {"date": result.date, "engine_version": ENGINE_VERSION, "seeds": list(SEEDS)}
    return {**head, "rows": rows, "only_logs": plain_rows(result.only_logs), "by_rule": by_rule}


def plain_rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return rows as plain data."""
    names = [field.name for field in dataclasses.fields(Row)]
    return [{name: _plain(getattr(row, name)) for name in names} for row in rows]


def plain_by_rule(shares: Mapping[str, Mapping[str, Share]]) -> dict[str, dict[str, list[int]]]:
    """Return the shares of each rule as plain data."""
    return {rule: {name: _plain(share) for name, share in row.items()} for rule, row in shares.items()}


def _plain(value: Any) -> Any:
    return [value.count, value.of] if isinstance(value, Share) else value
