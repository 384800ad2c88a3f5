"""Records training that is done elsewhere, for `reportgen diagnose`: arrays in, a record's file out."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy.special import logsumexp

from reportgen.data.dataset import facts_of
from reportgen.engine.activations import ACTIVATIONS
from reportgen.engine.probe import SATURATED_SLOPE
from reportgen.errors import UsageError
from reportgen.study.messages import study_error
from reportgen.study.settings import Training
from reportgen.table import find
from reportgen.watched import Watched

Array = NDArray[np.float64]

LOOKS_A_DECADE = 4


class Recorder:
    """Collects what a training does and writes it as a record; arrays may be NumPy's, or tensors with `detach`.

    In this order: `score` before training, and after each epoch; then, step by step, `look` where `due` says so, `step`
    with the loss before the weights change; and at the end `look` once more, and `save`. After `watch`, which PyTorch's
    layers allow, `step` and `save` look by themselves.

    x, y, x_val, y_val: inputs (n, ...) and classes (n,) of both splits. activation: the hidden layers', as a study
    file has it: a name, or a mapping of a name and parameters. units_axis: the axis of weights that counts a layer's
    units, 0 as in PyTorch, 1 as in Keras.
    """

    def __init__(self, x: Any, y: Any, x_val: Any, y_val: Any, activation: Any, units_axis: int = 0) -> None:
        given = dict(activation) if isinstance(activation, Mapping) else {"name": activation}
        row = find(ACTIVATIONS, str(given.pop("name", "")))
        if row is None:
            raise UsageError(f"unknown activation {activation!r}", hint=f"one of {', '.join(ACTIVATIONS)}")
        unknown = sorted(set(given) - {one.name for one in row.parameters})
        if unknown:
            known = ", ".join(one.name for one in row.parameters) or "none"
            raise UsageError(f"{row.name} has no parameter {', '.join(unknown)}", hint=f"it has {known}")
        x, y, x_val, y_val = (_array(part) for part in (x, y, x_val, y_val))
        _check_labels(x, y)
        _check_labels(x_val, y_val)
        self._network: dict[str, Any] = {"activation": activation}
        self._activation, self._units_axis = row, units_axis
        self._parameters = {one.name: one.default for one in row.parameters} | given
        self._facts = facts_of(x, y, x_val, y_val)
        self._labels = {"train": y.astype(np.int64), "val": y_val.astype(np.int64)}
        self._kept: dict[str, list[Any]] = defaultdict(list)
        self._confusion: dict[str, NDArray[np.int64]] = {}
        self._before: list[Array] = []
        self._watched: Watched | None = None

    def watch(self, layers: Iterable[Any], loss: Callable[[], Any]) -> None:
        """Let `step` and `save` look at the layers wherever a look is due.

        layers: from the first hidden layer to the output layer, each with `weight`, `bias` and `register_forward_hook`,
        as PyTorch's have them. loss: computes the mean loss of one fixed batch of training examples, without penalties;
        its gradients are asked for here, so that `step` has to come before `zero_grad` and `backward`. Each look is a
        pass in the mode that the network is in: in PyTorch's training mode it moves batch normalization's running
        averages, and dropout draws, unless `loss` sees to that.
        """
        self._watched = Watched(layers, loss)

    @property
    def due(self) -> bool:
        """Whether the layers should be looked at now: before training, and then about evenly in log time."""
        return _is_due(self._steps) and self._steps not in self._kept["probe_step"]

    @property
    def _steps(self) -> int:
        return len(self._kept["step_loss"])

    def step(self, loss: Any, weights: Iterable[Any] = ()) -> None:
        """Note a minibatch's mean loss without penalties, and each layer's weights, before the step changes them.

        Layers that are watched need not be given.
        """
        if self._watched is not None:
            weights = self._watched.weights
            if self.due:
                self.look(*self._watched.look())
        self._kept["step_loss"].append(float(_array(loss)))
        self._before = [_array(part).copy() for part in weights]

    def score(self, train_outputs: Any, val_outputs: Any) -> None:
        """Note the network's outputs (n, classes) in test mode: logits, scored by softmax cross-entropy."""
        self._kept["epoch_step"].append(self._steps)
        for split, given in (("train", train_outputs), ("val", val_outputs)):
            labels = self._labels[split]
            outputs = _checked_outputs(_array(given), labels)
            losses = logsumexp(outputs, axis=1) - outputs[np.arange(len(labels)), labels]
            said, classes = outputs.argmax(axis=1), outputs.shape[1]
            self._kept[f"epoch_{split}_loss"].append(float(losses.mean()))
            self._kept[f"epoch_{split}_accuracy"].append(float((said == labels).mean()))
            self._count_classes(classes)
            counts = np.bincount(classes * labels + said, minlength=classes**2)
            self._confusion[f"{split}_confusion"] = counts.reshape(classes, classes)

    def _count_classes(self, classes: int) -> None:
        """Let the outputs say how many classes there are, where no example has the last of them."""
        lacking = classes - self._facts["classes"]
        self._facts["classes"] += lacking
        self._facts["class_counts"] += [0] * lacking

    def look(self, preactivations: Iterable[Any], weights: Iterable[Any], biases: Iterable[Any]) -> None:
        """Note what each layer does on one fixed batch of training examples; a second look at a step is ignored.

        All lists go from the first hidden layer to the output layer. Each item is a pair of an array and the gradient
        of the mean loss, without penalties, by it, or a tensor whose `grad` is that gradient. preactivations: what
        goes into the activation, (n, units); of the biases only the gradients are read.
        """
        if self._steps in self._kept["probe_step"]:
            return
        z, w, b = ([_with_gradient(part) for part in parts] for parts in (preactivations, weights, biases))
        before: list[Array | None] = [*self._before] or [None] * len(z)
        _check_layers([part for part, _ in z], [part for part, _ in w], len(b), len(before), self._units_axis)
        hidden = [self._activation.function(part, **self._parameters) for part, _ in z[:-1]]
        rows = [
            self._outputs(a, *own, index < len(hidden)) | self._weights(*weight, bias[1], old)
            for index, (a, own, weight, bias, old) in enumerate(zip([*hidden, z[-1][0]], z, w, b, before, strict=True))
        ]
        self._kept["probe_step"].append(self._steps)
        for name in rows[0]:
            self._kept[f"probe_{name}"].append([row[name] for row in rows])
        self._kept["probe_unit_dead"].append(np.concatenate([(a == 0).all(axis=0) for a in hidden] or [np.zeros(0)]))
        self._network["hidden"] = [part.shape[1] for part in hidden]
        self._facts["probe_n"] = len(z[0][0])

    def _outputs(self, a: Array, z: Array, delta: Array, hidden: bool) -> dict[str, Any]:
        flat = np.nan
        if hidden and self._activation.saturates:
            slopes = np.abs(self._activation.derivative(z, **self._parameters))
            flat = float((slopes < SATURATED_SLOPE * self._activation.max_slope).mean())
        return {
            "activation_mean": a.mean(),
            "activation_std": a.std(),
            "activation_min": a.min(),
            "activation_max": a.max(),
            "zero_fraction": (a == 0).mean(),
            "dead_fraction": (a == 0).all(axis=0).mean(),
            "saturated_fraction": flat,
            "preactivation_mean": z.mean(),
            "preactivation_std": z.std(),
            "gradient_mean": delta.mean(),
            "gradient_std": delta.std(),
            "gradient_norm": _norm(delta),
        }

    def _weights(self, w: Array, g: Array, bias_gradient: Array, before: Array | None) -> dict[str, Any]:
        return {
            "weight_std": w.std(),
            "weight_norm": _norm(w),
            "weight_gradient_norm": _norm(g),
            "bias_gradient_norm": _norm(bias_gradient),
            "weight_unit_spread": _spread(w, self._units_axis),
            "gradient_unit_spread": _spread(g, self._units_axis),
            "update_ratio": np.nan if before is None else _norm(w - before) / max(_norm(before), 1e-300),
        }

    def save(
        self, path: str | PathLike[str], *, lr: float, seed: int = 0, variant: str = "variant", **training: Any
    ) -> None:
        """Write the record; lr, and training: batch_size, optimizer and the like, named as in a study file."""
        self._check_saved(lr, training)
        if self._watched is not None:
            self.look(*self._watched.look())
        hidden = self._network.get("hidden")
        if hidden is None:
            raise UsageError("no layer was looked at", hint="call look before save")
        run = {"seed": seed, "variant": variant, "network": self._network, "facts": self._facts}
        run["training"] = {"lr": lr, **training}
        arrays = {name: np.array(values) for name, values in self._kept.items()}
        arrays |= {**self._confusion, "unit_layer": np.repeat(np.arange(1, len(hidden) + 1), hidden)}
        if not hidden:
            arrays = {name: array for name, array in arrays.items() if name not in ("unit_layer", "probe_unit_dead")}
        np.savez(path, run=json.dumps(run), **arrays)  # type: ignore[arg-type] # arrays by name

    def _check_saved(self, lr: float, training: Mapping[str, Any]) -> None:
        """Refuse what `reportgen diagnose` would: no step, and settings of training that a study would not take."""
        if not self._steps:
            raise UsageError("no step was noted", hint="call step before each change of the weights, then save")
        tree = {"lr": lr, **training}
        try:
            Training.model_validate(tree)
        except ValidationError as error:
            raise UsageError(
                str(study_error(error, tree, lambda path, _: f"save: {'.'.join(map(str, path))}"))
            ) from None


