"""The project's own benchmark of the diagnoses: its published figures, as every report quotes them."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIGURES = Path(__file__).with_name("benchmark.json")
"""Written by `python -m benchmarks.diagnosis`, from all cases."""


LOG_FIGURES = Path(__file__).with_name("benchmark_logs.json")
"""Written by `python -m benchmarks.diagnosis --scores --publish`."""

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
    """Results of the forms on scores for one kind of log, as pairs of a count and a total.

    log: "epoch" for a value of each epoch, "steps" for one of every 50 steps. runs: the number of runs that are judged
    together. classes: whether the number of classes was given.
    """

    log: str
    runs: int
    classes: bool
    recall: tuple[int, int]
    right_cause: tuple[int, int]
    false_alarms: tuple[int, int]


@functools.cache
def published_on_logs() -> tuple[LogScore, ...]:
    """Return the figures on logs that were not used for tuning, as shipped with this version."""
    rows = json.loads(LOG_FIGURES.read_text(encoding="utf-8"))["rows"]
    return tuple(_log_score(row) for row in rows if row["half"] == "scoring" and row["rules"] in OWN_RULES)


def _log_score(row: Mapping[str, Any]) -> LogScore:
    recall, right_cause, false_alarms = (tuple(row[name]) for name in ("recall", "right_cause", "false_alarms"))
    return LogScore(row["log"], row["runs"], OWN_RULES[row["rules"]], recall, right_cause, false_alarms)


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
    """Return the figures of each form on scores, from all logs of the benchmark, as shipped with this version."""
    rows = json.loads(LOG_FIGURES.read_text(encoding="utf-8"))["by_rule"]
    return {rule: RuleOnLogs(tuple(row["planted"]), tuple(row["healthy"])) for rule, row in rows.items()}
