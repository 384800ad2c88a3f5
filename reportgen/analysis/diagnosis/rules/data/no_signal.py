"""The inputs do not predict the labels: a constant prediction is as good as the network on validation examples.

**Statistic.** Validation accuracy by epoch, pooled over seeds, compared with the share of the most common training
class; the lowest validation loss, compared with the loss of the best constant prediction; and the accuracy of simple
models on the same split (linear, nearest neighbours, kernel regression), if the record contains it.

**Reference.** Three conditions must hold.

1. *No signal is found.* In no epoch does accuracy exceed the most common class by three standard errors (of the
   validation examples, or of the seeds if larger). The loss never falls 3% below the loss of guessing. No simple model
   predicts left-out training examples.
2. *A signal would have been found.* The measured accuracy plus two standard errors covers less than a tenth of the way
   from guessing to perfect for the network in validation, or less than a fifth for the average of all simple models on
   left-out training examples. With fewer examples, the rule makes no statement. If the simple models alone decide this,
   only the end of training is tested, and the variation of accuracy in the second half of training counts as an error:
   with few features, a boundary fitted to random labels may agree with the validation labels for a while by chance.
3. *Training works.* Training accuracy exceeds guessing by four standard errors, so the labels are at fault and not the
   optimization. This is not required if the simple models decide: a network too small to memorize labels finds as
   little as they do.

**Advice.** Inspect pairs of inputs and labels. Typical causes are shuffling only one of them, an offset by one row, or
a join on the wrong key. More training or another network does not help.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from reportgen.analysis.diagnosis.evidence.held_out import (
    SIMPLE,
    examples,
    majority,
    mean_final,
    predicts_labels,
    rules_out_signal,
    scored,
    seed_error,
    training_majority,
)
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.outcome import guess_loss
from reportgen.analysis.diagnosis.evidence.symptoms import enough, number, percent, words_for_seeds
from reportgen.analysis.diagnosis.scores.no_signal import FORM
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.analysis.statistics import share_error
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

ERRORS, CERTAIN = 3.0, 2.0
LEARNED = 4.0
POWER, SETTLED = 0.1, 0.2
LOSS = 0.03
SOURCES = (
    "stanford-scribe",
    "Zhang et al. 2017, Understanding deep learning requires rethinking generalization",
    "Goodfellow, Bengio and Courville 2016, 11.5",
)


def _learned(records: Sequence[RunRecord]) -> list[RunRecord]:
    """Return the runs above the most common class on training examples; none if their average is not."""
    sizes = sum(int(r.facts.get("train_n", 0)) for r in records)
    majority_share = training_majority(records)
    if not mean_final(records, "train_accuracy") > majority_share + LEARNED * share_error(majority_share, sizes):
        return []
    return [r for r in records if r.final["train_accuracy"] > majority_share]


def _found_nothing(records: Sequence[RunRecord], majority_share: float, settled: bool) -> bool:
    """Return whether validation shows no signal in any epoch (at the end only, if the simple models decide)."""
    if any(predicts_labels(records, name) for name in SIMPLE.values()):
        return False
    if settled:
        accuracy = [float(r.final["val_accuracy"]) for r in records]
        error = max(_error(records, accuracy, majority_share), _late_error(records))
        gained = [1 - float(r.final["val_loss"]) / guess_loss(r) for r in records]
        return mean(accuracy) <= majority_share + ERRORS * error and _nothing(gained)
    epochs = min(len(r.epochs("val_accuracy")) for r in records)
    return all(_nothing_at(records, majority_share, epoch) for epoch in reversed(range(1, epochs)))


def _nothing_at(records: Sequence[RunRecord], majority_share: float, epoch: int) -> bool:
    """Return whether validation shows no signal after an epoch."""
    accuracy = [float(r.epochs("val_accuracy")[epoch]) for r in records]
    gained = [1 - float(r.epochs("val_loss")[epoch]) / guess_loss(r) for r in records]
    return mean(accuracy) <= majority_share + ERRORS * _error(records, accuracy, majority_share) and _nothing(gained)


def _nothing(gained: Sequence[float]) -> bool:
    """Return whether the relative improvement on the loss of guessing is within the error over seeds."""
    return mean(gained) <= LOSS + ERRORS * seed_error(gained)


def _late_error(records: Sequence[RunRecord]) -> float:
    """Return the standard error of an average accuracy due to its variation in the second half of training."""
    late = [r.epochs("val_accuracy")[len(r.epochs("val_accuracy")) // 2 :] for r in records]
    return mean([float(np.std(values)) for values in late]) / math.sqrt(len(records))


def _error(records: Sequence[RunRecord], accuracy: Sequence[float], share: float) -> float:
    """Return the standard error of an average accuracy: over examples or over seeds, the larger."""
    return max(share_error(share, examples(records)), seed_error(accuracy))


def _would_have_seen(records: Sequence[RunRecord], majority_share: float) -> bool:
    """Return whether validation would have shown a tenth of the possible signal."""
    accuracy = [float(r.final["val_accuracy"]) for r in records]
    end = mean(accuracy)
    return end + CERTAIN * _error(records, accuracy, end) < majority_share + POWER * (1 - majority_share)


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if most seeds learned their training examples and nothing generalizes."""
    records = [r for r in scored(evidence.records) if int(r.facts.get("val_n", 0)) and guess_loss(r) > 0]
    if not records:
        return None
    settled = rules_out_signal(records, SETTLED)
    shown = records if settled else _learned(records)
    if not enough(len(shown), len(records)):
        return None
    majority_share = mean([majority(r) for r in shown])
    if not _found_nothing(shown, majority_share, settled) or not (settled or _would_have_seen(shown, majority_share)):
        return None
    seeds = tuple(r.spec.seed for r in shown)
    end, train = mean_final(shown, "val_accuracy"), mean_final(shown, "train_accuracy")
    error = share_error(end, examples(shown))
    return RULE.finding(
        evidence,
        severity="error",
        seeds=seeds,
        step=0,
        evidence={
            "val_accuracy": end,
            "error": error,
            "blind": majority_share,
            "train_accuracy": train,
            "val_loss": mean_final(shown, "val_loss"),
            "guess": guess_loss(shown[0]),
        },
        message=(
            _(
                "Training accuracy is {train}, but {found}: validation accuracy is {end} (standard error "
                "{error} percentage points), and always predicting the most common class gives "
                "{majority_share} ({seeds})."
            ).format(
                train=percent(train), found=_found(settled), end=percent(end), error=number(100 * error),
                majority_share=percent(majority_share), seeds=words_for_seeds(seeds, len(records)),
            )
        ),
        advice=_("Check that each label belongs to its input: print some pairs and trace both back to their source."),
        proposals=_proposals(shown[0]),
    )  # fmt: skip


def _found(settled: bool) -> str:
    if settled:
        return _("neither the network nor simple models predict left-out examples")
    return _("nothing generalizes")


def _proposals(record: RunRecord) -> tuple[Proposal, ...]:
    data = record.spec.data
    shuffled = Proposal({"data.shuffle_labels": False}, _("keeps each label with its input"))
    noisy = Proposal({"data.label_noise": 0.0}, _("labels without noise"))
    return (shuffled,) * data.shuffle_labels + (noisy,) * (data.label_noise > 0)


RULE = Rule(
    id="no_signal",
    title=N_("No signal in the inputs"),
    check=check,
    sources=SOURCES,
    stage="data",
    one_task=True,
    yields_to=("train_eval_mismatch", "split_mismatch", "absent_class", "sorted_batches"),
    on_scores=FORM,
)
