"""Advice in the words of the framework that a record comes from, instead of those of a study file."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reportgen.languages.translate import N_, _

_INITS: Mapping[str, tuple[str, str]] = {
    "he_normal": ("kaiming_normal_", "HeNormal"),
    "he_uniform": ("kaiming_uniform_", "HeUniform"),
    "he": ("kaiming_normal_", "HeNormal"),
    "xavier": ("xavier_normal_", "GlorotNormal"),
    "glorot_normal": ("xavier_normal_", "GlorotNormal"),
    "glorot_uniform": ("xavier_uniform_", "GlorotUniform"),
    "lecun_normal": (N_("normal_ with a standard deviation of 1 / sqrt(fan-in)"), "LecunNormal"),
    "orthogonal": ("orthogonal_", "Orthogonal"),
}
"""Names of initializations in PyTorch (`torch.nn.init`) and Keras (`keras.initializers`)."""

_ACTIVATIONS: Mapping[str, tuple[str, str]] = {
    "relu": ("ReLU", "relu"),
    "leaky_relu": ("LeakyReLU", "leaky_relu"),
    "tanh": ("Tanh", "tanh"),
    "gelu": ("GELU", "gelu"),
    "silu": ("SiLU", "silu"),
}

_PHRASES: tuple[tuple[str, str, str], ...] = (
    (r"batchnorm: true", N_("nn.BatchNorm1d or nn.BatchNorm2d"), "layers.BatchNormalization"),
    (r"schedule: cosine", "lr_scheduler.CosineAnnealingLR", "schedules.CosineDecay"),
    (r"schedule: constant", N_("no scheduler"), N_("no schedule")),
    (r"update_running: true", N_("track_running_stats=True, and net.train() in training"), "training=True"),
    (r"mode: inverted", N_("as nn.Dropout does"), N_("as layers.Dropout does")),
    (r"momentum: 0\.9\b", N_("momentum=0.1 in PyTorch's BatchNorm"), "momentum=0.9"),
    (r"early_stopping", N_("keep the weights of the best epoch"), "callbacks.EarlyStopping"),
    (r"(an? )?(stronger|weaker|smaller) L2 penalty", r"\1\2 weight_decay", r"\1\2 kernel_regularizer"),
    (r"\bthe L2 penalty\b", "the weight_decay", "the kernel_regularizer"),
    (r"\bL2 penalty\b", "weight_decay", "kernel_regularizer"),
    (r"\beine (stärkere|schwächere|kleinere) L2-Strafe\b", r"\1s weight_decay", r"\1n kernel_regularizer"),
    (r"\bdie L2-Strafe\b", "das weight_decay", "den kernel_regularizer"),
    (r"\bL2-Strafe\b", "weight_decay", "kernel_regularizer"),
    (r"\buna penalización L2\b", "un weight_decay", "un kernel_regularizer"),
    (r"\bla penalización L2\b", "el weight_decay", "el kernel_regularizer"),
    (r"\bpenalización L2\b", "weight_decay", "kernel_regularizer"),
)
"""Patterns of phrases of a study file in all languages, and what replaces them for PyTorch and for Keras."""

PLACES = {"pytorch": 0, "keras": 1}


def in_words_of(framework: str | None, advice: str) -> str:
    """Return an advice with the names of a framework, unchanged for an unknown framework."""
    place = PLACES.get(framework or "")
    if place is None:
        return advice
    for pattern, *names in _PHRASES:
        advice = re.sub(pattern, _(names[place]), advice)
    library = ("nn.init.", "initializers.")[place]
    for name, inits in sorted(_INITS.items(), key=lambda item: -len(item[0])):
        own = f"{library}{_(inits[place])}"
        of_outputs = _("{init} for the output layer").format(init=own)
        advice = re.sub(rf"\boutput_init: {name}\b", of_outputs, advice)
        advice = re.sub(rf"\binit: {name}\b", own, advice)
        advice = re.sub(rf"\b(the initialization( used,)?) {name}\b", rf"\1 {own}", advice)
    for name, activations in _ACTIVATIONS.items():
        layer = f"{('nn.', '')[place]}{activations[place]}"
        advice = re.sub(rf"\bactivation: {name}\b", layer, advice)
    return advice
