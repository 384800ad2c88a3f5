"""A rare class is hardly ever predicted, or is often missed because it is rarer in training than in validation.

**Statistic.** The confusion matrices at the end of training: of all validation examples, and of up to 1000 training
examples, sampled evenly over classes. They give the number of predictions of each class and its recall. The share of
each class in both splits is also used.

**Reference.** A class is rare if it has less than half of an even share of the training examples. Imbalance alone is
not a fault. A rare class counts as never predicted if its recall is below a tenth in validation and in training, and
there are fewer than a quarter as many predictions of it as examples. At least ten examples over all seeds are required:
for a class with a recall of one third, ten misses in a row occur in 2% of cases. Training accuracy must look
acceptable, that is, be at least one half and no lower than the share of the most common class. A class of average size
that is never predicted indicates a network that does not train; other rules report the cause.

The rule also reports a class with less than half the share in training that it has in validation, by three standard
errors over all seeds. Stratified splits never show this. Its validation recall must be below the recall of the other
classes by three standard errors, and by a quarter of it or so far that it costs five percentage points of validation
accuracy. (Training recall is used if validation has no other classes.)

**Advice.** Report the recall of each class, not only accuracy. Use more examples of the rare class, fewer of the common
classes (`data.keep`), or longer training. If the splits are cut from sorted rows, shuffle the rows first
(`data.shuffle`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.classes import classes_in_words, keep_setting, kept_shares, label_of
from reportgen.analysis.diagnosis.evidence.held_out import mean_final, training_majority
from reportgen.analysis.diagnosis.evidence.symptoms import enough, percent, words_for_seeds
from reportgen.analysis.diagnosis.scores.class_imbalance import FORM
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.analysis.splits import one_split
from reportgen.languages.translate import N_, _, ngettext
from reportgen.runs.record import RunRecord

RARE = 0.5
RECOGNIZED, MISSED, COSTS = 0.1, 0.75, 0.05
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
    """Return which classes are rare in training and hardly ever predicted, shape (C,)."""
    counts = np.asarray(record.facts["class_counts"], np.float64)
    rare = (counts < RARE * counts.sum() / counts.size) & (counts > 0)
    if not rare.any():
        return np.asarray(rare)
    train, validation = record.arrays["train_confusion"], _validation(record)
    missed = (_recognized(train) < RECOGNIZED) & (_recognized(validation) < RECOGNIZED)
    seldom = validation.sum(axis=0) <= SELDOM * validation.sum(axis=1)
    return np.asarray(rare & missed & seldom)


def _too_rare(records: Sequence[RunRecord]) -> NDArray[np.bool_]:
    """Return which classes are rarer in training than in validation and often missed there, shape (C,).

    All seeds are pooled. Seeds with the same validation examples count as one.
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
    lost = level * there - right
    missed = (lost > ERRORS * np.sqrt(level * (1 - level) * there + 1)) & (
        (right < MISSED * level * there) | (lost >= COSTS * total)
    )
    return np.asarray((counts > 0) & rarer & missed)


def _level_of_others(confusion: NDArray[Any]) -> NDArray[np.float64]:
    """Return, for each class, the recall of all other classes together, shape (C,)."""
    there, right = confusion.sum(axis=1), np.diag(confusion)
    return np.asarray((right.sum() - right) / np.maximum(there.sum() - there, 1), np.float64)


def _recognized(confusion: NDArray[Any]) -> NDArray[np.float64]:
    """Return the recall of each class, 0 for a class without examples."""
    return np.asarray(np.diag(confusion) / np.maximum(confusion.sum(axis=1), 1), np.float64)


def _validation(record: RunRecord) -> NDArray[Any]:
    """Return the confusion matrix of validation examples, or of training examples if none are held out."""
    return record.arrays.get("val_confusion", record.arrays["train_confusion"])


def _known(records: Sequence[RunRecord]) -> list[RunRecord]:
    """Return the records with a confusion matrix of several classes."""
    return [
        r
        for r in records
        if "train_confusion" in r.arrays
        and len(r.facts.get("class_counts", ())) == len(r.arrays["train_confusion"]) > 1
    ]


