"""Recorder of training in another program; saves a record for `reportgen diagnose`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.data.dataset import facts_of
from reportgen.errors import UsageError
from reportgen.external.epochs import top_share
from reportgen.external.recording.convert import (
    Array,
    array,
    check_network,
    check_output_units,
    examples,
    no_examples,
    scalar_loss,
)
from reportgen.external.recording.given_examples import GivenExamples, image_shape
from reportgen.external.recording.layer_arrays import Probe, check_chain, nonlinearity_of, probe_of, with_two_outputs
from reportgen.external.recording.layer_statistics import ProbeSeries, is_due, next_due
from reportgen.external.recording.recorder_settings import RecorderSettings
from reportgen.external.recording.scores import ScoreSeries
from reportgen.external.recording.watched import WatchedTraining


class Recorder:
    """Recorder of a training run in another program, which saves a record for `reportgen diagnose`.

    Call `score` before training and after each epoch. Before each training step, call `look` if `due` is true, and then
    `step`, before the weights change. After the last step, call `look` once more, and then `save`. With a PyTorch
    network, call `watch` once instead of `look`: `step` and `save` then probe the network themselves.

    Parameters
    ----------
    x, y : training inputs, (n, ...), and classes, (n,): arrays, or tensors with a method `detach`.
    x_val, y_val : validation inputs and classes; None without validation.
    activation : activation of the hidden layers, by its name in a study file, as a mapping of its name and parameters,
        or as a layer of another library. Not needed after `watch`, which recognizes the activations of PyTorch.
    units_axis : axis of the weights with one entry per unit of the layer: 0 as in PyTorch, 1 as in Keras. Arrays of
        convolutions have their channels in the second axis with 0, and in the last axis with 1.
    singular_values : whether to measure singular values of the weights and activations, which takes much time.
    settings : settings of the training (lr, batch_size, optimizer, ...) and of the network (batchnorm, dropout, init),
        named as in a study file, and the seed and the variant of the record. `watch` reads the learning rate and the
        optimizer, batch normalization and dropout from PyTorch.

    Raises
    ------
    UsageError : an array or a setting is invalid.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        x_val: Any = None,
        y_val: Any = None,
        activation: Any = None,
        units_axis: int = 0,
        singular_values: bool = False,
        **settings: Any,
    ) -> None:
        self._nonlinearity, name = nonlinearity_of(activation)
        self._units_axis = units_axis
        self._probes = ProbeSeries(singular_values)
        self._given = GivenExamples(x, y, x_val)
        x, y = examples(x, y, "training")
        if not len(y):
            raise UsageError("empty-data", "there are no training examples", "training inputs", "at least one example")
        x_val, y_val = no_examples(x) if x_val is None else examples(x_val, y_val, "validation")
        self._facts = facts_of(x, y, x_val, y_val) | image_shape(x.shape, units_axis)
        self._scores = ScoreSeries({"train": y, "val": y_val}, self._facts)
        self._losses: list[float] = []
        self._top_shares: list[float] = []
        self._next_probe = 0
        self._weights_before: list[Array] = []
        self._weight_sizes: list[tuple[float, float]] = []
        self._watched: WatchedTraining | None = None
        self._optimizer = settings.get("optimizer")
        self._settings = RecorderSettings(name)
        self._settings.add(settings, None)

    def watch(self, layers: Any, loss: Callable[[], Any] | None = None, optimizer: Any = None) -> None:
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
        loss : function that returns the mean loss of one fixed batch of training examples, without penalties. By
            default, the cross-entropy of at most 512 training examples; this needs the whole network.
        optimizer : optimizer of PyTorch. Optimizers that update weights of the network are also found without it.

        Raises
        ------
        UsageError : there are no layers, or `loss` is not a function.
        """
        self._probes.shows_loss = loss is not None
        loss = self._given.loss_of(layers) if loss is None else loss
        self._watched = WatchedTraining(layers, loss, self._nonlinearity, self._given.training)
        for known in (self._optimizer, optimizer):
            self._watched.loop.add_optimizer(known)

    @property
    def facts(self) -> dict[str, Any]:
        """Facts about the data for the settings of a record: counts, moments of the inputs, and baselines."""
        return dict(self._facts)

    @property
    def due(self) -> bool:
        """Whether to probe the layers now: before training, and then about evenly spaced on a logarithmic scale."""
        return is_due(self._steps) and self._steps not in self._probes.steps

    @property
    def has_steps(self) -> bool:
        """Whether a step was recorded."""
        return bool(self._losses)

    @property
    def has_new_steps(self) -> bool:
        """Whether a step was recorded after the last scores."""
        return not self._scores.steps or self._scores.steps[-1] < self._steps

    @property
    def _steps(self) -> int:
        return len(self._losses)

    def step(self, loss: Any, weights: Iterable[Any] = (), labels: Any = None) -> None:
        """Record the mean loss of a minibatch, without penalties, before the weights change.

        weights: weights of each layer, not needed after `watch`. labels: classes of the minibatch, for all steps or
        none, which show whether batches are sorted by class.
        """
        value = scalar_loss(loss, "step loss")
        watched, steps = self._watched, len(self._losses)
        if watched is not None:
            if steps == self._next_probe or steps == 1:
                self._inspect(watched, steps, loss)
            value = watched.step(loss, value, steps, is_followed=steps + 1 == self._next_probe)
        else:
            self._weights_before = [array(values).copy() for values in weights]
            if not self._losses and not self._probes.steps and not self._weights_before:
                hint = "call watch(net) before training, or look before the first step"
                raise UsageError("nothing-recorded", "no probe precedes the first step", hint=hint)
        self._losses.append(value)
        if labels is not None:
            self._top_shares.append(top_share(labels))

    def _inspect(self, watched: WatchedTraining, steps: int, loss: Any) -> None:
        """Probe a watched network before a step if a probe is due; check the learning rate after the first step."""
        if steps == self._next_probe:
            self._given.notice(loss)
            if not self._scores.steps and watched.is_whole and self._given.fits(watched.root):
                self.score()
            probe = watched.probe(steps)
            self._add(probe)
            watched.check_optimizer(steps, probe)
            self._settings.activation = watched.activation_setting(self._settings.activation)
            check_network(self._network())
            watched.check_scores(self._scores, steps, probe.outputs, self._network())
            self._next_probe = next_due(steps)
        if steps == 1:
            watched.check_rate(self._settings)

    def score(self, train_outputs: Any = None, val_outputs: Any = None) -> None:
        """Record loss (softmax cross-entropy) and accuracy of the network in test mode.

        train_outputs, val_outputs: logits of all examples of the split, (n, classes), or one logit per example for two
        classes; probabilities are recorded as such. val_outputs is not needed without validation. After `watch`, the
        recorder computes both in test mode if they are missing. Raises UsageError for a wrong shape.
        """
        watched, are_missing = self._watched, train_outputs is None
        if watched is None:
            self._scores.add(self._steps, train_outputs, val_outputs)
            return
        if are_missing:
            train_outputs, val_outputs = watched.outputs_of(self._given)
        watched.loop.score(in_test_mode=are_missing)
        self._scores.add(self._steps, train_outputs, val_outputs, watched.last_function(self._given))
        self._weight_sizes.append(watched.network.weight_sizes())

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
        UsageError : the lists or shapes do not fit together, a gradient is missing, or the activation is unknown.
        """
        if self._nonlinearity is None:
            hint = 'such as Recorder(x, y, activation="relu")'
            raise UsageError("missing-key", "the activation is missing", "settings.activation", hint)
        lists = (preactivations, weights, biases, norms)
        self._add(probe_of(lists, self._weights_before, self._nonlinearity, self._units_axis))

    def _add(self, probe: Probe) -> None:
        """Add a probe to the record, unless there is one at this step; raises UsageError for a wrong output layer."""
        if self._steps in self._probes.steps:
            return
        units, classes = len(probe.layers[-1].weights[0]), self._facts["classes"]
        check_output_units(units, classes, self._scores.is_certain)
        given = self._nonlinearity
        if probe.kinds is None and (given is None or given.row.pieces is None):  # pieces have fewer outputs than inputs
            check_chain(probe, self._facts["features"])
        if units == 1 and classes <= 2:
            probe = with_two_outputs(probe)
        self._probes.add(self._steps, probe, self._scores.labels["train"])

    def save(self, path: str | PathLike[str], **settings: Any) -> None:
        """Write the record to a file, whose folder is created if necessary.

        A watched network is probed once more, also with dropout on.

        Parameters
        ----------
        path : path of the record, such as "record.npz".
        settings : settings that the constructor did not get; `lr` is required unless a network is watched.

        Raises
        ------
        UsageError : nothing was recorded, or a setting is missing or invalid.
        """
        self._settings.add(settings, self._probes.hidden_units)
        if not self._steps:
            raise UsageError("nothing-recorded", "no steps were recorded", hint="call step before each update")
        if self._watched is not None:
            self._watched.add_settings(self._settings, self._scores)
            self._add(self._watched.probe(self._steps))
            self._settings.estimate_rate(self._probes.rate)
        self._settings.require_rate()
        if self._probes.hidden_units is None:
            hint = "call watch before training, or look before save"
            raise UsageError("nothing-recorded", "no probes were recorded", hint=hint)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, run=json.dumps(self._run()), **self._arrays())

    def _network(self) -> dict[str, Any]:
        """Return the settings of the network, with those detected in a watched network."""
        network = self._settings.network(self._probes.hidden_units)
        if self._watched is not None:
            return self._watched.network.with_detected(network)
        return ({"batchnorm": self._probes.has_norm} if any(self._probes.has_norm) else {}) | network

    def _run(self) -> dict[str, Any]:
        """Return the settings of the record."""
        network = self._network()
        check_network(network)
        watched = {"framework": "other"} if self._watched is None else self._watched.facts(self._scores, self._steps)
        return {
            "seed": self._settings.seed,
            "variant": self._settings.variant,
            "network": network,
            "training": self._settings.training,
            "facts": self._facts_of_inputs() | self._probes.facts | watched,
        } | self._probes.layers

    def _facts_of_inputs(self) -> dict[str, Any]:
        """Return the facts about the data; numbers of tokens have no moments, and no simple model reads them."""
        modules = [layer.get("module") for layer in self._probes.layers.get("layers", ())]
        if modules[:1] != ["Embedding"]:
            return self._facts
        return {name: v for name, v in self._facts.items() if not name.startswith(("input_", "baseline_"))}

    def _arrays(self) -> dict[str, Any]:
        shares = {"step_top_share": np.array(self._top_shares)} if self._top_shares else {}
        arrays = {"step_loss": np.array(self._losses)} | shares | self._scores.arrays() | self._probes.arrays()
        if self._weight_sizes and len(self._weight_sizes) == len(arrays["epoch_step"]):
            training, (squares, absolutes) = self._settings.training, np.array(self._weight_sizes).T
            arrays["epoch_penalty"] = training.get("l2", 0) / 2 * squares + training.get("l1", 0) * absolutes
        return arrays if self._watched is None else arrays | self._watched.arrays(self._scores.steps, self._steps)
