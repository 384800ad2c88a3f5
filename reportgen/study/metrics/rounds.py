"""Metrics of pruning: scores of the network at the end of each round, and shares of the weights that remain."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from reportgen.languages.translate import N_
from reportgen.study.metrics.metric import DIFFERENCE, LAYERS, ROUNDS, SHARE, SIZE, Metric, Need, Record, Values
from reportgen.study.metrics.needs import PROBES, PRUNING, TEST, VALIDATION
from reportgen.study.metrics.scores import ACCURACY, LOSS
from reportgen.study.model.claims import Measure

Split = Literal["train", "val", "test"]


def rounds(record: Record, name: str) -> Values:
    """Return an array by round, shape (rounds + 1,); empty in records that do not have it."""
    return np.asarray(record.arrays.get(f"round_{name}", ()), np.float64)


def at_round(name: str) -> Callable[[Record, Measure], float]:
    """Return a function that reads an array at the round of a measure, by default the last one."""
    return lambda record, measure: _pick(rounds(record, name), measure.round)


def difference(name: str) -> Callable[[Record, Measure], float]:
    """Return a function that reads an array at the round of a measure minus its value for the dense network.

    The difference is rounded, since equal accuracies may differ in their last bit.
    """
    read = at_round(name)
    return lambda record, measure: round(read(record, measure) - _pick(rounds(record, name), 0), 12) + 0.0


def _pick(values: Values, number: int | str | None) -> float:
    index = number if isinstance(number, int) else 0 if number == "first" else len(values) - 1
    return float(values[index]) if 0 <= index < len(values) else math.nan


def weights_remaining(record: Record, probe: int) -> Values:
    """Return the share of each layer's weights that remain at the end, shape (layers,)."""
    kept = record.arrays.get("round_weights")
    if kept is None:
        return np.full(record.layers, math.nan)
    trained = kept[kept.sum(axis=1) > 0]
    share: Values = trained[-1] / trained[0]
    return share


def _scores(split: Split, examples: str, *needs: Need) -> tuple[Metric, ...]:
    """Return the rows of the loss and the accuracy on the examples of a split, and of their differences."""
    facts: dict[str, Any] = {"place": ROUNDS, "split": split, "needs": (PRUNING, *needs)}
    loss, accuracy = f"loss on {examples} examples, without penalties,", f"share of {examples} examples classified"
    return (
        Metric(
            name=f"round_{split}_loss",
            words=f"{examples} loss of the pruned network",
            summary=f"{loss} at the end of a round of pruning",
            read=at_round(f"{split}_loss"),
            **LOSS,
            **facts,
        ),
        Metric(
            name=f"round_{split}_accuracy",
            words=f"{examples} accuracy of the pruned network",
            summary=f"{accuracy} correctly at the end of a round of pruning",
            read=at_round(f"{split}_accuracy"),
            **ACCURACY | {"counted": bool(needs)},
            **facts,
        ),
        Metric(
            name=f"round_{split}_loss_difference",
            words=f"{examples} loss minus that of the dense network",
            summary=f"{loss} at the end of a round of pruning minus the loss of the dense network",
            read=difference(f"{split}_loss"),
            comparison=True,
            higher_is_better=False,
            **facts,
        ),
        Metric(
            name=f"round_{split}_accuracy_difference",
            words=f"{examples} accuracy minus that of the dense network",
            summary=f"{accuracy} correctly at the end of a round of pruning minus the share of the dense network",
            read=difference(f"{split}_accuracy"),
            comparison=True,
            higher_is_better=True,
            **DIFFERENCE,
            **facts,
        ),
    )


ROUND_ROWS = (
    Metric(
        name="round_sparsity",
        summary="share of all weights that are removed in a round of pruning",
        place=ROUNDS,
        read=at_round("sparsity"),
        needs=(PRUNING,),
        **SHARE,
        words=N_("share of weights that are pruned"),
    ),
    *_scores("train", "training"),
    *_scores("val", "validation", VALIDATION),
    *_scores("test", "test", TEST),
    Metric(
        name="round_best_epoch",
        summary="epoch of the lowest validation loss in a round of pruning",
        place=ROUNDS,
        read=at_round("best_epoch"),
        unit="epochs",
        higher_is_better=False,
        needs=(PRUNING, VALIDATION),
        **SIZE,
        words=N_("epoch of lowest validation loss"),
    ),
    Metric(
        name="round_best_epoch_difference",
        summary="epoch of the lowest validation loss in a round of pruning minus the same epoch of the dense network",
        place=ROUNDS,
        read=difference("best_epoch"),
        unit="epochs",
        comparison=True,
        higher_is_better=False,
        needs=(PRUNING, VALIDATION),
        words=N_("epoch of lowest validation loss minus that of the dense network"),
    ),
)
"""Metrics by round; round 0 is the dense network."""

LAYER_ROUND_ROWS = (
    Metric(
        name="weights_remaining",
        summary="share of a layer's weights that remain after pruning",
        place=LAYERS,
        by_layer=weights_remaining,
        needs=(PRUNING, PROBES),
        **SHARE,
        words=N_("share of weights that remain"),
    ),
)
