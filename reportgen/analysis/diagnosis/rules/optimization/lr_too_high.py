"""The learning rate is so high that steps undo one another: the loss diverges, stays at chance level or never settles.

**Statistic.** The effect of a step on the examples' losses, relative to the loss L, by the bound |u| sqrt(tr F) / L,
where u is the step and tr F the mean squared gradient of one example: the largest, average and last effect. The
decrease of the loss that the gradients predict for all steps together: the sum of |u| |g| / L, in powers of e. The
outcome: the final loss, its previous minimum, and its oscillation late in training without sampling noise.

**Reference.** No learning rate is high in itself, and a step beyond 2 / sharpness is not a fault if the loss decreases.
The rule reports large steps together with harm, by one of four signs. A loss is *implausible* above ten times the loss
of guessing (the best constant prediction), and above 10.

1. *Broke out.* The loss was plausible before the first step and became infinite or NaN, or ended implausible. Or it was
   implausible after an epoch and ends no better than guessing. Or it was implausible on average over the first 2% of
   all steps, and the network did not recover: it does not fit the training set and is clearly worse than simple models
   on validation examples, or its validation loss was above guessing after every epoch.
2. *No better than guessing.* The loss ends at 95% of guessing or above, in train and test mode, and is not still
   decreasing. The predicted decrease is at least e^20, and one step had twice the size of the loss.
3. *Lost ground.* The loss ends above its minimum by more than a tenth of guessing, by epoch or, beyond three standard
   errors, by minibatches. The predicted decrease is at least e^20, and one step had the size of the loss.
4. *Never settles.* One of three: the loss stays above 30% of guessing and oscillates by 3% of it, with a predicted
   decrease of e^40; or it stays above half of guessing with an average step of twice the loss, a last step of a fifth
   of it, and a predicted decrease of e^200; or the network fits at the last epoch, but the loss oscillates harmfully
   (see `loss_oscillation`) by 15% of guessing. A loss that falls by twice its oscillation is spared.

Except for the last case, signs 2 to 4 require that the network does not fit the training set. Of 110 random
configurations with 14 learning rates each, 2% of the nearly optimal learning rates showed a sign, always the highest
ones. The rule does not report

- schedules that raise the learning rate until training diverges;
- inputs that are too large for the weights, which cause the large first step;
- weights shrunk by a penalty while the average step is below a fifth of the loss, or by a penalty that was ten times
  the loss of guessing before training, since the penalty causes the loss of accuracy (under batch normalization, where
  small weights make steps more effective, the penalty is named as the cause);
- strong dropout, whose noise keeps the loss from settling, dropout without scaling, or dropout that makes the initial
  loss implausible.

**Advice.** Lower the learning rate tenfold, or by the power of ten that brings the update ratio of the first step to
0.05.
"""

from __future__ import annotations

import numpy as np

from reportgen.analysis.diagnosis.evidence.course import (
    Array,
    Course,
    finite,
    plausible_loss,
    restarts,
    rises,
    training_course,
)
from reportgen.analysis.diagnosis.evidence.input_scale import input_too_large
from reportgen.analysis.diagnosis.evidence.learning_rate import lower, other_rates
from reportgen.analysis.diagnosis.evidence.means import noise
from reportgen.analysis.diagnosis.evidence.memoize import memoize
from reportgen.analysis.diagnosis.evidence.outcome import above_guessing, fits, guess_loss, worse_than_simple_models
from reportgen.analysis.diagnosis.evidence.regularization import (
    dropout_inflates_loss,
    dropout_limits_fit,
    dropout_unscaled,
    penalty_dominates,
    penalty_raises_rate,
    penalty_shrinks,
)
from reportgen.analysis.diagnosis.evidence.swings import still_descending, swing, swing_is_harmful
from reportgen.analysis.diagnosis.evidence.symptoms import at_most, enough, from_to, number, probed, words_for_seeds
from reportgen.analysis.diagnosis.layers import has_bottleneck, normalizations
from reportgen.analysis.diagnosis.scores.lr_too_high import FORM
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

GUESSING = 0.95
PROMISE, LONG, LONGEST = 20.0, 40.0, 200.0
LARGE = 2.0
LOST = 0.1
ERRORS = 3.0
KEEPS, HALF = 0.3, 0.5
SWINGS, SWINGS_OUT = 0.03, 0.15
LATE, BLOCKS = 0.2, 16
BROKE, BURST, THROWN = "broke out", "beyond reason", "thrown at the start"
GUESSES, LOSES, UNSETTLED = "no better than guessing", "lost ground", "never settles"
SOURCES = (
    *("stanford-scribe", "lecture-review", "nn1-notes"),
    "Goodfellow, Bengio and Courville 2016, 8.3.1 and 11.4.1",
    "Cohen et al. 2021, Gradient descent on neural networks typically occurs at the edge of stability",
)


