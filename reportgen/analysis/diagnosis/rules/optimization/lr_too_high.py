"""The learning rate is so high that steps undo one another: the loss breaks out, stays at guessing, or never settles.

**Statistic.** What steps do to the examples' losses, as a share of the loss, by the bound |u| sqrt(tr F) / L (u the
step, tr F the mean squared gradient of one example): the strongest step course, the average step, and the last. What all
steps together promise, the sum of |u| |g| / L, in powers of e. And what came of it: how the loss ended, how far it had
been down before, and how far it still swings late in training, measured where no draw of examples is in it.

**Reference.** No rate is high by its number, and a step beyond 2 / curvature is no fault where the loss falls all the
same. Four signs count, each of large steps together with harm:

1. *Broke out.* The loss left the finite numbers, or ended beyond reason, though before the first step it was sane:
   below ten times guessing, or below 10, which outputs of unit variance stay below for every loss. Or it was beyond
   reason at the end of some epoch, and ends no better than guessing; or it was so on the average over the first
   fiftieth of all steps, and the net does not fit and ends clearly below simple models on validation examples.
2. *No better than guessing.* The loss, in train mode and in test mode, ends at 95% of the best constant answer's or
   above and has not just been falling, after steps that predicted_decrease a fall by e^20, with one at least twice as large as
   the loss itself.
3. *Lost ground.* It ends above its lowest level by more than a tenth of guessing, in the scores of epochs or, beyond
   three standard errors, in minibatches, after steps that predicted_decrease e^20, with one as large as the loss itself.
4. *Never settles.* It keeps 30% of guessing and swings by 3% of it after a promise of e^40; or it keeps half, the
   average step is twice as large as the loss, the last one course a fifth of it, and the promise is e^200; or it fits at
   the last epoch and yet swings by 15% of guessing, and is the worse for it as `loss_oscillation` says. A loss that
   falls by twice what it swings is on its way.

Signs 2 to 4 need a training split that is not fitted, but for such a swing. Among 110 random configurations over 14
rates each, two in a hundred of the rates that trained about as well as the best one showed a sign, the highest. A
schedule that raises the rate until training breaks is left alone, and so are inputs larger than the weights fit, where
they and not the rate make the first step large. Weights that a penalty has pulled in by steps that are small on the
average, below a fifth of the loss, lose to the penalty what they had learned. Where it has pulled in the weights under
batch normalization, whose steps turn them the more the smaller they are, the penalty is the cause. A net that never
settles under dropout that weighs on its loss is none of this rule's: its noise is that of the masks; nor, short of a
break, is one whose scores and looks are of another network than the one in training, since its dropout is not scaled;
nor is one whose batches begin beyond reason by dropout alone.

**Advice.** Lower the rate by a factor of ten, or by what brings the first step's update over weight to 0.05.
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
from reportgen.analysis.diagnosis.evidence.outcome import fits, guess_loss, worse_than_simple_models
from reportgen.analysis.diagnosis.evidence.regularization import (
    dropout_inflates_loss,
    dropout_limits_fit,
    dropout_unscaled,
    penalty_raises_rate,
    penalty_shrinks,
)
from reportgen.analysis.diagnosis.evidence.swings import still_descending, swing, swing_is_harmful
from reportgen.analysis.diagnosis.evidence.symptoms import at_most, enough, from_to, number, probed, words_for_seeds
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.runs.record import RunRecord

GUESSING = 0.95
PROMISE, LONG, LONGEST = 20.0, 40.0, 200.0
LARGE = 2.0
LOST = 0.1
ERRORS = 3.0
KEEPS, HALF = 0.3, 0.5
SWINGS, SWINGS_OUT = 0.03, 0.15
LATE = 0.2
BLOCKS = 16
BROKE, BURST, THROWN = "broke out", "beyond reason", "thrown at the start"
GUESSES, LOSES, UNSETTLED = "no better than guessing", "lost ground", "never settles"
SOURCES = (
    "stanford-scribe",
    "lecture-review",
    "nn1-notes",
    "Goodfellow, Bengio and Courville 2016, 8.3.1 and 11.4.1",
    "Cohen et al. 2021, Gradient descent on neural networks typically occurs at the edge of stability",
)


@memoize
def sign(record: RunRecord) -> str | None:
    """Return which sign of a rate that is too high the run shows, None for none."""
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
    ):
        return None
    if fits(record):
        return UNSETTLED if _swings(record, course, SWINGS_OUT) and swing_is_harmful(record, swing(record)) else None
    ended = _ended(record, course)
    if (
        ended >= GUESSING * course.guess_loss
        and course.largest_step_effect >= LARGE
        and not _coming_down(record, course)
    ):
        return GUESSES
    if (
        course.largest_step_effect >= LARGE / 2
        and max(_lost(course), _lost_by_scores(record)) > LOST * course.guess_loss
    ):
        return LOSES
    return UNSETTLED if _never_settles(record, course, ended) else None


def _beyond_reason(record: RunRecord, course: Course) -> bool:
    """Return whether the loss ended beyond reason, or was there before and the net has not got over it."""
    has_batchnorm = any(layer.batchnorm for layer in record.spec.network.layers)  # in test mode, by its running values
    scores = record.arrays.get("epoch_batch_loss" if has_batchnorm else "epoch_train_loss", ())
    worst = float(finite(scores).max(initial=0.0))
    lost = worst >= plausible_loss(record) and _ended(record, course) >= GUESSING * course.guess_loss
    return course.last >= plausible_loss(record) or lost


def _thrown(record: RunRecord, course: Course) -> bool:
    """Return whether the first steps put the loss beyond reason, and the net never got over it."""
    return bool(course.first >= plausible_loss(record)) and not fits(record) and worse_than_simple_models(record)


def _by_the_input(record: RunRecord) -> bool:
    """Return whether steps are large because inputs are: a first step's effect grows like their second moment."""
    if not probed([record]) or "probe_weight_std" not in record.arrays or not input_too_large(record):
        return False
    course = training_course(record)
    return course is None or bool(course.step_effects[0] < LARGE * float(record.facts["input_second_moment"]))


