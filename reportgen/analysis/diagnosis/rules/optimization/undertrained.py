"""Training stopped while the loss was still falling fast: more of the same would have gone further.

**Statistic.** The training loss at a quarter and at half of training and at its end, in test mode, from the scores by
epoch; of minibatches in train mode where there is one epoch only, or batch-norm. For a cosine, which longer training
stretches, halves are those of the learning rate's sum. What lies above the best constant answer's loss is cut off: to
lose a bad start is not yet to learn. What as much training again would gain is the fall over the second half, times its
ratio to the fall over the quarter before where that is below 1, and at most the same factor once more.

**Reference.** A gain of more than 5% of the best constant answer's loss. The minibatches must show the late fall too,
beyond two standard errors by their noise (von Neumann's differences of neighbouring losses), and three where they are
the only witness; seeds are independent, so it is all together that have to, by the sum of their z values (Stouffer).
Left alone are nets that fit 90% of their training split and are not clearly below simple models on held-out examples,
and others that are as good as these there, within two standard errors; runs that were stopped on purpose, early or for
their cost; runs whose loss on held-out examples no longer falls, or by the same reckoning would gain less than half as
much, where more training only overfits; noisy labels at their limit, whose loss has stopped falling; rates that are too
high; and, unless they have learned next to nothing and do worse than simple models, runs of fewer than 8 steps, which
show no course.

Fewer than 50 steps can be too few for minibatches to show any fall; and more can be on a slope too gentle for their
number, with a gradient that is still a tenth (squared) of its largest. So such a run counts too whose steps all
together promise no fall by e^2, the sum of |u| |g| / L over them (u the step, g the gradient, L the loss), while the
net is worse in training and in validation than a simple model is in validation: steps are what
is missing. From 20 steps on, not where steps are so small that their size is (`lr_too_low`).

**Advice.** Train four times as long; ten times, where the steps were that few.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from reportgen.analysis.diagnosis.evidence.course import Array, finite, rises, training_course
from reportgen.analysis.diagnosis.evidence.held_out import examples, mean_final, reference, scored, share_error
from reportgen.analysis.diagnosis.evidence.means import mean, noise
from reportgen.analysis.diagnosis.evidence.outcome import FITS, fits, guess_loss, stuck, worse_than_simple_models
from reportgen.analysis.diagnosis.evidence.symptoms import in_most, number, percent, percent_at_most, words_for_seeds
from reportgen.analysis.diagnosis.rules.generalization.underfitting import Shortfall, below_simple_models
from reportgen.analysis.diagnosis.rules.optimization import lr_too_high, lr_too_low
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.engine.tables.schedules import phases
from reportgen.runs.record import RunRecord

GAIN = 0.05
ERRORS, ERRORS_OF_TWO = 3.0, 2.0
LEAST_STEPS = 8
LONGER, MUCH_LONGER = 4, 10
PROMISED = 2.0
FEW_STEPS = 50
SOURCES = ("stanford-scribe", "Goodfellow, Bengio and Courville 2016, 7.8", "von Neumann et al. 1941")


@dataclass(frozen=True)
class _Fall:
    """Losses at a quarter and at half of training and at its end.

    errors: the late fall by minibatches, in standard errors, or in those that it takes to be certain.
    """

    quarter: float
    half: float
    end: float
    errors: float

    def gain(self, guessing: float) -> float:
        """Return what as much training again would gain; what lies above guessing is no learning."""
        quarter, half, end = (min(level, guessing) for level in (self.quarter, self.half, self.end))
        before, late = quarter - half, half - end
        slowing = late * min(1.0, late / before) if before > 0 and late > 0 else late
        return min(slowing, end * (1 - end / half)) if half > 0 else 0.0


def _as_good_as_others(records: Sequence[RunRecord]) -> bool:
    """Return whether all seeds together are not clearly below simple models that see something in the data."""
    judged = scored(records)
    known = reference(judged) if judged else None
    if known is None:
        return False
    mean = mean_final(judged, "val_accuracy")
    error = math.hypot(known.error, share_error(mean, examples(judged)))
    return mean > known.majority and mean >= known.accuracy - ERRORS_OF_TWO * error


def _falling(record: RunRecord) -> _Fall | None:
    """Return the fall of a run that stopped in the middle of it, None elsewhere."""
    losses = finite(record.arrays.get("step_loss", ()))
    if record.status != "ok" or rises(record) or _answers(record) or losses.size < LEAST_STEPS:
        return None
    times = _times(record, losses.size)
    batches = _of_minibatches(losses, times)
    tested = _of_scores(record, times, batches.errors)
    least = ERRORS if tested is None else ERRORS_OF_TWO
    fall = tested or batches
    if fall.gain(guess_loss(record)) < GAIN * guess_loss(record) or not _generalizes(record, times):
        return None
    return None if lr_too_high.sign(record) else replace(fall, errors=fall.errors / least)


def _answers(record: RunRecord) -> bool:
    """Return whether the run gives nine in ten of the labels that can be learned, however sure it is of them.

    Not where it is clearly below simple models on held-out examples; but so does a run that is as good as these there.
    """
    given = float(record.final.get("train_accuracy", 0.0)) >= FITS * (1 - record.spec.data.label_noise)
    return (given or fits(record)) and not worse_than_simple_models(record)


def _times(record: RunRecord, steps: int) -> tuple[int, int]:
    """Return the steps at which a quarter and a half of training are done: of its steps, or of the rate's sum."""
    ends, rates = (np.asarray(record.arrays.get(f"epoch_{name}", ()), np.float64) for name in ("step", "lr"))
    stretches = any(row.stretches for row in phases(record.spec.training.schedule))
    spent = np.cumsum(
        np.interp(np.arange(steps), ends, rates) if stretches and 0 < ends.size == rates.size else np.ones(steps)
    )
    quarter, half = np.searchsorted(spent, [spent[-1] / 4, spent[-1] / 2])
    return int(quarter), int(half)


