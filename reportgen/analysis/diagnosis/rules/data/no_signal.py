"""The inputs do not predict the labels: a guess that never looks at them does as well as the net, which did learn.

**Statistic.** Validation accuracy by epoch and at the end, pooled over seeds, against the share of the commonest
training class, which an input-majority_share guess reaches; the validation loss at its best against the loss of guessing; and
what simple models reach on the same split (a linear one, nearest neighbours, regression with a kernel), where the
record holds it.

**Reference.** Three things have to hold together. *Nothing was found*: in no epoch is accuracy above the majority_share guess by
three standard errors (of the validation examples, or of the seeds where these differ by more), the loss never comes 3%
below that of guessing, and no simple model predicts training examples that it did not see. *Something would have
been seen*: two standard errors above what was measured lie less than a tenth of the way from guessing to perfect for
the net in validation, or less than a fifth of it for the average of all simple models on training examples that they
did not see; with fewer examples the rule says nothing. Where the simple models settle it, only the end of training
counts, and the wandering of accuracy in the second half of training is an error too: on data of few features a boundary
that random labels drew agrees with the validation labels by chance, for a while. *Training works*: the net learned its
training examples beyond guessing by four standard errors, so that the labels are at fault and not the steps. Where the
simple models settle it, nothing need be learned: a net too small to learn labels by heart finds as little as they do.
Else a net that stands still is another rule's case, and so is one that fails where a simple model does not.

**Advice.** Look at the pairs of inputs and labels: a shuffle of one and not the other, a shift by a row, a join on the
wrong key. More training or another net does not help.
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
    share_error,
    training_majority,
)
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.outcome import guess_loss
from reportgen.analysis.diagnosis.evidence.symptoms import enough, number, percent, words_for_seeds
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
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
    """Return the runs that beat the commonest class on their training examples; none if all together do not."""
    sizes = sum(int(r.facts.get("train_n", 0)) for r in records)
    majority_share = training_majority(records)
    if not mean_final(records, "train_accuracy") > majority_share + LEARNED * share_error(majority_share, sizes):
        return []
    return [r for r in records if r.final["train_accuracy"] > majority_share]


def _found_nothing(records: Sequence[RunRecord], majority_share: float, settled: bool) -> bool:
    """Return whether validation shows nothing: in any epoch, or at the end where simple models settle it."""
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
    """Return whether validation shows nothing after that epoch."""
    accuracy = [float(r.epochs("val_accuracy")[epoch]) for r in records]
    gained = [1 - float(r.epochs("val_loss")[epoch]) / guess_loss(r) for r in records]
    return mean(accuracy) <= majority_share + ERRORS * _error(records, accuracy, majority_share) and _nothing(gained)


def _nothing(gained: Sequence[float]) -> bool:
    """Return whether a loss gained next to nothing on guessing, as a share of that, beyond what seeds differ by."""
    return mean(gained) <= LOSS + ERRORS * seed_error(gained)


def _late_error(records: Sequence[RunRecord]) -> float:
    """Return the standard error of an average accuracy by how it wanders in the second half of training."""
    late = [r.epochs("val_accuracy")[len(r.epochs("val_accuracy")) // 2 :] for r in records]
    return mean([float(np.std(values)) for values in late]) / math.sqrt(len(records))


def _error(records: Sequence[RunRecord], accuracy: Sequence[float], share: float) -> float:
    """Return the standard error of an average accuracy: of the examples, or of the seeds where it is larger."""
    return max(share_error(share, examples(records)), seed_error(accuracy))


def _would_have_seen(records: Sequence[RunRecord], majority_share: float) -> bool:
    """Return whether the net would not have missed a tenth of what there can be to find."""
    accuracy = [float(r.final["val_accuracy"]) for r in records]
    end = mean(accuracy)
    return end + CERTAIN * _error(records, accuracy, end) < majority_share + POWER * (1 - majority_share)


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where most seeds learned their training examples, and none of it carries over."""
    records = [r for r in scored(evidence.records) if int(r.facts.get("val_n", 0)) and guess_loss(r) > 0]
    if not records:
        return None
    settled = rules_out_signal(records, SETTLED)
    shown = records if settled else _learned(records)
    if not shown or not enough(len(shown), len(records)):
        return None
    majority_share = mean([majority(r) for r in shown])
    if not _found_nothing(shown, majority_share, settled) or not (settled or _would_have_seen(shown, majority_share)):
        return None
    seeds = tuple(r.spec.seed for r in shown)
    end, train = mean_final(shown, "val_accuracy"), mean_final(shown, "train_accuracy")
    error = share_error(end, examples(shown))
    return Finding(
        rule=RULE.id,
        severity="error",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=(),
        step=0,
        evidence={"val_accuracy": end, "error": error, "blind": majority_share, "train_accuracy": train,
                  "val_loss": mean_final(shown, "val_loss"), "guess": guess_loss(shown[0])},
        message=(
            f"The net gets {percent(train)} of its training examples right, and {_found(settled)}: {percent(end)} "
            f"(standard error {number(100 * error)} points) of the validation examples are right, where naming the "
            f"commonest class gets {percent(majority_share)} ({words_for_seeds(seeds, len(records))})."
        ),
        advice="Check that each label belongs to its input: print some pairs, and follow both from the source on.",
        sources=SOURCES,
        proposals=_proposals(shown[0]),
    )  # fmt: skip


def _found(settled: bool) -> str:
    if settled:
        return "neither it nor simple models find anything in examples that were left out"
    return "nothing carries over"


def _proposals(record: RunRecord) -> tuple[Proposal, ...]:
    data = record.spec.data
    shuffled = Proposal({"data.shuffle_labels": False}, "labels stay with their inputs")
    noisy = Proposal({"data.label_noise": 0.0}, "labels as they are")
    return (shuffled,) * data.shuffle_labels + (noisy,) * (data.label_noise > 0)


RULE = Rule(
    id="no_signal",
    title="No signal in the inputs",
    check=check,
    sources=SOURCES,
    stage="data",
    yields_to=("train_eval_mismatch",),
)
