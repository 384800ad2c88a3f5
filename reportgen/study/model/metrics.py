"""Names of the metrics of claims, grouped by their source."""

from __future__ import annotations

from reportgen.engine.spec import EPOCH_COLUMNS, EVALUATION_SCORES, PROBE_METRICS, SCORES, STATISTICS
from reportgen.study.checks.best import BEST_METRICS
from reportgen.study.checks.ensembles import ENSEMBLE_METRICS

DERIVED_STATISTICS = ("normality_gap", "weight_max", "weight_evenness")
"""Layer statistics that are derived from the stored ones."""

LAYER_METRICS = (*STATISTICS, *DERIVED_STATISTICS)

RUN_METRICS = ("diverged", "stopped", "parameters", "train_seconds", "steps")
"""Metrics of a whole run that are neither scores nor statistics."""

TIME_METRICS = ("epochs_to", "steps_to")
"""Training time until a score reaches a level; runs that do not reach it are censored."""

COST_METRICS = ("activation_forward_ns", "activation_backward_ns", "activation_ns", "activation_over_product")
"""Times of the hidden layers' activation on this machine, in ns per element of a layer's output."""

CHECK_METRICS = ("gradient_error",)
"""Results of a check of the network; the value is the largest over the layers."""

MEASURED_METRICS = (*COST_METRICS, *CHECK_METRICS)
"""Metrics with extra measurements outside the runs, made if a claim uses them."""

FACT_METRICS = (
    "features",
    "input_mean",
    "input_std",
    "input_energy",
    "variance_kept",
    "batch_dependent_fraction",
    "bn_identity_gap",
)
"""Facts about the data of a run and its predictions."""

COMPOSED = ("train_cost", "accuracy_gap")
"""Scores by epoch that combine others: loss plus penalty, and training minus validation accuracy."""

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
"""Metrics with a theoretical value at initialization: mean-field theory for statistics, uniform guessing for losses."""


def rises(metric: str) -> bool | None:
    """Return whether a higher value is better; None if neither a higher nor a lower value is."""
    if metric.endswith(("accuracy", "gain")):
        return True
    return False if metric.endswith(("loss", "_cost", *TIME_METRICS, *CHECK_METRICS)) else None
