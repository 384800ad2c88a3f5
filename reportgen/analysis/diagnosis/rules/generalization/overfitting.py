"""Validation scores become worse while training scores improve.

**Statistic.** Validation loss and accuracy in the best window of epochs, compared with the last tenth of epochs and
paired by seed. A window extends from an epoch to 1.2 times that epoch. The best window of a seed is chosen by the other
seeds, so that a single noisy epoch has no influence. Losses are compared by their ratio.

**Reference.** A gap between training and validation is not a fault, nor is its growth: as the training loss approaches
0, every relative gap diverges. The model itself must become worse:

1. *Accuracy* falls by at least a tenth of its lead over the most common class; or
2. *loss* rises by at least a fifth of its minimum and by at least half of its improvement on guessing, while accuracy
   does not rise; or loss rises above the loss of guessing. A loss that rises less while accuracy also rises may be the
   price of confident predictions. The same holds for a rise due to few examples while 98% of them are correct. If
   accuracy falls too, a loss of a fifth of the improvement on guessing is enough; or
3. the network *memorizes*: it fits 98% of its training labels, and in validation it is worse than a simple model by
   three standard errors and a tenth of that model's lead over the most common class. This happens if wrong labels are
   fitted early. A layer that is too narrow for the classes has the same effect; `underfitting` reports it.

Each seed is compared with its own noise: the variation of its scores over the last epochs, and the standard error of
its validation examples (for accuracy, only of those whose prediction changed; McNemar 1947). Most seeds must be worse
by 1.645 standard errors, a one-sided test at 5%. All seeds together must be worse by two, by the sum of their z values
(Stouffer 1949); for loss by three, and for the accuracy of a single seed by four, because its best window is chosen by
its own noise. The training loss must have fallen, or optimization is at fault. Early stopping excludes the test.

**Severity.** Warning. Smaller changes of the same kind are reported for information only.

**Advice.** Stop at the best epoch; stronger L2 penalty, dropout or more examples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from reportgen.analysis.diagnosis.capacity import earlier_or_regularized, regularized
from reportgen.analysis.diagnosis.evidence.curves import ScoreChange, score_changes
from reportgen.analysis.diagnosis.evidence.held_out import (
    examples,
    majority,
    mean_final,
    reference,
    scored,
    seed_error,
)
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.outcome import CLOSE_FIT, guess_loss
from reportgen.analysis.diagnosis.evidence.symptoms import UNLIKE_SPLITS, enough, number, percent, words_for_seeds
from reportgen.analysis.diagnosis.layers import has_bottleneck
from reportgen.analysis.diagnosis.scores.overfitting import FORM
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.analysis.splits import one_split
from reportgen.analysis.statistics import paired_error, share_error
from reportgen.engine.tables.losses import LOSSES
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord
from reportgen.study.metrics.table import metric_of

FALLS = 0.1
RISES, LOST, BOTH = 0.2, 0.5, 0.2
ERRORS, LOSS_ERRORS, ALONE = 2.0, 3.0, 4.0
EACH = 1.645
LEAST = 0.05
TAIL = 3.0
"""Assumed ratio of standard deviation to mean of the examples' losses if it was not recorded."""

SOURCES = (
    "stanford-scribe",
    "chicago-14",
    "Prechelt 1998, Early stopping, but when?",
    "Stouffer et al. 1949",
    "Goodfellow, Bengio and Courville 2016, 5.2 and 7.8",
)

Pair = tuple[RunRecord, ScoreChange]


@dataclass(frozen=True)
class _Decline:
    """A score that became worse: its column, the lost share of the improvement on guessing, and the affected seeds.

    errors: the decline in standard errors, over all seeds. right: nearly all predictions are correct nevertheless.
    """

    column: str
    lost: float
    serious: bool
    right: bool
    shown: list[Pair]
    errors: float


def _worse(
    pairs: Sequence[Pair], changes: Sequence[float], errors: Sequence[float], least: float
) -> tuple[list[Pair], float]:
    """Return the seeds that became worse beyond their own error, and the z value of all seeds together.

    The list is empty if the seeds are too few or their z value is below `least`. Seeds with their own validation
    examples are independent, so their z values are combined by Stouffer's method. Seeds that share them count as one.
    """
    z = np.asarray(changes, np.float64) / np.maximum(np.asarray(errors, np.float64), 1e-12)
    together = float(z.mean() if one_split(pairs[0][0].spec.data) else z.sum() / math.sqrt(z.size))
    shown = [pair for pair, one in zip(pairs, z, strict=True) if one > EACH]
    return (shown if together > least and enough(len(shown), len(pairs)) else []), together


