"""Residual branches add nothing to their shortcuts, so that the network is less deep than it looks.

**Statistic.** For each residual branch, at the last three probes of a trained run: the norm of its outputs divided by
the norm of the shortcut, over all probe examples and without the survival probability of stochastic depth; the gain of
its weights, which is the product over its layers of the standard deviation of the weights, divided by that of He
initialization (with normalization, the root mean square of gamma instead); and the share of silent units in its inner
ReLU layers.

**Reference.** Healthy branches have a ratio of about 0.1 to 1: with He initialization, a branch without normalization
is as large as its shortcut; with batch normalization, branches before training are smaller by a factor of about the
square root of the depth (De and Smith 2020). A branch is idle if, at each of these probes,

- its ratio is below 0.01, so that a network without it computes the same; or
- its gain is below 0.01, so that it adds no more than its bias, a constant; or
- all units of an inner layer are silent, which leaves the same constant.

Branches that start at zero are not a fault: with Fixup, only the last layer of a branch is zero. Its gradient is not,
and the branch grows as soon as the network learns. If it is still small because learning is slow, see `lr_too_low` and
`undertrained`. So a branch is not idle while its other layers have a gain of at least 0.1 and are not silent. A branch
whose layers are all zero, or nearly so, has no gradient and stays idle. Untrained networks are not tested.

**Causes.** A layer whose weights are all equal, silent units, or a penalty that shrinks the branches; see the rules
about these. A large input on the shortcut. Otherwise the initialization of the branches.

**Severity.** Warning if at least half of the branches are idle and the network does not fit the training set.
Otherwise for information only: the network has branches to spare.

**Advice.** Depending on the cause: an initialization that leaves a gradient (`fixup`, in which only the last layer of
each branch is zero, or `he` with batch normalization), zero biases, a weaker penalty, or a standardized input.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.input_scale import input_too_large, standardize
from reportgen.analysis.diagnosis.evidence.learning_rate import rounded
from reportgen.analysis.diagnosis.evidence.outcome import learned_task
from reportgen.analysis.diagnosis.evidence.scale_remedies import normalize
from reportgen.analysis.diagnosis.evidence.symptoms import (
    FROM_START,
    in_most,
    number,
    percent,
    probed,
    words_for_layers,
    words_for_seeds,
)
from reportgen.analysis.diagnosis.layers import branches, fan_ins, has_normalization, survival
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.engine.network_spec import normalizes
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

IDLE = 0.01
PROBES = 3
OPEN = 0.1
MANY = 0.5
SHRUNK = 0.1
WEAKER = 100.0
SMALL, WEAK, SILENT = "small", "weak", "silent"
SOURCES = (
    "He et al. 2016, Identity mappings in deep residual networks",
    "Zhang, Dauphin and Ma 2019, section 3",
    "De and Smith 2020, Batch normalization biases residual blocks towards the identity function",
)

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class _Idle:
    """The idle branches of a run.

    ends: last layer of each idle branch, counted from 1. count: number of all branches. reason: why most are idle.
    ratio, gain: largest ratio and gain at the last probe over the idle branches, NaN if unknown. shrunk: whether the
    gain of most of them was ten times as large before training.
    """

    ends: tuple[int, ...]
    count: int
    reason: str
    ratio: float
    gain: float
    shrunk: bool


def _idle(record: RunRecord) -> _Idle | None:
    """Return the idle branches of a trained run, None if there are none."""
    layers = branches(record)
    is_measured = "probe_branch_ratio" in record.arrays
    if not layers or not is_measured or record.steps == 0 or record.status == "diverged" or record.probe_steps[-1] == 0:
        return None
    late = slice(-min(PROBES, int((record.probe_steps > 0).sum())), None)
    ends = [own[-1] for own in layers]
    ratios = np.asarray(record.statistic("branch_ratio"), np.float64)[:, ends] / survival(record)[ends]
    gains, silent = _gains(record, layers), _silent(record, layers)
    with np.errstate(invalid="ignore"):
        grows = _starts_at_zero(record, layers)
        signs = {
            WEAK: (gains[late] < IDLE).all(axis=0) & ~grows,
            SILENT: silent[late].all(axis=0),
            SMALL: (ratios[late] < IDLE).all(axis=0) & ~grows,
        }
        shrunk = gains[-1] < SHRUNK * gains[0]
    idle = np.logical_or.reduce(list(signs.values()))
    if not idle.any():
        return None
    reason = max(signs, key=lambda name: int(np.count_nonzero(signs[name])))
    found = tuple(end + 1 for end, flag in zip(ends, idle, strict=True) if flag)
    ratio, gain = (float(np.nanmax(values[-1][idle], initial=0.0)) for values in (ratios, gains))
    return _Idle(found, len(layers), reason, ratio, gain, 2 * int(shrunk[idle].sum()) > int(idle.sum()))


def _starts_at_zero(record: RunRecord, layers: Sequence[Sequence[int]]) -> Flags:
    """Return which branches only have a last layer that started at zero and gets a gradient, shape (branches,)."""
    zero = np.asarray(record.statistic("weight_norm"), np.float64)[0] == 0
    inner = _gains(record, [own[:-1] for own in layers])[-1]
    return np.asarray(zero[[own[-1] for own in layers]] & (inner >= OPEN), np.bool_)


def _gains(record: RunRecord, layers: Sequence[Sequence[int]]) -> Array:
    """Return the gain of the weights of each branch relative to He initialization, shape (probes, branches)."""
    scales = np.asarray(record.statistic("weight_std"), np.float64) * np.sqrt(fan_ins(record) / 2)
    normalized = [normalizes(layer) for layer in record.spec.network.layers]
    if any(normalized):
        gamma = np.hypot(record.statistic("bn_gamma_mean"), record.statistic("bn_gamma_std"))
        scales = np.where(normalized, gamma, scales)
    return np.stack([scales[:, own].prod(axis=1) for own in layers], axis=1)


def _silent(record: RunRecord, layers: Sequence[Sequence[int]]) -> Flags:
    """Return whether all units of an inner layer of each branch are silent, shape (probes, branches)."""
    dead = np.asarray(record.statistic("dead_fraction"), np.float64) == 1
    rectified = [ACTIVATIONS[layer.activation.name].silences for layer in record.spec.network.layers]
    dead &= rectified
    return np.stack([dead[:, own[:-1]].any(axis=1) for own in layers], axis=1)


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if most seeds have idle residual branches."""
    records = probed([record for record in evidence.records if branches(record)])
    shown = in_most(records, [_idle(record) for record in records])
    if not shown:
        return None
    record, first = shown[0]
    seeds = tuple(r.spec.seed for r, _ in shown)
    ends = tuple(end for end in first.ends if 2 * sum(end in idle.ends for _, idle in shown) > len(shown)) or first.ends
    advice, proposals = _remedy(evidence, record, first)
    harmed = sum(len(idle.ends) >= MANY * idle.count and not learned_task(r) for r, idle in shown)
    return RULE.finding(
        evidence,
        severity="warning" if 2 * harmed > len(shown) else "info",
        seeds=seeds,
        layers=ends,
        step=int(record.probe_steps[-1]),
        evidence={
            "idle_branches": len(ends),
            "branches": first.count,
            "branch_ratio": first.ratio,
            "gain": first.gain,
            "limit": IDLE,
        },
        message=(
            _(
                "{ends} of {count} residual branches add nothing: {words} ({seeds}, {layers}, at step {probe_steps})."
            ).format(
                ends=len(ends),
                count=first.count,
                words=_words(first),
                seeds=words_for_seeds(seeds, len(records)),
                layers=words_for_layers(ends),
                probe_steps=record.probe_steps[-1],
            )
        ),
        advice=advice,
        proposals=proposals,
    )


