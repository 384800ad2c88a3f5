"""Other variants of the study as references: same data and seeds, another network or weaker regularization."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reportgen.analysis.diagnosis.evidence.held_out import examples, majority, scored
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.finding import Evidence
from reportgen.analysis.statistics import paired_error, t_quantile
from reportgen.engine.network_spec import LayerSpec, NetworkSpec, Node, PoolSpec
from reportgen.engine.spec import RunSpec
from reportgen.engine.tables.losses import LOSSES, smoothing_of
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.runs.record import RunRecord
from reportgen.study.metrics.table import metric_of

LEVEL = 0.95
LEAST_SEEDS = 3


@dataclass(frozen=True)
class BetterSibling:
    """A sibling that is better on the same seeds, in training and in validation.

    validation: its accuracy; share: its lead relative to its lead over the most common class; record: one of its runs.
    """

    validation: float
    share: float
    record: RunRecord


def better_sibling(evidence: Evidence, eligible: Callable[[RunSpec, RunSpec], bool]) -> BetterSibling | None:
    """Return the sibling with the best validation accuracy that `eligible(own, other)` accepts, None if there is none.

    It must be better in both accuracies by a paired t test at 5% with a Bonferroni correction, and by two standard
    errors of the examples on which the two differ.
    """
    own = {r.spec.seed: r for r in scored(evidence.records)}
    pairs = []
    for others in evidence.siblings.values():
        theirs = {r.spec.seed: r for r in scored(others)}
        seeds = sorted(set(own) & set(theirs))
        if len(seeds) >= LEAST_SEEDS and all(eligible(own[s].spec, theirs[s].spec) for s in seeds):
            pairs.append([(own[s], theirs[s]) for s in seeds])
    found = [sibling for pair in pairs if (sibling := _better(pair, len(pairs))) is not None]
    return max(found, key=lambda sibling: sibling.validation, default=None)


def _better(pairs: Sequence[tuple[RunRecord, RunRecord]], tests: int) -> BetterSibling | None:
    gaps = {
        score: np.array([b.final[score] - a.final[score] for a, b in pairs])
        for score in ("val_accuracy", "train_accuracy")
    }
    quantile = t_quantile(1 - (1 - LEVEL) / tests, len(pairs) - 1)
    for score, gap in gaps.items():
        n = examples([a for a, _ in pairs], f"{metric_of(score).split}_n")
        floor = 2 * paired_error(float(gap.mean()), n, 1)
        if not gap.mean() > max(floor, quantile * float(gap.std(ddof=1)) / math.sqrt(gap.size)):
            return None
    reached, majority_share = mean([b.final["val_accuracy"] for _, b in pairs]), mean([majority(a) for a, _ in pairs])
    share = float(gaps["val_accuracy"].mean()) / max(reached - majority_share, 1e-9)
    return BetterSibling(reached, share, pairs[0][1])


def larger_network(own: RunSpec, other: RunSpec) -> bool:
    """Return whether the other run differs only by more units or layers."""
    same = replace(other, network=own.network) == own
    return same and _units(other.network) > _units(own.network)


def _units(network: NetworkSpec) -> int:
    return sum(layer.units for layer in network.layers[:-1])


def less_regularized(own: RunSpec, other: RunSpec) -> bool:
    """Return whether the other run differs only by weaker penalties, weight decay, smoothing or dropout."""
    bare, others_bare = unregularized(own), unregularized(other)
    mine, theirs = strengths(own), strengths(other)
    return bare == others_bare and all(b <= a for a, b in zip(mine, theirs, strict=True)) and mine != theirs


def strengths(spec: RunSpec) -> tuple[float, ...]:
    """Return the L2 and L1 strengths, weight decay, label smoothing, and rates of dropout and of dropped branches."""
    training = spec.training
    nodes = (node for node in spec.network.nodes if not isinstance(node, PoolSpec))
    rates = [node.dropout.rate if node.dropout else 0.0 for node in nodes]
    drops = (layer.branch_drop for layer in spec.network.layers)
    return (
        training.l2,
        training.l1,
        weight_decay(spec),
        smoothing_of(training.loss),
        *rates,
        *(1 - drop.survival if drop else 0.0 for drop in drops),
    )


def weight_decay(spec: RunSpec) -> float:
    """Return the weight decay of the optimizer, 0 if it has none."""
    optimizer = spec.training.optimizer
    decay = OPTIMIZERS[optimizer.name].decay
    return float(optimizer[decay]) if decay else 0.0


def _without_draws(node: Node) -> Node:
    if isinstance(node, PoolSpec):
        return node
    return replace(node, dropout=None, branch_drop=None) if isinstance(node, LayerSpec) else replace(node, dropout=None)


def unregularized(spec: RunSpec) -> RunSpec:
    """Return the settings of the run without penalties, weight decay, label smoothing and dropout."""
    optimizer = spec.training.optimizer
    decay = OPTIMIZERS[optimizer.name].decay
    kept = tuple((name, value) for name, value in optimizer.params if name != decay)
    nodes = tuple(map(_without_draws, spec.network.nodes))
    smoothing = LOSSES[spec.training.loss.name].smoothing
    loss = replace(spec.training.loss, params=tuple(one for one in spec.training.loss.params if one[0] != smoothing))
    training = replace(spec.training, l2=0.0, l1=0.0, loss=loss, optimizer=replace(optimizer, params=kept))
    return replace(spec, network=NetworkSpec(nodes), training=training)
