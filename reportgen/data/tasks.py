"""A sequence of tasks for a network that goes on learning: the data of a run, changed from task to task."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reportgen.data.dataset import Dataset
from reportgen.data.spec import NewTask
from reportgen.data.streams import stream


def task(dataset: Dataset, kind: NewTask, number: int, seed: int) -> Dataset:
    """Return the examples of a task, counted from 0; task 0 is the data set itself.

    - "permuted_inputs": all examples have their features in another order, the same for all (Goodfellow et al. 2014).
    - "shuffled_labels": each split has its own labels in a random order, so that only memory can lower the training
      loss (Zhang et al. 2017; Lyle et al. 2023). Validation examples are then classified at the level of guessing.
    """
    if number == 0:
        return dataset
    rng = stream(seed, f"data.{kind}", number)
    if kind == "shuffled_labels":
        y_train, y_val, y_test = (rng.permutation(y) for y in (dataset.y_train, dataset.y_val, dataset.y_test))
        return replace(dataset, y_train=y_train, y_val=y_val, y_test=y_test)
    order = rng.permutation(dataset.features)
    x_train, x_val, x_test = (
        np.ascontiguousarray(x[:, order]) for x in (dataset.x_train, dataset.x_val, dataset.x_test)
    )
    return replace(dataset, x_train=x_train, x_val=x_val, x_test=x_test)
