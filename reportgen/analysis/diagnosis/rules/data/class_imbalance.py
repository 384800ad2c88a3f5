"""A class is as good as never predicted since it is rare in training, or often missed since it is rarer there.

**Statistic.** How many examples of each class are taken for each class at the end: all of validation, and up to 1000
training examples, evenly over classes. For a rare class: how often it is predicted in validation, and the share of its
own examples that are recognized, in validation and in training; and how much of either split it makes up.

**Reference.** Rare is a class with less than half of an even share of the training examples; unbalanced classes alone
are no fault. It counts as never predicted where less than a tenth of its examples are recognized, in training too, and
less than a quarter as many validation examples are taken for it as there are. It takes ten of its examples, over all
seeds, to say so: of a class of which a third is recognized, ten in a row are missed in one case of fifty. Accuracy
looks fine where training accuracy is at least half, and not below what naming the commonest class gets. A class that
is as common as others and is never predicted is a net that does not train, and other rules say why.

Too rare besides is a class that has less than half the share in training that it has in validation, beyond three
standard errors over all seeds; splits that keep the shares of classes, as they should, never show that. It counts where
it hurts: less than three quarters as many of its validation examples are recognized as the other classes have of
theirs (in training, where validation has none of them), and fewer than as many by three standard errors.

**Advice.** Look at recall by class, not at accuracy alone. More examples of the rare class, fewer of the common ones
(`data.keep`), or longer training. Where splits are cut from rows in their own order, shuffle these (`data.shuffle`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.held_out import mean_final, training_majority
from reportgen.analysis.diagnosis.evidence.symptoms import enough, percent, words_for_seeds
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.analysis.splits import one_split
from reportgen.runs.record import RunRecord

RARE = 0.5
RECOGNIZED, MISSED = 0.1, 0.75
SELDOM = 0.25
LEAST_EXAMPLES = 10
ERRORS = 3.0
FINE = 0.5
BELOW = 0.02
FEWER = 3.0
SOURCES = (
    "Buda, Maki and Mazurowski 2018, A systematic study of the class imbalance problem in convolutional networks",
    "He and Garcia 2009, Learning from imbalanced data",
)


def _never_predicted(record: RunRecord) -> NDArray[np.bool_]:
    """Return which classes are rare in training and as good as never predicted, (C,)."""
    counts = np.asarray(record.facts["class_counts"], np.float64)
    rare = (counts < RARE * counts.sum() / counts.size) & (counts > 0)
    if not rare.any():
        return np.asarray(rare)
    train, validation = record.arrays["train_confusion"], _validation(record)
    missed = (_recognized(train) < RECOGNIZED) & (_recognized(validation) < RECOGNIZED)
    seldom = validation.sum(axis=0) <= SELDOM * validation.sum(axis=1)
    return np.asarray(rare & missed & seldom)


def _too_rare(records: Sequence[RunRecord]) -> NDArray[np.bool_]:
    """Return which classes are rarer in training than in validation and often missed there, all seeds together, (C,).

    Seeds that share their validation examples count as one.
    """
    known = [r for r in records if "val_confusion" in r.arrays]
    if len(known) < len(records):
        return np.zeros(len(records[0].facts["class_counts"]), np.bool_)
    counts = np.sum([r.facts["class_counts"] for r in known], axis=0, dtype=np.float64)
    weight = 1 / len(known) if one_split(known[0].spec.data) else 1.0
    validation = np.asarray(weight * np.sum([r.arrays["val_confusion"] for r in known], axis=0, dtype=np.float64))
    there, right = validation.sum(axis=1), np.diag(validation)
    total, most = there.sum(), np.minimum(counts / counts.sum() / RARE, 1.0)
    rarer = there > most * total + ERRORS * np.sqrt(most * (1 - most) * total + 1)
    if not rarer.any():
        return np.asarray(rarer)
    fitted = np.asarray(np.sum([r.arrays["train_confusion"] for r in known], axis=0))
    level = np.where(there == total, _level_of_others(fitted), _level_of_others(validation))
    missed = (right < MISSED * level * there) & (
        right < level * there - ERRORS * np.sqrt(level * (1 - level) * there + 1)
    )
    return np.asarray((counts > 0) & rarer & missed)


def _level_of_others(confusion: NDArray[Any]) -> NDArray[np.float64]:
    """Return, for each class, which share of the other classes' examples is recognized, (C,)."""
    there, right = confusion.sum(axis=1), np.diag(confusion)
    return np.asarray((right.sum() - right) / np.maximum(there.sum() - there, 1), np.float64)


def _recognized(confusion: NDArray[Any]) -> NDArray[np.float64]:
    """Return the share of each class's examples that are taken for it, 0 for a class without examples."""
    return np.asarray(np.diag(confusion) / np.maximum(confusion.sum(axis=1), 1), np.float64)


def _validation(record: RunRecord) -> NDArray[Any]:
    """Return the confusion of validation examples, or of training examples where there are none."""
    return record.arrays.get("val_confusion", record.arrays["train_confusion"])


def _known(records: Sequence[RunRecord]) -> list[RunRecord]:
    """Return the records that hold predictions of each of several classes."""
    return [
        r
        for r in records
        if "train_confusion" in r.arrays
        and len(r.facts.get("class_counts", ())) == len(r.arrays["train_confusion"]) > 1
    ]


