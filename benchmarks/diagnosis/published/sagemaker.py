"""SageMaker Debugger: the built-in rules for deep learning, with their documented default thresholds.

Amazon SageMaker Developer Guide, List of Debugger built-in rules
(https://docs.aws.amazon.com/sagemaker/latest/dg/debugger-built-in-rules.html).
"""

from __future__ import annotations

import numpy as np

from benchmarks.diagnosis.alarms import Published
from benchmarks.diagnosis.published import _reading as reading
from reportgen.runs.record import RunRecord

VANISHED = 1e-7  # VanishingGradient: mean absolute gradient
DEAD_LAYER = 0.5  # DeadRelu: share of a layer's units that are active in less than 1%
VARIANCE_RATIO = 10.0  # PoorWeightInitialization: ratio of the largest to the smallest variance of the layers' inputs
GRADIENT_RANGE = 1e-3  # PoorWeightInitialization: distance of the 5th and 95th percentiles of a gradient
FIRST_STEPS = 10  # PoorWeightInitialization: number of checked steps
TANH_FLAT, SIGMOID_LOW, SIGMOID_HIGH = 9.4999, -23.0, 16.99999  # SaturatedActivation
FLAT_SHARE = 0.5
LARGE_UPDATE, SMALL_UPDATE = 10.0, 1e-8  # WeightUpdateRatio
LEAST_FALL = 0.001  # LossNotDecreasing: over LOSS_STEPS steps
LOSS_STEPS = 10
OVERFIT_RATIO, OVERFIT_PATIENCE = 0.1, 1  # Overfit
TRAIN_PATIENCE, VAL_PATIENCE, OPTIMUM = 5, 10, 0.01  # Overtraining
SAME_STEPS, RTOL, ATOL = 3, 1e-5, 1e-8  # UnchangedTensor, on losses
IMBALANCE, MISPREDICTED, LEAST_LABELS = 10.0, 0.7, 500  # ClassImbalance
IMAGE_MEAN, LEAST_IMAGES = 0.2, 500  # CheckInputImages


def check(record: RunRecord) -> list[str]:
    """Return the rules that fire at any step."""
    found = {
        "VanishingGradient": bool((reading.gradient_rms(record) < VANISHED).any()),
        "ExplodingTensor": reading.diverged(record),
        "PoorWeightInitialization": _poor_init(record),
        "SaturatedActivation": _saturated(record),
        "DeadRelu": bool((_relu(record, "dead_fraction") > DEAD_LAYER).any()),
        "WeightUpdateRatio": _update_ratio(record),
        "AllZero": bool((reading.statistic(record, "weight_norm") == 0).any()),
        "ClassImbalance": _imbalance(record),
        "LossNotDecreasing": _loss_not_decreasing(record),
        "Overfit": _overfit(record),
        "Overtraining": _overtraining(record),
        "UnchangedTensor": _unchanged(record),
        "CheckInputImages": _images(record),
    }
    return [name for name, fires in found.items() if fires]


def _relu(record: RunRecord, name: str) -> np.ndarray:
    return reading.statistic(record, name)[:, reading.hidden(record, "relu")]


def _poor_init(record: RunRecord) -> bool:
    """Return whether variances differ widely or a gradient has a narrow distribution in the first steps."""
    if "probe_step" not in record.arrays or record.layers < 2:
        return False
    early = record.probe_steps <= FIRST_STEPS
    variance = reading.statistic(record, "preactivation_std")[early][:, :-1] ** 2
    width = 3.29 * reading.gradient_rms(record)[early]  # distance of these percentiles for a normal distribution
    low, high = variance.min(axis=1), variance.max(axis=1)
    return bool((high > VARIANCE_RATIO * low).any() or (width < GRADIENT_RANGE).any())


def _saturated(record: RunRecord) -> bool:
    shares = [reading.beyond(record, layer, -TANH_FLAT, TANH_FLAT) for layer in reading.hidden(record, "tanh")]
    shares += [reading.beyond(record, layer, SIGMOID_LOW, SIGMOID_HIGH) for layer in reading.hidden(record, "sigmoid")]
    return any(bool((share > FLAT_SHARE).any()) for share in shares)


