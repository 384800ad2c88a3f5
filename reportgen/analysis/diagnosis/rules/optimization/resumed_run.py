"""Training was resumed, and the loss or the learning rate jumped: the state was not restored completely.

Only logs of scores are judged by this rule.

**Statistic.** The mean training loss of up to five values on both sides of a position at which training was resumed,
and the learning rates before and after it.

**Reference.** A run that continues from a complete checkpoint continues its curves. Reported if the loss rises by more
than three standard errors and by a tenth of its value, or if the learning rate more than doubles or halves. A loss
that returns to its first value and falls again as it fell at first has lost its weights, also if the steps count on.
Resuming without such a change is reported for information only, because values after an earlier position replace
others.

**Advice.** Save and load the state of the optimizer, the schedule, the scaler of mixed precision and the order of the
data together with the weights.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from reportgen.analysis.diagnosis.evidence.symptoms import from_to, number
from reportgen.analysis.diagnosis.scores.evidence.points import points, scores
from reportgen.analysis.diagnosis.scores.evidence.runs import Shown, finding, in_most_runs
from reportgen.analysis.finding import Abstention, Finding, Rule, ScoreEvidence, ScoreForm
from reportgen.runs.training_log import TrainingLog

LEAST, MOST = 3, 5
ERRORS, RISE, JUMP = 3.0, 0.1, 2.0


@dataclass(frozen=True)
class _Resumed:
    """Where training was resumed, and the losses and rates before and after; NaN if they are not known."""

    position: float
    before: float
    after: float
    rises: bool
    rate_before: float = math.nan
    rate_after: float = math.nan
    begins_anew: bool = False

    @property
    def rate_jumps(self) -> bool:
        """Whether the learning rate more than doubles or halves."""
        ratio = self.rate_after / self.rate_before if self.rate_before > 0 else math.nan
        return ratio > JUMP or ratio < 1 / JUMP


def _sign(log: TrainingLog) -> _Resumed | Abstention | None:
    found = [_Resumed(lost.position, lost.before, lost.after, True, begins_anew=True) for lost in log.lost_states]
    found += [_at(log, position) for position in log.resumed_at]
    return min(found, key=lambda sign: (not (sign.rises or sign.rate_jumps), sign.position), default=None)


def _at(log: TrainingLog, position: float) -> _Resumed:
    losses, rates = scores(log, "train_loss"), points(log.curve("lr"))
    before = losses.between(-math.inf, position).last(MOST)
    after = losses.between(position, math.inf).first(MOST)
    rises = False
    if min(before.size, after.size) >= LEAST:
        noise = max(losses.between(-math.inf, position).late(0.5).noise, after.noise if after.size > 3 else 0.0)
        error = noise * math.sqrt(1 / before.size + 1 / after.size)
        rises = after.mean - before.mean > max(ERRORS * error, RISE * abs(before.mean))
    around = rates.between(-math.inf, position).last(1), rates.between(position, math.inf).first(1)
    return _Resumed(position, before.mean, after.mean, rises, around[0].mean, around[1].mean)


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if most runs were resumed; an alarm if their loss or learning rate jumped there."""
    shown = in_most_runs(evidence, _sign)
    if shown is None or isinstance(shown, Abstention):
        return shown
    sign = min(shown.signs, key=lambda one: (not (one.rises or one.rate_jumps), one.position))
    return finding(
        RULE.id,
        evidence,
        shown,
        severity="warning" if sign.rises or sign.rate_jumps else "info",
        position=sign.position,
        numbers={"loss_before": sign.before, "loss_after": sign.after, "lr_before": sign.rate_before,
                 "lr_after": sign.rate_after},
        message=_message(shown, sign),
        advice=(
            "Save and load the state of the optimizer and of the schedule with the weights, and check that the data "
            "are not read from the start again."
        ),
        sources=RULE.sources,
    )  # fmt: skip


def _message(shown: Shown[_Resumed], sign: _Resumed) -> str:
    jumps = []
    if sign.begins_anew:
        jumps.append(f"the loss returns {from_to(sign.before, sign.after)}, its beginning: the weights were lost")
    elif sign.rises:
        jumps.append(f"the training loss rises {from_to(sign.before, sign.after)}")
    if sign.rate_jumps:
        jumps.append(f"the learning rate changes from {number(sign.rate_before)} to {number(sign.rate_after)}")
    is_known = not math.isnan(sign.before + sign.after) or not math.isnan(sign.rate_before + sign.rate_after)
    unchanged = "the curves continue, as far as the log shows" if is_known else "the log has no values before it"
    what = " and ".join(jumps) if jumps else unchanged
    return f"Training was resumed after {shown.position(sign.position)}, where {what}"


RULE = Rule(
    id="resumed_run",
    title="Resumed run",
    check=None,
    sources=("Goodfellow, Bengio and Courville 2016, 8.3",),
    stage="optimization",
    on_scores=ScoreForm(check, f"a resumed run; training loss with {LEAST} values on both sides, or learning rate"),
)
