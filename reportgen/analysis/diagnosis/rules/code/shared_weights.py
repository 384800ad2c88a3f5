"""One module is registered at several places of the network, so that its layers share their weights.

**Statistic.** The number of names under which the module of each layer is registered in the network.

**Reference.** 1. A list such as `[Linear(n, n)] * 3` holds the same module three times. Weights that are shared on
purpose usually belong to one name (a module that is called repeatedly) or to several modules (tied parameters, as of an
embedding and an output layer); both are not reported.

**Severity.** For information if the run fits the training set, otherwise a warning, or an error if it learned next to
nothing.

**Advice.** Create a module for each place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.symptoms import in_most, layers_in_most, words_for_layers, words_for_seeds
from reportgen.analysis.diagnosis.training_code import in_framework, layer_values, severity_unless_fitted
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

SOURCES = ("PyTorch documentation, torch.nn.ModuleList", "Goodfellow, Bengio and Courville 2016, 7.9")


def _shared(record: RunRecord) -> NDArray[np.bool_] | None:
    flags = layer_values(record, "layer_registrations") > 1
    return np.asarray(flags) if flags.any() else None


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if modules are registered several times in most seeds."""
    shown = in_most(evidence.records, [_shared(record) for record in evidence.records])
    if not shown:
        return None
    record, records = shown[0][0], [r for r, _ in shown]
    seeds, layers = tuple(r.spec.seed for r in records), layers_in_most([flags for _, flags in shown])
    places = int(np.nanmax(layer_values(record, "layer_registrations")))
    return RULE.finding(
        evidence,
        severity=severity_unless_fitted(records),
        seeds=seeds,
        layers=layers,
        step=1,
        evidence={"registrations": places, "expected": 1},
        message=(
            _(
                "The same module is used at {places} places of the network, which share its weights "
                "({seeds}, {layers})."
            ).format(
                places=places, seeds=words_for_seeds(seeds, len(evidence.records)), layers=words_for_layers(layers)
            )
        ),
        advice=in_framework(
            record,
            _("Create each module anew: [nn.Linear(n, n) for _ in range(k)] instead of [nn.Linear(n, n)] * k."),
            _("Create each layer anew: [Dense(n) for _ in range(k)] instead of [Dense(n)] * k."),
        ),
    )


RULE = Rule(id="shared_weights", title=N_("One module at several places"), check=check, sources=SOURCES, stage="code")
