"""Training stopped while the loss was still decreasing quickly.

**Statistic.** The training loss in test mode at a quarter, at half and at the end of training (minibatch losses in
train mode for a single epoch or with batch normalization). For a cosine schedule, quarter and half refer to the sum of
learning rates. Losses above the loss of guessing are clipped to it, because unlearning a poor start is not yet
learning. The expected gain of training twice as long is the decrease over the second half, multiplied by its ratio to
the decrease over the second quarter if that is below 1. It is at most a decrease by the same factor as in the second
half.

**Reference.** An expected gain of more than 5% of the loss of the best constant prediction (guessing). The minibatch
losses must show the late decrease by two standard errors (three if no other loss is available), pooled over seeds by
Stouffer's method; their noise is estimated by von Neumann's differences of successive losses. The rule does not report

- networks that fit 90% of the training set and are not clearly worse than simple models on held-out examples, or that
  are as good as these within two standard errors;
- runs stopped on purpose, by early stopping or a limit on cost;
- runs whose held-out loss no longer decreases or would gain less than half as much, since more training would overfit;
- runs with a learning rate that is too high;
- runs of fewer than 8 steps, unless they have learned next to nothing and are worse than simple models.

A run may also have too few steps to show a decrease: fewer than 50, or more if the squared gradient is still a tenth of
its maximum. It is reported if the gradients predict a decrease of less than e^2 for all steps together (the sum of
|u| |g| / L over steps u, gradients g and losses L) and the network is worse in training and in validation than a simple
model is in validation. From 20 steps on, steps that are too small are reported by `lr_too_low` instead.

**Advice.** Train four times as long, or ten times if the steps were too few.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from reportgen.analysis.diagnosis.evidence.course import Array, finite, rises, training_course
from reportgen.analysis.diagnosis.evidence.held_out import (
    Shortfall,
    below_simple_models,
    examples,
    mean_final,
    reference,
    scored,
)
from reportgen.analysis.diagnosis.evidence.means import mean, noise
from reportgen.analysis.diagnosis.evidence.outcome import FITS, fits, guess_loss, stuck, worse_than_simple_models
from reportgen.analysis.diagnosis.evidence.symptoms import (
    UNLIKE_SPLITS,
    in_most,
    number,
    percent,
    percent_at_most,
    words_for_seeds,
)
from reportgen.analysis.diagnosis.layers import has_bottleneck, normalizations
from reportgen.analysis.diagnosis.rules.optimization import lr_too_high, lr_too_low
from reportgen.analysis.diagnosis.scores.undertrained import FORM
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.analysis.statistics import share_error
from reportgen.engine.tables.schedules import phases
from reportgen.languages.translate import N_, _
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
    """Losses at a quarter, at half and at the end of training.

    errors: the late decrease of minibatch losses in standard errors, or relative to the required number.
    """

    quarter: float
    half: float
    end: float
    errors: float

    def gain(self, guessing: float) -> float:
        """Return the expected gain of training twice as long; losses are clipped at the loss of guessing."""
        quarter, half, end = (min(level, guessing) for level in (self.quarter, self.half, self.end))
        before, late = quarter - half, half - end
        slowing = late * min(1.0, late / before) if before > 0 and late > 0 else late
        return min(slowing, end * (1 - end / half)) if half > 0 else 0.0


def _as_good_as_others(records: Sequence[RunRecord]) -> bool:
    """Return whether all seeds together are as good as the best simple model, within two standard errors."""
    judged = scored(records)
    known = reference(judged) if judged else None
    if known is None:
        return False
    mean = mean_final(judged, "val_accuracy")
    error = math.hypot(known.error, share_error(mean, examples(judged)))
    return mean > known.majority and mean >= known.accuracy - ERRORS_OF_TWO * error


def _falling(record: RunRecord) -> _Fall | None:
    """Return the losses of a run that stopped while they were decreasing, None for other runs."""
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
    """Return whether the run fits nine in ten of the clean labels, whatever its loss, or fits otherwise.

    False if it is clearly worse than simple models on held-out examples.
    """
    correct = float(record.final.get("train_accuracy", 0.0)) >= FITS * (1 - record.spec.data.label_noise)
    return (correct or fits(record)) and not worse_than_simple_models(record)


def _times(record: RunRecord, steps: int) -> tuple[int, int]:
    """Return the steps at a quarter and at half of training, by steps or by the sum of learning rates."""
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
    """Return the training losses in test mode, None for a single epoch or with batch normalization."""
    has_batchnorm = bool(normalizations(record.spec.network))
    return None if has_batchnorm else _of_column(record, "train_loss", times, errors)


def _of_column(record: RunRecord, column: str, times: tuple[int, int], errors: float) -> _Fall | None:
    """Return the losses of a column by epoch, None if there are too few."""
    steps, loss = (np.asarray(record.arrays.get(f"epoch_{name}", ()), np.float64) for name in ("step", column))
    if not 3 <= steps.size == loss.size or not np.isfinite(loss).all():
        return None
    quarter, half = np.interp(times, steps, loss)
    return _Fall(float(quarter), float(half), float(loss[-1]), errors)


def _generalizes(record: RunRecord, times: tuple[int, int]) -> bool:
    """Return whether the held-out loss would decrease further, or nothing is held out."""
    loss = finite(record.arrays.get("epoch_val_loss", ()))
    if loss.size < 2 or not loss[-1] < loss[(loss.size - 1) // 2]:
        return loss.size < 2
    fall = _of_column(record, "val_loss", times, math.inf)
    return fall is None or fall.gain(guess_loss(record)) >= GAIN / 2 * guess_loss(record)


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if most seeds were still improving, or had too few steps."""
    if _as_good_as_others(evidence.records):
        return None
    falls = [_falling(record) for record in evidence.records]
    shown = in_most(evidence.records, falls)
    if shown and sum(fall.errors for _, fall in shown) >= math.sqrt(len(shown)):
        return _still_falling(evidence, shown)
    short = in_most(evidence.records, [_few_steps(record) for record in evidence.records])
    below = below_simple_models(scored(evidence.records)) if short and scored(evidence.records) else None
    return _too_few_steps(evidence, short, below) if below else None


