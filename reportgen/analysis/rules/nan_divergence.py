"""The run left the finite numbers: a loss that is infinite or not a number, at a step and first in a layer.

**Statistic.** The status of each run, the step at which it ended, and the first layer whose statistics are not finite
at the look taken there.

**Reference.** None is needed: no healthy run has an infinite loss. It speaks of the variant where at least one seed
diverged, since a setting that diverges now and then cannot be relied on; the message says in how many.

**Advice.** A learning rate ten times lower; where the loss was beyond reason before the first step, a smaller scale of
weights or input.
"""

from __future__ import annotations

import numpy as np

from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.analysis.rules._seen import number, words_for_seeds
from reportgen.runs.record import RunRecord

SOURCES = ("stanford-scribe", "lecture-review", "Goodfellow, Bengio and Courville 2016, 8.2.4")


def _first_layer(record: RunRecord) -> int | None:
    """Return the first layer that is not finite at the last look, None where all still are."""
    if "probe_step" not in record.arrays or not len(record.probe_steps):
        return None
    std = np.asarray(record.statistic("activation_std"), np.float64)[-1]
    weights = np.asarray(record.statistic("weight_norm"), np.float64)[-1]
    lost = np.flatnonzero(~(np.isfinite(std) & np.isfinite(weights)))
    return int(lost[0]) + 1 if lost.size else None


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where any seed diverged."""
    lost = [record for record in evidence.records if record.status == "diverged"]
    if not lost:
        return None
    steps = [int(record.stopped_at_step or 0) for record in lost]
    layers = tuple(sorted({layer for r in lost if (layer := _first_layer(r)) is not None}))
    where = f", first in layer {layers[0]}" if layers else ""
    lr = lost[0].spec.training.lr
    at = f"step {steps[0]}" if len(set(steps)) == 1 else f"steps {min(steps)} to {max(steps)}"
    seeds = tuple(record.spec.seed for record in lost)
    init = "xavier" if lost[0].spec.network.layers[0].activation.name in ("tanh", "sigmoid") else "he_normal"
    return Finding(
        rule=RULE.id,
        severity="error",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=layers,
        step=min(steps),
        evidence={"diverged": len(lost), "seeds": len(evidence.records), "steps": steps, "lr": lr},
        message=(
            f"The loss left the finite numbers at {at}{where} "
            f"({words_for_seeds(seeds, len(evidence.records))}, learning rate {number(lr)})."
        ),
        advice=f"Lower the learning rate by a factor of 10, to {number(lr / 10)}.",
        sources=SOURCES,
        proposals=(
            Proposal({"training.lr": lr / 10}, "smaller steps"),
            Proposal({"training.lr": lr / 100}, "much smaller steps"),
            Proposal({"network.init": init}, "a scale of weights that keeps the signal's size"),
        ),
    )


RULE = Rule(
    id="nan_divergence",
    title="Divergence",
    check=check,
    sources=SOURCES,
    stage="optimization",
    causes=("lr_too_high",),
)
