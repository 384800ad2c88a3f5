"""Every setting of a study file in words: what it takes, its range, its default, and a sentence on it.

Paths, ranges and defaults are read from the model that reads a study. A setting without a sentence, or a sentence
without its setting, is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from reportgen.data.datasets import DATASETS, OPTIONS
from reportgen.registry import Component, Parameter
from reportgen.study.model.claims import Expect, expect_model, expectation_keys
from reportgen.study.model.layer_settings import BatchNorm, Dropout
from reportgen.study.model.settings import PROBE_EXAMPLES, PROBE_EXAMPLES_UNTRAINED, Hidden
from reportgen.study.model.study import StudyFile

NAMES = "a name, or {name: ..., parameters}"
SHORTHANDS: dict[str, type[BaseModel]] = {
    "network.hidden": Hidden,
    "network.batchnorm": BatchNorm,
    "network.dropout": Dropout,
}
"""Settings that may be written shorter than as the mapping that this model reads."""


@dataclass(frozen=True)
class Setting:
    """A setting by its dotted path; span: the range of its numbers; default: as a study writes it."""

    path: str
    takes: str
    span: str
    default: str
    what: str


def kind_of(parameter: Parameter) -> str:
    """Return what a parameter takes: the names that it chooses from, or its kind."""
    return ", ".join(f"`{choice}`" for choice in parameter.choices) or parameter.kind


def span_of(parameter: Parameter) -> str:
    """Return a parameter's range in words, empty where it has none."""
    low, high = parameter.minimum, parameter.maximum
    return _span(low, "minimum" in parameter.exclusive, high, "maximum" in parameter.exclusive)


def default_of(parameter: Parameter) -> str:
    """Return a parameter's default as a study writes it, "required" where there is none, empty where it is not set."""
    return "required" if parameter.required else _shown(parameter.default)


DATA_NAME = Parameter("name", "choice", None, "which data set", choices=tuple(DATASETS), required=True)

EXPECT = "claims.expect"

