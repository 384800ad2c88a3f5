"""Flow of tensors through a PyTorch network: which activation, sum and layer each layer's outputs reach.

Functions are observed by `torch.overrides.TorchFunctionMode`, so that `F.relu` and sums count like modules. Tensors of
other libraries are not observed.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.external.recording.layer_arrays import Nonlinearity
from reportgen.external.recording.loop.function_mode import function_mode
from reportgen.external.recording.pointwise import named_activation, written_activation
from reportgen.external.recording.torch_modules import (
    DROPOUTS,
    FREE,
    GATED,
    IGNORED,
    NORMS,
    PRODUCTS,
    RESHAPES,
    SCALING_NORMS,
    SCALINGS,
    SELECTIONS,
    SUMS,
    WEIGHTED,
    bias_of,
    example_norm,
    flat,
    is_affine,
)

IDENTITY = Nonlinearity(ACTIVATIONS["identity"], {})


@dataclass(eq=False)
class Call:
    """A pass of a tensor through a layer.

    Attributes
    ----------
    layer : the layer.
    inputs, output : tensors.
    preactivation : input of the activation: the output, after normalization and addition of a shortcut.
    norm : batch normalization after the layer, else None.
    example_norm : normalization of single examples after the layer, as a setting of a study, else None.
    shift : parameter that takes the place of the biases, else None.
    adds : whether a shortcut is added; shortcut: call whose outputs it carries, None for the inputs or if unknown.
    is_added : whether the pre-activations are a shortcut, which is added to the outputs of another layer.
    source : call whose outputs are the inputs, None for the inputs of the network or if unknown.
    is_next : whether the inputs are exactly the activations of `source`.
    depth : number of layers between the inputs of the network and the outputs.
    activated : whether an activation follows; activations: its outputs, None if they were not observed.
    slope_inputs : inputs of the activation, if they differ from the pre-activations, as after pooling.
    is_opaque : whether an unknown operation follows instead.
    """

    layer: LayerTrace
    inputs: Any
    output: Any
    preactivation: Any
    norm: Any = None
    example_norm: dict[str, Any] | None = None
    shift: Any = None
    adds: bool = False
    is_added: bool = False
    shortcut: Call | None = None
    source: Call | None = None
    is_next: bool = False
    depth: int = 1
    activated: bool = False
    nonlinearity: Nonlinearity | None = None
    activations: Any = None
    slope_inputs: Any = None
    is_opaque: bool = False

    def resolved(self) -> Nonlinearity | None:
        """Return the activation, which is the identity if another layer follows directly; None if it is unknown."""
        return self.nonlinearity if self.activated or self.is_opaque else IDENTITY


class FreeFunction:
    """Placeholder for the module of a function that uses the weights of another layer."""


@dataclass(eq=False)
class LayerTrace:
    """A matrix of weights in a forward pass: its module and name, the calls of the layer, and dropout rates after it.

    A layer whose outputs cannot be observed, such as an LSTM, has no calls.
    """

    module: Any
    name: str
    weight: Any
    calls: list[Call] = field(default_factory=list)
    dropouts: list[float] = field(default_factory=list)

    @property
    def label(self) -> str:
        """Name of the module's class and of the weights."""
        if isinstance(self.module, FreeFunction):
            return f"a function with tied weights of shape {tuple(self.weight.shape)}"
        return f"{type(self.module).__name__}.{self.name}"

    @property
    def key(self) -> tuple[int, int]:
        """Identity of the layer, which is the same in all passes."""
        if isinstance(self.module, FreeFunction):
            return 0, id(self.weight)
        return id(self.module), hash(self.name)

    @property
    def norm(self) -> Any:
        """Batch normalization after the layer, None if there is none."""
        return self.calls[0].norm if self.calls else None

    @property
    def bias(self) -> Any:
        """Biases, or the parameter that replaces them; None for a layer without both."""
        shift = self.calls[0].shift if self.calls else None
        return bias_of(self.module, self.name) if shift is None else shift


class Tag(NamedTuple):
    """The origin of a tensor: a call; whether the tensor precedes its activation; whether no values are missing."""

    call: Call
    is_open: bool
    is_same: bool


