"""The settings of a study file: paths and defaults from the model that reads it, and a sentence on each.

A setting without a sentence, or a sentence without its setting, stops the build.
"""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from reportgen.engine.spec import Component
from reportgen.study.model import StudyFile

NAMES = "a name, or {name: ..., parameters}"

WORDS: dict[str, tuple[str, str]] = {
    "title": ("text", "the report's title"),
    "question": ("text", "what the study asks; the report opens with it"),
    "introduction": ("Markdown with `$math$`", "what a reader should know before"),
    "closing": ("Markdown", "what to try next"),
    "data": ("a name, or a mapping", "the [data set](#data-sets), with its parameters and the options that all share"),
    "preprocess": ("a step or a list", "[steps](#preprocessing) applied to the inputs, in this order"),
    "network.hidden": (
        "{layers, width}, or a list of widths",
        "the hidden layers; an empty list is a linear classifier",
    ),
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
        "true, false, or {momentum, epsilon, test_mode, update_running}",
        "batch normalization before the activation; `test_mode: batch` and `update_running: false` are errors to show",
    ),
    "network.dropout": (
        "number, {rate, mode}, or a list",
        "the fraction of units that is dropped; mode is `inverted`, `scale_at_test` or `unscaled` (an error to show)",
    ),
    "training.loss": (NAMES, "[loss](#losses)"),
    "training.optimizer": (NAMES, "[optimizer](#optimizers)"),
    "training.lr": ("number from 0", "learning rate"),
    "training.schedule": (NAMES, "[schedule](#schedules) of the learning rate"),
    "training.batch_size": ("integer from 1, or `full`", "examples a step"),
    "training.epochs": (
        "integer from 0",
        "passes over the training split; 0 looks at the network at initialization only",
    ),
    "training.l2": ("number from 0", "lambda of (lambda/2) times the squared norm of the weights"),
    "training.l1": ("number from 0", "factor of the sum of absolute weights"),
    "training.clip_norm": ("number above 0", "a gradient longer than this is scaled down to it"),
    "training.shuffle": ("true, false", "draw the batches anew each epoch"),
    "training.augment.noise": ("number from 0", "standard deviation of the noise that is added to training batches"),
    "training.augment.shift": ("integer from 0", "images are shifted by up to so many pixels"),
    "training.augment.flip": ("true, false", "images are mirrored left to right, half of them"),
    "training.early_stopping.patience": ("integer from 1", "stop after so many epochs without a lower validation loss"),
    "training.stop_above": ("number above 1", "stop when the loss exceeds the first one by this factor"),
    "probes.looks": ("integer from 0", "how often the layers are looked at, the start and the end included"),
    "probes.examples": ("integer from 1", "how many training examples a look uses at most"),
    "probes.singular_values": (
        "true, false",
        "measure effective rank and largest singular value of each layer's weights and activations",
    ),
    "probes.curvature": ("true, false", "measure the largest eigenvalue of the loss's Hessian by power iteration"),
    "evaluation.predictions": ("true, false", "keep the probabilities of validation and test examples at the end"),
    "evaluation.mc_dropout": ("integer from 0", "average so many passes with dropout on"),
    "evaluation.polyak.start": ("integer from 1", "average the weights of all steps from this epoch on"),
    "evaluation.snapshots": (
        "true, false, or a number",
        "average the networks at the ends of warm restarts' cycles, or after every so many epochs",
    ),
    "vary": ("mapping of paths to lists", "the [grid of variants](#what-varies)"),
    "variants": ("mapping of names to settings", "variants by name"),
    "search": ("mapping of paths to ranges, and how", "[settings to search](#searching)"),
    "seeds": ("integer, or a list", "how many runs each variant gets, or their seeds"),
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
        "integer from 1, a list, `first`, `last`, `output`, `hidden`",
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
    "claims.expect.below": ("number", "the value is below it"),
    "claims.expect.above": ("number", "the value is above it"),
    "claims.expect.between": ("[low, high]", "the value lies between them"),
    "claims.expect.near": (
        "number, a list by layer, or `theory`",
        "the value is within `rtol` times this plus `atol`; drawn in the figure too",
    ),
    "claims.expect.rtol": ("number from 0", "relative tolerance of `near`"),
    "claims.expect.atol": ("number from 0", "absolute tolerance of `near`"),
    "claims.expect.greater_than": (
        "mapping like `where`",
        "the value is greater than where these settings replace those of `where`",
    ),
    "claims.expect.less_than": ("mapping like `where`", "the value is less than there"),
    "claims.expect.by": ("number", "the least difference that `greater_than` or `less_than` asks for"),
    "claims.expect.factor": ("number above 0", "the least ratio that they ask for"),
    "claims.expect.same_as": ("mapping like `where`", "the value is the same as there, up to `within`"),
    "claims.expect.within": ("number above 0", "the margin of `same_as`"),
    "claims.expect.monotone": (
        "`increasing`, `decreasing`",
        "the values rise or fall over the layers, or along a varied path",
    ),
    "claims.expect.along": ("a path that varies", "over whose values, in their order, `monotone` goes"),
    "claims.required": ("true, false", "`run --strict` fails where the claim is not supported"),
    "claims.note": ("text", "what was chosen to make the test fair, and why"),
    "figures": ("list", "the [figures](#figures) of the report; all that have something to show where none is named"),
    "remedies.limit": ("integer from 0", "how many remedies are tried; `remedies: false` is short for 0"),
}


def rows(part: str) -> Iterator[tuple[str, str, str, str]]:
    """Return path, what it takes, default, and what it is, of the claims' settings or of all others.

    Raises ValueError where the model has other settings than WORDS.
    """
    fields = dict(_fields(StudyFile, ""))
    if fields.keys() != WORDS.keys():
        raise ValueError(f"settings without a sentence, or the reverse: {sorted(fields.keys() ^ WORDS.keys())}")
    for path, (takes, what) in WORDS.items():
        if path.startswith("claims.") == (part == "claims"):
            yield path.removeprefix("claims."), takes, _default(fields[path]), what


def _fields(model: type[BaseModel], path: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        inner = f"{path}.{name}" if path else name
        section = _section(field.annotation)
        if section is None or name == "data":  # `data` mixes a data set's own parameters with those of all
            yield inner, field
        else:
            yield from _fields(section, inner)


def _section(annotation: Any) -> type[BaseModel] | None:
    found = [one for one in (annotation, *get_args(annotation)) if isinstance(one, type) and issubclass(one, BaseModel)]
    return found[0] if found else None


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined or value is None or value in ((), {}, ""):
        return ""
    if isinstance(value, Component):
        return f"`{value.name}`"
    if isinstance(value, tuple):
        return f"`{list(value)}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