WORDS: dict[str, tuple[str, str]] = {
    "title": ("text", "the report's title"),
    "question": ("text", "what the study asks; the report opens with it"),
    "plugins": (
        "list of paths",
        "Python files, relative to the study, that add rows to the tables; loaded only with `--allow-code`",
    ),
    "introduction": ("Markdown with `$math$`", "what a reader should know before"),
    "closing": ("Markdown", "what to try next"),
    "data": (
        "a name, or a mapping",
        "the [data set](#data-sets) by its `name`, with its own parameters and the options that follow",
    ),
    "data.name": (kind_of(DATA_NAME), "which [data set](#data-sets); what else `data` takes depends on it"),
    **{f"data.{option.name}": (kind_of(option), option.description) for option in OPTIONS},
    "preprocess": ("a step or a list", "[steps](#preprocessing) applied to the inputs, in this order"),
    "network.hidden": (
        "{layers, width}, or a list of widths",
        "the hidden layers; an empty list is a linear classifier",
    ),
    "network.hidden.layers": ("integer", "how many hidden layers, where all have one width"),
    "network.hidden.width": ("integer", "how many units each of them has"),
    "network.activation": (NAMES, "[activation](#activations) of the hidden layers, or a list with one for each"),
    "network.init": (
        NAMES,
        "[initialization](#initializations) of the weights, or a list with one for each hidden layer",
    ),
    "network.output_init": (
        NAMES,
        "initialization of the output layer, where it differs from that of the last hidden layer",
    ),
    "network.bias": ("number, or a list", "initial value of the biases of the hidden layers"),
    "network.batchnorm": (
        "true, false, these settings, or a list",
        "batch normalization before the activation",
    ),
    "network.batchnorm.momentum": ("number", "the share of the running statistics that a step keeps"),
    "network.batchnorm.epsilon": ("number", "what is added to the variance before its root is taken"),
    "network.batchnorm.test_mode": (
        "`running`, `batch`",
        "what testing normalizes by: running statistics, or the batch's own, an error to show",
    ),
    "network.batchnorm.update_running": (
        "true, false",
        "false keeps running statistics as they began, an error to show",
    ),
    "network.dropout": (
        "number, these settings, or a list",
        "dropout after the activation: the fraction of units that is dropped, or rate and mode",
    ),
    "network.dropout.rate": ("number", "the fraction of units that is dropped"),
    "network.dropout.mode": (
        "`inverted`, `scale_at_test`, `unscaled`",
        "what makes up for the dropped units: scaling in training, at test time, or nothing, an error to show",
    ),
    "training.loss": (NAMES, "[loss](#losses)"),
    "training.optimizer": (NAMES, "[optimizer](#optimizers)"),
    "training.lr": ("number", "learning rate"),
    "training.schedule": (NAMES, "[schedule](#schedules) of the learning rate"),
    "training.batch_size": ("integer, or `full`", "examples a step"),
    "training.epochs": (
        "integer",
        "passes over the training split; 0 looks at the network at initialization only",
    ),
    "training.l2": ("number", "lambda of (lambda/2) times the squared norm of the weights"),
    "training.l1": ("number", "factor of the sum of absolute weights"),
    "training.clip_norm": ("number", "a gradient longer than this is scaled down to it"),
    "training.shuffle": ("true, false", "draw the batches anew each epoch"),
    "training.augment.noise": ("number", "standard deviation of the noise that is added to training batches"),
    "training.augment.shift": ("integer", "images are shifted by up to so many pixels"),
    "training.augment.flip": ("true, false", "images are mirrored left to right, half of them"),
    "training.early_stopping.patience": ("integer", "stop after so many epochs without a lower validation loss"),
    "training.stop_above": ("number", "stop when the loss exceeds the first one by this factor"),
    "probes.looks": ("integer", "how often the layers are looked at, the start and the end included"),
    "probes.examples": (
        "integer",
        f"how many training examples a look uses at most; where none is given {PROBE_EXAMPLES}, or "
        f"{PROBE_EXAMPLES_UNTRAINED} where nothing is trained",
    ),
    "probes.singular_values": (
        "true, false",
        "measure effective rank and largest singular value of each layer's weights and activations",
    ),
    "probes.curvature": ("true, false", "measure the largest eigenvalue of the loss's Hessian by power iteration"),
    "evaluation.predictions": ("true, false", "keep the probabilities of validation and test examples at the end"),
    "evaluation.mc_dropout": ("integer", "average so many passes with dropout on"),
    "evaluation.polyak.start": ("integer", "average the weights of all steps from this epoch on"),
    "evaluation.snapshots": (
        "true, false, or a number",
        "average the networks at the ends of warm restarts' cycles, or after every so many epochs",
    ),
    "vary": ("mapping of paths to lists", "the [grid of variants](#what-varies)"),
    "variants": ("mapping of names to settings", "variants by name"),
    "search": ("mapping of paths to ranges, and how", "[settings to search](#searching)"),
    "seeds": ("integer, or a list", "how many runs each variant gets, 1 to 1000, or their seeds"),
    "ensembles": (
        "true, false, or a list of sizes",
        "average the probabilities of each variant's seeds and score them; needs `data.seed`",
    ),
    "sanity": (
        "list of `initial_loss`, `regularized_loss`, `overfit_subset`, `gradient_check`, `activation_cost`",
        "[checks](#sanity-checks) to make beside the study",
    ),
    "claims.id": ("text", "its name: lower-case letters, digits and hyphens"),
    "claims.says": ("text", "the lecture's sentence, in words of one's own"),
    "claims.source": ("text, or a list", "key of the lecture, or of several"),
    "claims.lecture": ("integer", "the claim's number in the lectures' list"),
    "claims.measure.metric": ("a [metric](#metrics)", "what is measured"),
    "claims.measure.layer": (
        "integer, a list, `first`, `last`, `output`, `hidden`",
        "in which layers; `first` and `last` are hidden layers, and `hidden` is all of them, which is also the default",
    ),
    "claims.measure.step": ("integer, `first`, `last`", "at which look at the layers; the last where none is given"),
    "claims.measure.epoch": ("integer, `last`, `best`", "after which epoch; `best` has the lowest validation loss"),
    "claims.measure.reduce": (
        "`mean`, `mean_abs`, `min`, `max`, `last_over_first`",
        "how several layers become one number, where the claim does not compare layer by layer",
    ),
    "claims.measure.score": (
        "`train_loss`, `train_accuracy`, `val_loss`, `val_accuracy`",
        "the score of a time to a level",
    ),
    "claims.measure.level": ("number", "the level that this score has to come to"),
    "claims.measure.of_first": ("true, false", "the level is a share of the loss before training"),
    "claims.measure.relative_to": (
        "mapping like `where`",
        "the value is divided, seed by seed, by that where these settings replace those of `where`",
    ),
    "claims.measure.setting": ("a path that is searched", "whose `best_setting` or `best_place` is measured"),
    "claims.where": ("mapping of paths to values or labels", "the variants that are measured; all where none is given"),
    "claims.holds_for": (
        "`mean`, `all`, `any`",
        "of the mean over these variants, of each of them, or of some ([corrected](statistics.md) for their number)",
    ),
    "claims.tune.along": ("a path that varies", "each side takes the best of its values, told by the other seeds"),
    "claims.tune.by": (
        "`train_loss`, `train_accuracy`, `val_loss`, `val_accuracy`",
        "the score that tells what is best; what the claim measures where none is given",
    ),
    EXPECT: ("a mapping", "one of the kinds of expectation, with the keys that refine it"),
    "claims.required": ("true, false", "`run --strict` fails where the claim is not supported"),
    "claims.note": ("text", "what was chosen to make the test fair, and why"),
    "figures": ("list", "the [figures](#figures) of the report; all that have something to show where none is named"),
    "remedies.limit": ("integer", "how many remedies are tried; `remedies: false` is short for 0"),
}
"""By path: what a setting takes, and what it is, in Markdown; the keys of expectations follow from their rows."""