def _examples(records: Sequence[RunRecord], label: int) -> int:
    """Return how many predictions were looked at of examples of a class."""
    found = sum(int(r.arrays["train_confusion"][label].sum()) for r in records)
    return found + sum(int(r.arrays["val_confusion"][label].sum()) for r in records if "val_confusion" in r.arrays)


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where most seeds never predict a rare class though accuracy looks fine."""
    records = _known(evidence.records)
    if not records:
        return None
    accuracy, majority_share = mean_final(records, "train_accuracy"), training_majority(records)
    if accuracy < max(FINE, majority_share - BELOW):
        return None
    missed = np.array([_never_predicted(r) for r in records]) | _too_rare(records)
    often = [label for label in np.flatnonzero(missed.any(axis=0)) if enough(int(missed[:, label].sum()), len(records))]
    labels = [int(label) for label in often if _examples(records, int(label)) >= LEAST_EXAMPLES]
    if not labels:
        return None
    shown = [r for r, flags in zip(records, missed, strict=True) if flags[labels].any()]
    return _finding(evidence, records, shown, labels)


def _finding(
    evidence: Evidence, records: Sequence[RunRecord], shown: Sequence[RunRecord], labels: Sequence[int]
) -> Finding:
    counts = np.mean([r.facts["class_counts"] for r in shown], axis=0)
    accuracy, n = mean_final(shown, "train_accuracy"), sum(_examples(shown, label) for label in labels)
    share, seeds = float(counts[labels].sum() / counts.sum()), tuple(r.spec.seed for r in shown)
    which = f"class {labels[0]}" if len(labels) == 1 else f"classes {', '.join(map(str, labels))}"
    return Finding(
        rule=RULE.id,
        severity="warning",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=(),
        step=shown[0].steps,
        evidence={"classes": labels, "share_of_training": share, "train_accuracy": accuracy, "examples": n},
        message=(
            f"{_recognition(shown, labels)} {which} ({words_for_seeds(seeds, len(records))}; {n} examples of "
            f"it were looked at), which training has {percent(share)} of; training accuracy is {percent(accuracy)} "
            "all the same."
        ),
        advice=_advice(shown[0]),
        sources=SOURCES,
        proposals=_proposals(shown[0], labels),
        metric="val_balanced_accuracy",
    )


def _advice(record: RunRecord) -> str:
    if not record.spec.data.shuffle:
        return "Shuffle the rows before they are split (data.shuffle): in their order the classes are not mixed."
    return "Report recall by class; train on more examples of the rare class or on fewer of the common ones."


def _recognition(records: Sequence[RunRecord], labels: Sequence[int]) -> str:
    """Return, in words that a class follows, how many examples are taken for it, or are recognized of many."""
    tables = [_validation(r) for r in records]
    taken, right, there = (
        sum(int(part[labels].sum()) for part in parts)
        for parts in ([t.sum(axis=0) for t in tables], [np.diag(t) for t in tables], [t.sum(axis=1) for t in tables])
    )
    if taken > SELDOM * there:
        return f"{right} validation examples are recognized out of {there} of"
    return "1 validation example is taken for" if taken == 1 else f"{taken or 'No'} validation examples are taken for"


def _proposals(record: RunRecord, labels: Sequence[int]) -> tuple[Proposal, ...]:
    """Return what could be tried: dropped examples back, longer training, fewer of the common classes."""
    kept = {int(label): float(share) for label, share in record.spec.data.keep}
    longer = Proposal({"training.epochs": max(10, 4 * record.spec.training.epochs)}, "four times as long")
    dropped = [label for label in labels if kept.get(label, 1.0) < 1]
    back = Proposal({"data.keep": {k: v for k, v in kept.items() if k not in dropped}}, "its examples are back")
    mixed = Proposal({"data.shuffle": True}, "splits in which all classes are")
    return (
        *((mixed,) if not record.spec.data.shuffle else ()),
        *((back,) if dropped else ()),
        longer,
        _fewer(record, labels, kept, FEWER, "at most three examples of a common class for one of the rare"),
        _fewer(record, labels, kept, 1.0, "as many examples of a common class as of the rare"),
    )


def _fewer(record: RunRecord, labels: Sequence[int], kept: Mapping[int, float], times: float, why: str) -> Proposal:
    """Return the change that keeps so many times a rare class's examples of each, for as many steps as before."""
    counts = np.asarray(record.facts["class_counts"], np.float64)
    rare = counts[list(labels)]
    most = times * rare[rare > 0].min()  # a seed may have no example of what is rare in the others
    fewer = {label: kept.get(label, 1.0) * float(most / n) for label, n in enumerate(counts) if n > most}
    epochs = math.ceil(record.spec.training.epochs * counts.sum() / np.minimum(counts, most).sum())
    change = {"data.keep": {**kept, **fewer}, "training.epochs": epochs}
    if record.spec.data.train is not None:  # a number of training examples is taken of those that are kept
        change["data.train"] = int(np.floor(np.minimum(counts, most)).sum())
    return Proposal(change, why)


RULE = Rule(
    id="class_imbalance",
    title="A class that is never predicted",
    check=check,
    sources=SOURCES,
    stage="data",
    yields_to=("no_signal",),
)
