"""The layers of a variant: the number of seeds in the means and the runs left out."""

from __future__ import annotations

from dataclasses import replace

from reportgen.analysis.results import VariantSummary
from reportgen.report.document.variants import MOST_RUNS, left_out, levels, variant_parts
from tests.figures.examples import record, summary


def three(*statuses: str) -> VariantSummary:
    return summary("a", [record(seed=seed, epochs=2, status=status) for seed, status in enumerate(statuses)])


def test_layers_after_training_leave_out_diverged_runs() -> None:
    (part,) = variant_parts([three("ok", "diverged", "ok")])
    first, last = part.tables
    assert (first.seeds, first.left_out) == (3, 0)
    assert (last.seeds, last.left_out) == (2, 1)
    assert {cell.n for _, cells in last.rows for cell in cells if cell} == {2}
    assert left_out([part]) == (1, 3)


def test_a_variant_of_diverged_runs_has_no_layers_after_training() -> None:
    (part,) = variant_parts([three("diverged", "diverged")])
    assert [table.step for table in part.tables] == [0]
    assert part.ends == (None,) * 4


def test_a_part_of_a_setting_has_the_value_of_the_setting() -> None:
    deep = summary("4 layers", [record()], {"network.hidden.layers": "4 layers"})
    deep = replace(deep, variant=replace(deep.variant, settings={"network.hidden": [100] * 4}))
    assert levels([deep]) == {"network.hidden.layers": (("4 layers", [100] * 4),)}


def test_the_page_lists_a_bounded_number_of_runs() -> None:
    several = [three("ok", "ok", "ok")]
    assert [len(part.runs) for part in variant_parts(several)] == [3]
    many = [replace(one, records=one.records * 1000) for one in several * 4]
    parts = variant_parts(many)
    assert [len(part.runs) for part in parts] == [MOST_RUNS // 4] * 4
    assert all(len(part.summary.records) == 3000 for part in parts)
