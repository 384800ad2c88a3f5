"""Checks of claims against the plan: the runs must have the metric, and the named variants must exist."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from reportgen.engine.spec import RunSpec
from reportgen.errors import StudyError
from reportgen.study.checks.best import check_best
from reportgen.study.checks.compared import check_reading
from reportgen.study.checks.ensembles import check_ensemble_claim
from reportgen.study.checks.measured import check_measured, check_time
from reportgen.study.errors import StudyErrors
from reportgen.study.metrics.table import METRICS
from reportgen.study.model.claims import Claim, Where
from reportgen.study.model.components import shown, suggest
from reportgen.study.planning.plan import Plan, Variant
from reportgen.study.planning.where import matching_variants, setting
from reportgen.study.syntax.yaml12 import Path

PlaceOf = Callable[[Path, bool], str]


def check_claims(plan: Plan, where: PlaceOf, errors: StudyErrors) -> None:
    """Add an error for each claim that cannot be tested in this plan."""
    for index, claim in enumerate(plan.study.claims):
        with errors.collect():
            _check_claim(plan, claim, partial(_place, where, index))


def _place(where: PlaceOf, index: int, *path: str, key: bool = False) -> str:
    return where(("claims", index, *path), key)


def _check_claim(plan: Plan, claim: Claim, at: Callable[..., str]) -> None:
    check_measure(plan, claim, _variants(plan, claim, at), at)


def check_measure(plan: Plan, claim: Claim, variants: list[Variant], at: Callable[..., str]) -> None:
    """Raise a StudyError, with all others, if some of the variants do not have the claim's measurement."""
    ids = {variant.id for variant in variants}
    specs = [run.spec for run in plan.runs if run.variant in ids]
    check_best(claim, variants, at)
    check_measured(claim, specs, at)
    errors = StudyErrors()
    with errors.collect():
        if plan.study.watermark is None:  # a quick version of a study may be too short for its claims
            check_time(claim, specs, plan.study.folder, at)
    with errors.collect():
        check_reading(plan, claim, at)
    with errors.collect():
        check_ensemble_claim(plan, claim.measure.metric, at)
    with errors.collect():
        _check_step(claim, specs, at)
    with errors.collect():
        if "layer" in METRICS[claim.measure.metric].place.keys:
            _check_layers(claim, specs, at)
    errors.raise_all()


def _variants(plan: Plan, claim: Claim, at: Callable[..., str]) -> list[Variant]:
    """Return all variants of the claim, on both of its sides."""
    along, kind = claim.expect.get("along"), claim.expect.kind
    variants = _named(plan, claim.where, at, "where")
    own = variants
    for place, other in (
        (("expect", kind), claim.expect.other),
        (("measure", "relative_to"), claim.measure.relative_to),
    ):
        if other is not None:
            others = _named(plan, {**claim.where, **other}, at, *place)
            if others == own:
                message = "both sides of the claim are the same variants"
                raise StudyError("claim-without-effect", message, at(*place), "select different variants")
            variants = variants + others
    if along is not None and along not in plan.study.vary:
        near = suggest(along, list(plan.study.vary)) or f"add {along} to vary"
        raise StudyError("unknown-setting", f"{along!r} does not vary", at("expect", "along"), near)
    return variants


def _named(plan: Plan, wanted: Where, at: Callable[..., str], *place: str) -> list[Variant]:
    for path in wanted:
        if path != "variant" and not any(setting(v.settings, path)[0] or path in v.varied for v in plan.variants):
            known = sorted({"variant", *plan.variants[0].settings, *plan.study.vary})
            near = suggest(path, known, "use a dotted path such as network.init, or variant")
            raise StudyError("unknown-setting", f"unknown setting {path!r}", at(*place, path, key=True), near)
    matching = matching_variants(plan.variants, wanted)
    if not matching:
        alone = [path for path, value in wanted.items() if not matching_variants(plan.variants, {path: value})]
        place_of_path = at(*place, *alone[:1])
        raise StudyError("unknown-variant", f"no variant has {_words(wanted)}", place_of_path, _known(plan, wanted))
    return matching


