"""AUTOTRAINER: five training problems, detected by gradients and accuracy at the end of each epoch.

Zhang, Zhai, Ma and Shen 2021, AUTOTRAINER: An Automatic DNN Training Problem Detection and Repair System, ICSE;
thresholds are the defaults of its paper and repository (shiningrain/AUTOTRAINER).
"""

from __future__ import annotations

import numpy as np

from benchmarks.diagnosis.alarms import Published
from benchmarks.diagnosis.published import _reading as reading
from reportgen.runs.record import RunRecord

VANISHING_RATIO = 1e-3  # beta 1: ratio of the gradient norms of the first and the last layer
VANISHING_NORM = 1e-4  # beta 2: norm of the first layer's gradient
EXPLODING_RATIO = 70.0  # beta 3: the same ratio
ZERO_GRADIENTS = 0.7  # gamma: share of gradient entries that are exactly zero
SWING = 0.03  # zeta: amplitude of an oscillation of the accuracy
SWINGS = 0.2  # eta: number of such oscillations per epoch
SLOW = 0.01  # delta: largest increase of the accuracy from epoch to epoch
GOOD = 0.7  # Theta: accuracy of a trained network
JUDGED_FROM = 0.3  # share of the epochs after which accuracies count
HUGE_LOSS = 1e5


def check(record: RunRecord) -> list[str]:
    """Return the problem that AUTOTRAINER would name, the first in its order."""
    train, val = reading.accuracy(record, "train"), reading.accuracy(record, "val")
    loss = reading.epochs(record, "val_loss")
    if reading.diverged(record) or bool((loss >= HUGE_LOSS).any()):
        return ["exploding gradient"]
    if train.size == 0 or train.size < JUDGED_FROM * record.spec.training.epochs:
        return []
    slow = _largest_rise(train) < SLOW and _largest_rise(val) < SLOW
    if min(train.max(), val.max()) < GOOD or slow:
        return _unfinished(record, slow)
    return ["oscillating loss"] if _swings(train) >= SWINGS * train.size else []


def _unfinished(record: RunRecord, slow: bool) -> list[str]:
    norms = reading.statistic(record, "weight_gradient_norm")[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = norms[:, 0] / norms[:, -1]
    if (_zero_gradients(record) >= ZERO_GRADIENTS).any():
        return ["dying ReLU"]
    if (ratio > EXPLODING_RATIO).any():
        return ["exploding gradient"]
    if ((ratio < VANISHING_RATIO) & (norms[:, 0] < VANISHING_NORM)).any():
        return ["vanishing gradient"]
    return ["slow convergence"] if slow else []


def _zero_gradients(record: RunRecord) -> np.ndarray:
    """Return the share of weights without gradient at each probe, the weights of connections of dead units."""
    dead = np.nan_to_num(reading.statistic(record, "dead_fraction")[1:], nan=0.0)
    before = np.hstack([np.zeros((len(dead), 1)), dead[:, :-1]])
    dead_weights = 1 - (1 - before) * (1 - dead)
    counts = reading.weight_counts(record)
    return np.asarray((dead_weights * counts).sum(axis=1) / counts.sum())


def _largest_rise(values: np.ndarray) -> float:
    return float(np.diff(values).max(initial=0.0))


def _swings(values: np.ndarray) -> int:
    """Return the number of pairs of a local maximum and a local minimum, in order, that differ by SWING or more."""
    before, at, after = values[:-2], values[1:-1], values[2:]
    high = at[(at >= before) & (at >= after)]
    low = at[(at <= before) & (at <= after)]
    pairs = min(high.size, low.size)
    return int((high[:pairs] - low[:pairs] >= SWING).sum())


RULE_SET = Published(
    name="autotrainer",
    title="AUTOTRAINER",
    source="Zhang et al. 2021, ICSE; defaults of the repository shiningrain/AUTOTRAINER",
    check=check,
    says={
        "vanishing gradient": ("vanishing_gradients", "vanishing_activations", "init_plateau"),
        "exploding gradient": ("exploding_gradients", "exploding_activations", "nan_divergence"),
        "dying ReLU": ("dead_relu", "symmetric_init"),
        "oscillating loss": ("loss_oscillation", "lr_too_high"),
        "slow convergence": ("lr_too_low", "undertrained"),
    },
    cannot=(
        "gradients are known at ten probes of a run, not at the end of every epoch",
        "zero entries of gradients are counted by dead units, not one by one",
    ),
)
