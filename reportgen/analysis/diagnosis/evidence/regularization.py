"""How strongly penalties, weight decay and dropout act in a run, by what its record shows.

**Penalties.** Scaling all weights up by a small share e changes the cost by e (dL + 2 P) for the L2 penalty P (by
e (dL + P) for L1), and at a minimum of the cost that is nothing. So 2 P / L is the share of the data loss L that one
such scaling gains per e: what the penalty costs, by the envelope theorem, without another run.

**Weight decay** of an optimizer's own has no penalty to read. It shows in weights that end smaller than they began,
where training alone lets them grow: the product over layers of the norm's ratio is how much smaller an output has
become that goes through them all. Strong penalties show there too: weights that are pulled to nothing have none left.

**Dropout** shows in the difference of training loss with and without it, both at the end: over the whole of an only
epoch the loss falls by itself. What it keeps is scaled up, by 1 / (1 - rate),
which multiplies mean squares by as much in each layer: in deep nets that alone can put the loss of a batch beyond
reason before the first step, though the same weights give a common loss without masks.

Layers with batch normalization are left out: the size of their weights does not matter to what they compute. It does
to how fast they learn: a step of the same size turns weights of half the size twice as far, with gradients twice as
large besides (van Laarhoven 2017; Hoffer et al. 2018). A strong penalty there makes a fitting rate too high.
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
from reportgen.runs.record import RunRecord

Array = NDArray[np.float64]

COSTS = 0.1
"""The share of the data loss that a scaling of the weights would gain, from which on a penalty holds it back."""

SHRUNK = 0.5
"""The product of the layers' norms, as a share of that before training, below which weights have been pulled in."""

NOISE = 0.1
"""The share of the loss of guessing that dropout adds to the training loss, from which on it is a burden."""

MOST_DROPPED = 0.8
"""The rate from which on a layer keeps too little of itself for the loss to show a difference."""


FALLING = 0.1
"""The share by which a loss falls over the last quarter of training that has not come to a minimum."""

INFLATED = 5.0
"""How many times its loss without masks, or that of guessing, a first batch may cost under dropout."""

FEW_KEPT = 0.1
"""The product over layers of what dropout keeps, below which its outputs say little of the network's."""


def penalty_limits_fit(record: RunRecord) -> bool:
    """Return whether L2, L1 or weight decay keeps the weights from what the data loss asks for."""
    if not _penalized(record):
        return False
    arrived = not still_falling(record, FALLING)  # what the penalty costs can be read at a minimum alone
    return (arrived and cost_of_penalty(record) >= COSTS) or shrinkage(record) <= SHRUNK


def penalty_shrinks(record: RunRecord) -> bool:
    """Return whether L2, L1 or weight decay has pulled the weights in, where training alone lets them grow."""
    return _penalized(record) and shrinkage(record) <= SHRUNK


def penalty_raises_rate(record: RunRecord) -> bool:
    """Return whether a penalty has pulled in weights under batch normalization, in most such layers to half of them."""
    return _penalized(record) and float(np.median(batchnorm_shrinkage(record))) <= SHRUNK


def batchnorm_shrinkage(record: RunRecord) -> Array:
    """Return the weights' norm at the end over that before training, of layers under batch normalization; 1 if none."""
    normalized = np.array([layer.batchnorm is not None for layer in record.spec.network.layers])
    if not normalized.any() or not probed([record]):
        return np.ones(1)
    norms = np.asarray(record.statistic("weight_norm"), np.float64)[:, normalized]
    with np.errstate(all="ignore"):
        ratios = norms[-1] / norms[0]
    known = ratios[np.isfinite(ratios)]
    return np.asarray(known) if known.size else np.ones(1)


def _penalized(record: RunRecord) -> bool:
    training = record.spec.training
    return bool(training.l2 or training.l1 or weight_decay(record.spec))


def cost_of_penalty(record: RunRecord) -> float:
    """Return 2 P / L at the end, for the penalty P and the data loss L; 0 with batch normalization."""
    penalties, losses = (np.asarray(record.arrays.get(f"epoch_{name}", ())) for name in ("penalty", "train_loss"))
    if not len(penalties) or not len(losses) or any(layer.batchnorm for layer in record.spec.network.layers):
        return 0.0
    return float(2 * penalties[-1] / max(losses[-1], 1e-12))


def shrinkage(record: RunRecord) -> float:
    """Return the product over layers of the weights' norm at the end over that before training; 1 if unknown."""
    if not probed([record]):
        return 1.0
    norms = np.asarray(record.statistic("weight_norm"), np.float64)
    bare = np.array([layer.batchnorm is None for layer in record.spec.network.layers])
    with np.errstate(all="ignore"):
        ratios = norms[-1][bare] / norms[0][bare]
    return float(np.prod(ratios[np.isfinite(ratios)]))


def dropout_rate(record: RunRecord) -> float:
    """Return the largest rate of a layer."""
    return max((layer.dropout.rate for layer in record.spec.network.layers if layer.dropout), default=0.0)


def dropout_limits_fit(record: RunRecord) -> bool:
    """Return whether dropout makes the training loss much larger than it is without, or drops nearly everything."""
    rate = dropout_rate(record)
    return rate > 0 and (rate >= MOST_DROPPED or cost_of_dropout(record) >= NOISE)


def dropout_inflates_loss(record: RunRecord) -> bool:
    """Return whether dropout alone multiplies the loss before the first step, or puts it beyond reason."""
    noisy, clean = (np.asarray(record.arrays.get(name, ())) for name in ("step_loss", "epoch_train_loss"))
    if not dropout_rate(record) or not len(noisy) or not len(clean):
        return False
    limit = INFLATED * max(float(clean[0]), guess_loss(record))
    return bool(clean[0] < plausible_loss(record) and not noisy[0] < min(limit, plausible_loss(record)))


def dropout_unscaled(record: RunRecord) -> bool:
    """Return whether outputs under dropout's masks are nearer to what unscaled masks leave than to those without masks.

    Scores in test mode, and looks, are then of another network than the one that is trained. So they are where masks
    leave next to nothing, whatever the outputs; elsewhere outputs of the other sign, or far smaller ones, are no sign.
    """
    kept, scale = keep_probability(record), float(record.facts.get("train_mode_scale", math.nan))
    return scale < math.sqrt(kept) and (scale > kept**2 or kept < FEW_KEPT)


def keep_probability(record: RunRecord) -> float:
    """Return the product over layers of the shares of units that dropout keeps."""
    return math.prod(1 - layer.dropout.rate for layer in record.spec.network.layers if layer.dropout)


def cost_of_dropout(record: RunRecord) -> float:
    """Return how far the training loss in train mode lies above that in test mode, as a share of guessing."""
    noisy, clean = (np.asarray(record.arrays.get(f"epoch_{name}", ())) for name in ("batch_loss", "train_loss"))
    if len(noisy) < 2 or len(clean) < 2:
        return 0.0
    batches = min(float(noisy[-1]), _last_batches(record))
    return float((batches - clean[-1]) / max(guess_loss(record), 1e-12))


def _last_batches(record: RunRecord) -> float:
    """Return the mean loss of the last steps where an epoch is more than these; infinite where it is not."""
    losses = finite(record.arrays.get("step_loss", ()))
    epochs = len(record.arrays.get("epoch_batch_loss", ())) - 1
    return ends(losses)[1] if losses.size and epochs < LAST else math.inf
