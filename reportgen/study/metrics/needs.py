"""Conditions that runs must meet to have a metric."""

from __future__ import annotations

import math

from reportgen.data.datasets import DATASETS
from reportgen.engine.spec import RunSpec
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.study.metrics.limits import common_factor
from reportgen.study.metrics.metric import Need

NOT_BY_DEFAULT = "is not measured by default"


def _has_split(spec: RunSpec, split: str) -> bool:
    return getattr(spec.data, split) != 0 or split in DATASETS[spec.data.source.name].own_splits


VALIDATION = Need(
    "needs a validation split", lambda spec: _has_split(spec, "validation"), "set data.validation above 0"
)
TEST = Need("needs a test split", lambda spec: _has_split(spec, "test"), "set data.test above 0")
BATCHNORM = Need(
    "needs batch normalization",
    lambda spec: any(layer.batchnorm is not None for layer in spec.network.layers[:-1]),
    "set network.batchnorm: true, or select variants with it in where",
)
SHORTCUT = Need(
    "needs a residual block",
    lambda spec: any(layer.adds is not None for layer in spec.network.layers),
    "add residual to network.layers, or select variants with it in where",
)
HIDDEN_LAYER = Need("needs a hidden layer", lambda spec: len(spec.network.layers) > 1, "set network.hidden")
TRAINED = Need(
    "needs training, but training.epochs is 0", lambda spec: spec.training.epochs > 0, "set training.epochs above 0"
)
PROBES = Need("needs probes", lambda spec: spec.probes.looks > 0, "set probes.looks above 0", place=None)
SINGULAR_VALUES = Need(NOT_BY_DEFAULT, lambda spec: spec.probes.singular_values, "set probes.singular_values: true")


def requested_probe(setting: str) -> Need:
    """Return the condition that a setting of `probes` is true."""
    return Need(NOT_BY_DEFAULT, lambda spec: bool(getattr(spec.probes, setting)), f"set probes.{setting}: true")


CLASS_LOSSES = Need(NOT_BY_DEFAULT, lambda spec: spec.evaluation.class_losses, "set evaluation: {class_losses: true}")
TASKS = Need("needs a sequence of tasks", lambda spec: spec.data.tasks > 1, "set data.tasks above 1")
PRECONDITIONED = Need(
    "needs an optimizer that divides by a preconditioner",
    lambda spec: OPTIMIZERS[spec.training.optimizer.name].preconditioner is not None,
    "select variants with such an optimizer, for example adam, in where",
)
STABILITY_LIMIT = Need(
    "needs an optimizer whose largest stable sharpness is known",
    lambda spec: OPTIMIZERS[spec.training.optimizer.name].stable_product is not None,
    "select variants with such an optimizer, for example sgd, in where",
)
COMMON_RATE = Need(
    "needs the same learning rate in all layers",
    lambda spec: math.isfinite(common_factor(spec.network)),
    "select variants with one lr_factor and without init: mup in where",
)
LIMITED_CURVATURE = Need(
    NOT_BY_DEFAULT,
    lambda spec: measures_limited_curvature(spec),
    "set probes.curvature: true, or probes.preconditioned_curvature: true for an adaptive optimizer",
)


def measures_limited_curvature(spec: RunSpec) -> bool:
    """Whether probes measure the curvature that limits the learning rate of the optimizer."""
    adaptive = OPTIMIZERS[spec.training.optimizer.name].preconditioner is not None
    return spec.probes.preconditioned_curvature if adaptive else spec.probes.curvature


PRUNING = Need(
    "needs pruning",
    lambda spec: spec.training.pruning is not None,
    "set training: {pruning: {sparsity: 0.8, rounds: 4}}, or select variants with it in where",
)
DROPOUT_PASSES = Need(
    NOT_BY_DEFAULT, lambda spec: bool(spec.evaluation.mc_dropout), "set evaluation: {mc_dropout: 100}"
)
AVERAGED_WEIGHTS = Need(
    NOT_BY_DEFAULT, lambda spec: bool(spec.evaluation.polyak_start), "set evaluation: {polyak: {start: 1}}"
)
CALIBRATION = Need(NOT_BY_DEFAULT, lambda spec: spec.evaluation.calibration, "set evaluation: {calibration: true}")
SNAPSHOTS = Need(NOT_BY_DEFAULT, lambda spec: bool(spec.evaluation.snapshots), "set evaluation: {snapshots: true}")