def _by_accuracy(records: Sequence[RunRecord]) -> _Decline | None:
    pairs = _fitting_better(records, score_changes(records, "val_accuracy", -1.0))
    if not pairs:
        return None
    change, trained = (mean([t.change(c) for _, t in pairs]) for c in ("val_accuracy", "train_accuracy"))
    falls = [-change.change("val_accuracy") for _, change in pairs]
    errors = [
        math.hypot(paired_error(fall, int(r.facts.get("val_n", 0)), 1), change.epoch_error("val_accuracy"))
        for (r, change), fall in zip(pairs, falls, strict=True)
    ]
    shown, together = _worse(pairs, falls, errors, ERRORS if len(pairs) > 1 else ALONE)
    gained = mean([change.before("val_accuracy") - majority(r) for r, change in pairs])
    if not shown or gained <= 0 or trained < 0 or not _above_majority(records, pairs):
        return None
    lost = -change / gained
    return _Decline("val_accuracy", lost, lost >= FALLS, False, shown, together)


def _by_loss(records: Sequence[RunRecord]) -> _Decline | None:
    pairs = _fitting_better(records, score_changes(records, "val_loss", 1.0))
    if not pairs:
        return None
    rises = [
        math.log(max(change.after("val_loss"), 1e-12) / max(change.before("val_loss"), 1e-12)) for _, change in pairs
    ]
    shown, together = _worse(pairs, rises, [_relative_error(*pair) for pair in pairs], LOSS_ERRORS)
    if not shown:
        return None
    before = mean([change.before("val_loss") for _, change in pairs])
    end = mean([change.after("val_loss") for _, change in pairs])
    accuracy = mean([change.change("val_accuracy") for _, change in pairs])
    chance = mean([guess_loss(r) for r, _ in pairs])
    if chance - before < LEAST * chance and not _above_majority(records, pairs):
        return None
    lost = (end - before) / max(chance - before, LEAST * chance)
    steady = accuracy <= ERRORS * paired_error(accuracy, examples(records), 1)
    right = mean([change.after("val_accuracy") for _, change in pairs]) >= CLOSE_FIT
    large = end - before >= RISES * before and lost >= LOST and not right
    return _Decline("val_loss", lost, large and (steady or end > chance), right, shown, together)


def _above_majority(records: Sequence[RunRecord], pairs: Sequence[Pair]) -> bool:
    """Return whether the best accuracy exceeds the most common class by three standard errors."""
    majority_share = mean([majority(r) for r in records])
    accuracy = [change.before("val_accuracy") for _, change in pairs]
    return mean(accuracy) > majority_share + LOSS_ERRORS * max(
        share_error(majority_share, examples(records)), seed_error(accuracy)
    )


def _fitting_better(records: Sequence[RunRecord], found: Sequence[ScoreChange]) -> list[Pair]:
    """Return the records with their windows if the training loss of most seeds kept falling, else none."""
    better = [change for change in found if change.change("train_loss") < 0]
    return list(zip(records, found, strict=True)) if found and enough(len(better), len(found)) else []


def _relative_error(record: RunRecord, change: ScoreChange) -> float:
    """Return the relative standard error of a seed's last validation losses, over examples and epochs."""
    by_examples = _relative_spread(record) / math.sqrt(max(int(record.facts.get("val_n", 0)), 1))
    return math.hypot(by_examples, change.epoch_error("val_loss") / max(change.after("val_loss"), 1e-12))