def _words() -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the words of every setting, with the keys of all kinds of expectation in place of `claims.expect`."""
    for path, found in WORDS.items():
        if path == EXPECT:
            yield from ((f"{EXPECT}.{key.name}", (key.takes, key.summary)) for key in expectation_keys().values())
        else:
            yield path, found


def explained() -> tuple[Setting, ...]:
    """Return every setting, in the order of a study; raises ValueError where WORDS has not the model's settings."""
    fields = dict(_fields(StudyFile, ""))
    options = {f"data.{option.name}": option for option in (DATA_NAME, *OPTIONS)}
    words = dict(_words())
    if fields.keys() | options.keys() != words.keys():
        wrong = sorted((fields.keys() | options.keys()) ^ words.keys())
        raise ValueError(f"settings without a sentence, or the reverse: {wrong}")
    return tuple(
        Setting(path, takes, span_of(options[path]), default_of(options[path]), what)
        if path in options
        else Setting(path, takes, _span(*_bounds(fields[path])), _default(fields[path]), what)
        for path, (takes, what) in words.items()
    )


def _fields(model: type[BaseModel], path: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        inner = f"{path}.{name}" if path else name
        section = SHORTHANDS.get(inner) or _section(field.annotation)
        if section is None or name == "data" or inner in SHORTHANDS:
            yield inner, field
        if section is not None and name != "data":  # `data` mixes a data set's own parameters with those of all
            yield from _fields(section, inner)


def _section(annotation: Any) -> type[BaseModel] | None:
    found = [one for one in (annotation, *get_args(annotation)) if isinstance(one, type) and issubclass(one, BaseModel)]
    model = found[0] if found else None
    return expect_model() if model is Expect else model


def _bounds(field: FieldInfo) -> tuple[float | None, bool, float | None, bool]:
    """Return the least number that a field takes, whether it is excluded, and the same of the largest."""
    marks: list[Any] = [*field.metadata]
    parts = [field.annotation]
    while parts:
        part = parts.pop()
        inner = getattr(part, "__metadata__", ())
        marks += [mark for one in inner for mark in getattr(one, "metadata", [one])]
        parts += [one for one in get_args(part) if hasattr(one, "__metadata__")]
    known = {name: getattr(mark, name) for name in ("ge", "gt", "le", "lt") for mark in marks if hasattr(mark, name)}
    return known.get("gt", known.get("ge")), "gt" in known, known.get("lt", known.get("le")), "lt" in known


def _span(low: float | None, low_out: bool, high: float | None, high_out: bool) -> str:
    least = "" if low is None else f"{'above' if low_out else 'from'} {low:g}"
    most = "" if high is None else f"{'to below' if high_out else 'to'} {high:,.10g}".replace(",", " ")
    return f"{least} {most}".strip()


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    return "" if value is PydanticUndefined else "none" if value is None else _shown(value)


def _shown(value: Any) -> str:
    if value is None or value in ((), {}, ""):
        return ""
    if isinstance(value, Component):
        return f"`{value.name}`"
    if isinstance(value, tuple):
        return f"`{list(value)}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
