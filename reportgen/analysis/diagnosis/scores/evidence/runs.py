"""Outcomes of a rule over the runs of a group, and their words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.symptoms import enough, whole
from reportgen.analysis.diagnosis.scores.evidence.points import LEAST_OF_BLOCK, Points
from reportgen.analysis.finding import Abstention, Finding, ScoreEvidence, Severity
from reportgen.runs.training_log import TrainingLog

Sign = TypeVar("Sign")


@dataclass(frozen=True)
class Shown(Generic[Sign]):
    """The runs that show a sign, with their numbers in the group, and the number of runs that could be judged."""

    runs: tuple[int, ...]
    logs: tuple[TrainingLog, ...]
    signs: tuple[Sign, ...]
    judged: int
    seeds: tuple[int, ...]

    def mean(self, name: str) -> float:
        """Return the mean of an attribute of the signs."""
        return mean([float(getattr(sign, name)) for sign in self.signs])

    @property
    def words(self) -> str:
        """The runs in words: "2 of 3 runs"."""
        return f"{len(self.runs)} of {self.judged} runs" if self.judged > 1 else "1 run"

    def position(self, value: float) -> str:
        """Return a position in the unit of the logs, a whole number as in the figures: "epoch 12"."""
        return f"{self.logs[0].unit} {whole(value)}"


def in_most_runs(
    evidence: ScoreEvidence, sign: Callable[[TrainingLog], Sign | Abstention | None]
) -> Shown[Sign] | Abstention | None:
    """Return the runs that show a sign if they are most of those that can be judged.

    Returns the abstention of the first run if no run can be judged, None if too few runs show the sign.
    """
    shown = in_any_run(evidence, sign)
    if isinstance(shown, Shown) and not enough(len(shown.runs), shown.judged):
        return None
    return shown


def in_any_run(
    evidence: ScoreEvidence, sign: Callable[[TrainingLog], Sign | Abstention | None]
) -> Shown[Sign] | Abstention | None:
    """Return the runs that show a sign that no healthy run shows by chance, so that a single one counts.

    Returns the abstention of the first run if no run can be judged, None if no run shows the sign.
    """
    found = [sign(log) for log in evidence.logs]
    judged = [(index, outcome) for index, outcome in enumerate(found) if not isinstance(outcome, Abstention)]
    if not judged:
        return next((outcome for outcome in found if isinstance(outcome, Abstention)), None)
    shown = [(index, outcome) for index, outcome in judged if outcome is not None]
    if not shown:
        return None
    runs = tuple(index for index, _ in shown)
    names = seeds_of(evidence.logs)
    return Shown(
        runs, tuple(evidence.logs[index] for index in runs), tuple(outcome for _, outcome in shown), len(judged),
        tuple(names[index] for index in runs),
    )  # fmt: skip


def seeds_of(logs: Sequence[TrainingLog]) -> list[int]:
    """Return the seeds of the runs, or their numbers from 0 if the logs do not state different seeds."""
    stated = [log.seed for log in logs if log.seed is not None]
    return stated if len(stated) == len(logs) == len(set(stated)) else list(range(len(logs)))


def finding(
    rule: str,
    evidence: ScoreEvidence,
    shown: Shown[Any],
    *,
    severity: Severity,
    position: float | None,
    numbers: Mapping[str, Any],
    message: str,
    advice: str,
    sources: tuple[str, ...],
    causes: tuple[str, ...] | None = None,
) -> Finding:
    """Return a finding of a rule on scores. position: where the sign appears, in the unit of the logs."""
    return Finding(
        rule, severity, evidence.subject, shown.seeds, (), None if position is None else round(position), numbers,
        f"{message} ({shown.words}).", advice, sources, causes=causes,
    )  # fmt: skip


def thin(what: str, found: int, least: int) -> Abstention:
    """Return the abstention for too few values.

    Parameters
    ----------
    what : the values in words, such as "validation losses".
    found, least : the number of values in the log, and the number that the rule needs.

    Raises
    ------
    ValueError : there are enough values, so that their number is not the reason.
    """
    if found >= least:
        raise ValueError(f"{found} {what} are enough, {least} are needed")
    if least == 1:
        return Abstention(f"the log has no {what}", f"log {what}")
    has = str(found) if found else "none"
    return Abstention(f"at least {least} {what} are needed, and the log has {has}", f"log at least {least} {what}")


def thin_smoothed(split: str, found: Points, least: int) -> Abstention:
    """Return the abstention for a loss whose values, `smoothed`, are fewer than a rule needs.

    Parameters
    ----------
    split : "training", "validation" or both in words.
    found : the values before they are averaged.
    least : the number of averages that the rule needs.
    """
    if found.resolution == "step" and found.size:
        return thin(f"{split} losses of minibatches", found.size, least * LEAST_OF_BLOCK)
    return thin(f"{split} losses", found.size, least)
