"""Settings scale the learning rate of some layers far from that of the run, and the network does not learn its task.

**Statistic.** The factor of each layer's learning rate: its `lr_factor`, times the factor that `init: mup` derives from
the widths and `base_width`. The path length of a layer's weights: the sum of update ratios over all steps. The median
update ratio. The final loss and accuracies.

**Reference.** Factors are used on purpose: frozen layers with random or trained features, smaller steps for the first
layers, or learning rates that depend on the width. They are a fault only if the network does not learn its task, that
is if its loss stays within 10% of the loss of guessing or if it does not fit the training set. In addition,

- a factor is low up to 0.01, if the network is clearly worse in validation than a simple model or learned next to
  nothing, and the weights of these layers move by less than a fifth of their size and those of another layer by more.
  If the weights of no layer move, the learning rate itself may be too low, so that the factors of all layers must be
  low;
- a factor is high from 100 on, if the run diverged, learned next to nothing, or has a median update ratio above 0.03 in
  one of these layers.

**Severity.** Error if most runs learned next to nothing or diverged, otherwise warning.

**Advice.** Remove the factor, or set the base width to the width of the hidden layers. A penalty, another learning rate
or longer training do not move a layer with a factor of 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.course import Course, training_course
from reportgen.analysis.diagnosis.evidence.outcome import fits, stuck, worse_than_simple_models
from reportgen.analysis.diagnosis.evidence.symptoms import (
    in_most,
    layers_in_most,
    number,
    words_for_layers,
    words_for_seeds,
)
from reportgen.analysis.diagnosis.layers import rate_factors, width_factors
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.analysis.words.listing import listing
from reportgen.engine.tables.inits import INITS
from reportgen.languages.translate import N_, _
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from reportgen.study.model.components import plain

LOW, HIGH = 0.01, 100.0
MOVED = 0.2
LARGE_RATIO = 0.03
SOURCES = ("Yang et al. 2022, table 3", "Goodfellow, Bengio and Courville 2016, 8.7.4")

Flags = NDArray[np.bool_]


def _wrong(record: RunRecord) -> Flags | None:
    """Return the layers whose factor keeps a run from learning, None if there are none."""
    factors = rate_factors(record)
    low, high = factors <= LOW, factors >= HIGH
    if not (low.any() or high.any()) or record.steps == 0 or record.spec.training.lr == 0:
        return None
    lost, course = record.status == "diverged" or stuck(record), training_course(record)
    if not lost and fits(record):
        return None
    if high.any() and (lost or _has_large_steps(course, high)):
        return np.asarray(high)
    short = lost or worse_than_simple_models(record)
    return np.asarray(low) if short and course is not None and _is_held_back(course, low) else None


def _has_large_steps(course: Course | None, high: Flags) -> bool:
    return course is not None and bool((course.typical_ratios[high] > LARGE_RATIO).any())


def _is_held_back(course: Course, low: Flags) -> bool:
    """Return whether the weights of layers with a low factor rest, and those of another layer, if any, do not."""
    moves = course.paths >= MOVED
    return bool(low.any()) and not moves[low].any() and bool(low.all() or moves[~low].any())


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if factors of the learning rate keep most seeds from learning."""
    shown = in_most(evidence.records, [_wrong(record) for record in evidence.records])
    if not shown:
        return None
    record, seeds = shown[0][0], tuple(r.spec.seed for r, _ in shown)
    layers = layers_in_most([flags for _, flags in shown])
    factors = rate_factors(record)[[layer - 1 for layer in layers]]
    is_high = bool((factors >= HIGH).all())
    factor = float(factors.max() if is_high else factors.min())
    lost = sum(r.status == "diverged" or stuck(r) for r, _ in shown)
    text = _(
        "The learning rate of {layers} is {factor} times that of the training ({settings}): their steps are too small, "
        "and the network does not learn its task ({seeds})."
    )
    if is_high:
        text = _(
            "The learning rate of {layers} is {factor} times that of the training ({settings}): their steps are too "
            "large, and the network does not learn its task ({seeds})."
        )
    advice, proposals = _remedy(record, layers)
    return RULE.finding(
        evidence,
        severity="error" if 2 * lost > len(shown) else "warning",
        seeds=seeds,
        layers=layers,
        step=0,
        evidence={"factor": factor, "limit": HIGH if is_high else LOW, "lr": record.spec.training.lr},
        message=text.format(
            layers=words_for_layers(layers),
            factor=number(factor),
            settings=_listed(_settings(record, layers)),
            seeds=words_for_seeds(seeds, len(evidence.records)),
        ),
        advice=advice,
        proposals=proposals,
    )


def _settings(record: RunRecord, layers: Sequence[int]) -> dict[str, Any]:
    """Return the settings that scale the learning rate of these layers out of range, with their values."""
    specs, by_width, found = record.spec.network.layers, width_factors(record), dict[str, Any]()
    for n in layers:
        own, init = specs[n - 1], specs[n - 1].init
        if not LOW < own.lr_factor < HIGH:
            found.setdefault("output_lr_factor" if n == len(specs) else "lr_factor", own.lr_factor)
        if not LOW < by_width[n - 1] < HIGH:
            found[INITS[init.name].base_width] = init[INITS[init.name].base_width]
    return found


def _remedy(record: RunRecord, layers: Sequence[int]) -> tuple[str, tuple[Proposal, ...]]:
    """Return the advice and the proposals: factors of 1, and the width of the network as its base width."""
    specs, by_width, change = record.spec.network.layers, width_factors(record), dict[str, Any]()
    width = int(np.median([layer.units for layer in specs[:-1]] or [specs[-1].units]))
    settings = {name: 1.0 for name in _settings(record, layers) if name.endswith("lr_factor")}
    for n in layers:
        if LOW < by_width[n - 1] < HIGH:
            continue
        init, is_own = specs[n - 1].init, n == len(specs) and specs[-1].init != specs[-2].init
        name = INITS[init.name].base_width
        settings[name] = width
        changed = Component.of(init.name, **dict(init.params) | {name: width})
        change["network.output_init" if is_own else "network.init"] = plain(changed)
    change |= {f"network.{name}": 1.0 for name in settings if name.endswith("lr_factor")}
    advice = _("Set {settings}, so that the learning rates of the layers are alike.").format(settings=_listed(settings))
    return advice, (Proposal(change, _("learning rates of the same size in all layers")),)


def _listed(settings: Mapping[str, Any]) -> str:
    """Return settings in words, such as "lr_factor: 0"; base widths keep all digits."""
    return listing(
        [f"{name}: {value if isinstance(value, int) else number(value)}" for name, value in settings.items()]
    )


RULE = Rule(
    id="layer_learning_rate",
    title=N_("Layers with a learning rate of their own"),
    check=check,
    sources=SOURCES,
    stage="data",
    one_task=True,
)
