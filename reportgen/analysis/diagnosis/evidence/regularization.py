"""The strength of penalties, weight decay and dropout in a run.

**Penalties.** Scaling all weights by 1 + e changes the cost by e (dL + 2 P) for an L2 penalty P (by e (dL + P) for L1),
which is 0 at a minimum of the cost. So 2 P / L is the relative change of the data loss L per e: the cost of the penalty
by the envelope theorem, without another run.

**Weight decay** of an optimizer has no penalty term. It is visible in weights that end smaller than they started,
whereas training alone increases them. The product over layers of the ratio of norms is the factor by which it shrinks
the output of the network. Strong penalties are also visible there. Residual branches are excluded, because the signal
also passes by them.

**Dropout** is visible in the difference of the final training loss with and without it. It scales the remaining units
by 1 / (1 - rate), which multiplies mean squares by the same factor in each layer. In deep networks, this alone can make
the loss of a batch implausible before the first step.

**Stochastic depth** drops whole residual branches and is visible like dropout. **Label smoothing** raises the smallest
possible loss: a share near the loss of guessing leaves next to nothing to be learned.

Layers with normalization, of batches or of examples, are excluded, because the size of their weights does not change
their output. But it changes the effective learning rate: a step of the same size rotates weights of half the size twice
as far, and their gradients are twice as large (van Laarhoven 2017; Hoffer et al. 2018). A strong penalty can thus make
a suitable learning rate too high.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.course import LAST, ends, finite, plausible_loss
from reportgen.analysis.diagnosis.evidence.curves import still_falling
from reportgen.analysis.diagnosis.evidence.outcome import guess_loss
from reportgen.analysis.diagnosis.evidence.siblings import weight_decay
from reportgen.analysis.diagnosis.evidence.symptoms import probed
from reportgen.analysis.diagnosis.layers import dropouts, has_normalization, in_branches, rate_factors
from reportgen.engine.network_spec import normalizes
from reportgen.engine.tables.losses import least_of
from reportgen.runs.record import RunRecord

Array = NDArray[np.float64]

COSTS = 0.1
"""A penalty limits the fit from this relative change of the data loss per scaling of the weights."""

SHRUNK = 0.5
"""Weights have shrunk if the product of their norms is below this share of its initial value."""

DOMINATES = 10.0
"""A penalty dominates from this multiple of the loss of guessing on: a perfect fit is worth a tenth of it."""

LOST = 0.1
"""Least rise of the losses that a penalty undoes, as a share of the loss of guessing."""

NOISE = 0.1
"""Dropout limits the fit if it adds this share of the loss of guessing to the training loss."""

MOST_DROPPED = 0.8
"""From this rate on, dropout and stochastic depth limit the fit whatever the losses."""

MOST_SMOOTHED = 0.9
"""From this share of the loss of guessing on that no network can learn, label smoothing limits the fit."""

FALLING = 0.1
"""A loss that decreases by this share over the last quarter of training is not at a minimum."""

INFLATED, INFLATED_BY_STRONG = 5.0, 2.0
"""Largest loss of the first batch with dropout, and with dropout that limits the fit at any loss, in multiples of the
loss without dropout or of guessing."""

FEW_KEPT = 0.1
"""Below this product of keep probabilities, outputs with dropout hardly depend on the outputs without."""


def penalty_limits_fit(record: RunRecord) -> bool:
    """Return whether L2, L1 or weight decay keeps the weights from fitting the data."""
    if not _penalized(record):
        return False
    at_minimum = not still_falling(record, FALLING)  # the cost of the penalty is known only at a minimum
    return (at_minimum and cost_of_penalty(record) >= COSTS) or shrinkage(record) <= SHRUNK


def penalty_shrinks(record: RunRecord) -> bool:
    """Return whether L2, L1 or weight decay has shrunk the weights, which training alone increases."""
    return _penalized(record) and shrinkage(record) <= SHRUNK


def penalty_dominates(record: RunRecord) -> bool:
    """Return whether an L2 or L1 penalty exceeded the loss of guessing by far before training and shrank the weights.

    Such a penalty undoes what the network learns at any learning rate, except under normalization.
    """
    if has_normalization(record.spec.network):
        return False
    penalties = np.asarray(record.arrays.get("epoch_penalty", ()), np.float64)
    return bool(penalties.size and penalties[0] >= DOMINATES * guess_loss(record)) and penalty_shrinks(record)


def lost_to_penalty(record: RunRecord) -> tuple[float, float] | None:
    """Return the lowest and the last training loss by epoch if a dominant penalty undid progress, otherwise None.

    The last losses in training and in validation exceed the lowest ones by a tenth of the loss of guessing.
    """
    if not penalty_dominates(record):
        return None
    train, val = (finite(record.arrays.get(f"epoch_{split}_loss", ())) for split in ("train", "val"))
    least = LOST * guess_loss(record)
    if any(losses.size < 2 or losses[-1] - losses.min() < least for losses in (train, val)):
        return None
    return float(train.min()), float(train[-1])


def penalty_raises_rate(record: RunRecord) -> bool:
    """Return whether a penalty has halved the weights of most layers with normalization."""
    return _penalized(record) and float(np.median(normalized_shrinkage(record))) <= SHRUNK


def normalized_shrinkage(record: RunRecord) -> Array:
    """Return final over initial weight norm for layers with normalization, 1 if there are none."""
    kept = _kept_norms(record, normalized=True)
    return kept if kept.size else np.ones(1)


def _kept_norms(record: RunRecord, normalized: bool) -> Array:
    """Return the finite ratios of final to initial weight norm for the layers with or without normalization."""
    if not probed([record]):
        return np.zeros(0)
    chosen = np.array([normalizes(layer) == normalized for layer in record.spec.network.layers])
    chosen &= normalized | ~in_branches(record)
    norms = np.asarray(record.statistic("weight_norm"), np.float64)[:, chosen]
    with np.errstate(all="ignore"):
        ratios = norms[-1] / norms[0]
    return np.asarray(ratios[np.isfinite(ratios)])


def _penalized(record: RunRecord) -> bool:
    training = record.spec.training
    return bool(training.l2 or training.l1 or weight_decay(record.spec))


def cost_of_penalty(record: RunRecord) -> float:
    """Return 2 P / L at the end for the penalty P of the weights that learn and data loss L, 0 with normalization."""
    penalties, losses = (np.asarray(record.arrays.get(f"epoch_{name}", ())) for name in ("penalty", "train_loss"))
    if not len(penalties) or not len(losses) or has_normalization(record.spec.network):
        return 0.0
    return float(2 * _learning_share(record) * penalties[-1] / max(losses[-1], 1e-12))


def _learning_share(record: RunRecord) -> float:
    """Return the share of the squared weights in layers that learn: no penalty moves a layer with a rate of 0."""
    learns = rate_factors(record) > 0
    if learns.all() or not probed([record]) or "probe_weight_norm" not in record.arrays:
        return 1.0
    squares = np.asarray(record.statistic("weight_norm"), np.float64)[-1] ** 2
    return float(squares[learns].sum() / max(squares.sum(), 1e-300))


def shrinkage(record: RunRecord) -> float:
    """Return the product over layers of final over initial weight norm, 1 if unknown."""
    return float(np.prod(_kept_norms(record, normalized=False)))


def dropout_rate(record: RunRecord) -> float:
    """Return the largest dropout rate of a layer."""
    return max((dropout.rate for dropout in dropouts(record.spec.network)), default=0.0)


def branch_drop_rate(record: RunRecord) -> float:
    """Return the largest probability with which stochastic depth drops a residual branch."""
    drops = (layer.branch_drop for layer in record.spec.network.layers)
    return max((1 - drop.survival for drop in drops if drop is not None), default=0.0)


def dropout_limits_fit(record: RunRecord) -> bool:
    """Return whether dropout or stochastic depth increases the training loss or drops nearly everything."""
    rate = max(dropout_rate(record), branch_drop_rate(record))
    return rate > 0 and (rate >= MOST_DROPPED or cost_of_dropout(record) >= NOISE)


def smoothing_limits_fit(record: RunRecord) -> bool:
    """Return whether label smoothing leaves next to nothing of the loss of guessing to be learned."""
    return cost_of_smoothing(record) >= MOST_SMOOTHED


def cost_of_smoothing(record: RunRecord) -> float:
    """Return the smallest possible loss with label smoothing, as a share of the loss of guessing."""
    least = least_of(record.spec.training.loss, record.spec.network.layers[-1].units)
    return float(least / max(guess_loss(record), 1e-12))


def dropout_inflates_loss(record: RunRecord) -> bool:
    """Return whether dropout alone multiplies the loss before the first step or makes it implausible."""
    noisy, clean = (np.asarray(record.arrays.get(name, ())) for name in ("step_loss", "epoch_train_loss"))
    if not dropout_rate(record) or not len(noisy) or not len(clean):
        return False
    times = INFLATED_BY_STRONG if dropout_rate(record) >= MOST_DROPPED else INFLATED
    limit = times * max(float(clean[0]), guess_loss(record))
    return bool(clean[0] < plausible_loss(record) and not noisy[0] < min(limit, plausible_loss(record)))


def dropout_unscaled(record: RunRecord) -> bool:
    """Return whether outputs with dropout indicate that the remaining units are not scaled.

    The factor to the outputs without dropout is then closer to the keep probability than to 1 on a logarithmic scale.
    Factors below the square of the keep probability are ignored, unless dropout keeps next to nothing.
    """
    kept, scale = keep_probability(record), float(record.facts.get("train_mode_scale", math.nan))
    return scale < math.sqrt(kept) and (scale > kept**2 or kept < FEW_KEPT)


def keep_probability(record: RunRecord) -> float:
    """Return the product of the keep probabilities over layers."""
    return math.prod(1 - dropout.rate for dropout in dropouts(record.spec.network))


def cost_of_dropout(record: RunRecord) -> float:
    """Return the excess training loss in train mode over test mode, as a share of the loss of guessing."""
    noisy, clean = (np.asarray(record.arrays.get(f"epoch_{name}", ())) for name in ("batch_loss", "train_loss"))
    if len(noisy) < 2 or len(clean) < 2:
        return 0.0
    batches = min(float(noisy[-1]), _last_batches(record))
    return float((batches - clean[-1]) / max(guess_loss(record), 1e-12))


def _last_batches(record: RunRecord) -> float:
    """Return the mean loss of the last steps if an epoch is longer, otherwise infinity."""
    losses = finite(record.arrays.get("step_loss", ()))
    epochs = len(record.arrays.get("epoch_batch_loss", ())) - 1
    return ends(losses)[1] if losses.size and epochs < LAST else math.inf
