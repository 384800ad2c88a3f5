"""Checks of how a claim evaluates its metric: time to a level, theory, tuned sides, quantifiers over variants."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reportgen.errors import StudyError
from reportgen.study.metrics.table import METRICS
from reportgen.study.model.claims import Claim
from reportgen.study.model.components import suggest
from reportgen.study.planning.plan import Plan, Variant
from reportgen.study.planning.where import by_label, matching_variants, where_alone

At = Callable[..., str]

_ONLY_INITIAL = "theory is available at initialization only"


def check_reading(plan: Plan, claim: Claim, at: At) -> None:
    """Raise a StudyError if the claim cannot evaluate its values."""
    _check_time_to_level(claim, at)
    _check_one_number(claim, at)
    _check_share(claim, at)
    if claim.expect.row.theory(claim.expect):
        _check_theory(claim, at)
    variants = matching_variants(plan.variants, claim.where)
    if claim.tune is not None:
        _check_tune(plan, claim, variants, at)
    if claim.holds_for != "mean":
        _check_each(plan, claim, variants, at)


def _check_one_number(claim: Claim, at: At) -> None:
    """Reject ratios, tuned sides and quantifiers in a claim that compares values layer by layer."""
    expect, measure = claim.expect, claim.measure
    if (
        measure.relative_to is not None
        and expect.row.compares
        and METRICS[measure.metric].higher_is_better is not False
    ):
        message = f"a claim cannot compare two ratios of {measure.metric}"
        hint = "use below, above, between or near, or measure a loss"
        raise StudyError("not-comparable", message, at("measure", "relative_to", key=True), hint)
    several = measure.layer in (None, "hidden") or isinstance(measure.layer, list)
    layers = METRICS[measure.metric].by_layer is not None and measure.reduce is None and several
    if not expect.row.by_layer(expect) and not (layers and expect.row.theory(expect)):
        return
    options = {"relative_to": measure.relative_to, "tune": claim.tune, "holds_for": claim.holds_for != "mean" or None}
    unsupported = next((name for name, value in options.items() if value is not None), None)
    if unsupported is not None:
        place = ("measure", unsupported) if unsupported == "relative_to" else (unsupported,)
        message = f"{unsupported} needs a single number instead of one for each layer"
        raise StudyError("not-comparable", message, at(*place, key=True), "set measure.reduce")


def _check_share(claim: Claim, at: At) -> None:
    """Reject levels outside the range of an accuracy, such as percentages."""
    measure, expect = claim.measure, claim.expect
    if not METRICS[measure.metric].is_accuracy or measure.relative_to is not None:
        return
    levels = expect.value if expect.row.levels else None
    for level in levels if isinstance(levels, list) else [levels]:
        if isinstance(level, float) and not 0 <= level <= 1:
            place = at("expect", expect.kind)
            message = f"expected a {measure.metric} from 0 to 1, found {level:g}"
            raise StudyError("out-of-range", message, place, "such as 0.95 for 95%")


def _check_time_to_level(claim: Claim, at: At) -> None:
    measure = claim.measure
    if "score" not in METRICS[measure.metric].place.keys:
        unsupported = next((name for name in ("score", "level", "of_first") if getattr(measure, name)), None)
        if unsupported:
            message = f"{unsupported} does not apply to {measure.metric}"
            raise StudyError("inapplicable-key", message, at("measure", unsupported, key=True), f"remove {unsupported}")
        return
    if measure.score is None or measure.level is None:
        missing = "score" if measure.score is None else "level"
        hint = "such as score: train_accuracy, level: 0.9"
        raise StudyError("missing-key", f"{measure.metric} needs a {missing}", at("measure"), hint)
    accuracy = METRICS[measure.score].scale == "share"
    if measure.of_first and accuracy:
        place, hint = at("measure", "of_first"), "remove of_first, and set level to an accuracy"
        raise StudyError("inapplicable-key", f"of_first does not apply to {measure.score}", place, hint)
    if accuracy and not 0 < measure.level <= 1:
        message = f"expected an accuracy above 0 and at most 1, found {measure.level:g}"
        raise StudyError("out-of-range", message, at("measure", "level"), "such as 0.95 for 95%")


def _check_theory(claim: Claim, at: At) -> None:
    measure = claim.measure
    row = METRICS[measure.metric]
    if not row.theory:
        known = ", ".join(metric.name for metric in METRICS.values() if metric.theory)
        message = f"there is no theory for {measure.metric}"
        raise StudyError("no-theory", message, at("expect", claim.expect.kind), f"it exists for {known}")
    time = "step" if "step" in row.place.keys else "epoch"
    if getattr(measure, time) not in (0, "first"):
        raise StudyError("no-theory", _ONLY_INITIAL, at("measure"), f"set {time}: 0")
    if measure.relative_to is not None:
        place = at("measure", "relative_to", key=True)
        raise StudyError("no-theory", "there is no theory for ratios", place, "remove relative_to")


def _check_tune(plan: Plan, claim: Claim, variants: Sequence[Variant], at: At) -> None:
    tune = claim.tune
    assert tune is not None
    if tune.along not in plan.study.vary:
        near = suggest(tune.along, list(plan.study.vary)) or f"add {tune.along} to vary"
        raise StudyError("unknown-setting", f"{tune.along!r} does not vary", at("tune", "along"), near)
    if len(by_label(variants, tune.along)) < 2:
        message = f"all variants of the claim have the same {tune.along}"
        raise StudyError("claim-without-effect", message, at("tune", "along"), f"remove {tune.along} from where")
    if tune.along == claim.expect.get("along"):
        message = f"both expect and tune go along {tune.along}"
        raise StudyError("conflicting-settings", message, at("tune", "along"), "use another path in one of them")
    if tune.by is None and METRICS[claim.measure.metric].higher_is_better is None:
        message = f"tune cannot tell whether a higher or a lower {claim.measure.metric} is better"
        raise StudyError("unclear-goal", message, at("tune"), "such as by: val_loss")


def _check_each(plan: Plan, claim: Claim, variants: Sequence[Variant], at: At) -> None:
    """Reject a quantified claim without a single number, or without a counterpart, for some variant."""
    if not claim.expect.row.each:
        message = f"holds_for: {claim.holds_for} does not apply to {claim.expect.kind}"
        raise StudyError("not-comparable", message, at("holds_for"), "remove holds_for")
    sides = {("expect", claim.expect.kind): claim.expect.other, ("measure", "relative_to"): claim.measure.relative_to}
    free = claim.tune.along if claim.tune else None
    for place, other in sides.items():
        for variant in variants if other is not None else ():
            if not matching_variants(
                plan.variants, {**where_alone(variant, claim.where, plan.variants, free), **(other or {})}
            ):
                message = f"the variant {variant.label!r} has no counterpart with these settings"
                hint = "select settings for which every variant of where has a counterpart"
                raise StudyError("missing-counterpart", message, at(*place), hint)
