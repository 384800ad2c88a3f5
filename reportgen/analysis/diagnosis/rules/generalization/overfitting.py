"""The net becomes worse on new examples while it becomes better on those it trains on.

**Statistic.** Validation loss and validation accuracy in the best stretch of epochs against the last tenth of them,
paired by seed. A stretch goes from some epoch to 1.2 times that, and the best one of a seed is chosen by the other
seeds, so that the luck of one noisy epoch does not count. Losses are compared by their ratio.

**Reference.** A gap between training and validation is no fault, nor is its growth: where the training loss tends to
0 every relative gap explodes. The model itself has to be worse than it was:

1. *Accuracy* fell, by a tenth at least of what it had above the commonest class; or
2. *loss* rose, by a fifth at least of its least value, and by half at least of what it had gained on guessing, while
   accuracy did not rise; or the loss rose above that of guessing. A loss that grows less while accuracy rises too may
   be the price of certainty, and so may one that grows for a few examples where 98% of them are right.

Each seed is held against its own noise: the standard error of its validation examples, of which only those count that
changed sides (McNemar 1947), or the spread of their losses at the end; and what scores do from epoch to epoch at the
end. Most seeds have to be worse by 1.645 such errors, a one-sided test at 5% each, and all together, by the sum of
their z values (Stouffer 1949), by two (loss: three; accuracy of one seed, whose best stretch its own luck chose: four).
A t test over three seeds would ask that all lose alike, and seeds do not. The training loss has to have fallen
meanwhile (and training accuracy not, where that of validation has), or it is training that went wrong and not
generalization. Runs with early stopping end with their best epoch and are judged by no other. A smaller loss of the
same kind is worth a sentence.

**Advice.** Stop at the best epoch; more L2, dropout; more examples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.diagnosis.evidence.curves import Turn, turns
from reportgen.analysis.diagnosis.evidence.held_out import examples, majority, scored, seed_error, share_error
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.outcome import CLOSE_FIT, guess_loss
from reportgen.analysis.diagnosis.evidence.symptoms import enough, number, percent, words_for_seeds
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.analysis.splits import one_split
from reportgen.analysis.statistics import paired_error
from reportgen.engine.tables.losses import LOSSES
from reportgen.runs.record import RunRecord

FALLS = 0.1
RISES, LOST = 0.2, 0.5
ERRORS, LOSS_ERRORS, ALONE = 2.0, 3.0, 4.0
EACH = 1.645
LEAST = 0.05
TAIL = 3.0
"""Spread over mean of examples' losses where it was not recorded: a few examples carry most of the loss."""

SOURCES = (
    "stanford-scribe",
    "chicago-14",
    "Prechelt 1998, Early stopping, but when?",
    "Stouffer et al. 1949",
    "Goodfellow, Bengio and Courville 2016, 5.2 and 7.8",
)

Pair = tuple[RunRecord, Turn]


@dataclass(frozen=True)
class _Decline:
    """What became worse: its column, how much of what had been gained was lost, and each seed's turn.

    errors: by how many standard errors it became worse, over all seeds.
    """

    column: str
    lost: float
    grave: bool
    shown: list[Pair]
    errors: float


def _worse(
    pairs: Sequence[Pair], changes: Sequence[float], errors: Sequence[float], least: float
) -> tuple[list[Pair], float]:
    """Return the seeds that changed for the worse, each beyond its own error, and the errors of all together.

    None where they are too few, or all together below `least` errors. Seeds with examples of their own are independent
    witnesses, and their z values add up as Stouffer's do; seeds that share their examples are one.
    """
    z = np.asarray(changes, np.float64) / np.maximum(np.asarray(errors, np.float64), 1e-12)
    together = float(z.mean() if one_split(pairs[0][0].spec.data) else z.sum() / math.sqrt(z.size))
    shown = [pair for pair, one in zip(pairs, z, strict=True) if one > EACH]
    return (shown if together > least and enough(len(shown), len(pairs)) else []), together


def _by_accuracy(records: Sequence[RunRecord]) -> _Decline | None:
    pairs = _fitting_better(records, turns(records, "val_accuracy", -1.0))
    if not pairs:
        return None
    change, trained = (mean([t.change(c) for _, t in pairs]) for c in ("val_accuracy", "train_accuracy"))
    falls = [-turn.change("val_accuracy") for _, turn in pairs]
    errors = [
        math.hypot(paired_error(fall, int(r.facts.get("val_n", 0)), 1), turn.epoch_error("val_accuracy"))
        for (r, turn), fall in zip(pairs, falls, strict=True)
    ]
    shown, together = _worse(pairs, falls, errors, ERRORS if len(pairs) > 1 else ALONE)
    gained = mean([turn.before("val_accuracy") - majority(r) for r, turn in pairs])
    if not shown or gained <= 0 or trained < 0 or not _above_majority(records, pairs):
        return None
    lost = -change / gained
    return _Decline("val_accuracy", lost, lost >= FALLS, shown, together)


