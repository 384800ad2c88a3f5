"""The names of all that a claim can measure, by where they are found."""

from __future__ import annotations

from reportgen.engine.spec import EPOCH_COLUMNS, EVALUATION_SCORES, PROBE_METRICS, SCORES, STATISTICS
from reportgen.study.checks.best import BEST_METRICS
from reportgen.study.checks.ensembles import ENSEMBLE_METRICS

DERIVED_STATISTICS = ("normality_gap", "weight_max", "weight_evenness")
"""Statistics by layer that are computed from what a look keeps."""

LAYER_METRICS = (*STATISTICS, *DERIVED_STATISTICS)

RUN_METRICS = ("diverged", "stopped", "parameters", "train_seconds", "steps")
"""Metrics of a whole run that are neither scores nor statistics."""

TIME_METRICS = ("epochs_to", "steps_to")
"""How long training takes to bring a score to a level; a run that never does is censored."""

COST_METRICS = ("activation_forward_ns", "activation_backward_ns", "activation_ns", "activation_over_product")
"""Times of the hidden layers' activation on this machine, in ns an element of a layer's output."""

CHECK_METRICS = ("gradient_error",)
"""What a check of a run's network finds, in all layers or in some: the largest over the layers."""

MEASURED_METRICS = (*COST_METRICS, *CHECK_METRICS)
"""What is measured beside the runs, where a claim asks for it."""

FACT_METRICS = (
    "features",
    "input_mean",
    "input_std",
    "input_energy",
    "variance_kept",
    "batch_dependent_fraction",
    "bn_identity_gap",
)
"""What a run notes of its data, and of its answers."""

COMPOSED = ("train_cost", "accuracy_gap")
"""Scores by epoch that are made of others: loss and penalty, training less validation accuracy."""

METRICS = (
    *LAYER_METRICS,
    *(name for name in EPOCH_COLUMNS if name not in ("epoch", "step")),
    *COMPOSED,
    *SCORES[4:],
    *RUN_METRICS,
    *TIME_METRICS,
    *MEASURED_METRICS,
    *FACT_METRICS,
    *PROBE_METRICS,
    *(name for names in EVALUATION_SCORES.values() for name in names),
    *ENSEMBLE_METRICS,
    *BEST_METRICS,
)

THEORY_STATISTICS = ("activation_mean", "activation_std", "preactivation_std", "saturated_fraction", "gradient_std")
THEORY_LOSSES = ("train_loss", "val_loss")
"""What theory speaks of at initialization: statistics by mean-field theory, losses by that of guessing."""


def rises(metric: str) -> bool | None:
    """Return whether more of the metric is better, None where neither more nor less of it is."""
    if metric.endswith(("accuracy", "gain")):
        return True
    return False if metric.endswith(("loss", "_cost", *TIME_METRICS, *CHECK_METRICS)) else None
