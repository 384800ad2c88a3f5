"""Conditions that runs must meet to have a metric."""

from __future__ import annotations

from reportgen.data.datasets import DATASETS
from reportgen.engine.spec import RunSpec
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
CURVATURE = Need(NOT_BY_DEFAULT, lambda spec: spec.probes.curvature, "set probes.curvature: true")
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