class DataFlow:
    """Observer of the functions in a forward pass; layers: receives layers that have no module of their own.

    matrices: module and name of each parameter with two or more axes, by the identity of the parameter.
    """

    def __init__(self, layers: list[LayerTrace], matrices: Mapping[int, tuple[Any, str]], dropout: bool) -> None:
        self._layers, self._matrices, self._dropout = layers, matrices, dropout
        self._tags: dict[int, Tag] = {}
        self._alive: list[Any] = []
        self.unmeasured: dict[int, tuple[Any, str]] = {}

    def observe(self) -> AbstractContextManager[Any]:
        """Return a context in which the functions of PyTorch are observed and compiled modules run uncompiled."""
        stack = ExitStack()
        torch: Any = sys.modules.get("torch")
        if torch is not None:
            if hasattr(torch.compiler, "set_stance"):
                stack.enter_context(torch.compiler.set_stance("force_eager"))
            stack.enter_context(function_mode(torch, self._function))
        return stack

    def tag(self, tensor: Any, call: Call, is_open: bool = True, is_same: bool = True) -> None:
        """Mark a tensor of PyTorch as the result of a call."""
        if not hasattr(tensor, "is_leaf"):
            return
        self._alive.append(tensor)
        self._tags[id(tensor)] = Tag(call, is_open, is_same)

    def tag_of(self, tensor: Any) -> Tag | None:
        """Return the origin of a tensor, None if it is unknown."""
        return self._tags.get(id(tensor))

    def _function(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name = str(getattr(func, "__name__", ""))
        tensors = [value for value in flat((*args, *kwargs.values())) if hasattr(value, "grad_fn")]
        self._add_layers(name, tensors)
        tags = sorted(
            (tag for tag in map(self.tag_of, tensors) if tag is not None), key=lambda tag: tag.call.depth, reverse=True
        )
        if not self._dropout:
            args, kwargs = self._without_dropout(name, args, kwargs, tags)
        if not tags or name in IGNORED:
            return func(*args, **kwargs)
        pooled = tags[0].is_open and not tags[0].is_same and named_activation(name, args, kwargs) is not None
        slope_inputs = tensors[0].detach().clone() if pooled else None
        result = func(*args, **kwargs)
        if name in SCALING_NORMS and tags[0].call.example_norm is None:
            tags[0].call.example_norm = example_norm(name, args, kwargs)
        if not hasattr(result, "grad_fn"):
            for part in flat(result if isinstance(result, (tuple, list)) else ()):
                if hasattr(part, "grad_fn"):
                    self._tag_result(name, part, tensors, tags)
            return result
        activation = named_activation(name, args, kwargs)
        if activation is not None and tags[0].is_open and result.shape == tensors[0].shape:
            return self._activate(tags[0], activation, result, slope_inputs)
        return self._tag_result(name, result, tensors, tags)

    def _activate(self, tag: Tag, nonlinearity: tuple[Nonlinearity | None], result: Any, slope_inputs: Any) -> Any:
        """Note that an activation follows a call; later calls of an activation of the same call are ignored."""
        call = tag.call
        if not call.activated:
            call.activated, (call.nonlinearity,) = True, nonlinearity
            call.activations, call.slope_inputs = result.detach().clone(), slope_inputs
        self.tag(result, call, False, tag.is_same)
        return result

    def _tag_result(self, name: str, result: Any, tensors: list[Any], tags: list[Tag]) -> Any:
        """Mark the result of a function of tagged tensors, and note what follows the calls; return the result."""
        first = tags[0]
        if name in SUMS:
            return self._add(result, tensors, tags)
        if name in RESHAPES | DROPOUTS or (name in SCALINGS and is_affine(tensors)):
            self.tag(result, *first)
        elif name in SELECTIONS or "pool" in name:
            self.tag(result, first.call, first.is_open, False)
        elif name in NORMS:
            first.call.is_opaque |= first.is_open and name in SCALING_NORMS
            self.tag(result, first.call, first.is_open and not first.call.adds, first.is_same)
        else:
            is_linear = name in WEIGHTED - GATED or (name in PRODUCTS and len(tags) < len(tensors))
            is_linear &= name != "bilinear" or len(tags) == 1
            for tag in tags:
                tag.call.is_opaque |= tag.is_open and not is_linear
            self.tag(result, first.call, False, False)
        if name not in (RESHAPES | DROPOUTS | SELECTIONS | NORMS | SUMS | WEIGHTED | PRODUCTS) and "pool" not in name:
            self._recognize(result, first.call, tags)
        return result

    def _recognize(self, result: Any, call: Call, tags: list[Tag]) -> None:
        """Note the activation that functions compute together, such as `z * sigmoid(z)`."""
        found = written_activation(call.preactivation, result) if call.is_opaque else None
        if found is not None:
            call.activated, call.nonlinearity = True, found
            call.activations, call.slope_inputs = result.detach().clone(), None
            self.tag(result, call, False, True)
        elif {tag.is_open for tag in tags if tag.call is call} == {True, False}:
            call.nonlinearity = call.activations = call.slope_inputs = None  # a gate, whose function is unknown

    def _add(self, result: Any, tensors: list[Any], tags: list[Tag]) -> Any:
        """Let a sum be the pre-activation of the deepest layer whose outputs it adds to a shortcut."""
        shapes = {tuple(tensor.shape) for tensor in tensors}
        if len(tensors) < 2 or len(shapes) > 1:
            self.tag(result, *tags[0])
            return result
        call, others = tags[0].call, [tag.call for tag in tags[1:]]
        is_end = tags[0].is_open and tags[0].is_same and not call.activated and call not in others
        if not is_end or not result.requires_grad or tuple(call.preactivation.shape) not in shapes:
            for tag in tags:
                tag.call.is_added |= tag.is_open
            self.tag(result, call, False, False)
            return result
        call.adds, call.shortcut = True, others[0] if others else None
        for tag in tags[1:]:
            tag.call.is_added |= tag.is_open
        call.depth = max([call.depth, *(other.depth for other in others)])
        result.retain_grad()
        call.preactivation = result
        self.tag(result, call)
        copy = result.clone()  # an in-place activation would overwrite the sum
        self.tag(copy, call)
        return copy

    def _add_layers(self, name: str, tensors: list[Any]) -> None:
        """Add the layers whose weights a function uses; note parameters that are used otherwise."""
        for tensor in tensors:
            owner = self._matrices.get(id(tensor))
            if owner is None:
                continue
            if name not in WEIGHTED | PRODUCTS:
                self.unmeasured[id(tensor)] = owner
                continue
            uses = [trace for trace in self._layers if trace.weight is tensor]
            if not uses:
                self._layers.append(LayerTrace(*owner, tensor))
            elif name in FREE and uses[-1].calls:
                self._layers.append(LayerTrace(FreeFunction(), "weight", tensor))

    def _without_dropout(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], tags: list[Tag]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments of a function such that it drops nothing, and note the rate of dropout functions."""
        if name in DROPOUTS:
            rate, training = (*args[1:3], *(None,) * (3 - len(args)))[:2]
            rate = kwargs.get("p", 0.5 if rate is None else rate)
            training = kwargs.get("training", kwargs.get("train", True if training is None else training))
            if training and rate and tags:
                tags[0].call.layer.dropouts.append(float(rate))
            return (args[0] if args else kwargs["input"], 0.0, False), {}
        if name in ("multi_head_attention_forward", "scaled_dot_product_attention"):
            position = {"multi_head_attention_forward": 10, "scaled_dot_product_attention": 4}[name]
            if len(args) > position:
                return (*args[:position], 0.0, *args[position + 1 :]), kwargs
            return args, kwargs | {"dropout_p": 0.0}
        if name in ("lstm", "gru", "rnn_tanh", "rnn_relu"):
            place = next((i for i, value in enumerate(args) if type(value) is float), None)
            return (args if place is None else (*args[:place], 0.0, *args[place + 1 :])), kwargs
        return args, kwargs