def _words(wanted: Where) -> str:
    return " and ".join(f"{path}: {shown(value)}" for path, value in wanted.items())


def _known(plan: Plan, wanted: Where) -> str:
    """Return a hint with the labels or the value that the variants have for the first unmatched setting."""
    for path, value in wanted.items():
        if not matching_variants(plan.variants, {path: value}):
            if isinstance(value, list) and not isinstance(setting(plan.variants[0].settings, path)[1], list):
                return "use a single value, or remove the setting to select all values"
            if path == "variant":
                return suggest(str(value), known := _names(plan), f"one of {', '.join(map(_written, known))}")
            known = sorted({label for v in plan.variants if (label := v.varied.get(path, ""))})
            own = setting(plan.variants[0].settings, path)[1]
            return suggest(str(value), known) if known else f"{path} is {'none' if own is None else shown(own)}"
    return "each setting exists, but no variant combines them"


def _names(plan: Plan) -> list[str]:
    """Return the id and the label of each variant, in the order of the study."""
    return list(dict.fromkeys(name for variant in plan.variants for name in (variant.id, variant.label)))


def _written(name: str) -> str:
    """Return a name as a study file can give it in braces: in quotes unless it is a plain text."""
    is_plain = _PLAIN.fullmatch(name) and name.lower() not in ("true", "false", "null")
    return name if is_plain else json.dumps(name, ensure_ascii=False)


_PLAIN = re.compile(r"[A-Za-z][\w ().-]*")


def _check_step(claim: Claim, specs: list[RunSpec], at: Callable[..., str]) -> None:
    """Reject steps of training in runs that are not trained."""
    step = claim.measure.step
    if isinstance(step, int) and step > 0 and any(spec.training.epochs == 0 for spec in specs):
        hint = "training.epochs is 0, so the only step is 0"
        raise StudyError("out-of-range", f"unknown step {step}", at("measure", "step"), hint)


def _check_layers(claim: Claim, specs: list[RunSpec], at: Callable[..., str]) -> None:
    """Reject layers that a network does not have, and expected lists of the wrong length."""
    fewest = min(len(spec.network.layers) for spec in specs)
    layer: Any = claim.measure.layer
    numbers = layer if isinstance(layer, list) else [layer] if isinstance(layer, int) else []
    for number in numbers:
        if not 1 <= number <= fewest:
            hint = f"1 to {fewest}; the output layer is the last one"
            raise StudyError("out-of-range", f"unknown layer {number}", at("measure", "layer"), hint)
    if layer in ("first", "last", "hidden") and fewest < 2:
        raise StudyError("not-measured", "the network has no hidden layer", at("measure", "layer"), "use output")
    _check_existence(claim, specs, at)
    printed = claim.expect.row.printed(claim.expect)
    if isinstance(printed, list):
        covered = len(numbers) if numbers else fewest - 1 if layer in (None, "hidden") else 1
        if len(printed) > covered:
            message = f"{claim.expect.kind} has {len(printed)} values for {covered} layers"
            raise StudyError(
                "wrong-length", message, at("expect", claim.expect.kind), "at most one value for each layer"
            )


def _check_existence(claim: Claim, specs: list[RunSpec], at: Callable[..., str]) -> None:
    """Reject a statistic at layers that do not have it, such as batch normalization's in layers without it."""
    measure = claim.measure
    exists_in = METRICS[measure.metric].exists_in
    if exists_in is None:
        return
    found = [[number for number, has in enumerate(exists_in(spec.network), 1) if has] for spec in specs]
    for spec, able in zip(specs, found, strict=True):
        missing = [number for number in measure.layers_of(len(spec.network.layers)) if number not in able]
        if missing:
            common = [number for number in able if all(number in other for other in found)]
            selected = common[0] if len(common) == 1 else common
            hint = f"set layer: {shown(selected)}" if common else "select variants with it in where"
            place = at("measure", "metric" if measure.layer is None else "layer")
            raise StudyError("not-measured", f"layer {missing[0]} has no {measure.metric}", place, hint)
