"""Modules and functions of PyTorch, recognized by their names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from reportgen.errors import UsageError
from reportgen.external.recording.convert import Array, array
from reportgen.external.recording.layer_arrays import weight_matrix

LAYER, BATCH_NORM, NORM, DROPOUT, OTHER = "layer", "batch norm", "norm", "dropout", "other"

BATCH_NORM_CLASSES = ("_BatchNorm", "BatchNorm1d")
NORM_CLASSES = ("_NormBase", "LayerNorm", "GroupNorm", "RMSNorm")
"""Classes of normalization other than batch normalization; a layer's pre-activations come after either."""

LEARNED_ACTIVATIONS = ("PReLU",)
"""Classes of activations with learned parameters."""

LOOKUPS = ("Embedding", "EmbeddingBag")
"""Classes whose weights have one column for each unit."""

NOT_LINEAR = (*LOOKUPS, "Bilinear")
"""Classes whose outputs are no linear function of their inputs, so that they need no activation."""

TRANSPOSED = "_ConvTransposeNd"
CONVOLUTION = "_ConvNd"

LAYER_ATTRIBUTES = ("weight", "bias", "register_forward_hook")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


PRODUCTS = _names("matmul __matmul__ __rmatmul__ mm addmm einsum")
WEIGHTED = _names(
    "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d linear bilinear embedding embedding_bag "
    "lstm gru rnn_tanh rnn_relu lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell multi_head_attention_forward"
)
"""Functions that multiply their input by weights."""

GATED = _names("lstm gru rnn_tanh rnn_relu lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell multi_head_attention_forward")
"""Those among them that are not linear in their input."""

FREE = _names("linear conv1d conv2d conv3d")
"""Functions that may use the weights of a layer outside of its module, as for tied weights."""

OTHER_ACTIVATIONS = _names(
    "relu6 hardtanh hardswish hardsigmoid mish celu softsign tanhshrink threshold rrelu clamp clamp_min logsigmoid "
    "hardshrink softshrink sin square"
)
"""Functions of single values that are not among the activations of a study."""

SUMS = _names("add add_ __add__ __radd__ __iadd__")
SCALINGS = _names("mul mul_ __mul__ __rmul__ __imul__ div div_ __truediv__ sub __sub__")
RESHAPES = _names(
    "flatten view reshape permute transpose t contiguous squeeze unsqueeze clone to float half bfloat16 type unflatten "
    "movedim channel_shuffle pixel_shuffle"
)
"""Functions that keep all values."""

SELECTIONS = _names("mean amax sum __getitem__ chunk split pad interpolate unbind __get__")
"""Functions that select or average values, like pooling."""

DROPOUTS = _names("dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout")
NORMS = _names("batch_norm layer_norm group_norm instance_norm rms_norm")
SCALING_NORMS = NORMS - {"batch_norm"}
"""Those that divide each example by its own standard deviation, which is not linear."""

IGNORED = _names("retain_grad register_hook backward size dim")


def modules_in(network: Any) -> list[Any]:
    """Return the modules of a network, or of a list of layers or networks, that have no submodules, each once.

    Modules with submodules are included if they have own parameters. Raises UsageError for another type.
    """
    if not hasattr(network, "modules"):
        try:
            network = list(network)
        except TypeError:
            message = f"expected a network, found {type(network).__name__}"
            raise UsageError("wrong-type", message, hint="the network, or its layers in order") from None
    roots = [network] if hasattr(network, "modules") else network
    found = [module for root in roots for module in (_relevant(root) if hasattr(root, "modules") else [root])]
    return list({id(module): module for module in found}.values())


def _relevant(root: Any) -> Iterator[Any]:
    for module in root.modules():
        is_inner = any(True for _ in module.children()) and not hasattr(module, "parametrizations")
        if not is_inner or next(iter(module.parameters(recurse=False)), None) is not None:
            yield module


