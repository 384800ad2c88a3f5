"""Recorder of training in another program; saves a record for `reportgen diagnose`."""

from __future__ import annotations

import json
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from reportgen.data.dataset import facts_of
from reportgen.errors import UsageError
from reportgen.external.recording.convert import (
    Array,
    activation_of,
    array,
    check_network,
    check_output_units,
    examples,
    no_examples,
    outputs_of,
    scalar_loss,
)
from reportgen.external.recording.hooks import HookedNetwork
from reportgen.external.recording.layer_arrays import Nonlinearity, Probe, check_chain, probe_of
from reportgen.external.recording.layer_statistics import ProbeSeries, is_due, same_outputs
from reportgen.external.recording.recorder_settings import RecorderSettings

TRAINING_MODE = "score received outputs in training mode"
SPLITS = {"train": "training", "val": "validation"}


class Recorder:
    """Recorder of a training run in another program, which saves a record for `reportgen diagnose`.

    Call `score` before training and after each epoch. Before each training step, call `look` if `due` is true, and then
    `step`, before the weights change. After the last step, call `look` once more, and then `save`. With a PyTorch
    network, call `watch` once instead of `look`: `step` and `save` then probe the network themselves.

    Arrays may be NumPy arrays, or tensors with a method `detach`.

    Parameters
    ----------
    x, y : training inputs, (n, ...), and classes, (n,).
    x_val, y_val : validation inputs and classes; None without validation.
    activation : activation of the hidden layers, by its name in a study file, as a mapping of its name and parameters,
        or as a layer of another library.
    units_axis : axis of the weights with one entry per unit of the layer: 0 as in PyTorch, 1 as in Keras. Arrays of
        convolutions have their channels in the second axis with 0, and in the last axis with 1.
    singular_values : whether to measure singular values of the weights and activations, which takes much time.
    settings : settings of the training (lr, batch_size, optimizer, ...) and of the network (batchnorm, dropout, init),
        named as in a study file, and the seed and the variant of the record.

    Raises
    ------
    UsageError : an array or a setting is invalid.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        x_val: Any,
        y_val: Any,
        activation: Any,
        units_axis: int = 0,
        singular_values: bool = False,
        **settings: Any,
    ) -> None:
        row, parameters = activation_of(activation)
        defaults = {parameter.name: parameter.default for parameter in row.parameters}
        self._nonlinearity, self._units_axis = Nonlinearity(row, defaults | parameters), units_axis
        self._probes = ProbeSeries(singular_values)
        x, y = examples(x, y, "training")
        if not len(y):
            raise UsageError("empty-data", "there are no training examples", "training inputs", "at least one example")
        x_val, y_val = no_examples(x) if x_val is None else examples(x_val, y_val, "validation")
        self._facts = facts_of(x, y, x_val, y_val) | ({"image_shape": list(x.shape[1:])} if x.ndim == 4 else {})
        self._labels = {"train": y, "val": y_val}
        self._series: dict[str, list[Any]] = defaultdict(list)
        self._confusion: dict[str, NDArray[np.int64]] = {}
        self._weights_before: list[Array] = []
        self._weight_sizes: list[tuple[float, float]] = []
        self._hooked: HookedNetwork | None = None
        self._scored_outputs: Array = np.zeros(0)
        self._settings = RecorderSettings({"name": row.name, **parameters} if parameters else row.name)
        self._settings.add(settings, None)

    def watch(self, layers: Any, loss: Callable[[], Any]) -> None:
        """Let `step` and `save` probe a network whenever a probe is due.

        A probe computes gradients of the loss, so call `step` before `zero_grad` and `backward`. During a probe,
        dropout is off, and batch normalization uses the statistics of the batch without updating its running
        statistics, in any mode of the network.

        Parameters
        ----------
        layers : PyTorch network, or the list of its layers with the normalization and dropout between them. Modules
            are recognized by the names of their classes. Every matrix or kernel of weights is a layer; see the
            documentation for what is measured of it. Layers of other libraries need `weight`, `bias` and
            `register_forward_hook`.
        loss : function that returns the mean loss of one fixed batch of training examples, without penalties.

        Raises
        ------
        UsageError : there are no layers, or `loss` is not a function.
        """
        self._hooked = HookedNetwork(layers, loss, self._nonlinearity)

    @property
    def facts(self) -> dict[str, Any]:
        """Facts about the data for the settings of a record: counts, moments of the inputs, and baselines."""
        return dict(self._facts)

    @property
    def due(self) -> bool:
        """Whether to probe the layers now: before training, and then about evenly spaced on a logarithmic scale."""
        return is_due(self._steps) and self._steps not in self._probes.steps

    @property
    def _steps(self) -> int:
        return len(self._series["step_loss"])

    def step(self, loss: Any, weights: Iterable[Any] = ()) -> None:
        """Record the loss of a minibatch before the weights change.

        loss: mean loss of the minibatch, without penalties. weights: weights of each layer, not needed after `watch`.
        """
        value = scalar_loss(loss, "step loss")
        if self._hooked is not None:
            if self.due:
                probe = self._hooked.probe()
                self._add(probe)
                check_network(self._network())
                self._warn_of_training_mode(probe.outputs)
            self._hooked.keep_weights()
        self._series["step_loss"].append(value)
        self._weights_before = [array(values).copy() for values in weights]

    def _warn_of_training_mode(self, outputs: Array | None) -> None:
        """Warn if dropout was on in `score`; a probe of all training examples then has other outputs."""
        network = self._network()
        if outputs is None or not np.any(network.get("dropout", 0)) or network.get("batchnorm", True):
            return
        if self._just_scored(outputs) and not same_outputs(self._scored_outputs, outputs):
            warnings.warn(f"{TRAINING_MODE}, with dropout on: call net.eval() first", stacklevel=3)

    def _just_scored(self, outputs: Array) -> bool:
        """Return whether `score` was called at this step with as many outputs."""
        return bool(self._scored_outputs.shape == outputs.shape and self._series["epoch_step"][-1] == self._steps)

    def _mode_facts(self) -> dict[str, float]:
        """Return facts about the differences between training mode and test mode of a watched network.

        Outputs with the running statistics of batch normalization, as in test mode, do not depend on the batch.
        """
        if self._hooked is None:
            return {}
        scale = self._hooked.train_mode_scale()
        facts = {} if scale is None else {"train_mode_scale": scale}
        if not self._hooked.batchnorm or not self._just_scored(outputs := self._hooked.test_mode_outputs()):
            return facts
        if same_outputs(self._scored_outputs, outputs):
            return facts | {"batch_dependent_fraction": 0.0}
        warnings.warn(f"{TRAINING_MODE}: call net.eval() first", stacklevel=4)
        return facts

    def score(self, train_outputs: Any, val_outputs: Any = None) -> None:
        """Record loss (softmax cross-entropy) and accuracy of the network in test mode.

        train_outputs, val_outputs: logits of all examples of the split, (n, classes); val_outputs is not needed without
        validation. Raises UsageError for a wrong shape, and for probabilities.
        """
        outputs_by_split = {"train": train_outputs} | ({"val": val_outputs} if len(self._labels["val"]) else {})
        classes = self._facts["classes"]
        checked = {
            split: outputs_of(values, SPLITS[split], len(self._labels[split]), classes, bool(self._confusion))
            for split, values in outputs_by_split.items()
        }
        self._series["epoch_step"].append(self._steps)
        self._scored_outputs = checked["train"]
        if self._hooked is not None:
            self._weight_sizes.append(self._hooked.weight_sizes())
        for split, outputs in checked.items():
            labels, classes = self._labels[split], outputs.shape[1]
            losses = logsumexp(outputs, axis=1) - outputs[np.arange(len(labels)), labels]
            predicted = outputs.argmax(axis=1)
            self._series[f"epoch_{split}_loss"].append(float(losses.mean()))
            self._series[f"epoch_{split}_accuracy"].append(float((predicted == labels).mean()))
            self._extend_classes(classes)
            counts = np.bincount(classes * labels + predicted, minlength=classes**2)
            self._confusion[f"{split}_confusion"] = counts.reshape(classes, classes)

    def _extend_classes(self, classes: int) -> None:
        """Raise the number of classes to the number of outputs, if no example has the last classes."""
        additional = classes - self._facts["classes"]
        self._facts["classes"] += additional
        self._facts["class_counts"] += [0] * additional

    def look(
        self,
        preactivations: Iterable[Any],
        weights: Iterable[Any],
        biases: Iterable[Any],
        norms: Iterable[Sequence[Any] | None] = (),
    ) -> None:
        """Record a probe of the layers on a fixed batch of training examples; a second probe of a step is ignored.

        Each list has one item per layer, from the first hidden layer to the output layer. An item is a pair of an array
        and the gradient of the mean loss (without penalties) with respect to it, or a tensor with this gradient in
        `grad`.

        Parameters
        ----------
        preactivations : inputs of the activations, (n, units), after batch normalization if it precedes them. For a
            convolution (n, channels, ...), or (n, ..., channels) with `units_axis=1`.
        weights : weights, with two axes, or more for a convolution.
        biases : biases, or the shifts of batch normalization that replace them.
        norms : scale, shift, running mean and running variance of batch normalization, or None for a layer without it;
            empty for a network without batch normalization.

        Raises
        ------
        UsageError : the lists or shapes do not fit together, or a gradient is missing.
        """
        lists = (preactivations, weights, biases, norms)
        self._add(probe_of(lists, self._weights_before, self._nonlinearity, self._units_axis))

    def _add(self, probe: Probe) -> None:
        """Add a probe to the record, unless there is one at this step; raises UsageError for a wrong output layer."""
        if self._steps not in self._probes.steps:
            check_output_units(len(probe.layers[-1].weights[0]), self._facts["classes"], bool(self._confusion))
            if probe.kinds is None and self._nonlinearity.row.pieces is None:  # pieces have fewer outputs than inputs
                check_chain(probe, self._facts["features"])
            self._probes.add(self._steps, probe)

    def save(self, path: str | PathLike[str], **settings: Any) -> None:
        """Write the record to a file, whose folder is created if necessary.

        A watched network is probed once more, also with dropout on.

        Parameters
        ----------
        path : path of the record, such as "record.npz".
        settings : settings that the constructor did not get; `lr` is required.

        Raises
        ------
        UsageError : nothing was recorded, or a setting is missing or invalid.
        """
        self._settings.add(settings, self._probes.hidden_units)
        if not self._steps:
            hint = "call step before each change of the weights"
            raise UsageError("nothing-recorded", "no steps were recorded", hint=hint)
        if "lr" not in self._settings:
            raise UsageError("missing-key", "the learning rate is missing", "settings.lr", "such as save(path, lr=0.1)")
        if self._hooked is not None:
            self._add(self._hooked.probe())
        if self._probes.hidden_units is None:
            hint = "call watch before training, or look before save"
            raise UsageError("nothing-recorded", "no probes were recorded", hint=hint)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, run=json.dumps(self._run()), **self._arrays())

    def _network(self) -> dict[str, Any]:
        """Return the settings of the network, with those detected in a watched network."""
        network = self._settings.network(self._probes.hidden_units)
        if self._hooked is not None:
            return self._hooked.with_detected(network)
        return ({"batchnorm": self._probes.has_norm} if any(self._probes.has_norm) else {}) | network

    def _run(self) -> dict[str, Any]:
        """Return the settings of the record."""
        network = self._network()
        check_network(network)
        return {
            "seed": self._settings.seed,
            "variant": self._settings.variant,
            "network": network,
            "training": self._settings.training,
            "facts": self._facts | self._probes.facts | self._mode_facts(),
        } | self._probes.layers

    def _arrays(self) -> dict[str, Any]:
        arrays = {name: np.array(values) for name, values in self._series.items()}
        arrays |= self._confusion | self._probes.arrays()
        if self._weight_sizes and len(self._weight_sizes) == len(arrays["epoch_step"]):
            training = self._settings.training
            squares, absolutes = np.array(self._weight_sizes).T
            arrays["epoch_penalty"] = training.get("l2", 0) / 2 * squares + training.get("l1", 0) * absolutes
        return arrays
