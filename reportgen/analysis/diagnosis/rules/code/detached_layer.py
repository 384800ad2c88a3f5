"""Layers take part in the forward pass, but the loss does not reach their weights: a branch is detached.

**Statistic.** Whether the graph of the training loss leads to the weights of each layer that the forward pass uses.

**Reference.** It leads to all weights that are trained. Layers that are frozen (`requires_grad_(False)`) are not
tested. The rule reports the others, unless their weights moved.

**Severity.** Error if the run learned next to nothing, otherwise a warning.

**Advice.** Remove what cuts the graph.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.symptoms import in_most, layers_in_most, words_for_layers, words_for_seeds
from reportgen.analysis.diagnosis.training_code import in_framework, layer_values, moved, severity_of
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

SOURCES = ("PyTorch documentation, torch.Tensor.detach", "Schoop, Huang and Hartmann 2021")


def _detached(record: RunRecord) -> NDArray[np.bool_] | None:
    flags = np.asarray((layer_values(record, "layer_has_gradient") == 0) & (moved(record) != 1))
    return flags if flags.any() else None


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if layers are detached in most seeds."""
    shown = in_most(evidence.records, [_detached(record) for record in evidence.records])
    if not shown:
        return None
    record, records = shown[0][0], [r for r, _ in shown]
    seeds, layers = tuple(r.spec.seed for r in records), layers_in_most([flags for _, flags in shown])
    return RULE.finding(
        evidence,
        severity=severity_of(records),
        seeds=seeds,
        layers=layers,
        step=1,
        evidence={"has_gradient": 0},
        message=(
            _(
                "The loss has no gradient with respect to the weights of {layers}, which the forward pass "
                "uses ({seeds})."
            ).format(layers=words_for_layers(layers), seeds=words_for_seeds(seeds, len(evidence.records)))
        ),
        advice=in_framework(
            record,
            _(
                "Remove detach(), .data, .item(), .numpy() or torch.no_grad() between these layers and the "
                "loss. If they are frozen on purpose, call requires_grad_(False)."
            ),
            _("Remove keras.ops.stop_gradient between these layers and the loss, or set layer.trainable = False."),
        ),
    )


RULE = Rule(
    id="detached_layer", title=N_("A layer without a path to the loss"), check=check, sources=SOURCES, stage="code"
)
