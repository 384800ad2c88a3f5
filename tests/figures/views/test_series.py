from itertools import product

from reportgen.figures.views.series import CROWDED, layout
from tests.figures.examples import analysis, claim, lecture_grid, record, summary


def test_a_grid_gets_one_panel_for_each_value_of_the_setting_with_fewest_values() -> None:
    plan = layout(lecture_grid(seeds=1))
    assert [panel.title for panel in plan.panels] == ["tanh", "relu"]
    assert [series.label for series in plan.panels[0].series] == ["zero", "small", "large", "xavier", "glorot", "he"]
    assert [series.grey for series in plan.panels[0].series].count(True) == 1


def test_a_setting_has_the_same_style_in_all_panels_and_no_two_share_one() -> None:
    first, second = layout(lecture_grid(seeds=1)).panels
    assert [series.style for series in first.series] == [series.style for series in second.series]
    assert len({(series.style.colour, series.style.marker) for series in first.series if not series.grey}) == 5


def test_variants_that_are_not_a_grid_share_one_panel() -> None:
    rows = [summary(label, [record()], {"network.init": label}) for label in ("a", "b")]
    rows.append(summary("c", [record()], {"network.activation": "relu"}))
    (panel,) = layout(analysis(rows)).panels
    assert panel.title == ""
    assert [series.label for series in panel.series] == ["a", "b", "c"]


def test_one_variant_is_one_panel_with_its_label() -> None:
    (panel,) = layout(analysis([summary("only", [record()])])).panels
    assert (panel.title, panel.series[0].label) == ("", "only")


def test_the_label_of_a_number_or_switch_has_the_name_of_the_setting() -> None:
    rows = [
        summary(f"{norm} {rate}", [record()], {"network.batchnorm": norm, "training.lr": rate})
        for norm, rate in product(("false", "true"), ("0.1", "1e-3", "1"))
    ]
    plan = layout(analysis(rows))
    assert [panel.title for panel in plan.panels] == ["batchnorm false", "batchnorm true"]
    assert plan.panels[0].series[1].label == "lr 1e-3"


def test_three_varied_settings_split_into_panels_until_lines_are_few() -> None:
    rows = [
        summary(f"{a}{b}{c}", [record()], {"x.a": f"a{a}", "x.b": f"b{b}", "x.c": f"c{c}"})
        for a, b, c in product(range(2), range(3), range(5))
    ]
    plan = layout(analysis(rows))
    assert [panel.title for panel in plan.panels] == [f"c{c}" for c in range(5)]
    assert all(len(panel.series) == CROWDED - 2 for panel in plan.panels)


def test_compared_variants_share_a_panel() -> None:
    rows = [summary(f"{a}{b}", [record()], {"x.a": f"a{a}", "x.b": f"b{b}"}) for a, b in product(range(2), range(4))]
    compared = claim(where={"x.a": "a1"}, expect={"less_than": {"x.a": "a0"}})
    assert len(layout(analysis(rows)).panels) == 2
    plan = layout(analysis(rows, [compared]))
    assert [[series.label for series in panel.series] for panel in plan.panels] == [["a0", "a1"]] * 4


def test_a_variant_without_records_is_left_out() -> None:
    assert [series.name for series in layout(analysis([summary("a", [record()]), summary("b", [])])).series] == ["a"]
