"""A watched training run: probes of its network, and what its loop shows."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from reportgen.external.recording.convert import Array
from reportgen.external.recording.given_examples import GivenExamples
from reportgen.external.recording.hooks import HookedNetwork
from reportgen.external.recording.layer_arrays import Nonlinearity, Probe
from reportgen.external.recording.layer_statistics import same_outputs
from reportgen.external.recording.loop.batches import BatchObserver
from reportgen.external.recording.loop.training_loop import TrainingLoop, rate_of
from reportgen.external.recording.loop.weak_hooks import remove, removed_with
from reportgen.external.recording.recorder_settings import RecorderSettings
from reportgen.external.recording.scores import ScoreSeries
from reportgen.external.recording.structure import guarded

FRAMEWORK = "pytorch"
OTHER_PARAMETERS = "no optimizer that was used holds parameters of the watched network, whose weights do not change"
TRAINING_MODE = "score received outputs in training mode"


class WatchedTraining:
    """Training of a watched network.

    Parameters
    ----------
    layers : network, or list of its layers.
    loss : function that returns the loss of the examples of a probe.
    given : activation in the settings, None if there is none.
    training : training inputs and classes.

    Attributes
    ----------
    root : network, or list of its layers.
    network : its probes. loop : observer of its training.
    """

    def __init__(
        self, layers: Any, loss: Callable[[], Any], given: Nonlinearity | None, training: tuple[Any, Any]
    ) -> None:
        self.root, self._given = layers, given
        self.network = HookedNetwork(layers, loss, given)
        self.loop = TrainingLoop(layers, self.network.parameters, BatchObserver(*training))
        self._guards = removed_with(self)
        self._guards += guarded(layers)
        self._watches_modes = self._is_warned = self._is_tried = False
        self._watch_modes()

    @property
    def is_whole(self) -> bool:
        """Whether the network is a module, so that its outputs can be computed."""
        return hasattr(self.root, "parameters") and hasattr(self.root, "training")

    def _watch_modes(self) -> None:
        if self.network.has_modes and not self._watches_modes:
            self._watches_modes = True
            self.loop.watch_modes()

    def probe(self, step: int) -> Probe:
        """Return the arrays of all layers after a step."""
        self.loop.is_probing = True
        try:
            found = self.network.probe(step)
        finally:
            self.loop.is_probing = False
        self._watch_modes()
        return found

    def outputs_of(self, given: GivenExamples) -> tuple[Any, Any]:
        """Return the outputs of the network in test mode for training and validation."""
        self.loop.is_probing = True
        try:
            return given.outputs_of(self.root)
        finally:
            self.loop.is_probing = False

    def last_function(self, given: GivenExamples) -> str:
        """Return the last function of the network as `loop.probabilities.last_function`, "" if it is unknown."""
        if not self.network.last_function and not self._is_tried and self.is_whole:
            self._is_tried, self.loop.is_probing = True, True
            try:
                self.network.last_function = given.last_function(self.root)
            finally:
                self.loop.is_probing = False
        return self.network.last_function

    def step(self, loss: Any, value: float, steps: int, is_followed: bool) -> float:
        """Observe a step before its update; return its mean loss.

        value: value of the loss, a sum or mean. steps: number of completed steps. is_followed: whether a probe follows.
        """
        network, loop = self.network, self.loop
        if is_followed or steps >= network.next_copy:
            network.keep_weights(steps, is_followed)
        loop.step(loss)
        graph = loop.graph
        return value / graph.examples if graph and graph.reduction == "sum" and graph.examples else value

    def activation_setting(self, setting: Any) -> Any:
        """Return the setting of the activation of the hidden layers; warns if another one was given."""
        found = self.network.nonlinearity
        if found is None or found == self._given:
            return setting
        if self._given is not None:
            message = f"activation {self._given.row.name} was given, but the watched network uses {found.row.name}"
            warnings.warn(f"{message}; the record has {found.row.name}", stacklevel=4)
            self._given = found
        return {"name": found.row.name, **found.parameters} if found.parameters else found.row.name

    def check_rate(self, settings: RecorderSettings) -> None:
        """Warn if a learning rate was given that the optimizer does not have."""
        rates = [rate for _, rate in self.loop.rates]
        if rates and settings.rate is not None and not settings.agrees(self.loop.optimizers[0], rates):
            message = f"lr={settings.rate:g} was given, but the optimizer has a learning rate of {rates[0]:g}"
            warnings.warn(f"{message}; the record has the optimizer's", stacklevel=4)

    def check_optimizer(self, step: int, probe: Probe) -> None:
        """Warn once if optimizers were used, none holds the weights of the network, and a step did not change them."""
        if self._is_warned or step < 2 or self.loop.other_optimizer is None:
            return
        if not any(layer.before is not None and np.any(layer.weights[0] != layer.before) for layer in probe.layers):
            self._is_warned = True
            warnings.warn(f"{OTHER_PARAMETERS}: give the optimizer net.parameters() of this network", stacklevel=4)

    def add_settings(self, settings: RecorderSettings, scores: ScoreSeries) -> None:
        """Add the settings of the observed optimizer and loss, and correct the learning rate.

        An optimizer of other parameters shows at least the learning rate that was meant.
        """
        scores.smoothing = settings.add_smoothing(self.loop.smoothing)
        self.loop.close()
        remove(self._guards)
        if self.loop.optimizers:
            optimizer = self.loop.optimizers[0]
            settings.add_observed(optimizer, [rate for _, rate in self.loop.rates] or [rate_of(optimizer)])
        elif (other := self.loop.other_optimizer) is not None and settings.rate is None:
            settings.add_observed(other, [rate_of(other)])

    def check_scores(self, scores: ScoreSeries, step: int, outputs: Array | None, network: Mapping[str, Any]) -> None:
        """Warn if dropout was on in `score`; a probe of all training examples then has other outputs.

        outputs: outputs of the probe after a step. network: settings of the network.
        """
        if outputs is None or not np.any(network.get("dropout", 0)) or network.get("batchnorm", True):
            return
        if scores.is_at(step, outputs) and not same_outputs(scores.train_outputs, outputs):
            warnings.warn(f"{TRAINING_MODE}, with dropout on: call net.eval() first", stacklevel=4)

    def _mode_facts(self, scores: ScoreSeries, step: int) -> dict[str, Any]:
        """Return facts about the differences between training mode and test mode.

        Outputs with the running statistics of batch normalization, as in test mode, do not depend on the batch.
        """
        scale = self.network.train_mode_scale()
        facts = {} if scale is None else {"train_mode_scale": scale}
        if not self.network.detected["batchnorm"] or not scores.is_at(
            step, outputs := self.network.test_mode_outputs()
        ):
            return facts
        if same_outputs(scores.train_outputs, outputs):
            return facts | {"batch_dependent_fraction": 0.0}
        warnings.warn(f"{TRAINING_MODE}: call net.eval() first", stacklevel=5)
        return facts

    def facts(self, scores: ScoreSeries, step: int) -> dict[str, Any]:
        """Return the facts about the training for the record; step: number of completed steps."""
        return {"framework": FRAMEWORK} | self._mode_facts(scores, step) | self.loop.facts()

    def arrays(self, scored: list[int], steps: int) -> dict[str, Any]:
        """Return the arrays about the training for the record; scored: steps after which the network was scored."""
        weights = self.network.weights
        found: dict[str, Any] = {
            "layer_has_gradient": np.array([self.loop.reached(weight) for weight in weights]),
            "layer_in_optimizer": np.array([self.loop.held(weight) for weight in weights]),
            "layer_registrations": np.array(self.network.registrations()),
        }
        found = {name: values for name, values in found.items() if not np.isnan(values).all()}
        rates = self.loop.step_rates(steps)
        if rates is None or len(rates) < steps:
            return found
        found["epoch_lr"] = np.array([rates[max(step - 1, 0)] for step in scored])
        if not math.isclose(rates.min(), rates.max(), rel_tol=1e-9):
            found["step_lr"] = rates
        return found if scored else {name: values for name, values in found.items() if name != "epoch_lr"}
