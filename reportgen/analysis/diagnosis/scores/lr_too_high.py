"""Learning rate too high, on scores: the loss ends above guessing and swings, or loses what it had gained.

**Statistic.** The mean training and validation losses over the second half of the values, and the swing: the mean rise
from value to value over the last two thirds, as a standard deviation. Minibatch losses are averaged over blocks.

**Reference.** The loss of guessing, ln C. A network that predicts nothing has this loss; a higher one has confident
wrong predictions, which steps that are too large cause anew. Reported if both losses are above 103% of guessing, one of
them above 115%, and the swing exceeds 5% of it. A loss that is above guessing and falls without swinging is judged by
`no_learning` and `lr_too_low`. Without a known number of classes, a training loss that ends above its start by more
than three standard errors and by half is reported.

The learning rate itself is not measured: weights that are too large from the start look the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.analysis.diagnosis.evidence.symptoms import enough, number, percent
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.diagnosis.scores.evidence.guessed import LEAST, levels, too_few_losses
from reportgen.analysis.diagnosis.scores.evidence.guessing import guess_in_words, guess_loss, highest_guess, scale
from reportgen.analysis.diagnosis.scores.evidence.points import scores, smoothed
from reportgen.analysis.diagnosis.scores.evidence.runs import finding, in_any_run, thin_smoothed
from reportgen.analysis.finding import Abstention, Finding, ScoreEvidence, ScoreForm
from reportgen.runs.training_log import TrainingLog

ABOVE, FAR_ABOVE, SWINGS = 1.03, 1.15, 0.05
GROWN, ERRORS, LEAST_GROWN = 1.5, 3.0, 6
SOURCES = ("stanford-scribe", "Goodfellow, Bengio and Courville 2016, 11.4.1")
CAUSES = ("unnormalized_input", "exploding_activations", "exploding_gradients", "symmetric_init")


@dataclass(frozen=True)
class _High:
    """Late level, its reference (guessing or the start), swing, and position from which on it is late."""

    level: float
    reference: float
    swing: float
    position: float
    of_guessing: bool


def _sign(log: TrainingLog) -> _High | Abstention | None:
    if diverged(log):
        return None
    guess = highest_guess(log)
    if guess is None:
        return _grown(log)
    found = levels(log, guess)
    if found is None:
        return too_few_losses(log)
    if not found.lowest > ABOVE + found.tolerance or found.swing < SWINGS:
        return _grown(log) if guess_loss(log) is None else None
    level = found.val if found.tolerance else found.train
    return _High(level * found.guess, found.guess, found.swing * found.guess, found.start, True)


def _grown(log: TrainingLog) -> _High | Abstention | None:
    """Return the sign of a training loss that grew, for an unknown loss of guessing."""
    train, size = smoothed(scores(log, "train_loss")), scale(log)
    if train.size < LEAST_GROWN:
        return thin_smoothed("training", scores(log, "train_loss"), LEAST_GROWN)
    if size is None:
        return None
    start, end = float(train.values[0]), train.late(1 / 3)
    rise = end.mean - start
    grown = rise > (GROWN - 1) * size and rise > ERRORS * (train.noise if train.noise == train.noise else 0.0)
    return _High(end.mean, start, train.noise, float(end.positions[0]), False) if grown else None


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if a run ends above the loss of guessing, or above its start, and swings."""
    shown = in_any_run(evidence, _sign)
    if shown is None or isinstance(shown, Abstention):
        return shown
    level, reference, swing = shown.mean("level"), shown.mean("reference"), shown.mean("swing")
    first = f"its first value, {number(reference)}"
    limit = guess_in_words(shown.logs[0], reference) if shown.signs[0].of_guessing else first
    return finding(
        "lr_too_high",
        evidence,
        shown,
        severity="error" if enough(len(shown.runs), shown.judged) else "warning",
        position=shown.signs[0].position,
        numbers={"late_loss": level, "reference": reference, "swing": swing},
        message=(
            f"The loss ends at {number(level)}, above {limit}. It swings by {number(swing)} from value to value "
            f"({percent(swing / reference)} of {number(reference)}), so steps undo one another"
        ),
        advice="Lower the learning rate tenfold. Standardize the inputs and check the initial scale of the weights.",
        sources=SOURCES,
        causes=CAUSES,
    )


FORM = ScoreForm(check, f"training or validation loss, {LEAST} values, and the number of classes")
