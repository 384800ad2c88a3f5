"""Activations grow from layer to layer, and the initial loss is far above chance.

**Statistic.** The standard deviation of each hidden layer's activations before training, relative to the root mean
square of the input.

**Reference.** The growth must exceed chance. In a ReLU network with He initialization, the logarithm of the scale has
a standard deviation of 0.5 sqrt(S) by chance, where S is the sum of 5 / n over layers of n units. The rule reports a
growth that

- is larger than chance explains, at a false discovery rate of 0.001;
- exceeds a factor of 10 relative to the input, so that a large input is not mistaken for large weights;
- ends at a standard deviation above 3, because SELU also scales a small input up to 1;
- continues after the first layer: the last hidden layer must exceed the first by a factor of 2, biases included. A
  single layer that enlarges its input is a case of `wrong_init_loss`.

Bounded activations cannot explode. There, weights that are too large cause `saturation`. The sums of residual blocks
with pre-activation may grow, if the normalization after the last block restores their scale.

**Severity.** Error if the run diverged or if the training loss stays within 10% of the loss of guessing. Otherwise
warning, even if the network fits the training set, because it first has to unlearn a very large loss. For a network
that fits, a factor below 100 is reported for information only. Without training: warning from a factor of 100, error
from a factor of 10,000.

**Advice.** Scale the weights by fan-in (`he` for ReLU), or normalize each layer.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis import theory
from reportgen.analysis.diagnosis.evidence.input_scale import LARGE_INPUT
from reportgen.analysis.diagnosis.evidence.learning_rate import plausible
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.scale_remedies import rescale
from reportgen.analysis.diagnosis.evidence.signal import (
    LARGE,
    LEAST,
    beyond_chance,
    chance_by_layer,
    forward,
    input_size,
    severity_of_change,
)
from reportgen.analysis.diagnosis.evidence.symptoms import (
    enough,
    initial,
    layers_in_most,
    number,
    probed,
    words_for_layers,
    words_for_seeds,
)
from reportgen.analysis.diagnosis.layers import normalizes_end
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

GROWS = 2.0
FASTER = 10.0
SOURCES = ("lecture-review", "stanford-scribe", "He et al. 2015", "Poole et al. 2016", "Hanin and Rolnick 2018")


def _sizes(record: RunRecord) -> NDArray[np.float64]:
    """Return the standard deviation of each hidden layer, relative to the input (to the first layer if unknown)."""
    std = forward(record)
    start = input_size(record)
    return std / (start if start > 0 else float(std[0]) if std.size and std[0] > 0 else math.nan)


def _exploded(record: RunRecord) -> NDArray[np.bool_]:
    """Return which hidden layers have exploding activations."""
    sizes = _sizes(record)
    nowhere = np.zeros(sizes.size, np.bool_)
    bounded = any(ACTIVATIONS[layer.activation.name].bounded for layer in record.spec.network.layers[:-1])
    if (
        sizes.size < 2
        or not np.isfinite(sizes).all()
        or (sizes <= 0).any()
        or bounded
        or normalizes_end(record.spec.network)
    ):
        return nowhere
    if not sizes[-1] > LEAST:
        return nowhere
    flags = (sizes > LEAST) & beyond_chance(np.log(sizes), np.cumsum(chance_by_layer(record)))
    first = float(np.hypot(initial(record, "activation_mean")[0], initial(record, "activation_std")[0]))
    return flags if flags[-1] and forward(record)[-1] > max(GROWS * first, LARGE_INPUT) else nowhere


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if activations explode before training in most seeds."""
    records = probed(evidence.records)
    flags = [_exploded(record) for record in records]
    shown = [record for record, flag in zip(records, flags, strict=True) if flag.any()]
    if not enough(len(shown), len(records)):
        return None
    growth = float(np.median([_sizes(record)[-1] for record in shown]))
    layers, seeds = layers_in_most(flags), tuple(record.spec.seed for record in shown)
    expected = _expected(shown[0])
    theirs = _(" (theory predicts {expected})").format(expected=number(expected)) if expected else ""
    loss = mean([record.epochs("train_loss")[0] for record in shown])
    advice, proposals = _remedy(shown[0])
    found = severity_of_change(shown, growth, LEAST)
    return RULE.finding(
        evidence,
        severity="warning" if found == "info" and growth > LARGE else found,
        seeds=seeds,
        layers=layers,
        step=0,
        evidence={"growth": growth, "expected_growth": expected, "initial_loss": loss, "limit": LEAST},
        message=(
            _(
                "Activations explode: in hidden layer {layers}, they are {growth} times as large as the "
                "input{theirs}. The initial loss is {loss} ({seeds}, {layers2}, from step 0)."
            ).format(
                layers=shown[0].layers - 1,
                growth=number(growth),
                theirs=theirs,
                loss=number(loss),
                seeds=words_for_seeds(seeds, len(records)),
                layers2=words_for_layers(layers),
            )
        ),
        advice=advice,
        proposals=proposals,
    )


def _remedy(record: RunRecord) -> tuple[str, tuple[Proposal, ...]]:
    advice, proposals = rescale(record, _("too large here"))
    change = {**proposals[0].change, "training.lr": plausible(record, FASTER * record.spec.training.lr)}
    faster = Proposal(change, _("a learning rate chosen for exploding activations is too low for other networks"))
    return advice, (proposals[0], faster, *proposals[1:])


def _expected(record: RunRecord) -> float | None:
    """Return the growth that mean-field theory predicts, None if it does not apply."""
    found = theory.of_record(record)
    std = found["activation_std"][-2] if found else math.nan
    return std / input_size(record) if math.isfinite(std) and input_size(record) > 0 else None


RULE = Rule(
    id="exploding_activations",
    title=N_("Exploding activations"),
    check=check,
    sources=SOURCES,
    stage="initialization",
    causes=("symmetric_init",),
)