def _of_minibatches(losses: Array, times: tuple[int, int]) -> _Fall:
    reach = max(1, losses.size // 16)
    quarter, half = (losses[max(0, t - reach) : t + reach] for t in times)
    end = losses[-2 * reach :]
    variance = noise(losses[times[1] :]) if losses.size - times[1] > 1 else math.inf
    error = math.sqrt(variance * (1 / half.size + 1 / end.size))
    late = float(half.mean() - end.mean())
    return _Fall(float(quarter.mean()), float(half.mean()), float(end.mean()), late / error if error > 0 else math.inf)


def _of_scores(record: RunRecord, times: tuple[int, int], errors: float) -> _Fall | None:
    """Return the fall of the training loss in test mode, None where that does not tell: one epoch, batch-norm."""
    has_batchnorm = any(layer.batchnorm for layer in record.spec.network.layers)
    return None if has_batchnorm else _of_column(record, "train_loss", times, errors)


def _of_column(record: RunRecord, column: str, times: tuple[int, int], errors: float) -> _Fall | None:
    """Return the fall of a loss that is scored by epoch, None where there are too few scores."""
    steps, loss = (np.asarray(record.arrays.get(f"epoch_{name}", ()), np.float64) for name in ("step", column))
    if not 3 <= steps.size == loss.size or not np.isfinite(loss).all():
        return None
    quarter, half = np.interp(times, steps, loss)
    return _Fall(float(quarter), float(half), float(loss[-1]), errors)


def _generalizes(record: RunRecord, times: tuple[int, int]) -> bool:
    """Return whether held-out loss still falls and would go on, or nothing is held out."""
    loss = finite(record.arrays.get("epoch_val_loss", ()))
    if loss.size < 2 or not loss[-1] < loss[(loss.size - 1) // 2]:
        return loss.size < 2
    fall = _of_column(record, "val_loss", times, math.inf)
    return fall is None or fall.gain(guess_loss(record)) >= GAIN / 2 * guess_loss(record)


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where most seeds were still getting better, or had hardly begun."""
    if _as_good_as_others(evidence.records):
        return None
    falls = [_falling(record) for record in evidence.records]
    shown = in_most(evidence.records, falls)
    if shown and sum(fall.errors for _, fall in shown) >= math.sqrt(len(shown)):
        return _still_falling(evidence, shown)
    short = in_most(evidence.records, [_hardly_begun(record) for record in evidence.records])
    below = below_simple_models(scored(evidence.records)) if short and scored(evidence.records) else None
    return _too_few_steps(evidence, short, below) if below else None


def _hardly_begun(record: RunRecord) -> float | None:
    """Return what all steps of a run predicted_decrease, in powers of e, where that is little; None elsewhere."""
    if record.status != "ok" or rises(record) or _answers(record):
        return None
    if lr_too_high.sign(record) or (record.steps < LEAST_STEPS and not stuck(record)):
        return None
    course = training_course(record)
    if course is None or (course.typical_step_effect < lr_too_low.SMALL and record.steps >= lr_too_low.LEAST_STEPS):
        return None
    if record.steps >= FEW_STEPS and course.gradient_left <= lr_too_low.THERE:
        return None
    return course.predicted_decrease if course.predicted_decrease < PROMISED else None


def _still_falling(evidence: Evidence, shown: Sequence[tuple[RunRecord, _Fall]]) -> Finding:
    record = shown[0][0]
    half, end = (mean([getattr(f, name) for _, f in shown]) for name in ("half", "end"))
    gain = mean([f.gain(guess_loss(record)) for _, f in shown])
    message = (
        f"The loss was still falling when training ended: from {number(half)} at half time to {number(end)} after "
        f"{record.steps} steps; as much training again would take off about {percent(gain / end)} of it "
    )
    evident = {
        "loss_at_half": half,
        "loss_at_end": end,
        "expected_gain": gain,
        "limit": GAIN * guess_loss(record),
        "certainty": sum(f.errors for _, f in shown) / math.sqrt(len(shown)),
    }
    return _finding(evidence, [r for r, _ in shown], message, evident, LONGER)


def _too_few_steps(evidence: Evidence, shown: Sequence[tuple[RunRecord, float]], below: Shortfall) -> Finding:
    predicted_decrease, record = mean([value for _, value in shown]), shown[0][0]
    message = (
        f"All {record.steps} steps together promise a fall of the loss by {percent_at_most(-math.expm1(-predicted_decrease))}; "
        f"accuracy is {percent(below.train)} in training, where {below.by} reaches {percent(below.reached)} in "
        "validation "
    )
    evident = {
        "promised_fall": predicted_decrease,
        "limit": PROMISED,
        "train_accuracy": below.train,
        "reference": below.reached,
    }
    return _finding(evidence, [r for r, _ in shown], message, evident, MUCH_LONGER)


def _finding(
    evidence: Evidence, records: Sequence[RunRecord], message: str, evident: dict[str, float], times: int
) -> Finding:
    record, seeds = records[0], tuple(r.spec.seed for r in records)
    epochs = record.spec.training.epochs
    longer = dict.fromkeys((times, MUCH_LONGER)) if epochs else ()
    by = f"for {times * epochs} epochs in place of {epochs}" if epochs else f"{times} times as long"
    return Finding(
        rule=RULE.id,
        severity="warning",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=(),
        step=record.steps,
        evidence={**evident, "steps": record.steps},
        message=f"{message}({words_for_seeds(seeds, len(evidence.records))}, at step {record.steps}).",
        advice=f"Train {by}.",
        sources=SOURCES,
        proposals=tuple(Proposal({"training.epochs": more * epochs}, "training that goes on") for more in longer),
    )


RULE = Rule(
    id="undertrained",
    title="Stopped too soon",
    check=check,
    sources=SOURCES,
    stage="optimization",
    causes=(
        "unnormalized_input",
        "vanishing_activations",
        "exploding_activations",
        "vanishing_gradients",
        "exploding_gradients",
        "saturation",
        "dead_relu",
        "wrong_init_loss",
        "init_plateau",
        "lr_too_low",
        "update_ratio_low",
    ),
    yields_to=("train_eval_mismatch", "symmetric_init"),
)