@memoize
def sign(record: RunRecord) -> str | None:
    """Return the sign of a learning rate that is too high, None if the run shows none."""
    if rises(record) or _by_the_input(record) or dropout_inflates_loss(record):
        return None
    if record.status == "diverged":
        return BROKE if _began_plausible(record) else None
    if dropout_unscaled(record):
        return None
    course = training_course(record)
    if course is not None and _beyond_reason(record, course) and _began_plausible(record):
        return BURST
    if course is not None and _thrown(record, course) and _began_plausible(record):
        return THROWN
    if (
        course is None
        or course.predicted_decrease < PROMISE
        or (penalty_shrinks(record) and course.typical_step_effect < LATE)
        or penalty_dominates(record)
    ):
        return None
    if fits(record):
        return UNSETTLED if _swings(record, course, SWINGS_OUT) and swing_is_harmful(record, swing(record)) else None
    ended = _ended(record, course)
    guessing, large = ended >= GUESSING * course.guess_loss, course.largest_step_effect >= LARGE
    if guessing and large and not _coming_down(record, course):
        return GUESSES
    lost = max(_lost(course), _lost_by_scores(record)) > LOST * course.guess_loss
    if course.largest_step_effect >= LARGE / 2 and lost:
        return LOSES
    return UNSETTLED if _never_settles(record, course, ended) else None


def _beyond_reason(record: RunRecord, course: Course) -> bool:
    """Return whether the loss ended implausible, or was implausible before and did not recover."""
    has_batchnorm = normalizations(record.spec.network)  # running statistics fluctuate in test mode
    scores = record.arrays.get("epoch_batch_loss" if has_batchnorm else "epoch_train_loss", ())
    worst = float(finite(scores).max(initial=0.0))
    lost = worst >= plausible_loss(record) and _ended(record, course) >= GUESSING * course.guess_loss
    return course.last >= plausible_loss(record) or lost


def _thrown(record: RunRecord, course: Course) -> bool:
    """Return whether the first steps made the loss implausible and the network did not recover."""
    if course.first < plausible_loss(record):
        return False
    return (not fits(record) and worse_than_simple_models(record)) or above_guessing(record)


def _by_the_input(record: RunRecord) -> bool:
    """Return whether a large input causes the large steps: the first effect grows with its second moment."""
    if not probed([record]) or "probe_weight_std" not in record.arrays or not input_too_large(record):
        return False
    course = training_course(record)
    return course is None or bool(course.step_effects[0] < LARGE * float(record.facts["input_second_moment"]))


def _began_plausible(record: RunRecord) -> bool:
    loss = np.asarray(record.arrays.get("epoch_train_loss", ()), np.float64)
    return loss.size > 0 and bool(loss[0] < plausible_loss(record))


def _ended(record: RunRecord, course: Course) -> float:
    """Return the final training loss in train mode or in test mode, the smaller."""
    tested = finite(record.arrays.get("epoch_train_loss", ()))
    return min(course.last, float(tested[-1])) if tested.size > 1 else course.last


