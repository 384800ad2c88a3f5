"""The loss stays at the level of guessing, so the network has learned nothing.

Only logs of scores are judged by this rule. In complete records, the rules about signals, gradients and learning rates
name the cause.

**Statistic.** The mean training and validation losses over the second half of the values.

**Reference.** The loss of guessing, ln C for C classes. Reported if no loss is below 97% of it. A few minibatch losses
may be 15% lower, because their noise is not known. A warning from 88% on, also for the last value: most of the task is
not learned, or it is very noisy. If C is unknown, reported if both losses stay above ln 50,000, the
loss of guessing among more classes than nearly all tasks have, and do not fall.

It is not reported if the log has no training loss and the training accuracy rises well above chance.

**Causes.** Scores do not show the cause, but the course narrows it down. A loss that started far above guessing: the
scale of inputs or weights, or first steps that were too large. A training loss that falls while validation gains
nothing: labels that do not follow from the inputs. A loss that stays where it started, at another level, or falls
steadily by very little: steps that are too small. A validation loss that does not change at all: a signal or a gradient
that vanishes, dead or equal units, or a penalty that removes the weights. An accuracy that varies: labels that do not
belong to the inputs. A loss that starts at guessing and settles a little below: equal units too, which act as one. A
loss that wanders: inputs of a wrong scale, saturation, or steps that are too large.

**Advice.** Train on a few examples only: a network that cannot memorize twenty examples has a fault in the
network or in the optimization. If it can, check the labels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from reportgen.analysis.diagnosis.evidence.symptoms import enough, number, percent
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.diagnosis.scores.evidence.guessed import LEAST, Levels, levels, steadiness, too_few_losses
from reportgen.analysis.diagnosis.scores.evidence.guessing import (
    below_any_guess,
    classes,
    guess_loss,
    highest_guess,
    unknown_classes,
)
from reportgen.analysis.diagnosis.scores.evidence.points import scores, smoothed
from reportgen.analysis.diagnosis.scores.evidence.runs import finding, in_any_run
from reportgen.analysis.finding import Abstention, Finding, Rule, ScoreEvidence, ScoreForm
from reportgen.analysis.words.listing import listing
from reportgen.languages.translate import N_, _, pgettext
from reportgen.runs.training_log import TrainingLog

GUESSING, HARDLY = 0.97, 0.88
STILL, CALM, ELSEWHERE, FAR, KINDS, LEAD = 1.5e-3, 5e-3, 0.02, 2.0, 0.5, 0.3
ABOVE = 1.03
APART, STEADY, KEEPS = 0.01, 4.0, 0.15


@dataclass(frozen=True)
class _Kind:
    """What the loss does at the level of guessing, the causes of that, and what to try first."""

    words: str
    causes: tuple[str, ...]
    advice: str


LEFT = _Kind(
    N_("It started far above this level"),
    ("unnormalized_input", "wrong_init_loss", "exploding_activations", "exploding_gradients", "lr_too_high"),
    N_("Standardize the inputs, scale the initial weights by fan-in, and lower the learning rate of the first steps."),
)
STUCK = _Kind(
    N_("It stays at its first value, which differs a little from this level"),
    ("lr_too_low", "vanishing_gradients", "update_ratio_low"),
    N_("Raise the learning rate tenfold, and check that the optimizer holds all parameters."),
)
CREEPS = _Kind(
    N_("It falls steadily, but by very little"),
    ("lr_too_low", "undertrained", "unnormalized_input", "vanishing_gradients", "update_ratio_low"),
    N_("Raise the learning rate tenfold, and check that inputs are not far too small."),
)
MEMORIZES = _Kind(
    N_("The training loss falls, and validation gains nothing"),
    ("no_signal", "split_mismatch"),
    N_("Check that each label belongs to its input: print some pairs of both splits."),
)
FROZEN = _Kind(
    N_("It hardly changes, as if all predictions were equal"),
    (
        *("vanishing_activations", "vanishing_gradients", "dead_relu", "symmetric_init"),
        *("over_regularization", "unnormalized_input"),
    ),
    N_("Check the scale of inputs and initial weights, units that are always zero, and the weight decay."),
)
CONFIDENT = _Kind(
    N_("It does not fall: the outputs are confident and wrong, and stay so"),
    ("lr_too_high", "unnormalized_input", "wrong_init_loss", "saturation", "dead_relu"),
    N_("Lower the learning rate tenfold, standardize the inputs, and scale the initial weights by fan-in."),
)
VARIED = _Kind(
    N_("The predictions change, but they do not improve"),
    ("no_signal", "lr_too_high"),
    N_("Check that each label belongs to its input: print some pairs; then lower the learning rate tenfold."),
)
LITTLE = _Kind(
    N_("It is a little below this level and does not fall any more"),
    ("underfitting", "saturation", "no_signal", "bn_tiny_batch", "unnormalized_input", "lr_too_high"),
    N_("Compare with a larger network at a learning rate a third as high, and check the labels of some examples."),
)
LITTLE_FROM_THERE = replace(LITTLE, causes=("symmetric_init", *LITTLE.causes))
WANDERS = _Kind(
    N_("It fluctuates around this level, and the accuracy hardly changes"),
    ("unnormalized_input", "vanishing_gradients", "saturation", "dead_relu", "lr_too_high"),
    N_("Standardize the inputs, scale the weights by fan-in, and try a learning rate a tenth as high."),
)


def _sign(log: TrainingLog) -> Levels | Abstention | None:
    guess = guess_loss(log)
    if guess is None:
        return _far_above(log) or _unknown(log)
    found = levels(log, guess)
    if found is None:
        return too_few_losses(log)
    learned = found.train != found.train and _learned(log)
    stays = found.lowest >= GUESSING or _hardly_below(found)
    return found if not diverged(log) and not learned and stays else None


def _hardly_below(found: Levels) -> bool:
    """Return whether all losses, and the last value, are little below guessing; few minibatches have no allowance."""
    return min(found.lowest - found.tolerance, found.last) >= HARDLY


def _unknown(log: TrainingLog) -> Abstention | None:
    late = [scores(log, role).late(0.5) for role in ("train_loss", "val_loss")]
    return None if below_any_guess(log, *late) else unknown_classes(log)


def _far_above(log: TrainingLog) -> Levels | None:
    """Return the levels of a loss that stays above guessing for any number of classes; None for other losses."""
    guess = highest_guess(log)
    found = levels(log, guess) if guess is not None and not diverged(log) else None
    stays = found is not None and found.lowest - found.tolerance > ABOVE and found.last > (1 - ELSEWHERE) * found.first
    return found if stays else None


def _learned(log: TrainingLog) -> bool:
    """Return whether the late training accuracy is well above chance."""
    right = scores(log, "train_accuracy").late(0.5)
    return right.size > 0 and right.mean > 1 / (classes(log) or 2) + LEAD


def _kind(log: TrainingLog, found: Levels) -> _Kind:
    right = scores(log, "val_accuracy").late(0.5)
    if guess_loss(log) is None:
        return CONFIDENT
    if found.early > FAR:
        return LEFT
    if _memorizes(log, found):
        return MEMORIZES
    if found.lowest < GUESSING:
        return LITTLE_FROM_THERE if abs(found.first - 1) < ELSEWHERE else LITTLE
    if _creeps(log):
        return CREEPS
    stays = abs(found.last - found.first) < ELSEWHERE * found.first
    if stays and abs(found.last - 1) > ELSEWHERE and found.swing < ELSEWHERE / 2:
        return STUCK
    kinds = len(set(right.values.tolist()))
    if found.moves < STILL or (kinds == 1 and found.swing < CALM):
        return FROZEN
    return VARIED if kinds > KINDS * right.size + 1 else WANDERS


def _memorizes(log: TrainingLog, found: Levels) -> bool:
    """Return whether the training loss falls steadily below that of validation, which stays at guessing."""
    train = smoothed(scores(log, "train_loss"))
    below = found.train + found.tolerance < found.val - APART
    return found.val >= GUESSING and below and steadiness(train) > STEADY


def _creeps(log: TrainingLog) -> bool:
    """Return whether the validation loss falls steadily to the end by little."""
    val = scores(log, "val_loss")
    if val.size < LEAST or steadiness(val) <= STEADY:
        return False
    half = float(val.values[val.size // 2])
    return float(half - val.values[-1]) >= KEEPS * float(val.values[0] - val.values[-1])


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if the loss of a run ends at the level of guessing."""
    shown = in_any_run(evidence, _sign)
    if shown is None or isinstance(shown, Abstention):
        return shown
    guess = shown.signs[0].guess
    kind, lowest = _kind(shown.logs[0], shown.signs[0]), shown.signs[0].lowest
    known = [(name, shown.mean(name)) for name in ("train", "val")]
    named = {
        "train": pgettext("value", "training loss {value}"),
        "val": pgettext("value", "validation loss {value}"),
    }
    means = [named[name].format(value=number(level * guess)) for name, level in known if level == level]
    text = _("{level}. The mean over the second half is: {means}. {words}")
    advice = _("If that does not help, train on twenty examples only: their loss must fall to 0.")
    return finding(
        RULE.id,
        evidence,
        shown,
        severity="error" if enough(len(shown.runs), shown.judged) and lowest >= GUESSING else "warning",
        position=shown.signs[0].end,
        numbers={**{f"late_{name}_loss": level * guess for name, level in known}, "guessing": guess},
        message=text.format(level=_level(shown.logs[0], guess, lowest), means=listing(means), words=_(kind.words)),
        advice=f"{_(kind.advice)} {advice}",
        sources=RULE.sources,
        causes=kind.causes,
    )


def _level(log: TrainingLog, guess: float, lowest: float) -> str:
    known = classes(log)
    if known is None:
        text = _("The loss stays above the level of guessing, which is at most {guess} for any usual number of classes")
        return text.format(guess=number(guess))
    limit = percent(GUESSING if lowest >= GUESSING else HARDLY)
    text = _("The loss has hardly left the level of guessing, {guess} for {classes} classes (limit {limit} of it)")
    return text.format(guess=number(guess), classes=known, limit=limit)


RULE = Rule(
    id="no_learning",
    title=N_("No learning"),
    check=None,
    sources=("stanford-scribe", "Goodfellow, Bengio and Courville 2016, 11.5"),
    stage="optimization",
    one_task=True,
    yields_to=("nan_divergence", "lr_too_high", "lr_too_low"),
    on_scores=ScoreForm(check, f"training or validation loss, {LEAST} values, and the number of classes"),
)
