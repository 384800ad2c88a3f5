"""The gradient norm has spikes, and the loss jumps after them: single batches undo training.

Only logs of scores with a gradient norm are judged by this rule.

**Statistic.** The ratio of each gradient norm to the median of the ten norms before it, on a logarithmic scale in
units of its robust standard deviation (1.48 times the median absolute deviation). The training loss: the mean of up
to three values after the spike, compared with as many before it.

**Reference.** A spike exceeds four times that median and four such standard deviations. It counts if the loss rises
after it by more than three times its own noise and by a tenth. Spikes without a jump of the loss are harmless, above
all with clipping. Reported from two such spikes on. Gradients of tiny batches are rarely unusual in this sense; for
them, a single spike of four times the median is enough if most of the next ten losses are twice as high as all of the
thirteen before it, and above 5% of the loss of guessing (of the first loss, if the number of classes is not known).

**Advice.** Clip gradients to their usual norm, and look at the batches of these steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.analysis.diagnosis.evidence.symptoms import number
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.diagnosis.scores.evidence.guessing import scale
from reportgen.analysis.diagnosis.scores.evidence.points import Array, Points, points
from reportgen.analysis.diagnosis.scores.evidence.runs import finding, in_most_runs, thin
from reportgen.analysis.finding import Abstention, Finding, Rule, ScoreEvidence, ScoreForm
from reportgen.languages.translate import N_, _
from reportgen.runs.training_log import TrainingLog

LEAST, BEFORE, AROUND, LASTS = 20, 10, 3, 10
TIMES, DEVIATIONS, NOISES, RISE, FEW, FAR, LITTLE = 4.0, 4.0, 3.0, 0.1, 2, 2.0, 0.05


@dataclass(frozen=True)
class _Spikes:
    """Positions of the spikes with a jump of the loss, the largest ratio, and the losses around the first."""

    positions: tuple[float, ...]
    ratio: float
    before: float
    after: float

    @property
    def count(self) -> int:
        """Number of spikes."""
        return len(self.positions)


def _sign(log: TrainingLog) -> _Spikes | Abstention | None:
    norms = points(log.curve("gradient_norm", "step", "window", "epoch"))
    losses = points(log.curve("train_loss", "step", "window", "epoch"))
    if norms.size < LEAST:
        return thin(_("gradient norms"), norms.size, LEAST)
    if losses.size < LEAST:
        return thin(_("training losses"), losses.size, LEAST)
    return None if diverged(log) else _spikes(norms, losses, LITTLE * (scale(log) or 0.0))


def _spikes(norms: Points, losses: Points, little: float) -> _Spikes | None:
    ratios = _ratios(norms.values)
    logs = np.log(np.maximum(ratios, 1e-30))
    deviation = 1.48 * float(np.median(abs(logs - np.median(logs))))
    unusual = logs - np.median(logs) > DEVIATIONS * deviation
    high = [int(i) for i in np.flatnonzero(ratios > TIMES)]
    found = [(i, jump) for i in high if (jump := _jump(losses, float(norms.positions[i]))) is not None]
    lasting = [(i, jump) for i, jump in found if _lasts(losses, float(norms.positions[i]), little)]
    jumps = [(i, jump) for i, jump in found if unusual[i]]
    jumps = jumps if len(jumps) >= FEW else lasting
    positions = tuple(float(norms.positions[i]) for i, _jumped in jumps)
    return _Spikes(positions, float(ratios[[i for i, _jumped in jumps]].max()), *jumps[0][1]) if jumps else None


def _ratios(norms: Array) -> Array:
    """Return each norm relative to the median of the norms before it, 1 for the first ones."""
    found = np.ones(norms.size)
    for index in range(BEFORE, norms.size):
        usual = float(np.median(norms[index - BEFORE : index]))
        found[index] = norms[index] / usual if usual > 0 else 1.0
    return found


def _jump(losses: Points, position: float) -> tuple[float, float] | None:
    """Return the mean losses before and after a spike if the loss jumps, None otherwise."""
    before = _before(losses, position)
    after = losses.between(position, np.inf).first(AROUND)
    if before.size < AROUND or after.size == 0:
        return None
    level, noise = before.last(AROUND).mean, before.noise if before.size > 3 else 0.0
    rises = after.mean - level > max(NOISES * noise / np.sqrt(after.size), RISE * abs(level))
    return (level, after.mean) if rises else None


def _before(losses: Points, position: float) -> Points:
    """Return the last losses before a position, without the one at it."""
    earlier = losses.positions < position
    return Points(losses.positions[earlier], losses.values[earlier]).last(AROUND + BEFORE)


def _lasts(losses: Points, position: float, little: float) -> bool:
    """Return whether most of the next losses are far above all of the last ones before a position."""
    after = losses.between(position, np.inf).first(LASTS)
    least = max(FAR * float(_before(losses, position).values.max()), little)
    return after.size >= LASTS and float(np.median(after.values)) > least


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if the gradient norm of most runs has spikes before jumps of the loss."""
    shown = in_most_runs(evidence, _sign)
    if shown is None or isinstance(shown, Abstention):
        return shown
    sign = shown.signs[0]
    text = (
        _(
            "The gradient norm rises to {ratio} times its usual value at {where}, and the loss jumps from {before} to "
            "{after}"
        )
        if sign.count == 1
        else _(
            "The gradient norm rises to {ratio} times its usual value at {where}, and the loss jumps each time, first "
            "from {before} to {after}"
        )
    )
    return finding(
        RULE.id,
        evidence,
        shown,
        severity="warning",
        position=sign.positions[0],
        numbers={"spikes": sign.count, "largest_ratio": sign.ratio, "loss_before": sign.before,
                 "loss_after": sign.after},
        message=text.format(
            ratio=number(sign.ratio), where=shown.first_positions(sign.positions), before=number(sign.before),
            after=number(sign.after),
        ),
        advice=_(
            "Clip gradients to their usual norm, look at the batches of these steps, and lower the learning rate."
        ),
        sources=RULE.sources,
        causes=("lr_too_high",),
    )  # fmt: skip


RULE = Rule(
    id="gradient_spikes",
    title=N_("Gradient spikes"),
    check=None,
    sources=("Pascanu, Mikolov and Bengio 2013", "Goodfellow, Bengio and Courville 2016, 10.11.1"),
    stage="optimization",
    one_task=True,
    on_scores=ScoreForm(check, f"gradient norm and training loss, {LEAST} values each"),
)
