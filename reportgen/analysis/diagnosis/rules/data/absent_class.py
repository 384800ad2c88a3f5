"""A class has examples in only one of the two splits: none in training, or none in validation.

**Statistic.** The number of training and of validation examples of each class.

**Reference.** A class without training examples is never predicted, whatever the network does. It is reported if it has
at least one validation example in most seeds. A class without validation examples is reported if chance does not
explain it: in a random split, a class with a share p of the training examples is absent from n validation examples with
probability (1 - p)^n. This must be below 1 in 1000 after a correction for the number of classes (Bonferroni).

**Severity.** Error if at least a tenth of the validation examples belong to classes without training examples,
otherwise a warning.

**Advice.** Shuffle the examples before splitting them, or split each class separately (a stratified split).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.classes import class_counts, classes_in_words, keep_setting, kept_shares
from reportgen.analysis.diagnosis.evidence.symptoms import enough, percent, words_for_seeds
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.languages.translate import N_, _, ngettext
from reportgen.runs.record import RunRecord

CHANCE = 1e-3
GRAVE = 0.1
SOURCES = (
    "Hastie, Tibshirani and Friedman 2009, section 7.10",
    "Kohavi 1995, A study of cross-validation and bootstrap for accuracy estimation and model selection",
)

Flags = NDArray[np.bool_]


def _absent(record: RunRecord) -> tuple[Flags, Flags]:
    """Return which classes are absent from training only, and from validation only beyond chance, (classes,) each."""
    train, val = class_counts(record), class_counts(record, "val")
    if train is None or val is None:
        nothing = np.zeros(int(record.facts["classes"]), np.bool_)
        return nothing, nothing
    probability = (1 - train / train.sum()) ** val.sum()
    return (train == 0) & (val > 0), (train > 0) & (val == 0) & (probability * len(train) < CHANCE)


def _in_most(flags: Sequence[Flags]) -> list[int]:
    """Return the classes flagged in most seeds."""
    counts = np.asarray(flags, np.int64).sum(axis=0)
    return [int(label) for label in np.flatnonzero(counts) if enough(int(counts[label]), len(flags))]


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if most seeds have a class in one split only."""
    records, found = evidence.records, [_absent(r) for r in evidence.records]
    untrained, unscored = (_in_most([flags[side] for flags in found]) for side in (0, 1))
    if not untrained and not unscored:
        return None
    shown = [r for r, (a, b) in zip(records, found, strict=True) if a[untrained].any() or b[unscored].any()]
    seeds, first = tuple(r.spec.seed for r in shown), shown[0]
    share = _share(first, untrained, "val")
    return RULE.finding(
        evidence,
        severity="error" if share >= GRAVE else "warning",
        seeds=seeds,
        step=0,
        evidence={"classes_without_training_examples": untrained, "classes_without_validation_examples": unscored,
                  "share_of_validation": share},
        message=f"{_words(first, untrained, unscored)} ({words_for_seeds(seeds, len(records))}).",
        advice=_advice(first, untrained),
        proposals=_proposals(first, untrained),
        metric="val_balanced_accuracy" if untrained and "val_confusion" in first.arrays else None,
    )  # fmt: skip


def _share(record: RunRecord, labels: Sequence[int], split: str) -> float:
    counts: Any = class_counts(record, split)
    return float(counts[list(labels)].sum() / counts.sum()) if labels else 0.0


def _words(record: RunRecord, untrained: Sequence[int], unscored: Sequence[int]) -> str:
    parts = []
    if untrained:
        n, share = _count(record, untrained, "val"), percent(_share(record, untrained, "val"))
        parts.append(
            _(
                "training has no example of {classes}, but validation has {n} ({share} of it), which the "
                "network cannot classify"
            ).format(classes=classes_in_words(record.facts, untrained), n=n, share=share)
        )
    if unscored:
        n, share = _count(record, unscored, "train"), percent(_share(record, unscored, "train"))
        parts.append(
            ngettext(
                "validation has no example of {classes}, but training has {n} ({share} of it), so that "
                "validation scores say nothing about it",
                "validation has no example of {classes}, but training has {n} ({share} of it), so that "
                "validation scores say nothing about them",
                len(unscored),
            ).format(
                classes=classes_in_words(record.facts, unscored),
                n=n,
                share=share,
            )
        )
    text = "; ".join(parts)
    return text[0].upper() + text[1:]


def _count(record: RunRecord, labels: Sequence[int], split: str) -> int:
    counts: Any = class_counts(record, split)
    return int(counts[list(labels)].sum())


def _advice(record: RunRecord, untrained: Sequence[int]) -> str:
    if _removed(record, untrained):
        return _("Keep training examples of every class (data.keep), or remove the class from validation as well.")
    return _("Shuffle the examples before splitting them, or split each class separately (a stratified split).")


def _removed(record: RunRecord, untrained: Sequence[int]) -> list[int]:
    """Return the classes that the settings remove from training."""
    return [label for label, fraction in kept_shares(record).items() if label in untrained and fraction == 0]


def _proposals(record: RunRecord, untrained: Sequence[int]) -> tuple[Proposal, ...]:
    data, removed = record.spec.data, _removed(record, untrained)
    kept = {label: fraction for label, fraction in kept_shares(record).items() if label not in removed}
    back = Proposal({"data.keep": keep_setting(record, kept)}, _("restores the examples of the class"))
    mixed = Proposal({"data.shuffle": True}, _("all classes occur in each split"))
    return (*((back,) if removed else ()), *((mixed,) if not data.shuffle else ()))


RULE = Rule(
    id="absent_class",
    title=N_("Class absent from a split"),
    check=check,
    sources=SOURCES,
    stage="data",
    one_task=True,
)
