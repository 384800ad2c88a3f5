import pytest

from reportgen.figures.views.printed import printed
from tests.figures.examples import analysis, claim, record, result, summary


def points(measure: dict[str, object], near: object, step: int | str | None = 0) -> list[tuple[int, float]]:
    one = claim("near", measure={"metric": "activation_std", "step": 0} | measure, expect={"near": near})
    made = analysis([summary("a", [record()])], [one], [result(one, ["a"])])
    return printed(made, "activation_std", "a", {step}, 11)


def test_a_list_by_layer_is_read_in_the_claims_layers() -> None:
    assert points({"layer": [1, 3]}, [0.2, 0.1]) == [(1, 0.2), (3, 0.1)]


def test_a_layer_without_a_printed_number_is_passed_over() -> None:
    assert points({"layer": "hidden"}, [0.2, None, 0.1]) == [(1, 0.2), (3, 0.1)]


@pytest.mark.parametrize(("layer", "number"), [("first", 1), ("last", 10), ("output", 11), (4, 4)])
def test_one_number_stands_at_its_layer(layer: object, number: int) -> None:
    assert points({"layer": layer}, 0.5) == [(number, 0.5)]


def test_another_step_statistic_or_variant_has_no_printed_numbers() -> None:
    assert points({"layer": 1, "step": 20}, 0.5) == []
    assert points({"layer": 1, "metric": "activation_mean"}, 0.5) == []
    one = claim("near", measure={"metric": "activation_std", "layer": 1}, expect={"near": 0.5})
    made = analysis([summary("a", [record()])], [one], [result(one, ["b"])])
    assert printed(made, "activation_std", "a", {0}, 11) == []


def test_a_ratio_or_what_several_layers_come_to_is_no_number_of_a_layer() -> None:
    assert points({"layer": 1, "relative_to": {"network.activation": "identity"}}, 0.25) == []
    assert points({"layer": "hidden", "reduce": "max"}, 0.25) == []


def test_the_last_look_is_asked_for_by_name() -> None:
    assert points({"layer": 1, "step": "last"}, 0.5, "last") == [(1, 0.5)]