def _update_ratio(record: RunRecord) -> bool:
    ratio = reading.statistic(record, "update_ratio")
    return bool(((ratio > LARGE_UPDATE) | (ratio < SMALL_UPDATE)).any())


def _imbalance(record: RunRecord) -> bool:
    counts = np.asarray(record.facts["class_counts"], float)
    if counts.sum() >= LEAST_LABELS and counts.max() > IMBALANCE * counts.min():
        return True
    if "val_probabilities" not in record.arrays:
        return False
    labels = record.arrays["val_labels"]
    wrong = np.argmax(record.arrays["val_probabilities"], axis=1) != labels
    return any(bool(wrong[labels == label].mean() > MISPREDICTED) for label in set(labels.tolist()))


def _loss_not_decreasing(record: RunRecord) -> bool:
    loss = np.asarray(record.arrays.get("step_loss", ()), float)[::LOSS_STEPS]
    return bool((loss[1:] > (1 - LEAST_FALL) * loss[:-1]).any())


def _overfit(record: RunRecord) -> bool:
    train, val = reading.epochs(record, "train_loss"), reading.epochs(record, "val_loss")
    over = (val - train) > OVERFIT_RATIO * train
    return bool((over[1:] & over[:-1]).any()) if over.size > OVERFIT_PATIENCE else False


def _overtraining(record: RunRecord) -> bool:
    columns = (("train_loss", TRAIN_PATIENCE), ("val_loss", VAL_PATIENCE))
    return all(_has_stalled(reading.epochs(record, column), patience) for column, patience in columns)


def _has_stalled(loss: np.ndarray, patience: int) -> bool:
    """Return whether more than `patience` consecutive epochs have no new optimum."""
    best, waited = np.inf, 0
    for value in loss:
        waited = 0 if value < best - OPTIMUM else waited + 1
        best = min(best, value)
        if waited > patience:
            return True
    return False


def _unchanged(record: RunRecord) -> bool:
    loss = np.asarray(record.arrays.get("step_loss", ()), float)
    same = np.isclose(loss[1:], loss[:-1], rtol=RTOL, atol=ATOL)
    return bool((same[1:] & same[:-1]).any()) if loss.size >= SAME_STEPS else False


def _images(record: RunRecord) -> bool:
    if record.facts.get("image_shape") is None or record.facts["train_n"] < LEAST_IMAGES:
        return False
    return abs(float(record.facts["input_mean"])) > IMAGE_MEAN


RULE_SET = Published(
    name="sagemaker",
    title="SageMaker Debugger",
    source="Amazon SageMaker Developer Guide, List of Debugger built-in rules",
    check=check,
    says={
        "VanishingGradient": ("vanishing_gradients", "vanishing_activations"),
        "ExplodingTensor": ("nan_divergence", "exploding_activations", "exploding_gradients"),
        "PoorWeightInitialization": (
            "vanishing_activations",
            "exploding_activations",
            "vanishing_gradients",
            "exploding_gradients",
            "symmetric_init",
            "wrong_init_loss",
            "init_plateau",
        ),
        "SaturatedActivation": ("saturation",),
        "DeadRelu": ("dead_relu",),
        "WeightUpdateRatio": ("update_ratio_high", "update_ratio_low", "lr_too_high", "lr_too_low"),
        "AllZero": ("symmetric_init",),
        "ClassImbalance": ("class_imbalance",),
        "LossNotDecreasing": ("lr_too_low", "lr_too_high", "loss_oscillation", "no_signal", "init_plateau"),
        "Overfit": ("overfitting",),
        "Overtraining": ("overfitting",),
        "UnchangedTensor": ("lr_too_low", "vanishing_gradients"),
        "CheckInputImages": ("unnormalized_input",),
    },
    cannot=(
        "TensorVariance has no thresholds by default, and SimilarAcrossRuns and StalledTraining do not judge a network",
        "percentiles of gradients and shares of saturated inputs are computed for normal distributions with the "
        "measured moments; the check of convergence in PoorWeightInitialization is omitted, in its favour",
        "units that are active on less than 1% of examples count only if they are active on none",
        "losses are compared every ten steps, as in LossNotDecreasing if every step is saved",
        "mispredictions by class are known only for cases that store their predictions",
    ),
)