def _few_steps(record: RunRecord) -> float | None:
    """Return the predicted decrease of all steps in powers of e if it is small, otherwise None."""
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
    message = _(
        "Training stopped too early: the loss was still falling, from {half} at half of training to "
        "{end} after {steps} steps. Training twice as long would lower the loss by about {gain} "
    ).format(half=number(half), end=number(end), steps=record.steps, gain=percent(gain / end))
    evident = {
        "loss_at_half": half,
        "loss_at_end": end,
        "expected_gain": gain,
        "limit": GAIN * guess_loss(record),
        "certainty": sum(f.errors for _, f in shown) / math.sqrt(len(shown)),
    }
    return _finding(evidence, [r for r, _ in shown], message, evident, LONGER)


def _too_few_steps(evidence: Evidence, shown: Sequence[tuple[RunRecord, float]], below: Shortfall) -> Finding:
    decrease, record = mean([value for _, value in shown]), shown[0][0]
    message = _(
        "Training has too few steps: the gradients predict a decrease of the loss of {expm1} for all "
        "{steps} steps together. Training accuracy is {train}, but {by} reaches {reached} in "
        "validation "
    ).format(
        expm1=percent_at_most(-math.expm1(-decrease)),
        steps=record.steps,
        train=percent(below.train),
        by=below.by,
        reached=percent(below.reached),
    )
    evident = {
        "promised_fall": decrease,
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
    by = (
        _("for {times} epochs instead of {epochs}").format(times=times * epochs, epochs=epochs)
        if epochs
        else _("{times} times as long").format(times=times)
    )
    return RULE.finding(
        evidence,
        severity="warning",
        seeds=seeds,
        step=record.steps,
        evidence={**evident, "steps": record.steps},
        message=_("{message}({seeds}, at step {steps}).").format(
            message=message, seeds=words_for_seeds(seeds, len(evidence.records)), steps=record.steps
        ),
        advice=_("Train {by}.").format(by=by),
        proposals=tuple(Proposal({"training.epochs": more * epochs}, _("longer training")) for more in longer),
        causes=(*RULE.causes, "underfitting") if has_bottleneck(record) else None,
    )


RULE = Rule(
    id="undertrained",
    title=N_("Training stopped too early"),
    check=check,
    sources=SOURCES,
    stage="optimization",
    one_task=True,
    causes=(
        *UNLIKE_SPLITS,
        "sorted_batches",
        "layer_learning_rate",
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
        "idle_branch",
    ),
    yields_to=("no_signal", "train_eval_mismatch", "symmetric_init", "unnormalized_input"),
    on_scores=FORM,
)
