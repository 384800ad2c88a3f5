"""Updates are large relative to the weights, at most probes.

**Statistic.** The update ratio: the norm of one step's update divided by the norm of the layer's weights. At each probe
after step 0, the largest over layers.

**Reference.** A ratio of about 0.001 is common. In short runs of small networks, 0.01 to 0.03 is healthy: n steps that
change the weights substantially need a ratio of about 1 / n. The ratio is high if it exceeds 0.1 at half of the probes
or more. Weights that change by a tenth per step retain little of their values of ten steps before. If the loss also
shows that the learning rate is too high (see `lr_too_high`), 0.03 is sufficient. A learning rate that is high at first
and decays, or that a range test raises, is not reported. Layers whose weights start at zero do not count.

**Severity.** Warning if the loss shows that the learning rate is too high. Otherwise for information only: small
networks, and weights kept small by an L2 penalty, train well at such ratios.

**Advice.** Lower the learning rate tenfold, or by the power of ten that brings the first ratio to 0.05.
"""

from __future__ import annotations

import numpy as np

from reportgen.analysis.diagnosis.evidence.course import Array, rises, training_course
from reportgen.analysis.diagnosis.evidence.learning_rate import lower
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.symptoms import (
    FROM_START,
    enough,
    in_most,
    layers_in_most,
    number,
    words_for_layers,
    words_for_seeds,
)
from reportgen.analysis.diagnosis.rules.optimization import lr_too_high
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

HIGH = 0.1
HIGH_WITH_SIGNS = 0.03
COMMON = 1e-3
SHARE = 0.5
SOURCES = ("stanford-scribe", "Goodfellow, Bengio and Courville 2016, 8.3.1")


def _high(record: RunRecord) -> tuple[Array, float, bool] | None:
    """Return the share of probes above the limit by layer, the median ratio and whether it does harm, else None."""
    course = training_course(record)
    if course is None or rises(record):
        return None
    sign = lr_too_high.sign(record)
    limit = HIGH_WITH_SIGNS if sign else HIGH
    largest = course.update_ratios.max(axis=1)
    if np.count_nonzero(largest > limit) < SHARE * largest.size:
        return None
    shares = (course.update_ratios > limit).sum(axis=0) / np.maximum(course.taken.sum(axis=0), 1)
    return shares, float(np.median(largest)), sign is not None


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if most seeds have high update ratios at most probes."""
    found = [_high(record) for record in evidence.records]
    shown = in_most(evidence.records, found)
    if not shown:
        return None
    record, seeds = shown[0][0], tuple(r.spec.seed for r, _ in shown)
    layers = layers_in_most([shares >= SHARE for _, (shares, _, _) in shown])
    ratio = mean([median for _, (_, median, _) in shown])
    harms = enough(sum(harm for _, (_, _, harm) in shown), len(found))
    rate, slower = lower(record, _("smaller steps"))
    step = int(record.probe_steps[1])
    return RULE.finding(
        evidence,
        severity="warning" if harms else "info",
        seeds=seeds,
        layers=layers,
        step=step,
        evidence={"update_ratio": ratio, "limit": HIGH, "common": COMMON, "lr": record.spec.training.lr},
        message=(
            _(
                "Updates are large: a step changes a layer's weights by {ratio} of their norm (median over "
                "probes); a common value is {common} ({seeds}, {layers}, from step {step})."
            ).format(
                ratio=number(ratio),
                common=number(COMMON),
                seeds=words_for_seeds(seeds, len(found)),
                layers=words_for_layers(layers),
                step=step,
            )
        ),
        advice=f"{rate}.",
        proposals=(slower,),
    )


RULE = Rule(
    id="update_ratio_high",
    title=N_("Large updates relative to the weights"),
    check=check,
    sources=SOURCES,
    stage="optimization",
    causes=(
        "sorted_batches",
        *FROM_START,
        "layer_learning_rate",
        "exploding_activations",
        "exploding_gradients",
        "saturation",
        "lr_too_high",
    ),
    yields_to=("no_signal",),
)