def _by_loss(records: Sequence[RunRecord]) -> _Decline | None:
    pairs = _fitting_better(records, turns(records, "val_loss", 1.0))
    if not pairs:
        return None
    rises = [math.log(max(turn.after("val_loss"), 1e-12) / max(turn.before("val_loss"), 1e-12)) for _, turn in pairs]
    shown, together = _worse(pairs, rises, [_relative_error(*pair) for pair in pairs], LOSS_ERRORS)
    if not shown:
        return None
    before = mean([turn.before("val_loss") for _, turn in pairs])
    end = mean([turn.after("val_loss") for _, turn in pairs])
    accuracy = mean([turn.change("val_accuracy") for _, turn in pairs])
    chance = mean([guess_loss(r) for r, _ in pairs])
    if chance - before < LEAST * chance and not _above_majority(records, pairs):
        return None
    lost = (end - before) / max(chance - before, LEAST * chance)
    steady = accuracy <= ERRORS * paired_error(accuracy, examples(records), 1)
    right = mean([turn.after("val_accuracy") for _, turn in pairs]) >= CLOSE_FIT
    large = end - before >= RISES * before and lost >= LOST and not right
    return _Decline("val_loss", lost, large and (steady or end > chance), shown, together)


def _above_majority(records: Sequence[RunRecord], pairs: Sequence[Pair]) -> bool:
    """Return whether the best stretch's accuracy is beyond that of the commonest class, by three standard errors."""
    majority_share = mean([majority(r) for r in records])
    accuracy = [turn.before("val_accuracy") for _, turn in pairs]
    return mean(accuracy) > majority_share + LOSS_ERRORS * max(
        share_error(majority_share, examples(records)), seed_error(accuracy)
    )


def _fitting_better(records: Sequence[RunRecord], found: Sequence[Turn]) -> list[Pair]:
    """Return all records with their turns where most seeds' training loss went on falling, else none."""
    better = [turn for turn in found if turn.change("train_loss") < 0]
    return list(zip(records, found, strict=True)) if found and enough(len(better), len(found)) else []


def _relative_error(record: RunRecord, turn: Turn) -> float:
    """Return the standard error of a seed's last validation losses, as a share of them: of examples, and of epochs."""
    by_examples = _relative_spread(record) / math.sqrt(max(int(record.facts.get("val_n", 0)), 1))
    return math.hypot(by_examples, turn.epoch_error("val_loss") / max(turn.after("val_loss"), 1e-12))


def _relative_spread(record: RunRecord) -> float:
    """Return the spread of examples' losses over their mean; what was recorded is that of losses linear in outputs."""
    spread = float(record.facts.get("val_loss_sd", math.nan))
    if not math.isfinite(spread) or not LOSSES[record.spec.training.loss.name].linear:
        return TAIL
    return spread / max(float(record.final["val_loss"]), 1e-12)


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where validation became worse in most seeds, beyond noise, while training became better."""
    records = [r for r in scored(evidence.records) if r.spec.training.patience is None]
    if not records:
        return None
    found = [decline for decline in (_by_accuracy(records), _by_loss(records)) if decline is not None]
    if not found:
        return None
    decline = max(found, key=lambda one: (one.grave, one.errors))
    return _finding(evidence, records, decline)


def _finding(evidence: Evidence, records: Sequence[RunRecord], decline: _Decline) -> Finding:
    before = mean([turn.before(decline.column) for _, turn in decline.shown])
    after = mean([turn.after(decline.column) for _, turn in decline.shown])
    best = int(np.median([turn.best for _, turn in decline.shown]))
    seeds = tuple(r.spec.seed for r, _ in decline.shown)
    train = mean([turn.after(decline.column.replace("val", "train")) for _, turn in decline.shown])
    word, show = ("loss", number) if decline.column == "val_loss" else ("accuracy", percent)
    return Finding(
        rule=RULE.id,
        severity="warning" if decline.grave else "info",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=(),
        step=_step(decline.shown[0][0], best),
        evidence={"score": decline.column, "best": before, "end": after, "train": train, "best_epoch": best,
                  "lost": decline.lost},
        message=(
            f"Validation {word} was {show(before)} around epoch {best} and ends at {show(after)}, while the training "
            f"loss went on falling ({words_for_seeds(seeds, len(records))}; training {word} {show(train)}). "
            f"{_share(decline.lost)} what had been gained on guessing is lost."
        ),
        advice=f"Stop around epoch {best} (early_stopping), or hold the fit back: more L2, dropout, more examples.",
        sources=SOURCES,
        proposals=_proposals(records[0], best),
        metric=decline.column,
    )  # fmt: skip


def _share(lost: float) -> str:
    return f"{percent(lost)} of" if lost < 1 else "More than"


def _step(record: RunRecord, epoch: int) -> int:
    steps = record.arrays.get("epoch_step", ())
    return int(steps[epoch]) if len(steps) > epoch else record.steps


def _proposals(record: RunRecord, best: int) -> tuple[Proposal, ...]:
    training = record.spec.training
    stronger = 0.01 if training.l2 == 0 else 10 * training.l2
    return (
        Proposal({"training.epochs": max(1, best)}, "training ends where validation was best"),
        Proposal({"training.l2": stronger}, "small weights make smooth functions"),
        Proposal({"network.dropout": 0.5}, "units cannot rely on one another"),
    )


RULE = Rule(
    id="overfitting",
    title="Overfitting",
    check=check,
    sources=SOURCES,
    stage="generalization",
    yields_to=("no_signal", "lr_too_high", "nan_divergence", "train_eval_mismatch", "loss_oscillation"),
)
