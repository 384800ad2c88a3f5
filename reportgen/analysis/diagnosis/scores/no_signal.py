"""No signal on scores: validation is never better than guessing, although the training examples are learned.

**Statistic.** The lowest average of two consecutive validation losses, and the late training loss.

**Reference.** The loss of guessing, ln C. Reported if that average is not below 97% of it, while the training
loss ends below 95% of it (or training accuracy ends 30 percentage points above that of validation).
A validation accuracy that is clearly better or far worse than guessing is judged by `split_mismatch`.

**Causes.** The labels do not follow from the inputs, as after shuffling one without the other; the validation split is
not like training: other preprocessing, other labels; or there are so few training examples that they
are memorized.
Scores alone cannot tell these apart. Predictions that are always the same class point to test mode instead; see
`train_eval_mismatch`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.analysis.diagnosis.evidence.symptoms import number
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.diagnosis.scores.evidence.guessing import below_any_guess, classes, guess_loss, unknown_classes
from reportgen.analysis.diagnosis.scores.evidence.points import scores, smoothed
from reportgen.analysis.diagnosis.scores.evidence.runs import Shown, finding, in_most_runs, thin
from reportgen.analysis.finding import Abstention, Finding, ScoreEvidence, ScoreForm
from reportgen.languages.translate import _
from reportgen.runs.training_log import TrainingLog

LEAST = 4
GUESSING, LEARNED, LEAD, SIGNAL, REVERSED = 0.97, 0.95, 0.3, 0.15, 0.5
SOURCES = ("stanford-scribe", "Zhang et al. 2017, Understanding deep learning requires rethinking generalization")


@dataclass(frozen=True)
class Nothing:
    """The lowest validation loss and its position, the late training loss (NaN if unknown), guessing and the end."""

    val: float
    at: float
    train: float
    guess: float
    end: float


def _sign(log: TrainingLog) -> Nothing | Abstention | None:
    guess, val = guess_loss(log), scores(log, "val_loss")
    if guess is None:
        return None if below_any_guess(log, val.late(0.5)) else unknown_classes(log)
    if val.size < LEAST:
        return thin(_("validation losses"), val.size, LEAST)
    train = smoothed(scores(log, "train_loss")).late(1 / 3)
    accuracies = scores(log, "train_accuracy").size
    if train.size == 0 and accuracies < LEAST:
        return thin(_("training losses or accuracies"), accuracies, LEAST)
    lowest = float(((val.values[1:] + val.values[:-1]) / 2).min())
    if diverged(log) or lowest < GUESSING * guess or not _learned(log, train.mean, guess) or not _at_chance(log):
        return None
    at = int(val.values.argmin())
    return Nothing(float(val.values[at]), float(val.positions[at]), train.mean, guess, float(val.positions[-1]))


def _learned(log: TrainingLog, train: float, guess: float) -> bool:
    ours, theirs = scores(log, "train_accuracy").late(0.5), scores(log, "val_accuracy").late(0.5)
    by_accuracy = ours.size > 1 and theirs.size > 1 and ours.mean - theirs.mean > LEAD
    return train < LEARNED * guess or (not np.isfinite(train) and by_accuracy)


def _at_chance(log: TrainingLog) -> bool:
    """Return whether the late validation accuracy is about that of guessing, or unknown."""
    right, chance = scores(log, "val_accuracy").late(0.5).mean, 1 / (classes(log) or 2)
    return right != right or (1 - REVERSED) * chance <= right <= chance + SIGNAL * (1 - chance)


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if most runs learn their training examples and validation stays at guessing."""
    shown = in_most_runs(evidence, _sign)
    if shown is None or isinstance(shown, Abstention):
        return shown
    val, train, guess = (shown.mean(name) for name in ("val", "train", "guess"))
    return finding(
        "no_signal",
        evidence,
        shown,
        severity="error",
        position=shown.signs[0].end,
        numbers={"lowest_val_loss": val, "late_train_loss": train, "guessing": guess},
        message=_message(shown),
        advice=_(
            "Score a part of the training examples that was left out of training. If it fails too, check that labels "
            "belong to their inputs; otherwise compare how both splits are read, encoded and scaled."
        ),
        sources=SOURCES,
        causes=("train_eval_mismatch", "split_mismatch", "class_imbalance", "overfitting"),
    )


def _message(shown: Shown[Nothing]) -> str:
    val, train, guess = (shown.mean(name) for name in ("val", "train", "guess"))
    rarely = (
        _("Validation is never better than guessing")
        if val >= guess
        else _("Validation is hardly better than guessing")
    )
    at = shown.position(shown.signs[0].at)
    lowest = _("{value} at {at}").format(value=number(val), at=at)
    if len(shown.signs) > 1:
        lowest = _("{value} on average").format(value=number(val))
    learned = _("the training accuracy rises")
    if train == train:
        learned = _("the training loss falls to {value}").format(value=number(train))
    text = _(
        "{rarely}: the lowest validation loss is {lowest}, the loss of guessing is {guess}, and {learned}. The labels "
        "do not follow from the inputs, the validation examples are unlike the training examples, or the network "
        "memorizes a few training examples"
    )
    return text.format(rarely=rarely, lowest=lowest, guess=number(guess), learned=learned)


FORM = ScoreForm(check, f"validation loss, {LEAST} values, training loss and the number of classes")
