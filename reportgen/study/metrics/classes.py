"""Metrics of rare and frequent classes, and of a sequence of tasks."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from reportgen.languages.translate import N_
from reportgen.study.metrics.metric import DIFFERENCE, RUN, Metric, Record
from reportgen.study.metrics.needs import CLASS_LOSSES, TASKS
from reportgen.study.metrics.scores import LOSS
from reportgen.study.model.claims import Measure


def loss_of_half(is_rare: bool) -> Callable[[Record, Measure], float]:
    """Return a function that reads the mean training loss on the examples of the rare classes, or of all others.

    The rare classes are the smallest ones that together hold at most half of the training examples, at least one.
    """

    def read(record: Record, measure: Measure) -> float:
        losses = record.arrays.get("train_class_loss")
        counts = np.asarray(record.facts.get("class_counts", ()), np.float64)
        if losses is None or len(counts) != len(losses) or len(counts) < 2:
            return math.nan
        order = np.argsort(counts, kind="stable")
        rare = max(1, int(np.count_nonzero(np.cumsum(counts[order]) <= counts.sum() / 2)))
        chosen = order[:rare] if is_rare else order[rare:]
        chosen = chosen[counts[chosen] > 0]
        return float(np.average(losses[chosen], weights=counts[chosen])) if chosen.size else math.nan

    return read


def accuracy_change_over_tasks(record: Record, measure: Measure) -> float:
    """Return the training accuracy at the end of the last task minus that of the first; NaN if the last did not end."""
    accuracy, tasks = record.epochs("train_accuracy"), record.spec.data.tasks
    epochs = record.spec.training.epochs
    if tasks < 2 or len(accuracy) <= epochs:
        return math.nan
    return round(float(accuracy[epochs] - accuracy[epochs // tasks]), 12) + 0.0


CLASS_ROWS = (
    Metric(
        name="rare_train_loss",
        summary="cross-entropy on training examples of the smallest classes, which hold at most half of the examples",
        place=RUN,
        read=loss_of_half(is_rare=True),
        needs=(CLASS_LOSSES,),
        **LOSS,
        source="Kunstner et al. 2024, figure 1",
        words=N_("training loss on rare classes"),
    ),
    Metric(
        name="frequent_train_loss",
        summary="cross-entropy on training examples of all classes but the smallest, which hold at most half of them",
        place=RUN,
        read=loss_of_half(is_rare=False),
        needs=(CLASS_LOSSES,),
        **LOSS,
        source="Kunstner et al. 2024, figure 1",
        words=N_("training loss on frequent classes"),
    ),
)
"""Metrics by the sizes of classes, of the network after training."""

TASK_ROWS = (
    Metric(
        name="task_accuracy_change",
        summary="training accuracy at the end of the last task minus the one at the end of the first task",
        place=RUN,
        read=accuracy_change_over_tasks,
        needs=(TASKS,),
        **DIFFERENCE,
        source="Dohare et al. 2024",
        words=N_("training accuracy on the last task minus that on the first task"),
    ),
)
"""Metrics of networks that learn several tasks one after another."""
