"""Updates are large against the weights that they change, look after look.

**Statistic.** The norm of one step's update over the norm of the weights, by layer; at each look after step 0 the
largest layer's.

**Reference.** About 0.001 is common, and 0.01 to 0.03 are healthy in short runs of small nets: a net that has n steps
to change its weights cannot do with much less than 1 / n. So a ratio counts as high where it is above 0.1 at half of
the looks or more, a hundred times the common one: weights that change by a tenth a step keep little of what they were
ten steps ago. It is an alarm only with harm, where the learning rate shows in what becomes of the loss to be too high,
and then 0.03 counts. Else it is a note: small nets, and weights that L2 keeps small, train well at such ratios. A rate
that is high at first and decays, or that a range test raises, passes.

**Advice.** Lower the rate by a factor of ten, or by what brings the first step's ratio to 0.05.
"""

from __future__ import annotations

import numpy as np

from reportgen.analysis.diagnosis.evidence.course import Array, rises, training_course
from reportgen.analysis.diagnosis.evidence.learning_rate import lower
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.symptoms import (
    enough,
    in_most,
    layers_in_most,
    number,
    words_for_layers,
    words_for_seeds,
)
from reportgen.analysis.diagnosis.rules.optimization import lr_too_high
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.runs.record import RunRecord

HIGH = 0.1
HIGH_WITH_SIGNS = 0.03
COMMON = 1e-3
SHARE = 0.5
SOURCES = ("stanford-scribe", "Goodfellow, Bengio and Courville 2016, 8.3.1")


def _high(record: RunRecord) -> tuple[Array, float, bool] | None:
    """Return the share of looks by layer above the limit, the median ratio and whether it harms; None where usual."""
    course = training_course(record)
    if course is None or rises(record):
        return None
    sign = lr_too_high.sign(record)
    limit = HIGH_WITH_SIGNS if sign else HIGH
    largest = course.update_ratios.max(axis=1)
    if np.count_nonzero(largest > limit) < SHARE * largest.size:
        return None
    shares = np.asarray((course.update_ratios > limit).mean(axis=0), np.float64)
    return shares, float(np.median(largest)), sign is not None


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where most seeds take large steps against their weights, at most looks."""
    found = [_high(record) for record in evidence.records]
    shown = in_most(evidence.records, found)
    if not shown:
        return None
    record, seeds = shown[0][0], tuple(r.spec.seed for r, _ in shown)
    layers = layers_in_most([shares >= SHARE for _, (shares, _, _) in shown])
    ratio = mean([median for _, (_, median, _) in shown])
    harms = enough(sum(harm for _, (_, _, harm) in shown), len(found))
    rate, slower = lower(record, "smaller steps")
    step = int(record.probe_steps[1])
    return Finding(
        rule=RULE.id,
        severity="warning" if harms else "info",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=layers,
        step=step,
        evidence={"update_ratio": ratio, "limit": HIGH, "common": COMMON, "lr": record.spec.training.lr},
        message=(
            f"A step changes a layer's weights by {number(ratio)} of their size (median of looks), where {COMMON:g} is "
            f"common ({words_for_seeds(seeds, len(found))}, {words_for_layers(layers)}, from step {step})."
        ),
        advice=f"{rate}.",
        sources=SOURCES,
        proposals=(slower,),
    )


RULE = Rule(
    id="update_ratio_high",
    title="Updates large against the weights",
    check=check,
    sources=SOURCES,
    stage="optimization",
    causes=(
        "unnormalized_input",
        "symmetric_init",
        "exploding_activations",
        "exploding_gradients",
        "saturation",
        "lr_too_high",
    ),
    yields_to=("no_signal",),
)
