"""Recording of training in a framework: when the recorder is made, what it gets, and when it is saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.errors import UsageError
from reportgen.external.recording.recorder import Recorder

MOST_EXAMPLES = 2000
"""Largest number of examples of a split that a callback takes from a data loader."""


class FrameworkTraining:
    """The recorder of a callback; path: path of the record. settings: settings of the recorder."""

    def __init__(self, path: str | Path, settings: Mapping[str, Any]) -> None:
        self._path, self._settings = Path(path), dict(settings)
        self._recorder: Recorder | None = None

    def start(self, net: Any, optimizer: Any, training: Any, validation: Any, **settings: Any) -> None:
        """Make the recorder of a network.

        Parameters
        ----------
        net : module of PyTorch.
        optimizer : optimizer of PyTorch, None if it is unknown.
        training, validation : pairs of inputs and classes; None without validation.
        settings : settings of the recorder that the framework knows.
        """
        (x, y), (x_val, y_val) = training, validation or (None, None)
        given: dict[str, Any] = {**settings, **self._settings}
        self._recorder = Recorder(x, y, x_val, y_val, **given)
        self._recorder.watch(net, optimizer=optimizer)

    def step(self, loss: Any) -> None:
        """Record a step before its update."""
        if self._recorder is not None:
            self._recorder.step(loss)

    def score(self) -> None:
        """Score the network, unless it has been at this step."""
        if self._recorder is not None and self._recorder.has_new_steps:
            self._recorder.score()

    def save(self) -> None:
        """Write the record, unless no step was recorded."""
        if self._recorder is not None and self._recorder.has_steps:
            self.score()
            self._recorder.save(self._path)
        self._recorder = None


def examples_of(loader: Any, what: str) -> tuple[Any, Any] | None:
    """Return inputs and classes of a data loader of PyTorch, evenly spaced in its data set; None without a loader.

    Raises UsageError if its batches are not pairs of inputs and classes.
    """
    if loader is None:
        return None
    dataset = getattr(loader, "dataset", None)
    if dataset is None or not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
        return _pair(next(iter(loader)), what)
    chosen = np.unique(np.linspace(0, len(dataset) - 1, min(len(dataset), MOST_EXAMPLES)).astype(int))
    collate = getattr(loader, "collate_fn", None)
    rows = [dataset[int(index)] for index in chosen]
    return _pair(rows if collate is None else collate(rows), what)


def _pair(batch: Any, what: str) -> tuple[Any, Any]:
    if isinstance(batch, Mapping) and "labels" in batch:
        inputs = {name: value for name, value in batch.items() if name != "labels"}
        return next(iter(inputs.values())), batch["labels"]
    if isinstance(batch, Iterable) and not isinstance(batch, Mapping) and len(pair := list(batch)) == 2:
        return pair[0], pair[1]
    hint = "a data loader of pairs of inputs and classes, or use Recorder in the training loop"
    raise UsageError("wrong-type", f"the batches of the {what} data are not pairs", f"{what} data", hint)
