"""Units of a bounded activation are saturated: their slope is nearly zero, so almost no gradient passes.

**Statistic.** The share of a hidden layer's activations with a slope below 5% of the activation's maximum slope (for
tanh, |a| > 0.975).

**Reference.** More than half of a layer's activations, either at initialization or at every probe in the second half of
training. With pre-activations of unit variance, the share is 3% for tanh and less than 0.1% for sigmoid. Trained
networks often have more saturated units in their last layers because their predictions are confident, so the threshold
is high. Saturation during training is not reported if

- the network fits the training set, or
- the training loss has since fallen by a tenth of the loss of guessing: narrow networks draw sharp boundaries with
  saturated units.

**Severity.** Error if more than 80% are saturated and the network learns next to nothing. For information only if the
network fits the training set in spite of saturation at initialization (from a share of 80%, only if its training
accuracy reaches 98% of the maximum). A network that has memorized the training set and is much worse than a simple
model on validation examples does not count as fitting. Otherwise warning.

**Causes.** From step 0 with biases beyond 1: the biases. From step 0 with weights of a suitable scale: an input that is
too large. Otherwise from step 0: the weights. Later: steps that are too large.

**Advice.** Depending on the cause: start biases at zero, standardize the input, scale the weights by fan-in (`xavier`)
or lower the learning rate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.input_scale import input_too_large, standardize
from reportgen.analysis.diagnosis.evidence.learning_rate import lower
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.outcome import CLOSE_FIT, FITS, fits, guess_loss, learned_task, stuck
from reportgen.analysis.diagnosis.evidence.scale_remedies import normalize
from reportgen.analysis.diagnosis.evidence.symptoms import (
    FROM_START,
    enough,
    layers_in_most,
    percent_up_to,
    probed,
    words_for_layers,
    words_for_seeds,
)
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule, Severity
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

MUCH = 0.5
MOST = 0.8
LEARNED = 0.1
LARGE_BIAS = 1.0
"""Pre-activations have a size of about 1, so a larger bias alone can saturate a unit."""

SOURCES = ("Glorot and Bengio 2010", "lecture-review", "stanford-scribe", "nn1-notes")


def _bounded(record: RunRecord) -> NDArray[np.bool_]:
    layers = record.spec.network.layers[:-1]
    return np.array([ACTIVATIONS[layer.activation.name].bounded for layer in layers], bool)


def _flat(record: RunRecord) -> tuple[NDArray[np.bool_], int]:
    """Return which hidden layers are saturated, and the first step at which they are."""
    bounded = _bounded(record)
    if not bounded.any():
        return np.zeros(bounded.size, bool), 0
    much = (np.asarray(record.statistic("saturated_fraction"), np.float64)[:, :-1] > MUCH) & bounded
    if much[0].any():
        return np.asarray(much[0]), 0
    late = np.asarray(much[len(much) // 2 :].all(axis=0) if len(much) > 2 else much[-1], np.bool_)
    if fits(record):
        late = np.zeros_like(late)
    if not late.any():
        return late, 0
    first = int(record.probe_steps[np.flatnonzero(much[:, late].any(axis=1))[0]])
    return (np.zeros_like(late), 0) if _learned_since(record, first) else (late, first)


def _learned_since(record: RunRecord, step: int) -> bool:
    """Return whether the training loss fell after a step, in spite of units that were saturated by then."""
    steps, losses = (np.asarray(record.arrays.get(f"epoch_{name}", ()), np.float64) for name in ("step", "train_loss"))
    if not 2 <= steps.size == losses.size:
        return False
    return bool(losses[-1] < np.interp(step, steps, losses) - LEARNED * guess_loss(record))


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if a layer is saturated in most seeds."""
    records = probed(evidence.records)
    saturated = [(record, *_flat(record)) for record in records]
    saturated = [found for found in saturated if found[1].any()]
    if not enough(len(saturated), len(records)):
        return None
    shown, seeds = [r for r, _, _ in saturated], tuple(r.spec.seed for r, _, _ in saturated)
    layers, step = layers_in_most([flags for _, flags, _ in saturated]), min(step for _, _, step in saturated)
    tables = [np.asarray(r.statistic("saturated_fraction"), np.float64)[0 if step == 0 else -1, :-1] for r in shown]
    share = mean([np.nanmax(table[flags]) for table, (_, flags, _) in zip(tables, saturated, strict=True)])
    name = shown[0].spec.network.layers[layers[0] - 1].activation.name
    advice, proposals = _remedy(evidence, shown[0], layers, step)
    return RULE.finding(
        evidence,
        severity=_severity(shown, share, step),
        seeds=seeds,
        layers=layers,
        step=step,
        evidence={"saturated_fraction": share, "limit": MUCH, "activation": name},
        message=(
            _(
                "Units are saturated: {share} of a layer's {name} activations have a slope below 5% of the "
                "maximum ({seeds}, {layers}, from step {step})."
            ).format(
                share=percent_up_to(share),
                name=name,
                seeds=words_for_seeds(seeds, len(records)),
                layers=words_for_layers(layers),
                step=step,
            )
        ),
        advice=advice,
        proposals=proposals,
        causes=None if step == 0 else ("symmetric_init", "lr_too_high"),
    )


def _severity(records: Sequence[RunRecord], share: float, step: int) -> Severity:
    needed = CLOSE_FIT if step == 0 and share > MOST else FITS
    if 2 * sum(learned_task(record, needed) for record in records) > len(records):
        return "info"
    return "error" if all(stuck(record) or record.steps == 0 for record in records) and share > MOST else "warning"


def _remedy(
    evidence: Evidence, record: RunRecord, layers: Sequence[int], step: int
) -> tuple[str, tuple[Proposal, ...]]:
    normalized = normalize(record, _("controls the scale of pre-activations"))
    if step > 0:
        rate, slower = lower(record, _("smaller steps keep the weights smaller"))
        return _("{rate}: large steps saturated the units.").format(rate=rate), (slower, normalized)
    if any(abs(record.spec.network.layers[layer - 1].bias) > LARGE_BIAS for layer in layers):
        change = Proposal({"network.bias": 0.0}, _("with zero biases, units start where their slope is large"))
        return _("Start biases at zero: large biases saturate units."), (change, normalized)
    if 1 in layers and input_too_large(record):
        advice, proposal = standardize(evidence, record)
        return advice, (proposal, normalized)
    advice = _(
        "Use Xavier initialization (standard deviation 1/sqrt(fan_in)): pre-activations then have unit variance."
    )
    return advice, (
        Proposal({"network.init": "xavier"}, _("gives pre-activations of unit variance")),
        normalized,
    )


RULE = Rule(
    id="saturation",
    title=N_("Saturated units"),
    check=check,
    sources=SOURCES,
    stage="initialization",
    causes=FROM_START,
)
