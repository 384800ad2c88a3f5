"""Scores of a recorder: loss, accuracy and confusion matrices by epoch."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from reportgen.external.recording.convert import Array, Labels, are_probabilities, array, outputs_of
from reportgen.external.recording.loop.probabilities import LEAST, OF_PROBABILITIES, as_logits

PROBABILITIES = "probabilities"
SPLITS = {"train": "training", "val": "validation"}


class ScoreSeries:
    """Scores by epoch; labels: classes of each split. facts: facts of the record, whose counts of classes may grow.

    Attributes
    ----------
    steps : numbers of steps after which the network was scored.
    train_outputs : outputs of the last scores.
    smoothing : label smoothing of the trained loss, which the losses of the scores get as well.
    """

    def __init__(self, labels: dict[str, Labels], facts: dict[str, Any]) -> None:
        self.labels, self._facts = labels, facts
        self._columns: dict[str, list[float]] = defaultdict(list)
        self._leads: dict[str, list[float]] = defaultdict(list)
        self._confusion: dict[str, NDArray[np.int64]] = {}
        self.steps: list[int] = []
        self.train_outputs: Array = np.zeros(0)
        self.smoothing = 0.0

    @property
    def is_certain(self) -> bool:
        """Whether the number of classes is known from outputs, and not only from labels."""
        return bool(self._confusion)

    def is_at(self, step: int, outputs: Array) -> bool:
        """Return whether the last scores are of this step and of as many outputs."""
        return bool(self.train_outputs.shape == outputs.shape and self.steps[-1] == step)

    def add(self, step: int, train_outputs: Any, val_outputs: Any, last: str = "") -> None:
        """Add the scores of outputs after a step; probabilities are recorded as such.

        last: the last function of the network, with which the outputs are probabilities; see `loop.probabilities`.
        Raises UsageError for a wrong shape.
        """
        by_split = {"train": train_outputs} | ({"val": val_outputs} if len(self.labels["val"]) else {})
        checked = {
            split: outputs_of(
                None if values is None else as_logits(array(values, f"{SPLITS[split]} outputs"), last),
                SPLITS[split],
                len(self.labels[split]),
                self._facts["classes"],
                certain=self.is_certain,
            )
            for split, values in by_split.items()
        }
        if last in OF_PROBABILITIES:
            self._facts["outputs"] = PROBABILITIES
        self.steps.append(step)
        self.train_outputs = checked["train"]
        for split, outputs in checked.items():
            self._add_split(split, outputs)

    def _add_split(self, split: str, outputs: Array) -> None:
        labels, classes = self.labels[split], outputs.shape[1]
        if are_probabilities(outputs):
            self._facts["outputs"] = PROBABILITIES
            outputs = np.log(np.maximum(outputs, LEAST))
        chosen = outputs[np.arange(len(labels)), labels]
        losses = logsumexp(outputs, axis=1) - chosen
        predicted = outputs.argmax(axis=1)
        self._columns[f"epoch_{split}_loss"].append(float(losses.mean()))
        self._leads[f"epoch_{split}_loss"].append(float((chosen - outputs.mean(axis=1)).mean()))
        self._columns[f"epoch_{split}_accuracy"].append(float((predicted == labels).mean()))
        self._extend_classes(classes)
        counts = np.bincount(classes * labels + predicted, minlength=classes**2)
        self._confusion[f"{split}_confusion"] = counts.reshape(classes, classes)

    def _extend_classes(self, classes: int) -> None:
        """Raise the number of classes to the number of outputs, if no example has the last classes."""
        for counts in (self._facts["class_counts"], self._facts.get("val_class_counts", [])):
            counts += [0] * (classes - self._facts["classes"])
        self._facts["classes"] = classes

    def arrays(self) -> dict[str, Any]:
        """Return the arrays of the record.

        The cross-entropy is linear in the labels: smoothing adds its share of the mean lead of the right output.
        """
        arrays: dict[str, Any] = {name: np.array(values) for name, values in self._columns.items()}
        if self.smoothing:
            for name, leads in self._leads.items():
                arrays[name] += self.smoothing * np.array(leads)
        return arrays | self._confusion | ({"epoch_step": np.array(self.steps)} if self.steps else {})
