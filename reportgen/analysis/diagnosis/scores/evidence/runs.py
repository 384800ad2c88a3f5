"""Outcomes of a rule over the runs of a group, and their words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.symptoms import enough, whole
from reportgen.analysis.diagnosis.scores.evidence.points import LEAST_OF_BLOCK, Points
from reportgen.analysis.finding import Abstention, Finding, ScoreEvidence, Severity
from reportgen.analysis.words.listing import listing
from reportgen.analysis.words.nouns import counted_noun
from reportgen.languages.translate import N_, _, pgettext
from reportgen.runs.training_log import TrainingLog

Sign = TypeVar("Sign")

FIRST = 3
"""Number of positions that a message lists."""

SMOOTHED = {
    "training": (N_("training losses"), N_("training losses of minibatches")),
    "any": (N_("training or validation losses"), N_("training or validation losses of minibatches")),
}
"""Losses by their split in words, and those of minibatches."""


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
        if self.judged == 1:
            return counted_noun(1, "run")
        return _("{count} of {total} runs").format(count=len(self.runs), total=self.judged)

    def position(self, value: float) -> str:
        """Return a position in the unit of the logs, a whole number as in the figures: "epoch 12"."""
        return place(self.logs[0], value)

    def first_positions(self, values: Sequence[float]) -> str:
        """Return the first positions and the number of further ones: "steps 10, 20, 30 and 5 more"."""
        if len(values) == 1:
            return self.position(values[0])
        shown, more = [whole(value) for value in values[:FIRST]], len(values) - FIRST
        text = ", ".join(shown) if more > 0 else listing(shown)
        words = _("{positions} and {count} more").format(positions=text, count=more) if more > 0 else text
        several = {"epoch": pgettext("place", "epochs {numbers}"), "step": pgettext("place", "steps {numbers}")}
        return several[self.logs[0].unit].format(numbers=words)


def place(log: TrainingLog, value: float) -> str:
    """Return a position in the unit of a log in words, to stand after "at" or "from": "epoch 12"."""
    one = {"epoch": pgettext("place", "epoch {number}"), "step": pgettext("place", "step {number}")}
    return one[log.unit].format(number=whole(value))


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
    runs = tuple(index for index, _sign in shown)
    names = seeds_of(evidence.logs)
    return Shown(
        runs, tuple(evidence.logs[index] for index in runs), tuple(outcome for _index, outcome in shown), len(judged),
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
        _("{message} ({runs}).").format(message=message, runs=shown.words), advice, sources, causes=causes,
    )  # fmt: skip


def thin(what: str, found: int, least: int) -> Abstention:
    """Return the abstention for too few values.

    Parameters
    ----------
    what : the values in words of the current language, such as "validation losses".
    found, least : the number of values in the log, and the number that the rule needs.

    Raises
    ------
    ValueError : there are enough values, so that their number is not the reason.
    """
    if found >= least:
        raise ValueError(f"{found} {what} are enough, {least} are needed")
    if least == 1:
        return Abstention(_("the log has no {what}").format(what=what), _("log {what}").format(what=what))
    lacks = (
        _("at least {least} {what} are needed, and the log has {found}")
        if found
        else _("at least {least} {what} are needed, and the log has none")
    )
    remedy = _("log at least {least} {what}").format(least=least, what=what)
    return Abstention(lacks.format(least=least, what=what, found=found), remedy)


def thin_smoothed(split: str, found: Points, least: int) -> Abstention:
    """Return the abstention for a loss whose values, `smoothed`, are fewer than a rule needs.

    Parameters
    ----------
    split : a key of SMOOTHED.
    found : the values before they are averaged.
    least : the number of averages that the rule needs.
    """
    losses, minibatches = SMOOTHED[split]
    if found.resolution == "step" and found.size:
        return thin(_(minibatches), found.size, least * LEAST_OF_BLOCK)
    return thin(_(losses), found.size, least)