def _examples(records: Sequence[RunRecord], label: int) -> int:
    """Return the number of scored examples of a class."""
    found = sum(int(r.arrays["train_confusion"][label].sum()) for r in records)
    return found + sum(int(r.arrays["val_confusion"][label].sum()) for r in records if "val_confusion" in r.arrays)


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if most seeds never predict a rare class although accuracy looks acceptable."""
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
    return RULE.finding(
        evidence,
        severity="warning",
        seeds=seeds,
        step=shown[0].steps,
        evidence={
            "classes": labels,
            "labels": [label_of(shown[0].facts, label) for label in labels],
            "share_of_training": share,
            "train_accuracy": accuracy,
            "examples": n,
        },
        message=(
            ngettext(
                "{recognition} ({seeds}; {n} examples scored). Its share of the training set is {share}. "
                "Training accuracy is {accuracy} nevertheless.",
                "{recognition} ({seeds}; {n} examples scored). Their share of the training set is {share}. "
                "Training accuracy is {accuracy} nevertheless.",
                len(labels),
            ).format(
                recognition=_recognition(shown, labels),
                seeds=words_for_seeds(seeds, len(records)),
                n=n,
                share=percent(share),
                accuracy=percent(accuracy),
            )
        ),
        advice=_advice(shown[0]),
        proposals=_proposals(shown[0], labels),
        metric="val_balanced_accuracy",
    )


def _advice(record: RunRecord) -> str:
    if not record.spec.data.shuffle:
        return _("Shuffle the rows before splitting them (data.shuffle): their order does not mix the classes.")
    return _("Report the recall of each class. Use more examples of the rare class, or fewer of the common classes.")


def _recognition(records: Sequence[RunRecord], labels: Sequence[int]) -> str:
    """Return a clause on the predictions of a class, or on its recall if it is predicted."""
    tables, name = [_validation(r) for r in records], classes_in_words(records[0].facts, labels)
    taken, right, there = (
        sum(int(part[labels].sum()) for part in parts)
        for parts in ([t.sum(axis=0) for t in tables], [np.diag(t) for t in tables], [t.sum(axis=1) for t in tables])
    )
    if taken > SELDOM * there:
        return _("Only {right} of {there} validation examples of {name} are recognized").format(
            right=right, there=there, name=name
        )
    if not taken:
        return _("No validation examples are classified as {name}").format(name=name)
    text = ngettext(
        "{count} validation example is classified as {name}",
        "{count} validation examples are classified as {name}",
        taken,
    )
    return text.format(count=taken, name=name)


def _proposals(record: RunRecord, labels: Sequence[int]) -> tuple[Proposal, ...]:
    """Return the proposals: restore dropped examples, train longer, use fewer examples of the common classes."""
    kept = kept_shares(record)
    longer = Proposal({"training.epochs": max(10, 4 * record.spec.training.epochs)}, _("four times as many epochs"))
    dropped = [label for label in labels if kept.get(label, 1.0) < 1]
    back = Proposal(
        {"data.keep": keep_setting(record, {k: v for k, v in kept.items() if k not in dropped})},
        _("restores the examples of the class"),
    )
    mixed = Proposal({"data.shuffle": True}, _("all classes occur in each split"))
    return (
        *((mixed,) if not record.spec.data.shuffle else ()),
        *((back,) if dropped else ()),
        longer,
        _fewer(
            record,
            labels,
            kept,
            FEWER,
            _("at most three times as many examples of a common class as of the rare class"),
        ),
        _fewer(record, labels, kept, 1.0, _("as many examples of a common class as of the rare class")),
    )


def _fewer(record: RunRecord, labels: Sequence[int], kept: Mapping[int, float], times: float, why: str) -> Proposal:
    """Return the change that limits each class to a multiple of the rare class, for the same number of steps."""
    counts = np.asarray(record.facts["class_counts"], np.float64)
    rare = counts[list(labels)]
    most = times * rare[rare > 0].min()  # a seed may have no example of a class that is rare in others
    fewer = {label: kept.get(label, 1.0) * float(most / n) for label, n in enumerate(counts) if n > most}
    epochs = math.ceil(record.spec.training.epochs * counts.sum() / np.minimum(counts, most).sum())
    change = {"data.keep": keep_setting(record, {**kept, **fewer}), "training.epochs": epochs}
    if record.spec.data.train is not None:  # the training examples are taken from the kept ones
        change["data.train"] = int(np.floor(np.minimum(counts, most)).sum())
    return Proposal(change, why)


RULE = Rule(
    id="class_imbalance",
    title=N_("Class never predicted"),
    check=check,
    sources=SOURCES,
    stage="data",
    one_task=True,
    causes=("sorted_batches", "absent_class", "split_mismatch"),
    yields_to=("no_signal",),
    on_scores=FORM,
)
