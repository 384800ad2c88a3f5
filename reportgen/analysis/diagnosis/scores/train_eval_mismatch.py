"""Train and test mode disagree, on scores: the validation loss is far off in test mode while training goes well.

**Statistic.** Validation loss and accuracy over the whole run, and the training loss, which is measured in train mode.

**Reference.** Overfitting starts from a validation loss near that of training and gets worse as training fits. A
network whose test mode is wrong is off from the start. Two signs, each while the late training loss is below 70% of
guessing:

1. *One class.* The late validation accuracy does not change at all, and the late validation loss is above guessing.
2. *Off from the start.* The median validation loss exceeds the training loss at the same time fivefold, and the loss of
   guessing by half over the first third, and it falls later on.

**Causes.** Running statistics of batch normalization that are not updated or lag behind, dropout without scaling,
`eval()` that is missing or stays on. A validation split with other preprocessing looks the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.analysis.diagnosis.evidence.symptoms import number
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.diagnosis.scores.evidence.guessing import below_any_guess, guess_loss, unknown_classes
from reportgen.analysis.diagnosis.scores.evidence.points import Points, scores, smoothed
from reportgen.analysis.diagnosis.scores.evidence.runs import finding, in_most_runs, thin
from reportgen.analysis.finding import Abstention, Finding, ScoreEvidence, ScoreForm
from reportgen.languages.translate import _
from reportgen.runs.training_log import TrainingLog

LEAST, LEAST_SAME = 5, 4
LEARNED, HIGH, TIMES = 0.7, 1.5, 5.0
SOURCES = ("csci-497p", "chicago-14", "Srivastava et al. 2014, section 4", "Ioffe and Szegedy 2015, section 3.1")
ONE_CLASS, OFF = "one class", "off from the start"
CAUSES = {ONE_CLASS: ("class_imbalance", "split_mismatch"), OFF: ("split_mismatch",)}


@dataclass(frozen=True)
class _Mismatch:
    """The sign, the late losses, the loss of guessing, and the position of the first validation."""

    sign: str
    val: float
    train: float
    guess: float
    start: float


def _sign(log: TrainingLog) -> _Mismatch | Abstention | None:
    guess, val, train = guess_loss(log), scores(log, "val_loss"), smoothed(scores(log, "train_loss"))
    if guess is None:
        return None if below_any_guess(log, val.late(0.5)) else unknown_classes(log)
    if val.size < LEAST:
        return thin(_("validation losses"), val.size, LEAST)
    if train.size == 0:
        return thin(_("training losses"), train.size, 1)
    if diverged(log) or not train.late(1 / 3).mean < LEARNED * guess:
        return None
    name = ONE_CLASS if _one_class(log, val, guess) else OFF if _off(val, train, guess) else None
    if name is None:
        return None
    return _Mismatch(name, val.late(1 / 3).mean, train.late(1 / 3).mean, guess, float(val.positions[0]))


def _one_class(log: TrainingLog, val: Points, guess: float) -> bool:
    late = scores(log, "val_accuracy").late(0.5)
    return late.size >= LEAST_SAME and float(np.ptp(late.values)) == 0.0 and val.late(0.5).mean > guess


def _off(val: Points, train: Points, guess: float) -> bool:
    """Return whether validation is far off from the start and comes closer later."""
    early, late = val.early(1 / 3).mean, val.late(1 / 3).mean
    at_same = np.interp(val.positions, train.positions, train.values)
    ratio = float(np.median(val.values / np.maximum(at_same, 1e-12)))
    return early > HIGH * guess and late < early and ratio > TIMES and late > LEARNED * guess


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if most runs are far off in validation from the start while training goes well."""
    shown = in_most_runs(evidence, _sign)
    if shown is None or isinstance(shown, Abstention):
        return shown
    val, train, guess = (shown.mean(name) for name in ("val", "train", "guess"))
    sentences = [
        _(
            "The validation loss is high from the start and ends at {val}, while the training loss falls to {train}. "
            "The loss of guessing is {guess}."
        ).format(val=number(val), train=number(train), guess=number(guess)),
        *(
            [_("The validation accuracy never changes, as if one class was always predicted.")]
            if shown.signs[0].sign == ONE_CLASS
            else []
        ),
        _("The network behaves differently in test mode and in training mode"),
    ]
    return finding(
        "train_eval_mismatch",
        evidence,
        shown,
        severity="warning",
        position=shown.signs[0].start,
        numbers={"late_val_loss": val, "late_train_loss": train, "guessing": guess, "sign": shown.signs[0].sign},
        message=" ".join(sentences),
        advice=_(
            "Score the training examples in test mode too. If they are as bad, check the running statistics of batch "
            "normalization and the scaling of dropout; if not, compare the preprocessing of both splits."
        ),
        sources=SOURCES,
        causes=CAUSES[shown.signs[0].sign],
    )


FORM = ScoreForm(check, f"validation loss, {LEAST} values, training loss and the number of classes")
