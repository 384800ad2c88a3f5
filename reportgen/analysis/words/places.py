"""Where and when a metric is measured, as text: the layers, the step, the epoch or the round of pruning."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.analysis.words.names import amount, setting_name, words
from reportgen.analysis.words.where import named
from reportgen.languages.translate import N_, _, ngettext, numeral
from reportgen.study.model.claims import Measure

_LAYERS = {
    "first": N_("the first hidden layer"),
    "last": N_("the last hidden layer"),
    "output": N_("the output layer"),
    "hidden": N_("the hidden layers"),
}
_REDUCED = {
    "mean": N_("(mean over {layers})"),
    "mean_abs": N_("(mean absolute value over {layers})"),
    "min": N_("(smallest of {layers})"),
    "max": N_("(largest of {layers})"),
    "last_over_first": N_("(ratio of the last to the first of {layers})"),
}
_AT_STEP, _AFTER_EPOCH = N_("at step {number}"), N_("after epoch {number}")
_AFTER_ROUND = N_("after round {number} of pruning")
_STEPS = {"first": N_("at initialization"), "0": N_("at initialization"), "last": N_("at the end of training")}
_EPOCHS = {
    "best": N_("at the epoch with the lowest validation loss"),
    "last": N_("after the last epoch"),
    "0": N_("before training"),
}
_ROUNDS = {
    "first": N_("before pruning"),
    "0": N_("before pruning"),
    "last": N_("after the last round of pruning"),
}


def place_of(measure: Measure) -> str:
    """Return the layers, the time and the reference of a measurement in words."""
    return ", ".join(part for part in (own_place(measure), reference(measure)) if part)


def reference(measure: Measure) -> str:
    """Return the settings whose values a measurement is divided by, such as "relative to constant", or nothing."""
    other = measure.relative_to
    return _("relative to {other}").format(other=named(other)) if other else ""


def own_place(measure: Measure) -> str:
    """Return the layers and the time of a measurement, such as "in the last hidden layer, at initialization"."""
    searched = f"({setting_name(measure.setting)})" if measure.setting else ""
    parts = [searched, _level(measure), _layers(measure.layer, measure.reduce), _time(measure)]
    return ", ".join(part for part in parts if part)


def _level(measure: Measure) -> str:
    if measure.score is None or measure.level is None:
        return ""
    first = _("a {score} of {level} times its initial value")
    text = first if measure.of_first else _("a {score} of {level}")
    level = numeral(f"{measure.level:g}") if measure.of_first else amount(measure.level, measure.score)
    return text.format(score=words(measure.score), level=level)


def _layers(layer: int | str | Sequence[int] | None, reduce: str | None) -> str:
    if layer is None:
        return ""
    if isinstance(layer, str):
        layers = _(_LAYERS[layer])
    else:
        numbers = [layer] if isinstance(layer, int) else list(layer)
        layers = ngettext("layer {numbers}", "layers {numbers}", len(numbers)).format(
            numbers=", ".join(map(str, numbers))
        )
    return (_(_REDUCED[reduce]) if reduce else _("in {layers}")).format(layers=layers)


def _time(measure: Measure) -> str:
    if measure.step is not None:
        return _(_STEPS.get(str(measure.step), _AT_STEP)).format(number=measure.step)
    if measure.epoch is not None:
        return _(_EPOCHS.get(str(measure.epoch), _AFTER_EPOCH)).format(number=measure.epoch)
    if measure.round is not None:
        return _(_ROUNDS.get(str(measure.round), _AFTER_ROUND)).format(number=measure.round)
    return ""
