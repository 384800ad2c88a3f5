"""Validation unlike training, on scores: validation hardly shares what training gains, from the first values on.

**Statistic.** The gain on guessing, ln C minus the loss, in validation relative to training, over the first three
values with a training loss below 70% of guessing and over the late values. The late validation accuracy.

**Reference.** Early in training, before examples are memorized, validation gains as much as training, and more
than the mean over an epoch, which lags behind. Reported if it gains less than 30% of that at first, and less than half
in the end. Overfitting starts near 100% and loses it later. If the validation accuracy is that of guessing, validation
may lack a signal altogether; see `no_signal`. An accuracy far below guessing points to labels that are encoded in
another way. If accuracy lacks at most the share of one class, a class that training hardly has explains it as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.analysis.diagnosis.evidence.symptoms import enough, number, percent
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.diagnosis.scores.evidence.guessing import below_any_guess, classes, guess_loss, unknown_classes
from reportgen.analysis.diagnosis.scores.evidence.points import LEAST_OF_BLOCK, Points, running, scores
from reportgen.analysis.diagnosis.scores.evidence.runs import finding, in_most_runs, thin
from reportgen.analysis.finding import Abstention, Finding, ScoreEvidence, ScoreForm
from reportgen.languages.translate import _
from reportgen.runs.training_log import TrainingLog

LEAST, FIRST = 5, 3
LEARNED, SHARED, SHARED_LATE = 0.7, 0.3, 0.5
SIGNAL, REVERSED = 0.1, 0.5
CHANCE = 0.1
OF_CLASSES = ("class_imbalance", "absent_class")
SOURCES = (
    "Quinonero-Candela et al. 2009, Dataset shift in machine learning",
    "Hastie, Tibshirani and Friedman 2009, section 7.10.2",
)


@dataclass(frozen=True)
class _Apart:
    """Validation's share of the gain at first and late, late accuracy (NaN if unknown), late losses, and positions.

    one_class: whether validation lacks at most the accuracy that is due to one class.
    """

    first: float
    late: float
    accuracy: float
    val: float
    train: float
    start: float
    one_class: bool


def _sign(log: TrainingLog) -> _Apart | Abstention | None:
    guess, val, train = guess_loss(log), scores(log, "val_loss"), running(scores(log, "train_loss"))
    if guess is None:
        return None if below_any_guess(log, val.late(0.5)) else unknown_classes(log)
    if val.size < LEAST:
        return thin(_("validation losses"), val.size, LEAST)
    if train.size < LEAST:
        blocks = LEAST_OF_BLOCK - 1 if scores(log, "train_loss").resolution == "step" else 0
        return thin(_("training losses"), scores(log, "train_loss").size, LEAST + blocks)
    return None if diverged(log) else _apart(log, val, train, guess)


def _apart(log: TrainingLog, val: Points, train: Points, guess: float) -> _Apart | None:
    at_same = np.interp(val.positions, train.positions, train.values)
    learned = np.flatnonzero((at_same < LEARNED * guess) & (val.positions >= train.positions[0]))
    if learned.size < FIRST:
        return None
    gains = (guess - val.values) / (guess - at_same).clip(1e-12)
    first, late = float(gains[learned[:FIRST]].mean()), float(gains[learned[learned.size // 2 :]].mean())
    right = scores(log, "val_accuracy").late(0.5).mean
    lowest = float(val.values.min())
    if first >= SHARED or late >= SHARED_LATE or not _other_labels(right, classes(log) or 2, lowest < guess):
        return None
    levels = val.late(0.5).mean, train.late(0.5).mean
    return _Apart(first, late, right, *levels, float(val.positions[learned[0]]), _lacks_one_class(log, right))


def _lacks_one_class(log: TrainingLog, right: float) -> bool:
    """Return whether the validation accuracy lacks at most the share of one class, if the classes are equally large."""
    fitted = scores(log, "train_accuracy").late(0.5)
    return (fitted.mean if fitted.size else 1.0) - right <= 1 / (classes(log) or 2) + CHANCE


def _other_labels(right: float, count: int, below: bool) -> bool:
    """Return whether validation is better than guessing, or so bad that it follows other labels."""
    if right != right:
        return below
    chance = 1 / count
    return right > chance + SIGNAL * (1 - chance) or right < (1 - REVERSED) * chance


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if validation of most runs hardly shares the gains of training from the start."""
    shown = in_most_runs(evidence, _sign)
    if shown is None or isinstance(shown, Abstention):
        return shown
    first, val, train = (shown.mean(name) for name in ("first", "val", "train"))
    sign = shown.signs[0]
    one_class = enough(sum(sign.one_class for sign in shown.signs), len(shown.signs))
    advice = _(
        "Score a part of the training examples that was left out of training. If it does well, compare how both "
        "splits are read, scaled and encoded; if it does not, the network memorizes too few examples."
    )
    classes_too = _("Count the examples of each class in both: a class that is rare in training looks the same.")
    level, right = number(val), percent(shown.mean("accuracy"))
    if sign.accuracy == sign.accuracy:
        level = _("{loss} with an accuracy of {accuracy}").format(loss=level, accuracy=right)
    return finding(
        "split_mismatch",
        evidence,
        shown,
        severity="warning",
        position=sign.start,
        numbers={"shared_at_first": first, "shared_late": shown.mean("late"), "limit": SHARED, "late_val_loss": val},
        message=_(
            "When the training loss has fallen well below that of guessing, at {start}, the validation loss has fallen "
            "by {share} of the same amount (healthy: {all}, limit {limit}). Later the validation loss is {val}, and "
            "the training loss is {train}"
        ).format(
            start=shown.position(sign.start), share=percent(max(first, 0.0)), all=percent(1.0),
            limit=percent(SHARED), val=level, train=number(train),
        ),
        advice=f"{advice} {classes_too}" if one_class else advice,
        sources=SOURCES,
        causes=("train_eval_mismatch", *OF_CLASSES * one_class),
    )  # fmt: skip


FORM = ScoreForm(check, f"training and validation loss, {LEAST} values each, and the number of classes")
