"""The forward signal grows from layer to layer, and the loss starts far above that of guessing.

**Statistic.** The standard deviation of each hidden layer's activations before training, relative to the root mean
square of the input.

**Reference.** What chance does, and what theory expects. In a ReLU net with He weights the logarithm of the scale
wanders with standard deviation 0.5 sqrt(sum of 5 / n) over layers of n units; a growth counts where it is beyond that
for a rate of false discoveries of one in a thousand, beyond a factor of 10, and where the last hidden layer's is more
than twice what the first hands on, biases included: one layer that enlarges its input is `wrong_init_loss`'s. Bounded
units cannot explode: too large a scale shows as `saturation` in them. Measured from the input on, so that a large input
is not taken for large weights. A signal that ends at a standard deviation of 3 or less has not exploded, whatever it
began with: SELU brings a small input up to size 1, layer by layer.

**Severity.** An error where the run diverged or the training loss stays within 10% of that of guessing; else a
warning, also for a net that fits its training split, since it first has to unlearn a loss of many times ln C. There,
a factor below 100 is worth a sentence. Where nothing was trained: a warning from 100 on, an error from 10000 on.

**Advice.** Scale the weights by fan-in (`he` for rectifiers), or normalize each layer.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis import theory
from reportgen.analysis.diagnosis.evidence.input_scale import LARGE_INPUT
from reportgen.analysis.diagnosis.evidence.learning_rate import rounded
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.scale_remedies import rescale
from reportgen.analysis.diagnosis.evidence.signal import (
    LARGE,
    LEAST,
    beyond_chance,
    chance_variance,
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
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.runs.record import RunRecord

GROWS = 2.0
FASTER = 10.0
SOURCES = ("lecture-review", "stanford-scribe", "He et al. 2015", "Poole et al. 2016", "Hanin and Rolnick 2018")


def _sizes(record: RunRecord) -> NDArray[np.float64]:
    """Return the signal's size in each hidden layer, relative to the input's where that is known."""
    std = forward(record)
    start = input_size(record)
    return std / (start if start > 0 else float(std[0]) if std.size and std[0] > 0 else math.nan)


def _exploded(record: RunRecord) -> NDArray[np.bool_]:
    """Return which hidden layers have a signal that has grown beyond reason."""
    sizes = _sizes(record)
    nowhere = np.zeros(sizes.size, np.bool_)
    bounded = any(ACTIVATIONS[layer.activation.name].bounded for layer in record.spec.network.layers[:-1])
    if sizes.size < 2 or not np.isfinite(sizes).all() or (sizes <= 0).any() or bounded:
        return nowhere
    if not sizes[-1] > LEAST:
        return nowhere
    variance = chance_variance(record) + 5 / record.spec.network.layers[0].units
    flags = (sizes > LEAST) & beyond_chance(np.log(sizes), variance)
    first = float(np.hypot(initial(record, "activation_mean")[0], initial(record, "activation_std")[0]))
    return flags if flags[-1] and forward(record)[-1] > max(GROWS * first, LARGE_INPUT) else nowhere


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where the signal of most seeds explodes before training."""
    records = probed(evidence.records)
    flags = [_exploded(record) for record in records]
    shown = [record for record, flag in zip(records, flags, strict=True) if flag.any()]
    if not shown or not enough(len(shown), len(records)):
        return None
    growth = float(np.median([_sizes(record)[-1] for record in shown]))
    layers, seeds = layers_in_most(flags), tuple(record.spec.seed for record in shown)
    expected = _expected(shown[0])
    theirs = f"; theory expects {number(expected)} of these settings" if expected else ""
    loss = mean([record.epochs("train_loss")[0] for record in shown])
    advice, proposals = _remedy(shown[0])
    found = severity_of_change(shown, growth, LEAST)
    return Finding(
        rule=RULE.id,
        severity="warning" if found == "info" and growth > LARGE else found,
        variant=evidence.variant.id,
        seeds=seeds,
        layers=layers,
        step=0,
        evidence={"growth": growth, "expected_growth": expected, "initial_loss": loss, "limit": LEAST},
        message=(
            f"Activations in hidden layer {shown[0].layers - 1} are {number(growth)} times as large as the input"
            f"{theirs}; the loss starts at {number(loss)} ({words_for_seeds(seeds, len(records))}, "
            f"{words_for_layers(layers)}, from step 0)."
        ),
        advice=advice,
        sources=SOURCES,
        proposals=proposals,
    )


def _remedy(record: RunRecord) -> tuple[str, tuple[Proposal, ...]]:
    advice, proposals = rescale(record, "too large for it")
    change = {**proposals[0].change, "training.lr": rounded(FASTER * record.spec.training.lr)}
    faster = Proposal(change, "a rate small enough for signals that explode is too small for others")
    return advice, (proposals[0], faster, *proposals[1:])


def _expected(record: RunRecord) -> float | None:
    """Return the growth that mean-field theory expects, None where it does not speak."""
    found = theory.of_record(record)
    return found["activation_std"][-2] / input_size(record) if found and input_size(record) > 0 else None


RULE = Rule(
    id="exploding_activations",
    title="Exploding activations",
    check=check,
    sources=SOURCES,
    stage="initialization",
    causes=("symmetric_init",),
)
