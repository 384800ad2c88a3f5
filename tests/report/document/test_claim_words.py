"""What a claim measures and expects, in the words of the report."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from reportgen.analysis.words import expectations as wording
from reportgen.analysis.words.measured import (
    SAME,
    is_interval,
    is_median,
    measured,
    measured_interval,
    with_interval,
)
from reportgen.report.document import claim_view as tested
from reportgen.report.document.claim_words import expected, quantity, sides, stated, what
from tests.figures.examples import analysis, claim, record, result, summary


def asked(expect: dict[str, Any], measure: dict[str, Any], **more: Any) -> tested.ClaimView:
    one = claim(measure=measure, expect=expect, **more)
    results = [result(one, ["a"], metric=measure["metric"])]
    return tested.claim_views(analysis([summary("a", [record()])], [one], results))[0]


TIME = {"metric": "epochs_to", "score": "train_accuracy", "level": 0.95}
OTHER = {"network.activation": "relu"}


@pytest.mark.parametrize(
    ("measure", "more", "words"),
    [
        (TIME, {}, "epochs to a training accuracy of 95%"),
        (
            {"metric": "epochs_to", "score": "train_loss", "level": 0.5, "of_first": True},
            {},
            "epochs to a training loss of 0.5 times its initial value",
        ),
        ({"metric": "parameters", "relative_to": OTHER}, {}, "number of parameters relative to relu"),
        (
            {"metric": "val_loss"},
            {"tune": {"along": "training.lr"}},
            "validation loss",
        ),
    ],
)
def test_what_is_measured(measure: dict[str, Any], more: dict[str, Any], words: str) -> None:
    assert what(asked({"below": 1.0}, measure, **more)) == words


@pytest.mark.parametrize(
    ("expect", "metric", "more", "words"),
    [
        ({"above": 0.4}, "dead_fraction", {"holds_for": "any"}, "above 40%, in some variant"),
        (
            {"near": "theory", "rtol": 0.02},
            "train_loss",
            {"holds_for": "all"},
            "within 2% of the theoretical value, in every variant",
        ),
        ({"same_as": OTHER, "within": 0.01}, "val_accuracy", {}, "within 1 point of relu"),
        ({"less_than": OTHER, "by": -0.01}, "val_accuracy", {}, "at most 1 point greater than relu"),
        ({"greater_than": OTHER, "by": -0.2}, "val_loss", {}, "at most 0.2 less than relu"),
        ({"less_than": {"training.batch_size": 32}}, "val_accuracy", {}, "less than batch size 32"),
        ({"less_than": {"training.batch_size": 32}}, "val_loss", {}, "less than batch size 32"),
        ({"greater_than": {"network.dropout": "none"}}, "val_loss", {}, "greater than no dropout"),
        ({"less_than": {"network.batchnorm": "false"}}, "val_loss", {}, "less than without batchnorm"),
        ({"greater_than": {"training.l2": "none"}}, "val_loss", {}, "greater than no L2"),
        ({"near": 216, "atol": 0}, "layer_weights", {}, "exactly 216"),
        ({"near": 216, "rtol": 0.1}, "layer_weights", {}, "within 10% of 216"),
    ],
)
def test_what_is_expected(expect: dict[str, Any], metric: str, more: dict[str, Any], words: str) -> None:
    assert expected(asked(expect, {"metric": metric}, **more)) == words


def test_a_difference_of_gaps_is_in_points_as_its_interval_is() -> None:
    found = result(claim(), metric="accuracy_gap", measured=0.0293, interval=(0.019, 0.039), n=5, quantity="difference")
    assert (measured(found), quantity(found), measured_interval(found)) == ("+2.9 points", "", "+1.9 to +3.9 points")


def test_a_difference_that_rounding_makes_is_none() -> None:
    found = result(claim(), metric="val_accuracy", measured=1.4e-17, interval=(-0.0026, 0.0026), quantity="difference")
    assert measured(found) == "0 points"


def test_a_ratio_of_shares_is_no_share() -> None:
    assert expected(asked({"above": 0.8}, {"metric": "val_accuracy", "relative_to": OTHER})) == "above 0.8"


def off(measured_: float, rows: tuple[tuple[int, float, float | None], ...], reach: tuple[float | None, ...]) -> Any:
    found = result(claim(), metric="activation_std", measured=measured_, interval=(0.3, 0.35), n=5)
    return replace(found, quantity="deviation", at_layer=2, by_layer=rows, tolerances=reach)


def test_a_deviation_comes_with_its_layer_both_numbers_and_the_tolerance_there() -> None:
    found = off(0.327, ((1, 0.2, 0.2), (2, 1.327e-6, 1e-6), (3, 1e-7, None)), (0.01, 5.5e-7, None))
    assert (found.within_tolerance, found.allowed) == ((2, 2), pytest.approx(0.55))
    assert "2 of 2" in measured(found)
    assert all(part in quantity(found) for part in ("+32.7%", "layer 2", "55.0%", "1.327×10⁻⁶", "10⁻⁶"))
    assert replace(found, by_layer=((1, 0.25, 0.2), (2, 1.327e-6, 1e-6))).within_tolerance == (1, 2)


def test_a_deviation_without_known_tolerances_is_shown_by_itself() -> None:
    found = off(0.327, ((2, 1.327e-6, 1e-6),), ())
    assert (found.within_tolerance, found.allowed, measured(found)) == (None, None, "+32.7%")


SKEWED = {0: 3.0, 1: 5.0, 2: 8.0, 3: 500.0, 4: 964.0}


@pytest.mark.parametrize(
    ("metric", "kind", "quartiles"),
    [
        ("steps_to", "value", (5.0, 8.0, 500.0)),
        ("steps_to", "difference", (5.0, 8.0, 500.0)),
        ("steps_to", "ratio", None),
        ("activation_mean", "value", None),
        ("best_place", "value", None),
    ],
)
def test_sizes_that_are_skewed_are_shown_by_median_and_quartiles(metric: str, kind: Any, quartiles: Any) -> None:
    found = replace(result(claim(), metric=metric, measured=296.0, interval=(0.0, 733.0)), quantity=kind)
    found = replace(found, per_seed=SKEWED)
    assert found.quartiles == quartiles
    if quartiles:
        assert "8" in measured(found)
        assert all(number in measured_interval(found) for number in ("5", "500", "296", "733"))


@pytest.mark.parametrize(
    ("values", "kind", "why"),
    [
        ((5.3, 5.38, 5.2, math.inf, math.inf), "difference", "2 of 5 seeds are infinite"),
        ((5.3, 5.38, 5.2, 5.5, math.inf), "value", "1 of 5 seeds is infinite"),
        ((5.3, 5.38, 5.5, 0.0, 0.0), "ratio", "2 of 5 seeds are infinite"),
        ((), "difference", "some seeds are infinite"),  # read from results.json
    ],
)
def test_a_median_of_infinite_values_is_named_with_the_reason_for_no_interval(
    values: tuple[float, ...], kind: Any, why: str
) -> None:
    found = replace(result(claim(), metric="val_loss", measured=5.38, interval=(math.nan, math.nan)), quantity=kind)
    found = replace(found, per_seed=dict(enumerate(values)))
    assert is_median(found)
    assert not is_interval(found)
    assert "median" in stated(found)
    assert "median" in with_interval(found)
    assert measured_interval(found) == f"no interval: {why}"


def test_a_value_that_is_no_median_is_not_called_one() -> None:
    found = result(claim(), metric="val_loss")
    unmeasured = replace(found, measured=math.nan, interval=(math.nan, math.nan))
    single = replace(found, n=1, interval=(math.nan, math.nan))
    assert not any(map(is_median, (found, unmeasured, single)))
    assert is_interval(found)
    assert not is_interval(single)


def test_words_that_say_what_a_number_is_stand_where_a_sentence_has_them() -> None:
    plain = result(claim(), metric="gradient_std", measured=11.3, interval=(11.0, 11.6), n=5)
    ratio, small = replace(plain, quantity="ratio"), replace(plain, quantity="ratio", measured=1.25e-6)
    share = replace(plain, quantity="share", measured=0.75, interval=(0.7, 0.8))
    assert stated(plain) == measured(plain)
    assert stated(ratio) == f"ratio {measured(ratio)}"
    assert stated(replace(plain, quantity="difference")).startswith("difference +11.3")
    assert stated(replace(ratio, sides="relu over tanh")) == f"relu over tanh: {measured(ratio)}"
    assert stated(small) == f"ratio {measured(small)} (1/800,000)"
    assert stated(share) == "75.0% of the steps of single seeds have the expected direction"


def test_a_difference_names_its_sides_its_sign_and_its_unit() -> None:
    one = asked({"less_than": {"network.activation": "tanh"}}, TIME, where={"network.activation": "relu"})
    found = replace(one.result, metric="epochs_to", measured=-4.96, interval=(-5.8, -4.1), quantity="difference")
    assert of(one) == "relu minus tanh"
    assert sides(replace(found, sides="lr 1e-3 minus “lr 1e-5”")) == "lr 10⁻³ minus “lr 1e-5”"
    assert measured(found) == "−4.96 epochs"
    assert measured(replace(found, measured=4.96, interval=(4.1, 5.8))) == "+4.96 epochs"


def test_a_ratio_names_its_sides_with_their_values() -> None:
    one = asked({"less_than": OTHER, "factor": 4}, {"metric": "val_accuracy"}, where={"network.activation": "tanh"})
    assert one.claim is not None
    assert wording.sides(one.claim, (0.2, 0.9)) == "tanh (20.0%) divided by relu (90.0%)"
    relative = {"metric": "epochs_to", "score": "val_loss", "level": 0.5, "relative_to": OTHER}
    two = asked({"below": 1.0}, relative, where={"network.activation": "tanh"})
    assert two.claim is not None
    assert wording.sides(two.claim, (3.0, 6.0)) == "tanh (3.00 epochs) divided by relu (6.00 epochs)"
    assert wording.sides(two.claim) == ""


def test_a_name_that_reads_as_a_formula_stands_in_quotes() -> None:
    other = {"network.init": "1/sqrt(fan_in)"}
    one = asked({"greater_than": other, "factor": 2}, {"metric": "val_loss"}, where={"network.init": "he"})
    assert of(one) == "he minus 2 × “1/sqrt(fan_in)”"
    assert expected(one) == "at least 2 times as large as “1/sqrt(fan_in)”"


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ({"greater_than": OTHER, "factor": 2}, "at least 2 times as large as relu"),
        ({"greater_than": OTHER, "factor": 0.5}, "at least 0.5 times as large as relu"),
        ({"less_than": OTHER, "factor": 2}, "at least 2 times less than relu"),
        ({"less_than": OTHER, "factor": 0.5}, "at most 2 times as large as relu"),
        ({"monotone": "increasing", "along": "training.lr"}, "increasing with learning rate"),
        ({"monotone": "decreasing", "along": "network.hidden.width"}, "decreasing with hidden units per layer"),
    ],
)
def test_factors_and_settings_of_expectations_are_in_words(expect: dict[str, Any], words: str) -> None:
    one = asked(expect, {"metric": "val_loss"}, where={"network.activation": "tanh"})
    assert expected(one).split(", ")[0] == words


def test_a_ratio_that_does_not_vary_is_no_count() -> None:
    found = replace(result(claim(), measured=1.0, interval=(1.0, 1.0)), quantity="ratio")
    assert measured(found) == "1.00"


def test_a_side_that_is_tuned_against_one_that_is_not_is_called_the_best() -> None:
    tuned = {"tune": {"along": "training.l2"}, "where": {"network.init": "he"}}
    one = asked({"less_than": {"training.l2": "none"}}, {"metric": "val_loss"}, **tuned)
    assert of(one) == "best L2 strength minus no L2"
    both = {"network.init": "xavier", "training.l2": "none"}
    two = asked({"less_than": both}, {"metric": "val_loss"}, **tuned)
    assert of(two) == "he, best L2 strength minus xavier, no L2"


def test_a_variant_that_is_called_by_a_number_stands_in_quotes_on_both_sides() -> None:
    one = asked({"greater_than": {"variant": "1e-3"}}, {"metric": "val_loss"}, where={"variant": "1e-2"})
    assert of(one) == "“1e-2” minus “1e-3”"
    assert expected(one) == "greater than “1e-3”"


def of(one: tested.ClaimView) -> str:
    assert one.claim is not None
    return wording.sides(one.claim)


def test_an_interval_without_width_is_put_in_words() -> None:
    found = result(claim(), metric="val_accuracy", measured=1.0, interval=(1.0, 1.0), n=5)
    assert measured_interval(found) == SAME


def grid(expect: dict[str, Any], **more: Any) -> str:
    rows = [
        summary(f"{a}, lr {lr}", [record()], {"network.activation": a, "training.lr": lr})
        for a in ("tanh", "relu")
        for lr in ("0.01", "0.1", "1", "10")
    ]
    own = [row.variant.id for row in rows if row.variant.label.startswith("relu")]
    one = claim(measure={"metric": "val_loss"}, expect=expect, **more)
    return tested.claim_views(analysis(rows, [one], [result(one, own)]))[0].subjects


def test_many_variants_are_named_by_what_they_share_and_what_varies() -> None:
    along = {"monotone": "decreasing", "along": "training.lr"}
    assert grid(along) == "relu; learning rate 0.01, 0.1, 1 and 10"


def test_a_tuned_claim_names_its_sides_each_at_its_best() -> None:
    words = grid({"less_than": {"network.activation": "tanh"}}, tune={"along": "training.lr"})
    assert words == "relu and tanh, each at its best learning rate"


def test_a_side_without_a_rate_of_its_own_choice_is_not_said_to_be_at_its_best() -> None:
    words = grid({"less_than": {"training.lr": "0.1"}}, tune={"along": "training.lr"})
    assert words == "relu at its best learning rate, and learning rate 0.1"
