"""Faults for random networks: the change of settings, and the right diagnoses.

The nature of the fault determines the right diagnoses, independent of the rules' results. `causes`: ids of rules that
name the fault. `may`: ids of rules for known consequences. The strength of a change is random.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.random import Generator

from benchmarks.diagnosis.draw import Study, between, log_uniform
from benchmarks.diagnosis.spoil import in_order, unlike

Change = Mapping[str, Any]

TOO_SMALL = frozenset({"vanishing_activations", "vanishing_gradients", "init_plateau"})
TOO_LARGE = frozenset({"exploding_activations", "exploding_gradients", "saturation", "wrong_init_loss"})
TOO_FAST = frozenset({"lr_too_high", "nan_divergence", "loss_oscillation", "update_ratio_high"})
TOO_SLOW = frozenset({"lr_too_low", "undertrained", "update_ratio_low"})
"""For gradient descent, a low learning rate and few steps are equivalent: only their product matters."""


@dataclass(frozen=True)
class Fault:
    """A kind of fault; change: return the changed settings of a network, None if the fault does not apply."""

    name: str
    change: Callable[[Generator, Study], Change | None]
    causes: frozenset[str]
    may: frozenset[str] = frozenset()


def _bare(study: Study, layers: int) -> bool:
    """Return whether the network has at least this number of hidden layers and no batch normalization."""
    return study["network"]["hidden"]["layers"] >= layers and "batchnorm" not in study["network"]


def _gain(low: float, high: float, layers: int) -> Callable[[Generator, Study], Change | None]:
    def change(rng: Generator, study: Study) -> Change | None:
        init = {"name": study["network"]["init"], "gain": log_uniform(rng, low, high)}
        return {"network.init": init} if _bare(study, layers) else None

    return change


def _rate(times: float) -> Callable[[Generator, Study], Change | None]:
    return lambda rng, study: {"training.lr": study["training"]["lr"] * times}


def _small_weights(rng: Generator, study: Study) -> Change | None:
    return {"network.init": {"name": "gaussian", "std": log_uniform(rng, 0.001, 0.03)}} if _bare(study, 3) else None


def _alike(rng: Generator, study: Study) -> Change | None:
    value = 0.0 if rng.random() < 0.5 else log_uniform(rng, 0.01, 0.5)
    init = {"name": "constant", "value": value} if value else "zero"
    return {"network.init": init, "network.output_init": init}


def _silenced(rng: Generator, study: Study) -> Change | None:
    relu = study["network"]["activation"] == "relu" and _bare(study, 1)
    return {"network.bias": -between(rng, 1.5, 6)} if relu else None


def _loud_outputs(rng: Generator, study: Study) -> Change | None:
    width = study["network"]["hidden"]["width"]
    return {"network.output_init": {"name": "gaussian", "std": log_uniform(rng, 10, 60) / width**0.5}}


def _raw(step: str, low: float, high: float) -> Callable[[Generator, Study], Change | None]:
    def change(rng: Generator, study: Study) -> Change | None:
        given = {"name": step, "by": log_uniform(rng, low, high)}
        return {"preprocess": [*study["preprocess"], given]} if _bare(study, 1) else None

    return change


def _linear(rng: Generator, study: Study) -> Change | None:
    return {"network.activation": "identity", "network.init": "xavier"}


def _deep_sigmoid(rng: Generator, study: Study) -> Change | None:
    return {"network.activation": "sigmoid", "network.init": "xavier"} if _bare(study, 5) else None


def _tiny_batches(rng: Generator, study: Study) -> Change | None:
    batch, size = study["training"]["batch_size"], int(rng.integers(2, 4))
    if "batchnorm" not in study["network"] or batch == "full" or batch < 8:
        return None
    rate = (
        study["training"]["lr"] * (size / batch) ** 0.5
    )  # adapted to the noise, so that the learning rate is not a second fault
    return {"training.batch_size": size, "training.lr": rate}


def _stale_averages(rng: Generator, study: Study) -> Change | None:
    normalized = "batchnorm" in study["network"]
    return {"network.batchnorm": {"update_running": False}} if normalized else None


def _unscaled_dropout(rng: Generator, study: Study) -> Change | None:
    wide = study["network"]["hidden"]["width"] >= 32 and _bare(study, 1)
    return {"network.dropout": {"rate": between(rng, 0.4, 0.7), "mode": "unscaled"}} if wide else None


def _huge_dropout(rng: Generator, study: Study) -> Change | None:
    return {"network.dropout": between(rng, 0.8, 0.95)} if _bare(study, 1) else None


def _rare_class(rng: Generator, study: Study) -> Change | None:
    classes = 10 if study["data"]["name"] == "digits" else study["data"].get("classes", 2)
    return {"data.keep": {int(rng.integers(classes)): 0.03}}


def _absent_class(rng: Generator, study: Study) -> Change | None:
    classes = 10 if study["data"]["name"] == "digits" else study["data"].get("classes", 2)
    present = bool(study["data"].get("label_noise"))  # wrong labels bring the class back
    return {"data.keep": {int(rng.integers(classes)): 0}} if classes > 2 and not present else None


def _cut_short(rng: Generator, study: Study) -> Change | None:
    return {"training.epochs": max(1, study["training"]["epochs"] // 15)}


def _bottleneck(rng: Generator, study: Study) -> Change | None:
    hidden = study["network"]["hidden"]
    widths = [hidden["width"]] * hidden["layers"]
    widths[int(rng.integers(len(widths)))] = 1
    return {"network.hidden": widths} if _bare(study, 1) and study["data"].get("classes", 10) > 2 else None


FAULTS = (
    Fault("initial weights of a small gain", _gain(0.1, 0.4, 3), TOO_SMALL, TOO_SLOW),
    Fault("initial weights of a tiny spread", _small_weights, TOO_SMALL, TOO_SLOW),
    Fault("initial weights of a large gain", _gain(3, 10, 2), TOO_LARGE, TOO_FAST | {"dead_relu", "update_ratio_low"}),
    Fault("initial weights all alike", _alike, frozenset({"symmetric_init"}), TOO_SMALL | {"saturation"}),
    Fault("a rate thirty times the healthy one", _rate(30), TOO_FAST, frozenset({"dead_relu", "saturation"})),
    Fault("a rate a hundredth of the healthy one", _rate(0.01), TOO_SLOW, frozenset({"underfitting"})),
    Fault("biases that silence ReLU", _silenced, frozenset({"dead_relu"}), TOO_SMALL | {"update_ratio_low"}),
    Fault(
        "output weights far too large",
        _loud_outputs,
        frozenset({"wrong_init_loss"}),
        TOO_LARGE | TOO_FAST | {"dead_relu", "undertrained", "update_ratio_low"},
    ),
    Fault(
        "input far too large",
        _raw("scale", 30, 300),
        frozenset({"unnormalized_input"}),
        TOO_LARGE | TOO_FAST | {"dead_relu", "update_ratio_low"},
    ),
    Fault(
        "input far off centre",
        _raw("shift", 20, 200),
        frozenset({"unnormalized_input"}),
        TOO_LARGE | TOO_FAST | {"dead_relu", "update_ratio_low"},
    ),
    Fault("input far too small", _raw("scale", 0.0005, 0.01), frozenset({"unnormalized_input"}), TOO_SMALL | TOO_SLOW),
    Fault(
        "labels shuffled",
        lambda rng, study: {"data.shuffle_labels": True},
        frozenset({"no_signal"}),
        frozenset({"overfitting"}),
    ),
    Fault(
        "hidden layers without a nonlinearity",
        _linear,
        frozenset({"missing_nonlinearity"}),
        frozenset({"underfitting"}),
    ),
    Fault("sigmoids in a deep net", _deep_sigmoid, TOO_SMALL, TOO_SLOW),
    Fault(
        "an L2 penalty far too strong",
        lambda rng, study: {"training.l2": log_uniform(rng, 0.1, 1)},
        frozenset({"over_regularization"}),
        TOO_SMALL | {"underfitting", "dead_relu", "update_ratio_high"},
    ),
    Fault("dropout far too strong", _huge_dropout, frozenset({"over_regularization"}), frozenset({"underfitting"})),
    Fault(
        "batch normalization over two or three examples",
        _tiny_batches,
        frozenset({"bn_tiny_batch"}),
        frozenset({"train_eval_mismatch", "loss_oscillation", "lr_too_high"}),
    ),
    Fault("running averages never updated", _stale_averages, frozenset({"train_eval_mismatch"})),
    Fault(
        "dropout not scaled at test time",
        _unscaled_dropout,
        frozenset({"train_eval_mismatch"}),
        frozenset({"overfitting", "over_regularization"}),
    ),
    Fault(
        "a class with a thirtieth of its examples",
        _rare_class,
        frozenset({"class_imbalance"}),
        frozenset({"overfitting"}),
    ),
    Fault(
        "a class without training examples",
        _absent_class,
        frozenset({"absent_class"}),
        frozenset({"overfitting", "class_imbalance"}),
    ),
    Fault("validation unlike training", unlike, frozenset({"split_mismatch"}), frozenset({"overfitting"})),
    Fault(
        "batches sorted by class",
        in_order,
        frozenset({"sorted_batches"}),
        TOO_FAST | {"class_imbalance", "underfitting", "undertrained"},
    ),
    Fault("a fifteenth of the epochs", _cut_short, TOO_SLOW, frozenset({"underfitting"})),
    Fault("a layer of a single unit", _bottleneck, frozenset({"underfitting"}), frozenset({"dead_relu", "saturation"})),
)
"""All kinds of faults; those that apply to a network are equally likely."""