def kind_of(module: Any, number: int) -> str:
    """Return the kind of a module; raises UsageError for a layer of another library without the attributes of a layer.

    number: position of the module in the network, from 1, which an error names.
    """
    names = class_names(module)
    if names & set(BATCH_NORM_CLASSES):
        return BATCH_NORM
    if names & set(NORM_CLASSES):
        return NORM
    if any("Dropout" in name for name in names) and hasattr(module, "p"):
        return DROPOUT
    if names & set(LEARNED_ACTIVATIONS) or _has_no_parameters(module):
        return OTHER
    missing = [name for name in LAYER_ATTRIBUTES if not hasattr(module, name)]
    if missing and not hasattr(module, "parameters"):
        message, hint = f"{type(module).__name__} has no {', '.join(missing)}", "layers such as torch.nn.Linear"
        raise UsageError("unsupported-layer", message, f"layer {number}", f"{hint}; see Recorder.look for others")
    weight = getattr(module, "weight", None)
    return OTHER if weight is None or len(getattr(weight, "shape", (0, 0))) < 2 else LAYER


def class_names(module: Any) -> set[str]:
    """Return the names of the class of a module and of its base classes."""
    return {kind.__name__ for kind in type(module).__mro__}


def matrices_of(module: Any) -> dict[str, Any]:
    """Return the parameters of a module with two or more axes, by name, without those of its submodules."""
    named = getattr(module, "named_parameters", None)
    if named is None:
        return {"weight": module.weight} if hasattr(module, "weight") else {}
    return {name: value for name, value in named(recurse=False) if len(value.shape) > 1}


def bias_of(module: Any, name: str) -> Any:
    """Return the biases that belong to a matrix of a module: `bias_ih_l0` for `weight_ih_l0`; None without biases."""
    return getattr(module, name.replace("weight", "bias"), None) if "weight" in name else None


