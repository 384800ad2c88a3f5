"""The training loss swings up and down beyond its noise, and does not settle.

**Statistic.** What the loss gains back on the average late in training, as a standard deviation: over the second half
or the last third, whichever is less, at the horizon (1, 2, 4, ... values) at which it gains most. It is taken where no
draw of examples is: from losses by epoch, where each example counts once, or by step for the full batch. A run of fewer
than six epochs has only its minibatches: there, the means of blocks of steps are compared, and the variance that random
batches alone would give them (von Neumann's differences of neighbouring losses) is subtracted.

**Reference.** More than 5% of what the best constant answer costs, and for blocks at least twice their noise. A loss
that only falls has no swing at all, at any steepness; a minibatch loss that is noisy because its examples are, as at a
batch size of 1, has one of about 1%. A loss that falls by twice what it swings, from the third quarter of training to
the last, is on its way and settles later. It is an alarm where the net is the worse for it: where it does not fit its
training split or is clearly below simple models on validation examples; where the swing is 30% of guessing; or where
the average of the late epochs gets a tenth less right than the best of them, of what these have above the commonest
class. Elsewhere the swing is worth a sentence: answers stay as they are while their certainty moves. Left alone are
nets that fit 90% of their training split throughout the last third of training, whose swings no longer matter (one that
is thrown out of its fit again and again fits by the luck of the last epoch), and schedules that raise the rate again on
purpose: warm restarts and range tests.

**Advice.** Lower the rate tenfold, or let it decay.
"""

from __future__ import annotations

import numpy as np

from reportgen.analysis.diagnosis.evidence.course import ends, finite, restarts, rises
from reportgen.analysis.diagnosis.evidence.learning_rate import lower
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.outcome import FITS, fits, guess_loss
from reportgen.analysis.diagnosis.evidence.swings import still_descending, swing, swing_is_harmful, swing_of_blocks
from reportgen.analysis.diagnosis.evidence.symptoms import in_most, number, percent, words_for_seeds
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.runs.record import RunRecord

MUCH = 0.05
SOURCES = ("stanford-scribe", "csci-497p", "Bottou, Curtis and Nocedal 2018, 4.2", "von Neumann et al. 1941")


def _swing(record: RunRecord) -> float | None:
    """Return the swing of a run that does not settle, None elsewhere."""
    if record.status == "diverged" or rises(record) or restarts(record) or _keeps_its_fit(record):
        return None
    found = swing(record)
    found = swing_of_blocks(record) if np.isnan(found) else found
    return found if found > MUCH * guess_loss(record) and not still_descending(record, found) else None


def _keeps_its_fit(record: RunRecord) -> bool:
    """Return whether the run fits its training split at the end and at every epoch of the last third."""
    late = finite(record.arrays.get("epoch_train_accuracy", ()))[1:]
    reach = FITS * (1 - record.spec.data.label_noise)
    return fits(record) and bool((late[-max(1, late.size // 3) :] >= reach).all())


def _level(record: RunRecord) -> float:
    """Return the loss around which a run ended."""
    columns = (finite(record.arrays.get(name, ())) for name in ("step_loss", "epoch_train_loss"))
    return next(ends(values)[1] for values in columns if values.size)


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where the loss of most seeds does not settle."""
    swings = [_swing(record) for record in evidence.records]
    shown = in_most(evidence.records, swings)
    if not shown:
        return None
    record, seeds = shown[0][0], tuple(r.spec.seed for r, _ in shown)
    size, cost, step = mean([s for _, s in shown]), guess_loss(record), record.steps // 2
    level = mean([_level(r) for r, _ in shown])
    rate, slower = lower(record, "smaller steps")
    harmed = sum(swing_is_harmful(r, found) for r, found in shown)
    return Finding(
        rule=RULE.id,
        severity="warning" if 2 * harmed > len(shown) else "info",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=(),
        step=step,
        evidence={"swing": size, "limit": MUCH * cost, "guess": cost, "last_loss": level},
        message=(
            f"The training loss does not settle: around {number(level)} it swings by {number(size)}, "
            f"{percent(size / cost)} of what guessing costs ({words_for_seeds(seeds, len(swings))}, from step {step})."
        ),
        advice=f"{rate}, or let it decay.",
        sources=SOURCES,
        proposals=(slower, Proposal({"training.schedule": "cosine"}, "a rate that decays lets the loss settle")),
    )


RULE = Rule(
    id="loss_oscillation",
    title="The loss does not settle",
    check=check,
    sources=SOURCES,
    stage="optimization",
    causes=(
        "bn_tiny_batch",
        "train_eval_mismatch",
        "unnormalized_input",
        "symmetric_init",
        "exploding_activations",
        "exploding_gradients",
        "saturation",
        "lr_too_high",
    ),
    yields_to=("no_signal",),
)
