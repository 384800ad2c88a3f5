"""Marks of findings: their places do not overlap, and the caption names all of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reportgen.figures.drawing.style import text_width
from reportgen.figures.training.marks import Mark, marks_of, marks_words, placed
from tests.training_examples import diverged, finding, group, log

INCHES = 5.6


@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.text(min_size=1, max_size=30), st.sampled_from(["error", "warning", "info"])),
        max_size=12,
    )
)
def test_names_do_not_overlap_and_stay_inside(found: list[tuple[float, str, str]]) -> None:
    names = placed([Mark(*one) for one in found], 0, 100, INCHES)
    for at, one in enumerate(names):
        right = one.left + text_width(one.text)
        assert one.left >= 0
        assert right <= INCHES + 1e-9
        for other in names[:at]:
            if other.lane == one.lane:
                assert right <= other.left or other.left + text_width(other.text) <= one.left


def test_the_worst_findings_are_named_first() -> None:
    marks = [Mark(50, f"A rather long name of a finding, number {k}", "info") for k in range(8)]
    names = placed([*marks, Mark(50, "The error", "error")], 0, 100, INCHES)
    assert any(one.text == "The error" and one.lane == 0 for one in names)
    assert len(names) < 9


def test_marks_are_findings_with_a_step_and_resumed_runs() -> None:
    made = group("a", [finding("overfitting", step=4), finding("undertrained")], [log("a", resumed_at=(6.0,))])
    marks = marks_of(made)
    assert [(mark.position, mark.rule) for mark in marks] == [(4.0, "overfitting"), (6.0, "")]
    words = marks_words(made, marks)
    assert "“Overfitting” (warning, epoch 4)" in words
    assert "“Training stopped too early” concerns the whole training" in words


def test_marks_are_in_the_order_of_their_steps() -> None:
    assert [mark.position for mark in marks_of(diverged())] == [1400, 1420, 1800]