def as_matrix(module: Any, values: Array) -> Array:
    """Return the weights of a layer, or their gradient, as a matrix (units, fan_in)."""
    names = class_names(module)
    if names & set(LOOKUPS):
        return weight_matrix(values, 1)
    if TRANSPOSED in names:  # (channels, units / groups, ...)
        groups = int(module.groups)
        split = values.reshape(groups, len(values) // groups, *values.shape[1:])
        return weight_matrix(split.swapaxes(1, 2).reshape(-1, split.shape[1], *values.shape[2:]), 0)
    return weight_matrix(values, 0)


def units_axis_of(module: Any) -> int:
    """Return the axis of a layer's outputs with one entry per unit, counted from the end: channels, or the last one."""
    return 1 - len(module.weight.shape) if CONVOLUTION in class_names(module) else -1


def description(module: Any) -> dict[str, Any]:
    """Return the kind of a layer and the window of a convolution, for the record."""
    if CONVOLUTION not in class_names(module):
        return {"kind": "dense"}
    found: dict[str, Any] = {"kind": "conv", "kernel": list(module.kernel_size)}
    if is_plain_convolution(module):
        padding = module.padding if isinstance(module.padding, str) else list(module.padding)
        found |= {"stride": list(module.stride), "padding": [0, 0] if padding == "valid" else padding}
    return found


def is_plain_convolution(module: Any) -> bool:
    """Return whether a layer is a convolution of images with zero padding, without groups and without dilation."""
    names = class_names(module)
    if CONVOLUTION not in names or TRANSPOSED in names or len(module.weight.shape) != 4:
        return False
    return bool(module.groups == 1 and set(module.dilation) == {1} and module.padding_mode == "zeros")


def _has_no_parameters(module: Any) -> bool:
    """Return whether a module is known to have no parameters, like most activations."""
    return hasattr(module, "parameters") and next(iter(module.parameters()), None) is None


@contextmanager
def switched(module: Any, on: bool) -> Iterator[None]:
    """Run dropout or batch normalization in training mode (on) or in test mode within this context.

    The mode is set before each pass through the module and restored after it, whatever mode the loss function selects.
    In training mode, batch normalization uses the statistics of the batch without updating its running statistics.
    """
    saved: list[tuple[Any, ...]] = []
    names = [name for name in ("training", "track_running_stats") if hasattr(module, name)]

    def before(*_: Any) -> None:
        saved.append(tuple(getattr(module, name) for name in names))
        for name, value in zip(names, (on, False), strict=False):
            setattr(module, name, value)

    def after(*_: Any) -> None:
        if saved:
            for name, value in zip(names, saved.pop(), strict=True):
                setattr(module, name, value)

    with _around(module, before, after):
        yield


@contextmanager
def _around(module: Any, before: Callable[..., None], after: Callable[..., None]) -> Iterator[None]:
    """Call `before` and `after` around each pass through a module, and `after` once more at the end."""
    hooks = (module.register_forward_pre_hook(before), module.register_forward_hook(after))
    try:
        yield
    finally:
        after()
        for hook in hooks:
            hook.remove()


@contextmanager
def in_training_mode(root: Any) -> Iterator[None]:
    """Run a network in training mode within this context; its modes are restored after each pass."""
    saved: list[tuple[Any, bool]] = []

    def before(*_: Any) -> None:
        saved.extend((module, module.training) for module in root.modules())
        for module, _mode in saved:
            module.training = True

    def after(*_: Any) -> None:
        while saved:
            module, mode = saved.pop()
            module.training = mode

    with _around(root, before, after):
        yield


def norm_values(norm: Any) -> tuple[Array, Array, Array, Array]:
    """Return scale, shift, running mean and running variance of batch normalization, with defaults if absent."""
    units = int(norm.num_features)
    tensors = (norm.weight, norm.bias, norm.running_mean, norm.running_var)
    defaults = (np.ones(units), np.zeros(units), np.zeros(units), np.ones(units))
    scale, shift, mean, variance = (
        default if tensor is None else array(tensor).copy() for tensor, default in zip(tensors, defaults, strict=True)
    )
    return scale, shift, mean, variance


def norm_settings(norm: Any) -> Any:
    """Return batch normalization as a setting of a study file, where momentum is 1 minus PyTorch's momentum."""
    if norm is None:
        return False
    settings: dict[str, Any] = {"epsilon": float(norm.eps)}
    if not norm.track_running_stats or norm.running_mean is None:
        return settings | {"test_mode": "batch"}
    if norm.momentum is None:  # a cumulative mean over all batches
        return settings
    return settings | ({"momentum": round(1 - norm.momentum, 12)} if norm.momentum else {"update_running": False})


def example_norm(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the normalization of examples by one of SCALING_NORMS as a setting of a study file.

    The normalization of an instance is that of groups with one channel each. RMS normalization, which does not subtract
    the mean, has no row of its own and counts as layer normalization.
    """
    channels = int(args[0].shape[1]) if name == "instance_norm" and args else 1
    groups = args[1] if len(args) > 1 else kwargs.get("num_groups", 1)
    grouped = {"group_norm": groups, "instance_norm": channels}.get(name)
    return {"name": "layer_norm"} if grouped is None else {"name": "group_norm", "groups": int(grouped)}


def batchnorm_nodes(loss: Any) -> int:
    """Return the number of batch normalizations in the autograd graph of a loss."""
    pending, visited, count = [getattr(loss, "grad_fn", None)], set(), 0
    while pending:
        node = pending.pop()
        if node is not None and node not in visited:
            visited.add(node)
            count += "BatchNorm" in type(node).__name__
            pending += [following for following, _ in node.next_functions]
    return count


def is_affine(tensors: list[Any]) -> bool:
    """Return whether a product has one factor that is neither a number nor a parameter."""
    return sum(not (tensor.is_leaf or tensor.numel() == 1) for tensor in tensors) == 1


def flat(values: Any) -> Iterator[Any]:
    """Yield the values and the items of the lists and tuples among them."""
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from value
        else:
            yield value
