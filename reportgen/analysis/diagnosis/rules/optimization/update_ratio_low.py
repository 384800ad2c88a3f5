"""Updates are tiny relative to the weights, so the weights hardly change.

**Statistic.** The update ratio: the norm of one step's update divided by the norm of the layer's weights, as the median
over probes. The path length of a layer's weights: the sum of update ratios over all steps.

**Reference.** A ratio of about 0.001 is common. The ratio of a layer is low if it is below 0.0001 and the path length
is below 0.2. The rule reports runs in which this holds for all hidden layers (or the only layer) while the loss has
kept more than half of its initial value. If only the output layer moves, it learns from features that are still random.
Networks that converged or whose learning rate decayed have low ratios at the end of a longer path. Networks that fit
the training set do not need larger steps. Steps in which stochastic depth dropped the branch of a layer do not count
for its ratio. Runs of fewer than 20 steps are not tested.

**Causes.** The scale of the weights if a layer's weights are at least three times as large as with `he` initialization,
otherwise the learning rate. Small gradients are reported by other rules.

**Advice.** Raise the learning rate by the power of ten that brings the ratio to 0.001, or initialize smaller weights. A
warm-up that did not end is shortened instead.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.course import Course, rises, training_course
from reportgen.analysis.diagnosis.evidence.learning_rate import higher, set_above_zero, unfinished_warmup
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.outcome import fits
from reportgen.analysis.diagnosis.evidence.scale_remedies import fitting_init
from reportgen.analysis.diagnosis.evidence.symptoms import (
    FROM_START,
    in_most,
    layers_in_most,
    number,
    words_for_layers,
    words_for_seeds,
)
from reportgen.analysis.diagnosis.layers import fan_ins, rate_factors
from reportgen.analysis.diagnosis.rules.optimization.lr_too_low import HALVED, LEAST_STEPS, NEAR
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

LOW = 1e-4
COMMON = 1e-3
OVERSIZED = 3.0
STARVED = ("bn_tiny_batch", "symmetric_init", "vanishing_activations", "vanishing_gradients", "saturation", "dead_relu")
SOURCES = ("stanford-scribe", "lecture-review")


def _low(record: RunRecord) -> Course | None:
    """Return the course of a run whose weights hardly move, None for other runs."""
    course = training_course(record)
    if course is None or record.status == "diverged" or rises(record) or fits(record) or record.steps < LEAST_STEPS:
        return None
    learns = rate_factors(record)[: max(record.layers - 1, 1)] > 0
    if not course.log_decrease < HALVED or not learns.any() or not _still(record, course)[: learns.size][learns].all():
        return None
    return course


def _still(record: RunRecord, course: Course) -> NDArray[np.bool_]:
    """Return which layers' weights hardly move although their learning rate is not 0, shape (L,)."""
    return np.asarray((course.typical_ratios < LOW) & (course.paths < NEAR) & (rate_factors(record) > 0))


def _oversized(record: RunRecord) -> float:
    """Return the largest ratio of initial weights to He initialization over the hidden layers."""
    if "probe_weight_std" not in record.arrays:
        return 0.0
    std = np.asarray(record.statistic("weight_std")[0], np.float64)
    return float(np.nan_to_num(std * np.sqrt(fan_ins(record) / 2))[:-1].max(initial=0.0))


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if the weights of most seeds hardly move."""
    courses = [_low(record) for record in evidence.records]
    shown = in_most(evidence.records, courses)
    if not shown:
        return None
    record, seeds = shown[0][0], tuple(r.spec.seed for r, _ in shown)
    layers = layers_in_most([_still(r, c) for r, c in shown])
    ratio = mean([c.typical_ratios[_still(r, c)].max() for r, c in shown])
    path = mean([c.paths[_still(r, c)].max() for r, c in shown])
    advice, proposals = _remedy(record, ratio)
    return RULE.finding(
        evidence,
        severity="warning",
        seeds=seeds,
        layers=layers,
        step=int(record.probe_steps[1]),
        evidence={"update_ratio": ratio, "limit": LOW, "common": COMMON, "path": path, "largest_path": NEAR},
        message=(
            _(
                "Updates are tiny: a step changes weights by at most {ratio} of their norm (median over "
                "probes); a common value is {common}. All {steps} steps together change the weights by at "
                "most {path} of their norm ({seeds}, {layers})."
            ).format(
                ratio=number(ratio),
                common=number(COMMON),
                steps=record.steps,
                path=number(path),
                seeds=words_for_seeds(seeds, len(courses)),
                layers=words_for_layers(layers),
            )
        ),
        advice=advice,
        proposals=proposals,
        causes=STARVED if _oversized(record) >= OVERSIZED else None,
    )


def _remedy(record: RunRecord, ratio: float) -> tuple[str, tuple[Proposal, ...]]:
    lr, times = record.spec.training.lr, 10.0 ** max(1, round(math.log10(COMMON / max(ratio, 1e-12))))
    if lr <= 0:
        return set_above_zero(record)
    advice, faster = higher(record, (times,))
    if _oversized(record) < OVERSIZED or unfinished_warmup(record):
        return advice, faster
    init = fitting_init(record)
    smaller = Proposal({"network.init": init}, _("smaller weights, which these steps can change"))
    return _("Initialize smaller weights (init: {init}): the steps are small relative to the present ones.").format(
        init=init
    ), (
        smaller,
        *faster,
    )


RULE = Rule(
    id="update_ratio_low",
    title=N_("Tiny updates relative to the weights"),
    check=check,
    sources=SOURCES,
    stage="optimization",
    causes=(
        *FROM_START,
        "vanishing_activations",
        "vanishing_gradients",
        "saturation",
        "dead_relu",
        "lr_too_low",
    ),
    yields_to=("no_signal", "frozen_weights", "detached_layer", "layer_learning_rate"),
)