def _words(idle: _Idle) -> str:
    if idle.reason == SILENT:
        return _("all units of an inner layer are silent, so that only a constant is added to the shortcut")
    if idle.reason == WEAK:
        size = _("at most {gain} times").format(gain=number(idle.gain)) if idle.gain else _("zero times")
        return _("their weights pass on {size} what He initialization would, so that only a constant is added").format(
            size=size
        )
    return _("their outputs have at most {ratio} of the norm of the shortcut").format(ratio=percent(idle.ratio))


def _remedy(evidence: Evidence, record: RunRecord, idle: _Idle) -> tuple[str, tuple[Proposal, ...]]:
    training, normalized = record.spec.training, has_normalization(record.spec.network)
    if idle.shrunk and training.l2:
        weaker = Proposal({"training.l2": rounded(training.l2 / WEAKER)}, _("the penalty pulls the branches to zero"))
        return _("Divide the penalty by {weaker}: it pulls the branches to zero.").format(weaker=f"{WEAKER:g}"), (
            weaker,
        )
    if idle.reason == SILENT and any(layer.bias < 0 for layer in record.spec.network.layers):
        zero = Proposal({"network.bias": 0.0}, _("with zero biases, units are active on about half of the examples"))
        return _("Start biases at zero, so that the units in the branches are not silent."), (zero,)
    if idle.reason == SMALL and input_too_large(record):
        advice, proposal = standardize(evidence, record)
        return _("{advice} The shortcuts carry this size, next to which the branches are small.").format(
            advice=advice
        ), (proposal,)
    normalize_all = normalize(record, _("branches of about the size of their shortcuts"))
    if normalized:
        he = Proposal({"network.init": "he_normal"}, _("branches that pass on their inputs"))
        return _("Initialize the branches with he_normal, so that their weights have a gradient."), (he,)
    fixup = Proposal({"network.init": "fixup"}, _("only the last layer of each branch starts at zero"))
    advice = _(
        "Initialize the branches so that their weights have a gradient: init: fixup, or he with batchnorm: true."
    )
    return advice, (fixup, normalize_all)


RULE = Rule(
    id="idle_branch",
    title=N_("Idle residual branches"),
    check=check,
    sources=SOURCES,
    stage="optimization",
    causes=(
        *FROM_START,
        "vanishing_gradients",
        "exploding_activations",
        "dead_relu",
        "over_regularization",
    ),
    yields_to=("no_signal", "lr_too_low", "nan_divergence"),
)
