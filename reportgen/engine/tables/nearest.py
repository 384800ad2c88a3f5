"""Names of other libraries without a row of the same meaning, with a hint at what is nearest in meaning.

A name of the same meaning is an alias of its row instead. Names are compared without case, underscores, hyphens, spaces
and the modules before the last point, so that `nn.LeakyReLU` and `leaky_relu` are equal.
"""

from __future__ import annotations

from collections.abc import Mapping

from reportgen.registry import loose

_DEFAULT_OF_PYTORCH = "the default of PyTorch's layers is {name: lecun_uniform, gain: 0.577}"
_TWO_CLASSES = "softmax_cross_entropy with two classes is equal to it"
_ADAPTIVE = "the nearest is adam, or adamw with weight decay"

NEAREST: Mapping[str, Mapping[str, str]] = {
    "activation": {
        "softmax": "the loss contains the softmax; the output layer has no activation",
        "log_softmax": "the loss contains the softmax; the output layer has no activation",
        "mish": "the nearest is silu",
        "hard_swish": "the nearest is silu",
        "hard_sigmoid": "the nearest is sigmoid",
        "hard_tanh": "the nearest is tanh",
        "softsign": "the nearest is tanh",
        "relu6": "the nearest is relu",
        "crelu": "the nearest is maxout",
        "rrelu": "the nearest is leaky_relu",
        "celu": "the nearest is elu, which is equal for alpha 1",
        "swiglu": "the nearest is silu",
        "glu": "the nearest is silu",
        "exponential": "the nearest is softplus",
    },
    "init": {
        "normal": "the nearest is {name: gaussian, std: 1} with its standard deviation",
        "random_normal": "the nearest is {name: gaussian, std: 0.05} with its standard deviation",
        "truncated_normal": "the nearest is {name: gaussian, std: 0.05} with its standard deviation",
        "trunc_normal": "the nearest is {name: gaussian, std: 0.02} with its standard deviation",
        "random_uniform": "the nearest is {name: uniform, bound: 0.05} with its bound",
        "kaiming": "he_normal or he_uniform",
        "glorot": "glorot_normal or glorot_uniform",
        "lecun": "lecun_normal or lecun_uniform",
        "ones": "use {name: constant, value: 1}",
        "variance_scaling": "he_normal has scale 2, lecun_normal scale 1, glorot_normal scale 1 with fan_avg",
        "default": _DEFAULT_OF_PYTORCH,
        "pytorch": _DEFAULT_OF_PYTORCH,
        "torch": _DEFAULT_OF_PYTORCH,
        "identity": "the nearest is orthogonal",
        "eye": "the nearest is orthogonal",
        "dirac": "the nearest is orthogonal",
    },
    "loss": {
        "bce": _TWO_CLASSES,
        "bce_loss": _TWO_CLASSES,
        "bce_with_logits": _TWO_CLASSES,
        "bce_with_logits_loss": _TWO_CLASSES,
        "binary_crossentropy": _TWO_CLASSES,
        "binary_cross_entropy": _TWO_CLASSES,
        "nll": "softmax_cross_entropy contains the logarithm of the softmax",
        "nll_loss": "softmax_cross_entropy contains the logarithm of the softmax",
        "kl_div": "for given classes it is equal to softmax_cross_entropy",
        "kl_div_loss": "for given classes it is equal to softmax_cross_entropy",
        "kl_divergence": "for given classes it is equal to softmax_cross_entropy",
        "focal": "the nearest is softmax_cross_entropy",
        "focal_loss": "the nearest is softmax_cross_entropy",
        "label_smoothing": "use {name: softmax_cross_entropy, smoothing: 0.1}",
        "l1": "the nearest is mse",
        "l1_loss": "the nearest is mse",
        "mae": "the nearest is mse",
        "mean_absolute_error": "the nearest is mse",
        "huber": "the nearest is mse",
        "huber_loss": "the nearest is mse",
        "smooth_l1_loss": "the nearest is mse",
        "categorical_hinge": "the nearest is hinge, which adds up all wrong classes",
        "multi_margin_loss": "the nearest is hinge, which does not divide by the number of classes",
        "squared_hinge": "the nearest is hinge",
    },
    "optimizer": {
        "momentum": "use {name: sgd, momentum: 0.9}",
        "nesterov": "use {name: sgd, momentum: 0.9, nesterov: true}",
        "nag": "use {name: sgd, momentum: 0.9, nesterov: true}",
        "adamax": _ADAPTIVE,
        "nadam": _ADAPTIVE,
        "radam": _ADAPTIVE,
        "amsgrad": _ADAPTIVE,
        "adafactor": _ADAPTIVE,
        "adabelief": _ADAPTIVE,
        "lamb": _ADAPTIVE,
        "adadelta": "the nearest is rmsprop",
        "rprop": "the nearest is rmsprop",
        "lars": "the nearest is {name: sgd, momentum: 0.9}",
        "ftrl": "the nearest is adagrad",
        "lbfgs": "the nearest is sgd with batch_size: full",
    },
    "schedule": {
        "reduce_lr_on_plateau": "the nearest is step at fixed epochs; early_stopping ends the training on a plateau",
        "plateau": "the nearest is step at fixed epochs; early_stopping ends the training on a plateau",
        "multi_step_lr": "the nearest is step, at a fixed interval of epochs",
        "multistep": "the nearest is step, at a fixed interval of epochs",
        "piecewise_constant_decay": "the nearest is step, at a fixed interval of epochs",
        "one_cycle_lr": "the nearest is {name: warmup, epochs: 3, then: cosine}",
        "one_cycle": "the nearest is {name: warmup, epochs: 3, then: cosine}",
        "linear_lr": "the nearest is warmup for a rise, and cosine for a decay to zero",
        "linear": "the nearest is warmup for a rise, and cosine for a decay to zero",
        "polynomial": "the nearest is cosine",
        "polynomial_lr": "the nearest is cosine",
        "polynomial_decay": "the nearest is cosine",
        "cyclic_lr": "the nearest is warm_restarts",
        "lambda_lr": "choose one of the schedules; a plug-in may add another",
        "sequential_lr": "the nearest is warmup, which continues with another schedule",
        "noam": "the nearest is {name: warmup, epochs: 3, then: inverse_time}",
    },
    "normalization": {
        "batch_norm": "the setting is network.batchnorm",
        "batchnorm": "the setting is network.batchnorm",
        "instance_norm": "the nearest is group_norm with as many groups as channels",
        "rms_norm": "the nearest is layer_norm",
    },
    "preprocessing step": {
        "normalize": "standardize gives each feature mean 0 and standard deviation 1",
        "batchnorm": "the setting is network.batchnorm",
    },
}
"""Hints by kind of table and name."""

_LOOSE = {kind: {loose(name): hint for name, hint in hints.items()} for kind, hints in NEAREST.items()}


def nearest(kind: str, name: str) -> str | None:
    """Return a hint at what is nearest in meaning to a name of another library, None if it is unknown."""
    return _LOOSE.get(kind, {}).get(loose(name))
