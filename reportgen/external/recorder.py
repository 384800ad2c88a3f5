"""Recorder of training done in another program; writes a record for `reportgen diagnose`."""

from __future__ import annotations

import json
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from reportgen.data.dataset import facts_of
from reportgen.errors import UsageError
from reportgen.external.convert import (
    Array,
    activation_of,
    array,
    check_network,
    check_output_units,
    check_training,
    examples,
    no_examples,
    one_loss,
    one_name,
    one_seed,
    outputs_of,
    settings_of,
)
from reportgen.external.hooks import HookedNetwork
from reportgen.external.layer_statistics import (
    Layers,
    LayerStatistics,
    Norm,
    Pair,
    check_chain,
    check_layers,
    is_due,
    same_outputs,
)

OF_RECORDS = ("seed", "variant")
TRAINING_MODE = "score was given outputs of training mode"
SPLITS = {"train": "training", "val": "validation"}


class Recorder:
    """Collects what a training does and writes it as a record; arrays may be NumPy's, or tensors with `detach`.

    In this order: `score` before training, and after each epoch; then, step by step, `look` where `due` says so, `step`
    with the loss before the weights change; and at the end `look` once more, and `save`. After `watch`, which PyTorch's
    networks allow, `step` and `save` look by themselves.

    x, y, x_val, y_val: inputs (n, ...) and classes (n,) of both splits, x_val and y_val None where there is no
    validation. activation: the hidden layers', as a study file has it: a name, or a mapping of a name and parameters;
    or the layer's object. units_axis: the axis of weights that counts a layer's units, 0 as in PyTorch, 1 as in Keras.
    settings: lr, batch_size, optimizer and the like, and batchnorm, dropout and init, named as in a study file; seed
    and variant, which say which records belong together. What is told here is checked here.
    """

    def __init__(
        self, x: Any, y: Any, x_val: Any, y_val: Any, activation: Any, units_axis: int = 0, **settings: Any
    ) -> None:
        row, parameters = activation_of(activation)
        self._activation = {"name": row.name, **parameters} if parameters else row.name
        self._gauge = LayerStatistics(row, {one.name: one.default for one in row.parameters} | parameters, units_axis)
        x, y = examples(x, y, "training")
        if not len(y):
            raise UsageError("empty-data", "there are no training examples", "training inputs", "at least one example")
        x_val, y_val = no_examples(x) if x_val is None else examples(x_val, y_val, "validation")
        self._facts = facts_of(x, y, x_val, y_val)
        self._labels = {"train": y, "val": y_val}
        self._kept: dict[str, list[Any]] = defaultdict(list)
        self._confusion: dict[str, NDArray[np.int64]] = {}
        self._before: list[Array] = []
        self._sizes: list[tuple[float, float]] = []
        self._watched: HookedNetwork | None = None
        self._scored: Array = np.zeros(0)
        self._hidden: list[int] | None = None
        self._normed: list[bool] = []
        self._told: dict[str, Any] = {}
        self._tell(settings)

    def _tell(self, settings: Mapping[str, Any]) -> None:
        """Add settings to the known ones; raises UsageError for a setting that a study would not accept."""
        told = self._told | {name: value for name, value in settings.items() if value is not None}
        network, training = settings_of({name: value for name, value in told.items() if name not in OF_RECORDS})
        one_seed(told.get("seed", 0))
        one_name(told.get("variant", "variant"))
        check_training(training)
        if self._hidden is not None or not any(isinstance(value, list) for value in network.values()):
            check_network({"hidden": self._hidden or [1], "activation": self._activation, **network})
        self._told = told

    def watch(self, layers: Any, loss: Callable[[], Any]) -> None:
        """Let `step` and `save` look at the layers wherever a look is due.

        layers: PyTorch's network, or its layers in a list: Linear, BatchNorm1d, Dropout and activations, known by the
        names of their classes; what is in the network and what is not is noted from the first look on. Layers of other
        programs need `weight`, `bias` and `register_forward_hook`. loss: computes the mean loss of one fixed batch of
        training examples, without penalties; its gradients are asked for here, so that `step` has to come before
        `zero_grad` and `backward`. Dropout is off in a look, and batch normalization takes the batch's statistics and
        keeps its running ones, whatever mode the network is in.
        """
        self._watched = HookedNetwork(layers, loss)

    @property
    def facts(self) -> dict[str, Any]:
        """Facts of the data for a record's settings: counts, moments of the inputs, and what simple models reach."""
        return dict(self._facts)

    @property
    def due(self) -> bool:
        """Whether the layers should be looked at now: before training, and then about evenly in log time."""
        return is_due(self._steps) and self._steps not in self._kept["probe_step"]

    @property
    def _steps(self) -> int:
        return len(self._kept["step_loss"])

    def step(self, loss: Any, weights: Iterable[Any] = ()) -> None:
        """Note a minibatch's mean loss without penalties, and each layer's weights, before the step changes them.

        Layers that are watched need not be given.
        """
        value = one_loss(loss, "step loss")
        if self._watched is not None:
            if self.due:
                seen = self._watched.look()
                self.look(*seen)
                check_network(self._network())
                self._compare_modes(seen[0][-1][0])
            weights = self._watched.weights
        self._kept["step_loss"].append(value)
        self._before = [array(part).copy() for part in weights]

    def _compare_modes(self, outputs: Array) -> None:
        """Warn where a look at all training examples has other outputs than were scored at its step: by dropout."""
        network = self._network()
        if not np.any(network.get("dropout", 0)) or network.get("batchnorm", True) or not self._just_scored(outputs):
            return
        if not same_outputs(self._scored, outputs):
            warnings.warn(f"{TRAINING_MODE}, with dropout on: call net.eval() first", stacklevel=3)

    def _just_scored(self, outputs: Array) -> bool:
        """Return whether outputs of as many examples as these were scored at this very step."""
        return bool(self._scored.shape == outputs.shape and self._kept["epoch_step"][-1] == self._steps)

    def _facts_of_modes(self) -> dict[str, float]:
        """Return what a network that is watched tells of its modes, where it has two.

        Scores by batch normalization's running values, as in test mode, do not depend on the batch.
        """
        if self._watched is None:
            return {}
        scale = self._watched.scale_of_training()
        facts = {} if scale is None else {"train_mode_scale": scale}
        if not self._watched.batchnorm or not self._just_scored(tested := self._watched.tested()):
            return facts
        if same_outputs(self._scored, tested):
            return facts | {"batch_dependent_fraction": 0.0}
        warnings.warn(f"{TRAINING_MODE}: call net.eval() first", stacklevel=4)
        return facts

    def score(self, train_outputs: Any, val_outputs: Any = None) -> None:
        """Note the network's outputs (n, classes) in test mode: logits, scored by softmax cross-entropy.

        val_outputs: left out where there is no validation.
        """
        given = {"train": train_outputs} | ({"val": val_outputs} if len(self._labels["val"]) else {})
        classes = self._facts["classes"]
        checked = {
            split: outputs_of(values, SPLITS[split], len(self._labels[split]), classes, bool(self._confusion))
            for split, values in given.items()
        }
        self._kept["epoch_step"].append(self._steps)
        self._scored = checked["train"]
        if self._watched is not None:
            self._sizes.append(self._watched.size_of_weights())
        for split, outputs in checked.items():
            labels, classes = self._labels[split], outputs.shape[1]
            losses = logsumexp(outputs, axis=1) - outputs[np.arange(len(labels)), labels]
            said = outputs.argmax(axis=1)
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

    def look(
        self,
        preactivations: Iterable[Any],
        weights: Iterable[Any],
        biases: Iterable[Any],
        norms: Iterable[Sequence[Any] | None] = (),
    ) -> None:
        """Note what each layer does on one fixed batch of training examples; a second look at a step is ignored.

        All lists go from the first hidden layer to the output layer. Each item is a pair of an array and the gradient
        of the mean loss, without penalties, by it, or a tensor whose `grad` is that gradient. preactivations: what
        goes into the activation, (n, units), after batch normalization; of the biases, or the shifts of batch
        normalization in their place, only the gradients are read. norms: of each layer batch normalization's scale,
        shift, running mean and running variance, or None; nothing where no layer has any.
        """
        if self._steps in self._kept["probe_step"]:
            return
        z, w, b = ([_with_gradient(part) for part in parts] for parts in (preactivations, weights, biases))
        found = [None if norm is None else Norm(*(array(part) for part in norm)) for norm in norms]
        layers = Layers(z, w, b, [*self._before] or [None] * len(z), found or [None] * len(z))
        self._check_look(layers)
        hidden = self._gauge.hidden(layers)
        rows = self._gauge.statistics(layers, hidden)
        self._kept["probe_step"].append(self._steps)
        for name in rows[0]:
            self._kept[f"probe_{name}"].append([row[name] for row in rows])
        self._kept["probe_unit_dead"].append(np.concatenate([(a == 0).all(axis=0) for a in hidden] or [np.zeros(0)]))
        self._hidden = [part.shape[1] for part in hidden]
        self._normed = [norm is not None for norm in found[: len(hidden)]]
        self._facts["probe_n"] = len(z[0][0])

    def _check_look(self, layers: Layers) -> None:
        check_layers(layers, self._gauge.units_axis)
        if self._gauge.activation.pieces is None:  # pieces put out fewer values than they take
            check_chain([w for w, _ in layers.weights], self._facts["features"], self._gauge.units_axis)
        check_output_units(layers.preactivations[-1][0].shape[1], self._facts["classes"], bool(self._confusion))

    def save(self, path: str | PathLike[str], **settings: Any) -> None:
        """Write the record to a file, whose folder is created; settings: those not given before, `lr` at least.

        A watched network is probed once more, with a few passes under dropout. Raises UsageError if nothing was
        recorded, or if a setting is missing or invalid.
        """
        self._tell(settings)
        if not self._steps:
            raise UsageError(
                "nothing-recorded", "there are no steps", hint="call step before each change of the weights"
            )
        if "lr" not in self._told:
            raise UsageError("missing-key", "the learning rate is missing", "settings.lr", "such as save(path, lr=0.1)")
        if self._watched is not None:
            self.look(*self._watched.look())
        if self._hidden is None:
            hint = "call watch before training, or look before save"
            raise UsageError("nothing-recorded", "there are no probes of the layers", hint=hint)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, run=json.dumps(self._run()), **self._arrays())

    def _settings(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return settings_of({name: value for name, value in self._told.items() if name not in OF_RECORDS})

    def _network(self) -> dict[str, Any]:
        """Return the network's settings, as told and as a watched network has shown them."""
        network = {"hidden": self._hidden, "activation": self._activation} | self._settings()[0]
        if self._watched is not None:
            return self._watched.agreed(network)
        return ({"batchnorm": self._normed} if any(self._normed) else {}) | network

    def _run(self) -> dict[str, Any]:
        """Return the record's settings."""
        network = self._network()
        check_network(network)
        return {
            "seed": one_seed(self._told.get("seed", 0)),
            "variant": one_name(self._told.get("variant", "variant")),
            "network": network,
            "training": self._settings()[1],
            "facts": self._facts | self._facts_of_modes(),
        }

    def _arrays(self) -> dict[str, Any]:
        arrays = {name: np.array(values) for name, values in self._kept.items()} | dict(self._confusion)
        if self._sizes and len(self._sizes) == len(arrays["epoch_step"]):
            training = self._settings()[1]
            squares, amounts = np.array(self._sizes).T
            arrays["epoch_penalty"] = training.get("l2", 0) / 2 * squares + training.get("l1", 0) * amounts
        if not self._hidden:
            return {name: values for name, values in arrays.items() if name != "probe_unit_dead"}
        return arrays | {"unit_layer": np.repeat(np.arange(1, len(self._hidden) + 1), self._hidden)}


def _with_gradient(given: Any) -> Pair:
    """Return a value and its gradient; raises UsageError if the gradient is missing."""
    value, gradient = given if isinstance(given, (tuple, list)) else (given, getattr(given, "grad", None))
    if gradient is None:
        hint = "call backward first, and retain_grad in the hook"
        raise UsageError("missing-gradient", "a gradient is missing", hint=hint)
    return array(value), array(gradient)
