"""DeepDiagnosis: eight symptoms, checked at the end of each epoch.

Wardat, Cruz, Le and Rajan 2022, DeepDiagnosis: Automatically Diagnosing Faults and Recommending Actionable Fixes
in Deep Learning Programs, ICSE; thresholds are those of its repository (DeepDiagnosis/ICSE2022).
"""

from __future__ import annotations

import numpy as np

from benchmarks.diagnosis.alarms import Published
from benchmarks.diagnosis.published import _reading as reading
from reportgen.runs.record import RunRecord

DEAD = 0.7  # share of a ReLU layer's outputs that are not positive, in the last epoch
FLAT = 5.0  # absolute input above which a sigmoid or tanh is saturated
FLAT_SHARE = 0.5
VANISHED = 1e-7  # mean absolute gradient of a layer's weights
SAME_LOSSES, SAME_ACCURACIES = 5, 20  # epochs without any change


def check(record: RunRecord) -> list[str]:
    """Return the symptoms at any probe or epoch; the tool itself stops at the first."""
    accuracy = reading.accuracy(record, "train")
    found = {
        "numerical error": reading.diverged(record) or _all_zero(record),
        "dead node": _dead(record),
        "saturated activation": _saturated(record),
        "vanishing gradient": bool((reading.gradient_rms(record)[1:] < VANISHED).any()),
        "unchanged weights": _unchanged(record),
        "loss not decreasing": _constant(reading.epochs(record, "batch_loss"), SAME_LOSSES),
        "accuracy not increasing": _constant(accuracy, SAME_ACCURACIES) or bool((accuracy == 0).any()),
    }
    return [name for name, fires in found.items() if fires]


def _all_zero(record: RunRecord) -> bool:
    """Return whether a layer's weights or outputs are zero after an epoch."""
    weights = reading.statistic(record, "weight_norm")[1:]
    outputs = reading.statistic(record, "activation_std")[1:] + abs(reading.statistic(record, "activation_mean")[1:])
    return bool((weights == 0).any() or (outputs == 0).any())


def _dead(record: RunRecord) -> bool:
    zeros = reading.statistic(record, "zero_fraction")[-1:]
    return bool((zeros[:, reading.hidden(record, "relu")] >= DEAD).any())


def _saturated(record: RunRecord) -> bool:
    layers = reading.hidden(record, "tanh", "sigmoid")
    return any(bool((reading.beyond(record, layer, -FLAT, FLAT)[1:] > FLAT_SHARE).any()) for layer in layers)


def _unchanged(record: RunRecord) -> bool:
    norms = reading.statistic(record, "weight_norm")
    return bool(len(norms) > 2 and (np.ptp(norms[1:], axis=0) == 0).any())


def _constant(values: np.ndarray, count: int) -> bool:
    """Return whether the value is constant over any of the consecutive blocks of `count` epochs."""
    blocks = [values[start : start + count] for start in range(0, values.size - count + 1, count)]
    return any(bool(np.ptp(block) == 0) for block in blocks)


RULE_SET = Published(
    name="deepdiagnosis",
    title="DeepDiagnosis",
    source="Wardat et al. 2022, ICSE; repository DeepDiagnosis/ICSE2022",
    check=check,
    says={
        "numerical error": ("nan_divergence", "symmetric_init", "exploding_activations", "exploding_gradients"),
        "dead node": ("dead_relu",),
        "saturated activation": ("saturation",),
        "vanishing gradient": ("vanishing_gradients", "vanishing_activations"),
        "unchanged weights": ("lr_too_low", "update_ratio_low", "symmetric_init"),
        "loss not decreasing": ("lr_too_low", "lr_too_high", "no_signal", "underfitting"),
        "accuracy not increasing": ("lr_too_low", "lr_too_high", "no_signal", "underfitting", "class_imbalance"),
    },
    cannot=(
        "layers are probed ten times in a run, not at the end of every epoch",
        "the share of saturated inputs is computed for a normal distribution with the measured moments",
        "the check of the last layer does not apply, since the loss of every network here contains the softmax",
    ),
)
