"""Callback for Keras: losses, scores and learning rates, with any backend."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.data.dataset import facts_of
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.errors import UsageError
from reportgen.external.recording.convert import Array, examples, named, no_examples
from reportgen.external.recording.recorder_settings import RecorderSettings
from reportgen.external.recording.scores import ScoreSeries

SMALLEST = 1e-30
"""Probabilities below this are replaced by it, so that their logarithm is finite."""


class KerasTraining:
    """Recorder of the losses, scores and learning rates of a model of Keras.

    data: training inputs and classes, validation inputs and classes. settings: settings of the record.
    """

    def __init__(self, model: Any, data: tuple[Any, Any, Any, Any], settings: dict[str, Any]) -> None:
        x, y = examples(*data[:2], "training")
        x_val, y_val = no_examples(x) if data[2] is None else examples(*data[2:], "validation")
        self._model, self._inputs = model, (data[0], data[2])
        self._facts = facts_of(x, y, x_val, y_val)
        self._scores = ScoreSeries({"train": y, "val": y_val}, self._facts)
        self._settings = RecorderSettings("relu")
        self._settings.add(settings, None)
        self._losses: list[float] = []
        self._rates: list[float] = []
        self._mean, self._count = 0.0, 0

    def begin_epoch(self) -> None:
        """Start the running mean of the losses anew, as Keras does."""
        self._mean, self._count = 0.0, 0

    def step(self, mean: float) -> None:
        """Add a step; mean: mean of the losses of the epoch so far, which Keras reports."""
        self._count += 1
        self._losses.append(self._count * mean - (self._count - 1) * self._mean)
        self._mean = mean
        self._rates.append(float(np.asarray(self._model.optimizer.learning_rate)))

    def score(self) -> None:
        """Score the model, unless it has been at this step."""
        if not self._scores.steps or self._scores.steps[-1] < len(self._losses):
            train, val = (None if x is None else self._logits(np.asarray(x)) for x in self._inputs)
            self._scores.add(len(self._losses), train, val)

    def _logits(self, x: Array) -> Array:
        """Return the outputs of the model as logits; probabilities become their logarithms or log odds."""
        outputs = np.asarray(self._model.predict(x, verbose=0), np.float64)
        last = _activation_name(self._model.layers[-1])
        if last == "softmax" or "Softmax" in type(self._model.layers[-1]).__name__:
            return np.log(np.maximum(outputs, SMALLEST))
        row = named(ACTIVATIONS, last)
        if row is not None and row.bounded and (outputs >= 0).all():
            return np.log(np.maximum(outputs, SMALLEST)) - np.log(np.maximum(1 - outputs, SMALLEST))
        return outputs

    def save(self, path: Path) -> None:
        """Write the record, if a step was recorded."""
        if not self._losses:
            return
        self.score()
        training = {"lr": max(self._rates)} | self._settings.training
        run = {
            "seed": self._settings.seed,
            "variant": self._settings.variant,
            "network": network_of(self._model),
            "layers": layers_of(self._model),
            "training": training,
            "facts": self._facts | {"framework": "keras"},
        }
        rates = np.array(self._rates)
        arrays = {"step_loss": np.array(self._losses), "step_lr": rates} | self._scores.arrays()
        arrays["epoch_lr"] = rates[np.maximum(arrays["epoch_step"] - 1, 0)]
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, run=json.dumps(run), **arrays)


def _weighted(model: Any) -> list[Any]:
    """Return the layers of a model with a kernel, and embeddings, in order."""
    found = model._flatten_layers(include_self=False, recursive=True)
    return [layer for layer in found if _kernel(layer) is not None]


def _kernel(layer: Any) -> Any:
    value = getattr(layer, "kernel", None)
    return getattr(layer, "embeddings", None) if value is None else value


def _activation_name(layer: Any) -> str:
    return str(getattr(getattr(layer, "activation", None), "__name__", ""))


def network_of(model: Any) -> dict[str, Any]:
    """Return the network as a setting of a record: widths, the most common activation, and what lies between layers."""
    layers = list(model._flatten_layers(include_self=False, recursive=True))
    names = [_activation_name(layer) or type(layer).__name__ for layer in layers]
    known = [named(ACTIVATIONS, name) for name in names[:-1]]
    rows = [row for row in known if row is not None and row.activate is not None]
    activation = max((row.name for row in rows), key=[row.name for row in rows].count, default="relu")
    rates = [float(layer.rate) for layer in layers if "Dropout" in type(layer).__name__ and hasattr(layer, "rate")]
    return {
        "hidden": [int(_kernel(layer).shape[-1]) for layer in _weighted(model)[:-1]],
        "activation": activation,
        "batchnorm": any("BatchNormalization" in type(layer).__name__ for layer in layers),
        "dropout": max(rates, default=0),
    }


def layers_of(model: Any) -> list[dict[str, Any]]:
    """Return the description of each layer with weights; the connections between them are unknown."""
    found = []
    for layer in _weighted(model):
        size = getattr(layer, "kernel_size", None)
        kind = {"kind": "dense"} if size is None else {"kind": "conv", "kernel": [int(n) for n in size]}
        found.append({"module": type(layer).__name__, **kind})
    return found


def _base() -> Any:
    try:
        return import_module("keras").callbacks.Callback
    except ImportError:
        raise UsageError("missing-library", "Keras is not installed", "KerasCallback", "pip install keras") from None


def make() -> type[Any]:
    """Return the class `KerasCallback`, a subclass of Keras's `Callback`."""

    class KerasCallback(_base()):  # type: ignore[misc]
        """Callback that records losses, scores and learning rates of a classifier for `reportgen diagnose`.

        Parameters
        ----------
        path : path of the record.
        x, y : training inputs, (n, ...), and classes, (n,).
        x_val, y_val : validation inputs and classes; None without validation.
        settings : settings of the record, such as batch_size, seed and variant.
        """

        def __init__(
            self, path: str | Path, x: Any, y: Any, x_val: Any = None, y_val: Any = None, **settings: Any
        ) -> None:
            super().__init__()
            self._path, self._data, self._settings = Path(path), (x, y, x_val, y_val), settings
            self._training: KerasTraining | None = None

        def on_train_begin(self, logs: Any = None) -> None:
            self._training = KerasTraining(self.model, self._data, self._settings)
            self._training.score()

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if self._training is not None:
                self._training.begin_epoch()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if self._training is not None:
                self._training.step(float((logs or {})["loss"]))

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if self._training is not None:
                self._training.score()

        def on_train_end(self, logs: Any = None) -> None:
            if self._training is not None:
                self._training.save(self._path)

    return KerasCallback
