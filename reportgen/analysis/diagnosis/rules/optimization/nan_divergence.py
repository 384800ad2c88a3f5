"""The run diverged: the loss became infinite or NaN.

**Statistic.** The status of each run, the step at which it ended, and the first layer with statistics that are not
finite at the last probe.

**Reference.** No healthy run has an infinite loss. The rule reports a variant if at least one seed diverged, since such
settings are not reliable. The message states how many.

**Causes.** If the loss before the first step exceeds ten times ln C (chance level for C classes): the scale of the
input if the weights suit an input of RMS 1, otherwise the scale of the weights. If only the loss in train mode does:
dropout, which scales up the remaining units. Otherwise the learning rate.

**Severity.** Error. For information only if the schedule raises the learning rate until training diverges (a range
test).

**Advice.** Depending on the cause: standardize the input; scale the weights by fan-in; or lower the learning rate by
the power of ten, at least 10, that brings the largest update ratio of the first step to 0.05.
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
from reportgen.analysis.diagnosis.scores.nan_divergence import FORM
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

IMPLAUSIBLE = 10.0
SOURCES = ("stanford-scribe", "lecture-review", "Goodfellow, Bengio and Courville 2016, 8.2.4")


def _first_layer(record: RunRecord) -> int | None:
    """Return the first layer that is not finite at the last probe, None if all are or nothing is known."""
    if not probed([record]) or not {"probe_activation_std", "probe_weight_norm"} <= set(record.arrays):
        return None
    std = np.asarray(record.statistic("activation_std"), np.float64)[-1]
    weights = np.asarray(record.statistic("weight_norm"), np.float64)[-1]
    lost = np.flatnonzero(~(np.isfinite(std) & np.isfinite(weights)))
    return int(lost[0]) + 1 if lost.size else None


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if any seed diverged."""
    lost = [record for record in evidence.records if record.status == "diverged"]
    if not lost:
        return None
    steps = [int(record.stopped_at_step or 0) for record in lost]
    layers = tuple(sorted({layer for r in lost if (layer := _first_layer(r)) is not None}))
    where = _(", first in layer {layers}").format(layers=layers[0]) if layers else ""
    lr = lost[0].spec.training.lr
    at = (
        _("step {steps}").format(steps=steps[0])
        if len(set(steps)) == 1
        else _("steps {steps} to {steps2}").format(steps=min(steps), steps2=max(steps))
    )
    seeds = tuple(record.spec.seed for record in lost)
    advice, proposals = _remedy(evidence, lost[0])
    return RULE.finding(
        evidence,
        severity="info" if all(rises(record) for record in lost) else "error",
        seeds=seeds,
        layers=layers,
        step=min(steps),
        evidence={"diverged": len(lost), "seeds": len(evidence.records), "steps": steps, "lr": lr},
        message=(
            _("The loss became infinite or NaN at {at}{where} ({seeds}, learning rate {lr}).").format(
                at=at, where=where, seeds=words_for_seeds(seeds, len(evidence.records)), lr=number(lr)
            )
        ),
        advice=advice,
        proposals=proposals,
    )


def _remedy(evidence: Evidence, record: RunRecord) -> tuple[str, tuple[Proposal, ...]]:
    rate, slower = lower(record, _("smaller steps"))
    if dropout_inflates_loss(record):
        off = Proposal({"network.dropout": 0.0}, _("no dropout"))
        return (
            _("Lower the dropout rate: scaling up the remaining units makes the initial loss far too large."),
            (off,),
        )
    if not _starts_implausible(record):
        return f"{rate}.", (slower, *other_rates(record))
    if probed([record]) and input_too_large(record):
        advice, proposal = standardize(evidence, record)
        return advice, (proposal, slower, *other_rates(record))
    init = fitting_init(record)
    advice = _(
        "Scale the weights by fan-in (init: {init}): the loss is implausibly large before the first step."
    ).format(init=init)
    return advice, (Proposal({"network.init": init}, _("keeps the scale of the signal from layer to layer")), slower)


def _starts_implausible(record: RunRecord) -> bool:
    loss = np.asarray(record.arrays.get("epoch_train_loss", ()), np.float64)
    chance = theory.initial_loss(max(int(record.facts.get("classes", 2)), 2))
    return loss.size > 0 and not loss[0] < IMPLAUSIBLE * chance


RULE = Rule(
    id="nan_divergence",
    title=N_("Divergence"),
    check=check,
    sources=SOURCES,
    stage="optimization",
    causes=(
        "sorted_batches",
        "unnormalized_input",
        "layer_learning_rate",
        "exploding_activations",
        "exploding_gradients",
        "wrong_init_loss",
        "over_regularization",
        "lr_too_high",
    ),
    on_scores=FORM,
)
