"""Updates are tiny against the weights that they should change, and the weights stay what they were.

**Statistic.** The norm of one step's update over the norm of the weights, by layer, as the median over looks. The path
of a layer's weights: the sum of that ratio over all steps.

**Reference.** About 0.001 is common. A layer's ratio is low below a tenth of that, 0.0001, if besides the steps were
too few for their size: all together they moved its weights by no more than a fifth. It counts where all hidden layers
are such, or the only layer is, and the loss has kept more than half of itself. An output layer that moves alone does
not count: it learns from features that stay what chance made them. A net that converged has low ratios too, at the end
of a longer path, and so has one whose rate decayed; one that fits its training split needs no larger steps. Runs of
fewer than 20 steps are not judged.

**Causes told apart.** Weights several times larger than `he` draws them, in some layer: their scale. Otherwise the
rate. What starves gradients has rules of its own.

**Advice.** Raise the rate by the power of ten that brings the ratio to 0.001; or draw smaller weights.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.course import Array, Course, rises, training_course
from reportgen.analysis.diagnosis.evidence.learning_rate import rounded, set_above_zero
from reportgen.analysis.diagnosis.evidence.means import mean, medians
from reportgen.analysis.diagnosis.evidence.outcome import fits
from reportgen.analysis.diagnosis.evidence.scale_remedies import fitting_init
from reportgen.analysis.diagnosis.evidence.symptoms import (
    fold,
    in_most,
    layers_in_most,
    number,
    words_for_layers,
    words_for_seeds,
)
from reportgen.analysis.diagnosis.rules.optimization.lr_too_low import HALVED, LEAST_STEPS, NEAR
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.runs.record import RunRecord

LOW = 1e-4
COMMON = 1e-3
OVERSIZED = 3.0
STARVED = ("bn_tiny_batch", "symmetric_init", "vanishing_activations", "vanishing_gradients", "saturation", "dead_relu")
SOURCES = ("stanford-scribe", "lecture-review")


def _low(record: RunRecord) -> Course | None:
    """Return the course of a run whose weights hardly move, None elsewhere."""
    course = training_course(record)
    if course is None or record.status == "diverged" or rises(record) or fits(record) or record.steps < LEAST_STEPS:
        return None
    if not course.log_decrease < HALVED or not _still(course)[: max(record.layers - 1, 1)].all():
        return None
    return course


def _still(course: Course) -> NDArray[np.bool_]:
    """Return which layers' weights hardly move, (L,)."""
    return np.asarray((_ratios(course) < LOW) & (course.paths < NEAR))


def _ratios(course: Course) -> Array:
    return medians(course.update_ratios)


def _oversized(record: RunRecord) -> float:
    """Return the largest hidden layer's weights as drawn, over those that `he` draws."""
    if "probe_weight_std" not in record.arrays:
        return 0.0
    units = [layer.units for layer in record.spec.network.layers]
    fan_in = np.array([float(record.facts.get("features", 1)), *units[:-1]])
    std = np.asarray(record.statistic("weight_std")[0], np.float64)
    return float(np.nan_to_num(std * np.sqrt(fan_in / 2))[:-1].max(initial=0.0))


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where the weights of most seeds hardly move."""
    courses = [_low(record) for record in evidence.records]
    shown = in_most(evidence.records, courses)
    if not shown:
        return None
    record, seeds = shown[0][0], tuple(r.spec.seed for r, _ in shown)
    layers = layers_in_most([_still(c) for _, c in shown])
    ratio = mean([_ratios(c)[_still(c)].max() for _, c in shown])
    path = mean([c.paths[_still(c)].max() for _, c in shown])
    advice, proposals = _remedy(record, ratio)
    return Finding(
        rule=RULE.id,
        severity="warning",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=layers,
        step=int(record.probe_steps[1]),
        evidence={"update_ratio": ratio, "limit": LOW, "common": COMMON, "path": path, "largest_path": NEAR},
        message=(
            f"A step changes weights by at most {number(ratio)} of their size (median of looks), where {COMMON:g} is "
            f"common, and all {record.steps} steps move them by no more than {number(path)} of it "
            f"({words_for_seeds(seeds, len(courses))}, {words_for_layers(layers)})."
        ),
        advice=advice,
        sources=SOURCES,
        proposals=proposals,
        causes=STARVED if _oversized(record) >= OVERSIZED else None,
    )


def _remedy(record: RunRecord, ratio: float) -> tuple[str, tuple[Proposal, ...]]:
    lr, times = record.spec.training.lr, 10.0 ** max(1, round(math.log10(COMMON / max(ratio, 1e-12))))
    if lr <= 0:
        return set_above_zero()
    faster = Proposal({"training.lr": rounded(lr * times)}, "larger steps")
    if _oversized(record) < OVERSIZED:
        return f"Raise the learning rate by {fold(times)}, to {number(lr * times)}.", (faster,)
    init = fitting_init(record.spec.network.layers[0].activation.name)
    smaller = Proposal({"network.init": init}, "weights of a size that these steps can change")
    return f"Draw smaller weights (init: {init}): steps are small against those there.", (smaller, faster)


RULE = Rule(
    id="update_ratio_low",
    title="Updates tiny against the weights",
    check=check,
    sources=SOURCES,
    stage="optimization",
    causes=(
        "unnormalized_input",
        "symmetric_init",
        "vanishing_activations",
        "vanishing_gradients",
        "saturation",
        "dead_relu",
        "lr_too_low",
    ),
)