def _coming_down(record: RunRecord, course: Course) -> bool:
    """Return whether the loss has only decreased so far and is still decreasing."""
    means = np.array([block.mean() for block in _blocks(course)])
    begin = max([course.losses[0], *finite(record.arrays.get("epoch_train_loss", ()))[:1]])
    falls = means[-1] < means[len(means) // 2] - LOST * course.guess_loss
    return bool(falls and means.max() <= (1 + LOST) * begin)


def _lost(course: Course) -> float:
    """Return the excess of the last losses over the lowest block, minus three standard errors of the difference."""
    blocks = _blocks(course)
    lowest = min(blocks, key=np.mean)
    if min(lowest.size, blocks[-1].size) < 2:
        return 0.0
    error = np.sqrt(sum(noise(block) / block.size for block in (lowest, blocks[-1])))
    return float(course.last - lowest.mean() - ERRORS * error)


def _lost_by_scores(record: RunRecord) -> float:
    """Return the excess of the last loss by epoch over the lowest, 0 if such losses fluctuate."""
    tested = finite(record.arrays.get("epoch_train_loss", ()))
    fluctuates = restarts(record) or bool(normalizations(record.spec.network))
    return 0.0 if fluctuates or tested.size < 3 else float(tested[-1] - tested.min())


def _blocks(course: Course) -> list[Array]:
    return np.array_split(course.losses, min(BLOCKS, course.losses.size))


def _swings(record: RunRecord, course: Course, share: float) -> bool:
    """Return whether the loss oscillates by a share of guessing while neither decreasing nor restarted."""
    size = swing(record)
    return not restarts(record) and size >= share * course.guess_loss and not still_descending(record, size)


def _never_settles(record: RunRecord, course: Course, ended: float) -> bool:
    """Return whether a loss far from zero oscillates late, or is kept there by steps as large as itself."""
    if ended < KEEPS * course.guess_loss or dropout_limits_fit(record):
        return False
    swings = course.predicted_decrease >= LONG and _swings(record, course, SWINGS)
    throughout = (
        course.typical_step_effect >= LARGE and course.step_effects[-1] >= LATE and ended >= HALF * course.guess_loss
    )
    return swings or (throughout and course.predicted_decrease >= LONGEST)


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if most seeds show a sign of steps that are too large, or any seed diverged."""
    shown = [(record, found) for record in evidence.records if (found := sign(record)) is not None]
    broke = any(found == BROKE for _, found in shown)
    if not shown or not (broke or enough(len(shown), len(evidence.records))):
        return None
    signs = [found for _, found in shown]
    commonest = max(dict.fromkeys(signs), key=signs.count)
    alike = tuple(r.spec.seed for r, found in shown if found == commonest)
    seeds, record = tuple(r.spec.seed for r, _ in shown), next(r for r, found in shown if found == commonest)
    others, count = tuple(seed for seed in seeds if seed not in alike), len(evidence.records)
    facts, by_penalty = _facts(record), sum(penalty_raises_rate(r) for r, _ in shown)
    rate, slower = lower(record, _("smaller steps"))
    return RULE.finding(
        evidence,
        severity="error" if commonest in (BROKE, BURST, GUESSES) else "warning",
        seeds=seeds,
        step=_when(record),
        evidence={"sign": commonest, "lr": record.spec.training.lr, **facts},
        message=_("The learning rate of {lr} is too high: {words} ({seeds}, from step {when}).").format(
            lr=number(record.spec.training.lr), words=_words(commonest, record, facts),
            seeds=words_for_seeds(alike, count), when=_when(record),
        ) + (_(" Other signs of large steps: {seeds}.").format(seeds=words_for_seeds(others, count)) if others else ""),
        advice=f"{rate}.",
        proposals=(slower, *other_rates(record)),
        causes=_causes(record, commonest, 2 * by_penalty > len(shown)),
    )  # fmt: skip


def _causes(record: RunRecord, commonest: str, by_penalty: bool) -> tuple[str, ...] | None:
    """Return the rules that may explain the finding: a narrow layer lowers the highest usable learning rate."""
    if by_penalty:
        return ("over_regularization", *RULE.causes)
    narrow = has_bottleneck(record) and commonest in (GUESSES, LOSES, UNSETTLED)
    return (*RULE.causes, "underfitting") if narrow else None


def _facts(record: RunRecord) -> dict[str, float]:
    course = training_course(record)
    if course is None:
        return {"guess": guess_loss(record)}
    return {
        "largest_effect_of_a_step": course.largest_step_effect,
        "usual_effect_of_a_step": course.typical_step_effect,
        "promised_fall": course.predicted_decrease,
        "first_loss": course.first,
        "last_loss": course.last,
        "guess": course.guess_loss,
        "swing": swing(record),
    }


def _words(found: str, record: RunRecord, facts: dict[str, float]) -> str:
    begin = record.arrays["epoch_train_loss"][0] if found == BROKE else facts["first_loss"]
    if found == BROKE:
        text = _("the loss was {begin} before the first step and became infinite or NaN")
        return text.format(begin=number(float(begin)))
    change = _("the loss changes {change}").format(change=from_to(facts["first_loss"], facts["last_loss"]))
    size = _("a step can change the losses by {effect} their mean").format(
        effect=at_most(facts["largest_effect_of_a_step"])
    )  # fmt: skip
    if found in (BURST, GUESSES):
        text = _("{size}, and {change}; the loss of guessing is {guess}")
        return text.format(size=size, change=change, guess=number(facts["guess"]))
    if found == THROWN:
        rise = from_to(float(record.arrays["epoch_train_loss"][0]), facts["first_loss"])
        text = _("the first steps raise the loss {change}, and it ends at {last}")
        return text.format(change=rise, last=number(facts["last_loss"]))
    if found == LOSES:
        return _("{size}, and earlier progress is lost: {change}").format(size=size, change=change)
    text = _("{size}, and the loss does not settle and ends at {last_loss}")
    return text.format(size=size, last_loss=number(facts["last_loss"]))


def _when(record: RunRecord) -> int:
    """Return the step of the first probe with an effect as large as the loss, or of the last probe."""
    course = training_course(record)
    if course is None:
        return max(int(record.steps), 1)
    large = course.probe_steps[course.step_effects >= 1.0]
    return int(large[0]) if large.size else int(course.probe_steps[-1])


RULE = Rule(
    id="lr_too_high",
    title=N_("Learning rate too high"),
    check=check,
    sources=SOURCES,
    stage="optimization",
    one_task=True,
    causes=("sorted_batches", "unnormalized_input", "bn_tiny_batch", "layer_learning_rate", "wrong_init_loss"),
    yields_to=("no_signal", "exploding_gradients", "exploding_activations", "saturation"),
    on_scores=FORM,
)
