"""Weights have a gradient, but no update changes them: the optimizer does not hold them, or is never called.

**Statistic.** The update ratio of each layer (norm of a step's update divided by the norm of the weights) at all probes
after step 0; the norm of its weight gradient; and whether an observed optimizer holds the weights.

**Reference.** Weights with a gradient change, unless the learning rate is 0 or too small for the precision of the
weights. The rule reports layers with a gradient whose update ratio is exactly 0 at every probe, if no observed
optimizer holds them, or if a step of gradient descent with the learning rate would change them by a millionth of their
norm (a learning rate of a millionth for other optimizers). Layers that are frozen on purpose have no gradient
(`requires_grad_(False)`, `trainable = False`) and are not reported. Batch normalization of a batch of one has a
constant output and hence no gradient in training, so that only the optimizer counts there. Steps in which stochastic
depth drops the branch of a layer do not change it either: the rule reports such layers only if the probability that all
probed steps of the seeds dropped the branch, times the number of layers with branches, is below 0.001.

**Severity.** Error if all layers are concerned or the run learned next to nothing, otherwise a warning.

**Advice.** Give the optimizer the parameters of the network that is trained, after it is complete.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.symptoms import in_most, layers_in_most, words_for_layers, words_for_seeds
from reportgen.analysis.diagnosis.layers import normalizations, rate_factors, skip_probability
from reportgen.analysis.diagnosis.training_code import in_framework, layer_values, moved, severity_of
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

VISIBLE = 1e-6
UNLIKELY = 1e-3
"""Largest probability that stochastic depth alone explains the reported layers."""

Flags = NDArray[np.bool_]
SOURCES = ("PyTorch documentation, torch.optim, constructing an optimizer", "Schoop, Huang and Hartmann 2021")


def _frozen(record: RunRecord) -> Flags | None:
    """Return which layers have a gradient and never move, None if there are none."""
    if record.status == "diverged" or record.steps < 2 or "probe_weight_gradient_norm" not in record.arrays:
        return None
    gradients = np.nan_to_num(np.asarray(record.statistic("weight_gradient_norm"), np.float64))
    reached = layer_values(record, "layer_has_gradient")
    still = (moved(record) == 0) & (gradients[:-1] > 0).any(axis=0) & (reached != 0)
    held = layer_values(record, "layer_in_optimizer")
    found = still & ((held == 0) | _visible(record, gradients))
    return found if found.any() else None


def _visible(record: RunRecord, gradients: NDArray[np.float64]) -> Flags:
    """Return for which layers a step with the learning rate would change the weights visibly."""
    training = record.spec.training
    if training.batch_size == 1 and normalizations(record.spec.network):
        return np.zeros(record.layers, bool)  # the gradient of a batch of one is 0 below batch normalization
    rates = np.asarray(record.arrays.get("epoch_lr", ()), np.float64)
    rate = float(rates.min()) if rates.size and np.isfinite(rates).all() else training.lr
    layer_rates = rate * rate_factors(record)
    if not OPTIMIZERS[training.optimizer.name].proportional:
        return np.asarray(layer_rates >= VISIBLE)
    norms = np.asarray(record.statistic("weight_norm"), np.float64)
    return np.asarray((layer_rates * gradients[:-1] >= VISIBLE * norms[:-1]).all(axis=0))


def _not_by_chance(records: Sequence[RunRecord], frozen: Sequence[Flags | None]) -> list[Flags | None]:
    """Return the frozen layers of each record without those whose branches were dropped in all probed steps.

    The probability is a product over the seeds that show a layer, times the number of ways to choose these seeds and
    the number of layers that can be dropped.
    """
    if not any(flags is not None for flags in frozen):
        return list(frozen)
    still = np.array([np.zeros(records[0].layers, bool) if flags is None else flags for flags in frozen])
    skips = np.array([skip_probability(r) ** np.count_nonzero(np.asarray(r.probe_steps) > 0) for r in records])
    ways = np.array([math.comb(len(records), int(count)) for count in still.sum(axis=0)])
    chance = np.where(still, skips, 1.0).prod(axis=0) * ways * np.count_nonzero(skips.any(axis=0))
    found = still & (chance < UNLIKELY)
    return [flags if flags.any() else None for flags in found]


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if weights with a gradient never move in most seeds."""
    frozen = _not_by_chance(evidence.records, [_frozen(record) for record in evidence.records])
    shown = in_most(evidence.records, frozen)
    if not shown:
        return None
    record, seeds = shown[0][0], tuple(r.spec.seed for r, _ in shown)
    layers = layers_in_most([flags for _, flags in shown])
    held = layer_values(record, "layer_in_optimizer")[[layer - 1 for layer in layers]]
    missing = bool(layers) and bool((held == 0).all())
    of_all = len(layers) == record.layers
    where = _("all layers") if of_all else words_for_layers(layers)
    return RULE.finding(
        evidence,
        severity="error" if of_all else severity_of([r for r, _ in shown]),
        seeds=seeds,
        layers=layers,
        step=1,
        evidence={"update_ratio": 0.0, "visible": VISIBLE, "in_optimizer": 0 if missing else None},
        message=(
            _(
                "No step changes the weights of {where}, although they have a gradient{value} ({seeds}, {steps} steps)."
            ).format(
                where=where,
                value=_(": no optimizer that was used holds them") if missing else "",
                seeds=words_for_seeds(seeds, len(evidence.records)),
                steps=record.steps,
            )
        ),
        advice=_advice(record, missing, of_all),
    )


def _advice(record: RunRecord, missing: bool, of_all: bool) -> str:
    keras = _("Set layer.trainable = True, then compile the model again.")
    if missing:
        step = _(", and call optimizer.step()") if of_all else ""
        given = _(
            "Give the optimizer all parameters of the network that is trained (net.parameters()), after "
            "the network is complete{step}. If the layers are frozen on purpose, call "
            "requires_grad_(False)."
        ).format(step=step)
        return in_framework(record, given, keras)
    step = _(" and that optimizer.step() is called") if of_all else ""
    text = _(
        "Check that the optimizer holds the parameters of the network that is trained (net.parameters()){step}."
    ).format(step=step)
    return in_framework(record, text, keras)


RULE = Rule(
    id="frozen_weights",
    title=N_("Weights with a gradient never move"),
    check=check,
    sources=SOURCES,
    stage="code",
)
