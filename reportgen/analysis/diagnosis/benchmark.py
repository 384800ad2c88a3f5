"""The project's own benchmark of the diagnoses: its published figures, as every report quotes them."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.analysis.statistics import share_interval

FIGURES = Path(__file__).with_name("benchmark.json")
"""Written by `python -m benchmarks.diagnosis`, from all cases."""


LOG_FIGURES = Path(__file__).with_name("benchmark_logs.json")
"""Written by `python -m benchmarks.diagnosis --scores --publish`, with and without `--random`."""

OWN_RULES = {"reportgen": True, "reportgen, number of classes not given": False}
"""The rows of LOG_FIGURES about the project's rules, and whether the number of classes was given."""


@dataclass(frozen=True)
class Share:
    """A count out of a total, with the exact 95% binomial interval."""

    count: int
    of: int
    interval: tuple[float, float]

    @property
    def value(self) -> float:
        """Count divided by total."""
        return self.count / self.of


@dataclass(frozen=True)
class Benchmark:
    """Results of the rules on planted faults and healthy networks that were not used for tuning.

    recall: faults with any alarm. false_alarms: healthy networks with any alarm. right_cause: faults with the correct
    root cause and no other. remedies_helped: faults for which a tested remedy helped.
    """

    date: str
    engine_version: int
    seeds: int
    recall: Share
    false_alarms: Share
    right_cause: Share
    remedies_helped: Share


@functools.cache
def published() -> Benchmark:
    """Return the figures shipped with this version."""
    found = json.loads(FIGURES.read_text(encoding="utf-8"))
    scored = {name: _share(found["scoring"][name]) for name in ("recall", "false_alarms", "right_cause")}
    return Benchmark(
        date=str(found["date"]),
        engine_version=int(found["engine_version"]),
        seeds=int(found["seeds"]),
        remedies_helped=_share(found["remedies_helped"]),
        **scored,
    )


def _share(found: Mapping[str, Any]) -> Share:
    low, high = found["interval"]
    return Share(found["count"], found["of"], (low, high))


@dataclass(frozen=True)
class LogScore:
    """Results of the forms on scores for one kind of log of networks drawn at random.

    log: "epoch" for a value of each epoch, "steps" for one of every 50 steps. runs: the number of runs that are judged
    together; with one run, the runs of a network are alike, and the intervals too narrow. classes: whether the number
    of classes was given. named: the faults whose cause is named, of those with an alarm.
    """

    log: str
    runs: int
    classes: bool
    recall: Share
    named: Share
    false_alarms: Share


@functools.cache
def published_on_logs() -> tuple[LogScore, ...]:
    """Return the figures on logs of networks drawn at random, none of which was inspected before.

    The logs of the planted cases have been counted several times, and rules were mended in between.
    """
    rows = json.loads(LOG_FIGURES.read_text(encoding="utf-8"))["drawn"]["rows"]
    return tuple(_log_score(row) for row in rows if row["rules"] in OWN_RULES)


def _log_score(row: Mapping[str, Any]) -> LogScore:
    recall, named, false_alarms = (_exact(*row[name]) for name in ("recall", "named", "false_alarms"))
    return LogScore(row["log"], row["runs"], OWN_RULES[row["rules"]], recall, named, false_alarms)


def _exact(count: int, of: int) -> Share:
    return Share(count, of, share_interval(count, of))


@dataclass(frozen=True)
class RuleOnLogs:
    """Results of the form on scores of one rule, as pairs of a count and a total of logs.

    planted: logs of faults that require the rule, for which it fires. healthy: logs of healthy networks for which it
    fires.
    """

    planted: tuple[int, int]
    healthy: tuple[int, int]


@functools.cache
def published_by_rule() -> Mapping[str, RuleOnLogs]:
    """Return the figures of each form on scores, from all logs of the benchmark, as shipped with this version.

    They are of the planted cases; those of networks drawn at random take the place of a rule that is not among them.
    """
    written = json.loads(LOG_FIGURES.read_text(encoding="utf-8"))
    rows = {**written["drawn"].get("by_rule", {}), **written["by_rule"]}
    return {rule: RuleOnLogs(tuple(row["planted"]), tuple(row["healthy"])) for rule, row in rows.items()}
