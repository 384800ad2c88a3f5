"""UMLAUT: heuristics on program and training curves.

Schoop, Huang and Hartmann 2021, UMLAUT: Debugging Deep Learning Programs using Program Structure and Model Behavior,
CHI; thresholds are those of its repository (BerkeleyHCI/umlaut, commit 68c2a02).
"""

from __future__ import annotations

import numpy as np

from benchmarks.diagnosis.alarms import Published
from benchmarks.diagnosis.published import _reading as reading
from reportgen.runs.record import RunRecord

INPUT_LIMIT = 1.0  # inputs should be in [-1, 1]
MOST_RATE, LEAST_RATE = 0.01, 1e-7
JUDGED_FROM = 3  # epochs before accuracies count
HIGH_ACCURACY = 0.95
ABOVE_TRAINING = 0.05
MOST_DROPOUT = 0.5


def check(record: RunRecord) -> list[str]:
    """Return the heuristics that fire at any epoch."""
    found = {
        "input exceeds limits": _input(record),
        "NaN in loss": reading.diverged(record),
        "learning rate out of range": not LEAST_RATE <= record.spec.training.lr <= MOST_RATE,
        "overfitting": _overfitting(record),
        "suspicious validation accuracy": _suspicious(record),
        "missing activation": bool(reading.hidden(record, "identity")),
        "high dropout": any((layer.dropout.rate if layer.dropout else 0) > MOST_DROPOUT for layer in _layers(record)),
    }
    return [name for name, fires in found.items() if fires]


def _layers(record: RunRecord):  # type: ignore[no-untyped-def]
    return record.spec.network.layers


def _input(record: RunRecord) -> bool:
    """Return whether mean plus or minus two standard deviations is outside the range."""
    mean, std = float(record.facts["input_mean"]), float(record.facts["input_std"])
    return abs(mean) + 2 * std > INPUT_LIMIT


def _overfitting(record: RunRecord) -> bool:
    """Return whether the validation loss increased in any epoch in which the training loss did not."""
    train, val = reading.epochs(record, "batch_loss"), reading.epochs(record, "val_loss")
    return bool(((np.diff(val) > 0) & (np.diff(train) <= 0)).any())


def _suspicious(record: RunRecord) -> bool:
    train, val = reading.accuracy(record, "train")[JUDGED_FROM:], reading.accuracy(record, "val")[JUDGED_FROM:]
    return bool(((val > HIGH_ACCURACY) | (val - train > ABOVE_TRAINING)).any())


RULE_SET = Published(
    name="umlaut",
    title="UMLAUT",
    source="Schoop, Huang and Hartmann 2021, CHI; repository BerkeleyHCI/umlaut",
    check=check,
    says={
        "input exceeds limits": ("unnormalized_input",),
        "NaN in loss": ("nan_divergence",),
        "learning rate out of range": ("lr_too_high", "lr_too_low"),
        "overfitting": ("overfitting",),
        "suspicious validation accuracy": ("train_eval_mismatch",),
        "missing activation": ("missing_nonlinearity",),
        "high dropout": ("over_regularization",),
    },
    cannot=(
        "records lack minimum and maximum of the inputs; mean plus or minus two standard deviations replace them",
        "checks of the program (image shape, type of the input, softmax before the loss) do not apply here",
    ),
)
