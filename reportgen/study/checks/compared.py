"""Checks of how a claim reads its measure: times to a level, theory, tuned sides, claims on each variant or some."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reportgen.engine.spec import RunSpec
from reportgen.errors import StudyError
from reportgen.study.model.claims import SIDES, Claim
from reportgen.study.model.components import suggest
from reportgen.study.model.metrics import LAYER_METRICS, THEORY_LOSSES, THEORY_STATISTICS, TIME_METRICS, rises
from reportgen.study.planning.plan import Plan, Variant
from reportgen.study.planning.where import by_label, matching, where_alone

At = Callable[..., str]


def check_reading(plan: Plan, claim: Claim, specs: Sequence[RunSpec], at: At) -> None:
    """Raise a StudyError where the claim's values cannot be read as it says."""
    _check_time_to_level(claim, specs, at)
    _check_one_number(claim, at)
    _check_share(claim, at)
    if claim.expect.near == "theory":
        _check_theory(claim, at)
    variants = matching(plan.variants, claim.where)
    if claim.tune is not None:
        _check_tune(plan, claim, variants, at)
    if claim.holds_for != "mean":
        _check_each(plan, claim, variants, at)


def _check_one_number(claim: Claim, at: At) -> None:
    """Refuse ratios, tuned sides and quantifiers where the claim compares layer by layer."""
    expect, measure = claim.expect, claim.measure
    if measure.relative_to is not None and expect.kind in SIDES and rises(measure.metric) is not False:
        lack = f"a ratio of {measure.metric} is not compared with another such ratio"
        raise StudyError("?", lack, at("measure", "relative_to", key=True), "below, above, between or near; or a loss")
    several = measure.layer in (None, "hidden") or isinstance(measure.layer, list)
    layers = measure.metric in LAYER_METRICS and measure.reduce is None and several
    by_layer = isinstance(expect.near, list) or (layers and expect.near == "theory")
    if not by_layer and (expect.monotone is None or expect.along is not None):
        return
    asked = {"relative_to": measure.relative_to, "tune": claim.tune, "holds_for": claim.holds_for != "mean" or None}
    given = next((name for name, value in asked.items() if value is not None), None)
    if given is not None:
        place = ("measure", given) if given == "relative_to" else (given,)
        raise StudyError("?", f"{given} takes one number, not one by layer", at(*place, key=True), "set measure.reduce")


def _check_share(claim: Claim, at: At) -> None:
    """Refuse levels of an accuracy that no accuracy can be compared with, such as a percentage."""
    measure, expect = claim.measure, claim.expect
    if not measure.metric.endswith("_accuracy") or measure.relative_to is not None:
        return
    given = getattr(expect, expect.kind) if expect.kind in ("below", "above", "between", "near") else None
    for level in given if isinstance(given, list) else [given]:
        if isinstance(level, float) and not 0 <= level <= 1:
            place = at("expect", expect.kind)
            raise StudyError(
                "?", f"no {measure.metric} is {level:g}", place, "a share from 0 to 1, such as 0.95 for 95%"
            )


def _check_time_to_level(claim: Claim, specs: Sequence[RunSpec], at: At) -> None:
    measure = claim.measure
    if measure.metric not in TIME_METRICS:
        given = next((name for name in ("score", "level", "of_first") if getattr(measure, name)), None)
        if given:
            raise StudyError(
                "?", f"{measure.metric} has no {given}", at("measure", given, key=True), f"leave {given} out"
            )
        return
    if measure.score is None or measure.level is None:
        lack = "score" if measure.score is None else "level"
        raise StudyError(
            "?", f"{measure.metric} needs a {lack}", at("measure"), "such as score: train_accuracy, level: 0.9"
        )
    if measure.of_first and measure.score.endswith("accuracy"):
        raise StudyError("?", "of_first goes with a loss", at("measure", "of_first"), "level: the accuracy itself")
    if measure.score.endswith("accuracy") and not 0 < measure.level <= 1:
        raise StudyError("?", f"no accuracy is {measure.level:g}", at("measure", "level"), "a share above 0, up to 1")
    if any(spec.training.epochs == 0 for spec in specs):
        raise StudyError("?", "nothing is trained", at("measure", "metric"), "set training.epochs above 0")


def _check_theory(claim: Claim, at: At) -> None:
    measure = claim.measure
    if measure.metric in THEORY_STATISTICS:
        if measure.step not in (0, "first"):
            raise StudyError("?", "theory speaks of initialization", at("measure"), "step: 0")
    elif measure.metric in THEORY_LOSSES:
        if measure.epoch != 0:
            raise StudyError("?", "theory speaks of initialization", at("measure"), "epoch: 0")
    else:
        known = ", ".join((*THEORY_STATISTICS, *THEORY_LOSSES))
        raise StudyError("?", f"theory does not speak of {measure.metric}", at("expect", "near"), f"it does of {known}")
    if measure.relative_to is not None:
        place = at("measure", "relative_to", key=True)
        raise StudyError("?", "theory speaks of values, not of ratios", place, "leave it out")


def _check_tune(plan: Plan, claim: Claim, variants: Sequence[Variant], at: At) -> None:
    tune = claim.tune
    assert tune is not None
    if tune.along not in plan.study.vary:
        near = suggest(tune.along, list(plan.study.vary))
        raise StudyError("?", f"{tune.along!r} does not vary", at("tune", "along"), near)
    if len(by_label(variants, tune.along)) < 2:
        lack = f"the claim's variants share one {tune.along}"
        raise StudyError("?", lack, at("tune", "along"), f"leave {tune.along} out of where")
    if tune.along == claim.expect.along:
        raise StudyError("?", f"the claim goes along {tune.along} already", at("tune", "along"), "another path")
    if tune.by is None and rises(claim.measure.metric) is None:
        lack = f"whether more or less of {claim.measure.metric} is better is not known"
        raise StudyError("?", lack, at("tune"), "by: val_loss")


def _check_each(plan: Plan, claim: Claim, variants: Sequence[Variant], at: At) -> None:
    """Refuse a claim on each variant that is no single number there, or has nothing to be compared with."""
    if claim.expect.monotone is not None:
        lack = f"holds_for: {claim.holds_for} takes one number a variant, not a course"
        raise StudyError("?", lack, at("holds_for"), "leave holds_for out")
    others = [(("expect", name), other) for name in SIDES if (other := getattr(claim.expect, name)) is not None]
    if claim.measure.relative_to is not None:
        others.append((("measure", "relative_to"), claim.measure.relative_to))
    free = claim.tune.along if claim.tune else None
    for place, other in others:
        for variant in variants:
            if not matching(plan.variants, {**where_alone(variant, claim.where, plan.variants, free), **other}):
                lack = f"the variant {variant.label!r} has no counterpart there"
                raise StudyError("?", lack, at(*place), "settings that all variants of where have a variant with")
