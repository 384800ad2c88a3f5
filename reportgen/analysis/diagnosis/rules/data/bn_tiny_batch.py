"""Batch normalization takes its statistics from so few examples that their noise is as large as they are.

**Statistic.** How many examples a minibatch has; the training loss of the last epochs in train mode, with the batch's
own statistics, less that in test mode, with running ones; and whether the net fits its training split, and keeps up
with simple models on validation examples.

**Reference.** The variance of B normal numbers has the relative standard error sqrt(2 / (B - 1)): 141% at B = 2, 100%
at 3, 82% at 4, 53% at 8, 25% at 32. With one example a normalized activation is zero whatever comes in, and with two it
is -1 or 1. Batches of at most 4, whose error is about as large as the variance itself, are an alarm where the net does
not fit its training split, or is clearly below simple models on validation examples. Up to 3 examples, where the error
is no smaller than the variance, they are one too where train mode costs more than test mode by 10% of what the best
constant answer costs, however the net ends. Between 4 and 8 such a cost is a note: what the noise costs there is paid
in train mode alone. Dropout and augmentation add a noise of their own, and the cost of train mode is not judged then.
Healthy nets with batches of 32 show a difference of 2 to 5%.

**Advice.** A larger batch; or no batch normalization.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from reportgen.analysis.diagnosis.evidence.course import finite
from reportgen.analysis.diagnosis.evidence.outcome import guess_loss, learned_task, stuck
from reportgen.analysis.diagnosis.evidence.symptoms import enough, number, percent, words_for_layers, words_for_seeds
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule, Severity
from reportgen.runs.record import RunRecord

LOST, TINY, SMALL = 3, 4, 8
"""Examples up to which the variance is lost in its error, those of a tiny batch, and of a small one."""

COST = 0.1
ENOUGH = 16
SOURCES = ("csci-497p", "lecture-review", "Ioffe and Szegedy 2015", "Ioffe 2017", "Wu and He 2018, figure 1")


def _size(record: RunRecord) -> int:
    """Return how many examples a minibatch has."""
    examples, batch = int(record.facts.get("train_n", 0)), record.spec.training.batch_size
    return min(batch or examples, examples) if examples else batch


def _layers(record: RunRecord) -> tuple[int, ...]:
    return tuple(i + 1 for i, layer in enumerate(record.spec.network.layers) if layer.batchnorm)


def _cost(record: RunRecord) -> float:
    """Return by how much the late training loss is higher in train mode, of that of guessing; NaN where unknown."""
    layers, training = record.spec.network.layers, record.spec.training
    trained, tested = (finite(record.arrays.get(f"epoch_{name}", ())) for name in ("batch_loss", "train_loss"))
    count = min(trained.size, tested.size - 1)
    noisy = training.augment is not None or any(layer.dropout for layer in layers)
    if count < 1 or noisy or any(layer.batchnorm and layer.batchnorm.test_mode == "batch" for layer in layers):
        return math.nan
    late = -(-count // 2)
    return float((trained[-late:] - tested[-late:]).mean() / guess_loss(record))


def _noisy(record: RunRecord) -> bool:
    """Return whether batches are small and cost the net something."""
    if record.steps == 0 or not _layers(record) or not 0 < _size(record) <= SMALL:
        return False
    return _cost(record) > COST or _harmed(record)


def _harmed(record: RunRecord) -> bool:
    """Return whether the net of a tiny batch does badly where it is tested."""
    return _size(record) <= TINY and not learned_task(record)


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where most seeds suffer from the statistics of small batches."""
    shown = [record for record in evidence.records if _noisy(record)]
    if not shown or not enough(len(shown), len(evidence.records)):
        return None
    record, size = shown[0], _size(shown[0])
    seeds, layers = tuple(r.spec.seed for r in shown), _layers(record)
    costs = np.array([_cost(r) for r in shown])
    cost = float(np.nanmean(costs)) if np.isfinite(costs).any() else None
    error = math.sqrt(2 / (size - 1)) if size > 1 else None
    return Finding(
        rule=RULE.id,
        severity=_severity(shown),
        variant=evidence.variant.id,
        seeds=seeds,
        layers=layers,
        step=1,
        evidence={"batch_size": size, "relative_error_of_variance": error, "cost_of_train_mode": cost, "limit": COST},
        message=f"{_words(size, error, cost)} ({words_for_seeds(seeds, len(evidence.records))}, "
        f"{words_for_layers(layers)}, from step 1).",
        advice=f"Take batches of {ENOUGH} or more, or leave batch normalization out.",
        sources=SOURCES,
        proposals=(
            Proposal({"training.batch_size": ENOUGH}, "statistics of more examples"),
            Proposal({"network.batchnorm": False}, "no statistics of batches"),
        ),
    )


def _severity(shown: Sequence[RunRecord]) -> Severity:
    size = _size(shown[0])
    if size > LOST and not enough(sum(_harmed(record) for record in shown), len(shown)):
        return "info"
    return "error" if size == 1 or all(stuck(record) for record in shown) else "warning"


def _words(size: int, error: float | None, cost: float | None) -> str:
    if error is None:
        return (
            "Batch normalization over one example makes every activation zero before scale and shift: no input passes"
        )
    text = f"Batch normalization takes variances from {size} examples, with a relative error of {percent(error)}"
    if error > 1:
        text = f"Batch normalization takes variances from {size} examples, with an error of {number(error)} times them"
    return text if cost is None else f"{text}; in train mode the loss is higher by {percent(cost)} of guessing's"


RULE = Rule(
    id="bn_tiny_batch",
    title="Batch normalization over too few examples",
    check=check,
    sources=SOURCES,
    stage="data",
)
