"""The training loss oscillates beyond its noise and does not settle.

**Statistic.** The amplitude of the oscillation late in training, as a standard deviation. It is the mean increase of
the loss between averages over 1, 2, 4, ... values, at the scale with the largest increase, over the second half or the
last third of training, whichever is smaller. Losses without sampling noise are used: by epoch, in which each example
counts once, or by step for full-batch training. With fewer than six epochs, averages over blocks of minibatches are
compared, and the variance due to random batches is subtracted (von Neumann's differences of successive losses).

**Reference.** More than 5% of the loss of the best constant prediction (guessing); for blocks, at least twice their
noise. A loss that only decreases has an amplitude of 0, however steep it is. A noisy minibatch loss, even with a batch
size of 1, has about 1%. The rule does not report

- a loss that decreases by more than twice the amplitude from the third quarter of training to the last;
- networks that fit 90% of the training set throughout the last third of training;
- schedules that raise the learning rate on purpose (warm restarts and range tests).

**Severity.** Warning if the oscillation does harm: the network does not fit the training set or is clearly worse than
simple models on validation examples; the amplitude exceeds 30% of the loss of guessing; or the average accuracy of the
late epochs is below the best by a tenth of its lead over the most common class. Otherwise for information only: the
predictions stay the same while their confidence changes.

**Advice.** Lower the learning rate tenfold, or let it decay.
"""

from __future__ import annotations

import numpy as np

from reportgen.analysis.diagnosis.evidence.course import ends, finite, restarts, rises
from reportgen.analysis.diagnosis.evidence.learning_rate import lower
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.outcome import FITS, fits, guess_loss
from reportgen.analysis.diagnosis.evidence.swings import still_descending, swing, swing_is_harmful, swing_of_blocks
from reportgen.analysis.diagnosis.evidence.symptoms import in_most, number, percent, words_for_seeds
from reportgen.analysis.diagnosis.layers import has_bottleneck
from reportgen.analysis.diagnosis.scores.loss_oscillation import FORM
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

MUCH = 0.05
SOURCES = ("stanford-scribe", "csci-497p", "Bottou, Curtis and Nocedal 2018, 4.2", "von Neumann et al. 1941")


def _swing(record: RunRecord) -> float | None:
    """Return the amplitude of a run that does not settle, None for other runs."""
    if record.status == "diverged" or rises(record) or restarts(record) or _keeps_its_fit(record):
        return None
    found = swing(record)
    found = swing_of_blocks(record) if np.isnan(found) else found
    return found if found > MUCH * guess_loss(record) and not still_descending(record, found) else None


def _keeps_its_fit(record: RunRecord) -> bool:
    """Return whether the run fits the training set at the end and at every epoch of the last third."""
    late = finite(record.arrays.get("epoch_train_accuracy", ()))[1:]
    reach = FITS * (1 - record.spec.data.label_noise)
    return fits(record) and bool((late[-max(1, late.size // 3) :] >= reach).all())


def _level(record: RunRecord) -> float:
    """Return the mean loss at the end of a run."""
    columns = (finite(record.arrays.get(name, ())) for name in ("step_loss", "epoch_train_loss"))
    return next(ends(values)[1] for values in columns if values.size)


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if the loss of most seeds does not settle."""
    swings = [_swing(record) for record in evidence.records]
    shown = in_most(evidence.records, swings)
    if not shown:
        return None
    record, seeds = shown[0][0], tuple(r.spec.seed for r, _ in shown)
    size, cost, step = mean([s for _, s in shown]), guess_loss(record), record.steps // 2
    level = mean([_level(r) for r, _ in shown])
    rate, slower = lower(record, _("smaller steps"))
    harmed = sum(swing_is_harmful(r, found) for r, found in shown)
    return RULE.finding(
        evidence,
        severity="warning" if 2 * harmed > len(shown) else "info",
        seeds=seeds,
        step=step,
        evidence={"swing": size, "limit": MUCH * cost, "guess": cost, "last_loss": level},
        message=(
            _(
                "The training loss does not settle: it oscillates around {level} with a standard deviation "
                "of {size}, {size2} of the loss of guessing ({seeds}, from step {step})."
            ).format(
                level=number(level),
                size=number(size),
                size2=percent(size / cost),
                seeds=words_for_seeds(seeds, len(swings)),
                step=step,
            )
        ),
        advice=_("{rate}, or use a schedule in which it decays.").format(rate=rate),
        proposals=(
            slower,
            Proposal({"training.schedule": "cosine"}, _("with a decaying learning rate, the loss settles")),
        ),
        causes=(*RULE.causes, "underfitting") if has_bottleneck(record) else None,
    )


RULE = Rule(
    id="loss_oscillation",
    title=N_("The loss does not settle"),
    check=check,
    sources=SOURCES,
    stage="optimization",
    one_task=True,
    causes=(
        "sorted_batches",
        "split_mismatch",
        "bn_tiny_batch",
        "train_eval_mismatch",
        "unnormalized_input",
        "layer_learning_rate",
        "symmetric_init",
        "exploding_activations",
        "exploding_gradients",
        "saturation",
        "lr_too_high",
    ),
    yields_to=("no_signal",),
    on_scores=FORM,
)