def _relative_spread(record: RunRecord) -> float:
    """Return the ratio of standard deviation to mean of the examples' losses, recorded only for some losses."""
    spread = float(record.facts.get("val_loss_sd", math.nan))
    if not math.isfinite(spread) or not LOSSES[record.spec.training.loss.name].linear:
        return TAIL
    return spread / max(float(record.final["val_loss"]), 1e-12)


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if validation scores became worse beyond noise in most seeds while training improved."""
    records = [r for r in scored(evidence.records) if r.spec.training.patience is None]
    if not records:
        return None
    by_accuracy, by_loss = _by_accuracy(records), _by_loss(records)
    if by_accuracy is not None and by_loss is not None and by_loss.lost >= BOTH and not by_loss.right:
        by_loss = replace(by_loss, serious=True)
    found = [decline for decline in (by_accuracy, by_loss) if decline is not None]
    decline = max(found, key=lambda decline: (decline.serious, decline.errors), default=None)
    if decline is None or not decline.serious:
        memorized = _memorized(evidence, records)
        if memorized is not None:
            return memorized
    return None if decline is None else _finding(evidence, records, decline)


def _memorized(evidence: Evidence, records: Sequence[RunRecord]) -> Finding | None:
    """Return the finding on networks that fit training and are clearly worse than a simple model in validation."""
    known = reference(records)
    train, validation = mean_final(records, "train_accuracy"), mean_final(records, "val_accuracy")
    if known is None or train < CLOSE_FIT or has_bottleneck(records[0]):
        return None
    error = math.hypot(
        known.error,
        share_error(validation, examples(records)),
        seed_error([float(r.final["val_accuracy"]) for r in records]),
    )
    lead = known.accuracy - known.majority
    low = tuple(r.spec.seed for r in records if known.accuracy - r.final["val_accuracy"] > FALLS * lead)
    if known.accuracy - validation <= max(LOSS_ERRORS * error, FALLS * lead) or not enough(len(low), len(records)):
        return None
    return RULE.finding(
        evidence,
        severity="warning",
        seeds=low,
        step=records[0].steps,
        evidence={"score": "val_accuracy", "end": validation, "train": train, "reference": known.accuracy,
                  "error": error},
        message=(
            _(
                "The network memorizes its training examples: its accuracy is {train} in training and "
                "{validation} in validation, but {name} reaches {accuracy} in validation ({seeds})."
            ).format(
                train=percent(train), validation=percent(validation), name=known.name,
                accuracy=percent(known.accuracy), seeds=words_for_seeds(low, len(records)),
            )
        ),
        advice=_("Use a stronger L2 penalty, dropout, fewer units or more data. Some training labels may be wrong."),
        proposals=regularized(records[0]),
        metric="val_accuracy",
    )  # fmt: skip


def _finding(evidence: Evidence, records: Sequence[RunRecord], decline: _Decline) -> Finding:
    before = mean([change.before(decline.column) for _, change in decline.shown])
    after = mean([change.after(decline.column) for _, change in decline.shown])
    best = int(np.median([change.best for _, change in decline.shown]))
    seeds = tuple(r.spec.seed for r, _ in decline.shown)
    train = mean([change.after(decline.column.replace("val", "train")) for _, change in decline.shown])
    word, show = (_("loss"), number) if metric_of(decline.column).scale == "loss" else (_("accuracy"), percent)
    return RULE.finding(
        evidence,
        severity="warning" if decline.serious else "info",
        seeds=seeds,
        step=_step(decline.shown[0][0], best),
        evidence={
            "score": decline.column,
            "best": before,
            "end": after,
            "train": train,
            "best_epoch": best,
            "lost": decline.lost,
        },
        message=(
            _(
                "Validation {word} was {before} around epoch {best} and ends at {after}, while the training "
                "loss kept falling ({seeds}; training {word} {train}). {share} the improvement over guessing "
                "is lost."
            ).format(
                word=word, before=show(before), best=best, after=show(after),
                seeds=words_for_seeds(seeds, len(records)), train=show(train), share=_share(decline.lost),
            )
        ),
        advice=_(
            "Stop around epoch {best} (early_stopping), or use a stronger L2 penalty, dropout or more data."
        ).format(best=best),
        proposals=earlier_or_regularized(records[0], best),
        metric=decline.column,
    )  # fmt: skip


def _share(lost: float) -> str:
    return _("{lost} of").format(lost=percent(lost)) if lost < 1 else _("All of")


def _step(record: RunRecord, epoch: int) -> int:
    steps = record.arrays.get("epoch_step", ())
    return int(steps[epoch]) if len(steps) > epoch else record.steps


RULE = Rule(
    id="overfitting",
    title=N_("Overfitting"),
    check=check,
    sources=SOURCES,
    stage="generalization",
    one_task=True,
    causes=(
        *UNLIKE_SPLITS,
        "unnormalized_input",
        "class_imbalance",
        "missing_nonlinearity",
        "symmetric_init",
        "wrong_init_loss",
        "exploding_activations",
        "exploding_gradients",
        "saturation",
    ),
    yields_to=("no_signal", "lr_too_high", "nan_divergence", "train_eval_mismatch", "loss_oscillation"),
    on_scores=FORM,
)
