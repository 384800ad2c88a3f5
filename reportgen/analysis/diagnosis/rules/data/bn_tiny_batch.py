"""Batch normalization estimates its statistics from so few examples that their error is as large as the statistics.

**Statistic.** The number of values from which a variance is estimated: the examples of a minibatch, multiplied by the
positions of a channel in a convolution (Ioffe and Szegedy 2015, section 3.2), for the layer with the fewest; the
training loss of the last epochs in train mode (batch statistics) minus the loss in test mode (running statistics); and
whether the network fits the training set and is as good as simple models on validation examples.

**Reference.** The variance of B normal numbers has a relative standard error of sqrt(2 / (B - 1)): 141% for B = 2, 100%
for 3, 82% for 4, 53% for 8 and 25% for 32. For a single value, every normalized activation is zero; for two, it is -1
or 1. The rule reports

- variances of up to 4 values, if the network does not fit the training set or is clearly worse than simple models on
  validation examples (for 4 values, which healthy networks may have, only together with the second condition);
- variances of up to 8 values, if the loss in train mode is higher by 10% of the loss of the best constant prediction.
  Healthy networks with batches of 32 show a difference of 2 to 5%. Dropout and augmentation add noise of their own, so
  this test is skipped with either.

**Severity.** Error for a single value, or if the network learns next to nothing. For information only if the batch
has more than 3 values and only the second condition holds. Otherwise warning.

**Advice.** Use larger batches, or no batch normalization.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from reportgen.analysis.diagnosis.evidence.course import ends, finite
from reportgen.analysis.diagnosis.evidence.outcome import guess_loss, learned_task, stuck
from reportgen.analysis.diagnosis.evidence.symptoms import enough, percent, words_for_layers, words_for_seeds
from reportgen.analysis.diagnosis.layers import batchnorm_sizes, draws, normalizations
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule, Severity
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

LOST, TINY, SMALL = 3, 4, 8
"""Largest numbers of values whose variance is no larger than its error, that count as tiny, and as small."""

COST = 0.1
ENOUGH, LONG_EPOCHS = 16, 2
SOURCES = ("csci-497p", "lecture-review", "Ioffe and Szegedy 2015", "Ioffe 2017", "Wu and He 2018, figure 1")


def _batch(record: RunRecord) -> int:
    """Return the number of examples in a minibatch."""
    examples, batch = int(record.facts.get("train_n", 0)), record.spec.training.batch_size
    return min(batch or examples, examples) if examples else batch


def _size(record: RunRecord) -> int:
    """Return the smallest number of values from which a variance is estimated, 0 without batch normalization."""
    return min((size for _, size in batchnorm_sizes(record, _batch(record))), default=0)


def _layers(record: RunRecord) -> tuple[int, ...]:
    """Return the layers whose variances are estimated from few values."""
    small = {layer for layer, size in batchnorm_sizes(record, _batch(record)) if size <= SMALL and layer is not None}
    return tuple(layer + 1 for layer in sorted(small))


def _cost(record: RunRecord) -> float:
    """Return the excess of the late training loss in train mode, as a share of the loss of guessing; NaN if unknown."""
    network, training = record.spec.network, record.spec.training
    trained, tested = (finite(record.arrays.get(f"epoch_{name}", ())) for name in ("batch_loss", "train_loss"))
    count = min(trained.size, tested.size - 1)
    noisy = training.augment is not None or draws(network)
    if count < 1 or noisy or any(norm.test_mode == "batch" for norm in normalizations(network)):
        return math.nan
    late = -(-count // 2)
    cost = float((trained[-late:] - tested[-late:]).mean())
    steps = finite(record.arrays.get("step_loss", ()))
    if count <= LONG_EPOCHS and steps.size:  # the mean over a long epoch contains the losses from before its steps
        cost = min(cost, ends(steps)[1] - float(tested[-1]))
    return cost / guess_loss(record)


def _noisy(record: RunRecord) -> bool:
    """Return whether the batches are small and harm the network."""
    if record.steps == 0 or not normalizations(record.spec.network) or not 0 < _size(record) <= SMALL:
        return False
    return _cost(record) > COST or _harmed(record)


def _harmed(record: RunRecord) -> bool:
    """Return whether the batches are tiny and the network does not learn its task."""
    if _size(record) > TINY or learned_task(record):
        return False
    return _size(record) <= LOST or _cost(record) > COST


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if the statistics of small batches harm most seeds."""
    shown = [record for record in evidence.records if _noisy(record)]
    if not enough(len(shown), len(evidence.records)):
        return None
    record, size = shown[0], _size(shown[0])
    seeds, layers = tuple(r.spec.seed for r in shown), _layers(record)
    costs = np.array([_cost(r) for r in shown])
    cost = float(np.nanmean(costs)) if np.isfinite(costs).any() else None
    error = math.sqrt(2 / (size - 1)) if size > 1 else None
    return RULE.finding(
        evidence,
        severity=_severity(shown),
        seeds=seeds,
        layers=layers,
        step=1,
        evidence={
            "batch_size": _batch(record),
            "values": size,
            "relative_error_of_variance": error,
            "cost_of_train_mode": cost,
            "limit": COST,
        },
        message=_("{words} ({seeds}, {layers}, from step 1).").format(
            words=_words(size, _batch(record), error, cost),
            seeds=words_for_seeds(seeds, len(evidence.records)),
            layers=words_for_layers(layers),
        ),
        advice=_("Use batches of {enough} examples or more, or remove batch normalization.").format(enough=ENOUGH),
        proposals=(
            Proposal({"training.batch_size": ENOUGH}, _("statistics from more examples")),
            Proposal({"network.batchnorm": False}, _("no batch statistics")),
        ),
    )


def _severity(shown: Sequence[RunRecord]) -> Severity:
    size = _size(shown[0])
    if size > LOST and not enough(sum(_harmed(record) for record in shown), len(shown)):
        return "info"
    return "error" if size == 1 or all(stuck(record) for record in shown) else "warning"


def _words(size: int, batch: int, error: float | None, cost: float | None) -> str:
    if error is None:
        return _("Batch normalization over a single example sets every activation to zero before scale and shift")
    values = _("examples") if size == batch else _("values")
    text = _("Batch normalization estimates variances from {size} {values}, with a relative error of {error}").format(
        size=size, values=values, error=percent(error)
    )
    return (
        text
        if cost is None
        else _("{text}; train mode raises the loss by {cost} of the loss of guessing").format(
            text=text, cost=percent(cost)
        )
    )


RULE = Rule(
    id="bn_tiny_batch",
    title=N_("Batch normalization over too few examples"),
    check=check,
    sources=SOURCES,
    stage="data",
    kinds=("network.batchnorm",),
)
