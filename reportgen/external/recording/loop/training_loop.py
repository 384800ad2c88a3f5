"""Observer of a training loop in PyTorch: learning rates, kept gradients, modes and batches.

A hook of PyTorch's optimizers calls the observer before each update, also without an optimizer in the settings.
Gradients and batches are inspected in the first steps and then in about evenly spaced steps in log time, so that the
cost of a step stays small.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from reportgen.external.recording.convert import Array
from reportgen.external.recording.given_examples import logits_of
from reportgen.external.recording.layer_statistics import next_due
from reportgen.external.recording.loop.batches import BatchObserver
from reportgen.external.recording.loop.loss_graph import LossGraph, graph_of
from reportgen.external.recording.loop.step_form import form_of_step
from reportgen.external.recording.loop.weak_hooks import WeakHook, remove, removed_with
from reportgen.external.recording.loss_form import LossForm

CLOSELY = 8
"""Number of first steps and updates that are all inspected."""


class TrainingLoop:
    """Observer of the training of a network.

    Attributes
    ----------
    graph : graph of the loss of the last inspected step, None before the first.
    optimizers : optimizers that were given or that update parameters of the network.
    rates : pairs of a number of steps and the learning rate from then on.
    """

    def __init__(self, root: Any, parameters: Collection[Any], batches: BatchObserver) -> None:
        self._root, self._batches = root, batches
        self._parameters = {id(parameter): parameter for parameter in parameters}
        self._handles, self._observing = removed_with(self), removed_with(self)
        self._sees_updates = False
        self._known: dict[int, Any] = {}
        self._inputs: Any = None
        self._outputs: Any = None
        self._form: LossForm | None = None
        self._steps = self._updates = 0
        self._next_step, self._next_update = 0, 1
        self._kept: list[bool] = []
        self._followed: Any = None
        self._keeping = removed_with(self)
        self._rate = np.nan
        self._checked = self._unzeroed = 0
        self._steps_in_test_mode = 0
        self._watches_modes = False
        self._evaluations = {True: 0, False: 0}
        self._scores_in = {True: 0, False: 0}
        self.graph: LossGraph | None = None
        self.optimizers: list[Any] = []
        self.rates: list[tuple[int, float]] = []
        self.is_probing = False
        self._register()

    def _register(self) -> None:
        module = sys.modules.get("torch.optim.optimizer")
        if hasattr(module, "register_optimizer_step_pre_hook"):
            hooks: Any = module
            self._sees_updates = True
            self._handles.append(hooks.register_optimizer_step_pre_hook(WeakHook(self._before_update)))
        self._observe_inputs()

    def _observe_inputs(self) -> None:
        """Keep inputs and outputs of the next passes with gradients."""
        if not self._observing and hasattr(self._root, "register_forward_hook"):
            self._observing.append(self._root.register_forward_hook(WeakHook(self._keep)))

    def watch_modes(self) -> None:
        """Note the mode of every evaluation, since the network differs between the modes."""
        if hasattr(self._root, "register_forward_pre_hook") and hasattr(self._root, "training"):
            self._watches_modes = True
            self._handles.append(self._root.register_forward_pre_hook(WeakHook(self._note_evaluation)))

    def close(self) -> None:
        """Remove all hooks."""
        for handles in (self._handles, self._observing, self._keeping):
            remove(handles)

    def _keep(self, _module: Any, inputs: tuple[Any, ...], outputs: Any) -> None:
        if not self.is_probing and _has_gradients():
            self._inputs, self._outputs = inputs[0] if inputs else None, logits_of(outputs)

    def _note_evaluation(self, module: Any, _inputs: Any) -> None:
        if not self.is_probing and not _has_gradients():
            self._evaluations[bool(module.training)] += 1

    def step(self, loss: Any) -> None:
        """Note a training step before its update; loss: its loss with its graph."""
        if self._steps == self._next_step:
            self._inspect(loss)
            self._next_step = next_inspected(self._steps)
        self._steps += 1
        if self._steps == self._next_step:
            self._observe_inputs()
        if self._watches_modes:
            self._evaluations = {True: 0, False: 0}
        if getattr(self._root, "training", True) is False:
            self._steps_in_test_mode += 1

    def _inspect(self, loss: Any) -> None:
        """Inspect the graph and the batch of a step."""
        remove(self._observing)
        self.graph = graph_of(loss) or self.graph
        if self._inputs is not None and getattr(loss, "grad_fn", None) is not None and self.graph is not None:
            self._batches.add(self._inputs, self.graph.targets)
        if self._form is None and self.graph is not None:
            self._form = form_of_step(loss, self._outputs, self.graph.targets)
        self._inputs = self._outputs = None

    def score(self, in_test_mode: bool = False) -> None:
        """Note scores: in training mode if all evaluations since the last step were.

        in_test_mode: whether the recorder evaluated the network itself.
        """
        if in_test_mode:
            self._scores_in[False] += 1
        elif self._evaluations[True] or self._evaluations[False]:
            self._scores_in[not self._evaluations[False]] += 1
        self._evaluations = {True: 0, False: 0}

    def add_optimizer(self, optimizer: Any) -> None:
        """Observe an optimizer of PyTorch, also inside of a wrapper with an attribute `optimizer`."""
        while hasattr(getattr(optimizer, "optimizer", None), "param_groups"):
            optimizer = optimizer.optimizer
        if hasattr(optimizer, "param_groups") and not any(optimizer is other for other in self.optimizers):
            self.optimizers.append(optimizer)

    def _before_update(self, optimizer: Any, *_: Any) -> None:
        if not self.optimizers or optimizer is not self.optimizers[0]:
            self._discover(optimizer)
            if not self.optimizers or optimizer is not self.optimizers[0]:
                return
        rate = optimizer.param_groups[0]["lr"]
        if rate != self._rate or not self.rates:
            self._rate = float(rate)
            self.rates.append((max(self._steps - 1, 0), self._rate))
        self._updates += 1
        if self._keeping:
            self._judge_gradients()
        if self._updates == self._next_update:
            self._observe_gradient(optimizer)
            self._next_update = next_inspected(self._updates)

    def _discover(self, optimizer: Any) -> None:
        """Observe an optimizer that holds parameters of the network; others are looked at once."""
        if id(optimizer) not in self._known:
            self._known[id(optimizer)] = optimizer
            if any(id(parameter) in self._parameters for parameter in _held(optimizer)):
                self.add_optimizer(optimizer)

    def _judge_gradients(self) -> None:
        """Judge the gradients since an inspected update."""
        remove(self._keeping)
        if self._kept:
            self._checked += 1
            self._unzeroed += all(self._kept)

    def _observe_gradient(self, optimizer: Any) -> None:
        """Note for each gradient of the smallest trained parameter whether an earlier one is still stored."""
        trained = [p for p in _held(optimizer) if p.requires_grad and p.grad is not None]
        parameter = min(trained, key=lambda p: p.numel(), default=None)
        if parameter is None or not bool((parameter.grad != 0).any()):
            return
        self._kept, self._followed = [], parameter
        self._keeping.append(parameter.register_hook(WeakHook(self._note_gradient)))

    def _note_gradient(self, _gradient: Any) -> None:
        if not self.is_probing:
            stored = self._followed.grad
            self._kept.append(stored is not None and bool((stored != 0).any()))

    @property
    def smoothing(self) -> float:
        """Label smoothing of the loss, 0 if there is none or the form of the loss is unknown."""
        return 0.0 if self._form is None else self._form.smoothing

    def facts(self) -> dict[str, Any]:
        """Return the facts about the loop for the record; those that were not observed are missing."""
        found = self._batches.facts()
        if self._checked:
            found |= {"updates_checked": self._checked, "gradients_kept": self._unzeroed / self._checked}
        if self._steps and hasattr(self._root, "training"):
            found["steps_in_test_mode"] = self._steps_in_test_mode / self._steps
        scored = sum(self._scores_in.values())
        if scored:
            found["scores_in_training_mode"] = self._scores_in[True] / scored
        if self._form is not None:
            found |= self._form.facts()
        graph = self.graph
        if graph is not None:
            found |= {"loss_response": graph.response or "none"} if graph.response is not None else {}
            found |= {"loss_reduction": graph.reduction} if graph.reduction is not None else {}
            found |= {"loss_broadcast": list(graph.broadcast)}
        return found

    def reached(self, weight: Any) -> float:
        """Return whether the loss reaches a parameter: 1 or 0, NaN for a frozen parameter or if unknown."""
        is_trained = getattr(weight, "requires_grad", False) and getattr(weight, "is_leaf", False)
        if not is_trained or self.graph is None or not self.graph.parameters:
            return np.nan
        return float(id(weight) in self.graph.parameters)

    def held(self, weight: Any) -> float:
        """Return whether an optimizer that was used or given holds a parameter: 1 or 0, NaN if updates are not seen."""
        if not self._sees_updates or not getattr(weight, "is_leaf", False):
            return np.nan
        return float(any(weight is parameter for optimizer in self.optimizers for parameter in _held(optimizer)))

    @property
    def other_optimizer(self) -> Any:
        """An optimizer that was used, if none of those holds parameters of the network; None otherwise."""
        return None if self.optimizers else next(iter(self._known.values()), None)

    def step_rates(self, steps: int) -> Array | None:
        """Return the learning rate of each step, (steps,); None if no update was observed."""
        if not self.rates:
            return None
        starts = [0, *(start for start, _ in self.rates[1:]), steps]
        counts = np.maximum(np.diff(starts), 0)
        return np.repeat([rate for _, rate in self.rates], counts)[:steps]


def next_inspected(step: int) -> int:
    """Return the next step or update that is inspected."""
    return step + 1 if step + 1 < CLOSELY else next_due(step)


def rate_of(optimizer: Any) -> float:
    """Return the current learning rate of an optimizer, that of its first group of parameters."""
    return float(optimizer.param_groups[0]["lr"])


def usual_rates(optimizer: Any) -> set[float]:
    """Return the learning rates that the settings may name: the current ones and those before a schedule."""
    groups: list[Mapping[str, Any]] = list(optimizer.param_groups)
    names = ("lr", "initial_lr", "max_lr")
    return {float(group[name]) for group in groups for name in names if group.get(name) is not None}


def _held(optimizer: Any) -> list[Any]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _has_gradients() -> bool:
    torch: Any = sys.modules.get("torch")
    return bool(torch is not None and torch.is_grad_enabled())
