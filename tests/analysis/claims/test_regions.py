import math
from typing import Any

import pytest

from reportgen.analysis.claims.regions import region
from tests.figures.examples import claim, result

OTHER = {"network.init": "he"}


@pytest.mark.parametrize(
    ("expect", "ends"),
    [
        ({"below": 2}, (-math.inf, 2)),
        ({"above": 0}, (0, math.inf)),
        ({"between": [1, 2]}, (1, 2)),
        ({"near": 2.0}, (1.9, 2.1)),
        ({"near": 2.0, "atol": 0.5}, (1.5, 2.5)),
        ({"near": [2.0, 1.0], "rtol": 0.2}, (-0.2, 0.2)),
        ({"same_as": OTHER, "within": 0.1}, (-0.1, 0.1)),
        ({"greater_than": OTHER}, (0, math.inf)),
        ({"greater_than": OTHER, "by": 0.3}, (0.3, math.inf)),
        ({"less_than": OTHER, "by": 0.3}, (-math.inf, -0.3)),
    ],
)
def test_regions_of_expectations(expect: dict[str, Any], ends: tuple[float, float]) -> None:
    one = claim(expect=expect)
    assert region(one, result(one)) == pytest.approx(ends)


@pytest.mark.parametrize(("kind", "ends"), [("greater_than", (4.0, math.inf)), ("less_than", (-math.inf, 0.25))])
def test_a_factor_is_a_region_of_the_ratio(kind: str, ends: tuple[float, float]) -> None:
    one = claim(expect={kind: OTHER, "factor": 4})
    assert region(one, result(one, quantity="ratio")) == ends


def test_an_absolute_tolerance_is_relative_to_the_number_with_the_largest_deviation() -> None:
    one = claim(expect={"near": [1.0, 0.01], "rtol": 0.05, "atol": 0.001})
    tested = result(one, at_layer=2, by_layer=((1, 1.01, 1.0), (2, 0.011, 0.01)))
    assert region(one, tested) == pytest.approx((-0.15, 0.15))


def test_a_monotone_course_and_an_unknown_claim_have_no_region() -> None:
    one = claim(expect={"monotone": "decreasing"})
    assert region(one, result(one)) is None
    assert region(None, result(one)) is None


def test_the_region_of_theory_contains_the_theoretical_value() -> None:
    one = claim(expect={"near": "theory", "rtol": 0.1})
    assert region(one, result(one, reference=2.0)) == pytest.approx((1.8, 2.2))
    assert region(one, result(one)) is None
    by_layer = result(one, quantity="deviation", by_layer=((1, 1.0, 1.0), (2, 1.1, 1.0)))
    assert region(one, by_layer) == pytest.approx((-0.1, 0.1))
