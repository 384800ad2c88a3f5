"""The run left the finite numbers: a loss that is infinite or not a number, at a step and first in a layer.

**Statistic.** The status of each run, the step at which it ended, and the first layer whose statistics are not finite
at the look taken there.

**Reference.** None is needed: no healthy run has an infinite loss. It speaks of the variant where at least one seed
diverged, since a setting that diverges now and then cannot be relied on; the message says in how many. A schedule that
raises the rate until training breaks, a range test, does so on purpose: there it is a note.

**Causes told apart.** A loss before the first step of more than ten times ln C, what chance costs with C classes: the
scale of the input, where the weights would fit inputs of size 1, or else that of the weights. Such a loss in train mode
alone: dropout, which scales up what it keeps. A common loss at first: the learning rate.

**Advice.** Standardize the input; or scale the weights by fan-in; or lower the learning rate, by the power of ten that
brings the first step's largest ratio of update to weight to 0.05 or below, and at least by 10.
"""

from __future__ import annotations

import numpy as np

from reportgen.analysis import theory
from reportgen.analysis.diagnosis.evidence.course import rises
from reportgen.analysis.diagnosis.evidence.input_scale import input_too_large, standardize
from reportgen.analysis.diagnosis.evidence.learning_rate import lower, other_rates
from reportgen.analysis.diagnosis.evidence.regularization import dropout_inflates_loss
from reportgen.analysis.diagnosis.evidence.scale_remedies import fitting_init
from reportgen.analysis.diagnosis.evidence.symptoms import number, probed, words_for_seeds
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.runs.record import RunRecord

BEYOND_REASON = 10.0
SOURCES = ("stanford-scribe", "lecture-review", "Goodfellow, Bengio and Courville 2016, 8.2.4")


def _first_layer(record: RunRecord) -> int | None:
    """Return the first layer that is not finite at the last look, None where all still are or nothing is known."""
    if not probed([record]) or not {"probe_activation_std", "probe_weight_norm"} <= set(record.arrays):
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
    advice, proposals = _remedy(evidence, lost[0])
    return Finding(
        rule=RULE.id,
        severity="info" if all(rises(record) for record in lost) else "error",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=layers,
        step=min(steps),
        evidence={"diverged": len(lost), "seeds": len(evidence.records), "steps": steps, "lr": lr},
        message=(
            f"The loss left the finite numbers at {at}{where} "
            f"({words_for_seeds(seeds, len(evidence.records))}, learning rate {number(lr)})."
        ),
        advice=advice,
        sources=SOURCES,
        proposals=proposals,
    )


def _remedy(evidence: Evidence, record: RunRecord) -> tuple[str, tuple[Proposal, ...]]:
    rate, slower = lower(record, "smaller steps")
    if dropout_inflates_loss(record):
        off = Proposal({"network.dropout": 0.0}, "no masks")
        return "Drop far less: what dropout scales up in each layer is beyond reason before the first step.", (off,)
    if not _beyond_reason(record):
        return f"{rate}.", (slower, *other_rates(record))
    if probed([record]) and input_too_large(record):
        advice, proposal = standardize(evidence, record)
        return advice, (proposal, slower, *other_rates(record))
    init = fitting_init(record.spec.network.layers[0].activation.name)
    advice = f"Scale the weights by fan-in (init: {init}): the loss is beyond reason before the first step."
    return advice, (Proposal({"network.init": init}, "a scale of weights that keeps the signal's size"), slower)


def _beyond_reason(record: RunRecord) -> bool:
    loss = np.asarray(record.arrays.get("epoch_train_loss", ()), np.float64)
    chance = theory.initial_loss(max(int(record.facts.get("classes", 2)), 2))
    return loss.size > 0 and not loss[0] < BEYOND_REASON * chance


RULE = Rule(
    id="nan_divergence",
    title="Divergence",
    check=check,
    sources=SOURCES,
    stage="optimization",
    causes=(
        "unnormalized_input",
        "exploding_activations",
        "exploding_gradients",
        "wrong_init_loss",
        "over_regularization",
        "lr_too_high",
    ),
)
