"""Checks of claims against the plan: what each measures must exist, and the variants it names too."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from reportgen.engine.spec import EVALUATION_SCORES, LOOK_METRICS, SPECTRAL
from reportgen.errors import StudyError
from reportgen.study.checks.best import check_best
from reportgen.study.checks.compared import check_reading
from reportgen.study.checks.ensembles import check_ensemble_claim
from reportgen.study.checks.measured import check_measured, check_time
from reportgen.study.model.claims import SIDES, Claim, Where
from reportgen.study.model.components import shown, suggest
from reportgen.study.model.metrics import CHECK_METRICS, LAYER_METRICS, METRICS
from reportgen.study.planning.plan import Plan, Variant
from reportgen.study.planning.where import matching, setting
from reportgen.study.syntax.yaml12 import Path

PlaceOf = Callable[[Path, bool], str]


def check_claims(plan: Plan, where: PlaceOf) -> None:
    """Raise a StudyError for the first claim that cannot be measured in this plan."""
    for index, claim in enumerate(plan.study.claims):
        _check_claim(plan, claim, partial(_place, where, index))


def _place(where: PlaceOf, index: int, *path: str, key: bool = False) -> str:
    return where(("claims", index, *path), key)


def _check_claim(plan: Plan, claim: Claim, at: Callable[..., str]) -> None:
    check_metric(claim, at)
    check_measure(plan, claim, _variants(plan, claim, at), at)


def check_measure(plan: Plan, claim: Claim, variants: list[Variant], at: Callable[..., str]) -> None:
    """Raise a StudyError where some of the variants do not have what the claim measures."""
    metric = claim.measure.metric
    ids = {variant.id for variant in variants}
    specs = [run.spec for run in plan.runs if run.variant in ids]
    check_best(claim, variants, at)
    check_measured(claim, specs, at)
    if plan.study.watermark is None:  # a quick version of a study may be too short for its claims
        check_time(claim, specs, plan.study.folder, at)
    check_reading(plan, claim, specs, at)
    check_ensemble_claim(plan, metric, at)
    _check_evaluation(plan, claim, variants, at)
    if metric in LAYER_METRICS or metric in LOOK_METRICS:
        _check_looks(plan, claim, variants, at)
    if metric in LAYER_METRICS or metric in CHECK_METRICS:
        _check_layers(plan, claim, variants, at)


def check_metric(claim: Claim, at: Callable[..., str]) -> None:
    """Refuse a metric that does not exist, and a layer or step for one that has none."""
    measure = claim.measure
    if measure.metric not in METRICS:
        near = suggest(measure.metric, list(METRICS), "`reportgen list metrics` shows them")
        raise StudyError("?", f"unknown metric {measure.metric!r}", at("measure", "metric"), near)
    if measure.step is not None and measure.epoch is not None:
        raise StudyError("?", "a claim looks at a step or at an epoch, not at both", at("measure"), "keep one of them")
    by_layer = measure.metric in LAYER_METRICS or measure.metric in CHECK_METRICS
    by_step = measure.metric in LAYER_METRICS or measure.metric in LOOK_METRICS
    if (not by_layer and measure.layer is not None) or (not by_step and measure.step is not None):
        key = "layer" if not by_layer and measure.layer is not None else "step"
        raise StudyError("?", f"{measure.metric} has no {key}", at("measure", key, key=True), f"leave {key} out")


def _variants(plan: Plan, claim: Claim, at: Callable[..., str]) -> list[Variant]:
    """Return all variants that the claim speaks of, on both of its sides."""
    expect = claim.expect
    variants = _named(plan, claim.where, at, "where")
    sides: list[tuple[tuple[str, str], Where | None]] = [(("expect", name), getattr(expect, name)) for name in SIDES]
    own = variants
    for place, other in [*sides, (("measure", "relative_to"), claim.measure.relative_to)]:
        if other is not None:
            others = _named(plan, {**claim.where, **other}, at, *place)
            if others == own:
                raise StudyError("?", "both sides are the same variants", at(*place), "settings that differ")
            variants = variants + others
    if expect.along is not None and expect.along not in plan.study.vary:
        near = suggest(expect.along, list(plan.study.vary))
        raise StudyError("?", f"{expect.along!r} does not vary", at("expect", "along"), near)
    return variants


def _named(plan: Plan, wanted: Where, at: Callable[..., str], *place: str) -> list[Variant]:
    for path in wanted:
        if path != "variant" and not any(setting(v.settings, path)[0] or path in v.varied for v in plan.variants):
            known = sorted({"variant", *plan.variants[0].settings, *plan.study.vary})
            near = suggest(path, known, "a dotted path such as network.init, or variant")
            raise StudyError("?", f"there is no setting {path!r}", at(*place, path, key=True), near)
    found = matching(plan.variants, wanted)
    if not found:
        alone = [path for path, value in wanted.items() if not matching(plan.variants, {path: value})]
        raise StudyError("?", f"no variant has {_words(wanted)}", at(*place, *alone[:1]), _what_there_is(plan, wanted))
    return found


def _words(wanted: Where) -> str:
    return " and ".join(f"{path}: {shown(value)}" for path, value in wanted.items())


def _what_there_is(plan: Plan, wanted: Where) -> str:
    for path, value in wanted.items():
        if not matching(plan.variants, {path: value}):
            if isinstance(value, list) and not isinstance(setting(plan.variants[0].settings, path)[1], list):
                return "one value is named here, not a list; leave the setting out for all of them"
            labels = {v.label if path == "variant" else v.varied.get(path, "") for v in plan.variants}
            known = sorted(label for label in labels if label)
            return suggest(str(value), known) if known else f"{path} is {setting(plan.variants[0].settings, path)[1]}"
    return "each of these exists, but no variant has them together"


def _check_evaluation(plan: Plan, claim: Claim, variants: list[Variant], at: Callable[..., str]) -> None:
    """Refuse scores that no variant of the claim is asked for, and epochs of scores that are final alone."""
    kind = next((kind for kind, names in EVALUATION_SCORES.items() if claim.measure.metric in names), None)
    if kind is None:
        return
    if claim.measure.epoch is not None:
        raise StudyError("?", f"{claim.measure.metric} has no epoch", at("measure", "epoch"), "it is a final score")
    ids = {variant.id for variant in variants}
    if not all(claim.measure.metric in run.spec.evaluation.scores for run in plan.runs if run.variant in ids):
        setting_of = {"mc": "mc_dropout: 100", "polyak": "polyak: {start: 1}", "snapshot": "snapshots: true"}
        hint = f"set evaluation: {{{setting_of[kind]}}}"
        raise StudyError("?", f"{claim.measure.metric} is measured on request", at("measure", "metric"), hint)


def _check_looks(plan: Plan, claim: Claim, variants: list[Variant], at: Callable[..., str]) -> None:
    """Refuse steps never reached, and what no look measures."""
    ids = {variant.id for variant in variants}
    specs = [run.spec for run in plan.runs if run.variant in ids]
    metric, step = claim.measure.metric, claim.measure.step
    if isinstance(step, int) and step > 0 and any(spec.training.epochs == 0 for spec in specs):
        raise StudyError("?", f"there is no step {step}", at("measure", "step"), "with epochs 0 there is only step 0")
    if any(spec.probes.looks == 0 for spec in specs):
        raise StudyError("?", f"{metric} needs a look at the layers", at("measure"), "set probes.looks above 0")
    switch = {**dict.fromkeys(SPECTRAL, "singular_values"), "curvature": "curvature"}.get(metric)
    if switch and not all(getattr(spec.probes, switch) for spec in specs):
        raise StudyError("?", f"{metric} is measured on request", at("measure", "metric"), f"set probes.{switch}: true")


def _check_layers(plan: Plan, claim: Claim, variants: list[Variant], at: Callable[..., str]) -> None:
    """Refuse layers that a network does not have, and printed lists of another length."""
    ids = {variant.id for variant in variants}
    specs = [run.spec for run in plan.runs if run.variant in ids]
    fewest = min(len(spec.network.layers) for spec in specs)
    layer: Any = claim.measure.layer
    numbers = layer if isinstance(layer, list) else [layer] if isinstance(layer, int) else []
    for number in numbers:
        if not 1 <= number <= fewest:
            raise StudyError(
                "?", f"there is no layer {number}", at("measure", "layer"), f"1 to {fewest}, the output layer last"
            )
    if layer in ("first", "last", "hidden") and fewest < 2:
        raise StudyError("?", "there is no hidden layer", at("measure", "layer"), "output is the only layer")
    near = claim.expect.near
    if isinstance(near, list):
        covered = len(numbers) if numbers else fewest - 1 if layer in (None, "hidden") else 1
        if len(near) > covered:
            raise StudyError(
                "?", f"{len(near)} printed values for {covered} layers", at("expect", "near"), "one for each layer"
            )