def _array(values: Any) -> Array:
    """Return values as an array in float64, those of a tensor freed from what it keeps for the way back."""
    plain = values.detach().cpu().numpy() if hasattr(values, "detach") else values
    return np.asarray(plain, np.float64)


def _check_labels(x: Array, y: Array) -> None:
    if y.shape != x.shape[:1]:
        raise UsageError(f"inputs are {x.shape}, classes {y.shape}", hint="one class for each input, by its number")


def _check_layers(z: list[Array], w: list[Array], biases: int, before: int, units_axis: int) -> None:
    if len({len(z), len(w), biases, before}) > 1:
        found = f"{len(z)} pre-activations, {len(w)} weights and {biases} biases; {before} weights at the step"
        raise UsageError(f"layers differ in number: {found}", hint="one of each for every layer")
    for number, (part, weight) in enumerate(zip(z, w, strict=True), 1):
        units = weight.shape[units_axis]
        if part.shape[1] != units:
            found = f"layer {number} has {part.shape[1]} pre-activations, and weights of {units} units"
            raise UsageError(found, hint="all lists go from the first hidden layer on; see also units_axis")


def _checked_outputs(outputs: Array, labels: NDArray[np.int64]) -> Array:
    classes = int(labels.max(initial=0)) + 1
    if outputs.ndim != 2 or len(outputs) != len(labels) or outputs.shape[1] < classes:
        right = f"logits of all {len(labels)} examples, (n, classes), of at least {classes} classes"
        raise UsageError(f"outputs are {outputs.shape}", hint=right)
    return outputs


def _with_gradient(given: Any) -> tuple[Array, Array]:
    value, gradient = given if isinstance(given, (tuple, list)) else (given, getattr(given, "grad", None))
    if gradient is None:
        raise UsageError("a gradient is missing", hint="call backward first, and retain_grad in the hook")
    return _array(value), _array(gradient)


def _is_due(step: int) -> bool:
    """Return whether a step opens a new stretch of the time's logarithm."""
    if step < 2:
        return True
    place = LOOKS_A_DECADE * np.log10([step - 1, step])
    return bool(np.floor(place[1] + 1e-9) > np.floor(place[0] + 1e-9))


def _norm(values: Array) -> float:
    return float(np.sqrt(np.square(values).sum()))


def _spread(values: Array, units_axis: int) -> float:
    """Return how far the units' own weights lie from their mean unit, over the norm of all; NaN for a single unit."""
    if values.shape[units_axis] < 2:
        return float("nan")
    norm = _norm(values)
    return _norm(values - values.mean(axis=units_axis, keepdims=True)) / norm if norm else 0.0
