"""Training was resumed, and the loss or the learning rate jumped: the state was not restored completely.

Only logs of scores are judged by this rule.

**Statistic.** Training and validation loss on both sides of a position after which training was resumed: the mean of
five values before it and the first value after it (the mean of three minibatches). The learning rates around it.

**Reference.** A run that continues from a complete checkpoint continues its curves. Reported if a loss rises above its
last five values, by more than three standard errors, by a tenth of their mean and by 1% of the loss of guessing (of
the first loss, if the number of classes is not known). Also if the learning rate more than doubles, or returns to a
lower first value, as a schedule that begins anew; a rate that is only lowered is no fault. A loss that returns to its
first value and falls again as it fell at first has lost its weights, also if the steps count on. Resuming without such
a change is reported for information only, because values after an earlier position replace others.

**Advice.** Save and load the state of the optimizer, the schedule, the scaler of mixed precision and the order of the
data together with the weights.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from reportgen.analysis.diagnosis.evidence.symptoms import enough, from_to, number
from reportgen.analysis.diagnosis.scores.evidence.guessing import scale
from reportgen.analysis.diagnosis.scores.evidence.points import Points, points, scores
from reportgen.analysis.diagnosis.scores.evidence.runs import Shown, finding, in_most_runs
from reportgen.analysis.finding import Abstention, Finding, Rule, ScoreEvidence, ScoreForm
from reportgen.analysis.words.listing import listing
from reportgen.languages.translate import N_, _
from reportgen.runs.training_log import TrainingLog

LEAST, MOST = 3, 5
ERRORS, RISE, LITTLE, JUMP, SAME = 3.0, 0.1, 0.01, 2.0, 0.05


@dataclass(frozen=True)
class _Resumed:
    """Where training was resumed, and the losses and rates before and after; NaN if they are not known."""

    position: float
    before: float
    after: float
    rises: bool
    rate_before: float = math.nan
    rate_after: float = math.nan
    first_rate: float = math.nan
    begins_anew: bool = False

    @property
    def rate_jumps(self) -> bool:
        """Whether the learning rate more than doubles, or halves to its first value of the log."""
        ratio = self.rate_after / self.rate_before if self.rate_before > 0 else math.nan
        return ratio > JUMP or (ratio < 1 / JUMP and math.isclose(self.rate_after, self.first_rate, rel_tol=SAME))


def _sign(log: TrainingLog) -> _Resumed | Abstention | None:
    found = [_Resumed(lost.position, lost.before, lost.after, True, begins_anew=True) for lost in log.lost_states]
    found += [_at(log, position) for position in log.resumed_at]
    return min(found, key=lambda sign: (not (sign.rises or sign.rate_jumps), sign.position), default=None)


def _at(log: TrainingLog, position: float) -> _Resumed:
    rates = points(log.curve("lr"))
    changes = [_change(log, scores(log, role), position) for role in ("train_loss", "val_loss")]
    before, after, rises = max(changes, key=lambda change: change[2])
    around = rates.between(-math.inf, position).last(1), rates.between(position, math.inf).first(1)
    first = float(rates.values[0]) if rates.size else math.nan
    return _Resumed(position, before, after, rises, around[0].mean, around[1].mean, first)


def _change(log: TrainingLog, losses: Points, position: float) -> tuple[float, float, bool]:
    """Return the losses before and after a position, and whether the loss rises there.

    Single minibatches are averaged. The first of the other values counts, since a loss may recover soon.
    """
    count = LEAST if losses.resolution == "step" else 1
    earlier = losses.between(-math.inf, position)
    before, after = earlier.last(MOST), losses.between(position, math.inf).first(count)
    if before.size < LEAST or after.size < count:
        return before.mean, after.mean, False
    error = earlier.late(0.5).noise * math.sqrt(1 / before.size + 1 / after.size)
    least = max(ERRORS * error if error == error else 0.0, RISE * abs(before.mean), LITTLE * (scale(log) or 0.0))
    level = float(after.values.mean())
    return before.mean, level, level > before.mean + least and level > float(before.values.max())


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if most runs were resumed; an alarm if their loss or learning rate jumped there."""
    shown = in_most_runs(evidence, _sign)
    if shown is None or isinstance(shown, Abstention):
        return shown
    jumped = [sign for sign in shown.signs if sign.rises or sign.rate_jumps]
    is_most = enough(len(jumped), shown.judged)
    sign = min(jumped if is_most else shown.signs, key=lambda one: one.position)
    return finding(
        RULE.id,
        evidence,
        shown,
        severity="warning" if is_most else "info",
        position=sign.position,
        numbers={"loss_before": sign.before, "loss_after": sign.after, "lr_before": sign.rate_before,
                 "lr_after": sign.rate_after},
        message=_message(shown, sign),
        advice=_(
            "Save and load the state of the optimizer and of the schedule with the weights, and check that the data "
            "are not read from the start again."
        ),
        sources=RULE.sources,
    )  # fmt: skip


def _message(shown: Shown[_Resumed], sign: _Resumed) -> str:
    jumps = []
    if sign.begins_anew:
        text = _("the loss returns {change}, its beginning: the weights were lost")
        jumps.append(text.format(change=from_to(sign.before, sign.after)))
    elif sign.rises:
        jumps.append(_("the loss rises {change}").format(change=from_to(sign.before, sign.after)))
    if sign.rate_jumps:
        text = _("the learning rate changes from {before} to {after}")
        jumps.append(text.format(before=number(sign.rate_before), after=number(sign.rate_after)))
    is_known = not math.isnan(sign.before + sign.after) or not math.isnan(sign.rate_before + sign.rate_after)
    if jumps:
        text = _("Training was resumed after {at}, where {jumps}")
    elif is_known:
        text = _("Training was resumed after {at}, and the curves continue, as far as the log shows")
    else:
        text = _("Training was resumed after {at}, and the log has no values before it")
    return text.format(at=shown.position(sign.position), jumps=listing(jumps))


RULE = Rule(
    id="resumed_run",
    title=N_("Resumed run"),
    check=None,
    sources=("Goodfellow, Bengio and Courville 2016, 8.3",),
    stage="optimization",
    one_task=True,
    on_scores=ScoreForm(check, f"a resumed run; a loss with {LEAST} values before, or learning rate"),
)