def _began_plausible(record: RunRecord) -> bool:
    loss = np.asarray(record.arrays.get("epoch_train_loss", ()), np.float64)
    return loss.size > 0 and bool(loss[0] < plausible_loss(record))


def _ended(record: RunRecord, course: Course) -> float:
    """Return the training loss at the end, in train mode or in test mode, whichever is less."""
    tested = finite(record.arrays.get("epoch_train_loss", ()))
    return min(course.last, float(tested[-1])) if tested.size > 1 else course.last


def _coming_down(record: RunRecord, course: Course) -> bool:
    """Return whether the loss has only fallen so far, and still does."""
    means = np.array([block.mean() for block in _blocks(course)])
    begin = max([course.losses[0], *finite(record.arrays.get("epoch_train_loss", ()))[:1]])
    falls = means[-1] < means[len(means) // 2] - LOST * course.guess_loss
    return bool(falls and means.max() <= (1 + LOST) * begin)


def _lost(course: Course) -> float:
    """Return by how much the last losses lie above the lowest block's, less three standard errors of the difference."""
    blocks = _blocks(course)
    lowest = min(blocks, key=np.mean)
    if min(lowest.size, blocks[-1].size) < 2:
        return 0.0
    error = np.sqrt(sum(noise(block) / block.size for block in (lowest, blocks[-1])))
    return float(course.last - lowest.mean() - ERRORS * error)


def _lost_by_scores(record: RunRecord) -> float:
    """Return by how much the last score lies above the lowest, on the same examples; 0 where scores wander."""
    tested = finite(record.arrays.get("epoch_train_loss", ()))
    wander = restarts(record) or any(layer.batchnorm for layer in record.spec.network.layers)
    return 0.0 if wander or tested.size < 3 else float(tested[-1] - tested.min())


def _blocks(course: Course) -> list[Array]:
    return np.array_split(course.losses, min(BLOCKS, course.losses.size))


def _swings(record: RunRecord, course: Course, share: float) -> bool:
    """Return whether the loss swings late by that share of guessing, not because the rate does, and not as it falls."""
    size = swing(record)
    return not restarts(record) and size >= share * course.guess_loss and not still_descending(record, size)


def _never_settles(record: RunRecord, course: Course, ended: float) -> bool:
    """Return whether a loss that stays far from zero swings late, or is kept there by steps as large as itself."""
    if ended < KEEPS * course.guess_loss or dropout_limits_fit(record):
        return False
    swings = course.predicted_decrease >= LONG and _swings(record, course, SWINGS)
    throughout = (
        course.typical_step_effect >= LARGE and course.step_effects[-1] >= LATE and ended >= HALF * course.guess_loss
    )
    return swings or (throughout and course.predicted_decrease >= LONGEST)


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where most seeds show a sign of steps that are too large, or any broke out."""
    shown = [(record, found) for record in evidence.records if (found := sign(record)) is not None]
    broke = any(found == BROKE for _, found in shown)
    if not shown or not (broke or enough(len(shown), len(evidence.records))):
        return None
    signs = [found for _, found in shown]
    commonest = max(dict.fromkeys(signs), key=signs.count)
    record = next(r for r, found in shown if found == commonest)
    seeds = tuple(r.spec.seed for r, _ in shown)
    facts, by_penalty = _facts(record), sum(penalty_raises_rate(r) for r, _ in shown)
    rate, slower = lower(record, "smaller steps")
    return Finding(
        rule=RULE.id,
        severity="error" if commonest in (BROKE, BURST, GUESSES) else "warning",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=(),
        step=_when(record),
        evidence={"sign": commonest, "lr": record.spec.training.lr, **facts},
        message=(
            f"{_words(commonest, record, facts)} ({words_for_seeds(seeds, len(evidence.records))}, "
            f"learning rate {number(record.spec.training.lr)}, from step {_when(record)})."
        ),
        advice=f"{rate}.",
        sources=SOURCES,
        proposals=(slower, *other_rates(record)),
        causes=("over_regularization", *RULE.causes) if 2 * by_penalty > len(shown) else None,
    )


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
        return f"The loss, {number(float(begin))} before the first step, left the finite numbers"
    ended = f"the loss went {from_to(facts['first_loss'], facts['last_loss'])}"
    size = f"A step can change the losses by {at_most(facts['largest_effect_of_a_step'])} their mean"
    if found in (BURST, GUESSES):
        return f"{size}, and {ended}, where guessing costs {number(facts['guess'])}"
    if found == THROWN:
        start = float(record.arrays["epoch_train_loss"][0])
        thrown = f"The first steps threw the loss {from_to(start, facts['first_loss'])}"
        return f"{thrown}, and it ends at {number(facts['last_loss'])}"
    if found == LOSES:
        return f"{size}, and what was learned is lost again: {ended}"
    return f"{size}, and the loss does not settle: it ends at {number(facts['last_loss'])}"


def _when(record: RunRecord) -> int:
    """Return the step of the first look at which a step was as large as the loss; where none was course, the last."""
    course = training_course(record)
    if course is None:
        return max(int(record.steps), 1)
    large = course.probe_steps[course.step_effects >= 1.0]
    return int(large[0]) if large.size else int(course.probe_steps[-1])


RULE = Rule(
    id="lr_too_high",
    title="Learning rate too high",
    check=check,
    sources=SOURCES,
    stage="optimization",
    causes=("unnormalized_input", "bn_tiny_batch", "wrong_init_loss"),
    yields_to=("no_signal", "exploding_gradients", "exploding_activations", "saturation"),
)
